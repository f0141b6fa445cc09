"""Kind `interval`: an act is repeated at least so often while something lasts."""

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.view import At, Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """The act, and what makes it needed."""
    acts = of_steps(rule.params["acts"])
    found = common(rule) | acts
    if rule.params["from"] == "room":
        found |= {"place", "nodes"}
    elif rule.params["from"] == "entered":
        found.add("entered")
    return found


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Running since the act was done last, or since it began to be needed."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    needed = _needed(rule, view, unit)
    if isinstance(needed, Silence):
        return needed
    place = unit.room
    owner = view.unit(f"room:{place}") if rule.params.get("of") == "room" else unit
    done = view.latest(owner, rule.params["acts"])
    since = max(needed, done) if done is not None else needed
    is_hold = view.is_unseen(place) and rule.params["from"] == "room"
    return Condition(room=place, since_us=since[0], anchor=since[1], facts=(since[1],), is_hold=is_hold)


def _needed(rule: Rule, view: View, unit: Unit) -> At | Silence:
    """Since when the act is needed."""
    begin = rule.params["from"]
    if begin == "during":
        assert rule.during is not None, "the reader has seen to it"
        start = view.open_between(unit, rule.during)
        assert start is not None, "a rule is silent while nothing lasts"
        return start
    if begin == "entered":
        entered = view.step(unit, "entered")
        return entered if entered is not None else Silence("not_begun", "entered", "not done")
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    fitted = rule.params.get("fitted")
    if fitted is not None and fitted not in view.area.rooms[place].fitted:
        return Silence("not_fitted", fitted, f"{place} without")
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    assert stay.room_us is not None, "and was read there"
    return stay.room_us, stay.room_fact
