"""What a machine can be asked about the time: the port, one reading of it, and what is made of that.

Nothing here is believed yet; `timekeeping` weighs the sources against each other.
"""

from dataclasses import dataclass
from typing import Protocol

from caselog.clock import Instant


@dataclass(frozen=True, slots=True)
class RtcReading:
    """The battery clock. It stood within the second that begins at `wall_us`; `is_believed`: neither its
    oscillator-stopped nor its low-voltage flag is set."""

    wall_us: int
    is_believed: bool


@dataclass(frozen=True, slots=True)
class KernelReading:
    """The kernel's own word on its wall clock, adjtimex(2): whether a time service keeps it, and how far off it can be."""

    is_synchronised: bool
    max_error_us: int


class TimeSources(Protocol):
    """Port: the clocks of one machine. All times integer microseconds, wall times UTC since 1970; nothing raises."""

    def boottime_us(self) -> int:
        """Since the machine started, suspend included; never set, only disciplined."""
        ...

    def wall_us(self) -> int:
        """The wall clock, right or wrong."""
        ...

    def rtc(self) -> RtcReading | None:
        """The battery clock now; None without one, or when it cannot be read."""
        ...

    def kernel(self) -> KernelReading | None:
        """None where the kernel cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class Readings:
    """All sources at one moment. The wall clock was read at most `bracket_us` before `boottime_us`.

    `rtc` is the reading of the start, made at `rtc_boottime_us`. `wall_error_us`: how far the wall clock can have been
    off at the start by the operator's word; None when nobody vouches for it.
    """

    boottime_us: int
    bracket_us: int
    wall_us: int
    kernel: KernelReading | None
    rtc: RtcReading | None
    rtc_boottime_us: int
    wall_error_us: int | None = None


class SourceReader:
    """Reads the port. The battery clock is asked once, at the start: a bus that hangs must not stop the loop."""

    def __init__(self, sources: TimeSources, wall_error_us: int | None = None) -> None:
        """`wall_error_us`: see `Readings`."""
        self._sources = sources
        self._wall_error_us = wall_error_us
        self._rtc = sources.rtc()
        self._rtc_boottime_us = sources.boottime_us()

    def read(self) -> Readings:
        """One reading. Whoever was put to sleep in between gets a wide one, not a false one."""
        sources = self._sources
        kernel = sources.kernel()
        begin_us = sources.boottime_us()
        wall_us = sources.wall_us()
        boottime_us = sources.boottime_us()
        again = sources.kernel()
        if kernel is not None and (again is None or not again.is_synchronised):
            kernel = again  # set by hand in between
        return Readings(
            boottime_us, boottime_us - begin_us, wall_us, kernel, self._rtc, self._rtc_boottime_us,
            self._wall_error_us,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServerWord:
    """The second in which the server signed, and between which two of our steady times it did."""

    second: int
    sent_us: int
    heard_us: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """The time as the sources give it, before the log's word.

    `step_us`: wall clock minus steady clock since the start. `doubt`: why there is no agreement, "" when there is.
    `vouched`: a source that anew confirms `instant`, "" for none. `false`: sources outside of it, with how far, us.
    `agreed`: how many sources hold it. `states`: each source's state, for health.
    """

    instant: Instant
    step_us: int = 0
    doubt: str = ""
    vouched: str = ""
    agreed: int = 1
    false: tuple[tuple[str, int], ...] = ()
    states: tuple[tuple[str, str], ...] = ()
