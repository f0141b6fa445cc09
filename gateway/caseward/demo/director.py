"""Plays beats in time: pins and tags on the boards of the nodes, cables, and officers' forms."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from caseward.demo import beats
from caseward.demo.beats import Beat
from caseward.demo.cables import Cables
from caseward.demo.hardware import Hardware

# A door in real milliseconds, so that at any speed the node's debounce sees each step.
OPEN_AFTER_MS: Final = 20
SHUT_AFTER_MS: Final = 60
LOCK_AFTER_MS: Final = 90
HOLD_MS: Final = 500  # a badge before a reader
BACK_MS: Final = 1_500  # the reader of the room has missed it by then
STAGE_US: Final = 60_000_000  # of the station, in which its programs come up
QUICKEN_US: Final = 500_000  # until then every program has read the file
WAIT_S_MAX: Final = 0.2  # another thread may have queued something sooner

Fill = Callable[[str, str, Mapping[str, Any], str], None]
"""An officer fills in a form: area, fact type, body, officer."""
Say = Callable[[str, str], None]
"""A line for the reader: area, text."""


@dataclass(slots=True)
class Timetable:
    """Station time and real time: both microseconds UTC, the station `speed` times as fast.

    `station_start_us`: when the first day begins. `start` says when that is for the machine; `stage` and `quicken` let the
    station wait for it at the machine's own pace.
    """

    station_start_us: int
    speed: float
    real_start_us: int = 0
    _stage: tuple[Path, int, int] | None = None  # file, and when the machine and the station began to wait

    def start(self, lead_s: float) -> None:
        """The first day begins in `lead_s` seconds of this machine: programs need some to come up."""
        self.real_start_us = time.time_ns() // 1_000 + int(lead_s * 1e6)

    def stage(self, file: Path) -> None:
        """It is a minute before the first day, at the machine's pace, until `quicken`."""
        file.unlink(missing_ok=True)
        self._stage = file, time.time_ns() // 1_000, self.station_start_us - STAGE_US
        self.real_start_us = self._stage[1] + STAGE_US

    def quicken(self) -> None:
        """From in a moment on the station runs `speed` times as fast; the day begins in a second, or has begun."""
        assert self._stage is not None
        file, began_us, station_us = self._stage
        quick_us = time.time_ns() // 1_000 + QUICKEN_US
        left_us = self.station_start_us - (station_us + quick_us - began_us)
        self.real_start_us = quick_us + int(left_us / self.speed)
        aside = file.with_suffix(".new")
        aside.write_text(str(quick_us))
        aside.replace(file)

    def real_us(self, station_us: int) -> int:
        """When on this machine's clock the station reaches a moment after `quicken`."""
        return self.real_start_us + int((station_us - self.station_start_us) / self.speed)

    def station_us(self) -> int:
        """The station's time now."""
        return self.station_start_us + int((time.time_ns() // 1_000 - self.real_start_us) * self.speed)

    def as_environment(self) -> str:
        """Value of CASEWARD_CLOCK that gives a program this time."""
        if self._stage is None:
            return f"scaled:{self.real_start_us}:{self.station_start_us}:{self.speed}"
        file, began_us, station_us = self._stage
        return f"staged:{began_us}:{station_us}:{self.speed}:{file}"


class Director:
    """Plays what it is given, in order of time; one thread, which is the one that calls `run`."""

    def __init__(
        self, timetable: Timetable, hardware: Mapping[str, Hardware], cables: Cables, fill: Fill, say: Say
    ) -> None:
        """`hardware`: area id -> its boards."""
        self.timetable = timetable
        self._hardware = hardware
        self._cables = cables
        self._fill = fill
        self._say = say
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._rooms: dict[str, tuple[str, str]] = {}  # tag -> area, room

    def add(self, day: Iterable[Beat], day_us: int) -> None:
        """Queue the beats of a day that begins (00:00) at this station time."""
        for beat in day:
            self._at(self.timetable.real_us(day_us + beat.at_us), self._player(beat, day_us))

    def run(self, until_us: int, stop: threading.Event) -> None:
        """Play until this station time, or until `stop` is set."""
        end_us = self.timetable.real_us(until_us)
        while not stop.is_set():
            now_us = time.time_ns() // 1_000
            while (action := self._take(now_us)) is not None:
                action()
            if now_us >= end_us:
                return
            next_us = min(self._queue[0][0] if self._queue else end_us, end_us)
            stop.wait(min(WAIT_S_MAX, max(0.0, (next_us - time.time_ns() // 1_000) / 1e6)))

    def _take(self, now_us: int) -> Callable[[], None] | None:
        with self._lock:
            return heapq.heappop(self._queue)[2] if self._queue and self._queue[0][0] <= now_us else None

    def at(self, station_us: int, action: Callable[[], None]) -> None:
        """Queue anything else for a station time; may be called from another thread."""
        self._at(self.timetable.real_us(station_us), action)

    def _at(self, real_us: int, action: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._queue, (real_us, next(self._order), action))

    def _after(self, delay_ms: int, action: Callable[[], None]) -> None:
        self._at(time.time_ns() // 1_000 + delay_ms * 1_000, action)

    def _player(self, beat: Beat, day_us: int) -> Callable[[], None]:
        return lambda: self._play(beat, day_us)

    def _play(self, beat: Beat, day_us: int) -> None:
        boards = self._hardware[beat.area]
        match beat.verb:
            case beats.FORM:
                self._fill(beat.area, beat.what, beat.body_on(day_us), beat.officer)
            case beats.DESCRIBE:
                self._fill(beat.area, beats.DESCRIBED, {**beat.body, "item": beat.what}, beat.officer)
            case beats.TAG:
                self._move(beat.area, beat.what, beat.to)
            case beats.PASS:
                self._pass(boards, beat.what, beat.to)
            case beats.DOOR:
                boards.door(beat.what, beat.to == "open")
            case beats.LOCK:
                boards.lock(beat.what, beat.to == "released")
            case beats.RECORDER:
                boards.recorder(beat.what, beat.to == "on")
            case beats.INPUT:
                boards.house_input(beat.what, beat.to == "active")
            case beats.HOLD:
                self.hold(beat.area, beat.what, beat.to)
            case beats.HAND:
                boards.hand(beat.what, is_pulling=beat.to == "pull")
            case beats.CABLE:
                self._cables.all[f"{beat.area}-{beat.what}"].is_cut = beat.to == "cut"
            case beats.SAY:
                self._say(beat.area, beat.note)

    def hold(self, area: str, tag: str, cabinet: str) -> None:
        """Hold a tag out at the reader of a cabinet for a moment; may be called from another thread."""
        self._after(0, lambda: self._hold(area, tag, cabinet))

    def _hold(self, area: str, tag: str, cabinet: str) -> None:
        """Whoever bears it comes out of the room where they are, and goes back: nobody is read in two places."""
        boards, place = self._hardware[area], self._rooms.get(tag)
        boards.hold(tag, cabinet, True)
        self._after(HOLD_MS, lambda: boards.hold(tag, cabinet, False))
        if place is not None and place != (area, boards.area.cabinets[cabinet].room):
            self._hardware[place[0]].tag(tag, place[1], False)
            self._after(BACK_MS, lambda: self._back(tag, place))

    def _back(self, tag: str, place: tuple[str, str]) -> None:
        if self._rooms.get(tag) == place:
            self._hardware[place[0]].tag(tag, place[1], True)

    def _move(self, area: str, tag: str, room: str) -> None:
        """First seen in the new room, then not any more in the old one."""
        if room:
            self._hardware[area].tag(tag, room, True)
        old = self._rooms.get(tag)
        if old is not None and old != (area, room):
            self._hardware[old[0]].tag(tag, old[1], False)
        if room:
            self._rooms[tag] = (area, room)
        else:
            self._rooms.pop(tag, None)

    def _pass(self, boards: Hardware, door: str, how: str) -> None:
        release = boards.button if how == "button" else boards.lock
        if how:
            release(door, True)
            self._after(LOCK_AFTER_MS, lambda: release(door, False))
        self._after(OPEN_AFTER_MS, lambda: boards.door(door, True))
        self._after(SHUT_AFTER_MS, lambda: boards.door(door, False))
