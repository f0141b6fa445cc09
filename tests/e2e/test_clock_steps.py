"""The wall clock of the real gateway and server, set to and fro while somebody is held: no limit goes by it."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.stepped import (
    DAY_S,
    GATEWAY,
    MINUTE_S,
    NOTICED_S,
    Stepped,
    WallClock,
    play_restart,
    play_steps,
)
from tests.tools.need import need

pytestmark = [pytest.mark.real, pytest.mark.slow]

IN_1970 = DAY_S - int(time.time())
OFFSETS = (10 * MINUTE_S, -10 * MINUTE_S, DAY_S, -DAY_S, IN_1970, 0)
EARLY_S = 10.0
"""The width of an interval that only the server has told of: a second, its ack's way, on a busy machine."""
OUTSIDE_S = 0.05
"""Two clocks are read one after the other."""


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepped]:
    need("mosquitto")
    station = Stepped(tmp_path_factory.mktemp("steps"))
    try:
        station.begin()
        yield station
    finally:
        station.close()


def test_libfaketime_sets_the_wall_clock_and_leaves_the_steady_one(tmp_path: Path) -> None:
    wall = WallClock(tmp_path / "wall")
    assert all(abs(apart_s) < 1 for apart_s in wall.look())
    wall.set(DAY_S)
    wall_s, boot_s = wall.look()
    assert abs(wall_s - DAY_S) < 1
    assert abs(boot_s) < 1


def test_steps_of_the_wall_clock_neither_hide_nor_make_minutes(station: Stepped) -> None:
    begun_s = station.walls[GATEWAY].offset_s
    told = len(station.stepped_ms())
    found = play_steps(station, "a2-500001", OFFSETS, each_s=1.0)
    assert found.alarms == 1
    assert found.due_apart_s == 0, "the limit is counted from the entry by the steady clock"
    assert -EARLY_S < found.told_s < NOTICED_S
    assert not found.is_certain or found.told_s >= 0
    expected = [(after - before) * 1_000 for before, after in pairwise((begun_s, *OFFSETS))]
    assert station.stepped_ms()[told:] == pytest.approx(expected, abs=1_000)
    assert station.outside_s() < OUTSIDE_S


def test_a_start_on_a_wall_clock_a_day_ahead_is_certain_of_nothing(station: Stepped) -> None:
    found = play_restart(station, "a2-500002", DAY_S, left_s=6.0)
    assert found.alarms == 1
    assert found.due_apart_s == 0
    assert found.told_s < NOTICED_S
    assert not found.is_certain or found.told_s >= 0
    assert station.outside_s() < OUTSIDE_S
