"""Long work leaves the interpreter to others; what is short is not made longer; turns of pages follow one another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from caseserver.web import live
from caseserver.web.live import Picture, Regions, Turns
from caseserver.web.sparing import FREE_S, PIECE_S, REST_SHARE, Sparing


class Core:
    """Seconds of work, and how long was rested."""

    def __init__(self) -> None:
        self.worked_s = 0.0
        self.rested_s: list[float] = []

    def work(self, pieces: int, each_s: float) -> Iterator[int]:
        for piece in range(pieces):
            self.worked_s += each_s
            yield piece


def test_long_work_rests_three_times_as_long_and_short_work_not_at_all() -> None:
    core = Core()
    sparing = Sparing(lambda: core.worked_s, core.rested_s.append)
    assert list(sparing(core.work(20, 0.001))) == list(range(20))
    assert core.rested_s == []
    assert list(sparing(core.work(1_000, 0.001))) == list(range(1_000))  # the same thread goes on
    assert core.rested_s
    assert all(s >= REST_SHARE * PIECE_S for s in core.rested_s)
    worked_s = core.worked_s - FREE_S
    assert REST_SHARE * (worked_s - 2 * PIECE_S) <= sum(core.rested_s) <= REST_SHARE * worked_s


def test_pages_are_drawn_one_after_another_in_the_order_of_asking() -> None:
    drawn: list[int] = []
    inside: list[int] = []
    most: list[int] = []

    def look(number: int) -> tuple[int, int, Regions]:
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.005)
        drawn.append(number)
        inside.remove(number)
        return number, 1, {"one": (number, lambda: f"page {number}")}

    async def all_pages() -> list[tuple[int, int, dict[str, str]]]:
        turns = Turns()
        return await asyncio.gather(
            *(turns.look(lambda number=number: look(number), Picture()) for number in range(8))
        )

    told = asyncio.run(all_pages())
    assert drawn == list(range(8))
    assert set(most) == {1}
    assert [changed for _, _, changed in told] == [{"one": f"page {number}"} for number in range(8)]


def test_after_a_picture_its_queue_rests_three_times_as_long_as_a_core_worked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_s, now_s, rested_s = [0.0], [100.0], []

    def look() -> tuple[int, int, Regions]:
        worked_s[0] += 0.02
        now_s[0] += 0.5  # most of it, others were waited for
        return 1, 1, {}

    async def sleep(seconds: float) -> None:
        rested_s.append(round(seconds, 6))
        now_s[0] += seconds

    monkeypatch.setattr(live.time, "thread_time", lambda: worked_s[0])
    monkeypatch.setattr(live.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(live.asyncio, "sleep", sleep)

    async def three() -> None:
        turns = Turns()
        for waits_s in (0.0, 0.0, 0.05):  # the third asks when some of the rest is over
            now_s[0] += waits_s
            await turns.look(look, Picture())

    asyncio.run(three())
    assert rested_s == [0.0, 0.06, 0.01]


def test_with_many_pages_open_none_waits_for_a_rest_once_it_has_waited_for_a_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_s, now_s, drawn_s = [0.0], [100.0], []
    real = asyncio.sleep

    def look() -> tuple[int, int, Regions]:
        worked_s[0] += 0.1
        now_s[0] += 0.1
        drawn_s.append(round(now_s[0] - 100, 6))
        return 1, 1, {}

    async def sleep(seconds: float) -> None:
        now_s[0] += seconds
        await real(0)

    monkeypatch.setattr(live.time, "thread_time", lambda: worked_s[0])
    monkeypatch.setattr(live.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(live.asyncio, "sleep", sleep)

    async def all_at_once() -> None:
        turns = Turns()
        await asyncio.gather(*(turns.look(look, Picture()) for _ in range(6)))

    asyncio.run(all_at_once())
    assert drawn_s == [0.1, 0.5, 0.9, 1.1, 1.2, 1.3]  # 0.3 s of rest each, until the first second is over


def test_a_page_that_cannot_be_drawn_holds_up_no_other() -> None:
    def broken() -> tuple[int, int, Regions]:
        raise ZeroDivisionError

    async def both() -> object:
        turns = Turns()
        failed, drawn = await asyncio.gather(
            turns.look(broken, Picture()), turns.look(lambda: (1, 1, {}), Picture()), return_exceptions=True
        )
        assert isinstance(failed, ZeroDivisionError)
        return drawn

    assert asyncio.run(both()) == (1, 1, {})
