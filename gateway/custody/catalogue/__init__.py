"""The catalogue of facts: every type that may enter the log, with its fields and units.

A fact says, in the past tense, what happened. Its stored name is `<type>/<version>`, apart
from any class name, so that renaming code never breaks history. Personal data stay out:
stay, case and person are random references; names and identity numbers live elsewhere.
"""

from collections.abc import Mapping
from typing import Final

from custody.catalogue.course import COURSE
from custody.catalogue.equipment import EQUIPMENT
from custody.catalogue.handling import HANDLING
from custody.catalogue.lockers import LOCKERS
from custody.catalogue.matters import CASES, INCIDENTS_FACTS, RECORDINGS_FACTS
from custody.catalogue.officers import OFFICERS_FACTS
from custody.catalogue.parts import FactType
from custody.catalogue.people import ADMISSION
from custody.catalogue.personal import PERSONAL
from custody.catalogue.points import POINTS
from custody.catalogue.property import PROPERTY, STEPS_OF_CASE, STEPS_OF_STAY
from custody.catalogue.staying import STAYING

WAY: Final = (*ADMISSION, *STAYING)
GROUPS: Final[Mapping[str, tuple[FactType, ...]]] = {
    "equipment": (*EQUIPMENT, *POINTS),
    "officers": OFFICERS_FACTS,
    "way": WAY,
    "course": COURSE,
    "cases": CASES,
    "recordings": RECORDINGS_FACTS,
    "incidents": INCIDENTS_FACTS,
    "property": PROPERTY,
    "lockers": LOCKERS,
    "personal": PERSONAL,
    "handling": HANDLING,
}
FACT_TYPES: Final[Mapping[str, FactType]] = {item.name: item for group in GROUPS.values() for item in group}
# Fields that name what a fact is about. A place is a subject only of what is stated of the place alone.
_SUBJECT_FIELDS: Final = ("stay", "case", "dossier", "recording", "incident", "compartment")
_PLACE_FACTS: Final = {
    "guard.moved": "room",
    "patrol.tapped": "room",
    "room.inspected": "room",
    "clearup.held": "room",
}


def _subjects(item: FactType) -> tuple[str, ...]:
    if item in PERSONAL:  # no step of anything
        return ()
    if item.name in _PLACE_FACTS:
        return (_PLACE_FACTS[item.name],)
    if item in PROPERTY:
        return _subjects_of_property(item)
    if item.name == "recorder.measured":
        return ("recorder",)
    if item in OFFICERS_FACTS and "stay" not in item.fields:
        return ("officer",)
    if item in WAY and item.name != "extension.approved":
        return ("stay",)
    return tuple(name for name in _SUBJECT_FIELDS if name in item.fields)


def _subjects_of_property(item: FactType) -> tuple[str, ...]:
    """The thing first; a stay or a case only where it is a step of theirs too: most come long after the stay."""
    own = tuple(name for name in ("item", "dossier", "stocktaking", "cabinet") if name in item.fields)
    of_stay = ("stay",) if item.name in STEPS_OF_STAY else ()
    return (*own, *of_stay, *(("case",) if item.name in STEPS_OF_CASE else ()))


SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    item.name: found for item in FACT_TYPES.values() if (found := _subjects(item))
}
UNITS: Final = (
    "stay",
    "case",
    "dossier",
    "recording",
    "incident",
    "item",
    "stocktaking",
    "officer",
    "room",
    "recorder",
    "compartment",
    "cabinet",
)
# Stated of a stay also when the person has left: decisions, and what hangs on an incident or a recording.
OUTLIVING: Final = frozenset(
    item.name
    for item in FACT_TYPES.values()
    if item in COURSE or not getattr(item.fields.get("stay"), "required", False)
)
# Facts that open a stay.
OPENING: Final = frozenset({"person.arrived", "area.entered", "stay.registered", "wristband.bound"})
