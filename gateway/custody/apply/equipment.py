"""How facts of sensors and of the gateway itself change the world: never refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from custody.apply.base import Handler, Refused, entered, nothing, optional, text
from custody.area import Area
from custody.compartments import CompartmentState
from custody.facts import Fact
from custody.world import (
    SEEN_MAX,
    STRAYS_MAX,
    DoorState,
    InputState,
    Leap,
    NodeState,
    Officer,
    ReaderState,
    RecorderState,
    Seen,
    SourceState,
    Stay,
    StrayState,
    TroubleState,
    World,
)

# --- sources -------------------------------------------------------------------------------


def _config_loaded(world: World, area: Area, fact: Fact) -> Refused | None:
    """From here on every configured source is expected to speak; until it does it is unknown."""
    for node in area.nodes:
        if node not in world.nodes:
            world.nodes.put(node, NodeState(node, "unknown", fact.occurred_us, fact.index))
    for recorder in area.recorders:
        if recorder not in world.recorders:
            world.recorders.put(recorder, RecorderState(recorder, "unknown", fact.occurred_us, fact.index))
    for door in area.doors:
        if door not in world.doors:
            world.doors.put(door, DoorState(door, None, fact.occurred_us, fact.index))
    for name in area.inputs:
        if name not in world.inputs:
            world.inputs.put(name, InputState(name, None, fact.occurred_us, fact.index))
    for name in area.compartments:
        if name not in world.compartments:
            world.compartments.put(name, CompartmentState(name))
    return None


def _node(state: str) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        node = text(fact, "node")
        world.nodes.put(node, NodeState(node, state, fact.occurred_us, fact.index))
        return None

    return handle


def _recorder(state: str) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        recorder = text(fact, "recorder")
        known = world.recorders.get(recorder)
        if known is None or known.state != state:
            world.recorders.put(recorder, RecorderState(recorder, state, fact.occurred_us, fact.index))
        return None

    return handle


def _source(kind: str, state: str, key: str | None = None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        name = f"{kind}:{fact.body[key]}" if key else kind
        known = world.sources.get(name)
        if known is None or known.state != state:
            world.sources.put(name, SourceState(name, state, fact.occurred_us, fact.index))
        return None

    return handle


# --- doors ---------------------------------------------------------------------------------


def _door_moved(is_open: bool | None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        door = world.doors.get(text(fact, "door")) or DoorState(text(fact, "door"))
        if door.is_open == is_open:
            return None
        moved = replace(door, is_open=is_open, since_us=fact.occurred_us, fact=fact.index)
        if is_open and door.opened_us is not None:  # still open after a time unseen
            moved = replace(moved, since_us=door.opened_us)
        elif is_open:
            moved = replace(moved, opened_us=fact.occurred_us, opening_release_us=door.released_us)
        elif is_open is False:
            moved = replace(moved, opened_us=None)
        world.doors.put(door.id, moved)
        return None

    return handle


def _door_released(world: World, area: Area, fact: Fact) -> Refused | None:
    return _released(world, text(fact, "door"), fact)


def _released(world: World, name: str, fact: Fact) -> Refused | None:
    door = world.doors.get(name) or DoorState(name)
    world.doors.put(door.id, replace(door, released_us=fact.occurred_us))
    return None


def _output_commanded(world: World, area: Area, fact: Fact) -> Refused | None:
    """Opening a door whose lock was ordered to release is not forcing it."""
    output = area.outputs.get(text(fact, "output"))
    if output is None or output.door is None or fact.body["active"] is not True:
        return None
    return _released(world, output.door, fact)


# --- readers, inputs, points ---------------------------------------------------------------


def _reader(state: str) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        reader = text(fact, "reader")
        if reader not in area.readers:
            return Refused("SYS", f"reader:{reader}", "unknown_place", "a reader of the area", reader)
        known = world.readers.get(reader)
        if known is None or known.state != state:
            world.readers.put(reader, ReaderState(reader, state, fact.occurred_us, fact.index))
        return None

    return handle


def _input_moved(is_active: bool | None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        known = world.inputs.get(text(fact, "input")) or InputState(text(fact, "input"))
        if known.fact >= 0 and known.is_active == is_active:
            return None
        moved = replace(known, is_active=is_active, since_us=fact.occurred_us, fact=fact.index)
        if is_active and known.active_us is not None:  # still active after a time unseen
            moved = replace(moved, since_us=known.active_us)
        elif is_active is not None:
            moved = replace(moved, active_us=fact.occurred_us if is_active else None)
        world.inputs.put(known.id, moved)
        return None

    return handle


def _point(*, is_troubled: bool) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        point, trouble = f"{fact.body['node']}.{fact.body['point']}", text(fact, "trouble")
        if point not in area.points_by_ref:
            return Refused("SYS", f"point:{point}", "unknown_place", "a point of the area", point)
        key = f"{point}:{trouble}"
        if not is_troubled:
            world.troubles.drop(key)
        elif key not in world.troubles:
            state = TroubleState(point, text(fact, "of"), trouble, fact.occurred_us, fact.index)
            world.troubles.put(key, state)
        return None

    return handle


# --- tags ----------------------------------------------------------------------------------


def _tag_read(world: World, area: Area, fact: Fact) -> Refused | None:
    tag, room = text(fact, "tag"), text(fact, "room")
    move(world, area, fact, tag, room)
    return None


def move(world: World, area: Area, fact: Fact, tag: str, room: str) -> None:
    """The bearer of a tag is in this room; a tag nobody bears is remembered as a stray."""
    bearer = world.tags.get(tag)
    if bearer is None:
        _stray(world, fact, tag, room)
        return
    kind, _, ref = bearer.partition(":")
    if kind == "officer":
        officer = world.officers.get(ref)
        if officer is not None and officer.room != room:
            world.officers.put(ref, _moved(officer, room, fact))
        return
    if kind == "item":
        return  # where a thing lies, the ledger says
    stay = world.stays.get(ref)
    if stay is None or not stay.is_open:
        return
    seen_by = _seen_by(stay, room, fact)
    is_known = stay.room == room and stay.silent_us is None and stay.entered_us is not None
    if is_known and seen_by == stay.seen_by:
        return
    moved = replace(stay, silent_us=None, seen_by=seen_by, left=None)
    if stay.room != room:
        moved = replace(
            moved, room=room, room_us=fact.occurred_us, room_fact=fact.index, leap=_leap(stay, fact)
        )
        _note_rooms(world, area, fact, stay, room)
    if stay.entered_us is None and _is_inside(area, room):
        moved = entered(moved, fact.occurred_us, fact.index)
    world.stays.put(ref, moved)


def _stray(world: World, fact: Fact, tag: str, room: str) -> None:
    """A tag that nobody bears is in this room; one that is read again there has been there all along."""
    known = world.strays.get(tag)
    if known is not None and known.room == room:
        return
    if known is None and len(world.strays) >= STRAYS_MAX:
        world.strays.drop(next(iter(world.strays)))
    reader = optional(fact, "reader") or ""
    world.strays.put(tag, StrayState(tag, room, fact.occurred_us, fact.index, reader))


def _seen_by(stay: Stay, room: str, fact: Fact) -> tuple[Seen, ...]:
    """The readers that see the band with this one. A fact that names no reader says where it is, not who goes on seeing it."""
    reader = fact.body.get("reader")
    known = [seen for seen in stay.seen_by if seen.reader == reader and seen.room == room]
    if not isinstance(reader, str) or known:
        return stay.seen_by
    others = [seen for seen in stay.seen_by if seen.reader != reader]
    return (*others[-SEEN_MAX + 1 :], Seen(reader, room, fact.occurred_us, fact.index))


def _leap(stay: Stay, fact: Fact) -> Leap | None:
    """From where it was lost to where it is read now. A reader that still sees it is another matter."""
    if stay.left is None:
        return None
    room, left_us, left_fact = stay.left
    latest_us = fact.occurred_latest_us
    longest_us = latest_us - left_us if latest_us is not None else None
    return Leap(room, left_fact, fact.index, longest_us)


def _note_rooms(world: World, area: Area, fact: Fact, stay: Stay, room: str) -> None:
    """Leaving one kind of room for another is a step of the stay."""
    before = area.rooms.get(stay.room) if stay.room is not None else None
    now = area.rooms.get(room)
    names = [f"left:{before.kind}"] if before is not None and (now is None or now.kind != before.kind) else []
    if now is not None and (before is None or now.kind != before.kind):
        names.append(f"in:{now.kind}")
    if names:
        world.mark(f"stay:{stay.ref}", tuple(names), fact.occurred_us, fact.index, fact.body)


def _moved(officer: Officer, room: str | None, fact: Fact) -> Officer:
    """The officer's badge is in another room, or in none."""
    return replace(
        officer,
        room=room,
        room_us=fact.occurred_us,
        room_fact=fact.index,
        left_room=officer.room if officer.room is not None else officer.left_room,
    )


def _is_inside(area: Area, room: str) -> bool:
    known = area.rooms.get(room)
    return known is None or known.kind != "outside"


def _tag_gone(world: World, area: Area, fact: Fact) -> Refused | None:
    tag, room = text(fact, "tag"), text(fact, "room")
    bearer = world.tags.get(tag)
    if bearer is None:
        stray = world.strays.get(tag)
        if stray is not None and stray.room == room:
            world.strays.drop(tag)
        return None
    kind, _, ref = bearer.partition(":")
    officer = world.officers.get(ref) if kind == "officer" else None
    if officer is not None and officer.room == room:
        world.officers.put(ref, _moved(officer, None, fact))
    stay = world.stays.get(ref) if kind == "stay" else None
    if stay is not None and stay.is_open:
        world.stays.put(ref, _lost_by(stay, room, fact))
    return None


def _lost_by(stay: Stay, room: str, fact: Fact) -> Stay:
    """The reader of this room no longer sees the band: where it was read last, nobody knows where it is."""
    reader = fact.body.get("reader")
    seen_by = tuple(
        seen for seen in stay.seen_by if seen.room != room or (reader is not None and seen.reader != reader)
    )
    if seen_by != stay.seen_by:
        stay = replace(stay, seen_by=seen_by)
    if stay.room != room or stay.silent_us is not None:
        return stay
    at_us = fact.occurred_us
    return replace(stay, silent_us=at_us, silent_fact=fact.index, left=(room, at_us, fact.index))


def _bearer_stay(world: World, band: str) -> Stay | None:
    kind, _, ref = (world.tags.get(band) or "").partition(":")
    return world.stays.get(ref) if kind == "stay" else None


def _band_cut(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _bearer_stay(world, text(fact, "band"))
    if stay is not None and stay.is_open and stay.band_cut_fact is None:
        world.stays.put(stay.ref, replace(stay, band_cut_fact=fact.index))
    return None


def _band_battery(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _bearer_stay(world, text(fact, "band"))
    percent = fact.body["percent"]
    if stay is not None and stay.is_open and isinstance(percent, int):
        world.stays.put(stay.ref, replace(stay, band_battery_pct=percent, battery_fact=fact.index))
    return None


def _band_weak(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _bearer_stay(world, text(fact, "band"))
    if stay is not None and stay.is_open and stay.band_weak_fact is None:
        world.stays.put(stay.ref, replace(stay, band_weak_fact=fact.index))
    return None


def _band_pressed(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _bearer_stay(world, text(fact, "band"))
    if stay is not None and stay.is_open:
        world.stays.put(stay.ref, replace(stay, band_pressed_fact=fact.index))
    return None


EQUIPMENT: Final[Mapping[str, Handler]] = {
    "gateway.booted": nothing,
    "config.loaded": _config_loaded,
    "clock.stepped": _source("clock", "doubtful"),
    "clock.doubted": _source("clock", "doubtful"),
    "clock.trusted": _source("clock", "ok"),
    "clock.differed": nothing,
    "gateway.stalled": nothing,
    "server.lost": _source("server", "doubtful"),
    "server.restored": _source("server", "ok"),
    "gateway.lost": _source("gateway", "doubtful", "gateway"),
    "gateway.heard": _source("gateway", "ok", "gateway"),
    "port.lost": _source("port", "doubtful", "port"),
    "port.restored": _source("port", "ok", "port"),
    "storage.lost": _source("storage", "doubtful"),
    "storage.restored": _source("storage", "ok"),
    "node.booted": nothing,
    "node.lost": _node("lost"),
    "node.restored": _node("ok"),
    "node.gap": nothing,
    "output.commanded": _output_commanded,
    "output.confirmed": nothing,
    "output.unknown": nothing,
    "door.opened": _door_moved(is_open=True),
    "door.closed": _door_moved(is_open=False),
    "door.unknown": _door_moved(is_open=None),
    "door.released": _door_released,
    "door.exit_requested": _door_released,
    "door.release_failed": nothing,
    "bolt.withdrawn": nothing,
    "bolt.thrown": nothing,
    "bolt.unknown": nothing,
    "input.activated": _input_moved(is_active=True),
    "input.cleared": _input_moved(is_active=False),
    "input.lost": _input_moved(is_active=None),
    "point.troubled": _point(is_troubled=True),
    "point.cleared": _point(is_troubled=False),
    "reader.lost": _reader("lost"),
    "reader.restored": _reader("ok"),
    "tag.read": _tag_read,
    "tag.gone": _tag_gone,
    "wristband.cut": _band_cut,
    "wristband.battery": _band_battery,
    "wristband.weakened": _band_weak,
    "wristband.pressed": _band_pressed,
    "recorder.started": _recorder("recording"),
    "recorder.stopped": _recorder("stopped"),
    "recorder.lost": _recorder("unknown"),
}
