"""A drawing out of the fields of a form: `room:waiting-1:x` = `58`. Every fault with its place; nothing is put right silently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from caseserver.floor.drawing import (
    AT_MAX,
    DOOR,
    ROOM,
    Drawing,
    Element,
    Key,
    elements,
    holds,
    on_wall,
    overlap,
)
from custody.area import Area

FOUND_CHARS_MAX: Final = 40
_NUMBER: Final = re.compile(r"[0-9]{1,5}")
SEPARATOR: Final = ":"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: at which element and number ("": all of it), by which reason, what was expected and what came.

    Reasons: `number`, `partly` (some numbers of an element are missing), `strange` (no such element or number),
    `overlap`, `no_room` (none of its rooms is on the plan), `not_inside`, `no_wall`.
    """

    element: Key
    name: str
    reason: str
    expected: str
    found: str


def field_name(key: Key, name: str) -> str:
    """How the form calls a number of an element."""
    return SEPARATOR.join((*key, name))


def fields_of(drawing: Drawing, area: Area) -> dict[str, str]:
    """The fields of a form that shows this drawing; of what is not on it they are empty."""
    found = {}
    for element in elements(area):
        place = drawing.place(element.key)
        for number, name in enumerate(element.names):
            found[field_name(element.key, name)] = "" if place is None else str(place[number])
    return found


def read_drawing(sent: Mapping[str, str], area: Area) -> tuple[Drawing, list[Fault]]:
    """The drawing that the fields make, and what is wrong with them. With faults it is not to be kept.

    `sent`: the fields that have a separator in their names. A missing field is an empty one.
    """
    faults: list[Fault] = []
    rooms: dict[str, tuple[int, int, int, int]] = {}
    points: dict[Key, tuple[int, int]] = {}
    known = list(elements(area))
    names = {field_name(element.key, name) for element in known for name in element.names}
    for name in sent.keys() - names:
        kind, _, rest = name.partition(SEPARATOR)
        faults.append(Fault((kind[:FOUND_CHARS_MAX], ""), "", "strange", "", rest[:FOUND_CHARS_MAX]))
    for element in known:
        place = _place(element, sent, faults)
        if place is None:
            continue
        if element.kind == ROOM:
            rooms[element.id] = (place[0], place[1], place[2], place[3])
        else:
            points[element.key] = (place[0], place[1])
    drawing = Drawing(rooms, points)
    faults += _overlaps(drawing)
    faults += [fault for element in known for fault in _misplaced(element, drawing)]
    return drawing, faults


def _place(element: Element, sent: Mapping[str, str], faults: list[Fault]) -> tuple[int, ...] | None:
    """Its numbers; None when it is not on the plan, or they are no good."""
    texts = {name: sent.get(field_name(element.key, name), "").strip() for name in element.names}
    if not any(texts.values()):
        return None
    numbers = []
    for name, text in texts.items():
        least = 1 if name in ("w", "h") else 0
        value = int(text) if _NUMBER.fullmatch(text) else -1
        if not text:
            faults.append(Fault(element.key, name, "partly", "", ""))
        elif not least <= value <= AT_MAX:
            limits = f"{least}-{AT_MAX}"
            faults.append(Fault(element.key, name, "number", limits, text[:FOUND_CHARS_MAX]))
        else:
            numbers.append(value)
    return tuple(numbers) if len(numbers) == len(texts) else None


def _overlaps(drawing: Drawing) -> list[Fault]:
    """A room under another would hide who is in it."""
    return [
        Fault((ROOM, one), "", "overlap", "", other)
        for (one, box), (other, under) in combinations(drawing.rooms.items(), 2)
        if overlap(box, under)
    ]


def _misplaced(element: Element, drawing: Drawing) -> list[Fault]:
    """A door off the walls of its rooms, a device outside of its room: the plan would mislead."""
    at = drawing.points.get(element.key)
    if at is None or not element.homes:
        return []
    boxes = [drawing.rooms[room] for room in element.homes if room in drawing.rooms]
    found, homes = f"{at[0]}, {at[1]}", " ".join(element.homes)
    if not boxes:
        return [Fault(element.key, "", "no_room", homes, found)]
    if element.kind == DOOR:
        is_good, reason = any(on_wall(box, at) for box in boxes), "no_wall"
    else:
        is_good, reason = any(holds(box, at) for box in boxes), "not_inside"
    return [] if is_good else [Fault(element.key, "", reason, homes, found)]
