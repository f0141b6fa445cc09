"""What second witnesses said of our logs and of the gateways': notes with their cosignatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from caseserver.store.schema import cosignature

KEPT_MAX: Final = 1_000
"""Of one witness and one log; the ones over the fewest leaves go first: a later one says all they said, and more."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A note over `size` leaves of `origin`, signed by the log and cosigned by `witness` at `time_s` of its clock."""

    origin: str
    witness: str
    size: int
    root: bytes
    note: bytes
    time_s: int
    received_us: int


def put(connection: Connection, row: Cosigned) -> None:
    """Keep one; of the same size the newer."""
    values = {name: getattr(row, name) for name in Cosigned.__slots__}
    statement = upsert(cosignature).values(values)
    key = ["origin", "witness", "size"]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))
    mine = (cosignature.c.origin == row.origin) & (cosignature.c.witness == row.witness)
    newest = select(cosignature.c.size).where(mine).order_by(cosignature.c.size.desc()).limit(KEPT_MAX)
    connection.execute(delete(cosignature).where(mine & cosignature.c.size.not_in(newest)))


def newest(connection: Connection, origin: str) -> list[Cosigned]:
    """The newest of each witness, by its name."""
    last = (
        select(cosignature.c.witness, func.max(cosignature.c.size).label("size"))
        .where(cosignature.c.origin == origin)
        .group_by(cosignature.c.witness)
        .subquery()
    )
    query = (
        select(cosignature)
        .join(last, (cosignature.c.witness == last.c.witness) & (cosignature.c.size == last.c.size))
        .where(cosignature.c.origin == origin)
        .order_by(cosignature.c.witness)
    )
    return [Cosigned(**row) for row in connection.execute(query).mappings()]
