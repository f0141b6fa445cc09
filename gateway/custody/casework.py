"""Who did what in a case: the officers that forms about it name, for rules that keep some work apart from other."""

from collections.abc import Mapping
from typing import Final

from custody.world import World

HANDS_MAX: Final = 64  # officers of one case remembered by what they did; those entered first go first


def case_of(world: World, body: Mapping[str, object]) -> str | None:
    """The case that a form is about: the one it names, that of its thing, or that of its stay."""
    case, item = body.get("case"), world.items.get(str(body.get("item")))
    if isinstance(case, str):
        return case
    if item is not None and item.case is not None:
        return item.case
    stay = world.stays.get(str(body.get("stay")))
    return stay.case if stay is not None else None


def note_hands(world: World, names: tuple[str, ...], body: Mapping[str, object]) -> None:
    """Note who did a step in a case."""
    officers, case = body.get("officers"), case_of(world, body)
    if case is None or not isinstance(officers, list):
        return
    done = dict(world.hands.get(case) or {})
    for officer in officers:
        done[officer] = done.get(officer, frozenset()).union(names)
    world.hands.put(case, dict(list(done.items())[-HANDS_MAX:]))
