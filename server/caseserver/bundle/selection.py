"""Which leaves of a log make the bundle of a stay, and the proof that they stand under its newest checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from caselog import bundle, checkpoint, cover
from caselog import leaf as leaves
from caselog.bundle import Head
from caselog.bundlecheck import CONFIG, configurations
from caselog.keychain import KeyChain
from caselog.leaf import LeafRecord
from caselog.note import Note
from caselog.note import parse as parse_note
from caselog.records import KEY_CHANGED, STAY_COUNTED
from caselog.suite import suite_of
from caselog.tree import Tree
from caseserver.store.leaves import LeafReader


class NothingToBundle(ValueError):
    """No bundle can be made; says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Selection:
    """`records` rise by index: leaf 0, key changes, configurations, the stay. `note` is over `head.size` leaves.

    `held`: leaves of the log that the server had when it chose.
    """

    head: Head
    records: tuple[LeafRecord, ...]
    proof: tuple[bytes, ...]
    note: bytes
    keys: KeyChain
    held: int

    @property
    def own(self) -> tuple[LeafRecord, ...]:
        """The leaves of the stay."""
        return tuple(record for record in self.records if record.stay is not None)

    @property
    def is_counted(self) -> bool:
        """The last leaf of the stay says how many there are."""
        return self.own[-1].type == STAY_COUNTED

    @property
    def configurations(self) -> list[LeafRecord]:
        """Those in force while the stay lasted."""
        return configurations(self.records)


def select(reader: LeafReader, gateway: str, stay: str) -> Selection:
    """Choose and prove. Raises `NothingToBundle`."""
    held = reader.held(gateway)
    if held.note is None:
        raise NothingToBundle(f"expected a checkpoint of gateway {gateway}, found none")
    own = reader.of_stay(gateway, stay, held.size)
    if not own:
        raise NothingToBundle(f"expected leaves of a stay {stay}, found none in the log of {gateway}")
    note = _best_note(held.note, reader.cosigned(held.origin or ""), leaves.parse(own[-1]).index)
    signed = checkpoint.parse(note)
    first = reader.data(gateway, 0) or b""
    of_all = [*reader.of_type(gateway, KEY_CHANGED), *reader.of_type(gateway, CONFIG)]
    begun = leaves.parse(first)
    keys = KeyChain.begun(begun)
    chosen = {0: begun}
    for data in [*own, *of_all]:
        record = leaves.parse(data)
        if record.index < signed.size:
            chosen[record.index] = record
    records = tuple(chosen[index] for index in sorted(chosen))
    suite = suite_of(begun.body["suite"])
    tree = Tree(suite)
    for hash_ in reader.hashes(gateway, signed.size):
        tree.append(hash_)
    proof = cover.prove(sorted(chosen), signed.size, tree.range_root)
    head = Head(suite.number, signed.origin, stay, signed.size, len(records))
    return Selection(head, records, tuple(proof), note, keys.extended(records), held.size)


def _best_note(held: bytes, cosigned: Iterable[bytes], last: int) -> bytes:
    """The checkpoint that covers leaf `last` and that most witnesses have cosigned; of equal ones the newest.

    `held`: the newest, with our cosignature; `cosigned`: notes that second witnesses gave back, verified then.
    """
    by_text: dict[bytes, Note] = {}
    for data in (held, *cosigned):
        note = parse_note(data)
        known = by_text.get(note.text)
        more = (*known.signatures, *note.signatures) if known else note.signatures
        by_text[note.text] = Note(note.text, tuple(dict.fromkeys(more)))
    covering = [note.encode() for note in by_text.values() if checkpoint.parse(note.encode()).size > last]
    return max(covering, key=lambda data: (len(bundle.cosigned_s(data)), checkpoint.parse(data).size))
