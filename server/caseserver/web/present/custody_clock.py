"""Which clocks limit how long a person may be held under the measure in force, and when they end."""

from __future__ import annotations

from custody.engine import Duty
from custody.rules import Rule, Rulebook, Tier


def of_custody(rule: Rule) -> bool:
    """A clock of the measure itself, not of a step that follows (a complaint to answer, a decision to deliver)."""
    since = rule.params.get("since", ())
    return (
        rule.kind == "clock"
        and rule.unit == "stay"
        and (not since or any(s.startswith("measure:") for s in since))
    )


def rule_of(duty: Duty, rulebook: Rulebook) -> Rule | None:
    """The rule behind a duty; of two periods the one whose tier the duty counts by."""
    versions = rulebook.versions.get(f"{duty.rule}/{duty.variant}", ())
    return next((r for r in versions if tier_of(duty, r) is not None), versions[0] if versions else None)


def tier_of(duty: Duty, rule: Rule) -> Tier | None:
    """The limit that a running clock counts by."""
    return next((tier for tier in rule.tiers if tier.limit.text == duty.params.get("limit")), None)


def is_custody_clock(duty: Duty, rulebook: Rulebook) -> bool:
    """Whether this duty is such a clock."""
    rule = rule_of(duty, rulebook) if "limit_us" in duty.params else None
    return rule is not None and of_custody(rule)


def ends_us(duty: Duty) -> int:
    """When the time is over, as a key for sorting."""
    return duty.ends_us
