"""The clocks that programs run on. Only here and in tests does time come from the machine."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from casegateway.adapters.system_time import SystemTime
from casegateway.time_sources import Readings, SourceReader
from caselog.clock import Instant

STEP_US = 1_000_000  # a difference up to this is slewing, not a step
ENVIRONMENT = "CASEWARD_CLOCK"


def _boottime_us() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000


def _wall_us() -> int:
    return time.time_ns() // 1_000


class SystemClock:
    """Wall time of the start carried on by CLOCK_BOOTTIME, so that steps neither hide nor make minutes.

    When the machine's wall clock runs ahead of that by more than a second, `latest_us` says so:
    what may be overdue is alarmed, marked uncertain. A wall clock behind changes nothing.
    """

    rate = 1.0

    def __init__(self, boot: int = 0) -> None:
        """`boot`: number of this start of the program."""
        self.boot = boot
        self._anchor_boottime_us = _boottime_us()
        self._anchor_wall_us = _wall_us()

    def step_us(self) -> int:
        """How far the machine's wall clock stands from ours, microseconds."""
        return _wall_us() - self._steady_us(_boottime_us())

    def now(self) -> Instant:
        """The present reading."""
        boottime_us = _boottime_us()
        steady_us = self._steady_us(boottime_us)
        ahead_us = _wall_us() - steady_us
        latest_us = steady_us + ahead_us if ahead_us > STEP_US else steady_us
        return Instant(self.boot, boottime_us, steady_us, latest_us)

    def _steady_us(self, boottime_us: int) -> int:
        return self._anchor_wall_us + boottime_us - self._anchor_boottime_us


@dataclass
class ScaledClock:
    """Station time that runs `rate` times as fast as real time: the demo and its tests.

    Every process given the same start and rate reads the same station time, restarts included. Where the machine's wall
    clock is set back, station time stands still until it is past again: within one start no time falls.

    Boot time is the same reading counted from the machine's boot. Two clocks read one after the other, or a wall clock
    that is being slewed, would let them drift apart by milliseconds, `rate` times over: the gateway holds one against
    the other, and would doubt a clock that is right by definition.
    """

    real_start_us: int
    station_start_us: int
    rate: float
    boot: int = 0
    _newest_us: int = field(default=0, init=False, repr=False, compare=False)
    _booted_us: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """When the machine was booted, by its wall clock of now."""
        self._booted_us = _wall_us() - _boottime_us()

    def step_us(self) -> int:
        """A scaled clock has no wall clock to step."""
        return 0

    def readings(self) -> None:
        """Nothing to weigh: it is right by definition."""
        return

    def now(self) -> Instant:
        """The present reading; boottime is scaled too."""
        self._newest_us = max(self._newest_us, _wall_us())
        real_us = self._newest_us - self.real_start_us
        station_us = self.station_start_us + int(real_us * self.rate)
        boottime_us = int((self._newest_us - self._booted_us) * self.rate)
        return Instant(self.boot, boottime_us, station_us, station_us)

    def as_environment(self) -> str:
        """Value of CASEWARD_CLOCK that gives another process this clock."""
        return f"scaled:{self.real_start_us}:{self.station_start_us}:{self.rate}"


@dataclass
class StagedClock(ScaledClock):
    """At the machine's pace until a moment that stands in a file, and `fast` times as fast from then on.

    So a demo's programs come up in seconds of their station, on however busy a machine. The file holds wall clock
    microseconds, appears whole, and a little before that moment: every program has read it by then.
    """

    quick_from: Path | None = None
    fast: float = 1.0
    _quick_us: int | None = field(default=None, init=False, repr=False, compare=False)

    def now(self) -> Instant:
        """The present reading; its rate is `rate` from then on."""
        self._newest_us = max(self._newest_us, _wall_us())
        quick_us = self._quick()
        if quick_us is None or self._newest_us < quick_us:
            gone_us = self._newest_us - self.real_start_us
        else:
            self.rate = self.fast
            gone_us = quick_us - self.real_start_us + int((self._newest_us - quick_us) * self.fast)
        boottime_us = self.real_start_us - self._booted_us + gone_us
        station_us = self.station_start_us + gone_us
        return Instant(self.boot, boottime_us, station_us, station_us)

    def _quick(self) -> int | None:
        if self._quick_us is None and self.quick_from is not None and self.quick_from.exists():
            self._quick_us = int(self.quick_from.read_text())
        return self._quick_us


class WeighedClock(SystemClock):
    """The gateway's clock: it gives what all sources of the machine say, and the gateway weighs them."""

    def __init__(self, boot: int, wall_error_us: int | None) -> None:
        """`wall_error_us`: how far the wall clock can be off at the start, where somebody vouches for it."""
        super().__init__(boot)
        self._reader = SourceReader(SystemTime(), wall_error_us)

    def readings(self) -> Readings:
        """Of this moment."""
        return self._reader.read()


def gateway_clock(boot: int, wall_error_us: int | None = None) -> WeighedClock | ScaledClock:
    """The clock of `caseward gateway`. Raises ValueError."""
    return _scaled(boot) or WeighedClock(boot, wall_error_us)


def clock_from_environment(boot: int = 0) -> SystemClock | ScaledClock:
    """The clock CASEWARD_CLOCK asks for; the system's when it is not set. Raises ValueError."""
    return _scaled(boot) or SystemClock(boot)


def _scaled(boot: int) -> ScaledClock | None:
    text = os.environ.get(ENVIRONMENT, "")
    if not text:
        return None
    kind, *parts = text.split(":", 4)
    match kind, parts:
        case "scaled", [real, station, rate]:
            return ScaledClock(int(real), int(station), float(rate), boot)
        case "staged", [real, station, fast, path]:
            return StagedClock(int(real), int(station), 1.0, boot, quick_from=Path(path), fast=float(fast))
    raise ValueError(
        f"expected {ENVIRONMENT}=scaled:<real_us>:<station_us>:<rate> or staged:<real_us>:<station_us>:<rate>:<file>, "
        f"found {text!r}"
    )
