"""Longer limits that may be approved for a stay now, and who may: the reader, or another organ whose word he enters."""

from __future__ import annotations

from collections.abc import Iterable

from caseserver.permissions import ENTERERS
from caseserver.web.present.state import AreaPicture
from caseserver.web.reader import Reader
from custody.kinds.clock import Running, running
from custody.rules import Rule, Tier
from custody.view import Silence, View
from custody.world import Officer, Stay


def of_other_organs(allowed: Iterable[str], state: AreaPicture, reader: Reader) -> list[Officer]:
    """Officers of another organ with one of these roles, in whose name this reader may enter a decision."""
    if not reader.roles & ENTERERS:
        return []
    roles = frozenset(allowed)
    return [
        o for o in state.world.officers.values() if o.service == "external" and roles.intersection(o.roles)
    ]


def offered(state: AreaPicture, stay: Stay, reader: Reader) -> list[tuple[Rule, Tier]]:
    """Of the longer limits those that this reader may approve, or enter for another organ."""
    return [
        (rule, tier)
        for rule, tier in longer_limits(state, stay)
        if reader.roles.intersection(tier.approvers) or of_other_organs(tier.approvers, state, reader)
    ]


def longer_limits(state: AreaPicture, stay: Stay) -> list[tuple[Rule, Tier]]:
    """The clocks that run for this stay with each longer limit that somebody may approve."""
    view = View(state.world, state.area, state.rulebook)
    unit = view.unit(f"stay:{stay.ref}")
    found = []
    for key, versions in state.rulebook.versions.items():
        rule = (
            view.in_force(key, unit) if versions[0].kind == "clock" and versions[0].unit == "stay" else None
        )
        if rule is None or not any(tier.approvers for tier in rule.tiers):
            continue
        clock = running(rule, view, unit)
        if not isinstance(clock, Silence):
            found += [(rule, tier) for tier in rule.tiers if _is_open(rule, tier, clock)]
    return found


def _is_open(rule: Rule, tier: Tier, clock: Running) -> bool:
    """A tier above the one in force; or the first one, where that has to be approved itself and is not yet."""
    if not tier.approvers:
        return False
    return tier.limit.order > clock.tier.limit.order or (
        tier is rule.tiers[0] is clock.tier and not clock.given
    )
