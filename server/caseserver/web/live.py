"""Live pages: finished fragments by server-sent events, each sent again only when what it shows has changed.

Every event carries station time and its rate, at least once a second, so that a page knows how old its picture is.
Nothing queues up: a slow page gets the newest picture (lost first: the pictures in between).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

BEAT_S: Final = 1.0
"""A picture is at most this old while the line is up."""
REST_SHARE: Final = 3.0
"""After a picture the pages of one queue rest this many times as long as a core worked on it. What it waited for others
meanwhile does not count: a picture that was held up must not hold up the next."""
ASK_S: Final = 10.0
"""Whether the reader is still signed in is asked this often."""
RETRY_MS: Final = 1_000

Regions = Mapping[str, tuple[object, Callable[[], str]]]
"""Region -> (what it shows, how to write it): written only when what it shows differs from what was sent."""


def message(name: str, value: Mapping[str, Any]) -> str:
    """One server-sent event; JSON has no line ends, so it is one line."""
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n"


class Turns:
    """Pictures of open pages, one after another in the order in which they are asked for: together they take a quarter of a
    core, and more only when a page would wait longer than BEAT_S. Beside each other they would share one interpreter, and
    hold up what takes in, judges and calls."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._lock = asyncio.Lock()
        self._rests_until_s = 0.0

    async def look(
        self, look: Callable[[], tuple[int, int, Regions]], picture: Picture
    ) -> tuple[int, int, dict[str, str]]:
        """When its turn has come: station µs, rate, the fragments that are new."""
        until_s = time.monotonic() + BEAT_S
        async with self._lock:
            # with so many pages open that one has waited for a beat, none rests: a wall must not grow stale by the number of others
            await asyncio.sleep(max(0.0, min(self._rests_until_s, until_s) - time.monotonic()))
            now_us, rate, changed, worked_s = await run_in_threadpool(_look, look, picture)
            self._rests_until_s = time.monotonic() + REST_SHARE * worked_s
        return now_us, rate, changed


class Picture:
    """What one open page has been sent so far."""

    def __init__(self) -> None:
        self._sent: dict[str, object] = {}

    def changes(self, regions: Regions) -> dict[str, str]:
        """The fragments that differ from what this page shows."""
        found = {}
        for region, (value, write) in regions.items():
            if region not in self._sent or self._sent[region] != value:
                self._sent[region] = value
                found[region] = write()
        return found


async def pictures(
    turns: Turns,
    ticks: AsyncIterator[int],
    look: Callable[[], tuple[int, int, Regions]],
    is_signed_in: Callable[[], Awaitable[bool]],
) -> AsyncIterator[str]:
    """Events for one page, until ``ticks`` ends. ``look`` gives (station µs, rate, regions)."""
    picture = Picture()
    asked_s = time.monotonic()
    yield f"retry: {RETRY_MS}\n\n"
    news = asyncio.ensure_future(_next(ticks))
    try:
        while True:
            if time.monotonic() - asked_s > ASK_S:
                asked_s = time.monotonic()
                if not await is_signed_in():
                    yield message("leave", {})
                    return
            now_us, rate, changed = await turns.look(look, picture)
            yield message("picture", {"now": now_us // 1000, "rate": rate, "regions": changed})
            finished, _ = await asyncio.wait({news}, timeout=BEAT_S)
            if finished:
                if news.result() is None:
                    return
                news = asyncio.ensure_future(_next(ticks))
    finally:
        news.cancel()
        await asyncio.gather(news, return_exceptions=True)
        close = getattr(ticks, "aclose", None)
        if close is not None:
            await close()


def _look(
    look: Callable[[], tuple[int, int, Regions]], picture: Picture
) -> tuple[int, int, dict[str, str], float]:
    """Also the seconds that a core worked on it."""
    begun_s = time.thread_time()
    now_us, rate, regions = look()
    return now_us, rate, picture.changes(regions), time.thread_time() - begun_s


async def _next(ticks: AsyncIterator[int]) -> int | None:
    """The next tick, None at the end: a task may not end in StopAsyncIteration."""
    async for number in ticks:
        return number
    return None
