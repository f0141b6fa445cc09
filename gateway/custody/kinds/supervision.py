"""Kind `supervision`: a source has been wrong, silent or in doubt for too long.

Unknown is not normal: each source that the promise rests on is watched itself.
"""

from collections.abc import Iterator

from custody.rules import Rule
from custody.view import Condition, View

READS = frozenset({"stays", "doors", "nodes", "recorders", "sources"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Sources of the rule that are not as they must be."""
    return list(_SOURCES.get(str(rule.params["source"]), _other)(rule, view))


def _door_held(rule: Rule, view: View) -> Iterator[Condition]:
    for state in view.world.doors.values():
        door = view.area.doors.get(state.id)
        if door is None or not door.controlled or state.opened_us is None:
            continue
        if door.kind in rule.params.get("doors", (door.kind,)):
            yield Condition(
                subject=f"door:{state.id}",
                room=door.between[1],
                since_us=state.opened_us,
                facts=(state.fact,),
                group=f"door:{state.id}",
                params=(("door", state.id),),
                is_hold=state.is_open is None,
            )


def _door(rule: Rule, view: View) -> Iterator[Condition]:
    """Controlled doors whose contact cannot be read; a lost node has its own alarm."""
    for state in view.world.doors.values():
        door = view.area.doors.get(state.id)
        if door is not None and door.controlled and state.is_open is None:
            yield Condition(
                subject=f"door:{state.id}",
                room=door.between[1],
                since_us=max(state.since_us, view.seen_since_us("door_contact", state.id)),
                facts=(state.fact,),
                group=f"door:{state.id}",
                params=(("door", state.id),),
                is_hold=view.is_node_lost("door_contact", state.id),
            )


def _band_silent(rule: Rule, view: View) -> Iterator[Condition]:
    for stay in view.world.open_stays():
        if stay.silent_us is not None and stay.band is not None:
            yield Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=stay.room,
                since_us=stay.silent_us,
                facts=(stay.silent_fact,),
                params=(("band", stay.band),),
            )


def _band_battery(rule: Rule, view: View) -> Iterator[Condition]:
    for stay in view.world.open_stays():
        percent = stay.band_battery_pct
        if percent is not None and percent < int(rule.params["percent_below"]):
            yield Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=stay.room,
                facts=(stay.battery_fact,),
                params=(("band", stay.band or ""), ("percent", percent)),
            )


def _node(rule: Rule, view: View) -> Iterator[Condition]:
    for state in view.world.nodes.values():
        if state.state != "ok":
            rooms = sorted(view.area.rooms_of_node(state.id)) if state.id in view.area.nodes else []
            held = [s.ref for s in view.world.open_stays() if s.room in rooms]
            yield Condition(
                subject=f"node:{state.id}",
                room=rooms[0] if len(rooms) == 1 else None,
                since_us=state.since_us,
                facts=(state.fact,),
                group=f"node:{state.id}",
                params=(("node", state.id), ("rooms", " ".join(rooms)), ("held", " ".join(held))),
            )


def _recorder(rule: Rule, view: View) -> Iterator[Condition]:
    """Recorders whose state is unknown by themselves; a lost node has its own alarm."""
    for state in view.world.recorders.values():
        is_lost = view.is_node_lost("recorder_contact", state.id)
        if state.state == "unknown" and state.id in view.area.recorders:
            yield Condition(
                subject=f"recorder:{state.id}",
                room=view.area.recorders[state.id].rooms[0],
                since_us=max(state.since_us, view.seen_since_us("recorder_contact", state.id)),
                facts=(state.fact,),
                group=f"recorder:{state.id}",
                params=(("recorder", state.id),),
                is_hold=is_lost,
            )


def _other(rule: Rule, view: View) -> Iterator[Condition]:
    """Ports, the server, the gateway, the clock: kept in one table by their kind."""
    wanted = str(rule.params["source"])
    for state in view.world.sources.values():
        if state.id.partition(":")[0] == wanted and state.state != "ok":
            yield Condition(
                subject=state.id if ":" in state.id else f"{state.id}:{view.area.gateway}",
                since_us=state.since_us,
                facts=(state.fact,),
                group=state.id,
            )


_SOURCES = {
    "door": _door,
    "door_held": _door_held,
    "band_silent": _band_silent,
    "band_battery": _band_battery,
    "node": _node,
    "recorder": _recorder,
}
