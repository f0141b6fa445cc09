"""Stretches of time as sorted, disjoint pairs of microseconds; what is counted in seconds is counted here."""

from __future__ import annotations

from collections.abc import Iterable

Stretch = tuple[int, int]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Sorted, disjoint, without empty ones."""
    joined: list[Stretch] = []
    for start, end in sorted(stretch for stretch in stretches if stretch[1] > stretch[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def meet(left: Iterable[Stretch], right: Iterable[Stretch]) -> list[Stretch]:
    """Where both are."""
    others = union(right)
    return union((max(a, c), min(b, d)) for a, b in union(left) for c, d in others)


def minus(left: Iterable[Stretch], right: Iterable[Stretch]) -> list[Stretch]:
    """Where the first is and the second is not."""
    rest = union(left)
    for start, end in union(right):
        rest = [
            piece for a, b in rest for piece in ((a, min(b, start)), (max(a, end), b)) if piece[1] > piece[0]
        ]
    return rest


def seconds(stretches: Iterable[Stretch]) -> int:
    """Whole seconds, rounded up when something is left over: a missing part of a second is missing."""
    total_us = sum(end - start for start, end in union(stretches))
    return -(-total_us // 1_000_000)
