"""Scenes of what is supervised: doors, wristbands, nodes, recorders, ports, the gateway itself."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.bookcheck.lockers import LOCKER_SCENES
from custody.bookcheck.script import Script
from custody.bookcheck.telling import MINUTE_US, STAY, Impossible
from custody.name import Name
from custody.rules import Rule
from custody.times import SECOND_US


def one_of(s: Script, known: Mapping[str, object], what: str) -> str:
    """The first of what the area has. Raises Impossible."""
    if not known:
        raise Impossible("not_in_area", what, Name(f"{s.area.id} 没有", f"{s.area.id} has none"))
    return next(iter(known))


def door_of(s: Script, rule: Rule) -> str:
    """A controlled door of the rule's kinds. Raises Impossible."""
    kinds = rule.params.get("doors", ())
    for door in s.area.doors.values():
        if door.controlled and (not kinds or door.kind in kinds):
            return door.id
    raise Impossible(
        "not_in_area", " | ".join(kinds) or "door", Name(f"{s.area.id} 没有", f"{s.area.id} has none")
    )


def supervised(s: Script, rule: Rule, way: object, ref: str) -> str | None:
    """The source goes wrong, silent or in doubt. Gives the subject; None: the stay."""
    return _SOURCES[rule.params["source"]](s, rule)


def _door_held(s: Script, rule: Rule) -> str:
    door = door_of(s, rule)
    s.tell("door.exit_requested", SECOND_US, door=door)
    s.tell("door.opened", SECOND_US, door=door)
    return f"door:{door}"


def _door_unknown(s: Script, rule: Rule) -> str:
    door = door_of(s, rule)
    s.tell("door.unknown", door=door)
    return f"door:{door}"


def _band_silent(s: Script, rule: Rule) -> None:
    room = s.room().id
    s.place(room)
    s.tell("tag.gone", tag=s.held[STAY].band, room=room)


def _band_battery(s: Script, rule: Rule) -> None:
    s.place(s.room().id)
    s.tell(
        "wristband.battery", band=s.held[STAY].band, percent=max(0, rule.params.get("percent_below", 1) - 1)
    )


def _band_twice(s: Script, rule: Rule) -> None:
    """Two readers too far apart see it. Raises Impossible."""
    one, other = _far_apart(s)
    s.place(one[1])
    for reader, room in (one, other):
        s.tell("tag.read", tag=s.held[STAY].band, room=room, reader=reader)


def _far_apart(s: Script) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two readers, each with its room, between which no step leads. Raises Impossible."""
    inside = [r for r in s.area.readers.values() if s.area.rooms[r.room].kind != "outside"]
    for one in inside:
        for other in inside:
            if not s.area.are_near(one.room, other.room):
                return (one.id, one.room), (other.id, other.room)
    raise Impossible(
        "not_in_area", "readers", Name(f"{s.area.id} 没有", f"{s.area.id} has none so far apart")
    )


def leapt(s: Script) -> None:
    """Lost by one reader, and read by another far from it at once. Raises Impossible."""
    one, other = _far_apart(s)
    s.place(one[1])
    s.tell("tag.gone", tag=s.held[STAY].band, room=one[1], reader=one[0])
    s.tell("tag.read", SECOND_US, tag=s.held[STAY].band, room=other[1], reader=other[0])


def _band_out(s: Script, rule: Rule) -> str:
    s.place(s.room().id)
    band = str(s.held[STAY].band)
    s.do("released")
    return f"band:{band}"


def _tag_unknown(s: Script, rule: Rule) -> str:
    rooms = {
        reader.room: reader
        for reader in s.area.readers.values()
        if not rule.rooms or s.area.rooms[reader.room].kind in rule.rooms
    }
    s.tell("tag.read", tag="unknown-tag", room=one_of(s, rooms, " | ".join(rule.rooms)))
    return "tag:unknown-tag"


def _node(s: Script, rule: Rule) -> str:
    node = one_of(s, s.area.nodes, "node")
    s.happen("node.down", node=node)
    return f"node:{node}"


def _recorder(s: Script, rule: Rule) -> str:
    recorder = one_of(s, s.area.recorders, "recorder")
    s.tell("recorder.lost", recorder=recorder)
    return f"recorder:{recorder}"


def _reader(s: Script, rule: Rule) -> str:
    reader = one_of(s, s.area.readers, "reader")
    s.tell("reader.lost", reader=reader)
    return f"reader:{reader}"


def _input_of(s: Script, rule: Rule) -> str:
    """An input of the rule's kinds. Raises Impossible."""
    kinds = rule.params.get("kinds", ())
    return one_of(
        s, {i.id: i for i in s.area.inputs.values() if not kinds or i.kind in kinds}, " | ".join(kinds)
    )


def _input(s: Script, rule: Rule) -> str:
    known = _input_of(s, rule)
    s.tell("input.activated", input=known)
    return f"input:{known}"


def _input_unknown(s: Script, rule: Rule) -> str:
    known = _input_of(s, rule)
    s.tell("input.lost", input=known)
    return f"input:{known}"


def _point(s: Script, rule: Rule) -> str:
    ref = one_of(s, s.area.points_by_ref, "point")
    point = s.area.points_by_ref[ref]
    trouble = rule.params["troubles"][0]
    s.tell("point.troubled", node=point.node, point=point.point, of=point.of, trouble=trouble)
    return f"point:{ref}"


def _port(s: Script, rule: Rule) -> str:
    port = one_of(s, s.area.ports, "port")
    s.tell("port.lost", port=port, by="gateway")
    return f"port:{port}"


def _storage(s: Script, rule: Rule) -> str:
    s.tell("storage.lost", by="gateway")
    return f"storage:{s.area.gateway}"


def _server(s: Script, rule: Rule) -> str:
    s.happen("network.down")
    return f"server:{s.area.gateway}"


def _gateway(s: Script, rule: Rule) -> str:
    s.happen("power.cut")
    s.happen("boot", max(level.after_us for level in rule.levels) + MINUTE_US)
    return f"gateway:{s.area.gateway}"


def _clock_stepped(s: Script, rule: Rule) -> str:
    s.happen("clock.step", by="1h")
    return f"clock:{s.area.gateway}"


_SOURCES: Final[Mapping[str, Callable[[Script, Rule], str | None]]] = {
    "band_battery": _band_battery,
    "band_out": _band_out,
    "band_silent": _band_silent,
    "band_twice": _band_twice,
    "clock": _clock_stepped,
    "door": _door_unknown,
    "door_held": _door_held,
    "gateway": _gateway,
    "input": _input,
    "input_unknown": _input_unknown,
    "node": _node,
    "point": _point,
    "port": _port,
    "reader": _reader,
    "recorder": _recorder,
    "server": _server,
    "storage": _storage,
    "tag_unknown": _tag_unknown,
    **LOCKER_SCENES,
}
