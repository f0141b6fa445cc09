"""A gateway's log that ended and the one that goes on from it: what must be true of the new one, and the exchange.

Sans IO but for the store. The ended log stays in the store byte for byte, under the name `<gateway>/<epoch>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from caselog import checkpoint, records
from caselog import leaf as leaves
from caselog.errors import FormatError, LeafError
from caselog.keys import Verifier
from caselog.records import Predecessor
from caselog.tree import Tree
from caseserver import payload as payloads
from caseserver.store import leaves as leaf_rows
from caseserver.store.leaves import Held, LeafReader
from caseserver.store.schema import quarantine

ENDED = "the gateway's log ended before it was recorded"


class EpochError(ValueError):
    """The new log is not to be taken; says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Successor:
    """A log that says it goes on from the one held: its own word, signed with `public` (32 bytes)."""

    origin: str
    public: bytes
    after: Predecessor


def successor(connection: Connection, reader: LeafReader, held: Held) -> Successor:
    """The newest log that asked to be taken after the held one. Raises `EpochError`.

    It must name the log held here, and say nothing of it that is not so: size and root are compared with ours.
    """
    query = (
        select(quarantine.c.payload)
        .where(quarantine.c.gateway == held.gateway, quarantine.c.reason.in_(("fork", "signature")))
        .order_by(quarantine.c.id.desc())
    )
    found = [told for data in connection.execute(query).scalars() if (told := _beginning(data)) is not None]
    mine = next((told for told in found if told.origin != held.origin), None)
    if mine is None:
        raise EpochError(
            f"expected that gateway {held.gateway} has sent the beginning of another log, found none"
        )
    after = mine.after
    if after.origin != held.origin:
        raise EpochError(f"expected a log after {held.origin}, found one after {after.origin}")
    if after.size > held.size:
        raise EpochError(f"expected at most the {held.size} leaves that we hold of it, found {after.size}")
    if after.size:
        tree = Tree()
        for hash_ in reader.hashes(held.gateway, after.size):
            tree.append(hash_)
        if tree.root() != after.root:
            raise EpochError(f"expected root {tree.root().hex()} at {after.size}, found {after.root.hex()}")
    return mine


def accept(connection: Connection, held: Held, area: str, origin: str) -> str:
    """Put the held log aside and wait for `origin` alone; gives the name under which the old one is kept.

    Alarms of the old log go with it, officers' facts that it never took are refused.
    """
    assert held.origin is not None, "asked after `successor`, which compares it"
    epoch = held.origin.rpartition("/")[2]
    kept, old_area = f"{held.gateway}/{epoch}", f"{area}/{epoch}"
    # The one place where leaves change their name: the bytes are copied, the triggers come back in the same transaction
    triggers = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'leaf'")
    ).all()
    for name, _ in triggers:
        connection.execute(text(f"DROP TRIGGER {name}"))
    names = {"kept": kept, "gateway": held.gateway, "old": old_area, "area": area, "why": ENDED}
    for statement in _MOVES:
        connection.execute(text(statement), names)
    for _, sql in triggers:
        connection.execute(text(sql))
    leaf_rows.set_state(connection, kept, **_state_of(held))
    nothing = leaf_rows.Held(held.gateway, origin, 0, Tree().root(), None, None, 0, None, None)
    leaf_rows.set_state(connection, held.gateway, **_state_of(nothing))
    return kept


_MOVES = (
    "UPDATE leaf SET gateway = :kept WHERE gateway = :gateway",
    "UPDATE alarm SET area = :old WHERE area = :area",
    "UPDATE alarm_event SET area = :old WHERE area = :area",
    "UPDATE pending_fact SET state = 'refused', reason = :why WHERE gateway = :gateway AND state = 'sent'",
)


def _state_of(held: Held) -> dict[str, Any]:
    return {name: getattr(held, name) for name in Held.__slots__ if name != "gateway"}


def _beginning(payload: bytes) -> Successor | None:
    """The log that a refused batch begins, if it is one and signed by the key that it names."""
    try:
        batch = payloads.parse(payload)
        begun = leaves.parse(batch.leaves[0])
        if batch.first != 0 or begun.type != records.BEGUN:
            return None
        public = records.begun_key(begun.body)
        note = checkpoint.verify(batch.note, Verifier(begun.body["origin"], public))
    except (FormatError, LeafError):
        return None
    after = begun.body["after"]
    if after is None:
        return None
    before = Predecessor(after["origin"], after["reason"], after["size"], bytes.fromhex(after["root"]))
    return Successor(note.origin, public, before)
