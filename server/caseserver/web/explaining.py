"""The explanation of an alarm for its page: made once, from the part of the log around it, and kept for the next look.

Any thread may ask. An explanation plays facts again, which can take seconds in a flood: one is made at a time, in a thread of its
own, and a page that is opened does not wait long for it: who is called takes the alarm first and reads the reasons after.
What is lost first: explanations of alarms that nobody looks at.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Final

import structlog

from caseserver.alarms import SERVER, Alarm
from caseserver.area_view import AreaView
from caseserver.station import Station
from caseserver.web.history import RUN_LEAVES, facts_between
from caseserver.web.present.alarm import facts_of
from caseserver.web.sparing import Sparing
from custody.explain import ExplainError, Explanation, explain
from custody.facts import Fact

KEPT_MAX: Final = 100
LEAVES_BEFORE_MAX: Final = 10_000
"""A busy area's day before the alarm; of what is older only what still stands is read."""
LEAVES_AFTER_MAX: Final = 20_000

Key = tuple[str, str, tuple[str, ...], int | None, tuple[int, ...]]


class Explaining:
    """Explanations by alarm, as long as the alarm stays what it was."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._kept: OrderedDict[Key, Future[Explanation | None]] = OrderedDict()
        self._lock = threading.Lock()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="caseward-explain")

    def of(self, view: AreaView, alarm: Alarm) -> Explanation | None:
        """Why it was raised; None for what only the server knows, or what the facts held no longer lead to."""
        return self.soon(view, alarm, None)[0]

    def soon(self, view: AreaView, alarm: Alarm, wait_s: float | None) -> tuple[Explanation | None, bool]:
        """As `of`, and whether it is made: (None, False) while it is still being made after `wait_s` (None: as long as it takes)."""
        if alarm.origin == SERVER:
            return None, True
        try:
            return self._asked(view, alarm).result(wait_s), True
        except NotYet:
            return None, False

    def _asked(self, view: AreaView, alarm: Alarm) -> Future[Explanation | None]:
        key = (view.area.id, alarm.id, alarm.stages, alarm.cleared_us, alarm.facts)
        with self._lock:
            known = self._kept.get(key)
            if known is None or (known.done() and known.exception() is not None):
                self._kept[key] = self._maker.submit(self._made, view, alarm)
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _made(self, view: AreaView, alarm: Alarm) -> Explanation | None:
        try:
            return explain(view.area, view.rulebook, self._facts(view, alarm, Sparing()), alarm.id)
        except ExplainError as error:
            structlog.get_logger().info("alarm not explained", alarm=alarm.id, expected=error.expected)
            return None

    def _facts(self, view: AreaView, alarm: Alarm, sparing: Sparing) -> list[Fact]:
        """In log order: what stood before, what lies around the alarm, and what it names."""
        anchor = max(alarm.facts, default=0)
        end = anchor + LEAVES_AFTER_MAX
        if not alarm.is_active:
            told = [int(line["leaf"]) for line in view.history(alarm.id) if line.get("leaf") is not None]
            end = min(end, max([anchor, *told]) + RUN_LEAVES)
        first = max(0, anchor - LEAVES_BEFORE_MAX)
        leaves = facts_between(self._station, view, first, end, alarm.facts, sparing)
        return facts_of(sparing(leaves))
