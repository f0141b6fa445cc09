"""Ways up the ladder and their messages in the store, as rows: caseserver.notify knows what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as upsert

from caseserver.store.database import Database
from caseserver.store.schema import call_run as runs
from caseserver.store.schema import delivery as deliveries

Row = Mapping[Any, Any]


def _upsert(table: Table) -> Insert:
    """Made once: in a flood of alarms the making of a statement costs more than its execution."""
    statement = upsert(table)
    keys = [column.name for column in table.primary_key]
    news = {
        column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=news)


_RUN, _DELIVERY = _upsert(runs), _upsert(deliveries)
_NEWEST = select(func.max(runs.c.number)).where(
    runs.c.area == bindparam("area"), runs.c.alarm == bindparam("alarm")
)


def save(connection: Connection, changed: Iterable[Row], messages: Iterable[Row]) -> None:
    """Write runs and deliveries as they are now."""
    for statement, rows in ((_RUN, list(changed)), (_DELIVERY, list(messages))):
        if rows:
            connection.execute(statement, rows)


class CallReader:
    """Reading them; every method opens its own view of the store."""

    def __init__(self, database: Database) -> None:
        """Reads from `database`."""
        self._database = database

    def open_runs(self) -> list[Row]:
        """Runs that nobody has answered."""
        with self._database.reading() as connection:
            return [*connection.execute(select(runs).where(runs.c.answered_us.is_(None))).mappings()]

    def unsettled(self) -> list[Row]:
        """Deliveries that wait or were under way."""
        query = select(deliveries).where(deliveries.c.state.in_(("waiting", "sending")))
        with self._database.reading() as connection:
            return [*connection.execute(query).mappings()]

    def newest(self, area: str, alarm: str) -> int:
        """Number of the newest run of an alarm, 0 when it had none."""
        with self._database.reading() as connection:
            return connection.execute(_NEWEST, {"area": area, "alarm": alarm}).scalar() or 0

    def of_alarm(self, area: str, alarm: str) -> tuple[list[Row], list[Row]]:
        """All runs of an alarm, the newest last, and all its deliveries by step and receiver."""
        mine = runs.c.area == area, runs.c.alarm == alarm
        query = (
            select(deliveries)
            .where(deliveries.c.area == area, deliveries.c.alarm == alarm)
            .order_by(deliveries.c.run, deliveries.c.step, deliveries.c.receiver)
        )
        with self._database.reading() as connection:
            found = [*connection.execute(select(runs).where(*mine).order_by(runs.c.number)).mappings()]
            return [*found], [*connection.execute(query).mappings()]
