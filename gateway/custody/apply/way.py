"""The person's way as a transition table: which form may follow which, and who may approve.

The table is data of the rulebook (`[[step]]`, `[[approval]]`); what the law orders cannot be skipped.
"""

from dataclasses import replace
from typing import Final

from custody.apply.base import Refused
from custody.area import Area
from custody.catalogue import OPENING, OUTLIVING, SUBJECTS
from custody.facts import Fact
from custody.rules import Rulebook, Step
from custody.world import Stay, World

ENDED: Final = "ended"


def phase_of(stay: Stay | None) -> str:
    """Where the person stands on the way: arrived, inside, …, ended."""
    if stay is None or not stay.is_open:
        return ENDED
    return stay.phase or "arrived"


def refusal_of_way(world: World, area: Area, rulebook: Rulebook, fact: Fact) -> Refused | None:
    """Why this form may not be entered now, or by this approver."""
    return _unauthorised(world, rulebook, fact) or _out_of_order(world, area, rulebook, fact)


def _unauthorised(world: World, rulebook: Rulebook, fact: Fact) -> Refused | None:
    approval = rulebook.approvals.get(fact.type)
    if approval is None:
        return None
    officer = world.officers.get(str(fact.body["approver"]))
    if officer is not None and officer.service != "auxiliary" and set(officer.roles) & set(approval.approvers):
        return None
    found = f"{fact.body['approver']}: {', '.join(officer.roles) if officer else 'not registered'}"
    expected = " or ".join(approval.approvers)
    return Refused(approval.rule, _subject(fact), "wrong_approver", expected, found)


def _subject(fact: Fact) -> str:
    kind = SUBJECTS[fact.type][0]
    return f"{kind}:{fact.body.get(kind)}"


def _out_of_order(world: World, area: Area, rulebook: Rulebook, fact: Fact) -> Refused | None:
    ref = fact.stay
    if ref is None or fact.type in OPENING or "stay" not in SUBJECTS.get(fact.type, ()):
        return None
    stay = world.stays.get(ref)
    step = rulebook.steps.get(fact.type)
    rule, subject = step.rule if step is not None else "M5", f"stay:{ref}"
    if stay is None and ref not in world.ended:
        return Refused(rule, subject, "unknown_stay", "a stay opened before", ref)
    phase = phase_of(stay)
    allowed = step.phases if step is not None else ()
    if phase == ENDED and ENDED not in allowed and fact.type not in OUTLIVING:
        return Refused(rule, subject, "stay_ended", "a stay that has not ended", ref)
    if step is None:
        return None
    if phase not in allowed:
        return Refused(rule, subject, "out_of_order", f"phase {' or '.join(allowed)}", phase)
    return _step_missing(world, area, step, stay, fact)


def _step_missing(world: World, area: Area, step: Step, stay: Stay | None, fact: Fact) -> Refused | None:
    room = area.rooms.get(str(fact.body.get("room")))
    if room is not None and room.kind in step.except_rooms:
        return None
    done = world.steps_of(f"stay:{fact.stay}")
    for need in step.needs:
        if need not in done:
            return Refused(step.rule, f"stay:{fact.stay}", "step_missing", f"{need} first", "not done")
    return None


def moved_on(world: World, rulebook: Rulebook, fact: Fact) -> None:
    """The phase that a step leads to."""
    step = rulebook.steps.get(fact.type)
    stay = world.stays.get(fact.stay) if fact.stay is not None else None
    if step is not None and step.to and stay is not None and stay.is_open and stay.phase != step.to:
        world.stays.put(stay.ref, replace(stay, phase=step.to))
