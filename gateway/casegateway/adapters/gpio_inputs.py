"""What is believed of input lines, from edges that the kernel tells of and from readings of our own.

Pure: readings and times are arguments. An edge is believed at once, a reading when it stands: an edge that
is merely late must not count as lost.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from casegateway.limits import (
    GPIO_CHANGES_KEPT,
    GPIO_EDGE_LATE_MS,
    GPIO_EDGES_MISSED_MAX,
    GPIO_POLL_MS,
    GPIO_REREAD_MS,
)

Reading = bool | None
"""Contact closed, open, or (None) the line cannot be read."""


@dataclass(slots=True)
class _Input:
    told: Reading
    debounce_ms: int
    differs_since_ms: float | None = None
    had_edge: bool = True  # since a look that agreed; at first true: nobody was listening yet
    missed: deque[bool] = field(default_factory=lambda: deque(maxlen=GPIO_CHANGES_KEPT))


class Inputs:
    """Lines by number. `mode` is "edges" until `poll` or too many lost edges make it "polled", for good.

    `look_ms` is when all lines want to be read next.
    """

    def __init__(self) -> None:
        """No line is known."""
        self.mode: Literal["edges", "polled"] = "edges"
        self.reason = ""
        self.edges_missed = 0
        self.look_ms = 0.0
        self._inputs: dict[int, _Input] = {}

    def __len__(self) -> int:
        """How many lines are watched."""
        return len(self._inputs)

    def unreadable(self) -> list[int]:
        """Lines that cannot be read."""
        return sorted(line for line, known in self._inputs.items() if known.told is None)

    def add(self, line: int, reading: Reading, debounce_ms: int, now_ms: float) -> None:
        """Begin with what the line shows now."""
        self._inputs[line] = _Input(reading, debounce_ms)
        self.look_ms = now_ms + GPIO_POLL_MS

    def poll(self, reason: str) -> None:
        """Trust no edge from now on."""
        if self.mode == "edges":
            self.mode, self.reason = "polled", reason

    def edge(self, line: int, reading: Reading, now_ms: float) -> bool:
        """The kernel told of an edge, and `reading` is what the line shows now. True: that is news."""
        known = self._inputs.get(line)
        if known is None or self.mode == "polled":
            return False
        known.had_edge = True
        known.differs_since_ms = None
        # The original RPi.GPIO tells the first edge of a chatter and keeps the rest back: look where it ended.
        self.look_ms = min(self.look_ms, now_ms + max(known.debounce_ms, GPIO_POLL_MS))
        return self._is_news(known, reading, is_missed=False)

    def look(self, line: int, reading: Reading, now_ms: float) -> bool:
        """A reading of our own. True: it differs from what was told, and has for long enough to be told."""
        known = self._inputs[line]
        if reading == known.told:
            known.differs_since_ms = None
            known.had_edge = False
            return False
        if known.differs_since_ms is None:
            known.differs_since_ms = now_ms
        is_awaited = self.mode == "edges" and not known.had_edge
        stands_ms = max(known.debounce_ms, GPIO_EDGE_LATE_MS) if is_awaited else known.debounce_ms
        if now_ms - known.differs_since_ms < stands_ms:
            return False
        known.differs_since_ms = None
        is_news = self._is_news(known, reading, is_missed=is_awaited)
        if sum(known.missed) >= GPIO_EDGES_MISSED_MAX:
            self.poll(f"line {line}: {sum(known.missed)} of {len(known.missed)} changes came without an edge")
        return is_news

    def looked(self, now_ms: float) -> None:
        """All lines were read: when again."""
        is_open = any(known.had_edge or known.differs_since_ms is not None for known in self._inputs.values())
        self.look_ms = now_ms + (GPIO_POLL_MS if self.mode == "polled" or is_open else GPIO_REREAD_MS)

    def _is_news(self, known: _Input, reading: Reading, *, is_missed: bool) -> bool:
        if reading == known.told:
            return False
        # A line that fails or comes back gives no edge, and none is missed.
        if reading is not None and known.told is not None:
            known.missed.append(is_missed)
            self.edges_missed += is_missed
        known.told = reading
        return True
