"""The thread that looks at the alarms, climbs the ladder and sends: everything is stored before it leaves the house.

What is stored and what stands in the server's own log are one transaction. So after `kill -9` at any moment the next
start knows what was called, what was accepted, and of which message nobody can know; that one goes out again and says so.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import structlog

from caselog.clock import Instant
from caseserver.alarms import Alarm
from caseserver.area_state import AreaState
from caseserver.audit import Audit, new_entry
from caseserver.grouping import Waiting
from caseserver.notify.channels import Channel
from caseserver.notify.deliveries import ACCEPTED, ANSWERED, Deliveries, Delivery, Outcome, delivery_id
from caseserver.notify.duty_desk import DutyDesk
from caseserver.notify.ghost_watch import RUN as GHOST_RUN
from caseserver.notify.ghost_watch import GhostWatch
from caseserver.notify.ladder import Answered, Call, Event, Ladder, Posts, Run, Standing, Tick
from caseserver.notify.message import Message
from caseserver.notify.plan import rungs_of
from caseserver.notify.watchers import Watchers
from caseserver.notify_settings import Language, Notify, PageReceiver
from caseserver.own_alarms import GHOST, RECEIVER, SOUND_TEST
from caseserver.own_log import Entry
from caseserver.snapshot import Answer
from caseserver.store import calls as call_rows
from caseserver.store.calls import CallReader
from caseserver.store.database import Database
from custody.alarm_states import UNACKNOWLEDGED

TURN_S: Final = 0.25
REST_SHARE: Final = 3.0
"""After a turn it rests this many times as long as a core worked on it: a flood of alarms never takes a whole one."""
BEHIND_LEAVES: Final = 200
"""With more leaves than this still to come, alarms of a log that is being read are not new."""
HOLD_S_MAX: Final = 20.0
"""But whoever says so keeps nobody uncalled for longer."""
STUCK_S: Final = 30.0

Compose = Callable[[Alarm, Delivery, Language], Message]
"""(alarm, delivery, language) -> the message."""


class Notifier:
    """`turn` is one round; the thread calls it, and so may a test."""

    def __init__(
        self, now: Callable[[], Instant], database: Database, audit: Audit, states: Sequence[AreaState], settings: Notify,
        channels: Mapping[str, Channel], compose: Compose, watchers: Watchers, duty: DutyDesk,
        ghosts: GhostWatch | None = None,
        on_levels: Callable[[Mapping[tuple[str, str], int]], None] = lambda _levels: None,
        on_failure: Callable[[], None] = lambda: None, steady_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Reads what the store holds; nothing runs before `start`. `now`: station time; `channels`: receivers outside, by name;
        `on_levels` is told of (area, alarm) -> step, whenever one has changed."""
        self.settings = settings
        self.failure: Exception | None = None
        self.calls_open = self.messages_waiting = 0
        self._now, self._audit, self._duty = now, audit, duty
        self._states = {state.area.id: state for state in states}
        self._waiting = {state.area.id: Waiting(state.area, state.rulebook) for state in states}
        self._ghosts = ghosts
        self._channels, self._compose, self._watchers = dict(channels), compose, watchers
        self._on_failure, self._on_levels, self._steady_s = on_failure, on_levels, steady_s
        self._reader = reader = CallReader(database)
        self.ladder = Ladder(rungs_of(settings), reader.newest, [Run(**row) for row in reader.open_runs()])
        self.deliveries = Deliveries(
            settings.retry_s_min, settings.retry_s_max, [Delivery(**row) for row in reader.unsettled()]
        )
        self._drop_answered()
        self._tell_levels()
        # a wall clock that was set back while we were away: the ladder goes on from where it was
        self._lead_us = max(0, self.ladder.newest_us - now().earliest_us)
        self._results: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
        self._busy: set[str] = set()
        self._behind_s: dict[str, float] = {}
        self._failing_s: dict[str, float] = {}
        self._turned_s = steady_s()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caseward-notify", daemon=True)
        self._log = structlog.get_logger()

    @property
    def is_well(self) -> bool:
        """The thread runs and has not been in one turn for too long."""
        return (
            self._thread.is_alive() and self.failure is None and self._steady_s() - self._turned_s < STUCK_S
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is tried again at the next start."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(10)

    def turn(self) -> None:
        """Take in answers of receivers, look at the alarms, climb, store, send."""
        now = self._now()
        now_us, now_s = now.earliest_us + self._lead_us, self._steady_s()
        entries: list[Entry] = self._ended(now_us, now_s)
        self._duty.turn(now_us)
        entries += self._climb(now_us, now_s)
        for alarm, receivers in self._ghosts.turn(now_us, now_s) if self._ghosts is not None else ():
            for receiver in receivers:
                self.deliveries.add(_ghostly(alarm, receiver, now_us))
        runs = self.ladder.take_changes()
        entries += self._stop_answered(runs)  # before anything more leaves for them
        entries += self._shown(now_us, now_s)
        due = self.deliveries.due(now_s, self._busy, self._channels)
        begun = [self.deliveries.begin(d.id, now_us) for d in due]
        entries += [_entry("notification.sent", d, now_us) for d in begun]
        self._store(runs, entries)
        for delivery in begun:
            self._send(delivery)
        self._tell_troubles(now, now_s)
        self.calls_open, self.messages_waiting = len(self.ladder), len(self.deliveries)
        self._turned_s = self._steady_s()

    # --- the ladder -------------------------------------------------------------------------

    def _climb(self, now_us: int, now_s: float) -> list[Entry]:
        calls = self.ladder.step(now_us, Posts(self._duty.empty()))
        entries: list[Entry] = []
        for event in self._events(now_s):
            calls += self.ladder.step(now_us, event)
        calls += self.ladder.step(now_us, Tick())
        for call in calls:
            entries.append(_called(call))
            for receiver in call.receivers:
                self.deliveries.add(_delivery(call.run, call.step, receiver, call.run.severity, call.at_us))
        return entries

    def _events(self, now_s: float) -> list[Event]:
        """What stands that the ladder does not know, and what has become of what stood before."""
        found: list[Event] = []
        standing: dict[str, Mapping[str, str]] = {}
        on_way: dict[tuple[str, str], Answer] = {}
        for area, state in self._states.items():
            answers = state.answers()
            on_way |= {(area, alarm): answer for alarm, answer in answers.items()}
            waiting = self._waiting[area].of(state.open_alarms())
            standing[area] = waiting = {a: grave for a, grave in waiting.items() if a not in answers}
            if not self._is_reading(state, now_s):
                known = self.ladder.known(area)
                found += [Standing(area, a, grave) for a, grave in waiting.items() if known.get(a) != grave]
        for run in self.ladder.beyond(standing):
            if run.key in on_way:
                told = on_way[run.key]
                found.append(Answered(run.area, run.alarm, told.action, told.officer, told.at_us))
            else:
                found.append(_answer(run, self._alarm(run.area, run.alarm)))
        return found

    def _is_reading(self, state: AreaState, now_s: float) -> bool:
        """The area's log is far from its end: what stands open in it may long be answered."""
        if state.behind() <= BEHIND_LEAVES:
            self._behind_s.pop(state.area.id, None)
            return False
        return now_s - self._behind_s.setdefault(state.area.id, now_s) < HOLD_S_MAX

    def _alarm(self, area: str, alarm_id: str) -> Alarm | None:
        state = self._states.get(area)
        return state.alarm(alarm_id) if state is not None else None

    # --- messages ---------------------------------------------------------------------------

    def _shown(self, now_us: int, now_s: float) -> list[Entry]:
        """Pages take what they show by themselves, as soon as one is open for the post that is called."""
        roles: dict[str, list[str]] = {step.post: step.roles for step in self.settings.steps}
        pages = [name for name, kind in self.settings.receivers.items() if isinstance(kind, PageReceiver)]
        entries = []
        for step, rung in enumerate(self.ladder.rungs, 1):
            if not self._watchers.is_open(roles[rung.post]):
                continue
            for delivery in [one for name in pages for one in self.deliveries.of(name, step)]:
                self.deliveries.begin(delivery.id, now_us)
                shown = self.deliveries.end(delivery.id, Outcome(True), now_us, now_s)
                entries.append(_entry("notification.accepted", shown, now_us))
        return entries

    def _send(self, delivery: Delivery) -> None:
        """In a thread of its own: a slow receiver holds up nobody else, and has one message at a time."""
        alarm = self._alarm(delivery.area, delivery.alarm)
        channel = self._channels[delivery.receiver]
        receiver = self.settings.receivers[delivery.receiver]
        language: Language = "zh" if isinstance(receiver, PageReceiver) else receiver.language
        self._busy.add(delivery.receiver)

        def send() -> None:
            try:
                if alarm is None:
                    raise LookupError(f"no alarm {delivery.alarm}")
                outcome = channel.send(self._compose(alarm, delivery, language))
            except Exception as error:  # noqa: BLE001 - a receiver's library must not stop the calling of others
                outcome = Outcome(False, repr(error)[:200])
            self._results.put((delivery.id, outcome))
            self._wake.set()

        threading.Thread(target=send, name=f"caseward-to-{delivery.receiver}", daemon=True).start()

    def _ended(self, now_us: int, now_s: float) -> list[Entry]:
        entries = []
        while not self._results.empty():
            id_, outcome = self._results.get()
            delivery = self.deliveries.end(id_, outcome, now_us, now_s)
            self._busy.discard(delivery.receiver)
            if outcome.is_accepted:
                self._failing_s.pop(delivery.receiver, None)
                if self._ghosts is not None and delivery.run == GHOST_RUN:
                    self._ghosts.accepted(delivery)
                entries.append(_entry("notification.accepted", delivery, now_us))
            else:
                self._failing_s.setdefault(delivery.receiver, now_s)
                entries.append(_entry("notification.failed", delivery, now_us, problem=outcome.problem))
        return entries

    def _drop_answered(self) -> None:
        """Messages of a run that was answered just before the process ended."""
        open_runs = {(run.area, run.alarm, run.number) for run in self.ladder.open()}
        for delivery in self.deliveries.unsettled():
            if delivery.key not in open_runs and delivery.step != ANSWERED:
                self.deliveries.stop(*delivery.key)

    # --- storing ----------------------------------------------------------------------------

    def _stop_answered(self, runs: list[Run]) -> list[Entry]:
        """Nobody more is called; whose machine has taken a call is told that somebody answered, and may stay in bed."""
        done = [run for run in runs if run.answered_us is not None]
        for run in done:
            self.deliveries.stop(run.area, run.alarm, run.number)
            if run.answered_by is not None and self.settings.tells_answer:
                for receiver in self._who_took(run):
                    self.deliveries.add(_delivery(run, ANSWERED, receiver, "S4", run.answered_us or 0))
        return [_answered(run) for run in done]

    def _who_took(self, run: Run) -> list[str]:
        _, rows = self._reader.of_alarm(run.area, run.alarm)
        took = {row["receiver"] for row in rows if row["run"] == run.number and row["state"] == ACCEPTED}
        return sorted(took & self._channels.keys())

    def _store(self, runs: list[Run], entries: list[Entry]) -> None:
        messages = self.deliveries.take_changes()
        if not (runs or messages or entries):
            return

        def rows(connection: Any) -> None:
            call_rows.save(connection, [asdict(run) for run in runs], [asdict(m) for m in messages])

        self._audit.write_with(entries, rows)
        if runs or messages:
            self._tell_levels()

    def _tell_levels(self) -> None:
        self._on_levels(self.ladder.called())

    def _tell_troubles(self, now: Instant, now_s: float) -> None:
        """Receivers that fail for long, and a sound test that nobody made, are alarms themselves."""
        if not self._states:
            return
        first = next(iter(self._states.values()))
        failing = [
            name
            for name, since_s in self._failing_s.items()
            if now_s - since_s > self.settings.receiver_failing_s
        ]
        first.station_alarm(RECEIVER, {"receiver": failing[0]} if failing else None, now)
        first.station_alarm(GHOST, self._ghosts.trouble() if self._ghosts is not None else None, now)
        first.station_alarm(SOUND_TEST, self._duty.unheard(now.earliest_us + self._lead_us), now)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                begun_s = time.thread_time()
                self.turn()
                self._stopping.wait(REST_SHARE * (time.thread_time() - begun_s))
                self._wake.wait(TURN_S)
        except Exception as error:  # noqa: BLE001 - as in the worker: a server that looks alive and calls nobody is worse
            self.failure = error
            self._log.critical("the notifier failed", error=repr(error), exc_info=True)
            self._on_failure()


def _delivery(run: Run, step: int, receiver: str, severity: str, at_us: int) -> Delivery:
    id_ = delivery_id(run.area, run.alarm, run.number, step, receiver)
    return Delivery(id_, run.area, run.alarm, run.number, step, receiver, severity, at_us)


def _ghostly(alarm: Alarm, receiver: str, now_us: int) -> Delivery:
    """A drill's message: it waits behind every real one."""
    id_ = delivery_id(alarm.area, alarm.id, GHOST_RUN, 1, receiver)
    return Delivery(id_, alarm.area, alarm.id, GHOST_RUN, 1, receiver, "S4", now_us)


def _answer(run: Run, alarm: Alarm | None) -> Answered:
    """Why nobody has to be called any more: a human has it, or what raised it never was."""
    if alarm is not None and alarm.aside:
        return Answered(run.area, run.alarm, alarm.aside, alarm.aside_by, run.called_us or run.begun_us)
    if alarm is None or alarm.state == UNACKNOWLEDGED:
        at_us = (
            run.called_us or run.begun_us
            if alarm is None
            else alarm.closed_us or alarm.cleared_us or run.begun_us
        )
        return Answered(run.area, run.alarm, "gone", None, at_us)
    steps = (
        ("taken", alarm.taken_by, alarm.taken_us),
        ("acknowledged", alarm.acknowledged_by, alarm.acknowledged_us),
        ("rectified", alarm.rectified_by, alarm.rectified_us),
        ("closed", alarm.verified_by, alarm.verified_us),
    )
    done = [(at_us, answer, by) for answer, by, at_us in steps if at_us is not None]
    if not done:
        return Answered(run.area, run.alarm, alarm.state, None, run.begun_us)
    # a run begins anew when an alarm is raised again: what was done before that is no answer to it
    at_us, answer, by = min([d for d in done if d[0] >= run.begun_us] or [max(done)])
    return Answered(run.area, run.alarm, answer, by, at_us)


def _called(call: Call) -> Entry:
    detail = {
        "run": call.run.number,
        "step": call.step,
        "post": call.post,
        "why": call.why,
        "severity": call.run.severity,
    }
    return new_entry(None, "alarm.called", call.run.alarm, detail, call.at_us)


def _answered(run: Run) -> Entry:
    detail = {"run": run.number, "answer": run.answer, "steps": run.called}
    return new_entry(run.answered_by, "notification.answered", run.alarm, detail, run.answered_us or 0)


def _entry(action: str, delivery: Delivery, at_us: int, **more: str) -> Entry:
    detail = {
        "id": delivery.id, "run": delivery.run, "step": delivery.step, "receiver": delivery.receiver,
        "attempt": delivery.attempts, "because": delivery.because, **more,
    }  # fmt: skip
    return new_entry(None, action, delivery.alarm, detail, at_us)
