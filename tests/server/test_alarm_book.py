"""The server's book of alarms beside the engine's desk: open on one side is open on the other."""

from dataclasses import replace

from caseserver.alarms import Alarm, AlarmBook
from custody import desk as desk_module
from custody.effects import ObligationChanged
from custody.engine import Engine
from custody.facts import Fact
from custody.times import parse_instant_us
from tests.custody.support import area, fact, rulebook

MINUTE_US = 60_000_000
ARRIVED_US = parse_instant_us("2026-03-02T08:00:00+08:00")


class Both:
    """An engine and the book that follows it."""

    def __init__(self) -> None:
        self.engine = Engine(area(), rulebook())
        self.book = AlarmBook("a1", lambda alarm_id: None)

    def step(self, given: Fact) -> None:
        for effect in self.engine.step(given):
            record = self.engine.alarms.get(getattr(effect, "alarm", ""))
            self.book.follow(effect, record, given)

    def open_ids(self) -> tuple[set[str], set[str]]:
        """By the book, by the desk; alarms, no warnings."""
        held = {a.id for a in self.book.open() if not a.is_prewarning}
        return held, {a.id for a in self.engine.alarms.values() if not a.is_prewarning}


def in_doubt(given: Fact) -> Fact:
    """Recorded by a clock that says only: not before."""
    return replace(given, recorded_latest_us=None)


def entry(alarms: list[Alarm]) -> list[Alarm]:
    return [alarm for alarm in alarms if alarm.rule == "M1"]


def test_an_alarm_taken_back_goes_when_the_duty_itself_never_was():
    """Raised as possible in doubt, taken back by a clock that is sure again, then the person was inside before."""
    both = Both()
    both.step(fact("person.arrived", 0, ARRIVED_US, stay="s1"))
    both.step(in_doubt(fact("deadline.reached", 1, ARRIVED_US + MINUTE_US)))
    [raised] = entry(both.book.open())
    assert raised.is_active
    both.step(fact("deadline.reached", 2, ARRIVED_US + 2 * MINUTE_US))
    [returned] = entry(both.book.open())
    assert returned.clear_reason == "late_evidence"
    late_us = ARRIVED_US + 3 * MINUTE_US
    both.step(fact("wristband.bound", 3, ARRIVED_US - 30 * MINUTE_US, late_us, stay="s1", band="B1"))
    assert entry(both.book.open()) == []
    [gone] = [alarm for alarm in both.book.closed() if alarm.id == returned.id]
    assert gone.clear_reason == "late_evidence"
    assert gone.closed_us is not None
    held, known = both.open_ids()
    assert held == known


def test_an_alarm_shows_when_its_duty_began_by_what_came_late() -> None:
    """The gateway tells that of the duty alone."""
    both = Both()
    both.step(fact("person.arrived", 0, ARRIVED_US, stay="s1"))
    both.step(fact("deadline.reached", 1, ARRIVED_US + 6 * MINUTE_US))
    [alarm] = entry(both.book.open())
    moved = both.engine.alarms[alarm.id]
    moved.since_us, moved.due_us = ARRIVED_US + MINUTE_US, ARRIVED_US + 6 * MINUTE_US
    effect = ObligationChanged(
        ARRIVED_US, 2, obligation=alarm.id, rule=alarm.rule, variant=alarm.variant, subject=alarm.subject,
        stay="s1", state="moved",
    )  # fmt: skip
    both.book.take_changes()
    both.book.follow(effect, moved, fact("deadline.reached", 2, ARRIVED_US + 7 * MINUTE_US))
    [shown] = entry(both.book.open())
    assert (shown.since_us, shown.due_us) == (moved.since_us, moved.due_us)
    changed, events = both.book.take_changes()
    assert [a.id for a in changed] == [alarm.id]
    assert events == []


def test_a_shelf_that_outlasts_its_alarm_ends_in_its_history_and_changes_no_end():
    both = Both()
    trouble = {"node": "n1", "point": 4, "of": "gate", "trouble": "line_open"}
    said = [
        ("officer.registered", {"officer": "a", "service": "sworn", "roles": ["duty_officer"]}),
        ("officer.registered", {"officer": "b", "service": "sworn", "roles": ["duty_officer"]}),
        ("point.troubled", trouble),
        ("deadline.reached", {}),
    ]
    for number, (name, body) in enumerate(said):
        both.step(fact(name, number, ARRIVED_US + number * MINUTE_US, **body))
    [alarm] = [a.id for a in both.book.open() if a.rule == "PT"]
    for number, (name, body) in enumerate((
        ("alarm.shelved", {"alarm": alarm, "officer": "a", "reason": "repair", "minutes": 30}),
        ("point.cleared", trouble),
        ("alarm.taken", {"alarm": alarm, "officer": "a"}),
        ("alarm.rectified", {"alarm": alarm, "officer": "a", "cause": "wiring", "action": "repaired"}),
        ("alarm.verified", {"alarm": alarm, "officer": "b"}),
    ), 4):  # fmt: skip
        both.step(fact(name, number, ARRIVED_US + number * MINUTE_US, **body))
        known = both.book.get(alarm)
        assert known is not None
        assert known.aside == "shelved"
    assert known.closed_us == ARRIVED_US + 8 * MINUTE_US
    both.book.take_changes()
    both.step(fact("deadline.reached", 9, ARRIVED_US + 34 * MINUTE_US))
    [ended] = [event for event in both.book.take_changes()[1] if event.what == "shelf_ended"]
    assert (ended.alarm, ended.at_us, ended.officer) == (alarm, ARRIVED_US + 34 * MINUTE_US, None)
    known = both.book.get(alarm)
    assert known is not None
    assert (known.closed_us, known.shown_state) == (ARRIVED_US + 8 * MINUTE_US, "closed")


def test_what_leaves_the_desk_unhandled_leaves_the_book_and_says_so(monkeypatch):
    """A flood beyond what is kept: nobody is shown an alarm that the gateway would refuse to handle."""
    monkeypatch.setattr(desk_module, "ALARMS_MAX", 3)
    both = Both()
    both.step(fact("door.closed", 0, ARRIVED_US, door="gate"))
    index = 0
    for minute in range(1, 7):
        for name in ("door.opened", "door.closed"):
            index += 1
            both.step(fact(name, index, ARRIVED_US + minute * MINUTE_US + index, door="gate"))
    both.step(fact("deadline.reached", index + 1, ARRIVED_US + 8 * MINUTE_US))
    held, known = both.open_ids()
    assert held == known
    assert len(held) == 3
    gone = [alarm for alarm in both.book.closed() if alarm.rule == "DR"]
    assert len(gone) >= 3
    assert {alarm.state for alarm in gone} == {"unacknowledged"}
    assert max(alarm.raised_us for alarm in gone) < min(alarm.raised_us for alarm in both.book.open())
    _, events = both.book.take_changes()
    assert {event.alarm for event in events if event.what == "dropped"} == {alarm.id for alarm in gone}


def test_after_a_start_any_open_alarm_may_have_been_raised_further_by_a_look_ahead():
    """Which were does not stand in the store: what the gateway denies of them must go when it is heard again."""
    alarm = Alarm("a1", "a1/T1/x/stay:s/1", "T1", "x", "stay:s", "S1", 0, 0)
    closed = Alarm("a1", "a1/T1/x/stay:r/1", "T1", "x", "stay:r", "S1", 0, 0, cleared_us=1, closed_us=1)
    book = AlarmBook("a1", lambda alarm_id: None, [closed, alarm])
    assert [one.id for one in book.open_ahead()] == [alarm.id]
    book.borne_out(alarm.id)
    assert book.open_ahead() == []
