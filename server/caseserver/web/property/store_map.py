"""The store map: every compartment as its door, its bolt and the ledger have it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.property.things import frame, limits, path
from caseserver.web.property.views import CabinetMap, Cell, LimitRow, Look, MapPage
from caseserver.web.reader import Reader
from caseserver.web.views import Count
from custody.cabinets import Cabinet, Compartment
from custody.compartments import CompartmentState
from custody.explain.kept import CABINETS
from custody.items import Item
from custody.property_words import ITEM_STATES

ELSEWHERE: Final = ("taken", "kept", "lent", "sent", "away")
"""States in which a thing lies in no compartment and is not disposed of."""


def map_page(states: Sequence[AreaPicture], chosen: AreaPicture, reader: Reader) -> MapPage:
    """One area."""
    flagged: dict[str, LimitRow] = {}
    for row in limits(chosen, reader):
        if row.flag:
            flagged.setdefault(row.subject, row)
    cabinets = tuple(_cabinet(cabinet, chosen, flagged, reader) for cabinet in chosen.area.cabinets.values())
    here = [item.state for item in chosen.world.items.values()]
    elsewhere = tuple(
        (reader.code(ITEM_STATES, name), here.count(name), path(chosen.area.id, f"items?show={name}"))
        for name in ELSEWHERE
    )
    return MapPage(frame(states, chosen, "", reader), cabinets, elsewhere)


def _cabinet(
    cabinet: Cabinet, state: AreaPicture, flagged: Mapping[str, LimitRow], reader: Reader
) -> CabinetMap:
    words = Words(state.area, state.world, reader)
    places = [place for place in state.area.compartments.values() if place.cabinet == cabinet.id]
    return CabinetMap(
        cabinet.id,
        words.name(cabinet.name),
        reader.name(CABINETS[cabinet.kind]),
        words.room(cabinet.room),
        tuple(_cell(place, cabinet.kind, state, flagged, words) for place in places),
    )


def look_of(known: CompartmentState | None, items: Sequence[Item], *, is_stale: bool) -> Look:
    """How a compartment stands. What door or bolt do not tell is unknown, never shut."""
    if known is None or is_stale:
        return "unknown"
    if known.is_ajar:
        return "open"
    if not known.is_shut:
        return "unknown"
    return "occupied" if items else "empty"


def _cell(
    place: Compartment, kind: str, state: AreaPicture, flagged: Mapping[str, LimitRow], words: Words
) -> Cell:
    reader, items = words.reader, state.world.items.lying_in(place.id)
    known = state.world.compartments.get(place.id)
    look = look_of(known, items, is_stale=state.health.is_stale)
    subjects = (f"compartment:{place.id}", *(f"item:{item.ref}" for item in items))
    told = [flagged[subject] for subject in subjects if subject in flagged]
    worst = min(told, key=lambda row: row.flag != "act", default=None)
    is_open = look == "open" and known is not None
    since_us = known.opened_us if is_open and known is not None else None
    return Cell(
        id=place.id,
        name=words.name(place.name),
        look=look,
        said=_said(items, kind, words),
        href=path(state.area.id, f"items?q={place.id}"),
        access=reader.of("access", known.access) if is_open and known is not None and known.access else "",
        since=Count("gone", since_us, frozen=state.is_frozen) if since_us is not None else None,
        flag=worst.flag if worst is not None else "",
        flag_text=worst.text if worst is not None else "",
    )


def _said(items: Sequence[Item], kind: str, words: Words) -> str:
    """What the ledger has in it: one person's effects by the stay's number, else how many things."""
    if not items:
        return words.reader.t("property.nothing")
    stays = {item.stay for item in items}
    number = words.reader.t("property.things", count=len(items))
    if kind != "effects" or len(stays) != 1 or None in stays:
        return number
    return f"{words.stay(str(next(iter(stays))))} · {number}"
