"""Approvals of longer limits: by the right role, on a ground of the law, before the limit ends.

Judged by when the approval was given (occurred), not by when it was typed in.
"""

from dataclasses import replace

from custody.apply import Refused
from custody.facts import Fact
from custody.rules import Rule, Rulebook, Tier
from custody.times import TimeFormatError, format_duration, parse_duration_us
from custody.world import Approval, Stay, World


def tier_in_force(rule: Rule, stay: Stay) -> Tier:
    """The tier of a clock that applies to a stay after its approvals."""
    best = rule.tiers[0]
    for approval in stay.approvals:
        for tier in rule.tiers:
            is_given = approval.rule == rule.id and approval.limit_us == tier.limit_us
            if is_given and tier.limit_us > best.limit_us:
                best = tier
    return best


def apply_approval(world: World, rulebook: Rulebook, fact: Fact) -> Refused | None:
    """Add an approval to its stay, or say why it does not count."""
    rule_id, ref = str(fact.body["rule"]), str(fact.body["stay"])
    subject = f"stay:{ref}"
    stay = world.stays.get(ref)
    if stay is None or not stay.is_open:
        return Refused(rule_id, subject, "no_open_stay", "an open stay", ref)
    rule = _clock_of(rulebook, rule_id, stay)
    if rule is None:
        found = f"{rule_id} for a stay under {stay.measure or 'no measure yet'}"
        return Refused(rule_id, subject, "no_such_clock", "a clock that runs for this stay", found)
    tier = _tier_named(rule, str(fact.body["limit"]))
    if tier is None:
        expected = ", ".join(tier.limit for tier in rule.tiers[1:])
        return Refused(rule_id, subject, "no_such_tier", expected, str(fact.body["limit"]))
    refused = _check(world, rule, tier, stay, fact)
    if refused is not None:
        return refused
    approval = Approval(rule_id, tier.limit_us, fact.occurred_us, str(fact.body["approver"]), fact.index)
    world.stays.put(ref, replace(stay, approvals=(*stay.approvals, approval)))
    return None


def _clock_of(rulebook: Rulebook, rule_id: str, stay: Stay) -> Rule | None:
    for rule in rulebook.clock_rules(rule_id):
        if stay.measure in rule.measures:
            return rule
    return None


def _tier_named(rule: Rule, text: str) -> Tier | None:
    try:
        limit_us = parse_duration_us(text)
    except TimeFormatError:
        return None
    return next((tier for tier in rule.tiers[1:] if tier.limit_us == limit_us), None)


def _check(world: World, rule: Rule, tier: Tier, stay: Stay, fact: Fact) -> Refused | None:
    subject, approver = f"stay:{stay.ref}", str(fact.body["approver"])
    officer = world.officers.get(approver)
    roles = officer.roles if officer is not None else ()
    if officer is None or officer.service != "sworn" or not set(roles) & set(tier.approvers):
        found = f"{approver}: {', '.join(roles)}" if officer else f"{approver}: not registered"
        return Refused(rule.id, subject, "wrong_approver", " or ".join(tier.approvers), found)
    ground = fact.body.get("ground")
    if tier.grounds and ground not in tier.grounds:
        expected = " or ".join(tier.grounds)
        return Refused(rule.id, subject, "wrong_ground", expected, str(ground or "no ground"))
    current = tier_in_force(rule, stay)
    if tier.limit_us <= current.limit_us:
        return Refused(rule.id, subject, "not_longer", f"more than {current.limit}", tier.limit)
    position = rule.tiers.index(tier)
    if rule.is_sequential and rule.tiers[position - 1] is not current:
        expected = f"{rule.tiers[position - 1].limit} approved first"
        return Refused(rule.id, subject, "tier_skipped", expected, f"{current.limit} in force")
    assert stay.measure_us is not None, "a stay with a measure has the start of its clock"
    over_us = fact.occurred_us - (stay.measure_us + current.limit_us)
    if over_us > 0:
        expected = f"given within {current.limit} of the start"
        found = f"{format_duration(over_us)} after it"
        return Refused(rule.id, subject, "too_late", expected, found)
    return None
