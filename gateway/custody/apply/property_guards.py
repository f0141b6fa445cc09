"""What stands against a movement that the table allows: who may hold it, what was approved, where it may lie."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.apply.base import Refused, optional, text
from custody.area import Area
from custody.facts import Fact
from custody.items import Item
from custody.world import World

Guard = Callable[[World, Area, Fact, Item], Refused | None]

TWO: Final = (
    2  # a destruction, a split and a correction are stated by two: else one alone could make things vanish
)
_LEDGER_RULES: Final = {"exhibit": "P3", "effects": "P19", "specimen": "P23", "dossier": "D10"}
_APART_RULES: Final = {"effects": "P18"}
_CABINETS: Final = {"exhibit": "property", "specimen": "property", "effects": "effects", "dossier": "dossier"}
_DANGEROUS: Final = "dangerous"


def ledger_rule(item: Item) -> str:
    """The rule that wants each item of this kind on record."""
    return _LEDGER_RULES.get(item.kind, "P3")


def _subject(item: Item) -> str:
    return f"item:{item.ref}"


# --- who --------------------------------------------------------------------------------------


def _officers(*fields: str) -> Guard:
    """Whoever is named is a registered officer of the police."""

    def guard(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
        for key in fields:
            value = fact.body.get(key)
            for ref in value if isinstance(value, list) else [value]:
                known = world.officers.get(str(ref))
                if ref is not None and (known is None or known.service == "external"):
                    return Refused(
                        ledger_rule(item), _subject(item), "unknown_officer", "a registered officer", str(ref)
                    )
        return None

    return guard


def _by_keeper(field: str) -> Guard:
    """Whoever holds it for the store is a keeper."""

    def guard(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
        ref = text(fact, field)
        known = world.officers.get(ref)
        if known is None:
            return Refused(ledger_rule(item), _subject(item), "unknown_officer", "a registered officer", ref)
        if "keeper" not in known.roles:
            return Refused(
                ledger_rule(item), _subject(item), "no_keeper", "keeper", f"{ref}: {', '.join(known.roles)}"
            )
        return None

    return guard


def _apart(field: str) -> Guard:
    """Who took a thing does not keep, count or inspect it."""

    def guard(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
        ref = fact.body.get(field)
        if ref not in item.handlers:
            return None
        rule = _APART_RULES.get(item.kind, "P2")
        return Refused(rule, _subject(item), "keeper_is_handler", "somebody who did not take it", str(ref))

    return guard


def _two_hands(giver: str, taker: str) -> Guard:
    """One gives and another takes, and each signs: a signature that stands twice is a copy."""

    def guard(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
        body = fact.body
        if body.get(giver) == body.get(taker):
            return Refused(ledger_rule(item), _subject(item), "one_hand", "two officers", text(fact, giver))
        if body.get("giver_signature") == body.get("taker_signature"):
            return Refused(
                ledger_rule(item), _subject(item), "one_signature", "two signatures", "the same twice"
            )
        return None

    return guard


def _two_officers(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    officers = fact.body["officers"]
    named = set(officers) if isinstance(officers, list) else set()
    if len(named) >= TWO:
        return None
    return Refused(
        ledger_rule(item),
        _subject(item),
        "two_officers",
        "two officers",
        ", ".join(sorted(named)) or "nobody",
    )


def _borrower_named(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    if optional(fact, "officer") is not None:
        return None
    return Refused("D10", _subject(item), "unknown_officer", "the officer who takes it", "nobody")


def _keeper_if_back(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """What comes back is taken in by a keeper who is named."""
    if fact.body["destination"] != "keeper":
        return None
    if optional(fact, "keeper") is None:
        return Refused(ledger_rule(item), _subject(item), "no_keeper", "keeper", "nobody")
    return _by_keeper("keeper")(world, area, fact, item) or _apart("keeper")(world, area, fact, item)


# --- what was approved ------------------------------------------------------------------------


def _approver_known(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """Which roles approve, the rulebook says; a court or another organ may be one."""
    approver = text(fact, "approver")
    if approver in world.officers:
        return None
    return Refused(ledger_rule(item), _subject(item), "unknown_officer", "a registered officer", approver)


def _not_seized_before(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """Effects can become an exhibit, and what was only registered can be seized; nothing is seized twice, and all of it, unless it was split."""
    if not item.state:
        return None
    if item.kind == "exhibit" and not item.is_registered:
        return Refused(ledger_rule(item), _subject(item), "item_known", "a thing not seized before", item.ref)
    pieces = fact.body["pieces"]
    if pieces == item.pieces:
        return None
    return Refused(ledger_rule(item), _subject(item), "other_pieces", str(item.pieces), str(pieces))


def _approver_apart(*fields: str) -> Guard:
    """Nobody approves what is for himself."""

    def guard(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
        approver = text(fact, "approver")
        named = {fact.body.get(field) for field in fields} | ({item.loan.borrower} if item.loan else set())
        if approver in named:
            return Refused("P4", _subject(item), "own_approval", "somebody else", approver)
        return None

    return guard


def _loan_approved(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    loan, borrower, due_us = item.loan, text(fact, "borrower"), fact.body["return_by_at_us"]
    if loan is None or loan.due_us <= fact.occurred_us:
        return Refused(
            "P4",
            _subject(item),
            "not_approved",
            "a loan that was approved",
            "none" if loan is None else "run out",
        )
    if loan.borrower != borrower:
        return Refused("P4", _subject(item), "other_borrower", loan.borrower, borrower)
    if isinstance(due_us, int) and due_us > loan.due_us:
        return Refused("P4", _subject(item), "beyond_approval", str(loan.due_us), str(due_us))
    return None


def _later(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    due_us = fact.body["return_by_at_us"]
    if item.loan is None or (isinstance(due_us, int) and due_us > item.loan.due_us):
        return None
    return Refused("P4", _subject(item), "not_later", f"after {item.loan.due_us}", str(due_us))


def _decided(disposal: str) -> Guard:
    """Nothing is disposed of but as it was decided; what is unrelated goes back without a decision."""

    def guard(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
        if item.disposal == disposal or (disposal == "restore" and item.is_unrelated):
            return None
        return Refused("P11", _subject(item), "not_decided", disposal, item.disposal or "none")

    return guard


def _of_its_case(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    if item.case is None or item.case == text(fact, "case"):
        return None
    return Refused("P11", _subject(item), "other_case", item.case, text(fact, "case"))


# --- where ------------------------------------------------------------------------------------


def _may_lie_there(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """Dangerous goods in their own store; the effects of one person in a compartment by themselves."""
    compartment = optional(fact, "compartment")
    if compartment is None or compartment not in area.compartments:
        return None
    kind, wanted = area.cabinet_of(compartment).kind, _DANGEROUS if item.dangerous else _CABINETS[item.kind]
    if kind != wanted:
        return Refused("P14", _subject(item), "wrong_cabinet", wanted, f"{compartment}: {kind}")
    others = [
        other
        for other in world.items.lying_in(compartment)
        if other.ref != item.ref and other.stay != item.stay and "effects" in (item.kind, other.kind)
    ]
    if others:
        return Refused(
            "P21", _subject(item), "compartment_of_another", f"stay {item.stay}", f"stay {others[0].stay}"
        )
    return None


def _where_to(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """It arrives where it was sent to, or comes back undelivered; effects follow their person."""
    destination = text(fact, "destination")
    if fact.type == "item.received" and destination not in (item.destination, "keeper"):
        return Refused(ledger_rule(item), _subject(item), "other_destination", item.destination, destination)
    if fact.type != "item.received" and destination == "keeper" and item.state != "away":
        return Refused(ledger_rule(item), _subject(item), "other_destination", "another place", destination)
    if item.kind == "effects" and destination not in ("detention_centre", "outside", "keeper"):
        return Refused("P22", _subject(item), "other_destination", "detention_centre", destination)
    return None


def stands_against_opening(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    """Of a request for a compartment: who took a thing does not handle it there; it may not lie where it may not be stored."""
    return _apart("officer")(world, area, fact, item) or _may_lie_there(world, area, fact, item)


# --- what is told -----------------------------------------------------------------------------


def _photo_or_reason(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    if (fact.body.get("photo") is None) != (fact.body.get("no_photo") is None):
        return None
    return Refused(
        "P7", _subject(item), "photo_or_reason", "a photo, or why there is none", "both or neither"
    )


def _tag_free(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    tag = text(fact, "tag")
    bearer = world.tags.get(tag)
    if bearer is None or bearer == f"item:{item.ref}":
        return None
    return Refused(ledger_rule(item), _subject(item), "tag_in_use", "a tag nobody bears", bearer)


def _part_of_it(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    part, pieces = text(fact, "part"), fact.body["pieces"]
    if part in world.items or part in world.moved_us or part in world.gone_items:
        return Refused(ledger_rule(item), _subject(item), "item_known", "a reference never used", part)
    if isinstance(pieces, int) and pieces < item.pieces:
        return None
    return Refused(
        ledger_rule(item), _subject(item), "too_many_pieces", f"fewer than {item.pieces}", str(pieces)
    )


def _corrects(world: World, area: Area, fact: Fact, item: Item) -> Refused | None:
    known = ("pieces", "valuable", "dangerous", "cash", "seal", "compartment")
    if any(fact.body.get(key) is not None for key in known):
        return None
    return Refused(ledger_rule(item), _subject(item), "nothing_corrected", " or ".join(known), "nothing")


_TAKING: Final = (_officers("officers", "taken_by"),)
_INTO_STORE: Final = (_by_keeper("keeper"), _apart("keeper"))
_OUT_OF_STORE: Final = _by_keeper("keeper")

GUARDS: Final[Mapping[str, tuple[Guard, ...]]] = {
    "item.found": _TAKING,
    "item.seized": (*_TAKING, _not_seized_before),
    "item.registered": _TAKING,
    "item.collected": _TAKING,
    "dossier.entered": (_by_keeper("keeper"),),
    "item.split": (_officers("officers"), _two_officers, _part_of_it),
    "item.photographed": (_photo_or_reason,),
    "item.tagged": (_tag_free,),
    "item.inspected": (_officers("inspector"), _apart("inspector")),
    "item.corrected": (_officers("officers"), _two_officers, _corrects, _may_lie_there),
    "item.handed_over": (*_INTO_STORE, _two_hands("giver", "keeper")),
    "item.stored": (_OUT_OF_STORE, _may_lie_there),
    "item.taken_out": (*_INTO_STORE,),
    "item.borrow_approved": (_officers("borrower"), _approver_known, _approver_apart("borrower")),
    "item.lent": (_OUT_OF_STORE, _two_hands("keeper", "borrower"), _loan_approved),
    "loan.extended": (_approver_known, _approver_apart(), _later),
    "item.given_back": (*_INTO_STORE, _two_hands("borrower", "keeper")),
    "dossier.taken": (_borrower_named, _officers("officer")),
    "item.sent": (_officers("carrier"), _where_to),
    "item.received": (_where_to, _keeper_if_back),
    "disposal.decided": (_approver_known, _of_its_case),
    "item.restored": (_decided("restore"),),
    "item.transferred": (_decided("transfer"), _where_to),
    "item.destroyed": (_decided("destroy"), _officers("officers"), _two_officers),
    "item.auctioned": (_decided("auction"),),
    "item.forfeited": (_decided("forfeit"),),
}
