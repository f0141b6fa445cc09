"""What a director can play: one beat is one thing that happens at one moment of the station's day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US

TAG: Final = "tag"  # what: tag id, to: room or "" (nowhere)
PASS: Final = "pass"  # what: door, to: how it is unlocked: "badge", "button", "" (not at all)
DOOR: Final = "door"  # what: door, to: "open" or "shut" (and stays so)
LOCK: Final = "lock"  # what: door, to: "released" or "locked"
RECORDER: Final = "recorder"  # what: recorder, to: "on" or "off"
INPUT: Final = "input"  # what: detector, button or contact of the house, to: "active" or "clear"
HOLD: Final = "hold"  # what: tag, held out at the reader of a cabinet, to: cabinet
HAND: Final = "hand"  # what: compartment, to: "pull" (as soon as its hook lets go) or "push" (until it holds)
CABLE: Final = "cable"  # what: node, to: "cut" or "whole"
FORM: Final = "form"  # what: fact type, body, officer
DESCRIBE: Final = "describe"  # what: item, body: its stay and its words, sealed at the server; officer
SAY: Final = "say"  # a line for the reader only


DESCRIBED: Final = "item.described"
"""The one form of the story that has a page of its own: its words are sealed, and the fact holds commitments."""


@dataclass(frozen=True, slots=True, order=True)
class Beat:
    """One thing that happens. `at_us`: from 00:00 of the day; `order`: as written."""

    at_us: int
    order: int
    area: str = field(compare=False)
    verb: str = field(compare=False)
    what: str = field(compare=False, default="")
    to: str = field(compare=False, default="")
    body: Mapping[str, Any] = field(compare=False, default_factory=dict)
    officer: str = field(compare=False, default="")
    note: str = field(compare=False, default="")

    def body_on(self, day_us: int) -> dict[str, Any]:
        """The form of a day that begins (00:00) at `day_us`: moments in it are written from 00:00, too."""
        return {key: value + day_us if key.endswith("_at_us") else value for key, value in self.body.items()}


def clock(text: str) -> int:
    """`09:30` as microseconds from midnight; `33:30` is 09:30 of the next day."""
    hours, _, minutes = text.partition(":")
    return int(hours) * HOUR_US + int(minutes) * MINUTE_US


def time_of(at_us: int) -> str:
    """Microseconds from midnight as `09:30`."""
    minutes = at_us // MINUTE_US
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
