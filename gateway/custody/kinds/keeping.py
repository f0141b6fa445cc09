"""Kind `keeping`: things that are still kept when they must not be, or that lie where they must not.

One question a rule: `since` (of a stay or case: what of it is still kept after that step), or `only_in` (of an item: in
cabinets of these kinds alone). What stands in one of `states_none` is left out while it stands there.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from custody.aspects import common, of_steps
from custody.items import Item
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View

NAMED_MAX: Final = 16  # things named by one alarm; the others are as many as it says


def reads(rule: Rule) -> set[str]:
    """What is kept, and the steps that the question names."""
    params = rule.params
    if "only_in" in params:
        return common(rule) | {"item"}
    return common(rule) | of_steps(params["since"]) | {"effects" if rule.unit == "stay" else "exhibits"}


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while a thing is so that it must not be."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    question = next(name for name in _QUESTIONS if name in rule.params)
    return _QUESTIONS[question](rule, view, unit)


def _things(items: Iterable[Item]) -> tuple[tuple[str, str | int], ...]:
    """How a condition names them."""
    refs = [item.ref for item in items]
    return (("items", " ".join(refs[:NAMED_MAX])), ("count", len(refs)))


def _of_kinds(rule: Rule, items: Iterable[Item]) -> list[Item]:
    kinds = rule.params.get("kinds")
    return [item for item in items if kinds is None or item.kind in kinds]


def _left(rule: Rule, view: View, unit: Unit) -> Judgement:
    since = view.latest(unit, rule.params["since"])
    if since is None:
        return Silence("not_begun", " ".join(rule.params["since"]), "not done")
    items = view.world.items
    kept = items.of_stay(unit.ref) if unit.kind == "stay" else items.of_case(unit.ref)
    names = rule.params.get("without", ())
    asked = [
        item
        for item in _of_kinds(rule, kept)
        if not any(name in view.world.steps_of(f"item:{item.ref}") for name in names)
    ]
    excepted = rule.params.get("states_none", ())
    left = [item for item in asked if item.state not in excepted]
    if asked and not left:
        return Silence("state_excepted", " ".join(excepted), " ".join(item.ref for item in asked[:NAMED_MAX]))
    if not left:
        return Silence("nothing_kept", "a thing that is still kept", "none")
    facts = (since[1], *(item.fact for item in left[:NAMED_MAX]))
    # What comes back begins a duty of its own, long after the step: by the fact that brought it back.
    since_us, anchor = (None, None) if excepted else since
    return Condition(room=unit.room, since_us=since_us, anchor=anchor, facts=facts, params=_things(left))


def _misplaced(rule: Rule, view: View, unit: Unit) -> Judgement:
    item = view.world.items.get(unit.ref)
    compartment = item.compartment if item is not None else None
    if item is None or compartment is None or compartment not in view.area.compartments:
        return Silence("not_stored", "in a compartment", "not so")
    cabinet = view.area.cabinet_of(compartment)
    if cabinet.kind in rule.params["only_in"]:
        return Silence("right_cabinet", cabinet.kind, cabinet.id)
    params = (("compartment", compartment), ("cabinet", cabinet.id))
    return Condition(room=cabinet.room, facts=(item.fact,), params=params)


_QUESTIONS: Final[Mapping[str, Callable[[Rule, View, Unit], Judgement]]] = {
    "since": _left,
    "only_in": _misplaced,
}
