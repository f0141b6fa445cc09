"""Days, months, working days and the time of day, in the zone of the area.

CPL 105, APR 35: the day of the start is not counted. No shift for holidays: a person in custody
is not kept longer because of one. Working days: APL 85.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@lru_cache(maxsize=8)
def zone(name: str) -> ZoneInfo:
    """The time zone of this name."""
    return ZoneInfo(name)


def local(us: int, zone_name: str) -> datetime:
    """The local date and time of an instant."""
    return (EPOCH + timedelta(microseconds=us)).astimezone(zone(zone_name))


@lru_cache(maxsize=4096)
def midnight(day: date, zone_name: str) -> int:
    """The instant at which this day begins."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
    return (begin.astimezone(UTC) - EPOCH) // MICRO


def add_months(day: date, months: int) -> date:
    """The same day number so many months later, or the last day of that month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (after - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def due_day(start_us: int, days: int, months: int, zone_name: str) -> date:
    """The last day of a calendar limit that began at this instant."""
    begin = local(start_us, zone_name).date()
    return add_months(begin, months) if months else begin + timedelta(days=days)


def due_and_past(start_us: int, days: int, months: int, zone_name: str) -> tuple[int, int]:
    """The instants at which the last day of the limit begins, and at which it is over."""
    last = due_day(start_us, days, months, zone_name)
    return midnight(last, zone_name), midnight(last + timedelta(days=1), zone_name)


def end_of_working_days(start_us: int, count: int, holidays: frozenset[str], zone_name: str) -> int:
    """The instant at which the so-manieth working day after the day of the start is over."""
    day = local(start_us, zone_name).date()
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5 and day.isoformat() not in holidays:
            count -= 1
    return midnight(day + timedelta(days=1), zone_name)


def is_night(us: int, zone_name: str) -> bool:
    """From 21:00:00 to 07:00:00, both included (CQ 10)."""
    now = local(us, zone_name)
    since_midnight = ((now.hour * 60 + now.minute) * 60 + now.second) * SECOND + now.microsecond
    return since_midnight >= 21 * HOUR or since_midnight <= 7 * HOUR
