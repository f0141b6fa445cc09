"""The wording rules of durations, clock times and shares, in one place, each a pure function.

A duration carries its units and a colon is clock time only: ``1 小时 07 分`` is a duration, ``15:00`` a moment. Time
left is always rounded down, so that nobody is ever told of more time than there is. A share is rounded down too, and
says 100 only when nothing at all was missing. static/clock.js repeats ``duration_parts``; a browser test compares them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date

Language = Literal["zh", "en"]
Unit = Literal["h", "m", "s"]

UNITS: dict[str, dict[str, str]] = {
    "zh": {"h": "小时", "m": "分", "s": "秒"},
    "en": {"h": "h", "m": "m", "s": "s"},
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCALE = {"zh": "zh_CN", "en": "en_GB"}
_DAY_PATTERN = {"zh": "M月d日 EEE", "en": "EEE d MMM"}


def seconds_left(due_us: int, now_us: int) -> int:
    """Whole seconds until ``due_us``, rounded down, never below zero."""
    return max(0, (due_us - now_us) // 1_000_000)


def seconds_gone(since_us: int, now_us: int) -> int:
    """Whole seconds since ``since_us``, never below zero."""
    return max(0, (now_us - since_us) // 1_000_000)


def duration_parts(seconds: int) -> tuple[tuple[str, Unit], ...]:
    """Figures and units for the wall: seconds under 2 min, minutes under 1 h, hours alone from 10 h; rounded down."""
    whole = max(0, seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours >= 10:
        return ((str(hours), "h"),)
    if hours:
        return ((str(hours), "h"), (f"{minutes:02d}", "m"))
    if whole >= 120:
        return ((str(minutes), "m"),)
    if whole >= 60:
        return ((str(minutes), "m"), (f"{rest:02d}", "s"))
    return ((str(whole), "s"),)


def exact_parts(seconds: int) -> tuple[tuple[str, Unit], ...]:
    """Every unit of a measured duration, for the record: nothing is rounded away."""
    whole = max(0, seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        parts: list[tuple[str, Unit]] = [(str(hours), "h"), (f"{minutes:02d}", "m")]
        if rest:
            parts.append((f"{rest:02d}", "s"))
        return tuple(parts)
    if minutes:
        return ((str(minutes), "m"), (f"{rest:02d}", "s")) if rest else ((str(minutes), "m"),)
    return ((str(whole), "s"),)


def duration(seconds: int, language: Language, *, exact: bool = False) -> str:
    """A duration as running text: ``1 小时 07 分``, ``1 h 07 m``."""
    parts = exact_parts(seconds) if exact else duration_parts(seconds)
    return " ".join(f"{figure} {UNITS[language][unit]}" for figure, unit in parts)


def local(at_us: int, zone: str) -> datetime:
    """The moment in the area's own time zone; any integer of microseconds that a datetime can hold."""
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone))


def clock(at_us: int, zone: str) -> str:
    """``15:00``"""
    return local(at_us, zone).strftime("%H:%M")


def stamp(at_us: int, zone: str) -> str:
    """``14:22:08``"""
    return local(at_us, zone).strftime("%H:%M:%S")


def clock_from(at_us: int, now_us: int, zone: str, language: Language) -> str:
    """The clock time, with the day when it is not today's: ``明 11:20``, ``+1 11:20``, ``3/21 11:20``."""
    there, here = local(at_us, zone), local(now_us, zone)
    days = (there.date() - here.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    near = {"zh": {1: "明", -1: "昨", 2: "后天"}, "en": {1: "+1", -1: "-1", 2: "+2"}}[language]
    return f"{near.get(days, f'{there.month}/{there.day}')} {there:%H:%M}"


def day(at_us: int, zone: str, language: Language) -> str:
    """``3月18日 周三`` or ``Wed 18 Mar``."""
    return format_date(local(at_us, zone).date(), _DAY_PATTERN[language], locale=_LOCALE[language])


def day_and_clock(at_us: int, zone: str, language: Language) -> str:
    """A moment of the record with its day: ``3月17日 18:42``, ``17 Mar 18:42``."""
    there = local(at_us, zone)
    pattern = {"zh": "M月d日", "en": "d MMM"}[language]
    return f"{format_date(there.date(), pattern, locale=_LOCALE[language])} {there:%H:%M}"


def share(part_s: int, whole_s: int) -> str:
    """A percentage without its sign, rounded down to hundredths; ``100`` only when nothing was missing.

    >>> share(99_999, 100_000), share(5, 5), share(0, 7)
    ('99.99', '100', '0.00')
    """
    if whole_s <= 0 or part_s >= whole_s:
        return "100"
    hundredths = max(0, part_s) * 10_000 // whole_s
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def permille(start_us: int, end_us: int, now_us: int) -> int:
    """How much of a limit is used, in thousandths from 0 to 1000, rounded down; for the width of a bar."""
    if end_us <= start_us:
        return 1000
    return min(1000, max(0, (now_us - start_us) * 1000 // (end_us - start_us)))


def grouped(number: int) -> str:
    """A large count with thin groups: ``1 284 498``."""
    return f"{number:,}".replace(",", " ")
