"""Turns of duty in the store, as rows: caseserver.notify knows what they mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from caseserver.store.database import Database
from caseserver.store.schema import duty_turn as turns

SHOWN_MAX = 50
"""Ended turns read at once."""

Row = Mapping[str, Any]


def save(connection: Connection, changed: Iterable[Row]) -> None:
    """Write turns as they are now; the ended ones first, since only one runs at a post."""
    for row in sorted(changed, key=lambda row: (row["left_us"] is None, row["taken_us"])):
        values = {**row, "stood_open": json.dumps(list(row["stood_open"]))}
        mine = (
            turns.c.post == row["post"],
            turns.c.number == row["number"],
            turns.c.taken_us == row["taken_us"],
        )
        if not connection.execute(update(turns).where(*mine).values(values)).rowcount:
            connection.execute(insert(turns).values(values))


def running(database: Database) -> list[Row]:
    """Turns that are not over."""
    return _read(database, turns.c.left_us.is_(None))


def ended(database: Database) -> list[Row]:
    """The newest that are over, newest first."""
    return _read(database, turns.c.left_us.is_not(None))


def _read(database: Database, which: Any) -> list[Row]:
    columns = [column for column in turns.c if column.name != "id"]
    query = (
        select(*columns).where(which).order_by(turns.c.taken_us.desc(), turns.c.id.desc()).limit(SHOWN_MAX)
    )
    with database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [{**row, "stood_open": tuple(json.loads(row["stood_open"]))} for row in rows]
