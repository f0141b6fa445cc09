"""What the kiosk reads of the house: who lies on the cabinet's reader, what is kept where, how the compartments stand.

All of it is the engine's world and the gateway's memory of the log; nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from casekiosk.drafts import Item
from custody import items as kept
from custody.area import Area, Cabinet
from custody.items import holder
from custody.name import Name
from custody.world import Officer, Stay, World

NOWHERE = Name("", "")


@dataclass(frozen=True, slots=True)
class Present:
    """Whose tags the reader of a cabinet sees now."""

    officers: tuple[Officer, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What the site quotes to the person beside the list, with its source. The product has no such text of its own."""

    zh: str
    en: str
    source: str


@dataclass(frozen=True, slots=True)
class House:
    """Reads world and memory; `tags`: reader -> tags on it; `is_lost`: of a reader; `missing`: who is still to be read for a
    compartment that was asked for (`officer`, `second`, `band`)."""

    area: Area
    world: World
    tags: Callable[[str], Collection[str]]
    is_lost: Callable[[str], bool]
    is_server_away: Callable[[], bool]
    missing: Callable[[str], tuple[str, ...]]
    notice: Notice | None = None

    def present(self, cabinet: Cabinet, read: Collection[str] = ()) -> Present:
        """Who lies on the reader of the cabinet, or was `read` there a moment ago and is gone again."""
        officers, stays = [], []
        for tag in sorted({*self.tags(cabinet.reader), *read}):
            kind, _, ref = (self.world.tags.get(tag) or "").partition(":")
            officer = self.world.officers.get(ref) if kind == "officer" else None
            stay = self.world.stays.get(ref) if kind == "stay" else None
            if officer is not None:
                officers.append(officer)
            elif stay is not None and stay.is_open:
                stays.append(stay)
        return Present(tuple(officers), tuple(stays))

    def officer(self, number: str) -> Officer | None:
        """A registered officer."""
        return self.world.officers.get(number)

    # --- what is kept -----------------------------------------------------------------------

    def effects_of(self, stay: str) -> list[kept.Item]:
        """Personal effects of a person that the house still has."""
        return [item for item in self.world.items.of_stay(stay) if item.kind == "effects"]

    def items_for(self, task: str, cabinet: str, stay: str, officer: str, other: str) -> list[kept.Item]:
        """What a task can be about: of the person, of the other officer, of the store, of the keeper."""
        match task:
            case "hand_back":
                here = self.of_cabinet(cabinet)
                return [item for item in self.effects_of(stay) if item.compartment in here]
            case "hand_over":
                return self._held(holder("officer", other), "taken")
            case "lend":
                return [
                    item
                    for item in self._stored(cabinet)
                    if item.loan is not None and item.loan.borrower == other
                ]
            case "give_back":
                return self._held(holder("officer", other), "lent")
            case "receive":
                return self._coming_back(other)
            case "restore":
                return [item for item in self._stored(cabinet) if _may_be_restored(item)]
            case "store":
                is_personal = self.area.cabinets[cabinet].kind == "effects"
                held = self._held(holder("keeper", officer), "kept")
                return [item for item in held if (item.kind == "effects") == is_personal]
            case _:
                return self._stored(cabinet)

    def _coming_back(self, carrier: str) -> list[kept.Item]:
        """On its way back with the carrier; then what is at another place, from where anybody may bring it."""
        carried = self._held(holder("in_transit", carrier), "sent")
        back = [item for item in carried if item.destination == "keeper"]
        return back + [item for item in self.world.items.values() if item.state == "away"]

    def _held(self, who: str, state: str) -> list[kept.Item]:
        return [item for item in self.world.items.values() if item.holder == who and item.state == state]

    def _stored(self, cabinet: str) -> list[kept.Item]:
        return [
            item
            for compartment in self.of_cabinet(cabinet)
            for item in self.world.items.lying_in(compartment)
        ]

    def lines_in(
        self, compartment: str, shelf: Callable[[str], Mapping[str, Mapping[str, Any]]]
    ) -> list[Item]:
        """What should lie in a compartment, in the words that this machine remembers."""
        return [line(item, shelf) for item in self.world.items.lying_in(compartment)]

    # --- compartments -----------------------------------------------------------------------

    def of_cabinet(self, cabinet: str) -> tuple[str, ...]:
        """Its compartments, as area.toml lists them."""
        return tuple(c.id for c in self.area.compartments.values() if c.cabinet == cabinet)

    def used(self, cabinet: str) -> tuple[str, ...]:
        """Those in which something lies."""
        return tuple(c for c in self.of_cabinet(cabinet) if self.world.items.lying_in(c))

    def cells(self, cabinet: str, owner: str) -> tuple[tuple[str, Name, bool], ...]:
        """Each compartment: id, label, whether something of this person, or of this case, may be put there."""
        return tuple((c, self.label(c), self._is_free(c, owner)) for c in self.of_cabinet(cabinet))

    def free_compartment(self, cabinet: str, owner: str) -> str | None:
        """Where something of the person or case lies already, else the first empty one that is shut."""
        own = [c for c in self.of_cabinet(cabinet) if self._is_own(c, owner)]
        free = [c for c in self.of_cabinet(cabinet) if self._is_free(c, owner)]
        return next((c for c in (*own, *free) if self._is_shut(c)), None)

    def _is_own(self, compartment: str, owner: str) -> bool:
        lying = self.world.items.lying_in(compartment)
        return bool(owner and lying) and all((item.stay or item.case) == owner for item in lying)

    def _is_free(self, compartment: str, owner: str) -> bool:
        is_empty = not self.world.items.lying_in(compartment)
        return self._is_shut(compartment) and (is_empty or self._is_own(compartment, owner))

    def _is_shut(self, compartment: str) -> bool:
        state = self.world.compartments.get(compartment)
        return state is not None and state.is_shut

    def label(self, compartment: str) -> Name:
        """Its number or name as it stands on the door; of nowhere without a compartment."""
        return self.area.compartments[compartment].name if compartment else NOWHERE

    def look(self, compartment: str, here: str) -> str:
        """How it is drawn: this | used | empty."""
        if compartment == here:
            return "this"
        return "used" if self.world.items.lying_in(compartment) else "empty"

    def wrong(self, cabinet: str, here: str) -> Name | None:
        """Label of another compartment of the cabinet that stands open."""
        states = (self.world.compartments.get(c) for c in self.of_cabinet(cabinet) if c != here)
        return next((self.label(state.id) for state in states if state is not None and state.is_ajar), None)


def _may_be_restored(item: kept.Item) -> bool:
    """To its owner: as it was decided, or because it has nothing to do with the case."""
    is_decided = item.disposal == "restore" or item.is_unrelated
    return is_decided and item.kind in ("exhibit", "specimen")


def line(item: kept.Item, shelf: Callable[[str], Mapping[str, Mapping[str, Any]]]) -> Item:
    """An item of the ledger as a line of a list."""
    words = shelf(item.stay or item.case or "").get(item.ref, {})
    return Item(
        item.ref, str(words.get("title", "")), str(words.get("features", "")), pieces=item.pieces, valuable=item.valuable,
        dangerous=item.dangerous, cash=item.cash, seal=item.seal, stay=item.stay or "", case=item.case or "",
        compartment=item.compartment or "", away=item.holder if item.state == "away" else "",
        due_us=item.loan.due_us if item.loan is not None else 0,
    )  # fmt: skip
