"""Officers' facts on their way to a gateway: kept until they are seen in its log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from caselog.leaf import LeafRecord
from caseserver.store.schema import pending_fact

SENT = "sent"
RECORDED = "recorded"
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PendingFact:
    """A fact an officer stated. `payload` is what was signed for down/fact; `state` one of SENT, RECORDED, REFUSED.

    `number`: its place among all that were given, by the store; clocks step and an id tells nothing of the order.
    """

    id: str
    gateway: str
    type: str
    officer: str
    payload: bytes
    created_us: int
    state: str = SENT
    reason: str | None = None
    leaf: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a fact, and the leaf that says so."""

    id: str
    state: str
    leaf: int
    reason: str | None = None


def put(connection: Connection, fact: PendingFact) -> None:
    """Keep a new fact, behind all others."""
    last = select(func.coalesce(func.max(pending_fact.c.number), 0)).scalar_subquery()
    connection.execute(
        insert(pending_fact).values(
            id=fact.id, gateway=fact.gateway, type=fact.type, officer=fact.officer, payload=fact.payload,
            created_us=fact.created_us, state=fact.state, reason=fact.reason, leaf=fact.leaf,
            number=last + 1,
        )
    )  # fmt: skip


def settle(connection: Connection, fate: Fate) -> None:
    """The log tells what became of a fact. A refusal stands even when the fact's own leaf is seen again."""
    where = (pending_fact.c.id == fate.id) & (pending_fact.c.state != REFUSED)
    values = {"state": fate.state, "leaf": fate.leaf, "reason": fate.reason}
    connection.execute(update(pending_fact).where(where).values(values))


def fate_told_by(record: LeafRecord) -> Fate | None:
    """What a leaf tells of a fact: recorded, or refused by gateway or engine. Of any fact, not only ours."""
    if record.leaf_class == "fact":
        return Fate(record.id, RECORDED, record.index)
    if record.type != "fact.refused/1":
        return None
    told = record.body
    reason = f"{told.get('reason')}: expected {told.get('expected')}, found {told.get('found')}"
    return Fate(str(told.get("fact_id", "")), REFUSED, record.index, reason[:400])


def get(connection: Connection, fact_id: str) -> PendingFact | None:
    """One fact."""
    row = connection.execute(select(pending_fact).where(pending_fact.c.id == fact_id)).mappings().first()
    return PendingFact(**row) if row is not None else None


def waiting(connection: Connection, gateway: str) -> list[PendingFact]:
    """Facts not seen in the log yet, in the order in which they were given."""
    query = (
        select(pending_fact)
        .where(pending_fact.c.gateway == gateway, pending_fact.c.state == SENT)
        .order_by(pending_fact.c.number)
    )
    return [PendingFact(**row) for row in connection.execute(query).mappings()]
