"""Kind `required_before`: a step comes before an act, or before being in a room of this kind."""

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.times import local_time
from custody.view import At, Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """The act or the place; for the place also the step that ends it."""
    acts = rule.params.get("act")
    if acts is not None:
        return of_steps(acts)
    return common(rule) | of_steps(rule.params["step"]) | {"place", "nodes"}


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while the step is not done."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    acts = rule.params.get("act")
    return _at_place(rule, view, unit) if acts is None else _at_act(rule, view, unit, acts)


def _at_place(rule: Rule, view: View, unit: Unit) -> Judgement:
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    done = _done(rule, view, unit)
    if done is not None:
        return Silence("done_before", " ".join(rule.params["step"]), f"fact {done[1]}")
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    return Condition(room=place, facts=(stay.room_fact,), is_hold=view.is_unseen(place))


def _at_act(rule: Rule, view: View, unit: Unit, acts: tuple[str, ...]) -> Judgement:
    act = view.act_in_hand(unit, acts)
    if act is None:
        return Silence("no_act", " ".join(acts), "not now")
    if rule.params.get("first") and view.latest(unit, acts, is_first=True) != act:
        return Silence("not_first", f"the first {' '.join(acts)}", "a later one")
    between = rule.params.get("between")
    if between is not None and not _is_between(view, act[0], between):
        return Silence("not_at_night", f"{between[0]} to {between[1]}", "another time of day")
    done = _done(rule, view, unit)
    if done is not None:
        return Silence("done_before", " ".join(rule.params["step"]), f"fact {done[1]}")
    return Condition(room=unit.room, facts=(act[1],), is_instant=True)


def _done(rule: Rule, view: View, unit: Unit) -> At | None:
    """The step, done since what makes it needed anew."""
    done = view.latest(unit, rule.params["step"])
    since = view.latest(unit, rule.params.get("since", ()))
    return None if done is None or (since is not None and done < since) else done


def _is_between(view: View, at_us: int, between: tuple) -> bool:  # type: ignore[type-arg]
    """Whether it is between two times of day in the area's zone, over midnight too; both inclusive."""
    begin, end = between
    try:
        now = local_time(at_us, view.area.zone)
    except OverflowError:
        return False
    return bool(begin <= now <= end) if begin <= end else bool(now >= begin or now <= end)
