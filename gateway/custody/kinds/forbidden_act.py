"""Kind `forbidden_act`: something that must not happen has happened.

By a sensor or a place it stands until it is put right; a form's act is told as it is done.
"""

from collections.abc import Callable, Mapping
from typing import Final

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.times import last_day, local_date
from custody.view import Condition, Judgement, Silence, Unit, View
from custody.world import Mark

_ASPECTS: Final[Mapping[str, frozenset[str]]] = {
    "band_cut": frozenset({"band"}),
    "band_leapt": frozenset({"band"}),
    "band_pressed": frozenset({"band"}),
    "door_forced": frozenset({"door"}),
    "outside_area": frozenset({"place", "nodes"}),
    "in_room": frozenset({"place", "occupants", "nodes"}),
    "recused_present": frozenset({"place", "badges", "officer.recused", "nodes"}),
}


def reads(rule: Rule) -> set[str]:
    """The act; for what stands also what decides whether the rule speaks."""
    act = rule.params["act"]
    if act == "refused":
        return set()  # asked at the refusal alone
    if isinstance(act, str):
        return common(rule) | _ASPECTS[act]
    return of_steps(act) | of_steps(rule.params.get("until", ()))


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """What stands against the rule now."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    act = rule.params["act"]
    return _STANDING[act](rule, view, unit) if isinstance(act, str) else _form(rule, view, unit, act)


def _band_cut(rule: Rule, view: View, unit: Unit) -> Judgement:
    stay = unit.stay
    assert stay is not None, "a strap is cut in a stay that is open"
    if stay.band_cut_fact is None:
        return Silence("no_act", "a strap cut or opened", "none")
    return Condition(
        room=stay.room, facts=(stay.band_fact, stay.band_cut_fact), params=(("band", str(stay.band)),)
    )


def _band_pressed(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Told as the button is pressed; it does not last."""
    stay = unit.stay
    assert stay is not None, "a button is pressed in a stay that is open"
    if stay.band_pressed_fact is None or view.fact is None or view.fact.index != stay.band_pressed_fact:
        return Silence("no_act", "the button of a wristband", "not now")
    return Condition(
        room=stay.room,
        facts=(stay.band_fact, stay.band_pressed_fact),
        params=(("band", str(stay.band)),),
        is_instant=True,
    )


def _band_leapt(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Read far from where it was lost, sooner than anybody walks: certain when the longest time possible is too short."""
    stay = unit.stay
    assert stay is not None, "a wristband is read in a stay that is open"
    leap = stay.leap
    if leap is None or view.fact is None or view.fact.index != leap.fact:
        return Silence("no_act", "a wristband in another room", "not now")
    room = str(stay.room)
    if view.area.are_near(leap.room, room):
        return Silence("near", leap.room, room)
    if leap.longest_us is None or leap.longest_us >= int(rule.params["window"]):
        return Silence("walked", "sooner than a walk", "time to walk")
    return Condition(
        room=room,
        facts=(stay.band_fact, leap.left_fact, leap.fact),
        params=(("band", str(stay.band)), ("rooms", f"{leap.room} {room}")),
        is_instant=True,
    )


def _outside_area(rule: Rule, view: View, unit: Unit) -> Judgement:
    stay = unit.stay
    assert stay is not None, "a person is read outside in a stay that is open"
    if view.room_kind(stay.room) != "outside":
        return Silence("no_act", "read outside the area", "not so")
    return Condition(room=stay.room, facts=(stay.room_fact,), is_hold=view.is_unseen(stay.room))


def _in_room(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A person in a room of the rule's kinds: judged for the person, or for the room."""
    if unit.kind == "room":
        held = view.held_in(unit.ref)
        if not view.is_of(rule, unit.ref) or not held:
            return Silence("empty", f"a person in {' '.join(rule.rooms)}", "nobody")
        return Condition(
            room=unit.ref, facts=tuple(stay.room_fact for stay in held), is_hold=view.is_unseen(unit.ref)
        )
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    return Condition(room=place, facts=(stay.room_fact,), is_hold=view.is_unseen(place))


def _recused_present(rule: Rule, view: View, unit: Unit) -> Judgement:
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    for officer in view.world.officers_in((place,)):
        recused = view.step(unit, f"officer.recused:{officer.ref}")
        if recused is not None:
            facts = (stay.room_fact, recused[1], officer.room_fact)
            return Condition(room=place, facts=facts, is_hold=view.is_unseen(place))
    return Silence("no_act", "a recused officer in the room", "none")


def _door_forced(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A controlled door opened without a release by right shortly before."""
    state = view.world.doors.get(unit.ref)
    if state is None or not view.area.doors[unit.ref].controlled or state.opened_us is None:
        return Silence("no_act", "a controlled door open", "not so")
    door = view.area.doors[unit.ref]
    if door.kind not in rule.params.get("doors", (door.kind,)):
        return Silence("door", " ".join(rule.params["doors"]), door.kind)
    release_us = state.opening_release_us
    if release_us is not None and state.opened_us - release_us <= int(rule.params["window"]):
        return Silence("released", "opened without a release", "released by right")
    return Condition(
        room=door.between[1],
        facts=(state.fact,),
        group=unit.subject,
        params=(("door", state.id),),
        is_hold=state.is_open is None,
    )


def _refused(rule: Rule, view: View, unit: Unit) -> Judgement:
    """An attempt that was refused; the engine calls this at the refusal."""
    if view.fact is None:
        return Silence("no_act", " ".join(rule.params["reasons"]), "not now")
    return Condition(facts=(view.fact.index,), is_instant=True)


_STANDING: Final[Mapping[str, Callable[[Rule, View, Unit], Judgement]]] = {
    "band_cut": _band_cut,
    "band_leapt": _band_leapt,
    "band_pressed": _band_pressed,
    "door_forced": _door_forced,
    "in_room": _in_room,
    "outside_area": _outside_area,
    "recused_present": _recused_present,
    "refused": _refused,
}


# --- a form's act --------------------------------------------------------------------------------


def _form(rule: Rule, view: View, unit: Unit, acts: tuple[str, ...]) -> Judgement:
    act = view.act_in_hand(unit, acts)
    if act is None:
        return Silence("no_act", " ".join(acts), "not now")
    name = next(name for name in acts if view.step(unit, name) == act)
    wrong = _why_not(rule, view, unit, name, unit.marks[name])
    if wrong is not None:
        return wrong
    return Condition(room=unit.room, facts=(act[1],), is_instant=True)


def _why_not(rule: Rule, view: View, unit: Unit, name: str, mark: Mark) -> Silence | None:
    """Why this act is none that the rule forbids."""
    for field, values in rule.params.get("fields", {}).items():
        if mark.body.get(field) not in values:
            return Silence("field", f"{field}: {' '.join(map(str, values))}", str(mark.body.get(field)))
    stated = [field for field in rule.params.get("without", ()) if mark.body.get(field) is not None]
    if stated:
        return Silence("with", f"without {' '.join(rule.params['without'])}", " ".join(stated))
    if rule.params.get("repeat") and mark.count <= 1:
        return Silence("first_time", f"{name} again", "the first time")
    same = rule.params.get("same")
    if same is not None and mark.body.get(same[0]) != mark.body.get(same[1]):
        return Silence("different", f"{same[0]} the same as {same[1]}", "different")
    if view.room_kind(str(mark.body.get("room"))) in rule.rooms:
        return Silence("room", f"not in {' '.join(rule.rooms)}", str(mark.body.get("room")))
    within = rule.params.get("within")
    return _outside_span(view, unit, within, mark.last_us) if within is not None else None


def _outside_span(view: View, unit: Unit, within: tuple, at_us: int) -> Silence | None:  # type: ignore[type-arg]
    """None while the span after a step is not over."""
    steps, span = within
    begun = view.latest(unit, steps)
    if begun is None:
        return Silence("not_begun", " ".join(steps), "not done")
    try:
        day = last_day(local_date(begun[0], view.area.zone), span, view.area.holidays)
        is_over = local_date(at_us, view.area.zone) > day
    except OverflowError:
        is_over = True
    return Silence("span_over", f"within {span.text}", "later") if is_over else None
