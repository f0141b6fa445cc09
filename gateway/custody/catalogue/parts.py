"""What the pages of the catalogue share: the type of a fact, and fields that many facts have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from custody.fields import REF, REFS, TEXT, Field
from custody.name import Name


@dataclass(frozen=True, slots=True)
class FactType:
    """A type of fact: stable name, version, meaning, who may state it, body fields.

    `text` words it for a page; `step_field` names the field that tells steps of one type apart:
    `family.notified` with `of` = arrest is also the step `family.notified:arrest`.
    """

    name: str
    doc: str
    origin: str  # sensor | gateway | server | officer
    text: Name
    fields: Mapping[str, Field] = field(default_factory=dict)
    version: int = 1
    step_field: str | None = None


def fact(name: str, origin: str, doc: str, text: Name, by: str | None = None, /, **fields: Field) -> FactType:
    """One entry; `by` is the field that tells its steps apart."""
    return FactType(name=name, doc=doc, origin=origin, text=text, fields=fields, step_field=by)


def form(name: str, doc: str, text: Name, by: str | None = None, /, **fields: Field) -> FactType:
    """An officer's form: who entered it may stand on each."""
    return fact(name, "officer", doc, text, by, **fields, officer=ENTERED_BY)


@dataclass(frozen=True, slots=True)
class FormGroup:
    """Forms of one step of the way: type of fact -> title."""

    id: str
    name: Name
    forms: Mapping[str, Name]


def form_group(group_id: str, name: tuple[str, str], *forms: tuple[str, str, str]) -> FormGroup:
    """Forms with their titles in Chinese and English."""
    return FormGroup(group_id, Name(*name), {fact: Name(zh, en) for fact, zh, en in forms})


STAY: Final = Field(REF, "random reference of the stay (one person's time in the area)")
OFFICER: Final = Field(REF, "officer's number")
ENTERED_BY: Final = Field(REF, "who entered it", required=False)
OFFICERS: Final = Field(REFS, "officers who did it")
APPROVER: Final = Field(REF, "who approved; must hold a role that the rulebook names")
ALARM: Final = Field(TEXT, "the alarm's id as printed when it was raised")
ROOM: Final = Field(REF, "room id of area.toml")
READER: Final = Field(REF, "reader id of area.toml, when known", required=False)
CASE: Final = Field(REF, "random reference of the case")
DOSSIER: Final = Field(REF, "reference of the dossier")
RECORDING: Final = Field(REF, "reference of the recording")
INCIDENT: Final = Field(REF, "reference of the incident")
STAY_KNOWN: Final = Field(REF, "the stay it belongs to, when it belongs to one", required=False)
