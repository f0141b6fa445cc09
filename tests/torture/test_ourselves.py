"""Two cases on ourselves for real: gateway, server, mosquitto; the rest is `make torture`."""

from pathlib import Path

import pytest

from custody.area import load_area
from custody.bundled import rulebook_of_area
from tests.torture.__main__ import play
from tests.torture.cases import BY_NAME
from tests.torture.targets.caseward import RULES
from tests.torture.targets.caseward_node import area_text, parse


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", ["kill-before"])
def test_a_case_is_played_without_a_fault(name: str, tmp_path: Path) -> None:
    found, version, boots = play("caseward", BY_NAME[name], tmp_path)
    assert version.startswith("Caseward ")
    assert len(boots) == 2
    assert found.asked == 1
    assert found.wrong == 0, found.notes


def test_area_and_rules_of_the_adapter_fit_each_other() -> None:
    area = load_area(area_text(), "area.toml")
    book, _ = rulebook_of_area(area, RULES.read_text(encoding="utf-8"))
    assert [rule.id for rule in book.rules] == ["R1", "R2", "R3", "R4"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"seq":1}',
        b'{"seq":1e99,"at_ms":1,"state":"open"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_bytes_that_are_no_report_reach_no_node(payload: bytes) -> None:
    assert parse("torture/v1/unit-1/door/door-1", payload) is None
