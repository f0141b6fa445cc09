"""One alarm and its handling by officers. The tables of its life are in alarm_states.py.

An alarm leaves the list when it is verified and its condition has returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from custody.alarm_states import MOVES, UNACKNOWLEDGED, is_unseen, state_of

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
    seen_severity: str = ""  # how grave it was when somebody last did something about it
    graver_us: int | None = None  # since when it is graver than it was raised
    taken_by: str | None = None
    taken_us: int | None = None
    acknowledged_by: str | None = None
    acknowledged_us: int | None = None
    rectified_by: str | None = None
    rectified_us: int | None = None
    cause: str = ""
    action: str = ""
    verified_by: str | None = None
    aside: str = ""  # how its source is set aside: "", shelved, out_of_service
    aside_by: str = ""
    aside_reason: str = ""
    aside_until_us: int | None = None
    silenced_us: int | None = None  # until then the sounder is silent about it
    number: int = 0  # in which order the alarms of the area were entered
    history: list[tuple[int, str, str]] = field(default_factory=list)  # time, what, who

    @property
    def is_active(self) -> bool:
        """The condition stands."""
        return self.cleared_us is None

    @property
    def source(self) -> str:
        """What raised it: rule and subject, without the one time."""
        return f"{self.rule}/{self.variant}|{self.subject}"

    @property
    def shown_state(self) -> str:
        """Its word of alarm_states.STATES, root causes left out."""
        handling = UNACKNOWLEDGED if self.is_unseen else self.state
        return state_of(handling, is_active=self.is_active, aside=self.aside)

    @property
    def is_unseen(self) -> bool:
        """Nobody has taken or acknowledged it, or it has become graver since."""
        return is_unseen(self.state, self.severity, self.seen_severity)

    @property
    def is_unheard(self) -> bool:
        """Nobody has it as grave as it is, and it is neither set aside nor silenced."""
        return self.is_unseen and not self.aside and self.silenced_us is None

    def refusal(
        self, action: str, officer: str, *, is_second_needed: bool = True
    ) -> tuple[str, str, str] | None:
        """(reason, expected, found) when an officer may not do this now, else None."""
        if action not in MOVES[self.state]:
            allowed = ", ".join(MOVES[self.state]) or "nothing: it is closed"
            return "wrong_order", allowed, f"{action} while {self.state}"
        if action == "verified":
            if officer == self.rectified_by and is_second_needed:
                return "same_person", "another officer than the one who rectified", officer
            if self.is_active:
                return "still_active", "a condition that has returned to normal", "still active"
        return None

    def move(self, action: str, officer: str, at_us: int, cause: str = "", done: str = "") -> None:
        """Carry out a move that `refusal` allowed."""
        self.state = MOVES[self.state][action]
        self.seen_severity = self.severity
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
