"""Waiting pages hear of a change at once, and of many changes as one."""

from __future__ import annotations

import asyncio
import time

from caseserver.hub import TICK_S_MIN, Hub


def test_a_change_after_a_quiet_time_is_told_at_once() -> None:
    async def is_told() -> bool:
        hub = Hub(1)
        ticks = hub.subscribe(asyncio.get_running_loop())
        await anext(ticks)
        await asyncio.sleep(TICK_S_MIN * 2)
        told = asyncio.ensure_future(anext(ticks))
        await asyncio.sleep(0)
        hub.tick()
        for _ in range(10):  # turns of the loop; no time is waited for
            await asyncio.sleep(0)
        is_done = told.done()
        await told
        await ticks.aclose()  # type: ignore[attr-defined]
        return is_done

    assert asyncio.run(is_told())


def test_changes_that_follow_close_on_each_other_are_told_as_one() -> None:
    async def count() -> tuple[int, float]:
        hub = Hub(1)
        ticks = hub.subscribe(asyncio.get_running_loop())
        begun_s, told = time.monotonic(), 0

        async def change() -> None:
            for _ in range(50):
                hub.tick()
                await asyncio.sleep(0.01)
            hub.close()

        changing = asyncio.ensure_future(change())
        async for _ in ticks:
            told += 1
        await changing
        return told, time.monotonic() - begun_s

    told, took_s = asyncio.run(count())
    assert 3 <= told <= took_s / TICK_S_MIN + 2
