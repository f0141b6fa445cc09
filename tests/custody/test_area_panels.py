"""Panels in area.toml: each of a room that somebody sees, and with one point."""

import pytest

from custody.area import load_area
from custody.config import ConfigError
from tests.gateway.bench import AREA_TEXT

PANEL = """
[[panel]]
id = "panel-waiting-1"
room = "waiting-1"

[[point]]
node = "n1"
point = 20
kind = "panel"
of = "panel-waiting-1"
"""


def test_a_panel_serves_its_room_and_blinds_nobody() -> None:
    area = load_area(AREA_TEXT + PANEL)
    point = area.points_by_ref["n1.20"]
    assert area.room_of_point(point) == "waiting-1"
    assert area.node_of("panel", "panel-waiting-1") == "n1"
    assert area.rooms_of_node("n1") == load_area(AREA_TEXT).rooms_of_node("n1")


@pytest.mark.parametrize(
    ("change", "key", "expected", "found"),
    [
        (('room = "waiting-1"\n\n[[point]]', 'room = "cellar"\n\n[[point]]'),
         "panel panel-waiting-1.room", "the id of a [[room]]", "'cellar'"),
        (('room = "waiting-1"\n\n[[point]]', 'room = "interrogation-1"\n\n[[point]]'),
         "panel panel-waiting-1.room", "a room with a [[reader]], which sees who is there", "'interrogation-1'"),
        (('of = "panel-waiting-1"', 'of = "panel-2"'),
         "point[7].of", "the id of what a panel belongs to", "'panel-2'"),
        (('kind = "panel"\nof = "panel-waiting-1"', 'kind = "reader"\nof = "rd-waiting-1"'),
         "panel panel-waiting-1", "one [[point]] of kind panel that is of it", "0"),
        (('id = "panel-waiting-1"', 'id = "panel-waiting-1"\nwords = "zh"'),
         "panel[0].words", "one of id, room", ""),
    ],
)  # fmt: skip
def test_a_panel_that_is_wired_wrongly_says_expected_and_found(
    change: tuple[str, str], key: str, expected: str, found: str
) -> None:
    assert PANEL.count(change[0]) >= 1
    with pytest.raises(ConfigError) as refused:
        load_area(AREA_TEXT + PANEL.replace(*change))
    problems = {problem.key: problem for problem in refused.value.problems}
    assert key in problems, problems
    assert expected in problems[key].expected
    assert found in problems[key].found
