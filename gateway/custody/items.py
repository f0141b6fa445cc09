"""Things that are kept, as records: where each stands on its way, and the one who holds it now.

A holder is written `<kind>:<ref>`, such as `keeper:0211` or `compartment:P-03`, or as its kind alone (`court`).
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from custody.tables import Change, Journal, Table

ITEMS_MAX: Final = 50_000  # items not disposed of; one more is refused, none is forgotten
GONE_MAX: Final = 50_000  # references of items already forgotten; the oldest go first
COUNTS_MAX: Final = 256  # stock-takings remembered; ended ones go first, then the oldest
ENDED: Final = "ended"
TRAIT_FIELDS: Final = ("valuable", "dangerous", "cash", "remote")


def holder(kind: str, ref: str = "") -> str:
    """How a holder is written."""
    return f"{kind}:{ref}" if ref else kind


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan that was approved: to whom, until when, by whom; `fact` approved it. The due moment moves with an extension."""

    borrower: str
    due_us: int
    approver: str
    fact: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing or sealed bag. Times microseconds UTC; facts are log indices.

    `source`: who was debited when it came in. `handlers`: officers who took it, who may not keep it.
    `keeper`: who answered for it last in the store. `loan`: approved, or running while `state` is lent.
    """

    ref: str
    kind: str
    state: str
    holder: str
    source: str
    pieces: int
    since_us: int  # in this state
    fact: int  # that led to it
    entered_us: int
    entered_fact: int
    stay: str | None = None
    case: str | None = None
    handlers: tuple[str, ...] = ()
    keeper: str = ""
    valuable: bool = False
    dangerous: bool = False
    cash: bool = False
    remote: bool = False  # seized at another place, and not brought in yet
    seal: str = ""
    tag: str = ""
    loan: Loan | None = None
    destination: str = ""
    disposal: str = ""  # as it was decided
    is_unrelated: bool = False
    is_registered: bool = False  # registered and preserved, not seized yet
    condition: str = ""  # as it was found last
    part_of: str = ""

    @property
    def is_here(self) -> bool:
        """Somebody answers for it still."""
        return self.state != ENDED

    @property
    def traits(self) -> frozenset[str]:
        """What is stated of it as far as rules ask: codes of TRAITS (property_words)."""
        return frozenset(name for name in TRAIT_FIELDS if getattr(self, name))

    @property
    def compartment(self) -> str | None:
        """The compartment it lies in."""
        kind, _, ref = self.holder.partition(":")
        return ref if kind == "compartment" else None


@dataclass(frozen=True, slots=True)
class Count:
    """A stock-taking of one cabinet: what was told of each item. `found`: (item, there, pieces as counted).

    `astray`: (item, compartment in which it was found, who held it by the ledger when that was told).
    """

    ref: str
    cabinet: str
    counter: str
    began_us: int
    fact: int
    found: tuple[tuple[str, bool, int | None], ...] = ()
    ended_us: int | None = None
    missing: int = 0
    astray: tuple[tuple[str, str, str], ...] = ()


class ItemTable(Table[Item]):
    """Items, with indices of those that somebody answers for: by stay, by case, by compartment."""

    def __init__(self, name: str, journal: Journal, changes: list[Change]) -> None:
        """Nothing is kept yet."""
        super().__init__(name, journal, changes)
        self.by_stay: dict[str, dict[str, Item]] = {}
        self.by_case: dict[str, dict[str, Item]] = {}
        self.by_compartment: dict[str, dict[str, Item]] = {}
        self.here = 0

    def changed(self, key: str, old: Item | None, new: Item | None) -> None:
        """Keep the indices."""
        if old is not None and old.is_here:
            self.here -= 1
            for index, ref in self._places(old):
                index[ref].pop(key, None)
                if not index[ref]:
                    del index[ref]
        if new is not None and new.is_here:
            self.here += 1
            for index, ref in self._places(new):
                index.setdefault(ref, {})[key] = new

    def _places(self, item: Item) -> list[tuple[dict[str, dict[str, Item]], str]]:
        known = (
            (self.by_stay, item.stay),
            (self.by_case, item.case),
            (self.by_compartment, item.compartment),
        )
        return [(index, ref) for index, ref in known if ref is not None]

    def of_stay(self, stay: str) -> list[Item]:
        """What is still kept of a stay, in order of reference."""
        return _in_order(self.by_stay.get(stay, {}))

    def of_case(self, case: str) -> list[Item]:
        """What is still kept of a case, in order of reference."""
        return _in_order(self.by_case.get(case, {}))

    def lying_in(self, compartment: str) -> list[Item]:
        """What lies in a compartment, in order of reference."""
        return _in_order(self.by_compartment.get(compartment, {}))


def _in_order(items: dict[str, Item]) -> list[Item]:
    return [items[ref] for ref in sorted(items)]


def remember(gone: OrderedDict[str, None], ref: str) -> None:
    """Keep the reference of an item that is forgotten, so that it names no other thing."""
    gone[ref] = None
    while len(gone) > GONE_MAX:
        gone.popitem(last=False)
