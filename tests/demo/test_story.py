"""The day of the demo, played offline: what is wrong in it is exactly what was written into it."""

from collections import Counter
from functools import cache

import pytest

from caseward.demo import beats, story
from custody.effects import AlarmRaised
from tests.demo.offline import DAY_0_US, Offline, areas, played

BREACHES = {
    "a1": {
        ("M2a", "order"): 1, ("M2a", "time"): 1, ("M3", "guard"): 2, ("M3", "nobody"): 2, ("M4", "interview"): 1,
        ("M5", "register"): 1, ("I1", "criminal"): 2, ("WB", "silent"): 2, ("T5", "questioning"): 1,
        ("DR", "forced-gate"): 1, ("DR", "held-gate"): 1, ("P5", "overdue"): 1, ("LK", "left_open"): 2,
    },
    "a2": {
        ("DR", "held-gate"): 1, ("SYS", "node"): 1, ("M4", "interview"): 1, ("R3", "questioning"): 1,
        ("I2", "single"): 1, ("IN", "release"): 1,
    },
}  # fmt: skip
"""(rule, variant) -> stages reached in one day."""


@cache
def run(seed: int, days: int) -> Offline:
    return played(seed, days)


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_a_day_has_the_breaches_written_into_it_and_no_other(seed: int) -> None:
    offline = run(seed, 1)
    for area, expected in BREACHES.items():
        assert Counter((e.rule, e.variant) for e in offline.raised(area)) == expected


def test_each_day_is_like_the_first_and_stays_get_new_references() -> None:
    offline = run(1, 3)
    for area, expected in BREACHES.items():
        found = Counter((e.rule, e.variant) for e in offline.raised(area))
        assert found == {key: 3 * count for key, count in expected.items()}
    stays = list(offline.engines["a1"].world.stays)
    assert len(stays) == 3 * 8


def test_no_form_of_the_day_is_refused() -> None:
    assert run(1, 2).refused() == []


def test_what_the_keeper_was_given_is_where_it_was_put_at_noon_and_gone_in_the_evening() -> None:
    """The ledger of the day, from the accepted movements alone: every thing has left by 19:00, and what is given back was kept."""
    world = run(1, 1).engines["a1"].world
    assert world.items.lying_in("E-1") == world.items.lying_in("P-1") == []
    noon = played(1, 1, until_us=beats.clock("12:30")).engines["a1"].world
    lying = {place: [item.kind for item in noon.items.lying_in(place)] for place in ("E-1", "E-2", "P-1")}
    assert lying == {"E-1": ["effects"], "E-2": ["effects"], "P-1": ["exhibit"]}
    assert {state.id for state in noon.compartments.values() if state.stage} == set()


def test_the_first_red_alarm_comes_within_half_an_hour_of_the_station() -> None:
    red = [e.time_us for e in run(1, 1).raised("a1") if e.severity == "S1"]
    assert min(red) - DAY_0_US - story.START_US <= 30 * beats.MINUTE_US


def test_every_stay_has_ended_and_every_alarm_returned_when_the_day_ends() -> None:
    offline = run(1, 1)
    for engine in offline.engines.values():
        assert engine.world.open_stays() == []
        assert [alarm.id for alarm in engine.alarms.values() if alarm.is_active] == []


def test_what_is_wrong_stays_wrong_for_much_longer_than_jitter() -> None:
    """Each alarm's condition lasts at least 30 s of the station after its stage: half a second at 60 times."""
    offline = run(1, 1)
    for effects in offline.effects.values():
        for raised in (e for e in effects if isinstance(e, AlarmRaised)):
            ends = [
                e.time_us for e in effects if type(e).__name__ == "AlarmCleared" and e.alarm == raised.alarm
            ]
            assert max(ends) - raised.time_us >= 30_000_000, raised.alarm


def test_the_seed_decides_the_day() -> None:
    plans = areas()
    assert story.day(plans, 1, 0) == story.day(plans, 1, 0)
    assert story.day(plans, 1, 0) != story.day(plans, 2, 0)
    assert story.day(plans, 1, 0) != story.day(plans, 1, 1)


def test_the_day_has_enough_stays_in_each_area() -> None:
    arrivals = Counter(beat.area for beat in story.day(areas(), 1, 0) if beat.what == "person.arrived")
    assert arrivals["a1"] >= 6
    assert arrivals["a2"] in (2, 3)
