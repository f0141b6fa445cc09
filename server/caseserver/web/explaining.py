"""The explanation of an alarm for its page: made once, from the part of the log around it, and kept for the next look.

Any thread may ask. An explanation plays facts again, which can take seconds: one is made at a time, and never for the
event loop. What is lost first: explanations of alarms that nobody looks at.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

import structlog

from caseserver.alarms import SERVER, Alarm
from caseserver.station import AreaView, Station
from custody.codec import CodecError, fact_of
from custody.explain import ExplainError, Explanation, explain
from custody.facts import Fact

KEPT_MAX: Final = 100
LEAVES_BEFORE_MAX: Final = 40_000
"""A busy area's days before the alarm; of what is older only what still stands is read."""
LEAVES_AFTER_MAX: Final = 20_000
OPENING_LEAVES: Final = 500
"""The configuration and the officers that a log begins with."""
_RUN: Final = 2_000

Key = tuple[str, str, tuple[str, ...], int | None, tuple[int, ...]]


class Explaining:
    """Explanations by alarm, as long as the alarm stays what it was."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._kept: OrderedDict[Key, Explanation | None] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, view: AreaView, alarm: Alarm) -> Explanation | None:
        """Why it was raised; None for what only the server knows, or what the facts held no longer lead to."""
        if alarm.origin == SERVER:
            return None
        key = (view.area.id, alarm.id, alarm.stages, alarm.cleared_us, alarm.facts)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._made(view, alarm)
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _made(self, view: AreaView, alarm: Alarm) -> Explanation | None:
        try:
            return explain(view.area, view.rulebook, self._facts(view, alarm), alarm.id)
        except ExplainError as error:
            structlog.get_logger().info("alarm not explained", alarm=alarm.id, expected=error.expected)
            return None

    def _facts(self, view: AreaView, alarm: Alarm) -> list[Fact]:
        """In log order: what stood before, what lies around the alarm, and what it names."""
        anchor = max(alarm.facts, default=0)
        first = max(0, anchor - LEAVES_BEFORE_MAX)
        found: dict[int, Fact] = {}
        if first > 0:
            for index in sorted(_standing(view, first) | {i for i in alarm.facts if i < first}):
                _take(found, self._run(view, index, 1))
            _take(found, self._run(view, 0, min(first, OPENING_LEAVES)))
            stays = [s.ref for s in view.engine_world.open_stays() if s.opened_fact < first]
            for ref in {*stays, *((alarm.stay,) if alarm.stay else ())}:
                _take(found, (json.dumps(leaf).encode() for leaf in view.stay_leaves(ref)))
        told = [int(line["leaf"]) for line in view.history(alarm.id) if line.get("leaf") is not None]
        last = anchor + LEAVES_AFTER_MAX if alarm.is_active else max([anchor, *told]) + _RUN
        for start in range(first, min(last, anchor + LEAVES_AFTER_MAX) + 1, _RUN):
            run = self._run(view, start, _RUN)
            _take(found, run)
            if len(run) < _RUN:
                break
        return [found[index] for index in sorted(found)]

    def _run(self, view: AreaView, first: int, count: int) -> list[bytes]:
        return self._station.log_run(view.area.gateway, first, count)


def _standing(view: AreaView, first: int) -> set[int]:
    """Facts older than ``first`` that still tell how things are: officers, doors, recorders, nodes, other sources."""
    world: Any = view.engine_world
    tables = (world.officers, world.doors, world.recorders, world.nodes, world.sources)
    facts = {record.fact for table in tables for record in table.values()}
    facts |= {officer.room_fact for officer in world.officers.values()}
    return {index for index in facts if 0 <= index < first}


def _take(found: dict[int, Fact], leaves: Iterable[bytes]) -> None:
    """The facts among leaves; outputs are passed over unread."""
    for data in leaves:
        if b'"class":"output"' in data:
            continue
        try:
            fact = fact_of(json.loads(data))
        except CodecError:
            continue
        if fact is not None:
            found[fact.index] = fact
