"""The life cycle of an alarm: what officers do about it, as one table.

Two things are told apart (ISA-18.2): whether the condition stands (active or returned), and
how far the handling has come (this table). An alarm leaves the list when it is verified and
its condition has returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

UNACKNOWLEDGED: Final = "unacknowledged"
TAKEN: Final = "taken"
ACKNOWLEDGED: Final = "acknowledged"
RECTIFIED: Final = "rectified"
CLOSED: Final = "closed"

# state -> action -> next state. What is not here is refused and changes nothing.
MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    UNACKNOWLEDGED: {"taken": TAKEN, "acknowledged": ACKNOWLEDGED},
    TAKEN: {"taken": TAKEN, "acknowledged": ACKNOWLEDGED, "rectified": RECTIFIED},
    ACKNOWLEDGED: {"taken": TAKEN, "rectified": RECTIFIED},
    RECTIFIED: {"rectified": RECTIFIED, "verified": CLOSED},
    CLOSED: {},
}
SOUNDING: Final = frozenset({"S1", "S2"})


@dataclass(slots=True)
class AlarmRecord:
    """One alarm (or pre-warning not yet an alarm) as the pages and outputs see it."""

    id: str
    rule: str
    variant: str
    subject: str
    stay: str | None
    room: str | None
    severity: str
    article: Mapping[str, str]
    basis: str
    number_basis: str
    family: str
    text: Mapping[str, Mapping[str, str]]
    params: Mapping[str, str | int]
    facts: tuple[int, ...]
    group: str
    since_us: int
    raised_us: int
    due_us: int
    stages: tuple[str, ...] = ()
    late_us: int = 0
    is_prewarning: bool = True
    is_certain: bool = True
    cleared_us: int | None = None
    clear_reason: str = ""
    state: str = UNACKNOWLEDGED
    taken_by: str | None = None
    taken_us: int | None = None
    acknowledged_by: str | None = None
    acknowledged_us: int | None = None
    rectified_by: str | None = None
    rectified_us: int | None = None
    cause: str = ""
    action: str = ""
    verified_by: str | None = None
    history: list[tuple[int, str, str]] = field(default_factory=list)  # time, what, who

    @property
    def is_active(self) -> bool:
        """The condition stands."""
        return self.cleared_us is None

    @property
    def is_sounding(self) -> bool:
        """It stands, is urgent, and nobody has taken or acknowledged it."""
        is_urgent = self.severity in SOUNDING and not self.is_prewarning
        return self.is_active and is_urgent and self.state == UNACKNOWLEDGED

    def refusal(self, action: str, officer: str) -> tuple[str, str, str] | None:
        """(reason, expected, found) when an officer may not do this now, else None."""
        if action not in MOVES[self.state]:
            allowed = ", ".join(MOVES[self.state]) or "nothing: it is closed"
            return "wrong_order", allowed, f"{action} while {self.state}"
        if action == "verified":
            if officer == self.rectified_by:
                return "same_person", "another officer than the one who rectified", officer
            if self.is_active:
                return "still_active", "a condition that has returned to normal", "still active"
        return None

    def move(self, action: str, officer: str, at_us: int, cause: str = "", done: str = "") -> None:
        """Carry out a move that `refusal` allowed."""
        self.state = MOVES[self.state][action]
        self.history.append((at_us, action, officer))
        if action == "taken":
            self.taken_by, self.taken_us = officer, at_us
        elif action == "acknowledged":
            self.acknowledged_by, self.acknowledged_us = officer, at_us
        elif action == "rectified":
            self.rectified_by, self.rectified_us = officer, at_us
            self.cause, self.action = cause, done
        else:
            self.verified_by = officer
