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
    step = rulebook.steps.get(fact.type)
    is_form = fact.stay is not None and fact.type not in OPENING and "stay" in SUBJECTS.get(fact.type, ())
    gone = _unknown_or_ended(world, step, fact) if is_form else None
    refused = gone or _unauthorised(world, rulebook, fact)
    if refused is not None or not is_form or step is None:
        return refused
    phase = phase_of(world.stays.get(str(fact.stay)))
    if phase not in step.phases and not (phase == ENDED and fact.type in OUTLIVING):
        expected = f"phase {' or '.join(step.phases)}"
        return Refused(step.rule, f"stay:{fact.stay}", "out_of_order", expected, phase)
    return _step_missing(world, area, step, fact)


def _unknown_or_ended(world: World, step: Step | None, fact: Fact) -> Refused | None:
    ref = str(fact.stay)
    stay = world.stays.get(ref)
    rule, subject = step.rule if step is not None else "M5", f"stay:{ref}"
    if stay is None and ref not in world.ended:
        return Refused(rule, subject, "unknown_stay", "a stay opened before", ref)
    may_follow = (step is not None and ENDED in step.phases) or fact.type in OUTLIVING
    if phase_of(stay) == ENDED and not may_follow:
        return Refused(rule, subject, "stay_ended", "a stay that has not ended", ref)
    return None


def _unauthorised(world: World, rulebook: Rulebook, fact: Fact) -> Refused | None:
    approval = rulebook.approvals.get(fact.type)
    if approval is None:
        return None
    officer = world.officers.get(str(fact.body["approver"]))
    if (
        officer is not None
        and officer.service != "auxiliary"
        and set(officer.roles) & set(approval.approvers)
    ):
        return None
    found = f"{fact.body['approver']}: {', '.join(officer.roles) if officer else 'not registered'}"
    expected = " or ".join(approval.approvers)
    return Refused(approval.rule, _subject(fact), "wrong_approver", expected, found)


def _subject(fact: Fact) -> str:
    kind = SUBJECTS[fact.type][0]
    return f"{kind}:{fact.body.get(kind)}"


def _step_missing(world: World, area: Area, step: Step, fact: Fact) -> Refused | None:
    room = area.rooms.get(str(fact.body.get("room")))
    if room is not None and room.kind in step.except_rooms:
        return None
    done = world.steps_of(f"stay:{fact.stay}")
    for need in step.needs:
        if need not in done:
            return Refused(step.rule, f"stay:{fact.stay}", "out_of_order", f"{need} first", "not done")
    return None


def moved_on(world: World, rulebook: Rulebook, fact: Fact) -> None:
    """The phase that a step leads to."""
    step = rulebook.steps.get(fact.type)
    stay = world.stays.get(fact.stay) if fact.stay is not None else None
    if step is not None and step.to and stay is not None and stay.is_open and stay.phase != step.to:
        world.stays.put(stay.ref, replace(stay, phase=step.to))
