"""Kind `hands`: an act is done by somebody who may do it: by role, and apart from the work on the same case.

The person is the one whom a field of the act names. Who worked on the case is who is named among the officers of
a step of `apart_from` in any stay, item or matter of that case (`World.hands`).
"""

from custody.aspects import of_steps
from custody.casework import case_of
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """The act; whoever did what before is known by then."""
    return of_steps(rule.params["act"])


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong at the act when the person lacks every role asked for, has one that bars, or worked on the case."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    acts = rule.params["act"]
    act = view.act_in_hand(unit, acts)
    if act is None:
        return Silence("no_act", " ".join(acts), "not now")
    assert view.fact is not None, "the act is in hand"
    person = view.fact.body.get(rule.params["who"])
    if not isinstance(person, str):
        return Silence("not_stated", str(rule.params["who"]), "nothing")
    wrong = _wrong(rule, view, person)
    if not wrong:
        return Silence("may", str(rule.params["who"]), person)
    return Condition(
        room=unit.room, facts=(act[1],), params=(("who", person), ("why", wrong)), is_instant=True
    )


def _wrong(rule: Rule, view: View, person: str) -> str:
    """What bars the person: `role`, `never` or `case`; empty when nothing does."""
    assert view.fact is not None, "the act is in hand"
    officer, params = view.world.officers.get(person), rule.params
    held = officer.roles if officer is not None else ()
    if "roles" in params and not set(params["roles"]) & set(held):
        return "role"
    if set(params.get("never", ())) & set(held):
        return "never"
    case = case_of(view.world, view.fact.body)
    done = view.world.hands.get(case) if case is not None else None
    worked = done is not None and any(step in done.get(person, ()) for step in params.get("apart_from", ()))
    return "case" if worked else ""
