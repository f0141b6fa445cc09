"""A property store for tests: an area with three cabinets, a few officers, and one short way to say a fact of an item."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from custody.area import Area, Cabinet, Compartment
from custody.bundled import rulebook_text
from custody.effects import Effect, Refusal
from custody.engine import Engine
from custody.facts import Fact
from custody.items import Item
from custody.name import Name
from custody.reader import load_rulebook
from custody.rules import Rulebook
from tests.custody.support import START_US, area, fact

Step = tuple[str, dict[str, Any]]
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
OFFICERS = {
    "o1": ("sworn", ["case_officer"]), "o2": ("sworn", ["case_officer"]), "o3": ("sworn", ["case_officer", "keeper"]),
    "k1": ("sworn", ["keeper"]), "k2": ("sworn", ["keeper"]), "h1": ("sworn", ["case_department_head", "station_leader"]),
    "x1": ("external", ["court"]),
}  # fmt: skip
CABINETS = {"P": "property", "E": "effects", "D": "dangerous", "F": "dossier"}
COMPARTMENTS = [f"{cabinet}-{n}" for cabinet in CABINETS for n in (1, 2)]


@cache
def store_area() -> Area:
    """The standard area with a cabinet of each kind in its property store."""
    cabinets = {
        ref: Cabinet(
            id=ref,
            kind=kind,
            name=Name(ref, ref),
            room="property",
            reader="rd-property",
            recorder="rec-south",
        )
        for ref, kind in CABINETS.items()
    }
    places = {ref: Compartment(id=ref, name=Name(ref, ref), cabinet=ref[0]) for ref in COMPARTMENTS}
    return replace(area(), cabinets=cabinets, compartments=places)


@cache
def plain_book() -> Rulebook:
    """A rulebook that says nothing of property: what is refused, the ledger itself refuses."""
    return load_rulebook(rulebook_text("ew-pace"), "ew-pace.toml", rulebook_text)


def signed(who: str) -> str:
    """Stands for the hash of somebody's signature."""
    return who.encode().hex().ljust(64, "0")


class Store:
    """The engine over the facts of one store, a minute apart."""

    def __init__(self, book: Rulebook | None = None) -> None:
        self.engine = Engine(store_area(), book or plain_book())
        self.index = 0
        self.now_us = START_US
        self.facts: list[Fact] = []
        self.effects: list[tuple[Fact, Effect]] = []
        self.last: Refusal | None = None  # of the last fact that was tried
        for ref, (service, roles) in OFFICERS.items():
            self.say("officer.registered", officer=ref, service=service, roles=roles)
        for stay in ("s1", "s2"):
            self.say("person.arrived", stay=stay)

    def say(self, name: str, at_us: int | None = None, **body: Any) -> list[Effect]:
        """State a fact; ids are given in order. `at_us`: it happened then and is told now."""
        self.index += 1
        self.now_us += MINUTE_US
        stated = fact(name, self.index, self.now_us if at_us is None else at_us, self.now_us, **body)
        self.facts.append(stated)
        told = self.engine.step(stated)
        self.effects += [(stated, effect) for effect in told]
        return told

    def refused(self, name: str, at_us: int | None = None, **body: Any) -> str:
        """The reason for which the fact is refused; empty when it stands."""
        told = self.say(name, at_us, **body)
        self.last = next((e for e in told if isinstance(e, Refusal) and e.fact == self.index), None)
        return self.last.reason if self.last is not None else ""

    def wait(self, span_us: int) -> None:
        """Let time go by: the gateway wakes at each deadline."""
        until_us = self.now_us + span_us
        while (due_us := self.engine.next_deadline_us()) is not None and due_us <= until_us:
            self.now_us = max(self.now_us, due_us) - MINUTE_US
            self.say("deadline.reached")
        self.now_us = until_us

    def item(self, ref: str) -> Item:
        found = self.engine.world.items.get(ref)
        assert found is not None, f"no item {ref}"
        return found

    def way(self, ref: str, *steps: str, names: Mapping[str, Step] | None = None, **body: Any) -> None:
        """Lawful steps of one item by name, each of which stands. `body`: more for the first of them."""
        for number, step in enumerate(steps):
            name, filled = (names or LAWFUL)[step]
            item = self.engine.world.items.get(ref)
            stay = {"stay": item.stay} if item is not None and item.stay is not None else {}
            key = "dossier" if name.startswith("dossier.") else "item"
            full = {key: ref, **stay, **filled, **(body if number == 0 else {})}
            if "return_by_at_us" in full:
                full["return_by_at_us"] = self.now_us + 24 * HOUR_US - self.index * MINUTE_US
            reason = self.refused(name, **full)
            assert not reason, f"{step}: {reason}"


def hands(giver: str, taker: str) -> dict[str, str]:
    """Both sign."""
    return {"giver_signature": signed(giver), "taker_signature": signed(taker)}


_SEIZED = {
    "case": "c1", "procedure": "criminal", "seized_from": "place", "officers": ["o1", "o2"], "taken_by": "o1",
    "pieces": 5, "copies": 3,
}  # fmt: skip
LAWFUL: dict[str, Step] = {
    "find": ("item.found", {"stay": "s1", "taken_by": "o1", "pieces": 2}),
    "seize": ("item.seized", _SEIZED),
    "register": (
        "item.registered",
        {key: _SEIZED[key] for key in ("case", "officers", "taken_by", "pieces")},
    ),
    "collect": ("item.collected", {key: _SEIZED[key] for key in ("case", "officers", "taken_by", "pieces")}),
    "hand over": ("item.handed_over", {"giver": "o1", "keeper": "k1", **hands("o1", "k1")}),
    "to k2": ("item.handed_over", {"giver": "k1", "keeper": "k2", **hands("k1", "k2")}),
    "store": ("item.stored", {"keeper": "k1", "compartment": "P-1"}),
    "store effects": ("item.stored", {"keeper": "k1", "compartment": "E-1"}),
    "take out": ("item.taken_out", {"keeper": "k1", "compartment": "P-1"}),
    "take out effects": ("item.taken_out", {"keeper": "k1", "compartment": "E-1"}),
    "approve": (
        "item.borrow_approved",
        {"approver": "h1", "borrower": "o2", "purpose": "evidence", "return_by_at_us": 0},
    ),
    "lend": ("item.lent", {"keeper": "k1", "borrower": "o2", "return_by_at_us": 0, **hands("k1", "o2")}),
    "give back": (
        "item.given_back",
        {"keeper": "k1", "borrower": "o2", "state": "whole", **hands("o2", "k1")},
    ),
    "send": ("item.sent", {"destination": "laboratory", "carrier": "o2"}),
    "arrive": ("item.received", {"destination": "laboratory", "carrier": "o2"}),
    "send back": ("item.sent", {"destination": "keeper", "carrier": "o2"}),
    "arrive back": ("item.received", {"destination": "keeper", "carrier": "o2", "keeper": "k1"}),
    "to the centre": ("item.sent", {"destination": "detention_centre", "carrier": "o2"}),
    "at the centre": ("item.received", {"destination": "detention_centre", "carrier": "o2"}),
    "unrelated": ("item.found_unrelated", {}),
    "decide restore": ("disposal.decided", {"case": "c1", "disposal": "restore", "approver": "h1"}),
    "decide destroy": ("disposal.decided", {"case": "c1", "disposal": "destroy", "approver": "h1"}),
    "decide transfer": ("disposal.decided", {"case": "c1", "disposal": "transfer", "approver": "x1"}),
    "decide auction": ("disposal.decided", {"case": "c1", "disposal": "auction", "approver": "h1"}),
    "decide forfeit": ("disposal.decided", {"case": "c1", "disposal": "forfeit", "approver": "h1"}),
    "restore": ("item.restored", {"giver": "k1"}),
    "destroy": ("item.destroyed", {"keeper": "k1", "officers": ["k1", "h1"]}),
    "transfer": ("item.transferred", {"keeper": "k1", "destination": "court"}),
    "auction": ("item.auctioned", {"keeper": "k1"}),
    "forfeit": ("item.forfeited", {"keeper": "k1"}),
    "return": ("item.returned", {"giver": "k1", "receiver": "person"}),
}
