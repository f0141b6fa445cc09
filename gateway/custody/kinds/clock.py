"""Kind `clock`: a legal limit from a start, with tiers given by approval.

Runs while the stay is open under one of the rule's measures. Stages: pre-warnings before
the limit of the tier in force, and the limit itself (inclusive: a release at the limit is
within it).
"""

from functools import lru_cache

from custody.approve import tier_in_force
from custody.rules import Rule, Tier
from custody.times import format_duration
from custody.view import Condition, Stage, View, applies

READS = frozenset({"stays"})
RUNNING_MAX = 1_024  # ladders kept ready; clocks running at once in an area are far fewer


@lru_cache(maxsize=RUNNING_MAX)
def _stages(tier: Tier, start_us: int) -> tuple[Stage, ...]:
    """The ladder of a tier: pre-warnings before its limit, then the limit."""
    due_us = start_us + tier.limit_us
    warnings = [
        Stage(f"pre-{format_duration(before)}@{tier.limit}", due_us - before, "S3", True, "local")
        for before in tier.prewarnings_us
    ]
    return (*warnings, Stage(f"limit@{tier.limit}", due_us, tier.severity, False, tier.basis))


def conditions(rule: Rule, view: View) -> list[Condition]:
    """One running clock for each open stay under the rule's measures."""
    found = []
    for stay in view.world.open_stays():
        if stay.measure is None or not applies(rule, stay) or stay.measure_us is None:
            continue
        tier = tier_in_force(rule, stay)
        given = tuple(a.fact for a in stay.approvals if a.rule == rule.id)
        found.append(
            Condition(
                subject=f"stay:{stay.ref}",
                stay=stay.ref,
                room=stay.room,
                since_us=stay.measure_us,
                anchor=stay.measure_fact,
                facts=(stay.measure_fact, *given),
                stages=_stages(tier, stay.measure_us),
                params=(("limit", tier.limit), ("limit_us", tier.limit_us), ("measure", stay.measure)),
                basis=tier.basis,
            )
        )
    return found
