"""The four musts of a stay: every microsecond of it is in exactly one state, and the states are what was known."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.ledger import coverage
from custody.ledger.coverage import STATES
from tests.custody.station_log import HASHES, StationLog, told
from tests.custody.support import OFFICERS, admitted, area, at, rulebook
from tests.custody.tales import random_tale

pytestmark = pytest.mark.slow

MINUTE_US = 60_000_000
GUARD = "guard"


def opened() -> StationLog:
    station = StationLog()
    station.say("config.loaded", at("08:00"), **HASHES)
    for node in area().nodes:
        station.say("node.restored", at("08:00"), node=node)
    for recorder in area().recorders:
        station.say("recorder.started", at("08:00"), recorder=recorder)
    station.play([*OFFICERS, *admitted("public_order_questioning")])
    return station


def read(station: StationLog, time: str, tag: str, room: str) -> None:
    station.say("tag.read", at(time), tag=tag, room=room, reader=f"rd-{room}")


def gone(station: StationLog, time: str, tag: str, room: str) -> None:
    station.say("tag.gone", at(time), tag=tag, room=room, reader=f"rd-{room}")


def released(station: StationLog, time: str) -> StationLog:
    station.say("stay.released", at(time), stay="s-1", reason="released")
    return station


def must(station: StationLog, name: str, until_us: int | None = None) -> dict[str, Any]:
    said = coverage(station.leaves(), area(), rulebook(), "s-1", until_us)
    assert said is not None
    return next(row for row in said["musts"] if row["must"] == name)


def minutes(station: StationLog, name: str) -> dict[str, float]:
    """Minutes of each state that there is."""
    return {s: us / MINUTE_US for s, us in must(station, name)["sums_us"].items() if us}


def test_straight_in_is_the_time_from_the_arrival_to_the_entry() -> None:
    assert minutes(released(opened(), "10:00"), "straight_in") == {"before": 1, "inside": 59}


def test_searched_first_is_the_time_in_the_area_before_the_search() -> None:
    assert minutes(released(opened(), "10:00"), "searched_first") == {
        "before": 1,
        "unsearched": 2,
        "searched": 57,
    }


def test_guarded_while_a_sworn_badge_is_in_the_guard_zone_and_not_when_it_left() -> None:
    station = opened()
    gone(station, "09:20", "0312", "reception")
    read(station, "09:25", "A901", "reception")  # an auxiliary guards nobody
    read(station, "09:30", "0415", "reception")
    assert minutes(released(station, "10:00"), "guarded") == {
        "before": 1, "unknown": 1, "guarded": 18 + 30, "unguarded": 10,
    }  # fmt: skip
    spells = must(station, "guarded")["spells"]
    [bad] = [spell for spell in spells if spell["state"] == "unguarded"]
    assert bad == {
        "state": "unguarded",
        "from_us": at("09:20"),
        "to_us": at("09:30"),
        "room": "reception",
        "why": "",
    }


def test_a_waiting_room_is_guarded_from_its_guard_room() -> None:
    station = opened()
    read(station, "09:10", "0312", GUARD)
    read(station, "09:10", "B07", "waiting-1")
    assert must(released(station, "10:00"), "guarded")["sums_us"]["unguarded"] == 0


def test_recorded_while_a_recorder_of_the_room_records_and_unknown_while_it_is_not_known() -> None:
    station = opened()
    for time, name in (("09:10", "stopped"), ("09:20", "lost"), ("09:35", "started")):
        for recorder in area().recorders_of("reception"):
            station.say(f"recorder.{name}", at(time), recorder=recorder)
    assert minutes(released(station, "10:00"), "recorded") == {
        "before": 1, "unrecorded": 10, "unknown": 1 + 15, "recorded": 8 + 25,
    }  # fmt: skip


def test_nothing_is_known_of_guard_and_record_while_the_node_of_the_room_is_lost_with_what_it_saw() -> None:
    station = opened()
    node = area().node_of("reader", area().readers_by_room["reception"][0])
    station.say("node.lost", at("09:30"), at("09:30:03"), node=node)
    station.say("node.booted", at("09:44"), node=node)
    station.say("node.restored", at("09:45"), node=node)
    released(station, "10:00")
    for name in ("guarded", "recorded"):
        assert minutes(station, name)["unknown"] == 1 + 15
        assert "node_lost" in {spell["why"] for spell in must(station, name)["spells"]}


def test_a_loss_that_what_the_node_kept_has_bridged_is_known_afterwards() -> None:
    station = opened()
    node = area().node_of("reader", area().readers_by_room["reception"][0])
    station.say("node.lost", at("09:30"), at("09:30:03"), node=node)
    station.say("tag.gone", at("09:35"), at("09:44"), tag="0312", room="reception", reader="rd-reception")
    station.say("node.restored", at("09:45"), node=node)
    assert minutes(released(station, "10:00"), "guarded") == {
        "before": 1, "unknown": 1, "guarded": 33, "unguarded": 25,
    }  # fmt: skip


def test_a_silent_wristband_and_a_stopped_gateway_leave_guard_and_record_unknown() -> None:
    station = opened()
    gone(station, "09:10", "B07", "reception")
    read(station, "09:12", "B07", "reception")
    station.restart(at("09:40"))
    released(station, "10:00")
    whys = {s["why"]: s["to_us"] - s["from_us"] for s in must(station, "recorded")["spells"] if s["why"]}
    assert whys["band_silent"] == 2 * MINUTE_US
    assert whys["gateway_stopped"] > 20 * MINUTE_US


def test_outside_the_area_with_an_escort_is_away_not_unguarded() -> None:
    station = opened()
    read(station, "09:20", "B07", "outside")
    read(station, "09:50", "B07", "reception")
    assert minutes(released(station, "10:00"), "guarded")["away"] == 30


def test_a_stay_that_lasts_is_covered_up_to_the_moment_that_is_asked_for() -> None:
    station = opened()
    said = coverage(station.leaves(), area(), rulebook(), "s-1", at("09:30"))
    assert said is not None
    assert (said["from_us"], said["to_us"], said["is_over"]) == (at("09:00"), at("09:30"), False)
    assert coverage(station.leaves(), area(), rulebook(), "nobody") is None


def test_a_person_who_never_entered_is_before_the_area_all_the_time() -> None:
    station = StationLog()
    station.say("person.arrived", at("09:00"), stay="s-1")
    station.say("door.opened", at("09:30"), door="gate")
    for name in STATES:
        assert minutes(station, name) == {"before": 30}


@settings(max_examples=40)
@given(st.integers(min_value=0, max_value=100_000))
def test_the_states_of_each_must_fill_the_stay_to_the_microsecond_without_gap_or_overlap(seed: int) -> None:
    leaves = told(random_tale(seed, 100), hours=1)
    for ref in ("s1", "s2", "s3"):
        said = coverage(leaves, area(), rulebook(), ref)
        if said is None:
            continue
        for row in said["musts"]:
            spells = row["spells"]
            assert sum(row["sums_us"].values()) == said["to_us"] - said["from_us"]
            assert set(row["sums_us"]) == set(STATES[row["must"]])
            ends = [said["from_us"], *(s["to_us"] for s in spells)]
            assert [s["from_us"] for s in spells] == ends[:-1]
            assert ends[-1] == said["to_us"]
            assert all(s["to_us"] > s["from_us"] for s in spells)
            assert all(bool(s["why"]) == (s["state"] == "unknown") for s in spells)


@pytest.mark.parametrize("first", range(0, 80, 10))
def test_where_the_engine_says_at_the_end_that_nobody_guarded_the_coverage_never_says_guarded(
    first: int,
) -> None:
    checked = 0
    for seed in range(first, first + 10):
        station = StationLog()
        for item in sorted(random_tale(seed, 100), key=lambda f: (f.recorded_us, f.index)):
            station.wake(item.recorded_us - 1)
            station.take(item)
        leaves = station.leaves()
        for row in station.engine.obligations():
            if row.rule.id != "M3" or row.stay is None or row.rule.params["when"] != "no_police":
                continue
            said = coverage(leaves, area(), rulebook(), row.stay)
            assert said is not None
            end_us = row.closed_us if row.closed_us is not None else said["to_us"]
            spells = next(r for r in said["musts"] if r["must"] == "guarded")["spells"]
            wrong = [
                s for s in spells
                if s["state"] == "guarded" and s["from_us"] < end_us and s["to_us"] > row.since_us
            ]  # fmt: skip
            assert wrong == [], (seed, row.id)
            checked += 1
    assert checked
