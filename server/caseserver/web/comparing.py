"""Comparisons of two rulebooks over a log: made one at a time in a thread of their own, kept for the next look.

A comparison plays the log twice, which can take a minute: the page asks again until it is there. What is lost first:
comparisons nobody has asked for lately.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final

from caseserver.station import AreaView, Station
from caseserver.web.history import facts_between
from custody.area import Area
from custody.bundled import rulebook_names, rulebook_of_area
from custody.overlay import overlaid
from custody.rules import Rulebook
from custody.whatif import WhatIf, what_if

LEAVES_MAX: Final = 60_000
"""Leaves of the log that are played, the newest; twice as many seconds as ten thousands of them."""
KEPT_MAX: Final = 8
WAITING_MAX: Final = 4
PATIENCE_S: Final = 1.5
"""A short log is compared while the page waits."""

Key = tuple[str, str, str]


class TooMany(RuntimeError):
    """As many comparisons wait as may."""


@dataclass(frozen=True)
class Comparison:
    """What came of it. ``first``: the first leaf played in full; ``end``: the leaf after the last."""

    result: WhatIf
    first: int
    end: int
    facts: int


class Comparing:
    """Comparisons by area and the two books."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whatif")
        self._kept: OrderedDict[Key, Future[Comparison]] = OrderedDict()
        self._lock = Lock()

    @staticmethod
    def books() -> list[str]:
        """The rulebooks that can be compared."""
        return rulebook_names()

    def of(self, view: AreaView, before: str, after: str, *, is_anew: bool = False) -> Comparison | None:
        """The comparison, None while it is being made. Raises TooMany, and what the comparison itself raised."""
        key = (view.area.id, before, after)
        with self._lock:
            if is_anew and key in self._kept and self._kept[key].done():
                del self._kept[key]
            if key not in self._kept:
                if sum(not future.done() for future in self._kept.values()) >= WAITING_MAX:
                    raise TooMany(f"expected fewer than {WAITING_MAX} comparisons under way, found {WAITING_MAX}")
                self._kept[key] = self._pool.submit(self._made, view, before, after)
            self._kept.move_to_end(key)
            future = self._kept[key]
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        wait([future], PATIENCE_S)
        return future.result() if future.done() else None

    def close(self) -> None:
        """End; what has not begun never will."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _made(self, view: AreaView, before: str, after: str) -> Comparison:
        end = view.health().log_size
        first = max(0, end - LEAVES_MAX)
        leaves: list[Mapping[str, Any]] = list(facts_between(self._station, view, first, end))
        books = [_book(view.area, name) for name in (before, after)]
        return Comparison(what_if(view.area, *books, leaves), first, end, len(leaves))


def _book(area: Area, name: str) -> Rulebook:
    """A bundled book for this area, with those of its overlays that the book has a rule for."""
    book = rulebook_of_area(replace(area, rulebooks=(name,), overlays=()))[0]
    return overlaid(book, tuple(table for table in area.overlays if table.get("rule") in book.versions))
