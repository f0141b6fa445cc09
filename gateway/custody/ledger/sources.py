"""Spells in which a source could not be seen, as a log shows them: the first half of the blind-time ledger.

The second half, which rules a source serves in which rooms, is `reach.py`. The definition to the letter: docs/ledger.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from custody.area import FITTED, Area
from custody.ledger.walk import Step
from custody.world import DoorState, InputState, NodeState, ReaderState, RecorderState, SourceState, Stay

Leaf = Mapping[str, Any]

WHY: Final = (
    "node_lost", "messages_lost", "reader_lost", "recorder_unknown", "door_unknown", "input_unknown", "band_silent",
    "clock_doubted", "gateway_stopped", "log_damaged", "log_full", "not_fitted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spell:
    """`source` (`node:n3`, `clock` …) not seen from `from_us` until `to_us`; None: still not at the end of the log."""

    source: str
    why: str
    from_us: int
    to_us: int | None
    room: str | None = None  # of a wristband: where it was read last
    stay: str | None = None


def seen_by_world(steps: Iterable[Step], area: Area) -> Iterator[Spell]:
    """Spells of nodes, readers, recorders, controlled doors, inputs, wristbands and the clock: by time of occurrence."""
    open_: dict[str, Spell] = {}
    for fact, _, changes in steps:
        for change in changes:
            for name, spell in _states(change.key, change.old, change.new, area):
                before = open_.get(name)
                if before is not None and (spell is None or spell.room != before.room):
                    ended = _ended(open_.pop(name), fact.occurred_us)
                    if ended.to_us != ended.from_us:
                        yield ended
                if spell is not None and name not in open_:
                    open_[name] = spell
    yield from open_.values()


def _ended(spell: Spell, to_us: int) -> Spell:
    return Spell(spell.source, spell.why, spell.from_us, max(spell.from_us, to_us), spell.room, spell.stay)


def _states(key: str, old: object, new: object, area: Area) -> Iterator[tuple[str, Spell | None]]:
    """Of a changed record: its source, and the spell that lasts now."""
    record = new if new is not None else old
    match record:
        case NodeState() if key in area.nodes:
            yield from _one(
                f"node:{key}", "node_lost", record.state != "ok" and record.is_blind, record.since_us
            )
        case ReaderState() if key in area.readers:
            yield from _one(f"reader:{key}", "reader_lost", record.state != "ok", record.since_us)
        case InputState() if key in area.inputs:
            yield from _one(f"input:{key}", "input_unknown", record.is_active is None, record.since_us)
        case RecorderState() if key in area.recorders:
            yield from _one(f"recorder:{key}", "recorder_unknown", record.state == "unknown", record.since_us)
        case DoorState() if key in area.doors and area.doors[key].controlled:
            yield from _one(f"door:{key}", "door_unknown", record.is_open is None, record.since_us)
        case SourceState() if key == "clock":
            yield from _one("clock", "clock_doubted", record.state != "ok", record.since_us)
        case Stay() if record.band is not None:
            source, since_us = f"band:{record.band}", record.silent_us
            is_silent = record.is_open and since_us is not None
            silent = Spell(source, "band_silent", since_us or 0, None, record.room, record.ref)
            yield f"{source} {record.ref}", silent if is_silent else None


def _one(source: str, why: str, is_blind: bool, since_us: int) -> Iterator[tuple[str, Spell | None]]:
    yield source, Spell(source, why, since_us, None) if is_blind else None


def seen_by_log(leaves: Iterable[Leaf], area: Area) -> Iterator[Spell]:
    """Spells that the order of the leaves shows: messages lost, gateway stopped, log damaged or full."""
    gateway = f"gateway:{area.gateway}"
    first_us: int | None = None  # of the log
    last: Leaf | None = None  # fact
    heard_us: dict[str, int] = {}
    recorded_us: dict[int, int] = {}
    full_us: int | None = None
    for leaf in leaves:
        at_us = leaf["recorded"]["earliest_us"]
        first_us = at_us if first_us is None else first_us
        recorded_us[leaf["index"]] = at_us
        if leaf["type"] == "log.damaged/1" and not leaf["body"]["count"] and leaf["body"]["from"] != "none":
            since_us = recorded_us.get(leaf["body"]["first"] - 1, first_us)
            yield Spell("log", "log_damaged", since_us, max(since_us, at_us))
        elif leaf["type"] == "log.space/1":
            if full_us is not None and leaf["body"]["left_out"]:
                yield Spell("log", "log_full", full_us, max(full_us, at_us))
            full_us = at_us
        if leaf["class"] != "fact":
            continue
        if last is not None and last["recorded"]["boot"] != leaf["recorded"]["boot"]:
            since_us = last["recorded"]["earliest_us"]
            yield Spell(gateway, "gateway_stopped", since_us, max(since_us, at_us))
        last = leaf
        if leaf["type"] == "node.gap/1" and leaf["body"]["node"] in area.nodes:
            node, told_us = leaf["body"]["node"], leaf["occurred"]["earliest_us"]
            since_us = min(heard_us.get(node, first_us), told_us)
            yield Spell(f"node:{node}", "messages_lost", since_us, told_us)
        if leaf["source"]["name"] in area.nodes:
            heard_us[leaf["source"]["name"]] = leaf["occurred"]["earliest_us"]


def not_fitted(area: Area, from_us: int) -> Iterator[Spell]:
    """What an area has no sensor for, from its first leaf on: rooms without a reader or without what some rules rest on,
    controlled doors without a contact."""
    for room in area.rooms.values():
        if room.kind != "outside" and not area.readers_by_room[room.id]:
            yield Spell(f"room:{room.id}", "not_fitted", from_us, None)
        for what in FITTED:
            if what not in room.fitted:
                yield Spell(f"{what}:{room.id}", "not_fitted", from_us, None)
    for door in area.doors.values():
        if door.controlled and area.points and area.node_of("door_contact", door.id) is None:
            yield Spell(f"door:{door.id}", "not_fitted", from_us, None)
