"""Compartments: whose request counts, and what door, bolt and orders make of each. What moves is the gateway's to order.

Everybody's word is put against the ledger at the moment of the request, and again by rules afterwards. What a
contact says is true of the contact, and is never refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from custody.apply.base import Handler, Refused, optional, text
from custody.apply.property_guards import stands_against_opening
from custody.area import Area
from custody.compartments import (
    BY_KEY,
    BY_ORDER,
    INTERRUPTED,
    ORDERED,
    OVERRIDE_US,
    UNORDERED,
    WAITING,
    WRONG_DOOR,
    CompartmentState,
)
from custody.facts import Fact
from custody.world import World

RULE: Final = "P15"
PUT_IN: Final = ("store", "give_back")
TAKEN_OUT: Final = ("take_out", "lend", "return")
"""Purposes in which something moves: the request names it."""
MISSING_MAX: Final = 32
"""Tags remembered as missing from one compartment; the oldest go first."""


def _state(world: World, fact: Fact) -> CompartmentState:
    name = text(fact, "compartment")
    return world.compartments.get(name) or CompartmentState(name)


def _requested(world: World, area: Area, fact: Fact) -> Refused | None:
    """By a keeper, of a compartment that is shut, in a cabinet where nothing else is going on."""
    refused = _who(world, area, fact) or _what(world, area, fact) or _whether(world, area, fact)
    if refused is not None:
        return refused
    items = fact.body.get("items")
    world.compartments.put(
        text(fact, "compartment"),
        replace(
            _state(world, fact), request=fact.id, stage=WAITING, stage_us=fact.occurred_us, stage_fact=fact.index,
            purpose=text(fact, "purpose"), officer=text(fact, "officer"), stay=optional(fact, "stay"),
            items=tuple(map(str, items)) if isinstance(items, list) else (),
        ),
    )  # fmt: skip
    return None


def _refused(fact: Fact, reason: str, expected: str, found: str) -> Refused:
    return Refused(RULE, f"compartment:{fact.body['compartment']}", reason, expected, found)


def _who(world: World, area: Area, fact: Fact) -> Refused | None:
    officer = text(fact, "officer")
    known = world.officers.get(officer)
    if known is None:
        return _refused(fact, "unknown_officer", "a registered officer", officer)
    if known.service != "sworn":
        return _refused(fact, "no_police", "a sworn officer", officer)
    if "keeper" not in known.roles:
        return _refused(fact, "no_keeper", "keeper", ", ".join(known.roles) or "none")
    return None


def _what(world: World, area: Area, fact: Fact) -> Refused | None:
    """What is to be moved is where it is moved from, and the officer may have it in hand."""
    name, purpose, refs = text(fact, "compartment"), text(fact, "purpose"), fact.body.get("items")
    moved = refs if isinstance(refs, list) else []
    if purpose in (*PUT_IN, *TAKEN_OUT) and not moved:
        return _refused(fact, "no_item", "the items that are to be moved", "none")
    is_personal = area.cabinet_of(name).kind == "effects"
    if is_personal and purpose in (*PUT_IN, *TAKEN_OUT) and optional(fact, "stay") is None:
        return _refused(fact, "no_stay", "whose effects they are", "nothing")
    at = f"keeper:{fact.body['officer']}" if purpose in PUT_IN else f"compartment:{name}"
    for ref in moved:
        item = world.items.get(str(ref))
        if item is None or item.holder != at:
            return _refused(
                fact, "other_holder", at, f"{ref}: {item.holder if item is not None else 'unknown'}"
            )
        if is_personal and item.stay != fact.body.get("stay"):
            return _refused(fact, "stay_of_item", f"stay {item.stay}", f"stay {fact.body.get('stay')}")
    known = [world.items.get(str(ref)) for ref in moved] or world.items.lying_in(name)
    against = (stands_against_opening(world, area, fact, item) for item in known if item is not None)
    return next((refused for refused in against if refused is not None), None)


def _whether(world: World, area: Area, fact: Fact) -> Refused | None:
    if _state(world, fact).is_ajar:
        return _refused(fact, "not_shut", "a compartment that is shut", "not shut")
    name = text(fact, "compartment")
    cabinet = area.cabinet_of(name).id
    busy = [
        c.id
        for c in world.compartments.values()
        if (c.is_running and area.compartments[c.id].cabinet == cabinet) or (c.stage and c.id == name)
    ]
    if busy:
        return _refused(fact, "in_use", "a cabinet at which nothing else is open", busy[0])
    return None


def _moved_on(stage: str) -> Handler:
    """The gateway's word on a request; of another than the one that runs it changes nothing."""

    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        known = _state(world, fact)
        if known.request != text(fact, "request"):
            return None
        if stage:
            moved = replace(known, stage=stage, stage_us=fact.occurred_us, stage_fact=fact.index)
        else:
            moved = known.at_rest(fact.occurred_us, fact.index)
        if stage == ORDERED:
            moved = replace(moved, was_open=False)
        if fact.type == "compartment.failed":
            moved = replace(moved, failed_us=fact.occurred_us, failed_fact=fact.index)
        if fact.type in ("compartment.failed", "compartment.interrupted"):
            moved = replace(moved, why=text(fact, "why"))
        world.compartments.put(known.id, moved)
        return None

    return handle


def _overridden(world: World, area: Area, fact: Fact) -> Refused | None:
    """By a registered officer, and from when it was entered: nobody makes an opening lawful afterwards."""
    officer = text(fact, "officer")
    if officer not in world.officers:
        return _refused(fact, "unknown_officer", "a registered officer", officer)
    since_us = max(fact.occurred_us, fact.recorded_us)
    known = _state(world, fact)
    world.compartments.put(known.id, replace(known, overridden_us=since_us, overridden_fact=fact.index))
    return None


# --- what door and bolt say -----------------------------------------------------------------


def _door(is_open: bool | None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        known = _state(world, fact)
        if known.fact < 0 or known.is_open != is_open:
            _put(world, area, fact, known, replace(known, is_open=is_open))
        return None

    return handle


def _bolt(is_locked: bool | None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        known = _state(world, fact)
        if known.fact < 0 or known.is_locked != is_locked:
            _put(world, area, fact, known, replace(known, is_locked=is_locked))
        return None

    return handle


def _put(world: World, area: Area, fact: Fact, known: CompartmentState, moved: CompartmentState) -> None:
    moved = replace(moved, since_us=fact.occurred_us, fact=fact.index)
    if moved.is_open and known.stage in (ORDERED, INTERRUPTED):
        moved = replace(moved, was_open=True)
    if moved.is_ajar and known.opened_us is None:
        access = _access(world, area, fact, known)
        moved = replace(
            moved,
            opened_us=fact.occurred_us,
            opened_fact=fact.index,
            access=access,
            failed_fact=-1,
            missing=(),
        )
    elif moved.is_shut:
        moved = replace(moved, opened_us=None)
    world.compartments.put(moved.id, moved)


def _access(world: World, area: Area, fact: Fact, known: CompartmentState) -> str:
    """By what right it opens now: an order that runs, a key that was announced, or none; none while another's order runs."""
    if known.stage in (ORDERED, INTERRUPTED):
        return BY_ORDER
    if known.overridden_us is not None and 0 <= fact.occurred_us - known.overridden_us < OVERRIDE_US:
        return BY_KEY
    cabinet = area.compartments[known.id].cabinet
    others = (c for c in world.compartments.values() if c.stage == ORDERED)
    return WRONG_DOOR if any(area.compartments[c.id].cabinet == cabinet for c in others) else UNORDERED


def note_tag(world: World, area: Area, fact: Fact) -> None:
    """A tag that goes from a compartment which is shut is missing until it is read there again, or the door opens."""
    if fact.type not in ("tag.read", "tag.gone"):
        return
    name = area.compartments_by_reader.get(str(fact.body.get("reader")))
    known = world.compartments.get(name) if name is not None else None
    if known is None:
        return
    tag = text(fact, "tag")
    left = tuple(entry for entry in known.missing[-MISSING_MAX + 1 :] if entry[0] != tag)
    if fact.type == "tag.gone" and known.is_shut:
        left = (*left, (tag, fact.occurred_us, fact.index))
    if left != known.missing:
        world.compartments.put(known.id, replace(known, missing=left))


LOCKERS: Final[Mapping[str, Handler]] = {
    "compartment.requested": _requested,
    "compartment.ordered": _moved_on(ORDERED),
    "compartment.expired": _moved_on(""),
    "compartment.failed": _moved_on(""),
    "compartment.interrupted": _moved_on(INTERRUPTED),
    "compartment.completed": _moved_on(""),
    "compartment.overridden": _overridden,
    "compartment.opened": _door(is_open=True),
    "compartment.closed": _door(is_open=False),
    "compartment.unknown": _door(is_open=None),
    "compartment.unlocked": _bolt(is_locked=False),
    "compartment.locked": _bolt(is_locked=True),
    "compartment.bolt_unknown": _bolt(is_locked=None),
}
