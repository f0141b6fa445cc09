"""What the parts of a story share: its unit of time, its person, and a step that cannot be told."""

from dataclasses import dataclass
from typing import Final

from custody.name import Name
from custody.times import SECOND_US

MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
STAY: Final = "s-1"
OTHER: Final = "s-2"


class Impossible(Exception):
    """A step that cannot be told: a code of finding.py, the step, and what stands against it."""

    def __init__(self, code: str, step: str, why: Name) -> None:
        """Keep all three."""
        super().__init__(f"{step}: {why.en}")
        self.code = code
        self.step = step
        self.why = why


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways to bring a rule to speak: which alternative, and how particulars are stated."""

    since: int = 0
    flags: str = "row"  # row: on the register row | before, after it
    opens_with: str = "person.arrived"
