"""The accelerated clock as the gateway hears it: two readings of a machine, one after the other, at sixty times."""

import random

import pytest

from casegateway.clock_watch import ClockWatch, given
from casegateway.events import Moment
from caseward import clock as clocks
from caseward.clock import ScaledClock

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
