"""The clocks of a Linux machine: boot time, wall time, the battery clock, and what the kernel says of its time.

Asking needs no privilege but reading permission for the battery clock's device. What cannot be asked is None.
"""

import calendar
import ctypes
import fcntl
import os
import struct
import time
from pathlib import Path
from typing import Final

from casegateway.time_sources import KernelReading, RtcReading

RTC_DEVICE: Final = Path("/dev/rtc0")
# linux/rtc.h
RTC_RD_TIME: Final = 0x8024_7009
RTC_VL_READ: Final = 0x8004_7013
RTC_VL_INVALID: Final = 1 << 0 | 1 << 1 | 1 << 2  # data invalid, backup low, backup empty
_RTC_TIME: Final = struct.Struct("9i")
# linux/timex.h
STA_UNSYNC: Final = 0x0040
TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 256
"""The kernel's struct timex has 208 bytes on 64 bits and fewer on 32."""


class _Timex(ctypes.Structure):
    """The beginning of struct timex; the kernel writes the rest into the room after it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * _TIMEX_BYTES),
    )


class SystemTime:
    """This machine's clocks, for `SourceReader`."""

    def __init__(self, rtc_device: Path = RTC_DEVICE) -> None:
        """`rtc_device`: need not be there."""
        self._rtc_device = rtc_device
        self._libc = ctypes.CDLL(None, use_errno=True)

    def boottime_us(self) -> int:
        """CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000

    def wall_us(self) -> int:
        """CLOCK_REALTIME."""
        return time.time_ns() // 1_000

    def kernel(self) -> KernelReading | None:
        """adjtimex(2) with nothing to adjust."""
        timex = _Timex()
        state = self._libc.adjtimex(ctypes.byref(timex))
        if state < 0:
            return None
        is_synchronised = state != TIME_ERROR and not timex.status & STA_UNSYNC
        return KernelReading(is_synchronised, max(0, timex.maxerror))

    def rtc(self) -> RtcReading | None:
        """The battery clock, in UTC as Linux keeps it. A driver that knows its clock has stopped gives no time at all."""
        try:
            descriptor = os.open(self._rtc_device, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            answer = fcntl.ioctl(descriptor, RTC_RD_TIME, bytes(_RTC_TIME.size))
            return RtcReading(rtc_wall_us(answer), _is_believed(descriptor))
        except (OSError, ValueError):
            return None
        finally:
            os.close(descriptor)


def rtc_wall_us(answer: bytes) -> int:
    """struct rtc_time as microseconds since 1970. Raises ValueError for what is no date."""
    if len(answer) != _RTC_TIME.size:
        raise ValueError(f"expected {_RTC_TIME.size} bytes of struct rtc_time, found {len(answer)}")
    second, minute, hour, day, month, year = _RTC_TIME.unpack(answer)[:6]
    if not (0 <= month < 12 and 1 <= day <= 31 and 70 <= year < 400):
        raise ValueError(f"expected a date, found year {year}, month {month}, day {day} of struct rtc_time")
    return calendar.timegm((1900 + year, month + 1, day, hour, minute, second)) * 1_000_000


def _is_believed(descriptor: int) -> bool:
    """The driver's low-voltage word; one that has none says nothing against its clock."""
    try:
        (flags,) = struct.unpack("I", fcntl.ioctl(descriptor, RTC_VL_READ, bytes(4)))
    except OSError:
        return True
    return not flags & RTC_VL_INVALID
