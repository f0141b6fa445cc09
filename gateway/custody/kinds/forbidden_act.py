"""Kind `forbidden_act`: something that must not happen has happened and is not yet put right."""

from collections.abc import Iterator

from custody.rules import Rule
from custody.view import Condition, View

READS = frozenset({"stays", "doors"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """What stands against the rule now."""
    return list(_ACTS[str(rule.params["act"])](rule, view))


def _band_cut(rule: Rule, view: View) -> Iterator[Condition]:
    for stay in view.world.open_stays():
        if stay.band_cut_fact is not None:
            yield Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=stay.room,
                facts=(stay.band_fact, stay.band_cut_fact),
                params=(("band", stay.band or ""),),
            )


def _outside_area(rule: Rule, view: View) -> Iterator[Condition]:
    for stay in view.world.open_stays():
        if view.room_kind(stay.room) == "outside":
            yield Condition(
                subject=f"stay:{stay.ref}", stay=stay.ref, room=stay.room, facts=(stay.room_fact,)
            )


def _door_forced(rule: Rule, view: View) -> Iterator[Condition]:
    """A controlled door opened without a release by right shortly before."""
    for state in view.world.doors.values():
        door = view.area.doors.get(state.id)
        if door is None or not door.controlled or state.is_open is False or state.opened_us is None:
            continue
        if door.kind not in rule.params.get("doors", (door.kind,)):
            continue
        release_us = state.opening_release_us
        if release_us is None or state.opened_us - release_us > int(rule.params["window"]):
            yield Condition(
                subject=f"door:{state.id}",
                room=door.between[1],
                facts=(state.fact,),
                group=f"door:{state.id}",
                params=(("door", state.id),),
                is_hold=state.is_open is None,
            )


_ACTS = {"band_cut": _band_cut, "door_forced": _door_forced, "outside_area": _outside_area}
