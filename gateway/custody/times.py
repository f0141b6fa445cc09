"""Durations and instants as text: `8h`, `1h30min`, `45s`; ISO 8601 with an offset.

All instants inside Caseward are integer microseconds since 1970-01-01T00:00:00Z (`*_us`).
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

SECOND_US = 1_000_000
_UNITS_US = {
    "d": 86_400 * SECOND_US,
    "h": 3_600 * SECOND_US,
    "min": 60 * SECOND_US,
    "s": SECOND_US,
    "ms": 1_000,
}
_PART = re.compile(r"(\d+)(d|h|min|ms|s)")
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
