"""What the engine forgets, and what it must not: a year of a busy area stays within named limits."""

import pytest

from custody import world as world_module
from custody.effects import AlarmRaised
from custody.engine import Engine
from custody.sight import GAP_TOLD_WITHIN_US, Sight
from custody.world import Ended, Stay, World
from tests.custody.support import at, engine, fact

HOUR_US = 3_600_000_000
BUSY = 6_000
"""Readings in the fortnight after a release: enough that the stay is forgotten."""


def complained_of(readings: int) -> tuple[Engine, list[str]]:
    """A complaint is traced; a month later, with the hold not lifted, a recording of the stay is deleted."""
    built, told, begin_us, count = engine(), [], at("09:00"), 0

    def say(name: str, after_us: int, **body: object) -> None:
        nonlocal count
        count += 1
        effects = built.step(fact(name, count, begin_us + after_us, **body))
        told.extend(f"{e.rule}/{e.variant}" for e in effects if isinstance(e, AlarmRaised))

    say("person.arrived", 0, stay="s-1")
    say("area.entered", 1, stay="s-1")
    say("stay.released", HOUR_US, stay="s-1", reason="released")
    say("complaint.received", 2 * HOUR_US, stay="s-1")
    say("complaint.traced", 3 * HOUR_US, stay="s-1")
    for number in range(readings):
        say("tag.read", 4 * HOUR_US + number * 200_000_000, tag=f"T{number % 7}", room="reception")
    say("recording.deleted", 720 * HOUR_US, recording="r-1", stay="s-1")
    return built, told


def test_a_legal_hold_is_kept_when_the_stay_itself_is_forgotten() -> None:
    quiet, alarms = complained_of(0)
    assert quiet.world.stays.get("s-1") is not None
    assert "R14/hold" in alarms
    busy, alarms = complained_of(BUSY)
    assert busy.world.stays.get("s-1") is None, "the stay was to be forgotten"
    assert "R14/hold" in alarms


def test_forms_about_forgotten_stays_do_not_pile_up() -> None:
    known = World()
    for number in range(20):
        known.mark(f"stay:s{number}", ("decision.delivered",), number, number, {})
    known.stays.put("s0", Stay("s0", 0, 0))
    for fixed in ("room:waiting-1", "officer:0312", "recorder:rec-west"):
        known.mark(fixed, ("patrol.tapped",), 1, 1, {})
    known.forget_subjects({"stay:s1"}, 5)
    kept = list(known.steps)
    assert kept == ["stay:s0", "stay:s1", "room:waiting-1", "officer:0312", "recorder:rec-west"]


def test_of_people_the_first_brought_in_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_module, "PEOPLE_MAX", 3)
    known = World()
    for number in range(6):
        known.people.put(f"p{number}", (Ended("criminal_summons", "", f"s{number}", number, number),))
    known.forget_subjects((), 10)
    assert list(known.people) == ["p3", "p4", "p5"]


def test_losses_too_old_to_be_judged_again_are_not_remembered() -> None:
    sight = Sight()
    for number in range(30):
        begin_us = number * 10 * GAP_TOLD_WITHIN_US
        sight.note(fact("node.lost", 2 * number, begin_us, node="n1"))
        sight.note(fact("node.restored", 2 * number + 1, begin_us + 1, node="n1"))
    assert len(sight.seen) == 30
    sight.forget_before(25 * 10 * GAP_TOLD_WITHIN_US)
    assert sight.seen == {50, 52, 54, 56, 58}
