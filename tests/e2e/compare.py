"""Alarms of a log, in a form in which two runs of the same day can be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from caselog import canonical

LATE_EVIDENCE = "late_evidence"
SHARED = ("rule", "variant", "subject", "stage", "late_us", "alarm")


@dataclass(frozen=True, slots=True, order=True)
class Stage:
    """One stage of an alarm that was reached: what about whom, and when it was due by the facts."""

    rule: str
    variant: str
    subject: str
    stage: str
    due_us: int
    late_us: int
    alarm: str
    index: int

    @property
    def about(self) -> tuple[str, str, str, str]:
        """What two runs share: not the ids, which name the index of a fact in its log."""
        return self.rule, self.variant, self.subject, self.stage


@dataclass(frozen=True, slots=True)
class Alarms:
    """Stages that stand in a log, and those that late facts took back."""

    standing: list[Stage]
    withdrawn: list[Stage]
    doubled: list[Stage]


class _Telling:
    """Follows the raising and clearing of one log."""

    def __init__(self) -> None:
        self.standing: dict[tuple[str, str], Stage] = {}
        self.cleared: set[str] = set()  # alarms that were cleared after their last stage
        self.withdrawn: list[Stage] = []
        self.doubled: list[Stage] = []

    def raised(self, stage: Stage) -> None:
        """The same stage again is a double, unless the alarm was cleared and a late fact showed that it went on."""
        key = (stage.alarm, stage.stage)
        if key in self.standing and stage.alarm not in self.cleared:
            self.doubled.append(stage)
        self.cleared.discard(stage.alarm)
        self.standing.setdefault(key, stage)

    def take_back(self, alarm: str, stage: str | None = None, after_us: int | None = None) -> None:
        """Stages that never were, as late evidence shows: one, all, or those due after the duty had ended."""
        for key, raised in list(self.standing.items()):
            is_late = after_us is None or raised.due_us > after_us
            if key[0] == alarm and stage in (None, key[1]) and is_late:
                self.withdrawn.append(self.standing.pop(key))


def alarms_of(leaves: Iterable[bytes]) -> Alarms:
    """All stages raised in a log (pre-warnings are not alarms)."""
    telling = _Telling()
    for data in leaves:
        leaf = canonical.loads(data)
        assert isinstance(leaf, dict)
        body: Mapping[str, Any] = leaf["body"]
        match leaf["type"]:
            case "alarm.raised/1":
                telling.raised(
                    Stage(due_us=body["at_us"], index=leaf["index"], **{k: body[k] for k in SHARED})
                )
            case "alarm.cleared/1" if body["reason"] == LATE_EVIDENCE:
                telling.take_back(body["alarm"], body["stage"])
            case "alarm.cleared/1":
                telling.cleared.add(body["alarm"])
            case "obligation.closed/1" if body["reason"] == LATE_EVIDENCE:
                telling.take_back(body["obligation"])
            case "obligation.closed/1":
                telling.take_back(body["obligation"], after_us=body["at_us"])
    return Alarms(sorted(telling.standing.values()), telling.withdrawn, telling.doubled)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one run has and the other has not."""

    missing: list[Stage]
    surplus: list[Stage]
    farthest_us: int
    """Largest difference of due times among the pairs."""


def difference(expected: list[Stage], found: list[Stage], tolerance_us: int) -> Difference:
    """Pair stages by what they are about, nearest due time first within the tolerance."""
    missing, farthest_us = [], 0
    left = list(found)
    for stage in expected:
        near = [
            other
            for other in left
            if other.about == stage.about and abs(other.due_us - stage.due_us) <= tolerance_us
        ]
        if not near:
            missing.append(stage)
            continue
        best = min(near, key=lambda other: abs(other.due_us - stage.due_us))
        left.remove(best)
        farthest_us = max(farthest_us, abs(best.due_us - stage.due_us))
    return Difference(missing, left, farthest_us)
