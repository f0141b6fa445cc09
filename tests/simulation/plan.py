"""What a run is made of: acts of people and faults of things, each on its own, so that any can be left out.

The plan is the decision tape: a run is a function of it. Draws inside a fault (which byte flips) come from a stream
of the fault's own, so leaving one out changes nothing in the others.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


@dataclass(frozen=True)
class Act:
    """Somebody does something `at_us` after the start: `kind` names a method of actors.Actors."""

    at_us: int
    kind: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Something goes wrong `at_us` after the start, for `for_us`: `kind` names a method of faults.Faults."""

    at_us: int
    kind: str
    for_us: int = 0
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """`start_us`: true time of the start; `for_us`: how long the first phase lasts; `settings`: what is so from the
    start (drift, segment size …). After it everything is healed, and both sides must come to agree."""

    seed: str
    start_us: int
    for_us: int
    acts: tuple[Act, ...] = ()
    faults: tuple[Fault, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def dumps(self) -> str:
        """One JSON object, by which the run can be repeated anywhere."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> "Plan":
        """Read `dumps` text."""
        value = json.loads(text)
        acts = tuple(Act(**act) for act in value.pop("acts"))
        faults = tuple(Fault(**fault) for fault in value.pop("faults"))
        return cls(**value, acts=acts, faults=faults)
