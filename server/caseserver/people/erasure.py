"""What stands against erasing a person, by the log of a stay alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

Objection = Literal["", "still_held", "under_hold", "not_read"]
LEAVES_MAX: Final = 10_000
"""Leaves of one stay that are read; of a longer one it is not known whether a hold stands."""

Leaf = Mapping[str, Any]


def refused_facts(leaves: Iterable[Leaf]) -> set[int]:
    """Indices of facts that the log itself says changed nothing."""
    return {int(leaf["body"]["fact"]) for leaf in leaves if leaf["type"] == "fact.refused/1"}


def objection(leaves: list[Leaf]) -> Objection:
    """Why the particulars of a stay must stay: the person is held, or a complaint came and its hold was not lifted.

    In the order in which it happened, as the rules judge it.
    """
    if len(leaves) >= LEAVES_MAX:
        return "not_read"
    refused = refused_facts(leaves)
    told = [leaf for leaf in leaves if leaf["class"] == "fact" and leaf["index"] not in refused]
    last: dict[str, tuple[int, int]] = {}
    for leaf in told:
        name, moment = leaf["type"].partition("/")[0], (leaf["occurred"]["earliest_us"], leaf["index"])
        last[name] = max(last.get(name, moment), moment)
    if "stay.released" not in last:
        return "still_held"
    if "complaint.received" in last and last.get("hold.lifted", (-1, -1)) < last["complaint.received"]:
        return "under_hold"
    return ""


def is_erased(leaves: Iterable[Leaf]) -> Leaf | None:
    """The newest leaf that says that the particulars were erased, with nothing entered after it; None without one."""
    leaves = list(leaves)
    refused = refused_facts(leaves)
    erased = None
    for leaf in leaves:
        if leaf["index"] in refused:
            continue
        if leaf["type"] == "person.erased/1":
            erased = leaf
        elif leaf["type"] == "person.identified/1":
            erased = None
    return erased
