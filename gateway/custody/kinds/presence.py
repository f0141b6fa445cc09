"""Kind `presence`: a person held is guarded at every moment, moves included.

The clock is the person's: it runs on from room to room until somebody who counts is in the
guard zone of the room where the person is. `no_police`: nobody sworn (auxiliaries only assist);
`nobody`: no badge at all. A zone whose reader is not heard is blind: held.
"""

from custody.rules import Rule
from custody.view import Condition, View

READS = frozenset({"stays", "officers", "nodes"})


def conditions(rule: Rule, view: View) -> list[Condition]:
    """Persons in a room without the guard that the rule asks for."""
    found = []
    for room in view.held_rooms(rule.rooms):
        zone = view.guard_zone(room)
        is_blind = view.presence_is_blind(zone)
        present = view.world.officers_in(zone)
        if rule.params["when"] == "no_police":
            present = [officer for officer in present if officer.service == "sworn"]
        if present:
            continue
        found += [
            Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=room,
                facts=(stay.room_fact, *view.departure(zone)),
                group=f"{rule.id}:room:{room}",
                is_hold=is_blind,
            )
            for stay in view.held_in(room)
        ]
    return found
