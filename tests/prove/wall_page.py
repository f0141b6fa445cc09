"""A page in Chromium that is watched: what was painted when, when a tone began, what each event cost its main thread.

The page's clock and ours are both the machine's steady one; how far they are apart is asked many times and the shortest
answer is taken, whose length bounds the error.
"""

from __future__ import annotations

import gzip
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Cookie, Page

from tests.prove.machine import percentile

SCRIPT: Final = Path(__file__).with_suffix(".js")
ASKED: Final = 40
SIZES: Final = {"wall": (1920, 1080), "tablet": (768, 1024), "phone": (390, 844)}
LIVE_MS_MAX: Final = 30_000


@dataclass(frozen=True, slots=True)
class Clock:
    """`offset_ns`: our steady clock less the page's; `error_ms`: by how much that may be wrong."""

    offset_ns: float
    error_ms: float

    def ns(self, page_ms: float) -> float:
        """A moment of the page on our clock."""
        return page_ms * 1e6 + self.offset_ns


class WatchedPage:
    """One page of one officer. Everything must be called from the thread that made the browser."""

    def __init__(self, chrome: Browser, address: str, cookie: tuple[str, str], size: str = "wall") -> None:
        """`cookie`: name and value of the officer's session."""
        width, height = SIZES[size]
        self.context = chrome.new_context(locale="zh-CN", viewport={"width": width, "height": height})
        self.context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address}])
        self.context.add_init_script(path=SCRIPT)
        self.page: Page = self.context.new_page()
        self._tools = self.context.new_cdp_session(self.page)
        self._tools.send("Performance.enable")
        self.address = address

    def open(self, path: str = "/") -> dict[str, float]:
        """Go there and wait for the first event; milliseconds from the start of the navigation, and bytes of the page."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        body = answer.body()
        self.page.wait_for_function(
            "() => watched.pictures.some((p) => p.painted) && watched.paints['first-contentful-paint']",
            timeout=LIVE_MS_MAX,
        )
        found = self.page.evaluate(
            """() => ({
                first_paint_ms: watched.paints["first-paint"], first_contentful_paint_ms: watched.paints["first-contentful-paint"],
                answered_ms: performance.getEntriesByType("navigation")[0].responseStart,
                live_ms: watched.pictures[0].from + watched.pictures[0].painted, first_event_bytes: watched.pictures[0].bytes,
            })"""
        )
        return {
            "html_bytes": len(body), "html_gzip_bytes": len(gzip.compress(body, 6)),
            **{name: round(value, 1) for name, value in found.items()},
        }  # fmt: skip

    def allow_sound(self) -> None:
        """As browsers want it: a press on the page."""
        self.page.mouse.click(2, SIZES["wall"][1] // 2)

    def clock(self) -> Clock:
        """How the page's clock stands to ours now."""
        asked = []
        for _ in range(ASKED):
            before = time.monotonic_ns()
            page_ms = self.page.evaluate("performance.now()")
            after = time.monotonic_ns()
            asked.append((after - before, (after + before) / 2 - page_ms * 1e6))
        length, offset = min(asked)
        return Clock(offset, length / 2e6)

    def watched(self) -> dict[str, Any]:
        """All that was noted so far: cards, tones, pictures, tasks (long ones), paints."""
        found: dict[str, Any] = self.page.evaluate("watched")
        return found

    def heap_mib(self) -> float:
        """JavaScript heap of the page after a collection."""
        self._tools.send("HeapProfiler.collectGarbage")
        used: float = self._tools.send("Runtime.getHeapUsage")["usedSize"]
        return round(used / 2**20, 2)

    def main_thread_s(self) -> float:
        """Seconds that the page's main thread was busy so far."""
        metrics = {one["name"]: one["value"] for one in self._tools.send("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def close(self) -> None:
        self.context.close()


def summary(values: list[float]) -> dict[str, float]:
    """Count, p50, p90, p99, max of milliseconds; only the count when there are none."""
    if not values:
        return {"count": 0}
    shown = {f"p{percent}": round(percentile(values, percent), 1) for percent in (50, 90, 99)}
    return {"count": len(values), **shown, "max": round(max(values), 1)}


def cookie_of(cookies: list[Cookie], name: str) -> tuple[str, str]:
    """The session among a context's cookies."""
    return name, next(str(cookie["value"]) for cookie in cookies if cookie["name"] == name)
