"""GPIO in memory that behaves: the RPi.GPIO API for machines without pins, demo and tests.

Built from the documented behaviour of RPi.GPIO 0.7.1 (sourceforge.net/p/raspberry-gpio-python):
a line must be set up before use, an input cannot be written, an open input follows its pull, an
edge callback comes after the level has changed. Every level of every output is kept with its time.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TIMELINE_MAX = 10_000  # the oldest changes go first


@dataclass(frozen=True, slots=True)
class Change:
    """An output showed another level at `real_us`."""

    real_us: int
    line: int
    level: int


class FakeGpio:
    """Names and values as in RPi.GPIO. `real_us`: steady clock; `on_change`: told of output changes."""

    BCM, BOARD = 11, 10
    OUT, IN = 0, 1
    LOW, HIGH = 0, 1
    PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22
    RISING, FALLING, BOTH = 31, 32, 33

    def __init__(
        self,
        real_us: Callable[[], int],
        on_change: Callable[[Change], None] | None = None,
        *,
        has_edges: bool = True,
    ) -> None:
        """`has_edges` False behaves as the original module on a kernel from 6.6."""
        self.timeline: deque[Change] = deque(maxlen=TIMELINE_MAX)
        self._real_us = real_us
        self._on_change = on_change
        self._has_edges = has_edges
        self._mode: int | None = None
        self._direction: dict[int, int] = {}
        self._pull: dict[int, int] = {}
        self._level: dict[int, int] = {}
        self._outside: dict[int, int] = {}
        self._edges: dict[int, tuple[int, Callable[[int], None]]] = {}
        self._lock = threading.RLock()

    def setwarnings(self, _on: bool) -> None:
        """Nothing to warn of."""

    def setmode(self, mode: int) -> None:
        """Only BCM numbers are used by Caseward."""
        if mode != self.BCM:
            raise ValueError(f"expected BCM ({self.BCM}), found {mode}")
        self._mode = mode

    def setup(
        self, line: int, direction: int, pull_up_down: int = PUD_OFF, initial: int | None = None
    ) -> None:
        """Make a line an input or an output."""
        if self._mode is None:
            raise RuntimeError(
                "Please set pin numbering mode using GPIO.setmode(GPIO.BOARD) or GPIO.setmode(GPIO.BCM)"
            )
        if not 0 <= line <= 53:
            raise ValueError("The channel sent is invalid on a Raspberry Pi")
        with self._lock:
            self._direction[line] = direction
            self._pull[line] = pull_up_down
            if direction == self.OUT and initial is not None:
                self._show(line, initial)

    def output(self, line: int, level: int | bool) -> None:
        """Set an output. An input is refused, as the real thing does."""
        if self._direction.get(line) != self.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        with self._lock:
            self._show(line, int(bool(level)))

    def input(self, line: int) -> int:
        """The level of a line; an open input shows its pull, without a pull low."""
        direction = self._direction.get(line)
        if direction is None:
            raise RuntimeError("You must setup() the GPIO channel first")
        if direction == self.OUT:
            return self._level.get(line, self.LOW)
        if line in self._outside:
            return self._outside[line]
        return self.HIGH if self._pull.get(line) == self.PUD_UP else self.LOW

    def add_event_detect(
        self, line: int, edge: int, callback: Callable[[int], None], bouncetime: int = 0
    ) -> None:
        """Call back after each edge of an input; `bouncetime` is taken and not needed here."""
        if self._direction.get(line) != self.IN:
            raise RuntimeError("You must setup() the GPIO channel as an input first")
        if line in self._edges:
            raise RuntimeError("Conflicting edge detection already enabled for this GPIO channel")
        if not self._has_edges or bouncetime < 0:
            raise RuntimeError("Failed to add edge detection")
        self._edges[line] = (edge, callback)

    def cleanup(self, lines: Any = None) -> None:
        """Forget lines (all when None)."""
        wanted = (
            list(self._direction) if lines is None else [lines] if isinstance(lines, int) else list(lines)
        )
        with self._lock:
            for line in wanted:
                self._direction.pop(line, None)
                self._edges.pop(line, None)

    def drive(self, line: int, level: int | None) -> None:
        """The world outside pulls an input to `level`; None lets go of it."""
        before = self.input(line)
        with self._lock:
            if level is None:
                self._outside.pop(line, None)
            else:
                self._outside[line] = level
        after = self.input(line)
        edge = self._edges.get(line)
        if edge is not None and before != after:
            wanted = (self.BOTH, self.RISING if after else self.FALLING)
            if edge[0] in wanted:
                edge[1](line)

    def _show(self, line: int, level: int) -> None:
        if self._level.get(line) == level:
            return
        self._level[line] = level
        change = Change(self._real_us(), line, level)
        self.timeline.append(change)
        if self._on_change is not None:
            self._on_change(change)
