"""Kind `presence`: a room that holds a person is guarded at every moment.

`nobody`: no badge of police or auxiliary in the guard zone. `auxiliary_only`: auxiliaries
without a people's police officer. A zone whose reader is not heard is blind: held.
"""

from custody.rules import Rule
from custody.view import Condition, View

READS = frozenset({"stays", "officers", "nodes"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Rooms with a person and without the guard that the rule asks for."""
    found = []
    for room in view.held_rooms(rule.rooms):
        zone = view.guard_zone(room)
        present = view.world.officers_in(zone)
        has_sworn = any(officer.service == "sworn" for officer in present)
        is_blind = view.presence_is_blind(zone)
        is_wrong = bool(present) if rule.params["when"] == "auxiliary_only" else not present
        if has_sworn or not (is_wrong or is_blind):
            continue
        held = view.held_in(room)
        found.append(
            Condition(
                subject=f"room:{room}",
                stay=held[0].ref if len(held) == 1 else None,
                room=room,
                facts=tuple(stay.room_fact for stay in held),
                params=(("held", " ".join(stay.ref for stay in held)),),
                is_hold=is_blind,
            )
        )
    return found
