"""The only thing that knows the true time: a heap of what happens next."""

import heapq
from collections.abc import Callable
from typing import Any

SECOND_US = 1_000_000
STEPS_PER_SECOND_MAX = 40_000
"""More happenings in one simulated second are a loop, not a station."""


class Livelock(Exception):
    """Time does not get on: somebody wakes himself again and again."""


class Kernel:
    """`now_us`: true time, microseconds UTC. Everything happens in the order of (time, order of asking)."""

    def __init__(self, start_us: int) -> None:
        self.now_us = start_us
        self.steps = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._asked = 0
        self._second = 0
        self._in_second = 0

    def at(self, at_us: int, run: Callable[..., None], *arguments: Any) -> None:
        """Let `run` happen at a true time, now at the earliest."""
        self._asked += 1
        heapq.heappush(self._heap, (max(at_us, self.now_us), self._asked, run, arguments))

    def after(self, delay_us: int, run: Callable[..., None], *arguments: Any) -> None:
        """Let `run` happen after so long."""
        self.at(self.now_us + delay_us, run, *arguments)

    def run_until(self, until_us: int) -> None:
        """Let everything happen that happens before `until_us`. Raises `Livelock`."""
        while self._heap and self._heap[0][0] < until_us:
            self.now_us, _, run, arguments = heapq.heappop(self._heap)
            self._count()
            run(*arguments)
        self.now_us = max(self.now_us, until_us)

    def _count(self) -> None:
        self.steps += 1
        second = self.now_us // SECOND_US
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        if self._in_second > STEPS_PER_SECOND_MAX:
            raise Livelock(f"more than {STEPS_PER_SECOND_MAX} steps in one second at {self.now_us}")
