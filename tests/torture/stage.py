"""Where a case is played: broker, field units, target; each act is done and written into the truth at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.torture.broker import Broker
from tests.torture.contract import (
    DOORS,
    LATE_DOOR,
    RECORDER,
    WATCHED_ROOM,
    Event,
    unit_of,
)
from tests.torture.score import Heard
from tests.torture.targets import Target
from tests.torture.targets.process import WallClock
from tests.torture.truth import RECONNECT_S, WINDOW_S, Outage, Truth
from tests.torture.wires import Ear, FieldUnits

SETTLE_S = WINDOW_S + 1.0
ANNOUNCE_S = 5.0  # a target that has just started is slow to take them


class Stage:
    """All that a case may do. Times it gives and takes are seconds of the monotonic clock."""

    def __init__(self, broker: Broker, target: Target, wall: WallClock | None) -> None:
        self.broker, self.target, self._wall = broker, target, wall
        self.truth = Truth()
        self.boots: list[float] = []  # seconds from the order to start until it was ready
        self.units = FieldUnits(broker.port)
        self.ear = Ear(broker.port)
        self._broker_since_s: float | None = None
        self._target_since_s: float | None = None

    # --- the field -------------------------------------------------------------------------

    def announce(self) -> None:
        """The units say the state of all their inputs, as they do when they start."""
        for door in (*DOORS, LATE_DOOR):
            self._say("door", door, "closed", time.monotonic())
        self._say("recorder", RECORDER, "running", time.monotonic())
        time.sleep(ANNOUNCE_S)

    def open(self, door: str, *, ago_s: float = 0.0) -> Event:
        return self._act("door", door, "open", ago_s)

    def close(self, door: str, *, ago_s: float = 0.0) -> Event:
        return self._act("door", door, "closed", ago_s)

    def enter(self, person: str, room: str = WATCHED_ROOM, *, ago_s: float = 0.0) -> Event:
        return self._act("person", person, "in", ago_s, room)

    def leave(self, person: str, room: str = WATCHED_ROOM, *, ago_s: float = 0.0) -> Event:
        return self._act("person", person, "out", ago_s, room)

    def recorder(self, state: str) -> Event:
        return self._act("recorder", RECORDER, state, 0.0)

    def _act(self, kind: str, subject: str, state: str, ago_s: float, room: str = "") -> Event:
        told_s = time.monotonic()
        at_s = told_s - ago_s
        if kind == "door":
            self.truth.door(subject, state, at_s, told_s)
        elif kind == "person":
            self.truth.person(subject, state, room, at_s, told_s)
        else:
            self.truth.recorder(state, at_s, told_s)
        return self._say(kind, subject, state, at_s, room)

    def _say(self, kind: str, subject: str, state: str, at_s: float, room: str = "") -> Event:
        event = self.event(kind, subject, state, at_s, room)
        self.units.say(event)
        return event

    def event(self, kind: str, subject: str, state: str, at_s: float, room: str = "") -> Event:
        """An event with the next number of its unit, not yet said."""
        unit = unit_of(subject)
        self.units.seqs[unit] += 1
        at_ms = int((time.time() - (time.monotonic() - at_s)) * 1_000)
        return Event(kind, subject, state, self.units.seqs[unit], at_ms, room)

    def silence(self, unit: str) -> None:
        """The unit beats no more."""
        self.units.silent.add(unit)
        self.truth.silent(unit, self.units.beats[unit])

    def wake(self, unit: str) -> None:
        """The unit beats again, at once."""
        self.units.silent.discard(unit)
        self.units.beat(unit)
        self.truth.heard(unit, time.monotonic())

    # --- faults ----------------------------------------------------------------------------

    def stop_target(self, *, is_killed: bool = False) -> None:
        self._target_since_s = time.monotonic()
        self.target.stop(is_killed=is_killed)

    def start_target(self) -> None:
        begin_s = time.monotonic()
        self.target.start()
        end_s = time.monotonic()
        self.boots.append(end_s - begin_s)
        if self._target_since_s is not None:
            self.truth.outages.append(Outage("target", self._target_since_s, end_s))
            self._target_since_s = None

    def restart_target(self, *, is_killed: bool = False) -> None:
        self.stop_target(is_killed=is_killed)
        self.start_target()

    def redeploy(self) -> None:
        begin_s = time.monotonic()
        self.target.redeploy()
        self.truth.outages.append(Outage("target", begin_s, time.monotonic()))

    def stop_broker(self, *, is_killed: bool = False) -> None:
        self._broker_since_s = time.monotonic()
        self.broker.stop(is_killed=is_killed)

    def start_broker(self) -> None:
        self.broker.start()
        assert self._broker_since_s is not None, "the broker was stopped before"
        self.truth.outages.append(Outage("broker", self._broker_since_s, time.monotonic()))

    def step_clock(self, offset_s: int | None) -> None:
        """The target's wall clock: true time + offset; None: 1 January 1970."""
        assert self._wall is not None, "the case says that it needs a clock"
        self._wall.step(offset_s)

    # --- time ------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def until(self, at_s: float) -> None:
        """Wait until this moment."""
        self.wait(at_s - time.monotonic())

    @property
    def now_s(self) -> float:
        return time.monotonic()

    def settle(self) -> None:
        """Wait until everything that may still be told is told."""
        was_away = any(outage.what == "broker" for outage in self.truth.outages)
        self.wait(RECONNECT_S + 1.0 if was_away else SETTLE_S)

    def heard(self) -> list[Heard]:
        return list(self.ear.heard)

    def end(self) -> None:
        self.units.stop()
        self.ear.stop()


@contextmanager
def stage(broker: Broker, target: Target, wall: WallClock | None) -> Iterator[Stage]:
    """A stage with everything ended at exit."""
    found = Stage(broker, target, wall)
    try:
        yield found
    finally:
        found.end()
