"""Telling waiting pages that something changed: one flag a subscriber, so that nothing can pile up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Final

TICK_S_MIN: Final = 0.1
"""Changes within this time are told as one."""


class TooManySubscribers(RuntimeError):
    """The bound on open event streams is reached."""


class Hub:
    """Any thread says `tick()`; each subscriber wakes in its own event loop."""

    def __init__(self, subscribers_max: int) -> None:
        """At most `subscribers_max` at a time."""
        self._max = subscribers_max
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._number = 0
        self._is_closed = False

    def close(self) -> None:
        """End every stream; the server is stopping."""
        self._is_closed = True
        self.tick()

    @property
    def subscribers(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def tick(self) -> None:
        """Something changed."""
        with self._lock:
            self._number += 1
            waiting = list(self._waiting.items())
        for event, loop in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # that loop has ended; its subscriber is gone
                with self._lock:
                    self._waiting.pop(event, None)

    def subscribe(self, loop: asyncio.AbstractEventLoop) -> AsyncIterator[int]:
        """Rising numbers, one at once and one after each change, at most ten a second."""
        if len(self._waiting) >= self._max:
            raise TooManySubscribers(f"expected at most {self._max} open event streams, found one more")
        return self._ticks(loop)

    async def _ticks(self, loop: asyncio.AbstractEventLoop) -> AsyncIterator[int]:
        event = asyncio.Event()
        # entered only when the stream begins: one that is asked for and never read leaves nothing behind
        with self._lock:
            self._waiting[event] = loop
        try:
            while not self._is_closed:
                event.clear()
                told_s = loop.time()
                yield self._number
                await event.wait()
                # The first change after a quiet time is told at once; only what follows close on it waits.
                await asyncio.sleep(max(0.0, told_s + TICK_S_MIN - loop.time()))
        finally:
            with self._lock:
                self._waiting.pop(event, None)
