"""The logs of the gateways as the server holds them, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from caselog.leaf import LeafRecord
from caselog.tree import EMPTY_ROOT
from caseserver.store import cosignatures
from caseserver.store.database import Database
from caseserver.store.schema import gateway_state, item_leaf, leaf, quarantine


@dataclass(frozen=True, slots=True)
class Held:
    """What the server holds of a log: `note` is the gateway's newest checkpoint with our cosignature."""

    gateway: str
    origin: str | None
    size: int
    root: bytes
    note: bytes | None
    proved_us: int | None
    projected: int
    seen_us: int | None
    heartbeat: str | None


_NOTHING: dict[str, Any] = {
    "origin": None, "size": 0, "root": EMPTY_ROOT, "note": None,
    "proved_us": None, "projected": 0, "seen_us": None, "heartbeat": None,
}  # fmt: skip


def held(connection: Connection, gateway: str) -> Held:
    """What is held of this gateway's log; empty when it was never heard."""
    row = (
        connection.execute(select(gateway_state).where(gateway_state.c.gateway == gateway)).mappings().first()
    )
    return Held(**(row or {"gateway": gateway, **_NOTHING}))


def gateways_of(connection: Connection, stay: str) -> list[str]:
    """Whose logs hold leaves of this stay."""
    query = select(leaf.c.gateway).where(leaf.c.stay == stay).distinct().order_by(leaf.c.gateway)
    return list(connection.execute(query).scalars())


def set_state(connection: Connection, gateway: str, **values: Any) -> None:
    """Change columns of gateway_state, making the row when there is none."""
    statement = upsert(gateway_state).values(gateway=gateway, **{**_NOTHING, **values})
    connection.execute(statement.on_conflict_do_update(index_elements=["gateway"], set_=values))


def append(connection: Connection, gateway: str, records: Iterable[LeafRecord]) -> None:
    """Add verified leaves. A leaf that is there already breaks the transaction: ingest knows what it holds."""
    rows = [
        {
            "gateway": gateway,
            "idx": record.index,
            "data": record.data,
            "hash": record.hash,
            "type": record.type,
            "leaf_id": record.id,
            "stay": record.stay,
        }
        for record in records
    ]
    if rows:
        connection.execute(insert(leaf), rows)


def quarantine_put(
    connection: Connection, gateway: str, at_us: int, reason: str, expected: str, found: str, payload: bytes,
    rows_max: int,
) -> None:  # fmt: skip
    """Keep refused bytes. Of each gateway `rows_max` are kept; the oldest that is no fork goes first."""
    connection.execute(
        insert(quarantine).values(
            gateway=gateway,
            at_us=at_us,
            reason=reason,
            expected=expected[:400],
            found=found[:400],
            payload=payload,
        )
    )
    mine = quarantine.c.gateway == gateway
    count = connection.execute(select(func.count()).select_from(quarantine).where(mine)).scalar_one()
    if count > rows_max:
        oldest = (
            select(quarantine.c.id)
            .where(mine)
            .order_by((quarantine.c.reason == "fork"), quarantine.c.id)
            .limit(count - rows_max)
        )
        connection.execute(delete(quarantine).where(quarantine.c.id.in_(oldest)))


class LeafReader:
    """Reading the logs; every method opens its own view of the store."""

    def __init__(self, database: Database) -> None:
        """Reads from `database`."""
        self._database = database

    def hashes(self, gateway: str, size: int) -> Iterator[bytes]:
        """Hashes of leaves 0..size-1, in order."""
        query = select(leaf.c.hash).where(leaf.c.gateway == gateway, leaf.c.idx < size).order_by(leaf.c.idx)
        with self._database.reading() as connection:
            yield from connection.execution_options(yield_per=10_000).execute(query).scalars()

    def data(self, gateway: str, index: int) -> bytes | None:
        """One leaf, without newline."""
        query = select(leaf.c.data).where(leaf.c.gateway == gateway, leaf.c.idx == index)
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def run(self, gateway: str, first: int, count: int) -> list[bytes]:
        """At most `count` leaves from `first` on."""
        query = (
            select(leaf.c.data)
            .where(leaf.c.gateway == gateway, leaf.c.idx >= first, leaf.c.idx < first + count)
            .order_by(leaf.c.idx)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def all(self, gateway: str) -> Iterator[bytes]:
        """Every leaf, in order."""
        query = select(leaf.c.data).where(leaf.c.gateway == gateway).order_by(leaf.c.idx)
        with self._database.reading() as connection:
            yield from connection.execution_options(yield_per=1_000).execute(query).scalars()

    def log_bytes(self, gateway: str) -> bytes:
        """The whole log: each leaf and a newline. Equals the gateway's leaves byte for byte."""
        return b"".join(data + b"\n" for data in self.all(gateway))

    def of_type(self, gateway: str, type_: str) -> list[bytes]:
        """Leaves of one type, oldest first."""
        query = (
            select(leaf.c.data).where(leaf.c.gateway == gateway, leaf.c.type == type_).order_by(leaf.c.idx)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def of_officers(self, gateway: str) -> list[bytes]:
        """Leaves on qualifications and training, oldest first."""
        # the condition stands as in the index, or SQLite does not see that it may use it
        told = text("type IN ('officer.qualified/1', 'training.recorded/1')")
        query = select(leaf.c.data).where(leaf.c.gateway == gateway, told).order_by(leaf.c.idx)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def of_stay(self, gateway: str, stay: str, count: int = 10_000) -> list[bytes]:
        """Leaves about a stay, oldest first."""
        query = (
            select(leaf.c.data)
            .where(leaf.c.gateway == gateway, leaf.c.stay == stay)
            .order_by(leaf.c.idx)
            .limit(count)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def of_item(self, gateway: str, item: str, count: int = 10_000) -> list[bytes]:
        """Leaves that name an item, with the refusals of such, oldest first."""
        joined = leaf.join(
            item_leaf, (item_leaf.c.gateway == leaf.c.gateway) & (item_leaf.c.idx == leaf.c.idx)
        )
        query = (
            select(leaf.c.data)
            .select_from(joined)
            .where(item_leaf.c.gateway == gateway, item_leaf.c.item == item)
            .order_by(leaf.c.idx)
            .limit(count)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def cosigned(self, origin: str) -> list[bytes]:
        """Notes over a log that second witnesses have cosigned: the newest of each."""
        with self._database.reading() as connection:
            return [row.note for row in cosignatures.newest(connection, origin)]

    def by_id(self, gateway: str, leaf_id: str) -> bytes | None:
        """The leaf with this id."""
        query = select(leaf.c.data).where(leaf.c.gateway == gateway, leaf.c.leaf_id == leaf_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def held(self, gateway: str) -> Held:
        """What is held of this gateway's log."""
        with self._database.reading() as connection:
            return held(connection, gateway)

    def quarantined(self, gateway: str) -> dict[str, int]:
        """Reason -> how many refused payloads are kept."""
        query = (
            select(quarantine.c.reason, func.count())
            .where(quarantine.c.gateway == gateway)
            .group_by(quarantine.c.reason)
        )
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}
