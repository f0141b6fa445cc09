"""The life cycle of alarms: the tables, the engine that walks them, what may be set aside and what never."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custody.alarm_limits import SEVERITIES
from custody.alarm_states import ASIDE_MOVES, CLOSED, CONDITION_MOVES, MOVES, NORMAL, STATES, state_of
from custody.area import load_area
from custody.bundled import area_text, rulebook_names, rulebook_text
from custody.causes import Causes
from custody.effects import AlarmChanged, AlarmRaised, Refusal
from custody.overlay import overlaid
from custody.reader import load_rulebook
from custody.shelves import NEVER_SHELVED_SOURCES, SHELVED_KINDS, may_be_set_aside
from tests.custody.support import START_US, at, fact, rulebook
from tests.custody.telling import MINUTE_US, Told
from tests.oracle.handling import Life

BUTTON = """
[[input]]
id = "silence-guard"
kind = "silence"
room = "guard"
[[point]]
node = "n1"
point = 240
kind = "input"
of = "silence-guard"
"""
AREA = load_area(area_text("standard") + BUTTON)
SECOND_US = MINUTE_US // 60


def desk(area=AREA, law=None) -> Told:
    """Two officers at 08:00; every door shut and every node heard."""
    told = Told(law, area)
    for officer, roles in (("a", ["duty_officer"]), ("b", ["station_leader"])):
        told.say("officer.registered", "08:00", officer=officer, service="sworn", roles=roles)
    for door in area.doors:
        told.say("door.closed", "08:00", door=door)
    for recorder in area.recorders:
        told.say("recorder.started", "08:00", recorder=recorder)
    for name in area.inputs:
        told.say("input.cleared", "08:00", input=name)
    return told


def line(told: Told, when: str | int, *, is_cut: bool, point: int = 4) -> bool:
    """The line of a door contact is cut, or whole again: whether that was taken."""
    of = {4: "gate", 1: "rd-reception"}[point]
    name = "point.troubled" if is_cut else "point.cleared"
    told.say(name, when, node="n1", point=point, of=of, trouble="line_open")
    return not refused(told)


def cut(told: Told, when: str = "09:00", point: int = 4) -> str:
    """A line is cut until it alarms: the id of the alarm, which is urgent equipment by the site's own limit."""
    line(told, when, is_cut=True, point=point)
    told.say("deadline.reached", at(when) + 10 * SECOND_US)
    (raised,) = [effect for effect in told.effects if isinstance(effect, AlarmRaised)]
    return raised.alarm


def refused(told: Told) -> list[tuple[str, str]]:
    return [(e.reason, e.found) for e in told.effects if isinstance(e, Refusal)]


def changed(told: Told) -> list[tuple[str, str, int | None]]:
    return [(e.action, e.state, e.until_us) for e in told.effects if isinstance(e, AlarmChanged)]


def sounds(told: Told) -> bool:
    return any(on for name, on in told.engine.outputs().items() if AREA.outputs[name].kind == "sounder")


# --- the tables ------------------------------------------------------------------------------------


def test_every_combination_has_one_word_and_every_word_is_reached():
    words = {NORMAL} | {
        state_of(handling, is_active=active, aside=aside, is_suppressed=suppressed)
        for handling in MOVES
        for active in (True, False)
        for aside in ASIDE_MOVES
        for suppressed in (True, False)
        if not (handling == CLOSED and active)
    }
    assert words == {state.name for state in STATES}


def test_no_state_is_a_dead_end_but_the_closed_one():
    assert [name for name, moves in MOVES.items() if not moves] == [CLOSED]
    assert all(ASIDE_MOVES.values())
    assert all(CONDITION_MOVES.values())


@pytest.mark.parametrize("name", sorted(rulebook_names()))
def test_nothing_of_the_law_and_no_call_for_help_may_be_set_aside(name):
    book = load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)
    told = desk()
    record = told.engine.alarms[cut(told)]
    causes = Causes(AREA, book)
    for known in book.rules:
        for level in known.levels:
            record.rule, record.variant, record.basis = known.id, known.variant, known.basis
            record.number_basis, record.family, record.severity = (
                level.number_basis,
                known.family,
                level.severity,
            )
            if not may_be_set_aside(record, causes):
                continue
            assert (known.basis, level.number_basis, known.family) == ("local", "local", "equipment")
            assert level.severity != "S1"
            assert known.kind in SHELVED_KINDS
            assert causes.watched(record) not in NEVER_SHELVED_SOURCES


# --- shelving ----------------------------------------------------------------------------------------


def test_a_shelf_silences_a_source_ends_by_itself_and_says_so():
    told = desk()
    alarm = cut(told)
    told.say("alarm.acknowledged", "09:10", alarm=alarm, officer="a")
    told.say("alarm.shelved", "09:10", alarm=alarm, officer="a", reason="chattering", minutes=20)
    assert changed(told) == [("shelved", "acknowledged", at("09:30"))]
    assert told.engine.alarms[alarm].shown_state == "shelved"
    line(told, "09:12", is_cut=False)
    again = cut(told, "09:14")
    assert again != alarm
    assert (told.engine.alarms[again].shown_state, sounds(told)) == ("shelved", False)
    assert told.engine.next_deadline_us() == at("09:30")
    told.say("deadline.reached", "09:30")
    assert [row for row in changed(told) if row[0] == "shelf_ended"] == [
        ("shelf_ended", "acknowledged", None), ("shelf_ended", "unacknowledged", None)
    ]  # fmt: skip
    assert told.engine.alarms[alarm].shown_state == "latched"
    assert (told.engine.alarms[again].shown_state, sounds(told)) == ("unacknowledged", True)


def test_what_stands_when_its_shelf_ends_has_to_be_seen_anew():
    told = desk()
    alarm = cut(told)
    told.say("alarm.acknowledged", "09:10", alarm=alarm, officer="a")
    told.say("alarm.shelved", "09:10", alarm=alarm, officer="a", reason="works", minutes=5)
    told.say("alarm.unshelved", "09:12", alarm=alarm, officer="b")
    assert changed(told) == [("unshelved", "unacknowledged", None)]
    assert sounds(told)


def test_a_shelf_with_an_unbounded_clock_is_over():
    told = desk()
    alarm = cut(told)
    told.say("alarm.shelved", "09:10", alarm=alarm, officer="a", reason="works", minutes=30)
    told.count += 1
    doubted = replace(fact("door.closed", told.count, at("09:11"), door="gate"), recorded_latest_us=None)
    told.effects = told.engine.step(doubted)
    assert ("shelf_ended", "unacknowledged", None) in changed(told)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"minutes": 31}, "malformed minutes"),
        ({"minutes": 11}, "too_long"),
        ({"minutes": 10, "officer": "x"}, "unknown_officer"),
        ({"minutes": 1, "occurred": "09:02"}, "over_already"),
    ],
)
def test_a_shelf_out_of_bounds_is_refused_and_changes_nothing(body, reason):
    told = desk(load_area(area_text("standard") + BUTTON + "[alarms]\nshelf_minutes_max = 10\n"))
    alarm = cut(told)
    told.say("door.closed", "09:10", door="gate")
    when = body.pop("occurred", "09:10")
    told.say("alarm.shelved", when, **({"alarm": alarm, "officer": "a", "reason": "works"} | body))
    assert [found[0] for found in refused(told)] == [reason]
    assert told.engine.alarms[alarm].aside == ""


def test_a_duress_button_is_never_shelved_nor_taken_out_of_service():
    told = desk()
    told.say("input.activated", "09:00", input="duress-interrogation-1")
    told.say("deadline.reached", "09:00")
    (alarm,) = told.engine.alarms
    for act, more in (("shelved", {"minutes": 5}), ("removed_from_service", {"hours": 1})):
        told.say(f"alarm.{act}", "09:01", alarm=alarm, officer="a", reason="works", **more)
        assert [reason for reason, _ in refused(told)] == ["never_shelved"]
    assert sounds(told)


def test_out_of_service_lasts_hours_and_ends_by_hand_or_by_itself():
    told = desk()
    alarm = cut(told)
    told.say("alarm.shelved", "09:10", alarm=alarm, officer="a", reason="repair", minutes=10)
    told.say("alarm.removed_from_service", "09:11", alarm=alarm, officer="b", reason="repair", hours=2)
    assert changed(told) == [("removed_from_service", "unacknowledged", at("11:11"))]
    assert told.engine.alarms[alarm].shown_state == "out_of_service"
    told.say("alarm.shelved", "09:12", alarm=alarm, officer="a", reason="repair", minutes=10)
    assert refused(told) == [("wrong_order", "shelved while out_of_service")]
    told.say("deadline.reached", "11:11")
    assert ("service_ended", "unacknowledged", None) in changed(told)


# --- graver than it was --------------------------------------------------------------------------------


def kept_outside(told: Told) -> str:
    """Somebody is brought in at 09:00 and not taken into the area: S3 at 09:05, S2 at 09:15."""
    told.say("person.arrived", "09:00", stay="s").say("deadline.reached", "09:05")
    return next(record.id for record in told.engine.alarms.values() if record.rule == "M1")


@pytest.mark.parametrize(
    "acts", [("acknowledged",), ("taken",), ("taken", "rectified")], ids=lambda acts: acts[-1]
)
def test_what_becomes_graver_than_it_was_when_it_was_seen_sounds_anew_until_it_is_seen_again(acts):
    told = desk()
    alarm = kept_outside(told)
    for act in acts:
        more = {"cause": "handover", "action": "checked"} if act == "rectified" else {}
        told.say(f"alarm.{act}", "09:06", alarm=alarm, officer="a", **more)
    assert (told.engine.alarms[alarm].severity, sounds(told)) == ("S3", False)
    told.say("deadline.reached", "09:15")
    record = told.engine.alarms[alarm]
    assert (record.severity, record.shown_state, sounds(told)) == ("S2", "unacknowledged", True)
    assert record.graver_us == at("09:15")
    again = "rectified" if "rectified" in acts else "taken"
    more = {"cause": "handover", "action": "checked"} if again == "rectified" else {}
    told.say(f"alarm.{again}", "09:16", alarm=alarm, officer="b", **more)
    assert not refused(told)
    assert not sounds(told)


def test_a_shelf_holds_nothing_that_has_become_too_grave_for_it():
    """A site may make a rule stricter: a line that is cut for five minutes is S1 here."""
    levels = [
        {"after": "10s", "severity": "S2", "number": "local"},
        {"after": "5min", "severity": "S1", "number": "local"},
    ]
    told = desk(law=overlaid(rulebook(), ({"rule": "PT/line", "level": levels, "reason": "guarded"},)))
    alarm = cut(told)
    told.say("alarm.shelved", "09:01", alarm=alarm, officer="a", reason="works", minutes=20)
    assert (told.engine.alarms[alarm].shown_state, sounds(told)) == ("shelved", False)
    told.say("deadline.reached", "09:05")
    assert (told.engine.alarms[alarm].shown_state, sounds(told)) == ("unacknowledged", True)


# --- silence -----------------------------------------------------------------------------------------


def test_the_button_at_the_gateway_silences_what_sounds_and_nothing_that_comes_after():
    told = desk()
    alarm = cut(told)
    assert sounds(told)
    pressed_us = at("09:20")
    told.say("deadline.reached", pressed_us)
    told.say("input.activated", pressed_us, input="silence-guard")
    assert changed(told) == [("silenced", "unacknowledged", pressed_us + 180 * SECOND_US)]
    assert not sounds(told)
    assert told.engine.alarms[alarm].shown_state == "unacknowledged"
    cut(told, "09:21", 1)
    assert sounds(told)
    told.say("alarm.silenced", "09:24", officer="a")
    told.say("alarm.silenced", "09:24", officer="a")
    assert refused(told) == [("nothing_sounds", "none")]
    told.say("deadline.reached", at("09:24") + 180 * SECOND_US)
    assert sounds(told)


# --- causes ------------------------------------------------------------------------------------------


def test_one_dead_line_is_one_alarm_with_its_node_under_it_handled_together():
    told = desk()
    told.say("port.lost", "09:00", port="ttyA1").say("node.lost", "09:00:03", node="n1")
    told.say("deadline.reached", "09:00:30")
    alarms = {alarm.split("/")[2]: alarm for alarm in told.engine.alarms}
    assert set(alarms) == {"port", "node"}
    assert sounds(told)  # a line alone would not, what it makes unseen does
    told.say("alarm.taken", "09:01", alarm=alarms["port"], officer="a")
    assert len(changed(told)) == 2
    assert not sounds(told)
    told.say("port.restored", "09:05", port="ttyA1").say("node.restored", "09:05:02", node="n1")
    told.say("alarm.rectified", "09:06", alarm=alarms["port"], officer="a", cause="wiring", action="repaired")
    told.say("alarm.verified", "09:07", alarm=alarms["port"], officer="b")
    assert not told.engine.alarms


def test_a_node_that_stays_dead_when_its_line_is_back_is_an_alarm_of_its_own():
    told = desk()
    told.say("port.lost", "09:00", port="ttyA1").say("node.lost", "09:00:03", node="n1")
    told.say("deadline.reached", "09:00:30").say("port.restored", "09:01", port="ttyA1")
    assert sounds(told)


def test_below_the_level_of_the_site_one_officer_may_close_but_never_what_rests_on_law():
    told = desk(load_area(area_text("standard") + BUTTON + '[alarms]\nsecond_person_from = "S2"\n'))
    told.say("port.lost", "09:00", port="ttyA1").say("deadline.reached", "09:00:30")
    (alarm,) = told.engine.alarms
    told.say("port.restored", "09:01", port="ttyA1").say("alarm.taken", "09:01", alarm=alarm, officer="a")
    told.say("alarm.rectified", "09:02", alarm=alarm, officer="a", cause="wiring", action="repaired")
    told.say("alarm.verified", "09:03", alarm=alarm, officer="a")
    assert changed(told) == [("verified", "closed", None)]
    assert told.engine.area.alarms.needs_second("S4", "law")
    assert all(AREA.alarms.needs_second(severity, "local") for severity in SEVERITIES)


# --- the engine, the tables and a second reading of the standard ----------------------------------------


class Desk(RuleBasedStateMachine):
    """A line that is cut over and over, and officers who do anything at any time: the engine beside tests/oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.told = desk()
        self.now_us = START_US
        self.life = Life()
        self.alarm = "none"
        self.is_cut = False

    @rule(minutes=st.integers(1, 40))
    def pass_time(self, minutes: int) -> None:
        end_us = self.now_us + minutes * MINUTE_US
        while (due_us := self.told.engine.next_deadline_us()) is not None and due_us <= end_us:
            self.told.say("deadline.reached", due_us)
            self.life.time(due_us)
            for effect in self.told.effects:
                if isinstance(effect, AlarmRaised) and effect.rule == "PT":
                    self.alarm = effect.alarm
                    self.life.breaks()
        self.now_us = end_us

    @rule()
    def cut_or_mend(self) -> None:
        if not self.is_cut and not self.life.is_there:  # one alarm at a time is followed here
            self.is_cut = line(self.told, self.now_us, is_cut=True)
        elif self.is_cut:
            self.is_cut = not line(self.told, self.now_us, is_cut=False)
            self.life.mends()

    @rule(
        act=st.sampled_from(["taken", "acknowledged", "rectified", "verified"]),
        officer=st.sampled_from(["a", "b"]),
    )
    def handle(self, act: str, officer: str) -> None:
        before = self.life.handling()
        more = {"cause": "person", "action": "checked"} if act == "rectified" else {}
        self.told.say(f"alarm.{act}", self.now_us, alarm=self.alarm, officer=officer, **more)
        taken = self.life.act(act, officer)
        assert taken == (not refused(self.told))
        if taken:
            assert MOVES[before][act] == (self.life.handling() if self.life.is_there else CLOSED)

    @rule(
        act=st.sampled_from(["shelved", "unshelved", "removed_from_service", "returned_to_service"]),
        count=st.integers(1, 30),
    )
    def put_aside(self, act: str, count: int) -> None:
        more: dict[str, object] = {}
        if act in ("shelved", "removed_from_service"):
            more = {"reason": "repair", "minutes" if act == "shelved" else "hours": count}
        before = self.life.lying
        self.told.say(f"alarm.{act}", self.now_us, alarm=self.alarm, officer="a", **more)
        taken = self.life.put_aside(act, count, self.now_us)
        assert taken == (not refused(self.told))
        if taken:
            assert ASIDE_MOVES[before][act] == self.life.lying

    @invariant()
    def the_engine_shows_what_the_second_reading_does(self) -> None:
        record = self.told.engine.alarms.get(self.alarm)
        assert (record is not None and not record.is_prewarning) == self.life.is_there
        if record is not None and self.life.is_there:
            assert (record.state, record.shown_state) == (self.life.handling(), self.life.word())
        assert sounds(self.told) == self.life.may_sound()
        known = self.told.engine.alarms
        standing = {key for key, one in known.items() if one.is_active and not one.is_prewarning}
        assert self.told.engine._desk._standing.keys() == standing
        row = next(state for state in STATES if state.name == self.life.word())
        assert row.may_sound or not self.life.may_sound()


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
