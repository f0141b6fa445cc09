"""The configuration of one area (area.toml): rooms, doors, recorders, readers, nodes, outputs.

`load_area` reads TOML text and either gives an Area or raises ConfigError with every
problem found: file, key, expected, found. No file is opened here.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from custody.alarm_limits import AlarmLimits, read_alarm_limits
from custody.area_tables import (
    DOOR_POINTS,
    FITTED,
    POINT_KINDS,
    read_door,
    read_input,
    read_node,
    read_output,
    read_panel,
    read_point,
    read_port,
    read_reader,
    read_recorder,
    read_room,
)
from custody.cabinets import (
    COMPARTMENT_POINTS,
    Cabinet,
    Compartment,
    Surroundings,
    check_cabinets,
    read_cabinet,
    read_compartment,
)
from custody.config import ConfigError, Problems
from custody.fields import is_ref
from custody.name import Name
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

__all__ = (
    "DOOR_KINDS", "FITTED", "LOCK_ON_LOST", "NODES_MAX", "ON_LOST", "OUTPUT_KINDS", "POINT_KINDS", "ROOMS_MAX", "ROOM_KINDS", "STRADDLES",
    "Area", "Cabinet", "Compartment", "Door", "Input", "Node", "Output", "Panel", "Point", "Port", "Reader", "Recorder", "Room", "load_area",
)  # fmt: skip

ROOMS_MAX: Final = 64  # one plan, one page; a bigger site has more areas
NODES_MAX: Final = 32  # what one gateway polls well within a second


@dataclass(frozen=True)
class Area:
    """One case-handling area with its gateway."""

    id: str
    gateway: str
    name: Name
    station: Name
    timezone: str
    rulebooks: tuple[str, ...]
    straddle: str = "at_start"  # the law of a stay that straddles a change of the rulebook
    holidays: frozenset[date] = frozenset()  # public holidays on weekdays, for limits in working days
    overlays: tuple[Mapping[str, Any], ...] = ()  # raw [[overlay]] tables; reader.py reads them
    rooms: Mapping[str, Room] = field(default_factory=dict)
    doors: Mapping[str, Door] = field(default_factory=dict)
    recorders: Mapping[str, Recorder] = field(default_factory=dict)
    readers: Mapping[str, Reader] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    panels: Mapping[str, Panel] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    outputs: Mapping[str, Output] = field(default_factory=dict)
    ports: Mapping[str, Port] = field(default_factory=dict)
    cabinets: Mapping[str, Cabinet] = field(default_factory=dict)
    compartments: Mapping[str, Compartment] = field(default_factory=dict)
    alarms: AlarmLimits = field(default_factory=AlarmLimits)

    @property
    def rulebook(self) -> str:
        """The name under which the rulebooks of the area are shown."""
        return "+".join(self.rulebooks)

    # cached_property needs a __dict__: this one class goes without slots

    @cached_property
    def _nodes_by_owner(self) -> Mapping[tuple[str, str], str]:
        return {(point.kind, point.of): point.node for point in self.points}

    @cached_property
    def points_by_ref(self) -> Mapping[str, Point]:
        """Points by node and number: `n3.7`."""
        return {point.ref: point for point in self.points}

    @cached_property
    def _recorders_by_room(self) -> Mapping[str, tuple[str, ...]]:
        return {room: tuple(r.id for r in self.recorders.values() if room in r.rooms) for room in self.rooms}

    @cached_property
    def readers_by_room(self) -> Mapping[str, tuple[str, ...]]:
        """Reader ids of each room."""
        return {room: tuple(r.id for r in self.readers.values() if r.room == room) for room in self.rooms}

    @cached_property
    def _near(self) -> frozenset[tuple[str, str]]:
        """Pairs of rooms with a door between, or side by side on the plan; both ways round."""
        found = {door.between for door in self.doors.values()}
        found |= {
            (one.id, other.id)
            for one in self.rooms.values()
            for other in self.rooms.values()
            if one.plan is not None and other.plan is not None and _touch(one.plan, other.plan)
        }
        return frozenset(found | {(other, one) for one, other in found})

    def are_near(self, one: str, other: str) -> bool:
        """One room, or two so near that a step leads over or one reader's field reaches both."""
        return one == other or (one, other) in self._near

    @cached_property
    def zone(self) -> ZoneInfo:
        """The area's time zone: for display and for what the law counts in days, never for durations."""
        return ZoneInfo(self.timezone)

    @cached_property
    def locks(self) -> Mapping[str, str]:
        """What can be ordered to release, and its lock: door id -> output id."""
        return {output.door: output.id for output in self.outputs.values() if output.door is not None}

    def locked_doors_into(self, room: str) -> tuple[str, ...]:
        """Doors with a lock that lead into a room: their second room is it. No gate and no exit of the area is among them."""
        return tuple(
            door.id
            for door in self.doors.values()
            if door.id in self.locks and door.kind == "room" and door.between[1] == room
        )

    def cabinet_of(self, compartment: str) -> Cabinet:
        """The cabinet of a compartment that the area has."""
        return self.cabinets[self.compartments[compartment].cabinet]

    @cached_property
    def compartments_by_reader(self) -> Mapping[str, str]:
        """Readers that lie in a compartment, and which."""
        return {c.reader: c.id for c in self.compartments.values() if c.reader is not None}

    def recorders_of(self, room: str) -> tuple[str, ...]:
        """Ids of the recorders that cover a room."""
        return self._recorders_by_room.get(room, ())

    def node_of(self, kind: str, owner: str) -> str | None:
        """The node that carries the point of this kind for a door, reader, recorder, output."""
        return self._nodes_by_owner.get((kind, owner))

    def room_of_point(self, point: Point) -> str | None:
        """The room that a point serves, of a door the second, of a recorder the first; None: the whole area."""
        if point.kind == "output":
            output = self.outputs[point.of]
            return self.doors[output.door].between[1] if output.door is not None else output.room
        if point.kind == "panel":
            return self.panels[point.of].room
        if point.kind in COMPARTMENT_POINTS:
            return self.cabinet_of(point.of).room
        rooms = self._rooms_seen_by(point)
        return rooms[1 if point.kind in DOOR_POINTS else 0] if rooms else None

    @cached_property
    def points_by_node(self) -> Mapping[str, tuple[Point, ...]]:
        """Each node with its points, in the order of the file."""
        return {node: tuple(point for point in self.points if point.node == node) for node in self.nodes}

    def rooms_of_node(self, node: str) -> frozenset[str]:
        """Rooms of which something can no longer be seen when this node is silent."""
        rooms = {room for point in self.points_by_node.get(node, ()) for room in self._rooms_seen_by(point)}
        return frozenset(room for room in rooms if self.rooms[room].kind != "outside")

    def _rooms_seen_by(self, point: Point) -> tuple[str, ...]:
        if point.kind == "reader":
            return (self.readers[point.of].room,)
        if point.kind == "recorder_contact":
            return self.recorders[point.of].rooms
        if point.kind == "input":
            room = self.inputs[point.of].room
            return (room,) if room is not None else ()
        return self.doors[point.of].between if point.kind in DOOR_POINTS else ()


def _touch(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Two rectangles of the plan share an edge, a corner or more."""
    return all(
        one[axis] <= other[axis] + other[axis + 2] and other[axis] <= one[axis] + one[axis + 2]
        for axis in (0, 1)
    )


def load_area(text: str, file: str = "area.toml") -> Area:
    """Read area.toml. Raises ConfigError listing every problem."""
    problems = Problems(file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add("(file)", "TOML 1.0", str(error))
        raise ConfigError(problems.found) from None
    area = _read_area(raw, problems)
    if not problems.found:
        _check_links(area, problems)
    if problems.found:
        raise ConfigError(problems.found)
    return area


_TOP_KEYS: Final = (
    "area", "gateway", "room", "door", "recorder", "reader", "input", "panel", "node", "point", "output", "port",
    "cabinet", "compartment", "overlay", "alarms",
)  # fmt: skip


_AREA_KEYS: Final = ("id", "name", "station", "timezone", "rulebook", "straddle", "holidays")
STRADDLES: Final = ("at_start", "at_moment")


def _read_area(raw: Mapping[str, Any], p: Problems) -> Area:
    p.unknown_keys(raw, "(top)", _TOP_KEYS)
    head, gateway = p.table(raw, "area"), p.table(raw, "gateway")
    p.unknown_keys(head, "area", _AREA_KEYS)
    p.unknown_keys(gateway, "gateway", ("id",))
    timezone = head.get("timezone", "Asia/Shanghai")
    try:
        ZoneInfo(str(timezone))
    except (KeyError, OSError, ValueError):  # not found, or not a key at all
        p.add("area.timezone", "an IANA zone such as 'Asia/Shanghai'", timezone)
        timezone = "UTC"
    area_id = p.ref(head, "area", "id")
    return Area(
        id=area_id,
        gateway=p.ref(gateway, "gateway", "id"),
        name=p.name(head, "area", area_id),
        station=p.name({"name": head.get("station", head.get("name"))}, "area.station", area_id),
        timezone=str(timezone),
        rulebooks=_read_rulebooks(head, p),
        straddle=p.choice(head, "area", "straddle", STRADDLES, "at_start"),
        holidays=_read_holidays(head, p),
        overlays=tuple(table for table, _ in _tables(raw, "overlay", p)),
        rooms=_keyed(_tables(raw, "room", p), p, read_room, "room"),
        doors=_keyed(_tables(raw, "door", p), p, read_door, "door"),
        recorders=_keyed(_tables(raw, "recorder", p), p, read_recorder, "recorder"),
        readers=_keyed(_tables(raw, "reader", p), p, read_reader, "reader"),
        inputs=_keyed(_tables(raw, "input", p), p, read_input, "input"),
        panels=_keyed(_tables(raw, "panel", p), p, read_panel, "panel"),
        nodes=_keyed(_tables(raw, "node", p), p, read_node, "node"),
        points=tuple(read_point(t, w, p) for t, w in _tables(raw, "point", p)),
        outputs=_keyed(_tables(raw, "output", p), p, read_output, "output"),
        ports=_keyed(_tables(raw, "port", p), p, read_port, "port"),
        cabinets=_keyed(_tables(raw, "cabinet", p), p, read_cabinet, "cabinet"),
        compartments=_keyed(_tables(raw, "compartment", p), p, read_compartment, "compartment"),
        alarms=read_alarm_limits(raw, p),
    )


def _read_rulebooks(head: Mapping[str, Any], p: Problems) -> tuple[str, ...]:
    """One name, or the names of books that follow each other."""
    value = head.get("rulebook", "cn-2026")
    names = value if isinstance(value, list) else [value]
    if not names or not all(is_ref(name) for name in names) or len(set(names)) != len(names):
        p.add("area.rulebook", "the name of a rulebook, or a list of names", value)
        return ("",)
    return tuple(names)


def _read_holidays(head: Mapping[str, Any], p: Problems) -> frozenset[date]:
    value = head.get("holidays", [])
    is_list = isinstance(value, list) and all(type(day) is date for day in value)
    if not is_list:
        p.add("area.holidays", "a list of dates such as [2026-10-01]", value)
        return frozenset()
    return frozenset(value)


def _tables(raw: Mapping[str, Any], key: str, p: Problems) -> list[tuple[Mapping[str, Any], str]]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        p.add(key, f"an array of tables [[{key}]]", value)
        return []
    return [(item, f"{key}[{number}]") for number, item in enumerate(value)]


def _keyed(tables: Any, p: Problems, read: Any, kind: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for table, where in tables:
        item = read(table, where, p)
        if item.id in result:
            p.add(f"{where}.id", f"a {kind} id used once", item.id)
        result[item.id] = item
    return result


def _check_links(area: Area, p: Problems) -> None:
    """Every id that is named exists, and nothing is wired twice."""
    _check_rooms(area, p)
    owners = {
        **dict.fromkeys(DOOR_POINTS, area.doors),
        **dict.fromkeys(COMPARTMENT_POINTS, area.compartments),
        "recorder_contact": area.recorders,
        "reader": area.readers,
        "input": area.inputs,
        "output": area.outputs,
        "panel": area.panels,
    }
    seen: set[tuple[str, int]] = set()
    for number, point in enumerate(area.points):
        where = f"point[{number}]"
        if point.node not in area.nodes:
            p.add(f"{where}.node", "the id of a [[node]]", point.node)
        if point.of not in owners[point.kind]:
            p.add(f"{where}.of", f"the id of what a {point.kind} belongs to", point.of)
        if (point.node, point.point) in seen:
            p.add(f"{where}.point", "a point number used once on its node", point.point)
        seen.add((point.node, point.point))
    _check_inputs(area, p)
    _check_locks(area, p)
    around = Surroundings(area.rooms, area.readers, area.recorders, area.outputs, area.points)
    check_cabinets(area.cabinets, area.compartments, around, p)
    numbers: dict[int, str] = {}
    for node in area.nodes.values():
        if area.ports and node.port not in area.ports:
            p.add(f"node {node.id}.port", "the id of a [[port]]", node.port)
        if node.number in numbers:
            p.add(f"node {node.id}.number", "a number used once", node.number)
        numbers[node.number] = node.id
    if len(area.nodes) > NODES_MAX:
        p.add("node", f"at most {NODES_MAX} nodes", len(area.nodes))


def _check_inputs(area: Area, p: Problems) -> None:
    """Each input and panel has its point: one without is unknown for ever, and one with two contradicts itself."""
    points = Counter((point.kind, point.of) for point in area.points)
    for kind, named in (("input", area.inputs), ("panel", area.panels)):
        for name in named:
            if points[kind, name] != 1:
                p.add(f"{kind} {name}", f"one [[point]] of kind {kind} that is of it", points[kind, name])
    for panel in area.panels.values():
        if panel.room in area.rooms and not area.readers_by_room[panel.room]:
            p.add(f"panel {panel.id}.room", "a room with a [[reader]], which sees who is there", panel.room)


def _check_locks(area: Area, p: Problems) -> None:
    """A lock is of one door that may be locked, and hangs on a node, which reads its bolt."""
    points = Counter(point.of for point in area.points if point.kind == "output")
    owners = Counter(output.door for output in area.outputs.values())
    for output in area.outputs.values():
        where = f"output {output.id}"
        if output.kind != "lock":
            if output.door is not None:
                p.add(f"{where}.door", "no door: a lock alone is of a door", output.door)
            continue
        door = area.doors.get(output.door or "")
        if door is None or not door.controlled:
            p.add(f"{where}.door", "the id of a [[door]] that is controlled = true", output.door)
        elif owners[door.id] != 1:
            p.add(f"{where}.door", "a door with one lock", door.id)
        if output.gpio_line is not None:
            p.add(f"{where}.gpio_line", "no line of the gateway, which reads no bolt", output.gpio_line)
        if points[output.id] != 1:
            p.add(where, "one [[point]] of kind output that is of it", points[output.id])


def _check_rooms(area: Area, p: Problems) -> None:
    if not area.rooms:
        p.add("room", "at least one [[room]]", "none")
    if len(area.rooms) > ROOMS_MAX:
        p.add("room", f"at most {ROOMS_MAX} rooms", len(area.rooms))
    named: list[tuple[str, str]] = []
    for room in area.rooms.values():
        named += [(f"room {room.id}.guarded_from", other) for other in room.guarded_from]
    for door in area.doors.values():
        named += [(f"door {door.id}.between", other) for other in door.between]
    for recorder in area.recorders.values():
        named += [(f"recorder {recorder.id}.rooms", other) for other in recorder.rooms]
    named += [(f"reader {r.id}.room", r.room) for r in area.readers.values()]
    named += [(f"input {i.id}.room", i.room) for i in area.inputs.values() if i.room]
    named += [(f"panel {panel.id}.room", panel.room) for panel in area.panels.values()]
    named += [(f"output {o.id}.room", o.room) for o in area.outputs.values() if o.room]
    for key, room_id in named:
        if room_id not in area.rooms:
            p.add(key, "the id of a [[room]]", room_id)
