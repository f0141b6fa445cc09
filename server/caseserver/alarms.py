"""Alarms of one area, merged from what the gateway logged and what the second evaluator found.

An alarm has one id wherever it is found (area, rule, variant, subject, causing fact), so the two accounts fall
together by id. Nothing here does IO: `take_changes` gives what is to be written.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, Final

from caselog.leaf import LeafRecord
from custody.alarm import AlarmRecord
from custody.alarm_states import CLOSED, MOVES, UNACKNOWLEDGED, is_unseen, state_of
from custody.effects import (
    AlarmChanged,
    AlarmCleared,
    AlarmEffect,
    AlarmRaised,
    Effect,
    ObligationChanged,
    PreWarning,
)
from custody.facts import Fact

CLOSED_KEPT_MAX: Final = 200
"""Closed alarms kept in memory for the pages; older ones are in the store."""

SYSTEM: Final = "SYS"
"""The rule by which the system tells of itself."""

GATEWAY: Final = "gateway"
SERVER: Final = "server"
AHEAD: Final = "ahead"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm with all that happened to it. Times are microseconds UTC of station time; None: not (yet).

    `origin`: GATEWAY (its log leads to it), SERVER (only the server knows: a silent gateway, a fork, a
    difference), or AHEAD (the second evaluator found it due while the gateway was silent).
    `state`: unacknowledged, taken, acknowledged, rectified, closed; `seen_severity`: how grave it was when somebody last did
    something about it; `graver_us`: since when it is graver than it was raised. `cleared_us`: what raised it is over.
    `aside`: how its source is set aside ("", shelved, out_of_service), by whom, why, until when.
    `closed_us`: nothing is left to do. `text`: language -> {"what", "do"}; `article`: instrument, article, zh, en.
    """

    area: str
    id: str
    rule: str
    variant: str
    subject: str
    severity: str
    raised_us: int
    due_us: int
    since_us: int = 0
    stay: str | None = None
    room: str | None = None
    basis: str = "local"
    number_basis: str = "local"
    family: str = "equipment"
    article: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    params: Mapping[str, str | int] = field(default_factory=dict)
    facts: tuple[int, ...] = ()
    group: str = ""
    stages: tuple[str, ...] = ()
    is_prewarning: bool = False
    is_certain: bool = True
    late_us: int = 0
    origin: str = GATEWAY
    state: str = UNACKNOWLEDGED
    seen_severity: str = ""
    graver_us: int | None = None
    taken_by: str | None = None
    taken_us: int | None = None
    acknowledged_by: str | None = None
    acknowledged_us: int | None = None
    cleared_us: int | None = None
    clear_reason: str = ""
    rectified_by: str | None = None
    rectified_us: int | None = None
    cause: str = ""
    action: str = ""
    verified_by: str | None = None
    verified_us: int | None = None
    closed_us: int | None = None
    aside: str = ""
    aside_by: str = ""
    aside_reason: str = ""
    aside_until_us: int | None = None
    silenced_us: int | None = None
    source: str = field(init=False, repr=False, compare=False)
    """What raised it: rule and subject, without the one time. Asked for thousands of alarms at each picture."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", f"{self.rule}/{self.variant}|{self.subject}")

    @property
    def is_open(self) -> bool:
        """Somebody still has something to do about it, or it still stands."""
        return self.closed_us is None

    @property
    def is_active(self) -> bool:
        """What raised it still stands."""
        return self.cleared_us is None

    @property
    def is_unanswered(self) -> bool:
        """It waits for a human: nobody has it as grave as it is, and nobody has set it aside."""
        return self.is_unseen and not self.is_prewarning and not self.aside

    @property
    def is_unseen(self) -> bool:
        """Nobody has taken or acknowledged it, or it has become graver since."""
        return is_unseen(self.state, self.severity, self.seen_severity)

    @property
    def shown_state(self) -> str:
        """Its word of custody.alarm_states.STATES, root causes left out."""
        handling = UNACKNOWLEDGED if self.is_unseen else self.state
        return state_of(handling, is_active=self.is_active, aside=self.aside)

    @property
    def ref(self) -> str:
        """The id as it may stand in a URL path segment."""
        return self.id.replace("/", "~")

    def to_json(self) -> str:
        """Text for the store."""
        return json.dumps({name: getattr(self, name) for name in _FIELDS}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Alarm:
        """Read `to_json` text; fields that this version does not know are left out."""
        values = {key: value for key, value in json.loads(text).items() if key in _FIELDS}
        for key in ("facts", "stages"):
            values[key] = tuple(values.get(key, ()))
        return cls(**values)

    @classmethod
    def of_record(cls, area: str, record: AlarmRecord, origin: str) -> Alarm:
        """The engine's record of an alarm."""
        return cls(area=area, origin=origin, **{key: getattr(record, key) for key in _SHARED})


_FIELDS: Final = frozenset(f.name for f in fields(Alarm) if f.init)
_SHARED: Final = tuple(sorted(_FIELDS & {f.name for f in fields(AlarmRecord)}))


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """One line of an alarm's history. `key` makes it unique within the alarm; `leaf` is the log index behind it."""

    alarm: str
    key: str
    what: str
    at_us: int
    officer: str | None = None
    leaf: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class AlarmBook:
    """All open alarms of an area and the newest closed ones."""

    def __init__(self, area: str, find: Callable[[str], Alarm | None], alarms: Iterable[Alarm] = ()) -> None:
        """`find` looks an alarm up in the store; `alarms` are the open and the newest closed ones, oldest first."""
        self.area = area
        self._find = find
        self._open: dict[str, Alarm] = {}
        self._open_in_order: tuple[Alarm, ...] | None = None
        self._closed_in_order: tuple[Alarm, ...] | None = None
        self._system: set[str] = set()
        self._ahead: set[str] = set()
        self._closed: OrderedDict[str, Alarm] = OrderedDict()
        self._changed: dict[str, Alarm] = {}
        self._events: list[AlarmEvent] = []
        for alarm in alarms:
            self._place(alarm)
        self._ahead.update(self._open)  # which of them a look ahead has touched does not stand in the store

    def get(self, alarm_id: str) -> Alarm | None:
        """The alarm, from memory or the store."""
        for known in (self._open, self._closed, self._changed):
            if alarm_id in known:
                return known[alarm_id]
        return self._find(alarm_id)

    def open(self) -> tuple[Alarm, ...]:
        """Alarms that are not closed, oldest first; the same tuple until one of them changes."""
        if self._open_in_order is None:
            self._open_in_order = tuple(sorted(self._open.values(), key=_by_raising))
        return self._open_in_order

    def open_system(self) -> list[Alarm]:
        """Those of them by which the system tells of itself (rule SYS), oldest first."""
        return sorted((self._open[alarm_id] for alarm_id in self._system), key=_by_raising)

    def open_ahead(self) -> list[Alarm]:
        """Those of them that a look ahead raised, or may have raised further than the log does, oldest first."""
        return sorted((self._open[alarm_id] for alarm_id in self._ahead), key=_by_raising)

    def borne_out(self, alarm_id: str) -> None:
        """This alarm is what the log says of it, until a look ahead touches it again."""
        self._ahead.discard(alarm_id)

    def closed(self) -> tuple[Alarm, ...]:
        """The newest closed alarms, newest first; the same tuple until one of them changes."""
        if self._closed_in_order is None:
            self._closed_in_order = tuple(sorted(self._closed.values(), key=_by_closing, reverse=True))
        return self._closed_in_order

    # --- what an engine found ---------------------------------------------------------------

    def follow(self, effect: Effect, record: AlarmRecord | None, fact: Fact, origin: str = GATEWAY) -> None:
        """Take over what `effect` did to an alarm; `record` is the engine's, None when the engine is done with it."""
        if isinstance(effect, ObligationChanged):
            if effect.reason == "late_evidence":
                self._withdrawn(effect, fact)
            elif record is not None:
                self._moved(record)
        if not isinstance(effect, AlarmEffect | AlarmChanged):
            return
        known = self.get(effect.alarm)
        is_ahead = origin == AHEAD
        if is_ahead and known is not None and known.origin == GATEWAY:
            origin = GATEWAY
        if record is not None:
            alarm = replace(
                Alarm.of_record(self.area, record, origin), verified_us=known.verified_us if known else None
            )
        elif known is not None:
            alarm = replace(known, origin=origin)
        elif isinstance(effect, AlarmEffect):
            alarm = _of_effect(self.area, effect, origin)
        else:
            return
        alarm = _with_effect(alarm, effect, is_over=record is None, at_us=fact.recorded_us)
        self._put(alarm, _event(effect, fact, origin))
        if is_ahead and alarm.is_open:
            self._ahead.add(alarm.id)

    def _withdrawn(self, effect: ObligationChanged, fact: Fact) -> None:
        """The duty never was: an alarm of it that was cleared before has nothing left to be handled."""
        known = self.get(effect.obligation)
        if known is None or not known.is_open:
            return
        detail = {"reason": effect.reason, "origin": known.origin}
        self._put(
            replace(known, closed_us=fact.recorded_us),
            AlarmEvent(
                known.id, f"withdrawn|{fact.index}", "cleared", effect.time_us, None, fact.index, detail
            ),
        )

    def _moved(self, record: AlarmRecord) -> None:
        """The duty began at another moment, or has another limit, than was told: its alarm shows that."""
        known = self.get(record.id)
        if known is None or (known.since_us, known.due_us) == (record.since_us, record.due_us):
            return
        alarm = replace(known, since_us=record.since_us, due_us=record.due_us)
        self._place(alarm)
        self._changed[alarm.id] = alarm

    def foreign(self, leaf: LeafRecord) -> None:
        """An alarm record of the gateway's log that our evaluator did not find."""
        body = leaf.body
        if leaf.type != "alarm.raised/1" or self.get(str(body.get("alarm"))) is not None:
            return
        at_us = leaf.occurred.earliest_us
        alarm = Alarm(
            area=self.area, id=str(body.get("alarm")), rule=str(body.get("rule")), variant=str(body.get("variant")),
            subject=str(body.get("subject")), severity=str(body.get("severity")), raised_us=at_us, due_us=at_us,
            since_us=at_us, stay=leaf.stay, stages=(str(body.get("stage")),),
        )  # fmt: skip
        self._put(alarm, AlarmEvent(alarm.id, f"raised|{leaf.index}", "raised", at_us, leaf=leaf.index))

    # --- what only the server knows ---------------------------------------------------------

    def raise_own(self, alarm: Alarm) -> bool:
        """An alarm of the server's own; False when one with this id stands already."""
        known = self.get(alarm.id)
        if known is not None and known.is_open and known.is_active:
            return False
        self._put(alarm, AlarmEvent(alarm.id, f"raised|{alarm.raised_us}", "raised", alarm.raised_us))
        return True

    def clear(self, alarm_id: str, at_us: int, reason: str, *, is_over: bool = False) -> None:
        """What raised a server's alarm is over. `is_over`: it never was, nobody has to handle it."""
        known = self.get(alarm_id)
        if known is None or not known.is_active:
            return
        is_over = is_over or known.state == CLOSED
        alarm = replace(known, cleared_us=at_us, clear_reason=reason, closed_us=at_us if is_over else None)
        self._put(
            alarm, AlarmEvent(alarm_id, f"cleared|{at_us}", "cleared", at_us, detail={"reason": reason})
        )

    def step_back(self, record: AlarmRecord, at_us: int) -> None:
        """What a look ahead had added to an alarm of the log is taken back: it shows what the log says of it."""
        known = self.get(record.id)
        if known is None:
            return
        alarm = replace(Alarm.of_record(self.area, record, GATEWAY), verified_us=known.verified_us)
        gone = " ".join(stage for stage in known.stages if stage not in record.stages)
        detail = {"reason": "late_evidence", "stage": gone, "origin": AHEAD}
        self._put(alarm, AlarmEvent(record.id, f"stepped-back|{at_us}", "cleared", at_us, detail=detail))

    def act_own(
        self, alarm_id: str, action: str, officer: str, at_us: int, cause: str = "", done: str = ""
    ) -> str:
        """An officer's action on a server's alarm. Gives "" or why it was refused; the moves are the engine's."""
        known = self.get(alarm_id)
        if known is None or known.origin != SERVER:
            return f"expected an alarm of the server, found {alarm_id}"
        if action not in MOVES[known.state]:
            return (
                f"expected {' or '.join(MOVES[known.state]) or 'nothing'}, found {action} while {known.state}"
            )
        if action == "verified" and officer == known.rectified_by:
            return "expected another officer than the one who rectified, found the same"
        if action == "verified" and known.is_active:
            return "expected a condition that is over, found one that still stands"
        changes: dict[str, Any] = {
            "state": MOVES[known.state][action],
            "seen_severity": known.severity,
            f"{action}_us": at_us,
            f"{action}_by": officer,
        }
        if action == "rectified":
            changes |= {"cause": cause, "action": done}
        if action == "verified":
            changes["closed_us"] = at_us
        detail = {"cause": cause, "action": done} if action == "rectified" else {}
        self._put(
            replace(known, **changes),
            AlarmEvent(alarm_id, f"{action}|{at_us}", action, at_us, officer, None, detail),
        )
        return ""

    @property
    def has_changes(self) -> bool:
        """Something is to be written."""
        return bool(self._changed or self._events)

    def take_changes(self) -> tuple[list[Alarm], list[AlarmEvent]]:
        """What changed since the last call: alarms as they are now, and new lines of history."""
        changes = list(self._changed.values()), self._events
        self._changed, self._events = {}, []
        return changes

    def _put(self, alarm: Alarm, event: AlarmEvent) -> None:
        self._place(alarm)
        self._changed[alarm.id] = alarm
        self._events.append(event)

    def _place(self, alarm: Alarm) -> None:
        self._open_in_order = self._closed_in_order = None
        self._open.pop(alarm.id, None)
        self._closed.pop(alarm.id, None)
        if alarm.is_open:
            self._open[alarm.id] = alarm
            if alarm.rule == SYSTEM:
                self._system.add(alarm.id)
            return
        self._system.discard(alarm.id)
        self._ahead.discard(alarm.id)
        self._closed[alarm.id] = alarm
        while len(self._closed) > CLOSED_KEPT_MAX:
            self._closed.popitem(last=False)


_by_raising: Final = attrgetter("raised_us", "id")


def _by_closing(alarm: Alarm) -> tuple[int, str]:
    return alarm.closed_us or 0, alarm.id


def _of_effect(area: str, effect: AlarmEffect, origin: str) -> Alarm:
    """An alarm that the engine raised and was done with in one step."""
    shared = (
        "rule", "variant", "subject", "severity", "stay", "room", "basis", "number_basis", "article", "text"
    )  # fmt: skip
    values = {key: getattr(effect, key) for key in shared}
    return Alarm(
        area=area, id=effect.alarm, raised_us=effect.time_us, due_us=effect.time_us, since_us=effect.time_us,
        params=effect.params, facts=effect.facts, stages=(effect.stage,), origin=origin, **values,
    )  # fmt: skip


def _with_effect(alarm: Alarm, effect: AlarmEffect | AlarmChanged, *, is_over: bool, at_us: int) -> Alarm:
    """What the engine's record does not hold: who verified when, and the end."""
    changes: dict[str, Any] = {"closed_us": at_us if is_over else None}
    if isinstance(effect, AlarmCleared) and is_over:
        changes |= {"cleared_us": effect.time_us, "clear_reason": effect.reason}
    if isinstance(effect, AlarmChanged):
        if is_over and alarm.closed_us is not None:  # a shelf that outlasts its alarm
            changes["closed_us"] = alarm.closed_us
        changes["state"] = effect.state
        if effect.action == "verified":
            changes |= {"verified_by": effect.officer, "verified_us": effect.time_us}
    return replace(alarm, **changes)


_WHAT: Final = {"removed_from_service": "out_of_service", "returned_to_service": "in_service"}


def _event(effect: AlarmEffect | AlarmChanged, fact: Fact, origin: str) -> AlarmEvent:
    if isinstance(effect, AlarmChanged):
        what = _WHAT.get(effect.action, effect.action)
        told: dict[str, Any] = {
            key: fact.body[key] for key in ("cause", "action", "reason") if key in fact.body
        }
        if effect.until_us is not None:
            told["until_us"] = effect.until_us
        # what ends by itself ends once, whoever notices first
        by_itself = not effect.officer and effect.until_us is None
        key = f"{what}|{effect.time_us if by_itself else fact.index}"
        return AlarmEvent(effect.alarm, key, what, effect.time_us, effect.officer or None, fact.index, told)
    what = {AlarmRaised: "raised", PreWarning: "prewarned"}.get(type(effect), "cleared")
    detail: dict[str, Any] = {"stage": effect.stage, "severity": effect.severity, "origin": origin}
    if isinstance(effect, AlarmRaised) and not effect.is_certain:
        detail["certain"] = False
    if isinstance(effect, AlarmRaised | PreWarning):
        detail["late_us"] = effect.late_us
        return AlarmEvent(
            effect.alarm,
            f"{what}|{effect.stage}|{effect.time_us}",
            what,
            effect.time_us,
            None,
            fact.index,
            detail,
        )
    if isinstance(effect, AlarmCleared):
        detail["reason"] = effect.reason
    return AlarmEvent(
        effect.alarm,
        f"{what}|{effect.time_us}|{effect.stage}"[:64],
        what,
        effect.time_us,
        None,
        fact.index,
        detail,
    )
