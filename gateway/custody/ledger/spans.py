"""Spells of time from one microsecond up to, but not including, another: joined, cut, added up."""

from collections.abc import Iterable

Span = tuple[int, int]


def union(spans: Iterable[Span]) -> list[Span]:
    """Sorted, disjoint, without empty ones."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def length_us(spans: Iterable[Span]) -> int:
    """Microseconds that any of them covers, each once."""
    return sum(end - start for start, end in union(spans))


def clip(from_us: int, to_us: int | None, within: Span) -> Span:
    """The part of a spell inside another; one that lasts ends with it. Empty where they do not meet."""
    start = max(from_us, within[0])
    end = within[1] if to_us is None else min(to_us, within[1])
    return start, max(start, end)
