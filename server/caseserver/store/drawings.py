"""Versions of drawn plans in the store, as rows: caseserver.floor knows what they mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from caseserver.store.database import Database
from caseserver.store.schema import floor_drawing as drawings

SHOWN_MAX = 50
"""Versions of one area listed at once, newest first."""

Row = Mapping[str, Any]


def next_number(database: Database, area: str) -> int:
    """The number of the next version of an area, from 1. One writer: the desk, under its lock."""
    with database.reading() as connection:
        query = select(func.max(drawings.c.number)).where(drawings.c.area == area)
        return int(connection.execute(query).scalar() or 0) + 1


def add(connection: Connection, area: str, number: int, row: Row) -> None:
    """A new version."""
    values = {**row, "body": json.dumps(row["body"], sort_keys=True)}
    connection.execute(insert(drawings).values(area=area, number=number, **values))


def end(connection: Connection, area: str, number: int, row: Row) -> None:
    """Confirm or drop a draft."""
    mine = (drawings.c.area == area, drawings.c.number == number)
    connection.execute(update(drawings).where(*mine).values(row))


def one(database: Database, area: str, number: int) -> Row | None:
    """One version."""
    found = _read(database, drawings.c.area == area, drawings.c.number == number)
    return found[0] if found else None


def listed(database: Database, area: str) -> list[Row]:
    """The newest versions of an area, newest first."""
    return _read(database, drawings.c.area == area)


def present(database: Database, area: str) -> Row | None:
    """The version that was confirmed last."""
    # by place, not number: an older draft may be confirmed after a newer one was
    found = _read(
        database, drawings.c.area == area, drawings.c.state == "confirmed", by=drawings.c.place.desc()
    )
    return found[0] if found else None


def drafts_count(database: Database, area: str) -> int:
    """Drafts that wait."""
    query = select(func.count()).where(drawings.c.area == area, drawings.c.state == "draft")
    with database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _read(database: Database, *which: Any, by: Any = None) -> list[Row]:
    order = drawings.c.number.desc() if by is None else by
    query = select(drawings).where(*which).order_by(order).limit(SHOWN_MAX)
    with database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [{**row, "body": json.loads(row["body"])} for row in rows]
