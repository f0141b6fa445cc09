"""Approvals of longer limits: by the right role, on a ground of the law, before the limit ends.

Judged by when the approval was given (occurred), not by when it was typed in. `extension.approved` names clock and
limit; a form of its own (`longer_by` of a clock) gives the limit after the one in force.
"""

from collections.abc import Callable

from custody.apply import Refused, note_steps
from custody.facts import Fact
from custody.kinds.clock import Running, running
from custody.rules import Rule, Tier
from custody.times import TimeFormatError, format_duration, parse_limit
from custody.view import Silence, Unit, View
from custody.world import Approval, World


def apply_approval(world: World, view: View, fact: Fact) -> Refused | None:
    """Add an approval to its stay or case, or say why it does not count."""
    rule_id, unit = str(fact.body["rule"]), _unit(view, fact)
    if unit is None or (unit.kind == "stay" and unit.stay is None):
        named = str(fact.body.get("stay"))
        return Refused(rule_id, f"stay:{named}", "no_open_stay", "an open stay, or a case", named)
    clock = _clock_of(view, rule_id, unit)
    if clock is None:
        if unit.stay is not None and not unit.stay.is_open and not _outlives(view, rule_id):
            return Refused(rule_id, unit.subject, "no_open_stay", "an open stay, or a case", unit.ref)
        under = unit.stay.measure if unit.stay is not None else None
        found = f"{rule_id} for a {unit.kind} under {under or 'no measure yet'}"
        return Refused(rule_id, unit.subject, "no_such_clock", "a clock that runs", found)
    rule, now = clock
    tier = _tier_named(rule, str(fact.body["limit"]))
    if tier is None:
        expected = ", ".join(tier.limit.text for tier in rule.tiers if tier.approvers)
        return Refused(rule_id, unit.subject, "no_such_tier", expected, str(fact.body["limit"]))
    refused = _check(world, view, rule, tier, now, unit, fact)
    if refused is not None:
        return refused
    row = Approval(rule_id, tier.limit.text, fact.occurred_us, str(fact.body["approver"]), fact.index)
    note_approval(world, unit.subject, row)
    note_steps(world, fact)
    return None


def note_approval(world: World, subject: str, row: Approval) -> None:
    """It counts from now on."""
    world.approvals.put(subject, (*(world.approvals.get(subject) or ()), row))


def lengthen(world: World, view: View, fact: Fact, put: Callable[[], Refused | None]) -> Refused | None:
    """A form that gives a running clock its next limit; it is the form itself as well, which `put` lets in."""
    given = _longer(world, view, fact)
    if isinstance(given, Refused) and fact.index not in world.firm:
        return given
    refused = put()
    if refused is None and isinstance(given, tuple):
        note_approval(world, *given)
    return refused


def _longer(world: World, view: View, fact: Fact) -> tuple[str, Approval] | Refused | None:
    """What a form that lengthens a clock of its own gives, and to whom; None where no clock is lengthened by it."""
    rules = [rule for rule in view.rulebook.rules if fact.type in rule.params.get("longer_by", ())]
    for key in dict.fromkeys(rule.key for rule in rules):
        unit = view.unit(f"{rules[0].unit}:{fact.body.get(rules[0].unit)}")
        rule = view.in_force(key, unit)
        now = running(rule, view, unit) if rule is not None else None
        if rule is None or not isinstance(now, Running):
            continue
        tier = next((tier for tier in rule.tiers if tier.limit.order > now.tier.limit.order), None)
        if tier is None:
            return Refused(rule.id, unit.subject, "not_longer", "a longer limit", now.tier.limit.text)
        refused = _check(world, view, rule, tier, now, unit, fact)
        row = Approval(rule.id, tier.limit.text, fact.occurred_us, str(fact.body["approver"]), fact.index)
        return refused or (unit.subject, row)
    if not rules:
        return None
    subject = f"{rules[0].unit}:{fact.body.get(rules[0].unit)}"
    return Refused(rules[0].id, subject, "no_such_clock", "a clock that runs", fact.type)


def _outlives(view: View, rule_id: str) -> bool:
    return any(rule.outlives for rule in view.rulebook.clock_rules(rule_id))


def _unit(view: View, fact: Fact) -> Unit | None:
    """The one stay or case that the approval names."""
    stay, case = fact.body.get("stay"), fact.body.get("case")
    if (stay is None) == (case is None):
        return None
    return view.unit(f"stay:{stay}" if stay is not None else f"case:{case}")


def _clock_of(view: View, rule_id: str, unit: Unit) -> tuple[Rule, Running] | None:
    """The clock of this id that runs for the unit."""
    for key in dict.fromkeys(rule.key for rule in view.rulebook.clock_rules(rule_id)):
        rule = view.in_force(key, unit)
        if rule is None or rule.unit != unit.kind or not any(tier.approvers for tier in rule.tiers):
            continue
        now = running(rule, view, unit)
        if not isinstance(now, Silence):
            return rule, now
    return None


def _tier_named(rule: Rule, text: str) -> Tier | None:
    try:
        limit = parse_limit(text)
    except TimeFormatError:
        return None
    return next((tier for tier in rule.tiers if tier.approvers and tier.limit.order == limit.order), None)


def _check(
    world: World, view: View, rule: Rule, tier: Tier, now: Running, unit: Unit, fact: Fact
) -> Refused | None:
    subject, approver = unit.subject, str(fact.body["approver"])
    officer = world.officers.get(approver)
    roles = officer.roles if officer is not None else ()
    if officer is None or officer.service == "auxiliary" or not set(roles) & set(tier.approvers):
        found = f"{approver}: {', '.join(roles)}" if officer else f"{approver}: not registered"
        return Refused(rule.id, subject, "wrong_approver", " or ".join(tier.approvers), found)
    ground = fact.body.get("ground")
    if tier.grounds and ground not in tier.grounds:
        expected = " or ".join(tier.grounds)
        return Refused(rule.id, subject, "wrong_ground", expected, str(ground or "no ground"))
    given = {a.limit for a in view.approvals(unit, rule.id) if a.approved_us >= now.start_us}
    position = rule.tiers.index(tier)
    # The first tier is in force before anybody gave it: it can be given once, before any other.
    if given if position == 0 else tier.limit.order <= now.tier.limit.order:
        return Refused(rule.id, subject, "not_longer", f"more than {now.tier.limit.text}", tier.limit.text)
    before = rule.tiers[position - 1] if position else None
    if rule.is_sequential and before is not None and _is_missing(before, now, given):
        expected = f"{before.limit.text} approved first"
        return Refused(rule.id, subject, "tier_skipped", expected, f"{now.tier.limit.text} in force")
    limit_us = now.limit_us
    if limit_us is not None and fact.occurred_us > limit_us:
        expected = f"given within {now.tier.limit.text} of the start"
        found = f"{format_duration(fact.occurred_us - limit_us)} after it"
        return Refused(rule.id, subject, "too_late", expected, found)
    return None


def _is_missing(before: Tier, now: Running, given: set[str]) -> bool:
    """The tier before this one was not given: by approval where it needs one, else by being in force."""
    return before.limit.text not in given if before.approvers else before is not now.tier
