"""A drawing of an area: where its rooms, doors and devices are shown. Pure; lengths and places in whole plan units.

A room is a rectangle (x, y, width, height), everything else a point (x, y). What a node's point belongs to stands on the
plan in its place: the contact of a door is where the door is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from custody.area import Area

ROOM, DOOR, RECORDER, READER, INPUT, OUTPUT, PANEL, CABINET = KINDS = (
    "room", "door", "recorder", "reader", "input", "output", "panel", "cabinet",
)  # fmt: skip
AT_MAX: Final = 10_000
"""Places and lengths are whole numbers from 0 (a length: from 1) up to this."""

Key = tuple[str, str]
"""Kind and id."""
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Element:
    """Something of the area that can be drawn. `homes`: rooms in or on the wall of one of which it belongs; (): anywhere."""

    kind: str
    id: str
    homes: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """How drawings name it."""
        return self.kind, self.id

    @property
    def names(self) -> tuple[str, ...]:
        """What its numbers are called, in order."""
        return ("x", "y", "w", "h") if self.kind == ROOM else ("x", "y")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What stands where. Empty: nothing was drawn, and the area's own plan is shown."""

    rooms: Mapping[str, Box] = field(default_factory=dict)
    points: Mapping[Key, tuple[int, int]] = field(default_factory=dict)

    def place(self, key: Key) -> tuple[int, ...] | None:
        """Four numbers of a room, two of anything else; None when it is not on the drawing."""
        return self.rooms.get(key[1]) if key[0] == ROOM else self.points.get(key)

    def keys(self) -> list[Key]:
        """All that stands on it."""
        return [*((ROOM, room) for room in self.rooms), *self.points]

    def strangers(self, area: Area) -> list[Key]:
        """What stands on it and is not, or no longer, in the area file."""
        known = {element.key for element in elements(area)}
        return [key for key in self.keys() if key not in known]

    def as_json(self) -> dict[str, dict[str, list[int]]]:
        """Kind -> id -> numbers; kinds and ids in order, so that equal drawings are equal texts."""
        found: dict[str, dict[str, list[int]]] = {}
        for key in sorted(self.keys()):
            found.setdefault(key[0], {})[key[1]] = list(self.place(key) or ())
        return found


def of_json(stored: Mapping[str, Mapping[str, list[int]]]) -> Drawing:
    """The drawing that `as_json` gave."""
    rooms = {room: (box[0], box[1], box[2], box[3]) for room, box in stored.get(ROOM, {}).items()}
    points = {
        (kind, name): (at[0], at[1])
        for kind, placed in stored.items()
        if kind != ROOM
        for name, at in placed.items()
    }
    return Drawing(rooms, points)


def elements(area: Area) -> Iterator[Element]:
    """All that can be drawn, kind after kind, in the order of the area file. A lock stands where its door stands."""
    inside = {room.id for room in area.rooms.values() if room.kind != "outside"}

    def homes(*rooms: str | None) -> tuple[str, ...]:
        return tuple(room for room in rooms if room in inside)

    yield from (Element(ROOM, room.id) for room in area.rooms.values() if room.id in inside)
    yield from (Element(DOOR, d.id, homes(*d.between)) for d in area.doors.values())
    yield from (Element(RECORDER, r.id, homes(*r.rooms)) for r in area.recorders.values())
    yield from (Element(READER, r.id, homes(r.room)) for r in area.readers.values())
    yield from (Element(INPUT, i.id, homes(i.room)) for i in area.inputs.values())
    yield from (Element(OUTPUT, o.id, homes(o.room)) for o in area.outputs.values() if o.door is None)
    yield from (Element(PANEL, p.id, homes(p.room)) for p in area.panels.values())
    yield from (Element(CABINET, c.id, homes(c.room)) for c in area.cabinets.values())


def own_plan(area: Area) -> Drawing:
    """The rooms as `plan` of the area file has them, moved so that none begins below 0. What an editor starts from."""
    boxes = {r.id: r.plan for r in area.rooms.values() if r.plan is not None and r.kind != "outside"}
    left = min((box[0] for box in boxes.values()), default=0)
    top = min((box[1] for box in boxes.values()), default=0)
    return Drawing({room: (x - min(left, 0), y - min(top, 0), w, h) for room, (x, y, w, h) in boxes.items()})


def holds(box: Box, at: tuple[int, int]) -> bool:
    """A point in a room or on its wall."""
    x, y, w, h = box
    return x <= at[0] <= x + w and y <= at[1] <= y + h


def on_wall(box: Box, at: tuple[int, int]) -> bool:
    """A point on a wall of a room."""
    x, y, w, h = box
    return holds(box, at) and (at[0] in (x, x + w) or at[1] in (y, y + h))


def overlap(one: Box, other: Box) -> bool:
    """Two rooms lie over each other by more than a wall."""
    return all(
        one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2]
        for axis in (0, 1)
    )


def extent(drawing: Drawing) -> Box:
    """The least box around everything; (0, 0, 100, 100) of an empty drawing."""
    corners = [(x, y) for x, y, _, _ in drawing.rooms.values()]
    corners += [(x + w, y + h) for x, y, w, h in drawing.rooms.values()]
    corners += list(drawing.points.values())
    if not corners:
        return 0, 0, 100, 100
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    return left, top, max(1, max(x for x, _ in corners) - left), max(1, max(y for _, y in corners) - top)


@dataclass(frozen=True, slots=True)
class Change:
    """One element that stands elsewhere in two drawings. None: not on that one."""

    key: Key
    before: tuple[int, ...] | None
    after: tuple[int, ...] | None


def changes(before: Drawing, after: Drawing) -> list[Change]:
    """What differs, rooms first."""
    keys: dict[Key, Any] = dict.fromkeys([*before.keys(), *after.keys()])
    ordered = sorted(keys, key=lambda key: (KINDS.index(key[0]), key[1]))
    return [
        Change(key, before.place(key), after.place(key))
        for key in ordered
        if before.place(key) != after.place(key)
    ]
