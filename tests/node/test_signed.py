"""A signed configuration: whose it is, whether it was touched, and whether it is the newest."""

import hashlib
import hmac
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import signed
from node.config import ConfigError, load
from tests.node import micropython
from tests.node.bench import KEY, POINTS

OTHER = bytes(32)


def text(version: int = 1, **changes: object) -> str:
    return json.dumps({"node": 7, "version": version, "points": POINTS, **changes}, indent=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An adopted node's configuration."""
    path = tmp_path / "config.json"
    (tmp_path / "config.json.key").write_text(KEY.hex() + "\n")
    path.write_text(signed.sealed(text(), KEY))
    return path


def test_the_signature_is_that_of_anothers_hmac() -> None:
    sealed = signed.sealed(text(), KEY)
    body, mark, mac = sealed.rpartition("\n# hmac-sha256 ")
    assert mark
    expected = hmac.new(KEY, b"caseward-config-v1\n" + body.encode(), hashlib.sha256).hexdigest()
    assert mac == expected + "\n"


def test_an_adopted_node_takes_its_key_from_its_own_file_and_remembers_the_version(path) -> None:
    settings = load(str(path))
    assert (settings.key, settings.node, settings.version) == (KEY, 7, 1)
    assert path.with_name("config.json.version").read_text() == "1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (text(), "expected a signed configuration, found no line"),
        (signed.sealed(text(), OTHER), "found another signature"),
        (signed.sealed(text(), KEY).replace('"pin": 1', '"pin": 9'), "found another signature"),
        (signed.sealed(text(), KEY).replace("\n# ", "\n\n# "), "found another signature"),
        (signed.sealed(text(), KEY)[:-3], "found another signature"),
        (signed.sealed(text(key=OTHER.hex()), KEY), "without a key of its own"),
        (signed.sealed("[]", KEY), "without a key of its own"),
        (signed.sealed("{", KEY), "expected JSON"),
    ],
    ids=[
        "not signed",
        "of another node",
        "touched",
        "an empty line more",
        "cut",
        "with a key",
        "a list",
        "no JSON",
    ],
)
def test_what_the_station_did_not_sign_for_this_node_is_not_run(path, content, told) -> None:
    path.write_text(content)
    with pytest.raises(ConfigError, match=told) as refused:
        load(str(path))
    assert KEY.hex()[:16] not in str(refused.value)


def test_an_older_configuration_is_refused_and_the_same_one_runs_again(path) -> None:
    path.write_text(signed.sealed(text(5), KEY))
    load(str(path))
    load(str(path))
    path.write_text(signed.sealed(text(4), KEY))
    with pytest.raises(ConfigError, match="version: expected 5 or above, found 4"):
        load(str(path))
    path.write_text(signed.sealed(text(6), KEY))
    assert load(str(path)).version == 6


def test_a_configuration_that_is_refused_for_its_points_does_not_move_the_version(path) -> None:
    path.write_text(signed.sealed(text(9, points=[]), KEY))
    with pytest.raises(ConfigError, match="points"):
        load(str(path))
    assert not path.with_name("config.json.version").exists()


def test_a_key_file_that_is_no_key_is_refused_without_telling_it(path) -> None:
    path.with_name("config.json.key").write_text(KEY.hex()[:-2])
    with pytest.raises(ConfigError) as refused:
        load(str(path))
    assert KEY.hex()[:16] not in str(refused.value)


@given(st.text(max_size=200))
def test_any_text_is_refused_without_a_fault(content: str) -> None:
    with pytest.raises(ConfigError):
        signed.opened("config.json", content, KEY)


@given(st.text(max_size=200))
def test_what_was_sealed_is_what_is_opened(content: str) -> None:
    assert signed.opened("config.json", signed.sealed(content, KEY), KEY) == content.rstrip("\n")


@pytest.mark.real
def test_micropython_judges_it_the_same(unix_port, path) -> None:
    program = (
        "from node.config import load\n"
        f"print(load({str(path)!r}).version)\n"
        f"open({str(path)!r}, 'a').write('x')\n"
        f"load({str(path)!r})\n"
    )
    done = subprocess.run(
        [*unix_port, "-X", "heapsize=192k", "-c", program],
        env=micropython.environment("", None, path=[micropython.FIRMWARE]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "1\n"
    assert "expected it signed with this node's key, found another signature" in done.stderr
