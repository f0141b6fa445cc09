"""What facts tell of each point, and its walk tests: for the page on which points are tried. No rule reads either."""

from collections.abc import Mapping
from typing import Final

from custody.apply.base import Handler, Refused, optional, text
from custody.area import Area
from custody.facts import Fact
from custody.world import PointState, Walked, World

# Fact -> the kind of point it comes from, the field that names the owner, what was seen.
_TOLD: Final[Mapping[str, tuple[str, str, str]]] = {
    "door.opened": ("door_contact", "door", "open"),
    "door.closed": ("door_contact", "door", "shut"),
    "door.unknown": ("door_contact", "door", "unknown"),
    "door.released": ("lock_feedback", "door", "released"),
    "door.exit_requested": ("exit_request", "door", "pressed"),
    "bolt.withdrawn": ("lock_bolt", "door", "withdrawn"),
    "bolt.thrown": ("lock_bolt", "door", "thrown"),
    "bolt.unknown": ("lock_bolt", "door", "unknown"),
    "compartment.opened": ("compartment_door", "compartment", "open"),
    "compartment.closed": ("compartment_door", "compartment", "shut"),
    "compartment.unknown": ("compartment_door", "compartment", "unknown"),
    "compartment.unlocked": ("compartment_lock", "compartment", "released"),
    "compartment.locked": ("compartment_lock", "compartment", "thrown"),
    "compartment.bolt_unknown": ("compartment_lock", "compartment", "unknown"),
    "recorder.started": ("recorder_contact", "recorder", "recording"),
    "recorder.stopped": ("recorder_contact", "recorder", "stopped"),
    "recorder.lost": ("recorder_contact", "recorder", "unknown"),
    "input.activated": ("input", "input", "active"),
    "input.cleared": ("input", "input", "clear"),
    "input.lost": ("input", "input", "unknown"),
    "output.confirmed": ("output", "output", "on"),
    "output.unknown": ("output", "output", "unknown"),
    "tag.read": ("reader", "reader", "read"),
    "tag.gone": ("reader", "reader", "gone"),
    "reader.lost": ("reader", "reader", "unknown"),
    "reader.restored": ("reader", "reader", "heard"),
}
EVENT_KINDS: Final = ("lock_feedback", "exit_request", "reader", "panel")
"""Points of which the log tells what happens at them, not how they stand; of a panel nothing but its troubles."""
NOT_SEEN: Final = ("unknown", "heard")
RETOLD_US: Final = 10_000_000
"""A reader that is heard again tells within this time what lay on it all along: no hand has laid it there."""


def note_told(world: World, area: Area, fact: Fact) -> None:
    """What an accepted fact says of a point."""
    if fact.type in ("node.lost", "node.restored"):
        state = "unknown" if fact.type == "node.lost" else "heard"
        for point in area.points_by_node.get(text(fact, "node"), ()):
            if f"reader:{point.of}" in world.told:
                _put(world, "reader", point.of, state, fact)
        return
    told = _TOLD.get(fact.type)
    if told is None:
        return
    kind, key, state = told
    owner = optional(fact, key) or _only_reader(area, fact)
    if owner is not None:
        _put(world, kind, owner, "off" if fact.body.get("active") is False else state, fact)


def _only_reader(area: Area, fact: Fact) -> str | None:
    """The reader of a tag whose fact names the room alone, where that room has one."""
    readers = area.readers_by_room.get(str(fact.body.get("room")), ())
    return readers[0] if len(readers) == 1 else None


def _put(world: World, kind: str, owner: str, state: str, fact: Fact) -> None:
    key, at_us, is_level = f"{kind}:{owner}", fact.occurred_us, kind not in EVENT_KINDS
    known = world.told.get(key) or PointState("unknown" if is_level else "", at_us, fact.index)
    if state == known.state and (is_level or state in NOT_SEEN):
        return
    is_retold = known.state == "heard" and at_us - known.since_us < RETOLD_US
    if state in NOT_SEEN or known.state == "unknown" or is_retold:
        told = PointState(state, at_us, fact.index, known.moved, known.moved_us, known.moved_fact)
    else:
        told = PointState(state, at_us, fact.index, state, at_us, fact.index)
    world.told.put(key, told)


def _walked(world: World, area: Area, fact: Fact) -> Refused | None:
    ref, owner = f"{fact.body['node']}.{fact.body['point']}", text(fact, "of")
    point = area.points_by_ref.get(ref)
    if point is None or point.of != owner:
        found = f"{ref} of {owner}"
        return Refused(
            "SYS", f"point:{ref}", "unknown_place", "a point of the area with what it belongs to", found
        )
    seen_us = fact.body.get("seen_at_us")
    walked = Walked(
        owner, text(fact, "result"), text(fact, "seen"), seen_us if isinstance(seen_us, int) else None,
        optional(fact, "note") or "", optional(fact, "officer") or "", fact.occurred_us, fact.index,
    )  # fmt: skip
    world.walks.put(ref, walked)
    return None


POINTS: Final[Mapping[str, Handler]] = {"point.walked": _walked}
