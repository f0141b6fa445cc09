"""How an item comes in, moves and goes: by the table of movements alone. What the table and the guards refuse changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from custody.apply.base import Handler, Refused, optional, text
from custody.apply.property_guards import GUARDS, ledger_rule
from custody.area import Area
from custody.facts import Fact
from custody.items import ENDED, ITEMS_MAX, Item, Loan, holder
from custody.movements import ENTERERS, MOVERS, ORDERED, SAME, TOLD, Move, Party, moves_of
from custody.world import Steps, World

Change = Callable[[Item, Fact], Item]

_NEW: Final = Item("", "", "", "", "", 1, 0, -1, 0, -1)


def _ref(fact: Fact) -> str:
    return text(fact, "item" if "item" in fact.body else "dossier")


def _handled(world: World, area: Area, fact: Fact) -> Refused | None:
    """One fact about one item."""
    ref = _ref(fact)
    item = world.items.get(ref)
    if item is None:
        return _first(world, area, fact, ref)
    row = _row(fact, item)
    if isinstance(row, Refused):
        if fact.index not in world.firm or (_moves(fact) and fact.type not in _DOSSIERS):
            return row
        row = None  # told when it could be: no movement told later takes that away
    refused = _objection(world, area, fact, item)
    if refused is not None:
        return refused
    if fact.type == "dossier.taken" and optional(fact, "officer") is None:
        return None  # told before anybody had entered the dossier: of whom it went to, nothing is known
    if row is not None:
        item = _moved(item, row, fact)
    change = _CHANGES.get(fact.type)
    _put(world, change(item, fact) if change is not None else item, item.tag)
    return None


def _put(world: World, item: Item, old_tag: str) -> None:
    """Keep the record, and who bears its tag."""
    world.items.put(item.ref, item)
    tag = item.tag if item.is_here else ""
    if old_tag and old_tag != tag and world.tags.get(old_tag) == f"item:{item.ref}":
        world.tags.drop(old_tag)
    if tag and tag != old_tag:
        world.tags.put(tag, f"item:{item.ref}")
        world.strays.drop(tag)


def _first(world: World, area: Area, fact: Fact, ref: str) -> Refused | None:
    """An item that the ledger does not know: it comes in, or nothing may be told of it."""
    if fact.index in world.firm and fact.type not in ENTERERS:
        return None  # it stood while the item was known
    if fact.type in _DOSSIERS:  # no cabinet of ours keeps it, or it came in later than that
        return _too_late(world, fact, replace(_NEW, ref=ref, kind="dossier"))
    if fact.type not in ENTERERS:
        return Refused("P3", f"item:{ref}", "unknown_item", "an item that is kept", ref)
    if ref in world.gone_items:
        return Refused("P3", f"item:{ref}", "item_known", "a reference never used", ref)
    if world.items.here >= ITEMS_MAX:
        return Refused("P3", f"item:{ref}", "store_full", f"at most {ITEMS_MAX} items", str(world.items.here))
    row = next(
        move
        for kind in ("exhibit", "effects", "specimen", "dossier")
        for move in moves_of(fact.type, kind, "")
    )
    new = replace(_NEW, ref=ref, kind=row.kinds[0], stay=optional(fact, "stay"), case=optional(fact, "case"))
    refused = _objection(world, area, fact, new)
    if refused is not None:
        return refused
    source = holder("person", new.stay) if row.debited.kind == "person" and new.stay else "outside"
    new = replace(
        _described(new, fact),
        holder=source,
        source=source,
        entered_us=fact.occurred_us,
        entered_fact=fact.index,
    )
    change = _CHANGES.get(fact.type)
    entered = _moved(new, row, fact)
    world.items.put(ref, change(entered, fact) if change is not None else entered)
    return None


def _objection(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """What stands against it beside the table; nothing any more once it was let in."""
    if fact.index in world.firm:
        return None
    refused = _too_late(world, fact, item) or (_of_its_stay(fact, item) if item.state else None)
    for guard in GUARDS.get(fact.type, ()):
        refused = refused or guard(world, area, fact, item)
    return refused


def _too_late(world: World, fact: Fact, item: Item) -> Refused | None:
    """A movement of the same item that happened later is on record already."""
    if fact.type not in ORDERED or fact.occurred_us >= world.moved_us.get(item.ref, fact.occurred_us):
        return None
    return Refused(
        ledger_rule(item), f"item:{item.ref}", "superseded", "after its newest movement", "before it"
    )


def _of_its_stay(fact: Fact, item: Item) -> Refused | None:
    """A leaf about a thing of a stay stands in that stay's bundle, and in no other's."""
    if fact.type.startswith("dossier.") or optional(fact, "stay") == item.stay:
        return None
    expected = f"stay {item.stay}" if item.stay is not None else "no stay"
    return Refused(ledger_rule(item), f"item:{item.ref}", "stay_of_item", expected, fact.stay or "none")


# --- the table --------------------------------------------------------------------------------


def _row(fact: Fact, item: Item) -> Move | Refused | None:
    """The row of the table under which it moves; None for what is told of it where it is."""
    rows = moves_of(fact.type, item.kind, item.state)
    told = TOLD.get(fact.type)
    if not _moves(fact):
        assert told is not None, "a fact about an item moves it or tells of it"
        kinds, states = told
        may_be = item.state in states or place_found(fact) is not None
        return None if item.kind in kinds and may_be else _out_of_place(item, fact, states)
    rows = tuple(row for row in rows if _is_meant(row, fact))
    if not rows:
        return _out_of_place(item, fact, tuple(dict.fromkeys(m.state for m in _all_rows(fact, item.kind))))
    fitting = [row for row in rows if _is_held_by(item, row.debited, fact)]
    if not fitting:
        expected = " or ".join(_named(row.debited, fact, item) for row in rows)
        return Refused(ledger_rule(item), f"item:{item.ref}", "other_holder", item.holder, expected)
    return fitting[0]


def place_found(fact: Fact) -> str | None:
    """The compartment in which a stock-taking says that it found a thing, wherever the ledger has it."""
    is_found = fact.type == "item.counted" and fact.body["found"] is True
    return optional(fact, "compartment") if is_found else None


def _moves(fact: Fact) -> bool:
    return fact.type in MOVERS and (fact.type != "item.corrected" or "compartment" in fact.body)


def _all_rows(fact: Fact, kind: str) -> list[Move]:
    states = ("taken", "kept", "stored", "lent", "sent", "away")
    return [row for state in states for row in moves_of(fact.type, kind, state) if _is_meant(row, fact)]


def _out_of_place(item: Item, fact: Fact, states: tuple[str, ...]) -> Refused:
    if fact.type in ENTERERS and (not states or not item.is_here):
        return Refused(
            ledger_rule(item), f"item:{item.ref}", "item_known", "a reference never used", item.ref
        )
    expected = " or ".join(states) or "another kind"
    return Refused(
        ledger_rule(item), f"item:{item.ref}", "illegal_move", expected, f"{item.kind} {item.state}"
    )


def _is_meant(row: Move, fact: Fact) -> bool:
    """Of two rows for what is sent: back to the keeper, or on to another place."""
    destination = fact.body.get("destination")
    if fact.type != "item.received":
        return fact.type == "item.sent" or destination != "keeper"
    return (row.credited.kind == "keeper") == (destination == "keeper")


def _is_held_by(item: Item, party: Party, fact: Fact) -> bool:
    if party.field == "*":
        return party.kind == "destination" or item.holder.startswith(f"{party.kind}:")
    return item.holder == _named(party, fact, item)


def _named(party: Party, fact: Fact, item: Item) -> str:
    """The holder that a fact names. Family and others who collect are outside, and so is a place of no stay."""
    if party.kind == "destination":
        return str(fact.body.get(party.field, party.kind))
    if party.kind == "receiver":
        is_person = fact.body.get(party.field) == "person" and item.stay is not None
        return holder("person", str(item.stay)) if is_person else "outside"
    if party.field == "*":
        return holder(party.kind, item.keeper if party.kind == "keeper" else "")
    return holder(party.kind, str(fact.body.get(party.field, "")) if party.field else "")


def _moved(item: Item, row: Move, fact: Fact) -> Item:
    """Debit who held it, credit who holds it now."""
    credited = _named(row.credited, fact, item)
    kind, _, ref = credited.partition(":")
    return replace(
        item,
        kind=item.kind if row.to_kind == SAME else row.to_kind,
        state=row.to_state,
        holder=credited,
        keeper=ref if kind == "keeper" else item.keeper,
        since_us=fact.occurred_us,
        fact=fact.index,
    )


# --- what else a fact says of the item ---------------------------------------------------------


def _described(item: Item, fact: Fact) -> Item:
    body = fact.body
    pieces = body.get("pieces")
    return replace(
        item,
        pieces=pieces if isinstance(pieces, int) else item.pieces,
        valuable=body.get("valuable", item.valuable) is True,
        dangerous=body.get("dangerous", item.dangerous) is True,
        cash=body.get("cash", item.cash) is True,
        seal=optional(fact, "seal") or item.seal,
    )


def _taken(item: Item, fact: Fact) -> Item:
    """Who took it may not keep it; what was seized is of a case from now on."""
    officers = fact.body.get("officers")
    hands = [
        *item.handlers,
        *(map(str, officers) if isinstance(officers, list) else ()),
        text(fact, "taken_by"),
    ]
    is_registered = fact.type == "item.registered" or (item.is_registered and fact.type != "item.seized")
    case = optional(fact, "case") or item.case
    known = _described(item, fact)
    return replace(
        known,
        handlers=tuple(dict.fromkeys(hands)),
        case=case,
        is_registered=is_registered,
        remote=fact.body.get("remote") is True,
    )


def _loan(item: Item, fact: Fact) -> Item:
    due_us = fact.body["return_by_at_us"]
    assert isinstance(due_us, int), "a due moment of a checked body"
    if fact.type == "item.borrow_approved":
        return replace(item, loan=Loan(text(fact, "borrower"), due_us, text(fact, "approver"), fact.index))
    return item if item.loan is None else replace(item, loan=replace(item.loan, due_us=due_us))


def _back(item: Item, fact: Fact) -> Item:
    return replace(item, loan=None, destination="", condition=optional(fact, "state") or item.condition)


def _received(item: Item, fact: Fact) -> Item:
    if item.state == "kept":
        return _back(item, fact)
    ended = item.state == ENDED
    return replace(
        item, condition=optional(fact, "state") or item.condition, loan=None if ended else item.loan
    )


def _dossier_taken(item: Item, fact: Fact) -> Item:
    due_us = fact.body["return_by_at_us"]
    assert isinstance(due_us, int), "a due moment of a checked body"
    return replace(item, loan=Loan(text(fact, "officer"), due_us, "", fact.index))


_CHANGES: Final[Mapping[str, Change]] = {
    "item.found": _taken,
    "item.seized": _taken,
    "item.registered": _taken,
    "item.collected": _taken,
    "item.brought_in": lambda item, _: replace(item, remote=False),
    "item.tagged": lambda item, fact: replace(item, tag=text(fact, "tag")),
    "item.found_unrelated": lambda item, _: replace(item, is_unrelated=True),
    "item.inspected": lambda item, fact: replace(item, condition=text(fact, "state")),
    "item.corrected": _described,
    "item.borrow_approved": _loan,
    "item.lent": _loan,
    "loan.extended": _loan,
    "item.given_back": _back,
    "dossier.taken": _dossier_taken,
    "dossier.returned": _back,
    "item.sent": lambda item, fact: replace(item, destination=text(fact, "destination")),
    "item.received": _received,
    "disposal.decided": lambda item, fact: replace(item, disposal=text(fact, "disposal")),
}


def _split(world: World, area: Area, fact: Fact) -> Refused | None:
    """Pieces leave one item and are another, in the same hands."""
    refused = _handled(world, area, fact)
    if refused is not None:
        return refused
    whole, part, pieces = world.items.get(_ref(fact)), text(fact, "part"), fact.body["pieces"]
    assert whole is not None, "an item that was found whole"
    assert isinstance(pieces, int), "a number of a checked body"
    world.items.put(whole.ref, replace(whole, pieces=whole.pieces - pieces))
    new = replace(
        whole, ref=part, pieces=pieces, part_of=whole.ref, seal=optional(fact, "seal") or "", tag="", loan=None,
        since_us=fact.occurred_us, fact=fact.index, entered_us=fact.occurred_us, entered_fact=fact.index,
    )  # fmt: skip
    world.items.put(part, new)
    _pass_on(world, f"item:{whole.ref}", f"item:{part}")
    return None


def _pass_on(world: World, whole: str, part: str) -> None:
    """What was done with the whole was done with the part: its periods go on, and so do its approvals."""
    marks = world.steps_of(whole)
    if marks:
        world.steps.renew(part, Steps(marks, tuple(marks)))
    approvals = world.approvals.get(whole)
    if approvals:
        world.approvals.put(part, approvals)


_DOSSIERS: Final = frozenset({"dossier.taken", "dossier.returned"})
LEDGER: Final = frozenset({*MOVERS, *TOLD, "count.started", "count.ended"})
_FACTS: Final = {*MOVERS, *TOLD} - {"item.split"}
PROPERTY: Final[Mapping[str, Handler]] = {**dict.fromkeys(sorted(_FACTS), _handled), "item.split": _split}


def note_let_in(world: World, fact: Fact) -> None:
    """It stands from now on, whatever is told later of the time before it."""
    world.firm.add(fact.index)
    if fact.type in ORDERED:
        for key in ("item", "dossier", "part"):
            ref = fact.body.get(key)
            if isinstance(ref, str) and ref in world.items:
                world.moved_us[ref] = max(fact.occurred_us, world.moved_us.get(ref, fact.occurred_us))
