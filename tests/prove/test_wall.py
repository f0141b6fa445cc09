"""The machinery of the proof of the wall: what it says of a contact is what the page and the log say of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from caseserver.auth import COOKIE
from tests.prove.wall_flood import Raised, told
from tests.prove.wall_page import Clock, WatchedPage, summary
from tests.web import day
from tests.web.conversation import client_of
from tests.web.house import SECOND, House
from tests.web.screenshots import accounts, browser

pytestmark = pytest.mark.browser


def test_the_watched_page_notes_paint_tone_and_cost_of_a_new_alarm(tmp_path: Path) -> None:
    house = House(tmp_path, day.START)
    accounts(house)
    day.calm(house)
    gateway = house.gateways["a1"]
    with house.served() as address, browser() as chrome:
        wall = WatchedPage(chrome, address, (COOKIE, _session(house)))
        opened = wall.open()
        assert 0 < opened["first_contentful_paint_ms"] <= opened["live_ms"]
        wall.allow_sound()
        clock, before = wall.clock(), wall.watched()
        told_ns = time.monotonic_ns()
        house.clock.tell(house.clock.now_us + 5 * SECOND)
        gateway.say("input.activated", house.clock.now_us, input="duress-interrogation-1")
        house.deliver()
        wall.page.wait_for_function(
            "() => watched.cards.some((c) => c.id.includes('/IN/')) && watched.tones.length", timeout=20_000
        )
        watched = wall.watched()
        alarm = next(a.id for a in gateway.engine.alarms.values() if a.rule == "IN")
        (seen,), missing = told([Raised(alarm, "IN", told_ns)], watched, clock)
        assert (missing, seen.is_on_screen) == ([], True)
        assert 0 < seen.put_ms <= seen.painted_ms
        assert seen.tone_ms is not None
        assert seen.tone_ms >= seen.put_ms
        assert told([Raised("a1/IN/never", "IN", told_ns)], watched, clock) == ([], ["a1/IN/never"])
        news = watched["pictures"][len(before["pictures"]) :]
        assert any("alarms" in one["regions"] and one["bytes"] > 500 for one in news)
        assert wall.heap_mib() > 0 < wall.main_thread_s()
        wall.close()
    house.close()


def _session(house: House) -> str:
    client = client_of(house, "0312")
    return str(client.cookies[COOKIE])


def test_clock_and_summary_are_as_worked_by_hand() -> None:
    assert Clock(5e9, 0.1).ns(20.0) == 5_020_000_000
    assert summary([]) == {"count": 0}
    assert summary([float(n) for n in range(1, 101)]) == {
        "count": 100,
        "p50": 50.0,
        "p90": 90.0,
        "p99": 99.0,
        "max": 100.0,
    }
