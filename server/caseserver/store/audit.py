"""Who did and read what: the projection of the server's own log, and what waits for its place in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from caseserver.own_log import Entry
from caseserver.store.schema import audit

ROWS_MAX: Final = 500
"""Rows read at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `leaf`: its place in the log `log`; None while it waits."""

    at_us: int
    number: str | None
    action: str
    subject: str
    detail: str
    log: str | None
    leaf: int | None


def put(connection: Connection, entry: Entry, log: str | None, leaf: int | None) -> None:
    """Write an entry; one that waits here gets its place. `log`, `leaf`: None when it has none yet."""
    place = {"log": log, "leaf": leaf}
    row: dict[str, Any] = {
        "entry": entry.id, "at_us": entry.at_us, "number": entry.number, "action": entry.action[:40],
        "subject": entry.subject[:256], "detail": json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True),
        **place,
    }  # fmt: skip
    statement = upsert(audit).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["entry"], set_=place))


def projected(connection: Connection, log: str) -> int:
    """How many leaves of this log are in the table: all below, since they come in order."""
    last = connection.execute(select(func.max(audit.c.leaf)).where(audit.c.log == log)).scalar()
    return 0 if last is None else int(last) + 1


def waiting(connection: Connection) -> list[Entry]:
    """Entries without a place, oldest first."""
    query = select(audit).where(audit.c.leaf.is_(None)).order_by(audit.c.id).limit(ROWS_MAX)
    return [
        Entry(
            row["entry"],
            row["action"],
            row["number"],
            row["subject"],
            json.loads(row["detail"]),
            row["at_us"],
        )
        for row in connection.execute(query).mappings()
    ]


def waiting_count(connection: Connection) -> int:
    """How many wait."""
    return connection.execute(select(func.count()).where(audit.c.leaf.is_(None))).scalar_one()


def newest_detail(connection: Connection, action: str, subject: str) -> dict[str, Any] | None:
    """Detail of the newest entry of this action about this subject."""
    query = select(audit.c.detail).where(audit.c.action == action, audit.c.subject == subject)
    found = connection.execute(query.order_by(audit.c.id.desc()).limit(1)).scalar()
    return json.loads(found) if found is not None else None


def search(
    connection: Connection, *, words: str = "", action: str = "", before: int = 0
) -> list[tuple[int, Row]]:
    """(id, row), newest first, at most `ROWS_MAX`: of one action, with `words` in number, subject or detail, below id `before`."""
    query = select(audit).order_by(audit.c.id.desc()).limit(ROWS_MAX)
    if action:
        query = query.where(audit.c.action == action)
    if before:
        query = query.where(audit.c.id < before)
    if words:
        query = query.where(
            or_(
                *(
                    column.contains(words, autoescape=True)
                    for column in (audit.c.number, audit.c.subject, audit.c.detail)
                )
            )
        )
    return [
        (row["id"], Row(**{name: row[name] for name in Row.__slots__}))
        for row in connection.execute(query).mappings()
    ]
