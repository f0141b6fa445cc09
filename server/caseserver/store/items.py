"""Which leaves of a log name which item: a projection of the log alone, kept in the transaction that stores the leaves.

So that the chain of one item is read without reading the log through. A refusal is under the items of the fact it refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from caselog.leaf import LeafRecord
from caseserver.store.schema import item_leaf

NAMES: Final = ("item", "part", "dossier")
"""Fields of a body that name one item; `items` names several."""
REFUSED: Final = "fact.refused/1"


def append(connection: Connection, gateway: str, records: Iterable[LeafRecord]) -> None:
    """Note the new leaves that name an item."""
    rows: list[dict[str, Any]] = []
    fresh: dict[int, set[str]] = {}
    for record in records:
        if record.type == REFUSED:
            fact = record.body.get("fact")
            refs = fresh.get(fact) or _named_by(connection, gateway, fact) if isinstance(fact, int) else set()
        else:
            refs = fresh[record.index] = named_in(record.body)
        rows += [{"gateway": gateway, "item": ref, "idx": record.index} for ref in sorted(refs)]
    if rows:
        connection.execute(insert(item_leaf).on_conflict_do_nothing(), rows)


def named_in(body: Mapping[str, Any]) -> set[str]:
    """The items that a body names."""
    several = body.get("items")
    found = [body.get(name) for name in NAMES] + (several if isinstance(several, list) else [])
    return {ref for ref in found if isinstance(ref, str)}


def _named_by(connection: Connection, gateway: str, fact: int) -> set[str]:
    query = select(item_leaf.c.item).where(item_leaf.c.gateway == gateway, item_leaf.c.idx == fact)
    return set(connection.execute(query).scalars())
