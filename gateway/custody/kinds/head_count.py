"""Kind `head_count`: enough officers in the room where a person is, or on the form.

Fewer than `fewer_than` are wrong; while the room is known to be recorded, fewer than
`recorded_minimum`.
"""

from collections.abc import Iterable

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View
from custody.world import Officer


def reads(rule: Rule) -> set[str]:
    """The form, or the place and who is there."""
    form = rule.params.get("form")
    if form is not None:
        return of_steps(form)
    return common(rule) | {"place", "badges", "recorders", "nodes"}


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong while there are too few who count."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    form = rule.params.get("form")
    return _on_form(rule, view, unit, form) if form is not None else _in_room(rule, view, unit)


def _counted(rule: Rule, officers: Iterable[Officer]) -> list[Officer]:
    service, sex = rule.params.get("service", "sworn"), rule.params.get("sex")
    return [
        officer
        for officer in officers
        if (service == "any" or officer.service == service) and (sex is None or officer.sex == sex)
    ]


def _in_room(rule: Rule, view: View, unit: Unit) -> Judgement:
    place = view.held_place(rule, unit)
    if isinstance(place, Silence):
        return place
    present = _counted(rule, view.world.officers_in((place,)))
    required = int(rule.params["fewer_than"])
    if view.recording(place) == "recording":
        required = int(rule.params.get("recorded_minimum", required))
    if len(present) >= required:
        return Silence("enough", f"fewer than {required}", str(len(present)))
    stay = unit.stay
    assert stay is not None, "a stay is held in the place"
    return Condition(
        room=place,
        facts=(stay.room_fact, *(officer.room_fact for officer in present)),
        params=(("officers", len(present)), ("required", required)),
        is_hold=view.presence_is_blind((place,)),
    )


def _on_form(rule: Rule, view: View, unit: Unit, form: tuple[str, ...]) -> Judgement:
    act, fact = view.act_in_hand(unit, form), view.fact
    if act is None:
        return Silence("no_act", " ".join(form), "not now")
    assert fact is not None, "the act is in hand"
    named = fact.body.get("officers")
    refs = dict.fromkeys(named if isinstance(named, list) else ())
    officers = [view.world.officers.get(ref) for ref in refs]
    count = len(_counted(rule, (officer for officer in officers if officer is not None)))
    required = int(rule.params["fewer_than"])
    if (
        view.room_kind(str(fact.body.get("room"))) is not None
        and view.recording(str(fact.body["room"])) == "recording"
    ):
        required = int(rule.params.get("recorded_minimum", required))
    if count >= required:
        return Silence("enough", f"fewer than {required}", str(count))
    return Condition(
        room=unit.room,
        facts=(act[1],),
        params=(("officers", count), ("required", required)),
        is_instant=True,
    )
