"""Kind `required_within`: after one step of the person's way, another within a time."""

from custody.rules import Rule
from custody.view import Condition, View, applies
from custody.world import Stay

READS = frozenset({"stays"})


def _step(stay: Stay, step: str) -> tuple[int | None, int]:
    """When a step was done (None = not yet) and the fact that says so."""
    if step == "arrived":
        return _arrival(stay)
    if step == "entered":
        return stay.entered_us, stay.entered_fact
    if step == "registered":
        return stay.registered_us, stay.registered_fact
    return stay.searched_us, stay.search_fact


def _arrival(stay: Stay) -> tuple[int | None, int]:
    """The earliest word of the arrival: reported, on the certificate, or the register row itself."""
    known = [(stay.arrived_us, stay.arrived_fact), (stay.certificate_us, stay.registered_fact)]
    told = [(at_us, fact) for at_us, fact in known if at_us is not None]
    if told:
        return min(told)
    return (stay.opened_us, stay.opened_fact) if stay.registered_us is not None else (None, -1)


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Open stays that have done the first step and not the second, or did it too late."""
    found = []
    allowed_us = next(level.after_us for level in rule.levels if not level.is_prewarning)
    for stay in view.world.open_stays():
        since_us, fact = _step(stay, str(rule.params["since"]))
        done_us, _ = _step(stay, str(rule.params["until"]))
        if since_us is None or not applies(rule, stay):
            continue
        if done_us is not None and done_us <= since_us + allowed_us:
            continue
        found.append(
            Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=stay.room,
                since_us=since_us,
                until_us=done_us,
                anchor=fact,
                facts=(fact,),
            )
        )
    return found
