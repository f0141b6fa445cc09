"""Durations and instants as text: `8h`, `1h30min`, `45s`; ISO 8601 with an offset.

All instants inside Caseward are integer microseconds since 1970-01-01T00:00:00Z (`*_us`).
"""

import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 86_400 * SECOND_US
FAR_PAST_US: Final = -(2**62)  # before anything that a log holds
_UNITS_US = {
    "d": DAY_US,
    "h": HOUR_US,
    "min": MINUTE_US,
    "s": SECOND_US,
    "ms": 1_000,
}
_PART = re.compile(r"(\d+)(d|h|min|ms|s)")
_CALENDAR = re.compile(r"(\d{1,4})(d|wd|mo)")
_MONTHS_OF_YEAR = 12
_SATURDAY = 5  # date.weekday()
PERIODS: Final = {"month": 1, "quarter": 3, "year": 12}  # how many months each period of the calendar has
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")
_LONGEST_US = 2**53 - 1  # what JSON carries exactly
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeFormatError(ValueError):
    """A duration or instant that cannot be read; carries what was expected and what came."""

    def __init__(self, expected: str, found: object) -> None:
        """Keep both sides of the disagreement."""
        super().__init__(f"expected {expected}, found {found!r}")
        self.expected = expected
        self.found = found


def parse_duration_us(text: object) -> int:
    """Read `1h30min` as microseconds. Raises TimeFormatError."""
    expected = "a duration such as '8h', '1h30min', '45s'"
    if not isinstance(text, str) or not text:
        raise TimeFormatError(expected, text)
    total, position = 0, 0
    for match in _PART.finditer(text):
        if match.start() != position:
            raise TimeFormatError(expected, text)
        total += int(match.group(1)) * _UNITS_US[match.group(2)]
        position = match.end()
    if position != len(text) or total > _LONGEST_US:
        raise TimeFormatError(expected, text)
    return total


def format_duration(duration_us: int) -> str:
    """Write microseconds as the shortest text that parse_duration_us reads back."""
    if duration_us == 0:
        return "0s"
    parts, rest = [], duration_us
    for unit, size in _UNITS_US.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_instant_us(text: object) -> int:
    """Read ISO 8601 with an offset as microseconds UTC. Raises TimeFormatError."""
    expected = "an instant such as '2026-03-18T09:00:00+08:00' (with its offset)"
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise TimeFormatError(expected, text)
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise TimeFormatError(expected, text) from None
    if value.tzinfo is None:
        raise TimeFormatError(expected, text)
    try:
        return (value - _EPOCH) // timedelta(microseconds=1)
    except OverflowError:
        raise TimeFormatError(expected, text) from None


def format_instant(instant_us: int, zone: tzinfo) -> str:
    """Write microseconds UTC as ISO 8601 in `zone`, to the millisecond (rounded down)."""
    try:
        value = (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone)
    except OverflowError:
        return f"@{instant_us}us"
    return value.isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a rulebook: by the clock (`us`) or by the calendar (days, working days, months).

    `3d` is both: seventy-two hours where hours count, three days where the calendar does.
    """

    text: str
    us: int = 0
    days: int = 0
    working_days: int = 0
    months: int = 0

    @property
    def is_positive(self) -> bool:
        """It is a time at all."""
        return (self.us, self.days, self.working_days, self.months) > (0, 0, 0, 0)

    @property
    def order(self) -> tuple[int, int, int]:
        """For putting limits of one clock in rising order, and for telling whether two are the same."""
        return (self.months, self.working_days, self.us)


def parse_limit(text: object) -> Limit:
    """Read `24h`, `1h30min`, `7d`, `5wd`, `2mo`. Raises TimeFormatError."""
    match = _CALENDAR.fullmatch(text) if isinstance(text, str) else None
    if match is None or not isinstance(text, str):
        return Limit(str(text), us=parse_duration_us(text))
    count = int(match.group(1))
    if match.group(2) == "mo":
        return Limit(text, months=count)
    if match.group(2) == "wd":
        return Limit(text, working_days=count)
    return Limit(text, us=parse_duration_us(text), days=count)


def local_date(instant_us: int, zone: tzinfo) -> date:
    """The day of an instant in a zone. Raises OverflowError outside the years 1 to 9999."""
    return (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone).date()


def quarter_of(day: date) -> tuple[int, int]:
    """Year and quarter, 1 to 4, of a day."""
    return day.year, (day.month - 1) // PERIODS["quarter"] + 1


def local_time(instant_us: int, zone: tzinfo) -> time:
    """The time of day of an instant in a zone. Raises OverflowError outside the years 1 to 9999."""
    return (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone).time()


def midnight_us(day: date, zone: tzinfo) -> int:
    """The instant at which a day begins in a zone."""
    return (datetime.combine(day, time(), tzinfo=zone) - _EPOCH) // timedelta(microseconds=1)


def last_day(start: date, limit: Limit, holidays: Collection[date] = ()) -> date:
    """The day a calendar limit ends on: the day of the start is not counted.

    Months end on the day of the same number, or on the month's last day when it has none
    (Civil Code 202). Working days pass over Saturday, Sunday and the holidays given
    (Administrative Penalty Law 85). Raises OverflowError past the year 9999.
    """
    day = start
    if limit.months:
        count = start.month - 1 + limit.months
        year, month = start.year + count // _MONTHS_OF_YEAR, count % _MONTHS_OF_YEAR + 1
        if year > date.max.year:
            raise OverflowError(f"expected a day up to {date.max}, found year {year}")
        day = date(year, month, min(start.day, monthrange(year, month)[1]))
    day += timedelta(days=limit.days)
    left = limit.working_days
    while left:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY and day not in holidays:
            left -= 1
    return day


def next_period(day: date, period: str) -> date:
    """The first day of the period of PERIODS after the one that a day lies in. Raises OverflowError past the year 9999."""
    months = PERIODS[period]
    count = day.month - 1 - (day.month - 1) % months + months
    year = day.year + count // _MONTHS_OF_YEAR
    if year > date.max.year:
        raise OverflowError(f"expected a day up to {date.max}, found year {year}")
    return date(year, count % _MONTHS_OF_YEAR + 1, 1)
