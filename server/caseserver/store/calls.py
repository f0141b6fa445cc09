"""Ways up the ladder and their messages in the store, as rows: caseserver.notify knows what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from caseserver.store.database import Database
from caseserver.store.schema import call_run as runs
from caseserver.store.schema import delivery as deliveries

Row = Mapping[Any, Any]


def save(connection: Connection, changed: Iterable[Row], messages: Iterable[Row]) -> None:
    """Write runs and deliveries as they are now."""
    for row in changed:
        statement = upsert(runs).values(row)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["area", "alarm", "number"], set_=row)
        )
    for row in messages:
        connection.execute(
            upsert(deliveries).values(row).on_conflict_do_update(index_elements=["id"], set_=row)
        )


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
        query = select(func.max(runs.c.number)).where(runs.c.area == area, runs.c.alarm == alarm)
        with self._database.reading() as connection:
            return connection.execute(query).scalar() or 0

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
