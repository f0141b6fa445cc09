"""The alarms of an area that are not yet closed, and what officers do about them."""

from collections.abc import Mapping
from itertools import islice
from typing import Final

from custody.alarm import SOUNDING, AlarmRecord
from custody.alarm_states import ACKNOWLEDGED, ASIDE_MOVES, CLOSED, ENDS_BY_ITSELF, UNACKNOWLEDGED
from custody.apply import Refused
from custody.area import Area
from custody.causes import Causes
from custody.effects import AlarmChanged
from custody.facts import Fact
from custody.obligation import Obligation
from custody.rules import Rule, Rulebook
from custody.shelves import Shelf, Shelves, heads, may_be_set_aside, stands_alone
from custody.times import SECOND_US
from custody.view import Stage
from custody.world import World

_HANDLING: Final = frozenset({"taken", "acknowledged", "rectified", "verified"})
ALARMS_MAX: Final = 20_000  # open at once; of more the oldest that are over leave, and the log says so
DROPPED: Final = "dropped"


class AlarmDesk:
    """Records of alarms and pre-warnings by id. Raised and cleared by the engine, moved by officers."""

    def __init__(self, area: Area, rulebook: Rulebook) -> None:
        """No alarm yet. `rulebook` says of what kind a rule is."""
        self._area = area
        self._causes = Causes(area, rulebook)
        self._shelves = Shelves(area.alarms)
        self._records: dict[str, AlarmRecord] = {}
        # Those that stand, no pre-warnings: each step asks for them, of thousands that are over.
        self._standing: dict[str, AlarmRecord] = {}
        self._entered = 0
        self._silenced: dict[str, int] = {}  # alarm id -> when its silence ends

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
        self._sort(record)
        if record.is_prewarning or record.state == CLOSED:
            self._drop(alarm_id)

    def moved(self, row: Obligation) -> None:
        """The duty began at another moment, or has another limit, than was told."""
        record = self._records.get(row.id)
        if record is not None:
            record.since_us = row.since_us
            record.due_us = row.due_us if row.due_us is not None else record.due_us

    def withdraw(self, alarm_id: str) -> None:
        """Late evidence: it never was."""
        self._drop(alarm_id)

    def step_back(self, alarm_id: str, left: list[Stage], at_us: int, reason: str) -> None:
        """Fall back to the highest stage that still stands, or be over."""
        record = self._records.get(alarm_id)
        if record is None:
            return
        record.stages = tuple(stage.name for stage in left)
        record.history.append((at_us, "cleared", reason))
        if left:
            record.severity, record.number_basis, record.graver_us = (
                left[-1].severity,
                left[-1].number_basis,
                None,
            )
            record.is_prewarning = all(stage.is_prewarning for stage in left)
            self._set_aside(record)
        elif record.is_prewarning:
            self._drop(alarm_id)
            return
        else:
            record.cleared_us, record.clear_reason = at_us, reason
        self._sort(record)

    def outputs(self) -> dict[str, bool]:
        """What each sounder and lamp of the area should do now."""
        sounding = bool(self._sounding())
        urgent = [r for r in self._standing.values() if r.severity in SOUNDING and not r.aside]
        rooms = {alarm.room for alarm in urgent}
        wanted = {}
        for output in self._area.outputs.values():
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
                number=self._entered,
            )
            self._entered += 1
            self._records[row.id] = record
        elif stage.is_prewarning and not record.is_prewarning:
            if record.is_active or record.clear_reason != "late_evidence":
                # It stands and says more; or it is over and still to be handled: a limit that is near is no alarm.
                record.history.append((stage.due_us, "prewarned", stage.severity))
                return
            record.is_prewarning, record.raised_us = True, stage.due_us
        if not record.is_prewarning and stage.severity < record.severity:
            record.graver_us = stage.due_us
        record.stages += (stage.name,)
        record.severity, record.number_basis = stage.severity, stage.number_basis
        record.late_us, record.is_certain = late_us, is_certain
        record.room, record.stay, record.params = row.room, row.stay, dict(row.params)
        record.cleared_us, record.clear_reason = None, ""
        record.silenced_us = None  # it says more than what was silenced
        self._silenced.pop(record.id, None)
        record.history.append(
            (stage.due_us, "prewarned" if stage.is_prewarning else "raised", stage.severity)
        )
        if not stage.is_prewarning and record.is_prewarning:
            record.is_prewarning, record.raised_us = False, stage.due_us
        self._set_aside(record)
        self._sort(record)

    def _sort(self, record: AlarmRecord) -> None:
        """Among what stands, or not; after anything that may change it."""
        if record.is_active and not record.is_prewarning:
            self._standing[record.id] = record
        else:
            self._standing.pop(record.id, None)

    def _drop(self, alarm_id: str) -> None:
        self._records.pop(alarm_id, None)
        self._standing.pop(alarm_id, None)

    def _overflow(self, fact: Fact) -> list[AlarmChanged]:
        """What leaves unhandled because more is open than is kept: nobody may believe that it can still be handled."""
        over = len(self._records) - ALARMS_MAX
        if over <= 0:
            return []
        returned = (r for r in self._records.values() if not r.is_active and not r.is_prewarning)
        changed = []
        for record in list(islice(returned, over)):
            self._drop(record.id)
            changed.append(_changed(record, DROPPED, fact.recorded_us, fact.index, ""))
        return changed

    # --- what officers do --------------------------------------------------------------------

    def handle(self, fact: Fact, world: World, now_us: int) -> list[AlarmChanged] | Refused:
        """An officer's act: what changed, or why nothing did. `now_us`: the latest that it can be."""
        action, officer = fact.type.removeprefix("alarm."), str(fact.body["officer"])
        if action == "silenced":
            return self._silenced_by(fact, world, now_us)
        alarm_id = str(fact.body["alarm"])
        record = self._records.get(alarm_id)
        if record is None or record.is_prewarning:
            return Refused("SYS", f"alarm:{alarm_id}", "unknown_alarm", "an open alarm", alarm_id)
        known = world.officers.get(officer)
        if known is None:
            return Refused(record.rule, record.subject, "unknown_officer", "a registered officer", officer)
        if action == "verified" and known.service != "sworn":
            return Refused(record.rule, record.subject, "no_police", "a sworn officer", officer)
        if action not in _HANDLING:
            return self._aside(record, action, fact, now_us)
        problem = self._problem(record, action, officer)
        if problem is not None:
            return Refused(record.rule, record.subject, *problem)
        along = [r for r in self._along(record) if self._problem(r, action, officer) is None]
        return [self._move(one, action, fact) for one in (record, *along)]

    def _problem(self, record: AlarmRecord, action: str, officer: str) -> tuple[str, str, str] | None:
        is_second_needed = self._area.alarms.needs_second(record.severity, record.basis)
        return record.refusal(action, officer, is_second_needed=is_second_needed)

    def _along(self, record: AlarmRecord) -> list[AlarmRecord]:
        """What is handled with it: what lies under it, and what the same device raised before and is over."""
        if stands_alone(record, self._causes):
            return []
        found = heads(self._records.values(), self._causes)
        return [other for other in self._records.values() if found.get(other.id) == record.id]

    def _move(self, record: AlarmRecord, action: str, fact: Fact) -> AlarmChanged:
        cause, done = str(fact.body.get("cause", "")), str(fact.body.get("action", ""))
        record.move(action, str(fact.body["officer"]), fact.occurred_us, cause, done)
        if record.state == CLOSED and not record.is_active:
            self._drop(record.id)
        return _changed(record, action, fact.occurred_us, fact.index, str(fact.body["officer"]))

    # --- set aside -----------------------------------------------------------------------------

    def next_end_us(self) -> int | None:
        """When a shelf or a silence ends by itself."""
        shelf_us, silence_us = self._shelves.next_end_us(), min(self._silenced.values(), default=None)
        return min((at for at in (shelf_us, silence_us) if at is not None), default=None)

    def expire(self, now_us: int, fact: Fact) -> list[AlarmChanged]:
        """End what is over by `now_us`, the latest that it can be: in doubt it sounds. What is too much leaves."""
        for alarm_id in [a for a, until_us in self._silenced.items() if until_us <= now_us]:
            del self._silenced[alarm_id]
            if alarm_id in self._records:
                self._records[alarm_id].silenced_us = None
        changed = self._overflow(fact)
        for shelf in self._shelves.ended(now_us):
            changed += self._end(shelf, ENDS_BY_ITSELF[shelf.kind], shelf.until_us, fact.index, "")
        return changed

    def _aside(
        self, record: AlarmRecord, action: str, fact: Fact, now_us: int
    ) -> list[AlarmChanged] | Refused:
        asked = fact.body.get("minutes", fact.body.get("hours", 0))
        assert isinstance(asked, int), "the catalogue lets nothing else in"
        problem = self._shelves.refusal(record, action, asked, self._causes)
        if problem is not None:
            return Refused(record.rule, record.subject, *problem)
        standing, officer = self._shelves.of(record.source), str(fact.body["officer"])
        if action in ("unshelved", "returned_to_service"):
            assert standing is not None, "what is not set aside was refused above"
            return self._end(standing, action, fact.occurred_us, fact.index, officer)
        until_us = fact.occurred_us + self._shelves.span_us(action, asked)
        if until_us <= now_us:
            return Refused(
                record.rule, record.subject, "over_already", "an end that is to come", "one that is over"
            )
        kind = ASIDE_MOVES[standing.kind if standing is not None else ""][action]
        self._shelves.put(
            Shelf(
                source=record.source, kind=kind, alarm=record.id, rule=record.rule, subject=record.subject,
                stay=record.stay, officer=officer, reason=str(fact.body["reason"]), since_us=fact.occurred_us,
                until_us=until_us,
            )
        )  # fmt: skip
        changed = []
        for one in self._of_source(record.source):
            self._set_aside(one)
            one.history.append((fact.occurred_us, action, officer))
            changed.append(_changed(one, action, fact.occurred_us, fact.index, officer, until_us))
        return changed

    def _of_source(self, source: str) -> list[AlarmRecord]:
        return [r for r in self._records.values() if r.source == source and not r.is_prewarning]

    def _set_aside(self, record: AlarmRecord) -> None:
        """As its source is now; what has become too grave for a shelf lies on none."""
        shelf = self._shelves.of(record.source)
        may_lie = record.is_prewarning or shelf is None or may_be_set_aside(record, self._causes)
        if shelf is None or not may_lie:
            record.aside, record.aside_by, record.aside_reason, record.aside_until_us = "", "", "", None
        else:
            record.aside, record.aside_by = shelf.kind, shelf.officer
            record.aside_reason, record.aside_until_us = shelf.reason, shelf.until_us

    def _end(self, shelf: Shelf, action: str, at_us: int, index: int, officer: str) -> list[AlarmChanged]:
        """Back on the list. What stands and nobody is on the way to has to be seen anew."""
        self._shelves.end(shelf.source)
        changed = []
        for record in self._of_source(shelf.source):
            self._set_aside(record)
            if record.is_active and record.state == ACKNOWLEDGED:
                record.state = UNACKNOWLEDGED
            record.history.append((at_us, action, officer))
            changed.append(_changed(record, action, at_us, index, officer))
        if changed:
            return changed
        return [
            AlarmChanged(
                time_us=at_us, fact=index, alarm=shelf.alarm, rule=shelf.rule, subject=shelf.subject,
                stay=shelf.stay, state=CLOSED, action=action, officer=officer,
            )
        ]  # fmt: skip

    # --- silence -------------------------------------------------------------------------------

    def _sounding(self) -> list[AlarmRecord]:
        """What sounds now. A root cause sounds for what lies under it."""
        if not any(r.is_unheard for r in self._standing.values()):
            return []
        standing = sorted(self._standing.values(), key=lambda record: record.number)
        under = self._causes.under(standing)
        urgent = {under.get(r.id, r.id) for r in standing if r.severity in SOUNDING and not r.aside}
        return [r for r in standing if r.id in urgent and r.is_unheard]

    def press(self, fact: Fact, now_us: int) -> list[AlarmChanged]:
        """A button that silences was pressed, at the gateway or in the guard room: nobody has to sign in for that."""
        button = self._area.inputs.get(str(fact.body.get("input", "")))
        if fact.type != "input.activated" or button is None or button.kind != "silence":
            return []
        return self._silence(fact, "", now_us)

    def _silenced_by(self, fact: Fact, world: World, now_us: int) -> list[AlarmChanged] | Refused:
        officer = str(fact.body["officer"])
        if officer not in world.officers:
            subject = f"area:{self._area.id}"
            return Refused("SYS", subject, "unknown_officer", "a registered officer", officer)
        changed = self._silence(fact, officer, now_us)
        if not changed:
            return Refused("SYS", f"area:{self._area.id}", "nothing_sounds", "a sounder that is on", "none")
        return changed

    def _silence(self, fact: Fact, officer: str, now_us: int) -> list[AlarmChanged]:
        """What sounds now is silent for a while; the alarm stands, and what is raised later sounds."""
        until_us = fact.occurred_us + self._area.alarms.silence_s_max * SECOND_US
        if until_us <= now_us:
            return []
        changed = []
        for record in self._sounding():
            record.silenced_us = self._silenced[record.id] = until_us
            record.history.append((fact.occurred_us, "silenced", officer))
            changed.append(_changed(record, "silenced", fact.occurred_us, fact.index, officer, until_us))
        return changed


def _changed(
    record: AlarmRecord, action: str, at_us: int, index: int, officer: str, until_us: int | None = None
) -> AlarmChanged:
    return AlarmChanged(
        time_us=at_us, fact=index, alarm=record.id, rule=record.rule, subject=record.subject,
        stay=record.stay, state=record.state, action=action, officer=officer, until_us=until_us,
    )  # fmt: skip
