"""Kind `separation`: persons who may not share a room."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.aspects import common
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View
from custody.world import Stay


def reads(rule: Rule) -> set[str]:
    """Where the person is, and who else is there."""
    return common(rule) | {"place", "neighbours", "particulars", "case", "nodes"}


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while somebody is in the room who has to be kept apart."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    apart = _APART[rule.params["apart"]]
    others = [o for o in view.held_in(place) if o.ref != stay.ref and apart(stay, o)]
    if not others:
        return Silence("alone", f"nobody to be kept apart ({rule.params['apart']})", "nobody")
    return Condition(
        room=place,
        facts=(stay.room_fact, *(other.room_fact for other in others)),
        params=(("others", " ".join(other.ref for other in others)),),
        is_hold=view.is_unseen(place),
    )


def _is_other_sex(one: Stay, other: Stay) -> bool:
    return one.sex is not None and other.sex is not None and one.sex != other.sex


def _is_same_case(one: Stay, other: Stay) -> bool:
    return one.case is not None and one.case == other.case


def _is_other_age(one: Stay, other: Stay) -> bool:
    return one.minor is not None and other.minor is not None and one.minor != other.minor


def _is_anyone(one: Stay, other: Stay) -> bool:
    return True


_APART: Final[Mapping[str, Callable[[Stay, Stay], bool]]] = {
    "age": _is_other_age,
    "anyone": _is_anyone,
    "case": _is_same_case,
    "sex": _is_other_sex,
}
