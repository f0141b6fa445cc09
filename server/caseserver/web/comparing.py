"""Comparisons of two rulebooks over a log: made one at a time in a thread of their own, kept for the next look.

A comparison plays the log twice, which can take a minute: the page asks again until it is there. The books are compared
as they ship, without what the area has made stricter, as `caseward whatif` does. What is lost first:
comparisons nobody has asked for lately.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, Final

from caseserver.area_view import AreaView
from caseserver.station import Station
from caseserver.web.history import facts_between
from custody.bundled import rulebook_names, rulebook_text
from custody.reader import load_rulebook
from custody.rules import Rulebook
from custody.whatif import WhatIf, what_if

LEAVES_MAX: Final = 60_000
"""Leaves of the log that are played, the newest: a fortnight of a busy area, some ten seconds of work."""
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
        self._kept: OrderedDict[Key, Future[Comparison]] = OrderedDict()
        self._lock = Lock()
        self._one = Lock()

    @staticmethod
    def books() -> list[str]:
        """The rulebooks that can be compared."""
        return rulebook_names()

    def forget(self, area: str, before: str, after: str) -> None:
        """The next look makes it anew, over what the log holds then. One that is being made goes on."""
        with self._lock:
            future = self._kept.get((area, before, after))
            if future is not None and future.done():
                del self._kept[area, before, after]

    def of(self, view: AreaView, before: str, after: str) -> Comparison | None:
        """The comparison, None while it is being made. Raises TooMany, and what the comparison itself raised."""
        key = (view.area.id, before, after)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._begun(view, before, after)
            self._kept.move_to_end(key)
            future = self._kept[key]
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        wait([future], PATIENCE_S)
        return future.result() if future.done() else None

    def _begun(self, view: AreaView, before: str, after: str) -> Future[Comparison]:
        under_way = sum(not future.done() for future in self._kept.values())
        if under_way >= WAITING_MAX:
            raise TooMany(f"expected fewer than {WAITING_MAX} comparisons under way, found {under_way}")
        future: Future[Comparison] = Future()
        # a daemon: a server that is told to end does not wait for it
        Thread(target=self._make, args=(future, view, before, after), name="whatif", daemon=True).start()
        return future

    def _make(self, future: Future[Comparison], view: AreaView, before: str, after: str) -> None:
        with self._one:
            try:
                future.set_result(self._made(view, before, after))
            except Exception as error:  # noqa: BLE001 - it is the asker's to handle
                future.set_exception(error)

    def _made(self, view: AreaView, before: str, after: str) -> Comparison:
        end = view.health().log_size
        first = max(0, end - LEAVES_MAX)
        leaves: list[Mapping[str, Any]] = list(facts_between(self._station, view, first, end))
        result = what_if(view.area, _book(before), _book(after), leaves)
        return Comparison(result, first, end, len(leaves))


def _book(name: str) -> Rulebook:
    return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)
