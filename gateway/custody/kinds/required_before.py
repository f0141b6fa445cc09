"""Kind `required_before`: a person is in a room of this kind before a step that comes first."""

from custody.rules import Rule
from custody.view import Condition, View, applies

READS = frozenset({"stays"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Open stays in one of the rule's rooms without the step that the law puts first."""
    found = []
    for stay in view.world.open_stays():
        done_us = stay.searched_us if rule.params["step"] == "searched" else stay.registered_us
        if done_us is None and applies(rule, stay) and view.room_kind(stay.room) in rule.rooms:
            found.append(
                Condition(subject=f"stay:{stay.ref}", stay=stay.ref, room=stay.room, facts=(stay.room_fact,))
            )
    return found
