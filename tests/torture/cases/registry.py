"""What a case is, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.torture.stage import Stage

Play = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Case:
    """What is done (`run`), what is right, and why.

    `persons`: how many have to be known; `is_persistent`: the broker keeps its memory; `needs_clock`: the target's wall
    clock is stepped; `has_start`: the target runs when the case begins.
    """

    name: str
    right: str
    why: str
    run: Play
    persons: int = 0
    is_persistent: bool = True
    needs_clock: bool = False
    has_start: bool = True


CASES: list[Case] = []


def case(
    name: str,
    right: str,
    why: str,
    *,
    persons: int = 0,
    is_persistent: bool = True,
    needs_clock: bool = False,
    has_start: bool = True,
) -> Callable[[Play], Play]:
    """Put a function into the list."""

    def add(run: Play) -> Play:
        CASES.append(Case(name, right, why, run, persons, is_persistent, needs_clock, has_start))
        return run

    return add
