"""How each fact changes the world, and when it is refused. One small function a fact type that is more
than a step.

A refusal changes nothing. Facts about sensors are never refused: what a contact said is true of
the contact. Order of occurrence is the caller's business (timeline).
"""

from collections.abc import Callable, Mapping
from typing import Final

from custody.apply.bands import BANDS
from custody.apply.base import Handler, Refused, nothing
from custody.apply.doors import DOORS
from custody.apply.equipment import EQUIPMENT
from custody.apply.lockers import LOCKERS, note_tag
from custody.apply.people import PEOPLE
from custody.apply.points import POINTS, note_told
from custody.apply.property import PROPERTY
from custody.apply.property_steps import is_step
from custody.apply.stocktaking import STOCKTAKING
from custody.apply.way import moved_on, refusal_of_way
from custody.area import Area
from custody.casework import note_hands
from custody.catalogue import FACT_TYPES, SUBJECTS
from custody.facts import Fact
from custody.rules import Rulebook
from custody.world import World

__all__ = ["Refused", "apply_fact", "note_steps"]

_HANDLERS: Final[Mapping[str, Handler]] = {
    **EQUIPMENT,
    **BANDS,
    **DOORS,
    **LOCKERS,
    **POINTS,
    **PEOPLE,
    **PROPERTY,
    **STOCKTAKING,
}


_PLACES: Final[Mapping[str, Callable[[Area], Mapping[str, object]]]] = {
    "room": lambda area: area.rooms, "door": lambda area: area.doors, "recorder": lambda area: area.recorders,
    "node": lambda area: area.nodes, "input": lambda area: area.inputs, "compartment": lambda area: area.compartments,
}  # fmt: skip


def apply_fact(world: World, area: Area, rulebook: Rulebook, fact: Fact) -> Refused | None:
    """Change the world by one checked fact; give the refusal if it was refused."""
    is_firm = fact.index in world.firm
    refused = _unknown_place(area, fact) or (None if is_firm else refusal_of_way(world, area, rulebook, fact))
    counts = refused is None and is_step(world, fact)
    if refused is None:
        refused = _HANDLERS.get(fact.type, nothing)(world, area, fact)
    if refused is None:
        if counts:
            note_steps(world, fact)
        _note_store(world, area, fact)
        note_told(world, area, fact)
        note_tag(world, area, fact)
        moved_on(world, rulebook, fact)
    return refused


def _unknown_place(area: Area, fact: Fact) -> Refused | None:
    """A place the area does not have: taken, it would put a person where no rule looks."""
    for key, known_in in _PLACES.items():
        place = fact.body.get(key)
        if place is None:
            continue
        known = known_in(area)
        if key == "compartment" and not known and not fact.type.startswith("compartment."):
            continue  # an area without cabinets of its own keeps things where the ledger alone knows it
        if isinstance(place, str) and place not in known:
            return Refused("SYS", f"{key}:{place}", "unknown_place", f"a {key} of the area", place)
    return None


def _note_store(world: World, area: Area, fact: Fact) -> None:
    """That something is kept there is a step of the cabinet and of its room: from then on they are counted, cleared up."""
    compartment = fact.body.get("compartment")
    if fact.type == "item.stored" and compartment in area.compartments:
        cabinet = area.cabinet_of(str(compartment))
        for subject in (f"cabinet:{cabinet.id}", f"room:{cabinet.room}"):
            world.mark(subject, (fact.type,), fact.occurred_us, fact.index, fact.body)


def note_steps(world: World, fact: Fact) -> None:
    """What was done, for each subject that the fact names."""
    subjects = SUBJECTS.get(fact.type, ())
    if not subjects:
        return
    names = [fact.type]
    told_apart = FACT_TYPES[fact.type].step_field
    value = fact.body.get(told_apart) if told_apart is not None else None
    if isinstance(value, str) and fact.body.get("value") is not False:
        names.append(f"{fact.type}:{value}")
    flags = fact.body.get("flags")
    if isinstance(flags, list):  # stated on the register row is stated
        names += [f"person.flagged:{flag}" for flag in dict.fromkeys(flags)]
    note_hands(world, tuple(names), fact.body)
    for kind in subjects:
        ref = fact.body.get(kind)
        if isinstance(ref, str):
            world.mark(f"{kind}:{ref}", tuple(names), fact.occurred_us, fact.index, fact.body)
