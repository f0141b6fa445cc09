"""Coverage as a time series: which source was heard when, for how long it was not, what waited behind it.

A span between two samples counts as seen only when the source was seen at both ends and the span is short;
all else is unseen: unknown is not normal. Sans IO; `store.samples` keeps the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 3_600_000_000
SPAN_US_MAX: Final = 86_400_000_000
"""A span longer than a day is cut: a station that was off for a year needs no year of minute rows."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A source at one moment. `age_ms`: since it was last heard; `queue`: what waits behind it."""

    is_seen: bool
    age_ms: int = 0
    queue: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A reading with its place; `at_us` is station time."""

    gateway: str
    source: str
    at_us: int
    reading: Reading


@dataclass(slots=True)
class Bucket:
    """Milliseconds seen and unseen within one minute or hour, and the worst age and queue."""

    seen_ms: int = 0
    unseen_ms: int = 0
    samples: int = 0
    age_ms_max: int = 0
    queue_max: int = 0


Key = tuple[str, str, int]
"""Gateway, source, begin of the bucket in POSIX seconds of station time."""


@dataclass(slots=True)
class Flush:
    """What came in since the last flush."""

    samples: list[Sample] = field(default_factory=list)
    minutes: dict[Key, Bucket] = field(default_factory=dict)
    hours: dict[Key, Bucket] = field(default_factory=dict)


class SampleBook:
    """Samples of one gateway's sources on their way to the store."""

    def __init__(
        self, gateway: str, span_us_max: int, last: Mapping[str, tuple[int, bool]] | None = None
    ) -> None:
        """`span_us_max`: a longer silence between samples is unseen; `last`: source -> (at_us, is_seen)."""
        self.gateway = gateway
        self.newest: list[Sample] = []
        self._span_us_max = span_us_max
        self._last = dict(last or {})
        self._flush = Flush()

    def take(self, at_us: int, readings: Mapping[str, Reading]) -> None:
        """Readings of all sources at `at_us`. One that is not later than the last is left out."""
        self.newest = []
        for source, reading in readings.items():
            last = self._last.get(source)
            if last is not None and at_us <= last[0]:
                continue
            sample = Sample(self.gateway, source, at_us, reading)
            self.newest.append(sample)
            self._flush.samples.append(sample)
            if last is not None:
                is_seen = last[1] and reading.is_seen and at_us - last[0] <= self._span_us_max
                self._add_span(source, max(last[0], at_us - SPAN_US_MAX), at_us, is_seen=is_seen)
            for table, size_us in ((self._flush.minutes, MINUTE_US), (self._flush.hours, HOUR_US)):
                bucket = table.setdefault(
                    (self.gateway, source, at_us // size_us * (size_us // 1_000_000)), Bucket()
                )
                bucket.samples += 1
                bucket.age_ms_max = max(bucket.age_ms_max, reading.age_ms)
                bucket.queue_max = max(bucket.queue_max, reading.queue)
            self._last[source] = (at_us, reading.is_seen)

    def take_flush(self) -> Flush:
        """What is to be written; the book is empty after that."""
        flush, self._flush = self._flush, Flush()
        return flush

    def _add_span(self, source: str, from_us: int, to_us: int, *, is_seen: bool) -> None:
        for table, size_us in ((self._flush.minutes, MINUTE_US), (self._flush.hours, HOUR_US)):
            for start_us, length_ms in _pieces(from_us, to_us, size_us):
                bucket = table.setdefault((self.gateway, source, start_us // 1_000_000), Bucket())
                if is_seen:
                    bucket.seen_ms += length_ms
                else:
                    bucket.unseen_ms += length_ms


def _pieces(from_us: int, to_us: int, size_us: int) -> Iterator[tuple[int, int]]:
    """(begin of the bucket in µs, milliseconds within it) for the span, cut at bucket borders.

    Milliseconds are counted on the absolute scale, so that the pieces add up to the span.
    """
    at_us = from_us
    while at_us < to_us:
        start_us = at_us // size_us * size_us
        end_us = min(to_us, start_us + size_us)
        yield start_us, end_us // 1_000 - at_us // 1_000
        at_us = end_us


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of the coverage plot; what is missing to `size_s` was not sampled or lies outside."""

    from_us: int
    size_s: int
    seen_s: int
    unseen_s: int


@dataclass(frozen=True, slots=True)
class Series:
    """Coverage of one source."""

    source: str
    cells: tuple[Cell, ...]
    age_ms_max: int = 0
    queue_max: int = 0
