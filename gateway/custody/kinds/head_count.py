"""Kind `head_count`: enough people's police officers in the room where a person is heard.

Fewer than `fewer_than` officers are wrong; while the room is known to be recorded, fewer than
`recorded_minimum`.
"""

from custody.rules import Rule
from custody.view import Condition, View, applies

READS = frozenset({"stays", "officers", "recorders", "nodes"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Stays under the rule's measures in its rooms with too few officers."""
    found = []
    for room in view.held_rooms(rule.rooms):
        is_blind = view.presence_is_blind((room,))
        count = len(view.sworn_in((room,)))
        required = int(rule.params["fewer_than"])
        if view.recording(room) == "recording":
            required = int(rule.params.get("recorded_minimum", required))
        is_wrong = count < required
        if not (is_wrong or is_blind):
            continue
        for stay in view.held_in(room):
            if applies(rule, stay):
                facts = (stay.room_fact, *(o.room_fact for o in view.sworn_in((room,))))
                found.append(
                    Condition(
                        subject=f"stay:{stay.ref}",
                        stay=stay.ref,
                        room=room,
                        facts=facts,
                        params=(("officers", count), ("required", required)),
                        is_hold=is_blind,
                    )
                )
    return found
