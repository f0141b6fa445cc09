"""Kind `coverage`: what the law wants recorded is being recorded.

Of a room while anybody is in it, or of a stay under the rule's measures, particulars or acts. An
unknown recorder is held here and alarmed by the supervision of the recorder.
"""

from custody.aspects import common
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """Who is where, and the recorders there."""
    return common(rule) | {"recorders", "nodes", "badges", "occupants" if rule.unit == "room" else "place"}


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while the recorders of the room are stopped, or there are none."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    place = _occupied(rule, view, unit) if unit.kind == "room" else view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    state = view.recording(place)
    if state == "recording":
        return Silence("recorded", "not recording", "recording")
    enough = rule.params.get("only_if_fewer_than")
    if enough is not None and len(view.sworn_in((place,))) >= int(enough):
        return Silence("enough", f"fewer than {enough} officers", "enough")
    held = view.held_in(place) if unit.stay is None else [unit.stay]
    return Condition(
        room=place,
        facts=(*(stay.room_fact for stay in held), *view.recorder_fact(place)),
        group=" ".join(f"recorder:{r}" for r in view.area.recorders_of(place)) or f"room:{place}",
        params=(("recording", state),),
        is_hold=state == "unknown" or view.is_unseen(place),
    )


def _occupied(rule: Rule, view: View, unit: Unit) -> str | Silence:
    if not view.is_of(rule, unit.ref):
        return Silence("room", " ".join(rule.rooms), f"{unit.ref} ({view.room_kind(unit.ref)})")
    if not view.held_in(unit.ref):
        return Silence("empty", "a person in the room", "nobody")
    return unit.ref
