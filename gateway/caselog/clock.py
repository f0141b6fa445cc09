"""What time it is, with what we do not know about it.

A wall clock is an interval: it may be wrong by an amount that grows since it was last set. `boottime` goes
on through suspend (CLOCK_BOOTTIME) and starts again with each boot, hence the boot number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Instant:
    """One reading of the clock. All times are integer microseconds, wall times UTC since 1970.

    The true time is not before `earliest_us` and not after `latest_us`; None means no upper bound is known.
    """

    boot: int
    boottime_us: int
    earliest_us: int
    latest_us: int | None

    def apart_us(self, other: Instant) -> int:
        """By how much this is later than `other` for certain; negative when earlier, 0 when both can be one moment."""
        if self.latest_us is not None and self.latest_us < other.earliest_us:
            return self.latest_us - other.earliest_us
        if other.latest_us is not None and other.latest_us < self.earliest_us:
            return self.earliest_us - other.latest_us
        return 0

    def as_dict(self) -> dict[str, Any]:
        """The `recorded` object of a leaf."""
        return {
            "boot": self.boot,
            "boottime_us": self.boottime_us,
            "earliest_us": self.earliest_us,
            "latest_us": self.latest_us,
        }


class Clock(Protocol):
    """Port: whoever knows the time. Implementations live with the programs, never here."""

    def now(self) -> Instant:
        """The present reading; never raises."""
        ...
