"""The ledger of an area for its pages: made from the newest part of its log, kept a while, one at a time.

Any thread may ask; never the event loop. What is left out first is what is oldest: the page says from when on it looks.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from caseserver.area_view import AreaView
from caseserver.station import Station
from caseserver.web.history import RUN_LEAVES, Leaf, facts_between
from custody.ledger import coverage
from custody.ledger.blind import Blindness, blindness_of

LEAVES_MAX: Final = 60_000
"""Leaves looked at, the newest: a fortnight of a busy area."""
LEAVES_BEFORE: Final = 5_000
"""Before a stay: of what is older only what still stood is read."""
KEPT_S: Final = 20.0
KEPT_MAX: Final = 50

Key = tuple[str, str, int]
_MARKS: Final = (b'"class":"log"', b'"type":"fact.refused/1"')


@dataclass(frozen=True)
class AreaLedger:
    """`looks_from_us`: nothing is said of what was before."""

    blindness: Blindness
    looks_from_us: int


class Ledgers:
    """Blind time by area, coverage by stay."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._areas: dict[str, tuple[float, AreaLedger]] = {}
        self._stays: OrderedDict[Key, tuple[float, dict[str, Any] | None]] = OrderedDict()
        self._lock = Lock()

    def of_area(self, view: AreaView) -> AreaLedger:
        """Blind time of an area; not older than KEPT_S."""
        with self._lock:
            kept = self._areas.get(view.area.id)
            if kept is None or time.monotonic() - kept[0] > KEPT_S:
                kept = time.monotonic(), self._made(view)
                self._areas[view.area.id] = kept
            return kept[1]

    def of_stay(
        self, view: AreaView, ref: str, first: int, last: int | None, now_us: int
    ) -> dict[str, Any] | None:
        """The statement `coverage` of a stay whose leaves go from `first` to `last`; None: it lasts, up to `now_us`."""
        key = view.area.id, ref, -1 if last is None else last
        with self._lock:
            kept = self._stays.get(key)
            if kept is None or (last is None and time.monotonic() - kept[0] > KEPT_S):
                end = view.health().log_size if last is None else last + 1
                leaves = self._leaves(view, max(0, first - LEAVES_BEFORE, end - LEAVES_MAX), end)
                until_us = None if last is not None else now_us
                kept = time.monotonic(), coverage(leaves, view.area, view.rulebook, ref, until_us)
                self._stays[key] = kept
                while len(self._stays) > KEPT_MAX:
                    self._stays.popitem(last=False)
            return kept[1]

    def _made(self, view: AreaView) -> AreaLedger:
        end = view.health().log_size
        first = max(0, end - LEAVES_MAX)
        leaves = self._leaves(view, first, end)
        looks_from_us = next(
            (leaf["recorded"]["earliest_us"] for leaf in leaves if leaf["index"] >= first), 0
        )
        return AreaLedger(blindness_of(leaves, view.area, view.rulebook), looks_from_us)

    def _leaves(self, view: AreaView, first: int, end: int) -> list[Leaf]:
        """Facts, refusals, and what the log says of itself."""
        found = {leaf["index"]: leaf for leaf in facts_between(self._station, view, first, end)}
        for start in range(first, end, RUN_LEAVES):
            run = self._station.log_run(view.area.gateway, start, min(RUN_LEAVES, end - start))
            others = (json.loads(data) for data in run if any(mark in data for mark in _MARKS))
            found.update({leaf["index"]: leaf for leaf in others})
        return [found[index] for index in sorted(found)]
