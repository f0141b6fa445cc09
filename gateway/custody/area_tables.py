"""The tables of area.toml that have no others to look at: one record of custody.places each, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any, Final

from custody.cabinets import COMPARTMENT_POINTS
from custody.config import Problems
from custody.places import (
    DOOR_KINDS,
    LOCK_ON_LOST,
    ON_LOST,
    OUTPUT_KINDS,
    ROOM_KINDS,
    Door,
    Input,
    Node,
    Output,
    Panel,
    Point,
    Port,
    Reader,
    Recorder,
    Room,
)
from custody.vocabulary import INPUTS

DOOR_POINTS: Final = ("door_contact", "lock_feedback", "lock_bolt", "exit_request")
POINT_KINDS: Final = (
    *DOOR_POINTS, *COMPARTMENT_POINTS, "recorder_contact", "reader", "input", "output", "panel",
)  # fmt: skip
FITTED: Final = ("patrol_point", "guard_motion")


def read_room(t: Mapping[str, Any], where: str, p: Problems) -> Room:
    """One [[room]] table."""
    p.unknown_keys(t, where, ("id", "kind", "name", "guarded_from", "plan", "fitted"))
    fitted = p.refs(t, where, "fitted", ())
    if not set(fitted) <= set(FITTED):
        p.add(f"{where}.fitted", f"a list out of {', '.join(FITTED)}", fitted)
    plan = t.get("plan")
    good = isinstance(plan, list) and len(plan) == 4 and all(isinstance(n, int) for n in plan)
    if plan is not None and not good:
        p.add(f"{where}.plan", "[x, y, width, height] in whole plan units", plan)
    room = p.ref(t, where, "id")
    return Room(
        id=room,
        kind=p.choice(t, where, "kind", ROOM_KINDS),
        name=p.name(t, where, room),
        guarded_from=p.refs(t, where, "guarded_from", ()),
        fitted=fitted,
        plan=(plan[0], plan[1], plan[2], plan[3]) if good and plan is not None else None,
    )


def read_door(t: Mapping[str, Any], where: str, p: Problems) -> Door:
    """One [[door]] table."""
    p.unknown_keys(t, where, ("id", "kind", "name", "between", "controlled"))
    between = p.refs(t, where, "between")
    if len(between) != 2:
        p.add(f"{where}.between", "two room ids", t.get("between"))
        between = ("", "")
    controlled = t.get("controlled", False)
    if not isinstance(controlled, bool):
        p.add(f"{where}.controlled", "true or false", controlled)
    door = p.ref(t, where, "id")
    return Door(
        id=door,
        kind=p.choice(t, where, "kind", DOOR_KINDS),
        name=p.name(t, where, door),
        between=(between[0], between[1]),
        controlled=bool(controlled),
    )


def read_recorder(t: Mapping[str, Any], where: str, p: Problems) -> Recorder:
    """One [[recorder]] table."""
    p.unknown_keys(t, where, ("id", "name", "rooms"))
    recorder = p.ref(t, where, "id")
    return Recorder(recorder, p.name(t, where, recorder), p.refs(t, where, "rooms"))


def read_reader(t: Mapping[str, Any], where: str, p: Problems) -> Reader:
    """One [[reader]] table."""
    p.unknown_keys(t, where, ("id", "room"))
    return Reader(p.ref(t, where, "id"), p.ref(t, where, "room"))


def read_input(t: Mapping[str, Any], where: str, p: Problems) -> Input:
    """One [[input]] table."""
    p.unknown_keys(t, where, ("id", "kind", "name", "room"))
    input_id = p.ref(t, where, "id")
    return Input(
        id=input_id,
        kind=p.choice(t, where, "kind", tuple(INPUTS)),
        name=p.name(t, where, input_id),
        room=p.ref(t, where, "room", None) or None,
    )


def read_panel(t: Mapping[str, Any], where: str, p: Problems) -> Panel:
    """One [[panel]] table."""
    p.unknown_keys(t, where, ("id", "room"))
    return Panel(p.ref(t, where, "id"), p.ref(t, where, "room"))


def read_node(t: Mapping[str, Any], where: str, p: Problems) -> Node:
    """One [[node]] table."""
    p.unknown_keys(t, where, ("id", "number", "port"))
    return Node(p.ref(t, where, "id"), p.integer(t, where, "number", 1, 65_535), p.ref(t, where, "port"))


def read_point(t: Mapping[str, Any], where: str, p: Problems) -> Point:
    """One [[point]] table."""
    p.unknown_keys(t, where, ("node", "point", "kind", "of"))
    return Point(
        node=p.ref(t, where, "node"),
        point=p.integer(t, where, "point", 0, 255),
        kind=p.choice(t, where, "kind", POINT_KINDS),
        of=p.ref(t, where, "of"),
    )


def read_output(t: Mapping[str, Any], where: str, p: Problems) -> Output:
    """One [[output]] table."""
    p.unknown_keys(t, where, ("id", "kind", "room", "door", "on_lost", "gpio_line"))
    kind = p.choice(t, where, "kind", OUTPUT_KINDS)
    lost = (LOCK_ON_LOST, "off") if kind == "lock" else (ON_LOST,)
    return Output(
        id=p.ref(t, where, "id"),
        kind=kind,
        room=p.ref(t, where, "room", None) or None,
        on_lost=p.choice(t, where, "on_lost", *lost),
        gpio_line=p.integer(t, where, "gpio_line", 0, 53) if "gpio_line" in t else None,
        door=p.ref(t, where, "door", None) or None,
    )


def read_port(t: Mapping[str, Any], where: str, p: Problems) -> Port:
    """One [[port]] table."""
    p.unknown_keys(t, where, ("id", "path", "baud"))
    path = t.get("path")
    if not isinstance(path, str) or not path:
        p.add(f"{where}.path", "the path of a serial port, or tls://HOST:PORT", path)
        path = ""
    return Port(p.ref(t, where, "id"), path, p.integer(t, where, "baud", 1_200, 4_000_000, 115_200))
