"""Statements about one stay: each a function of the whole log that anybody who holds it can call again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from custody import ledger
from custody.area import Area
from custody.rules import Rulebook

Statement = dict[str, Any]
Maker = Callable[[Sequence[dict[str, Any]], Area, Rulebook, str], Statement | None]

MAKERS: Final[dict[str, Maker]] = {
    "blindness": ledger.blindness,
    "coverage": ledger.coverage,
    "deadlines": lambda leaves, _area, _rulebook, stay: ledger.deadlines(leaves, stay),
}
"""Name on the page -> who makes it: the one place to add a statement."""


def statements(
    leaves: Sequence[dict[str, Any]], area: Area, rulebook: Rulebook, stay: str
) -> dict[str, Statement]:
    """Those that have something to say of this stay. `leaves`: the whole log as JSON, in order."""
    made = {name: maker(leaves, area, rulebook, stay) for name, maker in MAKERS.items()}
    return {name: statement for name, statement in made.items() if statement is not None}
