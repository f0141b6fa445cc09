"""The alarms of an area that are not yet closed, and what officers do about them."""

from collections.abc import Mapping
from typing import Final

from custody.alarm import CLOSED, SOUNDING, AlarmRecord
from custody.apply import Refused
from custody.area import Area
from custody.effects import AlarmChanged
from custody.facts import Fact
from custody.obligation import Obligation
from custody.rules import Rule
from custody.view import Stage
from custody.world import World

ALARMS_MAX: Final = 5_000  # handled late or never: the oldest returned ones go first


class AlarmDesk:
    """Records of alarms and pre-warnings by id. Raised and cleared by the engine, moved by officers."""

    def __init__(self) -> None:
        """No alarm yet."""
        self._records: dict[str, AlarmRecord] = {}

    @property
    def records(self) -> Mapping[str, AlarmRecord]:
        """All that are not closed, in order of raising."""
        return self._records

    def clear(self, alarm_id: str, at_us: int, reason: str) -> None:
        """The condition is over. A pre-warning goes; an alarm stays until it is handled to the end."""
        record = self._records.get(alarm_id)
        if record is None or (not record.is_active and not record.stages):
            return  # taken back before: it has its end
        record.cleared_us, record.clear_reason = at_us, reason
        record.history.append((at_us, "cleared", reason))
        if record.is_prewarning or record.state == CLOSED:
            del self._records[alarm_id]

    def moved(self, row: Obligation) -> None:
        """The duty began at another moment, or has another limit, than was told."""
        record = self._records.get(row.id)
        if record is not None:
            record.since_us = row.since_us
            record.due_us = row.due_us if row.due_us is not None else record.due_us

    def withdraw(self, alarm_id: str) -> None:
        """Late evidence: it never was."""
        self._records.pop(alarm_id, None)

    def step_back(self, alarm_id: str, left: list[Stage], at_us: int, reason: str) -> None:
        """Fall back to the highest stage that still stands, or be over."""
        record = self._records.get(alarm_id)
        if record is None:
            return
        record.stages = tuple(stage.name for stage in left)
        record.history.append((at_us, "cleared", reason))
        if left:
            record.severity, record.number_basis = left[-1].severity, left[-1].number_basis
            record.is_prewarning = all(stage.is_prewarning for stage in left)
        elif record.is_prewarning:
            del self._records[alarm_id]
        else:
            record.cleared_us, record.clear_reason = at_us, reason

    def outputs(self, area: Area) -> dict[str, bool]:
        """What each sounder and lamp of the area should do now."""
        sounding = any(alarm.is_sounding for alarm in self._records.values())
        urgent = [a for a in self._records.values() if a.is_active and a.severity in SOUNDING]
        urgent = [a for a in urgent if not a.is_prewarning]
        rooms = {alarm.room for alarm in urgent}
        wanted = {}
        for output in area.outputs.values():
            if output.kind == "sounder":
                wanted[output.id] = sounding
            elif output.kind == "lamp":
                wanted[output.id] = output.room in rooms if output.room else bool(urgent)
        return wanted

    def enter(self, row: Obligation, rule: Rule, stage: Stage, *, late_us: int, is_certain: bool) -> None:
        """Enter or raise the record of an alarm."""
        record = self._records.get(row.id)
        if record is None:
            record = AlarmRecord(
                id=row.id,
                rule=rule.id,
                variant=rule.variant,
                subject=row.subject,
                stay=row.stay,
                room=row.room,
                severity=stage.severity,
                article=rule.article.as_dict(),
                basis=row.basis or rule.basis,
                number_basis=stage.number_basis,
                family=rule.family,
                text=rule.text,
                params=dict(row.params),
                facts=row.facts,
                group=row.group,
                since_us=row.since_us,
                raised_us=stage.due_us,
                due_us=row.due_us if row.due_us is not None else stage.due_us,
            )
            self._records[row.id] = record
            self._limit()
        elif stage.is_prewarning and not record.is_prewarning:
            if record.is_active or record.clear_reason != "late_evidence":
                # It stands and says more; or it is over and still to be handled: a limit that is near is no alarm.
                record.history.append((stage.due_us, "prewarned", stage.severity))
                return
            record.is_prewarning, record.raised_us = True, stage.due_us
        record.stages += (stage.name,)
        record.severity, record.number_basis = stage.severity, stage.number_basis
        record.late_us, record.is_certain = late_us, is_certain
        record.room, record.stay, record.params = row.room, row.stay, dict(row.params)
        record.cleared_us, record.clear_reason = None, ""
        record.history.append(
            (stage.due_us, "prewarned" if stage.is_prewarning else "raised", stage.severity)
        )
        if not stage.is_prewarning and record.is_prewarning:
            record.is_prewarning, record.raised_us = False, stage.due_us

    def _limit(self) -> None:
        if len(self._records) <= ALARMS_MAX:
            return
        returned = next((a.id for a in self._records.values() if not a.is_active), None)
        if returned is not None:
            del self._records[returned]

    def handle(self, fact: Fact, world: World) -> AlarmChanged | Refused:
        """An officer's act: what changed, or why nothing did."""
        alarm_id, officer = str(fact.body["alarm"]), str(fact.body["officer"])
        action = fact.type.removeprefix("alarm.")
        record = self._records.get(alarm_id)
        if record is None or record.is_prewarning:
            return Refused("SYS", f"alarm:{alarm_id}", "unknown_alarm", "an open alarm", alarm_id)
        known = world.officers.get(officer)
        if known is None:
            return Refused(record.rule, record.subject, "unknown_officer", "a registered officer", officer)
        if action == "verified" and known.service != "sworn":
            return Refused(record.rule, record.subject, "no_police", "a sworn officer", officer)
        problem = record.refusal(action, officer)
        if problem is not None:
            return Refused(record.rule, record.subject, *problem)
        cause, done = str(fact.body.get("cause", "")), str(fact.body.get("action", ""))
        record.move(action, officer, fact.occurred_us, cause, done)
        if record.state == CLOSED and not record.is_active:
            del self._records[alarm_id]
        return AlarmChanged(
            time_us=fact.occurred_us,
            fact=fact.index,
            alarm=alarm_id,
            rule=record.rule,
            subject=record.subject,
            stay=record.stay,
            state=record.state,
            action=action,
            officer=officer,
        )
