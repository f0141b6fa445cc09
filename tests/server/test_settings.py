"""server.toml and the environment: what is wrong is named, what is there is documented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from caseserver.program import load_texts
from caseserver.settings import Gateway, Settings, SettingsError, load_settings
from custody.bundled import area_text, rulebook_text

ROOT = Path(__file__).resolve().parents[2]


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "server.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(tmp_path, 'listen = "0.0.0.0:80"\n[broker]\nhost = "a"\nport = 1\n')
    monkeypatch.setenv("CASEWARD_SERVER_BROKER__HOST", "b")
    settings = load_settings(data)
    assert (settings.host, settings.port, settings.broker.host, settings.broker.port) == (
        "0.0.0.0",
        80,
        "b",
        1,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("listen = 5", "listen: Input should be a valid string, found '5'"),
        ("[broker]\nport = 70000", "broker.port"),
        ("[broker]\nprot = 1", "broker.prot: Extra inputs"),
        ("[gateways.gw]\narea = 'a'\npublic_key = 'xyz'", "gateways.gw.public_key"),
        ("[gateways.GW_1]\narea = 'a'\npublic_key = '" + "0" * 64 + "'", "found 'GW_1'"),
        ("listen = ", "TOML"),
        (
            "[notify.receivers.a]\nkind = 'webhook'\nurl = 'http://leader.example/'",
            "expected an https address",
        ),
        ("[notify.receivers.a]\nkind = 'pigeon'", "notify.receivers.a"),
        ("[notify.receivers.a]\nkind = 'page'", "receivers: expected each in a step, found a in none"),
        ("[[notify.steps]]\npost = 'duty_officer'\nafter_s = {S9 = 1}", "expected S1, S2, S3, S4"),
        (
            (
                "[[notify.steps]]\npost = 'duty_officer'\nafter_s = {S1 = 9}\n"
                "[[notify.steps]]\npost = 'oversight'\nafter_s = {S1 = 3}"
            ),
            "expected S1 no sooner than the step before (9 s), found 3 s",
        ),
        (
            "[[notify.steps]]\npost = 'duty_officer'\nafter_s = {}\nreceivers = ['gone']",
            "expected a receiver of the file (page), found 'gone'",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text))
    assert told in str(caught.value)
    assert "server.toml" in str(caught.value)


def test_a_missing_file_says_which_command_writes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="caseward server init"):
        load_settings(tmp_path)


def test_a_rulebook_file_stands_for_the_book_that_the_area_names_first(tmp_path: Path) -> None:
    (tmp_path / "area.toml").write_text(area_text("annex"), encoding="utf-8")
    bundled = rulebook_text("cn-2026")
    (tmp_path / "ours.toml").write_text(bundled.replace('id = "cn-2026"', 'id = "ours"'), encoding="utf-8")
    named = Gateway(area=Path("area.toml"), public_key="0" * 64)
    ours = Gateway(area=Path("area.toml"), public_key="0" * 64, rulebook=Path("ours.toml"))
    assert load_texts(tmp_path, "gw-a2", named).rulebook.id == "cn-2026"
    found = load_texts(tmp_path, "gw-a2", ours)
    assert found.rulebook.id == "ours"
    assert 'id = "ours"' in found.rulebook_text
    gone = Gateway(area=Path("area.toml"), public_key="0" * 64, rulebook=Path("none.toml"))
    with pytest.raises(SettingsError, match=r"gateways\.gw-a2: .*none\.toml"):
        load_texts(tmp_path, "gw-a2", gone)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every setting as docs/server.md writes it."""
    for name, field in model.model_fields.items():
        inner = [
            t for t in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(t, type)
        ]
        section = next((t for t in inner if issubclass(t, BaseModel)), None)
        is_own_document = name in ("receivers", "steps")  # each kind of them: docs/notify.md section 2
        if section is None or is_own_document:
            yield prefix + name
        else:
            yield from keys(
                section, f"{prefix}{name}." + ("<name>." if name in ("gateways", "witnesses") else "")
            )


def test_every_setting_has_its_line_in_the_document() -> None:
    page = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    missing = [key for key in keys(Settings) if f"`{key}`" not in page]
    assert missing == []
