"""Kind `interval`: an act is repeated at least so often while something lasts, or in each period of the calendar.

With `each`, the ladder is counted from the end of the period, so that warnings come before it. A period in which
the act was done, or before the first need, is settled; one that went by without it stays so until the act is done.
"""

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.times import local_date, midnight_us, next_period
from custody.view import At, Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """The act, and what makes it needed."""
    acts = of_steps(rule.params["acts"])
    found = common(rule) | acts
    if rule.params["from"] == "room":
        found |= {"place", "nodes"}
    elif rule.params["from"] == "entered":
        found.add("entered")
    elif rule.params["from"] == "step":
        found |= of_steps(rule.params["since"])
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
    if "each" in rule.params:
        return _each(rule, view, needed, done)
    since = max(needed, done) if done is not None else needed
    is_hold = view.is_unseen(place) and rule.params["from"] == "room"
    return Condition(room=place, since_us=since[0], anchor=since[1], facts=(since[1],), is_hold=is_hold)


def _each(rule: Rule, view: View, needed: At, done: At | None) -> Judgement:
    """Until the end of the period in which it began to be needed, or of the one after that in which it was done last."""
    zone, period = view.area.zone, str(rule.params["each"])
    begun = max(needed, done) if done is not None else needed
    try:
        end = next_period(local_date(begun[0], zone), period)
        if done is not None and done >= needed:
            end = next_period(end, period)
        end_us = midnight_us(end, zone)
    except OverflowError:  # a need beyond what a calendar can say never falls due
        return Silence("not_begun", " ".join(rule.params["acts"]), "not done")
    return Condition(since_us=end_us, anchor=begun[1], facts=(begun[1],))


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
    if begin == "step":
        since = view.latest(unit, rule.params["since"], is_first=True)
        return (
            since if since is not None else Silence("not_begun", " ".join(rule.params["since"]), "not done")
        )
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
