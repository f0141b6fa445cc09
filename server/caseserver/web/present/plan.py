"""The plan: rooms with who is in them, guard, recorder and doors, as they were drawn, else in the geometry of area.toml.

A drawing never hides a room: one that is not on it stands below the others, and what the area file no longer has is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caseserver.floor.drawing import DOOR, INPUT, ROOM, Box, Drawing, on_wall, own_plan
from caseserver.web.present.people import alarms_of, is_blind
from caseserver.web.present.seen import heard, seen
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, mark_of
from caseserver.web.reader import Reader
from caseserver.web.views import (
    AreaPlan,
    BarLevel,
    DoorLook,
    Note,
    Pill,
    PlanDoor,
    PlanSpot,
    Presence,
    RoomLevel,
    RoomTile,
    SpotLook,
)
from custody.area import Door, Room
from custody.view import View
from custody.world import Stay


def area_plan(state: AreaPicture, reader: Reader) -> AreaPlan:
    words = Words(state.area, state.world, reader)
    view = View(state.world, state.area, state.rulebook)
    rooms = [room for room in state.area.rooms.values() if room.kind != "outside"]
    drawn = state.drawing.rooms or own_plan(state.area).rooms
    strange = [key for key in state.drawing.strangers(state.area) if key[0] == ROOM]
    places = _places([room.id for room in rooms], drawn)
    order = {room.id: index for index, room in enumerate(rooms)}
    doors = []
    for door in state.area.doors.values():
        ends = [order[room] for room in door.between if room in order]
        if ends:
            between = (ends[0], ends[1] if len(ends) > 1 else None)
            at = _door_at(door, state.drawing)
            doors.append(PlanDoor(words.door(door.id), between, *_door(state, door.id), at))
    tiles = [_tile(state, view, room, places[room.id], words, reader) for room in rooms]
    if state.drawing.rooms:
        tiles = [
            tile if room.id in drawn else replace(tile, odd="undrawn")
            for room, tile in zip(rooms, tiles, strict=True)
        ]
    tiles += [RoomTile(key[1], *drawn[key[1]], odd="strange") for key in strange]
    return AreaPlan(words.name(state.area.name), tuple(tiles), tuple(doors), _spots(state, words))


def _door_at(door: Door, drawing: Drawing) -> tuple[int, int] | None:
    """Where it was drawn, while that is on a wall of one of its rooms as they are drawn now."""
    at = drawing.points.get((DOOR, door.id))
    walls = [drawing.rooms[room] for room in door.between if room in drawing.rooms]
    return at if at is not None and any(on_wall(box, at) for box in walls) else None


def _spots(state: AreaPicture, words: Words) -> tuple[PlanSpot, ...]:
    """Devices where they were drawn."""
    known = {(kind, ref): is_seen for kind, ref, is_seen in (*seen(state), *heard(state))}
    strange = set(state.drawing.strangers(state.area))
    found = []
    for key, (x, y) in state.drawing.points.items():
        if key in strange:
            found.append(PlanSpot(key[0], key[1], x, y, "strange"))
        elif key[0] != DOOR:
            is_blind = state.health.is_stale or not known[key]
            shown = state.world.inputs.get(key[1]) if key[0] == INPUT else None
            is_active = shown is not None and bool(shown.is_active)
            look: SpotLook = "blind" if is_blind else "active" if is_active else "seen"
            found.append(PlanSpot(key[0], words.device(*key), x, y, look))
    return tuple(found)


def _door(state: AreaPicture, door: str) -> tuple[DoorLook, BarLevel]:
    """How a door stands, and whether an alarm speaks of it."""
    known = state.world.doors.get(door)
    is_open = known.is_open if known is not None else None
    is_alarmed = any(not a.is_prewarning for a in state.active.by_subject.get(f"door:{door}", ()))
    look: DoorLook = "blind" if is_open is None else "open" if is_open else "shut"
    return look, "act" if is_alarmed else ""


def _places(rooms: list[str], drawn: Mapping[str, Box]) -> dict[str, Box]:
    """Where each stands; rooms that are not drawn stand in two columns below the others."""
    placed = {room: drawn[room] for room in rooms if room in drawn}
    below = max((y + height for _, y, _, height in drawn.values()), default=0)
    left = min((x for x, _, _, _ in drawn.values()), default=0)
    half = max(2, max((x + width for x, _, width, _ in drawn.values()), default=left + 100) - left) // 2
    for number, room in enumerate(room for room in rooms if room not in drawn):
        height = max(1, half * 16 // 50)
        placed[room] = (left + half * (number % 2), below + height * (number // 2), half, height)
    return placed


def _tile(
    state: AreaPicture, view: View, room: Room, place: tuple[int, int, int, int], words: Words, reader: Reader
) -> RoomTile:
    held = view.held_in(room.id)
    levels = {stay.ref: _pill_level(state, stay) for stay in held}
    cannot_see = state.health.is_stale or is_blind(view, room.id)
    own = [
        a for a in state.active.by_room.get(room.id, ()) if not a.is_prewarning and mark_of(a).level == "act"
    ]
    level: RoomLevel = "soon" if "soon" in levels.values() else ""
    if own or "act" in levels.values():
        level = "act"
    elif cannot_see:
        level = "blind"
    pills = tuple(
        Pill(words.stay(ref), own_level or ("blind" if cannot_see else ""))
        for ref, own_level in levels.items()
    )
    sworn = len(view.sworn_in((room.id,)))
    note = Note(reader.t("wall.officers", count=sworn)) if sworn else None
    if not sworn and not held and not cannot_see:  # an empty room is said only where it is seen
        note = Note(reader.t("wall.room_empty"))
    return RoomTile(
        words.room(room.id), *place,
        level=level,
        people=pills,
        guard=_guard(state, view, room, bool(held), cannot_see),
        recorder=_recorder(view, room, bool(held)),
        note=note,
        passage=room.kind == "corridor",
        blind_since_us=_blind_since(state, room.id) if cannot_see and room.kind != "corridor" else None,
    )  # fmt: skip


def _pill_level(state: AreaPicture, stay: Stay) -> BarLevel:
    levels = {mark_of(alarm).level for alarm in alarms_of(state, stay)}
    return "act" if "act" in levels else "soon" if "soon" in levels else ""


def _guard(state: AreaPicture, view: View, room: Room, is_held: bool, cannot_see: bool) -> Presence:
    if not is_held:
        return ""
    if any(a.rule == "M3" and not a.is_prewarning for a in state.active.by_room.get(room.id, ())):
        return "bad"
    if cannot_see:
        return "blind"
    return "ok" if view.world.officers_in(view.guard_zone(room.id)) else "idle"


def _recorder(view: View, room: Room, is_held: bool) -> Presence:
    found = view.recording(room.id)
    if found == "stopped":
        return "bad" if is_held else "idle"
    looks: dict[str, Presence] = {"recording": "ok", "unknown": "blind", "none": ""}
    return looks[found]


def _blind_since(state: AreaPicture, room: str) -> int | None:
    if state.health.is_stale:
        return state.health.heard_us
    nodes = [
        n
        for n in state.world.nodes.values()
        if n.state != "ok"
        and n.since_us
        and n.id in state.area.nodes
        and room in state.area.rooms_of_node(n.id)
    ]
    return min((node.since_us for node in nodes), default=None)
