"""A fact as the engine sees it, and the check of its body against the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from custody.catalogue import FACT_TYPES
from custody.fields import Problem, check_value

Scalar = str | int | bool | None
BodyValue = Scalar | list[str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened, as the engine sees it. Times are microseconds UTC.

    `occurred_*`: when it happened, by the word of `by`; `recorded_*`: when the gateway put it
    in order. A latest of None means unbounded: the clock could not be trusted.
    """

    type: str
    body: Mapping[str, BodyValue]
    index: int
    occurred_us: int
    occurred_latest_us: int | None
    recorded_us: int
    recorded_latest_us: int | None
    id: str = ""
    by: str = "gateway"  # node | gateway | server | kiosk | paper
    boot: int = 0
    boottime_us: int = 0
    source_name: str = ""
    source_boot: int = 0
    source_seq: int = 0
    version: int = 1

    @property
    def stay(self) -> str | None:
        """The stay this fact speaks about, where it names one."""
        value = self.body.get("stay")
        return value if isinstance(value, str) else None


def check_body(type_name: str, body: Mapping[str, object]) -> list[Problem]:
    """List what is wrong with a fact's body; an empty list means that it may be recorded."""
    fact_type = FACT_TYPES.get(type_name)
    if fact_type is None:
        return [Problem("type", "a fact type of docs/scenarios.md", repr(type_name))]
    problems = [
        Problem(key, f"one of {', '.join(fact_type.fields) or 'no field'}", "a field of that name")
        for key in body
        if key not in fact_type.fields
    ]
    for key, spec in fact_type.fields.items():
        if key not in body or body[key] is None:
            if spec.required:
                problems.append(Problem(key, f"{spec.kind}: {spec.doc}", "nothing"))
            continue
        problems.extend(check_value(key, spec, body[key]))
    return problems
