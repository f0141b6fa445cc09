"""Kind `presence`: a person held is guarded at every moment, moves included.

The clock is the person's: it runs on from room to room until somebody who counts is in the
guard zone of the room where the person is. `no_police`: nobody sworn (auxiliaries only assist);
`nobody`: no badge at all. A zone whose reader is not heard is blind: held.
"""

from custody.aspects import common
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """Where the person is and who guards there."""
    return common(rule) | {"place", "badges", "nodes"}


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while the guard that the rule asks for is not there."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    zone = view.guard_zone(place)
    present = view.world.officers_in(zone)
    if rule.params["when"] == "no_police":
        present = [officer for officer in present if officer.service == "sworn"]
    if present:
        return Silence("guarded", f"nobody in {' '.join(zone)}", present[0].ref)
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    return Condition(
        room=place,
        facts=(stay.room_fact, *view.departure(zone)),
        group=f"{rule.id}:room:{place}",
        is_hold=view.presence_is_blind(zone),
    )
