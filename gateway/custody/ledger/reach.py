"""Which rules a source serves, in which rooms: the other half of the blind-time ledger.

Taken from what the kinds of rules read (`kinds/*.reads`) and from the area's wiring, so that a new rule is in
the ledger without a line here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from custody.area import Area
from custody.kinds import KINDS
from custody.ledger.sources import Spell
from custody.rules import Rule, Rulebook

Place = tuple[str | None, str | None]  # rule as id/variant, room; None: every one

EVERYWHERE: Final[tuple[Place, ...]] = ((None, None),)
_WHOLE: Final = frozenset({"clock", "log", "gateway"})  # sources without which nothing is judged
_PERSONS: Final = frozenset({"place", "occupants", "neighbours"})


@dataclass
class Reach:
    """`places`: source -> rules and rooms (None: the whole area); `of_bands`: room -> rules that ask where a person is, or for the band."""

    places: dict[str, set[tuple[str, str | None]]] = field(default_factory=dict)
    of_bands: dict[str, set[str]] = field(default_factory=dict)

    def of(self, spell: Spell) -> tuple[Place, ...]:
        """The rules and rooms that a spell blinds, sorted."""
        kind = spell.source.partition(":")[0]
        if kind in _WHOLE:
            return EVERYWHERE
        if kind == "band":
            room = spell.room
            return tuple((rule, room) for rule in sorted(self.of_bands.get(room or "", ())))
        return tuple(sorted(self.places.get(spell.source, ()), key=_order))


def _order(place: tuple[str, str | None]) -> tuple[str, str]:
    return place[0], place[1] or ""


def reach_of(area: Area, rulebook: Rulebook) -> Reach:
    """Read once from the rulebook and the area; the periods of a rule count as one."""
    found = Reach()
    for rule in rulebook.rules:
        reads = KINDS[rule.kind].reads(rule)
        for source, room in _sources(rule, frozenset(reads), area):
            found.places.setdefault(source, set()).add((rule.key, room))
        if _asks_for_band(rule, reads):
            for room in _rooms(rule, area):
                found.of_bands.setdefault(room, set()).add(rule.key)
    return found


def _asks_for_band(rule: Rule, reads: set[str]) -> bool:
    """Blind while a band is silent; the rule that tells of it is not."""
    is_of_person = rule.unit in ("stay", "room") and rule.params.get("source") != "band_silent"
    return is_of_person and bool(reads & _PERSONS or "band" in reads)


def _rooms(rule: Rule, area: Area) -> list[str]:
    """Rooms inside the area that a rule is about."""
    return [
        room.id
        for room in area.rooms.values()
        if room.kind != "outside" and (not rule.rooms or room.kind in rule.rooms)
    ]


def _sources(rule: Rule, reads: frozenset[str], area: Area) -> Iterator[tuple[str, str | None]]:
    if rule.unit in ("stay", "room"):
        for room in _rooms(rule, area):
            yield from ((source, room) for source in _of_room(rule, reads, area, room))
    elif rule.unit == "recorder" and "recorder" in reads:
        for recorder in area.recorders.values():
            yield from _node(area, "recorder_contact", recorder.id, recorder.rooms[0])
    elif rule.unit == "door" and "door" in reads:
        for door in area.doors.values():
            if not door.controlled:
                continue
            yield from _node(area, "door_contact", door.id, door.between[1])
            if rule.params.get("source") != "door":  # the one that tells of it is not blinded by it
                yield f"door:{door.id}", door.between[1]
    else:
        yield from _of_equipment(rule, area)


def _of_equipment(rule: Rule, area: Area) -> Iterator[tuple[str, str | None]]:
    """Of rules on readers, tags, inputs and points: what each of them is seen by."""
    if rule.unit == "reader":
        for reader in area.readers.values():
            yield from _node(area, "reader", reader.id, reader.room)
    elif rule.unit == "tag":
        for room in _rooms(rule, area):
            for source in area.readers_by_room[room]:
                yield from _node(area, "reader", source, room)
                yield f"reader:{source}", room
    elif rule.unit == "point":
        for point in area.points:
            yield f"node:{point.node}", area.room_of_point(point)
    elif rule.unit == "input":
        for known in area.inputs.values():
            if known.kind in rule.params.get("kinds", (known.kind,)):
                yield from _node(area, "input", known.id, known.room)
                if (
                    rule.params.get("source") != "input_unknown"
                ):  # the one that tells of it is not blinded by it
                    yield f"input:{known.id}", known.room


def _of_room(rule: Rule, reads: frozenset[str], area: Area, room: str) -> Iterator[str]:
    zone: tuple[str, ...] = (room,)
    if rule.kind == "presence":
        zone = (room, *area.rooms[room].guarded_from)
    if reads & _PERSONS or "badges" in reads:
        for seen_from in zone if "badges" in reads else (room,):
            readers = area.readers_by_room[seen_from]
            yield from (s for r in readers for s, _ in _node(area, "reader", r, room))
            yield from (f"reader:{reader}" for reader in readers)
        if not area.readers_by_room[room]:
            yield f"room:{room}"
    fitted = rule.params.get("fitted")
    if fitted is not None and fitted not in area.rooms[room].fitted:
        yield f"{fitted}:{room}"
    if "recorders" in reads:
        for recorder in area.recorders_of(room):
            yield f"recorder:{recorder}"
            yield from (s for s, _ in _node(area, "recorder_contact", recorder, room))


def _node(area: Area, kind: str, owner: str, room: str | None) -> Iterator[tuple[str, str | None]]:
    node = area.node_of(kind, owner)
    if node is not None:
        yield f"node:{node}", room
