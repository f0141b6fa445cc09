"""The accelerated clock as the gateway hears it: two readings of a machine, one after the other, at sixty times."""

import random
from pathlib import Path

import pytest

from casegateway.clock_watch import ClockWatch, given
from casegateway.events import Moment
from caseward import clock as clocks
from caseward.clock import ENVIRONMENT, ScaledClock, gateway_clock
from caseward.demo import director
from caseward.demo.director import STAGE_US, Timetable

START_US = 1_790_000_000_000_000
TURNS = 500


def test_a_slewed_and_busy_machine_does_not_make_the_accelerated_clock_doubted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(1)
    true_us = 1_000_000

    def boottime_us() -> int:
        return true_us + rng.randrange(3_000)  # the process waits before it reads

    def wall_us() -> int:
        return (
            START_US + true_us - true_us * 400 // 1_000_000 + rng.randrange(3_000)
        )  # and the wall clock is slewed

    monkeypatch.setattr(clocks, "_boottime_us", boottime_us)
    monkeypatch.setattr(clocks, "_wall_us", wall_us)
    clock = ScaledClock(START_US, START_US, 60.0, boot=1)
    watch = ClockWatch(0, is_doubted=False)
    told = []
    for _ in range(TURNS):
        true_us += rng.randrange(5_000, 200_000)
        estimate = given(Moment(clock.now(), true_us, 60.0), None)
        judged = watch.judge(estimate)
        assert judged.latest_us is not None
        told += watch.drafts(estimate, judged, "gw")
    assert told == []


def test_a_staged_station_goes_at_the_machines_pace_until_it_is_quickened_and_all_programs_agree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real_us = START_US
    monkeypatch.setattr(clocks, "_wall_us", lambda: real_us)
    monkeypatch.setattr(clocks, "_boottime_us", lambda: real_us - START_US + 5_000_000)
    monkeypatch.setattr(director.time, "time_ns", lambda: real_us * 1_000)
    day_us = START_US + 86_400_000_000
    timetable = Timetable(day_us, 60.0)
    timetable.stage(tmp_path / "quick")
    monkeypatch.setenv(ENVIRONMENT, timetable.as_environment())
    clock = gateway_clock(1)
    assert clock.now().earliest_us == day_us - STAGE_US
    real_us += 7_000_000
    assert clock.now().earliest_us == day_us - STAGE_US + 7_000_000
    assert clock.rate == 1.0
    timetable.quicken()
    before = clock.now()
    seen = [before]
    for step_us in (200_000, 200_000, 200_000, 3_000_000):
        real_us += step_us
        late = gateway_clock(2)  # a program that starts afterwards
        seen.append(clock.now())
        assert late.now().earliest_us == seen[-1].earliest_us
    assert clock.rate == 60.0
    assert timetable.station_us() == seen[-1].earliest_us == day_us - 52_500_000 + 3_100_000 * 60
    assert timetable.real_us(seen[-1].earliest_us) == real_us
    gone = [now.boottime_us - before.boottime_us for now in seen]
    assert gone == [now.earliest_us - before.earliest_us for now in seen] == sorted(gone)
