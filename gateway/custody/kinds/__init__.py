"""Rule kinds: code without a number of the law. Each module gives reads() and judge()."""

from collections.abc import Callable
from typing import Final, NamedTuple

from custody.kinds import (
    chain,
    clock,
    coverage,
    forbidden_act,
    hands,
    head_count,
    interval,
    keeping,
    presence,
    required_before,
    required_within,
    separation,
    supervision,
    threshold,
)
from custody.rules import Rule
from custody.view import Judgement, Unit, View


class Kind(NamedTuple):
    """`reads`: the aspects after whose change a rule is judged again. `judge`: what it says of a unit."""

    reads: Callable[[Rule], set[str]]
    judge: Callable[[Rule, View, Unit], Judgement]


KINDS: Final[dict[str, Kind]] = {
    "chain": Kind(chain.reads, chain.judge),
    "clock": Kind(clock.reads, clock.judge),
    "coverage": Kind(coverage.reads, coverage.judge),
    "forbidden_act": Kind(forbidden_act.reads, forbidden_act.judge),
    "hands": Kind(hands.reads, hands.judge),
    "head_count": Kind(head_count.reads, head_count.judge),
    "interval": Kind(interval.reads, interval.judge),
    "keeping": Kind(keeping.reads, keeping.judge),
    "presence": Kind(presence.reads, presence.judge),
    "required_before": Kind(required_before.reads, required_before.judge),
    "required_within": Kind(required_within.reads, required_within.judge),
    "separation": Kind(separation.reads, separation.judge),
    "supervision": Kind(supervision.reads, supervision.judge),
    "threshold": Kind(threshold.reads, threshold.judge),
}
