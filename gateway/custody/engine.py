"""The engine: facts in, effects out. Deterministic; no exception for any sequence of facts.

One door, `step(fact)`, and one question, `next_deadline_us()`. Alarms are a function of the
facts in order of occurrence (timeline.py); the engine tells what changed with each step and
keeps the handling of alarms by officers (alarm.py).
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from custody.alarm import AlarmRecord
from custody.apply import Refused
from custody.area import Area
from custody.desk import AlarmDesk
from custody.effects import (
    AlarmCleared,
    AlarmRaised,
    Effect,
    ObligationChanged,
    PreWarning,
    Refusal,
)
from custody.facts import Fact, check_body
from custody.obligation import Obligation
from custody.rules import Rule, Rulebook
from custody.timeline import Timeline
from custody.view import Judgement, Stage
from custody.world import World

K = TypeVar("K")

LATE_TOLERANCE_US: Final = 2_000_000  # noticed within two seconds counts as in time
FAR_FUTURE_US: Final = 2**62
IDS_MAX: Final = 100_000  # fact ids remembered against duplicates; the oldest go first


@dataclass(slots=True)
class _Told:
    """What has been told of one obligation."""

    row: Obligation
    stages: dict[str, Stage] = field(default_factory=dict)
    closed_us: int | None = None  # the end that was told


@dataclass(frozen=True, slots=True)
class Duty:
    """A running duty, for the page: since when, until when, how urgent."""

    rule: str
    variant: str
    subject: str
    stay: str | None
    room: str | None
    since_us: int
    due_us: int
    next_us: int | None
    severity: str
    basis: str
    family: str
    text: Mapping[str, Mapping[str, str]]
    params: Mapping[str, str | int]

    @property
    def ends_us(self) -> int:
        """When the time is over: of a limit in days the end of its last day, not its beginning."""
        limit_us = self.params.get("limit_us")
        return self.since_us + int(limit_us) if limit_us is not None else self.due_us


class Engine:
    """The rules of one area at work."""

    def __init__(self, area: Area, rulebook: Rulebook) -> None:
        """An engine that knows no fact yet."""
        self.area = area
        self.rulebook = rulebook
        self._timeline = Timeline(area, rulebook)
        self._told: dict[str, _Told] = {}
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._refused: OrderedDict[int, None] = OrderedDict()
        self._horizon_us = -FAR_FUTURE_US
        self._inclusive_us: int | None = None  # horizon up to and including which limits were told
        self._desk = AlarmDesk(area, rulebook)
        self._latest_us = -FAR_FUTURE_US  # the latest that it can be by now
        self.on_final: Callable[[Obligation], None] | None = None  # told of each duty before it is forgotten

    @property
    def world(self) -> World:
        """The state of the area; read only."""
        return self._timeline.world

    @property
    def alarms(self) -> Mapping[str, AlarmRecord]:
        """Alarms and pre-warnings not yet closed, by id."""
        return self._desk.records

    def next_deadline_us(self) -> int | None:
        """When the engine wants `deadline.reached`; None when nothing runs."""
        known = [at for at in (self._timeline.next_due_us(), self._desk.next_end_us()) if at is not None]
        return min(known, default=None)

    def step(self, fact: Fact) -> list[Effect]:
        """Take one fact; give what follows from it, in order of time."""
        if fact.id and fact.type != "deadline.reached":  # to be told the time twice harms nothing
            if fact.id in self._ids:
                return []
            self._remember(self._ids, fact.id, IDS_MAX)
        refusal = self._refuse_malformed(fact)
        if refusal is not None:
            return [refusal]
        now_us = self._now_us(fact)
        ended: list[Effect] = [*self._desk.expire(now_us, fact)]
        if fact.type.startswith("alarm."):
            changed = self._desk.handle(fact, self.world, now_us)
            return ended + ([self._refusal(fact, changed)] if isinstance(changed, Refused) else [*changed])
        timeline = self._timeline
        if fact.recorded_latest_us is not None:
            self._horizon_us = max(self._horizon_us, fact.recorded_latest_us)
            timeline.withdraw_after(self._horizon_us)
        if fact.type != "deadline.reached":
            timeline.insert(fact)
        until_us = FAR_FUTURE_US if fact.recorded_latest_us is None else self._horizon_us
        if fact.type == "deadline.reached":
            self._inclusive_us = until_us
        # A limit once told as reached stays so for later facts of the same microsecond.
        timeline.reach(until_us, is_inclusive=until_us == self._inclusive_us)
        effects = ended + self._refusals(fact) + self._tell(fact) + [*self._desk.press(fact, now_us)]
        for row in timeline.trim(fact.recorded_us):
            del self._told[row.id]
            if self.on_final is not None:
                self.on_final(row)
        return effects

    def duties(self, stay: str | None = None) -> list[Duty]:
        """Running duties (of one stay), by the moment of their limit."""
        found = []
        rows = [
            row
            for row in self._timeline.obligations.values()
            if row.closed_us is None and (stay is None or row.stay == stay)
        ]
        for row in rows:
            rule, next_stage = row.rule, row.next_stage
            limits = [s for s in row.stages if not s.is_prewarning]
            if not limits:
                continue
            found.append(
                Duty(
                    rule=rule.id,
                    variant=rule.variant,
                    subject=row.subject,
                    stay=row.stay,
                    room=row.room,
                    since_us=row.since_us,
                    due_us=limits[0].due_us,
                    next_us=next_stage.due_us if next_stage else None,
                    severity=limits[0].severity,
                    basis=row.basis or rule.basis,
                    family=rule.family,
                    text=rule.text,
                    params=dict(row.params),
                )
            )
        return sorted(found, key=lambda duty: (duty.due_us, duty.rule, duty.subject))

    def obligations(self) -> list[Obligation]:
        """Every duty known, running or ended, in order of arming; ended ones are forgotten in time."""
        return self._timeline.obligations.values()

    def why(self, rule_key: str, subject: str, now_us: int) -> Judgement:
        """What a rule says of a subject now: the condition that stands, or the one that failed."""
        return self._timeline.why(rule_key, subject, now_us)

    def outputs(self) -> dict[str, bool]:
        """What each sounder and lamp of the area should do now: {output id: on}."""
        return self._desk.outputs()

    def _now_us(self, fact: Fact) -> int:
        """The latest that it can be: with an unbounded clock the end of time."""
        if fact.recorded_latest_us is None:
            return FAR_FUTURE_US
        self._latest_us = max(self._latest_us, fact.recorded_latest_us)
        return self._latest_us

    # --- refusing --------------------------------------------------------------------------

    def _refuse_malformed(self, fact: Fact) -> Refusal | None:
        problems = check_body(fact.type, fact.body)
        if problems:
            first = problems[0]
            refused = Refused(
                "SYS", f"fact:{fact.type}"[:64], f"malformed {first.key}", first.expected, first.found
            )
            return self._refusal(fact, refused)
        latest_us = fact.recorded_latest_us
        if latest_us is not None and fact.occurred_us > latest_us:
            expected = "an occurrence not after its recording"
            found = f"{fact.occurred_us - latest_us} us after it"
            return self._refusal(fact, Refused("SYS", f"fact:{fact.type}", "in_the_future", expected, found))
        return None

    def _refusal(self, fact: Fact, refused: Refused) -> Refusal:
        rule = self.rulebook.rule_of(refused.rule)
        return Refusal(
            time_us=fact.occurred_us,
            fact=fact.index,
            rule=refused.rule,
            subject=refused.subject,
            reason=refused.reason,
            expected=refused.expected,
            found=refused.found,
            fact_type=fact.type,
            fact_id=fact.id,
            article=rule.article.as_dict() if rule else {},
            basis=rule.basis if rule else "local",
            stay=fact.stay,
        )

    def _refusals(self, fact: Fact) -> list[Effect]:
        """Refusals met while going forward, each told once."""
        told: list[Effect] = []
        for index, (refused_fact, refused) in self._timeline.refusals.items():
            if index not in self._refused:
                self._remember(self._refused, index, IDS_MAX)
                told.append(self._refusal(refused_fact, refused))
        self._timeline.refusals.clear()
        clamped = self._timeline.clamped
        if clamped is not None:
            self._timeline.clamped = None
            expected = "an occurrence within the window of late facts"
            refused = Refused("SYS", f"fact:{clamped.type}", "too_late_to_place", expected, "older")
            told.append(self._refusal(clamped, refused))
        return told

    # --- telling ---------------------------------------------------------------------------

    def _tell(self, fact: Fact) -> list[Effect]:
        """Compare the timeline with what was told, obligation by obligation."""
        keys = sorted({change.key for change in self._timeline.changes})
        self._timeline.changes.clear()
        effects: list[Effect] = []
        for obligation_id in keys:
            row = self._timeline.obligations.get(obligation_id)
            told = self._told.get(obligation_id)
            if row is not None:
                effects += self._tell_row(row, told, fact)
            elif told is not None:
                effects += self._tell_withdrawn(obligation_id, told, fact)
        return sorted(effects, key=lambda effect: effect.time_us)

    def _tell_row(self, row: Obligation, told: _Told | None, fact: Fact) -> list[Effect]:
        rule = row.rule
        effects: list[Effect] = []
        if told is None:
            told = self._told[row.id] = _Told(row)
            effects.append(self._obligation(row, rule, fact, "armed", min(row.since_us, fact.recorded_us)))
        elif told.row.due_us != row.due_us:
            self._desk.moved(row)
            effects.append(self._obligation(row, rule, fact, "moved", fact.occurred_us))
        told.row = row
        if told.closed_us is not None and row.closed_us is None:  # a late fact shows that it went on
            told.closed_us = None
            told.stages.clear()
            effects.append(self._obligation(row, rule, fact, "armed", min(row.since_us, fact.recorded_us)))
        fired = {stage.name: stage for stage in row.fired}
        effects += self._tell_unreached(row, rule, told, fired, fact)
        reached = [stage for stage in row.fired if stage.name not in told.stages]
        for stage in reached:
            told.stages[stage.name] = stage
            effects.append(self._raise(row, rule, stage, fact))
        # It ended, or a late fact shows that it ended at another moment, or too late: what was raised just now is over too.
        assert row.closed_us is not None or told.closed_us is None, (
            "an end that was told and is none was taken back above"
        )
        if row.closed_us is not None and (row.closed_us != told.closed_us or reached):
            told.closed_us = row.closed_us
            effects += self._close(row, rule, told, fact, row.closed_us, row.close_reason)
        return effects

    def _tell_unreached(
        self, row: Obligation, rule: Rule, told: _Told, fired: Mapping[str, Stage], fact: Fact
    ) -> list[Effect]:
        """Stages told before that the facts no longer bear out, or that a longer limit ended."""
        gone = [stage for name, stage in told.stages.items() if name not in fired]
        for stage in gone:
            del told.stages[stage.name]
        if not gone:
            return []
        # The highest is what was seen; lower ones went with it.
        highest = ([stage for stage in gone if not stage.is_prewarning] or gone)[-1]
        standing = {stage.name for stage in row.stages}
        is_moved = highest.name not in standing and highest.due_us <= fact.occurred_us
        reason = fact.type if is_moved else "late_evidence"
        if highest.is_prewarning and any(not stage.is_prewarning for stage in row.fired):
            return []  # the alarm that stands says more than the warning before it, and the warning was given
        left = [s for s in row.fired if s.name in told.stages]
        self._desk.step_back(row.id, left, fact.recorded_us, reason)
        return [self._cleared(row, rule, highest, fact, fact.recorded_us, reason)]

    def _tell_withdrawn(self, obligation_id: str, told: _Told, fact: Fact) -> list[Effect]:
        """The whole obligation never was: late evidence."""
        del self._told[obligation_id]
        if told.closed_us is not None:  # it had its end already; whoever has to handle it still has to
            return []
        self._desk.withdraw(obligation_id)
        row = replace(told.row, facts=(fact.index,), stages=())
        return self._close(row, row.rule, told, fact, fact.recorded_us, "late_evidence")

    def _raise(self, row: Obligation, rule: Rule, stage: Stage, fact: Fact) -> Effect:
        late_us = fact.recorded_us - stage.due_us
        late_us = late_us if late_us > LATE_TOLERANCE_US else 0
        is_certain = fact.recorded_us >= stage.due_us
        self._desk.enter(row, rule, stage, late_us=late_us, is_certain=is_certain)
        if stage.is_prewarning:
            assert row.due_us is not None, "a warning comes before a limit"
            common = self._common(row, rule, stage, fact, stage.due_us)
            return PreWarning(**common, due_us=row.due_us, late_us=late_us)
        return AlarmRaised(
            **self._common(row, rule, stage, fact, stage.due_us), late_us=late_us, is_certain=is_certain
        )

    def _close(
        self, row: Obligation, rule: Rule, told: _Told, fact: Fact, at_us: int, reason: str
    ) -> list[Effect]:
        """End an obligation: one clearing for the highest stage told, and the closing itself."""
        effects: list[Effect] = []
        if told.stages:
            # A duty whose beginning moved later warns again, though its alarm still stands.
            alarms = [stage for stage in told.stages.values() if not stage.is_prewarning]
            last = (alarms or list(told.stages.values()))[-1]
            effects.append(self._cleared(row, rule, last, fact, at_us, reason))
        self._desk.clear(row.id, at_us, reason)
        effects.append(self._obligation(row, rule, fact, "closed", at_us, reason))
        return effects

    def _cleared(
        self, row: Obligation, rule: Rule, stage: Stage, fact: Fact, at_us: int, reason: str
    ) -> AlarmCleared:
        of = "pre-warning" if stage.is_prewarning else "alarm"
        return AlarmCleared(**self._common(row, rule, stage, fact, at_us), reason=reason, of=of)

    def _common(self, row: Obligation, rule: Rule, stage: Stage, fact: Fact, at_us: int) -> dict:  # type: ignore[type-arg]
        return {
            "time_us": at_us,
            "fact": fact.index,
            "alarm": row.id,
            "rule": rule.id,
            "variant": rule.variant,
            "subject": row.subject,
            "stage": stage.name,
            "severity": stage.severity,
            "basis": row.basis or rule.basis,
            "number_basis": stage.number_basis,
            "article": rule.article.as_dict(),
            "stay": row.stay,
            "room": row.room,
            "facts": row.facts,
            "text": rule.wording(is_prewarning=stage.is_prewarning),
            "params": dict(row.params),
        }

    def _obligation(
        self, row: Obligation, rule: Rule, fact: Fact, state: str, at_us: int, reason: str = ""
    ) -> ObligationChanged:
        return ObligationChanged(
            time_us=at_us,
            fact=fact.index,
            obligation=row.id,
            rule=rule.id,
            variant=rule.variant,
            subject=row.subject,
            stay=row.stay,
            state=state,
            due_us=row.due_us,
            reason=reason,
        )

    @staticmethod
    def _remember(memory: OrderedDict[K, None], key: K, count_max: int) -> None:
        memory[key] = (
            None  # an ordered one gives its oldest at once; a plain dict passes over all it ever forgot
        )
        while len(memory) > count_max:
            memory.popitem(last=False)
