"""Alarms and their history in the store."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from caseserver.alarms import CLOSED_KEPT_MAX, Alarm, AlarmEvent
from caseserver.store.database import Database
from caseserver.store.schema import alarm as alarms
from caseserver.store.schema import alarm_event as events

HISTORY_MAX = 500
"""Lines of one alarm's history that are read at once."""


_KEY = ("area", "id")
_ALARM = upsert(alarms)
_ALARM = _ALARM.on_conflict_do_update(
    index_elements=_KEY, set_={c.name: _ALARM.excluded[c.name] for c in alarms.columns if c.name not in _KEY}
)
_EVENT = upsert(events).on_conflict_do_nothing(index_elements=["area", "alarm", "key"])
_ONE = select(alarms.c.record).where(alarms.c.area == bindparam("area"), alarms.c.id == bindparam("id"))
"""Made once: in a flood of alarms the making of a statement costs more than its execution."""


def save(connection: Connection, area: str, changed: Iterable[Alarm], news: Iterable[AlarmEvent]) -> None:
    """Write alarms as they are now and new lines of history; a line told before is left as it is."""
    rows = [
        {
            "area": area, "id": alarm.id, "rule": alarm.rule, "stay": alarm.stay, "origin": alarm.origin,
            "raised_us": alarm.raised_us, "closed_us": alarm.closed_us, "record": alarm.to_json(),
        }
        for alarm in changed
    ]  # fmt: skip
    lines = [
        {
            "area": area, "alarm": event.alarm, "key": event.key, "what": event.what, "at_us": event.at_us,
            "officer": event.officer, "leaf": event.leaf,
            "detail": json.dumps(dict(event.detail), ensure_ascii=False, sort_keys=True),
        }
        for event in news
    ]  # fmt: skip
    if rows:
        connection.execute(_ALARM, rows)
    if lines:
        connection.execute(_EVENT, lines)


RAISED_MAX = 20_000
"""Alarms of a period that are read at once."""


class AlarmReader:
    """Reading alarms; every method opens its own view of the store."""

    def __init__(self, database: Database) -> None:
        """Reads from `database`."""
        self._database = database

    def find(self, area: str, alarm_id: str) -> Alarm | None:
        """One alarm."""
        with self._database.reading() as connection:
            record = connection.execute(_ONE, {"area": area, "id": alarm_id}).scalar()
        return Alarm.from_json(record) if record is not None else None

    def current(self, area: str) -> list[Alarm]:
        """Open alarms and the newest closed ones, oldest first."""
        mine = select(alarms.c.record, alarms.c.raised_us).where(alarms.c.area == area)
        newest = mine.where(alarms.c.closed_us.is_not(None)).order_by(alarms.c.closed_us.desc())
        with self._database.reading() as connection:
            closed = connection.execute(newest.limit(CLOSED_KEPT_MAX)).all()
            still = mine.where(alarms.c.closed_us.is_(None)).order_by(alarms.c.raised_us)
            rows = [*reversed(closed), *connection.execute(still)]
        return [Alarm.from_json(row.record) for row in rows]

    def of_stay(self, area: str, stay: str) -> list[Alarm]:
        """Every alarm about a stay, oldest first."""
        query = (
            select(alarms.c.record)
            .where(alarms.c.area == area, alarms.c.stay == stay)
            .order_by(alarms.c.raised_us, alarms.c.id)
        )
        with self._database.reading() as connection:
            return [Alarm.from_json(text) for text in connection.execute(query).scalars()]

    def raised(self, area: str, from_us: int) -> list[Alarm]:
        """Alarms raised from a moment on, oldest first; of very many the newest."""
        query = (
            select(alarms.c.record)
            .where(alarms.c.area == area, alarms.c.raised_us >= from_us)
            .order_by(alarms.c.raised_us.desc(), alarms.c.id)
            .limit(RAISED_MAX)
        )
        with self._database.reading() as connection:
            return [Alarm.from_json(text) for text in connection.execute(query).scalars()][::-1]

    def history(self, area: str, alarm_id: str) -> list[dict[str, Any]]:
        """Lines of an alarm's history, oldest first: what, at_us, officer, leaf, detail."""
        query = (
            select(events.c.what, events.c.at_us, events.c.officer, events.c.leaf, events.c.detail)
            .where(events.c.area == area, events.c.alarm == alarm_id)
            .order_by(events.c.at_us, events.c.id)
            .limit(HISTORY_MAX)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]
