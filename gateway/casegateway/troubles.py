"""Troubles of points: from the bits that a node tells to facts, one a trouble.

A message says all that a point has now: what is new has begun, what is missing is over. One that was overtaken by
a newer report of the point tells of what was, and is over unless it stands. What a node does not tell again after it was away is
over too: the device may have been exchanged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casegateway.drafts import Draft, from_node
from casegateway.events import Moment
from casegateway.limits import TAG_RECHECK_MS
from casegateway.memory import Memory
from casewire import Frame
from custody.area import Point
from custody.vocabulary import TROUBLES

WORDS = tuple(TROUBLES)
"""Words by the bit of the wire, lowest first."""

Occurred = tuple[int, int | None]


@dataclass(slots=True)
class _Doubt:
    """A snapshot of a node that was away, which a message of its troubles has to follow."""

    frame: Frame
    since_us: int
    due_us: int | None = None  # real time; None until the first look at it


class PointTroubles:
    """What the points of one area suffer from, as `memory` has it from the log."""

    def __init__(self, memory: Memory, points: Mapping[str, Point]) -> None:
        """`points` by their reference (`n3.7`)."""
        self._memory = memory
        self._points = points
        self._newest: dict[
            str, tuple[tuple[int, int], Occurred]
        ] = {}  # of a point: number of its newest report
        self._away: set[str] = set()  # nodes whose next snapshot puts their troubles in question
        self._doubts: dict[str, _Doubt] = {}  # by point

    def doubt(self, node: str) -> None:
        """The node was away or has started anew: it has to tell again what it told before."""
        self._away.add(node)
        for ref in [ref for ref in self._doubts if self._points[ref].node == node]:
            del self._doubts[ref]

    def snapshot(self, node: str, frame: Frame, at_us: int) -> None:
        """It tells its whole state; what it does not tell of troubles soon after is over."""
        if node not in self._away:
            return
        self._away.discard(node)
        for ref, standing in self._memory.troubles.items():
            if standing and ref in self._points and self._points[ref].node == node:
                self._doubts[ref] = _Doubt(frame, at_us)

    def told(self, point: Point, bits: int, frame: Frame, occurred: Occurred) -> list[Draft]:
        """Facts of what one message says of one point."""
        number, known = (frame.boot, frame.seq), self._memory.troubles.get(point.ref, set())
        now = {word for bit, word in enumerate(WORDS) if bits >> bit & 1}
        newest = self._newest.get(point.ref)
        if newest is not None and number < newest[0]:
            then, over = (min(occurred[0], newest[1][0] - 1), occurred[1]), newest[1]
            return [
                *_facts("point.troubled", point, now - known, frame, then),
                *_facts("point.cleared", point, now - known, frame, over, "|over"),
            ]
        if newest is not None:  # the jitter of the clock estimate must not turn two reports
            occurred = max(occurred[0], newest[1][0]), occurred[1]
        self._newest[point.ref] = number, occurred
        self._doubts.pop(point.ref, None)
        return [
            *_facts("point.cleared", point, known - now, frame, occurred),
            *_facts("point.troubled", point, now - known, frame, occurred),
        ]

    def overdue(self, now: Moment) -> list[Draft]:
        """Troubles that a node did not tell again after it was away: over."""
        drafts: list[Draft] = []
        for ref, doubt in list(self._doubts.items()):
            if doubt.due_us is None:
                doubt.due_us = now.real_us + TAG_RECHECK_MS * 1_000
            if now.real_us < doubt.due_us:
                continue
            del self._doubts[ref]
            standing = self._memory.troubles.get(ref, set())
            occurred = doubt.since_us, now.latest_us
            drafts += _facts("point.cleared", self._points[ref], standing, doubt.frame, occurred, f"|{ref}")
        return drafts


def _facts(
    name: str, point: Point, words: Iterable[str], frame: Frame, occurred: Occurred, suffix: str = ""
) -> list[Draft]:
    return [
        from_node(
            point.node, frame, occurred, f"|{point.point}|{word}{suffix}", name,
            {"node": point.node, "point": point.point, "of": point.of, "trouble": word},
        )
        for word in sorted(words, key=WORDS.index)
    ]  # fmt: skip
