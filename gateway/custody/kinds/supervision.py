"""Kind `supervision`: a source has been wrong, silent or in doubt for too long.

Unknown is not normal: each source that the promise rests on is watched itself.
"""

from collections.abc import Callable, Mapping
from typing import Final

from custody.aspects import common
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View, the_only
from custody.watching import LOCKER_SOURCES
from custody.world import TroubleState

_ASPECTS: Final[Mapping[str, frozenset[str]]] = {
    "door": frozenset({"door", "nodes"}),
    "door_held": frozenset({"door"}),
    "band_silent": frozenset({"band"}),
    "band_battery": frozenset({"band"}),
    "band_out": frozenset({"band_life"}),
    "band_twice": frozenset({"band", "nodes"}),
    "tag_unknown": frozenset({"stray"}),
    "node": frozenset({"node", "occupants"}),
    "recorder": frozenset({"recorder", "nodes"}),
    "reader": frozenset({"reader", "nodes"}),
    "input": frozenset({"input"}),
    "input_unknown": frozenset({"input", "nodes"}),
    "point": frozenset({"point"}),
    "compartment_open": frozenset({"compartment"}),
    "compartment_failed": frozenset({"compartment"}),
    "compartment_cut_off": frozenset({"compartment"}),
    "compartment_missing": frozenset({"compartment", "nodes"}),
    "compartment_unknown": frozenset({"compartment", "nodes"}),
}


def reads(rule: Rule) -> set[str]:
    """The source."""
    return common(rule) | _ASPECTS.get(rule.params["source"], frozenset({"source"}))


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while the source is not as it must be."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    return _SOURCES.get(rule.params["source"], _other)(rule, view, unit)


def _fine(what: str) -> Silence:
    return Silence("seen", f"{what} not as it must be", "as it must be")


def _door_held(rule: Rule, view: View, unit: Unit) -> Judgement:
    state = view.world.doors.get(unit.ref)
    if state is None or not view.area.doors[unit.ref].controlled or state.opened_us is None:
        return _fine("a controlled door")
    door = view.area.doors[unit.ref]
    if door.kind not in rule.params.get("doors", (door.kind,)):
        return Silence("door", " ".join(rule.params["doors"]), door.kind)
    return Condition(
        room=door.between[1],
        since_us=state.opened_us,
        facts=(state.fact,),
        group=unit.subject,
        params=(("door", state.id),),
        is_hold=state.is_open is None,
    )


def _door(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A controlled door whose contact cannot be read; a lost node has its own alarm."""
    state = view.world.doors.get(unit.ref)
    if state is None or not view.area.doors[unit.ref].controlled or state.is_open is not None:
        return _fine("a controlled door")
    door = view.area.doors[unit.ref]
    return Condition(
        room=door.between[1],
        since_us=max(state.since_us, view.seen_since_us("door_contact", state.id)),
        facts=(state.fact,),
        group=unit.subject,
        params=(("door", state.id),),
        is_hold=view.is_node_lost("door_contact", state.id),
    )


def _band_silent(rule: Rule, view: View, unit: Unit) -> Judgement:
    stay = unit.stay
    assert stay is not None, "a wristband is watched in a stay that is open"
    if stay.silent_us is None:
        return _fine("a wristband")
    return Condition(
        room=stay.room,
        since_us=stay.silent_us,
        anchor=stay.silent_fact,
        facts=(stay.silent_fact,),
        params=(("band", stay.band),) if stay.band is not None else (),  # given back, and no other put on
    )


def _band_twice(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Two readers see the band in rooms too far apart for that: a second band of its number, or a reader is wrong."""
    stay = unit.stay
    assert stay is not None, "a wristband is watched in a stay that is open"
    apart = [
        (later.since_us, earlier, later)
        for number, later in enumerate(stay.seen_by)
        for earlier in stay.seen_by[:number]
        if not view.area.are_near(earlier.room, later.room)
    ]
    if not apart:
        return _fine("a wristband")
    since_us, earlier, later = min(apart, key=lambda pair: pair[0])
    return Condition(
        room=later.room,
        since_us=since_us,
        facts=(stay.band_fact, earlier.fact, later.fact),
        params=(("band", str(stay.band)), ("rooms", f"{earlier.room} {later.room}")),
        is_hold=view.is_reader_lost(earlier.reader) or view.is_reader_lost(later.reader),
    )


def _band_out(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Taken off, or its stay is over, and nobody has had it back."""
    band = view.world.bands.get(unit.ref)
    if band is None or band.state != "out":
        return _fine("a wristband")
    return Condition(
        since_us=band.since_us,
        anchor=band.fact,
        facts=(band.fact,),
        group=unit.subject,
        params=(("band", band.id), ("stay", band.stay)),
    )


def _tag_unknown(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A tag that nobody bears lies in a room where only wristbands and badges belong."""
    stray = view.world.strays.get(unit.ref)
    if stray is None:
        return _fine("a tag")
    if not view.is_of(rule, stray.room):
        return Silence("tag_room", " ".join(rule.rooms), f"{stray.room} ({view.room_kind(stray.room)})")
    return Condition(
        room=stray.room,
        since_us=stray.since_us,
        anchor=stray.fact,
        facts=(stray.fact,),
        group=unit.subject,
        params=(("tag", stray.tag), *((("reader", stray.reader),) if stray.reader else ())),
    )


def _band_battery(rule: Rule, view: View, unit: Unit) -> Judgement:
    stay = unit.stay
    assert stay is not None, "a wristband is watched in a stay that is open"
    if stay.band_weak_fact is not None:
        return Condition(room=stay.room, facts=(stay.band_weak_fact,), params=(("band", str(stay.band)),))
    percent = stay.band_battery_pct
    if percent is None or percent >= int(rule.params["percent_below"]):
        return _fine("a battery")
    return Condition(
        room=stay.room,
        facts=(stay.battery_fact,),
        params=(("band", str(stay.band)), ("percent", percent)),
    )


def _node(rule: Rule, view: View, unit: Unit) -> Judgement:
    state = view.world.nodes.get(unit.ref)
    if state is None or state.state == "ok":
        return _fine("a node")
    rooms = sorted(view.area.rooms_of_node(state.id))
    held = [stay.ref for stay in view.world.open_stays() if stay.room in rooms]
    return Condition(
        room=the_only(rooms),
        since_us=state.since_us,
        facts=(state.fact,),
        group=unit.subject,
        params=(("node", state.id), ("rooms", " ".join(rooms)), ("held", " ".join(held))),
    )


def _recorder(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A recorder whose state is unknown by itself; a lost node has its own alarm."""
    state = view.world.recorders.get(unit.ref)
    if state is None or state.state != "unknown":
        return _fine("a recorder")
    return Condition(
        room=view.area.recorders[state.id].rooms[0],
        since_us=max(state.since_us, view.seen_since_us("recorder_contact", state.id)),
        facts=(state.fact,),
        group=unit.subject,
        params=(("recorder", state.id),),
        is_hold=view.is_node_lost("recorder_contact", state.id),
    )


def _reader(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A reader that is not heard though its node is; a lost node has its own alarm."""
    state = view.world.readers.get(unit.ref)
    if state is None or state.state == "ok":
        return _fine("a reader")
    return Condition(
        room=view.area.readers[state.id].room,
        since_us=max(state.since_us, view.seen_since_us("reader", state.id)),
        facts=(state.fact,),
        group=unit.subject,
        params=(("reader", state.id),),
        is_hold=view.is_node_lost("reader", state.id),
    )


def _input(rule: Rule, view: View, unit: Unit) -> Judgement:
    """An input of the rule's kinds that is active, or was when it was last read."""
    state, known = view.world.inputs.get(unit.ref), view.area.inputs.get(unit.ref)
    if state is None or known is None or state.active_us is None:
        return _fine("an input")
    if known.kind not in rule.params["kinds"]:
        return Silence("input", " ".join(rule.params["kinds"]), known.kind)
    return Condition(
        room=known.room,
        since_us=state.active_us,
        facts=(state.fact,),
        group=unit.subject,
        params=(("input", state.id), ("kind", known.kind)),
        is_hold=state.is_active is None,
    )


def _input_unknown(rule: Rule, view: View, unit: Unit) -> Judgement:
    """An input that cannot be read; a lost node has its own alarm."""
    state, known = view.world.inputs.get(unit.ref), view.area.inputs.get(unit.ref)
    if state is None or known is None or state.is_active is not None:
        return _fine("an input")
    return Condition(
        room=known.room,
        since_us=max(state.since_us, view.seen_since_us("input", state.id)),
        facts=(state.fact,),
        group=unit.subject,
        params=(("input", state.id), ("kind", known.kind)),
        is_hold=view.is_node_lost("input", state.id),
    )


def _point(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A point with one of the rule's troubles: since the first of those that it has."""
    found = [
        state
        for trouble in rule.params["troubles"]
        if (state := view.world.troubles.get(f"{unit.ref}:{trouble}")) is not None
    ]
    if not found:
        return _fine("a point")
    first = min(found, key=_begun)
    return Condition(
        room=view.area.room_of_point(view.area.points_by_ref[unit.ref]),
        since_us=first.since_us,
        facts=(first.fact,),
        group=unit.subject,
        params=(("point", unit.ref), ("of", first.of), ("trouble", first.trouble)),
    )


def _begun(state: TroubleState) -> tuple[int, int]:
    return state.since_us, state.fact


def _other(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Ports, the server, the gateway, the clock: kept in one table by their kind."""
    wanted = str(rule.params["source"])
    name = unit.subject if unit.subject in view.world.sources else unit.kind
    state = view.world.sources.get(name)
    if state is None or state.state == "ok":
        return _fine(f"the {wanted}")
    return Condition(since_us=state.since_us, facts=(state.fact,), group=state.id)


_SOURCES: Final[Mapping[str, Callable[[Rule, View, Unit], Judgement]]] = {
    "door": _door,
    "door_held": _door_held,
    "band_silent": _band_silent,
    "band_battery": _band_battery,
    "band_out": _band_out,
    "band_twice": _band_twice,
    "tag_unknown": _tag_unknown,
    "input": _input,
    "input_unknown": _input_unknown,
    "node": _node,
    "point": _point,
    "reader": _reader,
    "recorder": _recorder,
    **LOCKER_SOURCES,
}
