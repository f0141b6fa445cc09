"""Leads a thing through the ledger in a story: what has to come before a fact about it, and a body that may stand.

The way is read from the table of movements (`custody.movements`), as that of the person is from the rulebook.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from custody.area import Area
from custody.bookcheck.telling import STAY, Impossible
from custody.catalogue import FACT_TYPES
from custody.catalogue.property import PROPERTY
from custody.fields import BOOL, HASH, INSTANT, INT, REFS
from custody.movements import MOVES, SAME, TOLD, moves_of
from custody.name import Name
from custody.property_words import SIGNED_FOR_BY, WITNESSES
from custody.rules import Rulebook
from custody.times import local_date, quarter_of

ITEM: Final = "i-1"
CASE: Final = "c-1"
DUE_US: Final = 24 * 3_600 * 1_000_000  # a loan of a story runs so long
_FACTS: Final = frozenset(item.name for item in PROPERTY)
_FIRST: Final[Mapping[str, str]] = {"item.lent": "item.borrow_approved"}
ASKED_BY_LEDGER: Final = frozenset(_FIRST.values())
"""Approvals that the ledger itself asks for before it moves a thing."""
_DISPOSALS: Final[Mapping[str, str]] = {
    "item.restored": "restore",
    "item.transferred": "transfer",
    "item.destroyed": "destroy",
    "item.auctioned": "auction",
    "item.forfeited": "forfeit",
}
_CABINETS: Final[Mapping[str, str]] = {"effects": "effects", "dossier": "dossier"}
_BY_HAND: Final = ("item.corrected", "item.split", "item.counted")


@dataclass(slots=True)
class Thing:
    """One thing of the story, as far as it has been told."""

    ref: str
    kind: str = ""
    state: str = ""
    stay: str | None = None
    person: str = ""  # the officer or keeper who holds it
    compartment: str = ""
    destination: str = ""
    borrower: str = ""
    done: set[str] = field(default_factory=set)


class Telling(Protocol):
    """What the store asks of whoever tells the story."""

    area: Area
    book: Rulebook
    now_us: int

    @property
    def rows(self) -> Sequence[object]:
        """The lines so far."""

    @property
    def held(self) -> Mapping[str, Any]:
        """Persons, each with what was `done`."""

    def officer(self, roles: Iterable[str] = (), *, service: str = "sworn", sex: str = "M") -> str:
        """An officer of this kind."""

    def approver(self, roles: tuple[str, ...]) -> str:
        """An officer who may approve."""

    def instant(self, at_us: int) -> Any:
        """An instant as the story writes it."""

    def open(self, stay: str) -> Any:
        """A person whose stay has begun."""

    def do(self, step: str, ref: str) -> None:
        """A step of a person."""

    def tell(self, fact: str, **body: Any) -> None:
        """One fact."""


class Store:
    """The things of a script. `kinds` and `traits`: of what kind they are to be, and what is stated of them."""

    def __init__(self, script: Telling) -> None:
        """Nothing is kept yet."""
        self._s = script
        self.kinds: tuple[str, ...] = ()
        self.traits: tuple[str, ...] = ()
        self.avoided: tuple[str, ...] = ()  # steps that must not be done
        self.due_us: int | None = None  # when a loan is due; else a day after it is approved
        self.things: dict[str, Thing] = {}

    def knows(self, fact: str) -> bool:
        """The fact is about a thing, or about a stock-taking."""
        return fact in _FACTS and not fact.startswith("dossier.")

    def thing(self, ref: str = ITEM) -> Thing:
        """The thing of this reference."""
        return self.things.setdefault(ref, Thing(ref))

    # --- the cast --------------------------------------------------------------------------

    def keeper(self, *, other: bool = False) -> str:
        """Somebody who keeps and does nothing else."""
        return self._s.officer(("keeper",), sex="F" if other else "M")

    # --- telling ---------------------------------------------------------------------------

    def do(self, fact: str, value: str, ref: str, unit: str, fields: Mapping[str, Any]) -> None:
        """A fact of a thing (or of the thing of a stay, case, cabinet, room, stock-taking), and what comes before it."""
        if fact in ("count.started", "count.ended", "clearup.held") or unit == "stocktaking":
            self._count(fact, ref, unit, fields)
            return
        item = self.thing(ref if unit == "item" else ITEM)
        if unit == "stay":
            item.stay = self._s.open(ref).ref
        self.lead(fact, value, item)
        self.tell(fact, value, item, **fields)

    def lead(self, fact: str, value: str, item: Thing) -> None:
        """Take the thing to where this fact may be told of it."""
        if fact in ("item.received", "item.transferred") and value not in ("", "keeper"):
            item.destination = value  # to the keeper it comes back, from wherever it was sent
        for step in self._path(fact, item):
            self._before(step, item)
            self.tell(step, item.destination if step == "item.sent" else "", item)
        self._before(fact, item)

    def tell(self, fact: str, value: str, item: Thing, **fields: Any) -> None:
        """The fact as it is, with nothing put before it."""
        body = self._body(fact, value, item) | fields
        if fact == "item.photographed" and body["photo"] is None:
            body["no_photo"] = "sealed"
        self._s.tell(
            fact, **{key.removesuffix("_us") if key.endswith("_at_us") else key: v for key, v in body.items()}
        )
        self._note(fact, value, body, item)

    def _before(self, fact: str, item: Thing) -> None:
        first = _FIRST.get(fact)
        if first is not None and first not in item.done:
            self.tell(first, "", item)
        disposal = _DISPOSALS.get(fact)
        if disposal is not None and f"disposal:{disposal}" not in item.done:
            self.tell("disposal.decided", disposal, item)

    # --- the way ---------------------------------------------------------------------------

    def _path(self, fact: str, item: Thing) -> tuple[str, ...]:
        """The fewest movements after which the fact may be told. Raises Impossible."""
        start = (item.kind, item.state)
        known: dict[tuple[str, str], tuple[str, ...]] = {start: ()}
        queue = [start]
        while queue:
            here = queue.pop(0)
            if self._may(fact, here):
                return known[here]
            for move, there in self._ways_on(here):
                if there not in known:
                    known[there] = (*known[here], move)
                    queue.append(there)
        raise Impossible(
            "refused", fact, Name(f"{item.kind} {item.state} 不能", f"not for {item.kind} {item.state}")
        )

    def _ways_on(self, here: tuple[str, str]) -> list[tuple[str, tuple[str, str]]]:
        kind, state = here
        wanted = self.kinds or ("exhibit", "effects", "specimen")
        return [
            (move.fact, (each if move.to_kind == SAME else move.to_kind, move.to_state))
            for each in ((kind,) if state else wanted)
            for move in MOVES
            if move.state == state and each in move.kinds and move.fact not in _BY_HAND
        ]

    def _may(self, fact: str, here: tuple[str, str]) -> bool:
        kind, state = here
        if not state:
            return bool(self._entering(fact))
        if self.kinds and kind not in self.kinds:
            return False
        told = TOLD.get(fact)
        return bool(moves_of(fact, kind, state)) or (
            told is not None and kind in told[0] and state in told[1]
        )

    def _entering(self, fact: str) -> tuple[str, ...]:
        """The kinds as which this fact brings a thing in."""
        kinds = [kind for move in MOVES if move.fact == fact and not move.state for kind in move.kinds]
        return tuple(kind for kind in kinds if not self.kinds or kind in self.kinds)

    def _note(self, fact: str, value: str, body: Mapping[str, Any], item: Thing) -> None:
        """Where the thing is now."""
        item.done |= {fact, f"{fact}:{value}"}
        if fact == "disposal.decided":
            item.done.add(f"disposal:{body['disposal']}")
        if fact == "item.borrow_approved":
            item.borrower = str(body["borrower"])
        rows = moves_of(fact, item.kind or (self._entering(fact) or ("",))[0], item.state)
        is_back = body.get("destination") == "keeper"
        row = next(
            (r for r in rows if fact != "item.received" or (r.credited.kind == "keeper") == is_back), None
        )
        if row is None or (fact == "item.corrected" and "compartment" not in body):
            return
        item.kind = (item.kind or row.kinds[0]) if row.to_kind == SAME else row.to_kind
        item.state = row.to_state
        item.compartment = str(body.get("compartment", ""))
        item.person = str(body.get(row.credited.field, item.person))
        item.stay = body.get("stay")

    # --- bodies ----------------------------------------------------------------------------

    def _body(self, fact: str, value: str, item: Thing) -> dict[str, Any]:
        spec = FACT_TYPES[fact]
        if not item.state and fact == "item.found":
            item.stay = item.stay or self._searched()
        body: dict[str, Any] = {"item": item.ref, "stay": item.stay}
        if spec.step_field is not None and value:
            body[spec.step_field] = value
        body |= dict.fromkeys((t for t in self.traits if t in spec.fields and not item.state), True)
        for key, wanted in spec.fields.items():
            if wanted.required and body.get(key) is None:
                body[key] = self._value(fact, key, wanted, item)
        if fact == "item.photographed":
            body["photo"] = "0" * 64
        if fact == "item.signed":
            body["signed_by"] = SIGNED_FOR_BY[body["of"]][0]
        elif fact == "item.refused_signature":
            body["signed_by"] = WITNESSES[0]
        if fact == "item.received" and body["destination"] == "keeper":
            body["keeper"] = self.keeper()
        return body

    def _searched(self) -> str:
        """The stay whose effects they are: the person was searched before."""
        self._s.open(STAY)
        if "search.signed" not in self._s.held[STAY].done:
            self._s.do("search.signed", STAY)
        return STAY

    def _value(self, fact: str, key: str, wanted: Any, item: Thing) -> Any:
        s, named = self._s, self._named(fact, key, item)
        if named is not None:
            return named
        if wanted.choices:
            return next(c for c in wanted.choices if f"{fact}:{c}" not in self.avoided)
        if key == "approver":
            approval = s.book.approvals.get(fact)
            return s.approver(approval.approvers if approval is not None else ("county_head",))
        plain: dict[str, Any] = {
            REFS: [s.officer(), s.officer(sex="F")], BOOL: True, INT: 3, HASH: ("1" if key.startswith("giver") else "2") * 64,
            INSTANT: s.instant(s.now_us + DUE_US if self.due_us is None else self.due_us),
        }  # fmt: skip
        return plain.get(wanted.kind, s.officer())

    def _named(self, fact: str, key: str, item: Thing) -> Any:
        """Who and where, by where the thing is now."""
        s = self._s
        if key == "keeper":
            is_held = item.state == "kept" and fact != "item.handed_over"
            return item.person if is_held else self.keeper(other=item.state == "kept")
        if key == "giver":
            return item.person
        if key in ("borrower", "carrier"):
            is_lent = key == "borrower" and item.state == "lent"
            is_sent = key == "carrier" and item.state == "sent"
            return item.person if is_lent or is_sent else item.borrower or s.officer(("guard",))
        if key == "inspector":
            return self.keeper(other=True)
        if key == "compartment":
            return item.compartment or self.compartment(item)
        if key == "destination":
            return item.destination or ("detention_centre" if item.kind == "effects" else "laboratory")
        return {"case": CASE, "part": f"{item.ref}-part", "taken_by": s.officer()}.get(key)

    def compartment(self, item: Thing) -> str:
        """One of a cabinet of the right kind; any name where the area has no cabinets."""
        kind = "dangerous" if "dangerous" in self.traits else _CABINETS.get(item.kind, "property")
        area = self._s.area
        found = [c.id for c in area.compartments.values() if area.cabinet_of(c.id).kind == kind]
        if not found and area.compartments:
            self.lacks(f"{kind} cabinet")
        return found[0] if found else "k-1"

    def lacks(self, what: str) -> None:
        """Raises Impossible: the area has no such thing."""
        raise Impossible("not_in_area", what, Name(f"{self._s.area.id} 没有", f"{self._s.area.id} has none"))

    # --- stock-taking ----------------------------------------------------------------------

    def _count(self, fact: str, ref: str, unit: str, fields: Mapping[str, Any]) -> None:
        s = self._s
        if fact == "clearup.held":
            day = local_date(s.now_us, s.area.zone)
            quarter = dict(zip(("year", "quarter"), quarter_of(day), strict=True))
            s.tell(fact, room=ref, **quarter, officers=[s.officer(), s.officer(sex="F")], **fields)
            return
        cabinet = ref if unit == "cabinet" else self.cabinet()
        count = ref if unit == "stocktaking" else f"n-{len(s.rows)}"
        begun = self.thing(f"count {count}")
        is_short = bool(fields.get("missing"))
        if is_short and not begun.done:
            self.do("item.stored", "", ITEM, "item", {})
        if fact == "count.started" or "count.started" not in begun.done:
            body = {"stocktaking": count, "cabinet": cabinet, "counter": self.keeper(other=True)}
            s.tell("count.started", **(body | (dict(fields) if fact == "count.started" else {})))
            begun.done.add("count.started")
        if is_short:
            s.tell("item.counted", item=ITEM, stocktaking=count, found=False)
        if fact == "count.ended":
            s.tell(fact, **({"stocktaking": count, "missing": 0} | dict(fields)))

    def cabinet(self, kind: str = "property") -> str:
        """The first cabinet of a kind. Raises Impossible."""
        found = [c.id for c in self._s.area.cabinets.values() if c.kind == kind]
        if not found:
            self.lacks("cabinet")
        return found[0]
