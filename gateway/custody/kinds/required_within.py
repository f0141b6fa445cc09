"""Kind `required_within`: after one step of the person's way, another within a time."""

from custody.rules import Rule
from custody.view import Condition, View, applies
from custody.world import Stay

READS = frozenset({"stays"})


def _step(stay: Stay, step: str) -> tuple[int | None, int]:
    """When a step was done (None = not yet) and the fact that says so."""
    if step == "arrived":
        if stay.arrived_us is not None:
            return stay.arrived_us, stay.arrived_fact
        return stay.certificate_us, stay.registered_fact
    if step == "entered":
        return stay.entered_us, stay.entered_fact
    if step == "registered":
        return stay.registered_us, stay.registered_fact
    return stay.searched_us, stay.search_fact


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Open stays that have done the first step and not the second."""
    found = []
    for stay in view.world.open_stays():
        since_us, fact = _step(stay, str(rule.params["since"]))
        done_us, _ = _step(stay, str(rule.params["until"]))
        if since_us is None or done_us is not None or not applies(rule, stay):
            continue
        found.append(
            Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=stay.room,
                since_us=since_us,
                anchor=fact,
                facts=(fact,),
            )
        )
    return found
