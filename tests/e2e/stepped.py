"""A station at real speed whose gateway and server read a wall clock that a test sets (libfaketime).

The steady clock is left alone (FAKETIME_DONT_FAKE_MONOTONIC, which covers CLOCK_BOOTTIME too: the fixture checks it). With
that, libfaketime 0.9.10 breaks `clock_nanosleep`; waits on locks, sockets and pipes are right. Of our programs only a
serial port that does not open sleeps, and paho while there is no broker: neither happens here.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from caselog import canonical
from caseward.demo import story
from caseward.demo.director import Timetable
from caseward.demo.interpreter import find_runner
from caseward.demo.logtail import read_leaves
from caseward.demo.office import Form
from caseward.demo.play import Play
from caseward.demo.station import DemoStation, Plan
from tests.tools.need import need
from tests.tools.ports import free_port

SECOND_US = 1_000_000
AREA = "a2"
GATEWAY, SERVER = f"gateway-{AREA}", "server"
MINUTE_S, DAY_S = 60, 86_400
LIMIT_S = 10 * MINUTE_S  # M2a: searched within ten minutes of entering
BOOTED_S = 60.0
NOTICED_S = 20.0
"""From the moment a limit may have come to the alarm's leaf, on the busiest machine; no step of the clocks is as short."""
AGAIN_S = 2.0
"""So long it is looked whether the same is told once more."""
LEAD_S, BEHIND_S = 4.0, 1.0
"""The programs come up in so long; and the play's clock goes so far behind ours: no act is of the future."""
LOOK = "import time; print(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))"


def library() -> Path:
    """libfaketime for programs with threads, where the package of `faketime` put it."""
    need("faketime")
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.fail("expected libfaketimeMT.so.1 beside the program faketime, found none", pytrace=False)
    return found[0]


@dataclass(slots=True)
class WallClock:
    """The wall clock of the programs that are given `environment`."""

    file: Path
    offset_s: int = 0

    def __post_init__(self) -> None:
        self.set(0)

    def set(self, offset_s: int) -> None:
        """So many seconds beside the true time from now on."""
        self.offset_s = offset_s
        aside = self.file.with_suffix(".new")
        aside.write_text(f"{offset_s:+d}\n")
        aside.replace(self.file)

    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def look(self) -> tuple[float, float]:
        """What a program reads now: its wall and boot time, each less the true one, seconds."""
        text = subprocess.run(
            [sys.executable, "-c", LOOK], env=os.environ | self.environment(), capture_output=True, text=True,
            check=True,
        ).stdout.split()  # fmt: skip
        return float(text[0]) - time.time(), float(text[1]) - time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class SteppedStation(DemoStation):
    """Its gateways and server have no accelerated clock but the machine's, seen through `walls[program]`."""

    walls: dict[str, WallClock] = field(default_factory=dict)

    def _start_gateway(self, name: str) -> None:
        DemoStation._start_gateway(self, name)
        self._give(name)

    def _start_server(self, name: str) -> None:
        DemoStation._start_server(self, name)
        self._give(name)

    def _give(self, name: str) -> None:
        """Start it once more, with its own wall clock."""
        self.programs.kill(name)
        self.programs.all[name].env = self.walls[name].environment()
        self.programs.restart(name)


@dataclass(slots=True)
class Stepped:
    """The annex, played at real speed by the opening alone; a test adds what it wants."""

    folder: Path
    walls: dict[str, WallClock] = field(init=False)
    play: Play = field(init=False)

    def __post_init__(self) -> None:
        names = (GATEWAY, SERVER)
        self.walls = {name: WallClock(self.folder / f"{name}.wall") for name in names}
        timetable = Timetable(time.time_ns() // 1_000 + int((LEAD_S - BEHIND_S) * 1e6), 1.0)
        plan = Plan(self.folder / "station", find_runner(), timetable, ("annex",), free_port())
        station = SteppedStation(plan, walls=self.walls)
        self.play = Play(station, lambda *_: None, is_exact=True, is_handled=False)

    def begin(self) -> None:
        self.play.station.prepare()
        self.play.begin()
        opening = [
            beat
            for beat in story.opening(self.play.station.areas)
            if beat.body_on(self.play.day_us).get("officer") == story.ADMIN[AREA]
        ]
        self.play.director.add(opening, self.play.day_us)
        end_us = self.play.day_us + story.START_US + 2 * SECOND_US
        self.play.director.run(end_us, self.play.stop)
        assert self.play.office.drain(30.0)

    def enter(self, stay: str, ago_s: float) -> int:
        """Somebody was brought in so long ago and is written down now; when that was."""
        entered_us = time.time_ns() // 1_000 - int(ago_s * 1e6)
        officer = story.ADMIN[AREA]
        for fact, body, at_us in (
            ("person.arrived", {"stay": stay}, entered_us - SECOND_US),
            ("wristband.bound", {"stay": stay, "band": f"0B{stay[-6:].upper()}"}, entered_us),
        ):
            self.play.office.fill(Form(AREA, fact, body, officer, at_us))
        assert self.play.office.drain(30.0)
        return entered_us

    def leaves(self, type_: str) -> list[dict[str, Any]]:
        log = read_leaves(self.play.station.log_folder(AREA))
        return [leaf for leaf in map(canonical.loads, log) if leaf["type"] == f"{type_}/1"]

    def all_leaves(self) -> list[dict[str, Any]]:
        return [canonical.loads(leaf) for leaf in read_leaves(self.play.station.log_folder(AREA))]

    def alarms(self, stay: str, what: str = "raised") -> list[dict[str, Any]]:
        """Leaves of M2a (nobody was searched within ten minutes) about a stay: what was `raised`, or `cleared`."""
        about = f"stay:{stay}"
        return [
            leaf
            for leaf in self.leaves(f"alarm.{what}")
            if leaf["body"]["rule"] == "M2a"
            and leaf["body"]["variant"] == "time"
            and leaf["body"]["subject"] == about
        ]

    def standing(self, stay: str) -> int:
        """How many of them were told and not taken back."""
        back = [leaf for leaf in self.alarms(stay, "cleared") if leaf["body"]["reason"] == "late_evidence"]
        return len(self.alarms(stay)) - len(back)

    def restart_gateway(self) -> None:
        """kill -9, start, and wait for its word."""
        count = len(self.leaves("gateway.booted"))
        self.play.station.programs.kill(GATEWAY)
        self.play.station.programs.restart(GATEWAY)
        end = time.monotonic() + BOOTED_S
        while len(self.leaves("gateway.booted")) == count:
            assert time.monotonic() < end, f"expected gateway.booted within {BOOTED_S} s"
            time.sleep(0.05)

    def true_us(self, leaf: dict[str, Any]) -> int:
        """The true time at which a leaf was recorded: by its boot time, which nobody sets."""
        return leaf["recorded"]["boottime_us"] + _wall_less_boottime_us()

    def stepped_ms(self) -> list[int]:
        return [leaf["body"]["by_ms"] for leaf in self.leaves("clock.stepped")]

    def outside_s(self) -> float:
        """How far the true time stands outside of the interval of any leaf, at most."""
        found = 0
        for leaf in self.all_leaves():
            true_us, recorded = self.true_us(leaf), leaf["recorded"]
            latest_us = true_us if recorded["latest_us"] is None else recorded["latest_us"]
            found = max(found, recorded["earliest_us"] - true_us, true_us - latest_us)
        return found / 1e6

    def close(self) -> None:
        self.play.end()


@dataclass(frozen=True, slots=True)
class Judged:
    """How the limit of one person came out. Seconds from the limit by true time; `told_s` below 0: before it.

    `alarms`: told and not taken back. Of a clock in doubt a limit is told as possible; a fact of the doubt that comes when the clock
    is believed again takes it back, and it is told at its moment (a report of a node, queued while the gateway was down).
    """

    stay: str
    alarms: int
    is_certain: bool
    told_s: float
    due_apart_s: float


def judged(station: Stepped, stay: str, entered_us: int) -> Judged:
    """Wait until the limit has passed, and look."""
    due_us = entered_us + LIMIT_S * SECOND_US
    time.sleep(max(0.0, due_us / 1e6 - time.time()))
    while not station.standing(stay) and time.time() < due_us / 1e6 + NOTICED_S:
        time.sleep(0.05)
    time.sleep(AGAIN_S)
    found = station.alarms(stay)
    assert found, f"expected an alarm about {stay}, found none"
    body = found[0]["body"]
    told_s = (station.true_us(found[0]) - due_us) / 1e6
    due_apart_s = (body["at_us"] - due_us) / 1e6
    return Judged(stay, station.standing(stay), body["certain"], round(told_s, 3), due_apart_s)


def play_steps(station: Stepped, stay: str, offsets: Sequence[int], each_s: float) -> Judged:
    """Both wall clocks are set, one after the other, while the limit of a person runs; the last offset stays."""
    entered_us = station.enter(stay, LIMIT_S - each_s * (len(offsets) + 1))
    for offset_s in offsets:
        time.sleep(each_s)
        for wall in station.walls.values():
            wall.set(offset_s)
    return judged(station, stay, entered_us)


def play_restart(station: Stepped, stay: str, offset_s: int, left_s: float) -> Judged:
    """The gateway starts anew on a wall clock that is wrong, while so much of a person's limit is left."""
    station.walls[GATEWAY].set(offset_s)
    entered_us = station.enter(stay, LIMIT_S - left_s)
    station.restart_gateway()
    return judged(station, stay, entered_us)


def _wall_less_boottime_us() -> int:
    """By the quickest of some readings: the machine may stop a test between two clocks."""
    readings = []
    for _ in range(10):
        before_us = _boottime_us()
        wall_us = time.time_ns() // 1_000
        readings.append((_boottime_us() - before_us, wall_us - before_us))
    return min(readings)[1]


def _boottime_us() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000
