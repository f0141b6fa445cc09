"""What the engine answers: alarms, pre-warnings, clearings, refusals, obligations.

Effects are outputs: the gateway writes them to the log (class "output") and acts on them;
the engine never reads them back. Their ids are derived from rule, subject and causing fact,
never from a counter, so that a second run of the same facts gives the same ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Effect:
    """Base of all effects. `time_us`: the moment it is about; `fact`: index that led to it."""

    time_us: int
    fact: int

    TYPE = ""

    def to_output(self) -> dict[str, Any]:
        """Entry for the log: {type, id, stay, occurred_us, body}."""
        raise AssertionError(f"expected a concrete effect, found {type(self).__name__}")


@dataclass(frozen=True, slots=True)
class AlarmEffect(Effect):
    """What alarms, pre-warnings and clearings share."""

    alarm: str  # id: area/rule/variant/subject/anchor
    rule: str
    variant: str
    subject: str  # "stay:…", "room:…", "door:…", "node:…"
    stage: str
    severity: str  # S1..S4
    basis: str  # law | local
    number_basis: str  # law | local: who set the number that was reached
    article: Mapping[str, str]  # {"instrument", "article", "zh", "en"}
    stay: str | None
    room: str | None
    facts: tuple[int, ...]  # log indices of the facts behind it
    text: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # zh/en -> what, do
    params: Mapping[str, str | int] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The common part of the log body."""
        return {
            "alarm": self.alarm,
            "rule": self.rule,
            "variant": self.variant,
            "subject": self.subject,
            "stage": self.stage,
            "severity": self.severity,
            "basis": self.basis,
            "number_basis": self.number_basis,
            "article": dict(self.article),
            "room": self.room,
            "facts": list(self.facts),
            "at_us": self.time_us,
        }

    def _entry(self, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": f"{self.TYPE}/1",
            "id": f"{self.TYPE}|{self.alarm}|{self.stage}|{self.fact}",
            "stay": self.stay,
            "occurred_us": self.time_us,
            "body": body,
        }


@dataclass(frozen=True, slots=True)
class AlarmRaised(AlarmEffect):
    """A limit was reached. `late_us` > 0: noticed that long after it was due."""

    late_us: int = 0
    is_certain: bool = True

    TYPE = "alarm.raised"

    def to_output(self) -> dict[str, Any]:
        """Entry for the log."""
        return self._entry(
            self.body() | {"late_us": self.late_us, "certain": self.is_certain, "params": dict(self.params)}
        )


@dataclass(frozen=True, slots=True)
class PreWarning(AlarmEffect):
    """A limit comes near. `due_us`: when it will be reached."""

    due_us: int = 0
    late_us: int = 0

    TYPE = "alarm.prewarned"

    def to_output(self) -> dict[str, Any]:
        """Entry for the log."""
        return self._entry(
            self.body() | {"due_us": self.due_us, "late_us": self.late_us, "params": dict(self.params)}
        )


@dataclass(frozen=True, slots=True)
class AlarmCleared(AlarmEffect):
    """What raised it is over (`reason` = returned) or never was (late_evidence)."""

    reason: str = "returned"
    of: str = "alarm"  # alarm | pre-warning

    TYPE = "alarm.cleared"

    def to_output(self) -> dict[str, Any]:
        """Entry for the log."""
        return self._entry(self.body() | {"reason": self.reason, "of": self.of})


@dataclass(frozen=True, slots=True)
class Refusal(Effect):
    """A fact that changes nothing because the law or the state does not allow it."""

    rule: str
    subject: str
    reason: str
    expected: str
    found: str
    fact_type: str
    fact_id: str
    article: Mapping[str, str]
    basis: str = "local"
    stay: str | None = None

    TYPE = "fact.refused"

    def to_output(self) -> dict[str, Any]:
        """Entry for the log."""
        return {
            "type": f"{self.TYPE}/1",
            "id": f"{self.TYPE}|{self.rule}|{self.fact_id}|{self.fact}",
            "stay": self.stay,
            "occurred_us": self.time_us,
            "body": {
                "rule": self.rule,
                "subject": self.subject,
                "reason": self.reason,
                "expected": self.expected,
                "found": self.found,
                "fact": self.fact,
                "fact_type": self.fact_type,
                "fact_id": self.fact_id,
                "article": dict(self.article),
                "basis": self.basis,
                "at_us": self.time_us,
            },
        }


@dataclass(frozen=True, slots=True)
class ObligationChanged(Effect):
    """An obligation was armed (with its next limit) or closed (with the reason)."""

    obligation: str  # same id as the alarm it would raise
    rule: str
    variant: str
    subject: str
    stay: str | None
    state: str  # armed | moved | closed
    due_us: int | None = None
    reason: str = ""

    TYPE = "obligation"

    def to_output(self) -> dict[str, Any]:
        """Entry for the log: type obligation.armed/1, obligation.moved/1, obligation.closed/1."""
        return {
            "type": f"{self.TYPE}.{self.state}/1",
            "id": f"{self.TYPE}.{self.state}|{self.obligation}|{self.fact}",
            "stay": self.stay,
            "occurred_us": self.time_us,
            "body": {
                "obligation": self.obligation,
                "rule": self.rule,
                "variant": self.variant,
                "subject": self.subject,
                "at_us": self.time_us,
                "due_us": self.due_us,
                "reason": self.reason,
            },
        }


@dataclass(frozen=True, slots=True)
class AlarmChanged(Effect):
    """An officer's action moved an alarm along its life cycle, or what ends by itself did."""

    alarm: str
    rule: str
    subject: str
    stay: str | None
    state: str  # state after the move
    action: str  # what was done: the fact's type without "alarm.", or shelf_ended, service_ended, dropped
    officer: str  # "": nobody, it came by itself or by a button
    until_us: int | None = None  # when what was done ends by itself

    TYPE = "alarm.changed"

    def to_output(self) -> dict[str, Any]:
        """Entry for the log."""
        until = {} if self.until_us is None else {"until_us": self.until_us}
        return {
            "type": f"{self.TYPE}/1",
            "id": f"{self.TYPE}|{self.alarm}|{self.action}|{self.fact}",
            "stay": self.stay,
            "occurred_us": self.time_us,
            "body": {
                "alarm": self.alarm,
                "rule": self.rule,
                "subject": self.subject,
                "state": self.state,
                "action": self.action,
                "officer": self.officer,
                "at_us": self.time_us,
            }
            | until,
        }
