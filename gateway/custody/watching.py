"""What kind `supervision` watches of a compartment: by what right it is open, how long, and what went wrong with an order."""

from collections.abc import Callable, Mapping
from typing import Final

from custody.compartments import INTERRUPTED, CompartmentState
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View

Source = Callable[[Rule, View, CompartmentState], Judgement]


def watched(source: Source) -> Callable[[Rule, View, Unit], Judgement]:
    """The source asked of the compartment that the unit is; nothing was told of it: all is well."""

    def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
        state = view.world.compartments.get(unit.ref)
        return source(rule, view, state) if state is not None else _fine()

    return judge


def _fine() -> Silence:
    return Silence("seen", "a compartment not as it must be", "as it must be")


def _wrong(
    view: View, state: CompartmentState, since_us: int, *facts: int, is_hold: bool = False, **params: str
) -> Condition:
    cabinet = view.area.cabinet_of(state.id)
    return Condition(
        room=cabinet.room,
        since_us=since_us,
        anchor=facts[0],
        facts=facts,
        group=f"compartment:{state.id}",
        params=(("compartment", state.id), ("cabinet", cabinet.id), *params.items()),
        is_hold=is_hold,
    )


def _open(rule: Rule, view: View, state: CompartmentState) -> Judgement:
    """Open by one of these rights. It stands until door and bolt are seen shut."""
    if state.opened_us is None or state.access not in rule.params["access"]:
        return _fine()
    return _wrong(
        view, state, state.opened_us, state.opened_fact, is_hold=not state.is_ajar, access=state.access
    )


def _failed(rule: Rule, view: View, state: CompartmentState) -> Judgement:
    """An order that moved nothing, until one does."""
    if state.failed_fact < 0 or state.why not in rule.params["why"]:
        return _fine()
    return _wrong(view, state, state.failed_us, state.failed_fact, why=state.why)


def _cut_off(rule: Rule, view: View, state: CompartmentState) -> Judgement:
    """Opened by order and lost from sight before it was shut again."""
    if state.stage != INTERRUPTED:
        return _fine()
    return _wrong(view, state, state.stage_us, state.stage_fact, why=state.why)


def _missing(rule: Rule, view: View, state: CompartmentState) -> Judgement:
    """A tag left though nobody opened."""
    if not state.missing:
        return _fine()
    (tag, at_us, fact), cabinet = state.missing[0], view.area.compartments[state.id]
    is_hold = cabinet.reader is not None and view.is_reader_lost(cabinet.reader)
    return _wrong(view, state, at_us, fact, is_hold=is_hold, tag=tag)


def _unknown(rule: Rule, view: View, state: CompartmentState) -> Judgement:
    """Door or bolt cannot be read; a lost node has its own alarm."""
    if state.fact < 0 or (state.is_open is not None and state.is_locked is not None):
        return _fine()
    points = ("compartment_door", "compartment_lock")
    since_us = max(state.since_us, *(view.seen_since_us(point, state.id) for point in points))
    is_hold = any(view.is_node_lost(point, state.id) for point in points)
    return _wrong(view, state, since_us, state.fact, is_hold=is_hold)


LOCKER_SOURCES: Final[Mapping[str, Callable[[Rule, View, Unit], Judgement]]] = {
    "compartment_open": watched(_open),
    "compartment_failed": watched(_failed),
    "compartment_cut_off": watched(_cut_off),
    "compartment_missing": watched(_missing),
    "compartment_unknown": watched(_unknown),
}
