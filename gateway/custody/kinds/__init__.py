"""Rule kinds: code without a number of the law. Each module gives READS and conditions()."""

from collections.abc import Callable
from typing import Final

from custody.kinds import (
    clock,
    coverage,
    forbidden_act,
    head_count,
    presence,
    required_before,
    required_within,
    supervision,
)
from custody.rules import Rule
from custody.view import Condition, View

Conditions = Callable[[Rule, View], list[Condition]]

# kind -> (tables it reads, what it finds)
KINDS: Final[dict[str, tuple[frozenset[str], Conditions]]] = {
    "clock": (clock.READS, clock.conditions),
    "coverage": (coverage.READS, coverage.conditions),
    "forbidden_act": (forbidden_act.READS, forbidden_act.conditions),
    "head_count": (head_count.READS, head_count.conditions),
    "presence": (presence.READS, presence.conditions),
    "required_before": (required_before.READS, required_before.conditions),
    "required_within": (required_within.READS, required_within.conditions),
    "supervision": (supervision.READS, supervision.conditions),
}
