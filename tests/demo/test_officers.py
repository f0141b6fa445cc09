"""Every act of the demo's officers is one that their role may do."""

import threading
import time

import pytest

from caseserver.permissions import ACTOR_FIELDS, may_state
from caseward.demo import beats, story
from caseward.demo.accounts import ROLES
from caseward.demo.cables import Cables
from caseward.demo.director import Director, Timetable
from caseward.demo.follow import CAUSES, Handling, Withdrawn
from caseward.demo.script import Script
from custody.facts import check_body
from tests.demo.offline import areas

Planned = tuple[int, str, str, dict, str]
RAISED_US = 1_000_000_000_000


def forms() -> list[beats.Beat]:
    plans = areas()
    return [b for b in [*story.opening(plans), *story.day(plans, 1, 0)] if b.verb == beats.FORM]


def test_every_form_of_the_day_is_filled_in_by_an_officer_who_may() -> None:
    refused = [(b.what, b.officer) for b in forms() if not may_state(frozenset(ROLES[b.officer]), b.what)]
    assert refused == []


def test_every_form_of_the_day_is_complete() -> None:
    assert [(b.what, check_body(b.what, b.body)) for b in forms() if check_body(b.what, b.body)] == []


def handled(rule: str = "M3") -> list[Planned]:
    """What is planned about an alarm that is raised twice (two stages) and ends."""
    planned: list[Planned] = []
    handling = Handling("a1", lambda *act: planned.append(act), seed=1, from_us=0)  # type: ignore[arg-type]
    body = {"alarm": "a1/M3/nobody/room:waiting-1/7", "rule": rule, "of": "alarm"}
    for kind in ("alarm.raised/1", "alarm.raised/1", "alarm.cleared/1", "alarm.cleared/1"):
        handling.leaf({"type": kind, "body": body, "recorded": {"earliest_us": RAISED_US}})
    return sorted(planned)


def test_an_alarm_is_taken_acknowledged_rectified_and_verified_once_each_in_that_order() -> None:
    facts = [fact for _, _, fact, _, _ in handled()]
    assert facts == ["alarm.taken", "alarm.acknowledged", "alarm.rectified", "alarm.verified"]


@pytest.mark.parametrize("rule", sorted(CAUSES))
def test_what_is_done_about_an_alarm_is_allowed_and_complete(rule: str) -> None:
    for _, _, fact, body, officer in handled(rule):
        assert may_state(frozenset(ROLES[officer]), fact), (fact, officer)
        assert check_body(fact, body) == []
        assert body[ACTOR_FIELDS[fact]] == officer


def test_who_verifies_is_not_who_rectified() -> None:
    officers = {fact: officer for _, _, fact, _, officer in handled()}
    assert officers["alarm.rectified"] != officers["alarm.verified"]


def test_an_alarm_that_late_evidence_took_back_is_left_alone_unless_it_stood_or_was_taken_before() -> None:
    withdrawn = Withdrawn()
    told = [
        ("raised", "a", ""), ("raised", "b", ""), ("raised", "c", ""), ("changed", "c", ""),
        ("cleared", "b", "tag.read"), *(("cleared", alarm, "late_evidence") for alarm in "abc"),
    ]  # fmt: skip
    for what, alarm, reason in told:
        body = {"alarm": alarm, "of": "alarm", "reason": reason}
        withdrawn.leaf("a1", {"type": f"alarm.{what}/1", "body": body})
    assert [alarm for alarm in "abc" if alarm in withdrawn] == ["a"]
    withdrawn.leaf("a1", {"type": "alarm.raised/1", "body": {"alarm": "a"}})
    assert "a" not in withdrawn


class Boards:
    """Notes what a director does to the hardware, and when."""

    def __init__(self) -> None:
        self.done: list[tuple[float, str]] = []

    def note(self, what: str) -> None:
        self.done.append((time.monotonic(), what))

    def door(self, door: str, is_open: bool) -> None:
        self.note(f"{door} {'open' if is_open else 'shut'}")

    def lock(self, door: str, is_released: bool) -> None:
        self.note(f"{door} {'released' if is_released else 'locked'}")

    def button(self, door: str, is_pressed: bool) -> None:
        self.note(f"{door} {'pressed' if is_pressed else 'let go'}")

    def tag(self, tag: str, room: str, is_present: bool) -> None:
        self.note(f"{tag} {'in' if is_present else 'out of'} {room}")


def played(script: Script, speed: float, until_us: int) -> list[tuple[float, str]]:
    boards = Boards()
    timetable = Timetable(0, speed)
    timetable.start(0.0)
    director = Director(timetable, {"a2": boards}, Cables(), lambda *_: None, lambda *_: None)  # type: ignore[dict-item]
    director.add(script.finish(), 0)
    director.run(until_us, threading.Event())
    return boards.done


def test_a_locked_door_is_released_before_it_opens_and_locked_after_it_shuts() -> None:
    script = Script(areas())
    script.go(0, "a2", "0C00000001", "waiting-1")
    script.go(70 * beats.SECOND_US, "a2", "0C00000001", "search")
    done = [what for _, what in played(script, 50.0, 76 * beats.SECOND_US)]
    door = "door-waiting-1"
    assert [what for what in done if what.startswith(door)][:4] == [
        f"{door} released", f"{door} open", f"{door} shut", f"{door} locked",
    ]  # fmt: skip
    moves = [what.removeprefix("0C00000001 ") for what in done if what.startswith("0C00000001")]
    assert moves == ["in waiting-1", "in corridor", "out of waiting-1", "in search", "out of corridor"]


def test_beats_are_played_in_time_and_faster_with_more_speed() -> None:
    script = Script(areas())
    script.add(0, "a2", beats.DOOR, "gate", "open")
    script.add(10 * beats.SECOND_US, "a2", beats.DOOR, "gate", "shut")
    begun_s = time.monotonic()
    (_, opened), (shut_s, shut) = played(script, 40.0, 11 * beats.SECOND_US)
    assert (opened, shut) == ("gate open", "gate shut")
    assert 0.25 <= shut_s - begun_s < 9  # 0.25 s at 40 times; ten at one
