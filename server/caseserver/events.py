"""Server-sent events: a live page is told what changed, and every second that it is still being told.

A page's regions are rendered by the web package; here they are compared with what this page has, so that only
what changed is sent. Nothing queues up: a slow page gets the newest state, not every state (lost first: the
states in between).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from fastapi import HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from caseserver.auth import COOKIE
from caseserver.hub import TooManySubscribers
from caseserver.station import Station

BEAT_S: Final = 1.0
"""A page that hears nothing for three of these turns grey."""
SESSION_CHECK_S: Final = 30.0
RETRY_MS: Final = 1_000

Produce = Callable[[], Mapping[str, str]]
"""Renders a page's regions now: region name -> HTML (or other text)."""


def event_stream(request: Request, station: Station, produce: Produce) -> StreamingResponse:
    """Answer with the events of one page until its session ends or it leaves. 503 when there are too many.

    Events: `beat` {"now_us", "rate"} each second; one named after each region whose text changed, data = the text.
    """
    try:
        ticks = station.subscribe()
    except TooManySubscribers as error:
        raise HTTPException(503, str(error)) from None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(request, station, ticks, produce), media_type="text/event-stream", headers=headers
    )


def message(event: str, data: str) -> bytes:
    """One event. Any line end in `data` becomes a line of its own, as the format demands."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {event}\n{lines}\n".encode()


async def _events(
    request: Request, station: Station, ticks: AsyncIterator[int], produce: Produce
) -> AsyncIterator[bytes]:
    sent: dict[str, str] = {}
    checked_s = time.monotonic()
    yield f"retry: {RETRY_MS}\n\n".encode()
    pending: asyncio.Task[int] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(_next(ticks))
            done, _ = await asyncio.wait({pending}, timeout=BEAT_S)
            if done:
                if pending.result() < 0:
                    return
                pending = None
                for region, text in (await run_in_threadpool(produce)).items():
                    if sent.get(region) != text:
                        sent[region] = text
                        yield message(region, text)
            yield message("beat", json.dumps({"now_us": station.now().earliest_us, "rate": station.rate}))
            if time.monotonic() - checked_s > SESSION_CHECK_S:
                checked_s = time.monotonic()
                token = request.cookies.get(COOKIE, "")
                if await run_in_threadpool(request.app.state.accounts.of_token, token) is None:
                    yield message("signed-out", "")
                    return
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        close = getattr(ticks, "aclose", None)
        if close is not None:
            await close()


async def _next(ticks: AsyncIterator[int]) -> int:
    """The next tick, -1 at the end: a task may not end in StopAsyncIteration."""
    async for number in ticks:
        return number
    return -1
