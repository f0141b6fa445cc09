"""The property ledger out of a log: what was debited and credited, who holds what at a moment, the chain of one item.

Every movement is entries that add up to nothing: so many pieces from one holder, as many to another. docs/property.md.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from custody.area import Area
from custody.facts import Fact
from custody.items import Item
from custody.ledger.walk import Leaf, walk
from custody.rules import Rulebook
from custody.tables import Change

OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a movement: pieces of an item that a holder got, negative for gave. Times microseconds UTC."""

    fact: int
    at_us: int
    item: str
    holder: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Link:
    """One fact in the chain of an item, with what it left: state, holder, pieces. `moved`: it debited and credited."""

    fact: int
    fact_id: str
    type: str
    at_us: int
    recorded_us: int
    by: str
    state: str
    holder: str
    pieces: int
    moved: bool
    body: Mapping[str, Any]


def entries(leaves: Iterable[Leaf], area: Area, rulebook: Rulebook) -> list[Entry]:
    """All entries in order of occurrence. Those of one fact add up to zero."""
    return [
        entry
        for fact, _, changes in walk(leaves, area, rulebook)
        for change in changes
        if change.table == "items"
        for entry in _entries_of(change, fact)
    ]


def _entries_of(change: Change, fact: Fact) -> Iterator[Entry]:
    old, new = change.old, change.new
    assert isinstance(new, Item), "nothing of the ledger is undone by a fact"

    def entry(holder: str, pieces: int) -> Entry:
        return Entry(fact.index, fact.occurred_us, new.ref, holder, pieces)

    if not isinstance(old, Item):
        if not new.part_of:
            yield entry(new.source, -new.pieces)
        yield entry(new.holder, new.pieces)
        return
    more = new.pieces - old.pieces
    if more:
        yield entry(old.holder, more)
        if fact.type != "item.split":  # a wrong number is put right against the outside
            yield entry(OUTSIDE, -more)
    if new.holder != old.holder:
        yield entry(old.holder, -new.pieces)
        yield entry(new.holder, new.pieces)


def balance(known: Iterable[Entry], until_us: int | None = None) -> dict[str, int]:
    """Pieces by holder up to and including a moment; the sum of all is zero. Whoever holds nothing is left out."""
    sums: Counter[str] = Counter()
    for entry in known:
        if until_us is None or entry.at_us <= until_us:
            sums[entry.holder] += entry.pieces
    return {name: pieces for name, pieces in sorted(sums.items()) if pieces}


def holders(known: Iterable[Entry], until_us: int | None = None) -> dict[str, str]:
    """Who holds each item at a moment. What it was debited from as it came in is not its holder, and never was."""
    held: dict[str, Counter[str]] = {}
    for entry in known:
        if until_us is not None and entry.at_us > until_us:
            continue
        if entry.item in held or entry.pieces > 0:
            held.setdefault(entry.item, Counter())[entry.holder] += entry.pieces
    return {item: _one(item, sums) for item, sums in sorted(held.items())}


def _one(item: str, sums: Mapping[str, int]) -> str:
    """Corrections stand against outside, so its sum says nothing of the item: that is outside when nobody else has it."""
    real = [name for name, pieces in sums.items() if pieces > 0 and name != OUTSIDE] or [OUTSIDE]
    assert len(real) == 1, f"expected one holder of {item}, found {real}"
    return real[0]


def chain(leaves: Sequence[Leaf], area: Area, rulebook: Rulebook, item: str) -> list[Link]:
    """Everything that was stated of one item and stands, in order of occurrence."""
    links: list[Link] = []
    for fact, world, changes in walk(leaves, area, rulebook):
        is_named = item in (fact.body.get("item"), fact.body.get("part"), fact.body.get("dossier"))
        known = world.items.get(item) if is_named else None
        if known is None:
            continue
        own = [change for change in changes if change.table == "items" and change.key == item]
        moved = any(True for change in own for _ in _entries_of(change, fact))
        by = fact.body.get("officer") or fact.body.get("approver") or ""
        links.append(
            Link(
                fact.index, fact.id, fact.type, fact.occurred_us, fact.recorded_us, str(by), known.state, known.holder,
                known.pieces, moved, fact.body,
            )
        )  # fmt: skip
    return links


def of_stay(leaves: Sequence[Leaf], area: Area, rulebook: Rulebook, stay: str) -> dict[str, list[Link]]:
    """The chain of each item that was taken from a person in this stay, by reference."""
    refs: dict[str, None] = {}
    for _, _, changes in walk(leaves, area, rulebook):
        for change in changes:
            if isinstance(change.new, Item) and change.new.stay == stay:
                refs[change.new.ref] = None
    return {ref: chain(leaves, area, rulebook, ref) for ref in refs}
