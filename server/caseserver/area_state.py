"""All the server knows about one area: its log, its evaluator, its alarms. Owned by the worker thread.

Methods give the messages that are to be published. Pages read through `snapshot()`, which never waits for
the disk. Time comes in as arguments: `now` is station time, `real_s` the machine's steady clock.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import structlog

from caselog import leaf as leaves
from caselog.clock import Instant
from caselog.keys import Signer
from caselog.leaf import LeafRecord
from caseserver import ghosts
from caseserver import heartbeat as heartbeats
from caseserver.alarms import AHEAD, Alarm, AlarmBook
from caseserver.comparing_clocks import ClockComparison
from caseserver.evaluator import Difference, Evaluator, Found, differences_text
from caseserver.forks import FOLDER as FORKS_FOLDER
from caseserver.forks import ForkFiles, Unproved
from caseserver.ingest import FORK, Ingest, Outcome, Refused, request_bytes
from caseserver.intake import Intake
from caseserver.own_alarms import DIFFERENCE, GATEWAY, OWN_LOG, OwnAlarms, copy_world
from caseserver.own_alarms import FORK as FORK_ALARM
from caseserver.samples import Reading, SampleBook
from caseserver.settings import Limits
from caseserver.snapshot import Answer, Message, Snapshot
from caseserver.store import alarms as alarm_rows
from caseserver.store import facts as fact_rows
from caseserver.store import leaves as leaf_rows
from caseserver.store import samples as sample_rows
from caseserver.store.alarms import AlarmReader
from caseserver.store.database import Database
from caseserver.store.facts import Fate, PendingFact
from caseserver.store.leaves import LeafReader
from caseserver.taking_back import take_back
from caseserver.under_way import UnderWay
from custody.area import Area
from custody.effects import Refusal
from custody.rules import Rulebook

STALE_S: Final = 3.0
"""Three heartbeats: after that the pages turn grey."""
BEHIND_S: Final = 2.0
"""A gateway that says it has more than we hold is asked for it after this long."""
OWED_S: Final = 60.0
"""A heard gateway whose log is all here has had this long to write an output."""
DIFFERENCES_SHOWN_MAX: Final = 20


class AreaState:
    """One area of the station."""

    def __init__(
        self, area: Area, rulebook: Rulebook, public: bytes, signer: Signer, database: Database, limits: Limits,
        rate: float = 1.0, real_s: float = 0.0, hashes: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Reads what the store holds and replays it. `public`: the gateway's key; `rate`: station per real second."""
        self.area = area
        self.rulebook = rulebook
        self.gateway = area.gateway
        self.version = 0
        self.counters: Counter[str] = Counter()
        self._database = database
        self._limits = limits
        self._lock = threading.RLock()
        self._log = structlog.get_logger().bind(gateway=area.gateway)
        self.on_fork: Callable[[str], None] = lambda _file: None  # the station writes it into its own log
        self.forks = ForkFiles(database.path.parent / FORKS_FOLDER, area.gateway)
        self._leaves = LeafReader(database)
        self._alarms = AlarmReader(database)
        held = self._leaves.held(self.gateway)
        self._intake = Intake(area.id, self.gateway, public, signer, database, limits, held)
        self.hashes = dict(hashes or {})
        self.evaluator = Evaluator(area, rulebook, hashes)
        self.book = AlarmBook(area.id, lambda i: self._alarms.find(area.id, i), self._alarms.current(area.id))
        self._own = OwnAlarms(area, rulebook, self.book)
        span_us = int(limits.gateway_silent_s * rate * 1_000_000)
        self.samples = SampleBook(self.gateway, span_us, sample_rows.last(database, self.gateway))
        self.under_way = UnderWay(self.gateway, database, limits)
        self._seen_us = held.seen_us
        self._heartbeat = heartbeats.parse(held.heartbeat.encode()) if held.heartbeat else None
        self._heard_s: float | None = None
        self._start_s = real_s
        self._behind_s: float | None = None
        self._owed_s: float | None = None
        self._is_silent = False
        self._is_stale = True
        self._rate = rate
        self._clocks = ClockComparison(self._own, rate)
        self._unproved = Unproved(rate)
        self._differences: deque[str] = deque(maxlen=DIFFERENCES_SHOWN_MAX)
        self._fresh: tuple[int, Snapshot] | None = None
        self._erased: deque[str] = deque()
        self._restore(held)

    @property
    def ingest(self) -> Ingest:
        """What is held of the log, and what may come next."""
        return self._intake.ingest

    # --- what comes in ----------------------------------------------------------------------

    def on_logs(
        self, payloads: Sequence[bytes], now: Instant
    ) -> tuple[list[Message], tuple[LeafRecord, ...]]:
        """Payloads of `up/log` in order: verify and commit. Gives the answers, and the new leaves that `follow` then evaluates."""

        def judged(payload: bytes, outcome: Outcome) -> None:
            if outcome.refused is None:
                self._unproved.end()
            else:
                self._keep_refused(payload, outcome.refused, now)

        return self._intake.take(payloads, now, judged)

    def follow(self, records: tuple[LeafRecord, ...], now: Instant) -> None:
        """Evaluate leaves that are on the disk, and write what became of alarms and officers' facts."""
        if not records:
            return
        settled: list[Fate] = []
        with self._lock:
            if self.ingest.fork is not None:
                self.ingest.fork = None
                self._own.clear(FORK_ALARM, now)
            for record in records:
                found = self.evaluator.step(record)
                self._note_erasure(record, found)
                self._apply(found)
                if record.leaf_class == "output":
                    self.book.foreign(record)
                settled += self.under_way.settled(record)
            self._report(self.evaluator.take_differences(), now)
            self._touch()
        self._save(settled, projected=self.evaluator.size)

    def on_heartbeat(self, payload: bytes, now: Instant, real_s: float) -> list[Message]:
        """An `up/hb` or `up/birth`. A gateway that is back gets the officers' facts at once."""
        beat = heartbeats.parse(payload)
        if beat is None:
            self.counters["bad_heartbeats"] += 1
            return []
        with self._lock:
            last = self._heartbeat
            is_back = self._is_stale or last is None or last.instant.boot != beat.instant.boot
            self._heartbeat, self._heard_s, self._seen_us = beat, real_s, now.earliest_us
            self._is_stale = False
            self._clocks.compare(beat.instant, now)
            readings = {"gateway": Reading(True, 0, beat.queue), **beat.sources}
            self.samples.take(now.earliest_us, readings)
            self._touch()
        # The wait between repeats has grown while nobody was there to take them.
        return self.resend(real_s) if is_back else []

    # --- time goes on -----------------------------------------------------------------------

    def tick(self, now: Instant, real_s: float) -> list[Message]:
        """Several times a second: silence, deadlines ahead, what is missing."""
        heard_s = self._heard_s if self._heard_s is not None else self._start_s
        silent_s = real_s - heard_s
        is_silent = silent_s > self._limits.gateway_silent_s
        if is_silent:
            self.evaluator.prepare_ahead(now)  # only this thread changes the engine; pages go on reading
        with self._lock:
            was_stale, self._is_stale = self._is_stale, self._heard_s is None or silent_s > STALE_S
            if was_stale != self._is_stale:
                self._touch()
            if is_silent:
                self._evaluate_ahead(now)
            elif self._is_silent or self._heard_s is not None:
                self._reconcile(now, real_s)
            self._is_silent = is_silent
        self._save([])
        return self._ask(real_s)

    def hello(self) -> list[Message]:
        """At every connection to the broker: how much the server holds."""
        return [Message(self.gateway, "req", self.ingest.hello())]

    def resend(self, real_s: float) -> list[Message]:
        """Officers' facts not seen in the log yet, in the order in which they were given."""
        with self._lock:
            return self.under_way.resend(real_s, is_answering=self._is_all_here)

    def flush_samples(self, now: Instant) -> None:
        """Write samples, roll-ups and the last heartbeat."""
        with self._lock:
            if now.earliest_us and self._is_silent:
                age_ms = max(0, now.earliest_us - (self._seen_us or now.earliest_us)) // 1_000
                self.samples.take(now.earliest_us, {"gateway": Reading(False, age_ms)})
            flush, beat, seen_us = self.samples.take_flush(), self._heartbeat, self._seen_us
        if not flush.samples:
            return
        with self._database.writing() as connection:
            sample_rows.save(connection, flush)
            if beat is not None:
                text = json.dumps({**beat.instant.as_dict(), "size": beat.size, "health": beat.health})
                leaf_rows.set_state(connection, self.gateway, seen_us=seen_us, heartbeat=text)

    # --- officers ---------------------------------------------------------------------------

    def expect(self, fact: PendingFact, waiting: Sequence[PendingFact]) -> Message:
        """A fact is on its way, by this message; `waiting`: what was given before it and is not in the log yet."""
        with self._lock:
            self._touch()
            return self.under_way.expect(fact, waiting)

    def act_own(self, alarm_id: str, action: str, officer: str, at_us: int, cause: str, done: str) -> str:
        """An officer's action on an alarm that only the server knows; "" or why not."""
        with self._lock:
            problem = self.book.act_own(alarm_id, action, officer, at_us, cause, done)
            self._touch()
        self._save([])
        return problem

    def alarm_own_log(self, epoch: str, now: Instant) -> None:
        """The server's own log could not go on and began anew."""
        with self._lock:
            self._own.tell(OWN_LOG, epoch, now, {})
            self._touch()
        self._save([])

    def take_erased(self) -> list[str]:
        """Marks of keys that the log has told to be destroyed since the last call; since its beginning at a start."""
        found = []
        while self._erased:
            found.append(self._erased.popleft())
        return found

    def station_alarm(self, variant: str, params: Mapping[str, str | int] | None, now: Instant) -> None:
        """Something of the whole station, raised in one area for it: a silent witness, a dead receiver. None: it is over."""
        with self._lock:
            if params is not None:
                self._own.raise_(variant, f"{next(iter(params.values()))}-{now.earliest_us}", now, params)
            else:
                self._own.clear(variant, now)
            self.version += self.book.has_changes
        self._save([])

    # --- what pages and the notifier read ---------------------------------------------------

    def open_alarms(self) -> tuple[Alarm, ...]:
        """Alarms that are not closed, without the rest of a snapshot."""
        with self._lock:
            return self.book.open()

    def answers(self) -> dict[str, Answer]:
        """Alarm id -> who has it, of answers that a gateway which is not heard does not know yet."""
        with self._lock:
            return self.under_way.answers(is_away=self._is_stale)

    def alarm(self, alarm_id: str) -> Alarm | None:
        """One alarm, open or closed."""
        with self._lock:
            return self.book.get(alarm_id)

    def behind(self) -> int:
        """Leaves that the gateway has and we do not, by its last heartbeat."""
        with self._lock:
            return max(0, self._heartbeat.size - self.ingest.size) if self._heartbeat is not None else 0

    def snapshot(self) -> Snapshot:
        """The area as it is; made once for each change."""
        with self._lock:
            if self._fresh is None or self._fresh[0] != self.version:
                self._fresh = (self.version, self._snapshot())
            return self._fresh[1]

    def _snapshot(self) -> Snapshot:
        is_nobody = partial(ghosts.is_ghost, self.evaluator.world)

        def without_ghosts(alarms: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
            """The same tuple where there is none: pages know by it that nothing has changed."""
            shown = tuple(a for a in alarms if not (a.is_prewarning and is_nobody(a.stay)))
            return alarms if len(shown) == len(alarms) else shown

        return Snapshot(
            world=ghosts.forget(copy_world(self.evaluator.world)),
            alarms=without_ghosts(self.book.open()),
            closed=without_ghosts(self.book.closed()),
            duties=tuple(d for d in self.evaluator.duties() if not is_nobody(d.stay)),
            size=self.ingest.size,
            proved_us=self._intake.proved_us,
            seen_us=self._seen_us,
            heartbeat=self._heartbeat,
            is_stale=self._is_stale,
            is_silent=self._is_silent,
            is_forked=self._own.is_open(FORK_ALARM),
            differences=tuple(self._differences),
            counters=dict(self.ingest.counters) | dict(self.counters),
            waiting_facts=len(self.under_way),
            answers=self.answers(),
            offset_us=self._clocks.offset_us,
        )

    # --- inside -----------------------------------------------------------------------------

    def _restore(self, held: leaf_rows.Held) -> None:
        """Replay the log; alarms up to `projected` are in the store already."""
        for data in self._leaves.all(self.gateway):
            record = leaves.parse(data)
            found = self.evaluator.step(record)
            self._note_erasure(record, found)
            if record.index >= held.projected:
                self._apply(found)
                if record.leaf_class == "output":
                    self.book.foreign(record)
                self._save(self.under_way.settled(record))
        found_late = [d for d in self.evaluator.take_differences() if d.leaf >= held.projected]
        if found_late:
            self._report(found_late, record.recorded)
        self._save([])

    def _apply(self, found: list[Found], origin: str = "gateway") -> None:
        for item in found:
            self.book.follow(item.effect, item.record, item.fact, origin)

    def _note_erasure(self, record: LeafRecord, found: list[Found]) -> None:
        """The mark of a key that the log says is destroyed, unless the rules refuse it."""
        is_refused = any(isinstance(f.effect, Refusal) and f.effect.fact_id == record.id for f in found)
        if record.type == "person.erased/1" and record.leaf_class == "fact" and not is_refused:
            self._erased.append(str(record.body.get("key", "")))

    def _save(self, settled: list[Fate], projected: int | None = None) -> None:
        if not settled and not self.book.has_changes:
            return  # `projected` may lag behind leaves that changed nothing: taking them again changes nothing
        with self._database.writing() as connection:
            with self._lock:  # inside the transaction, so that an older state never overwrites a newer one
                changed, events = self.book.take_changes()
            alarm_rows.save(connection, self.area.id, changed, events)
            for fate in settled:
                fact_rows.settle(connection, fate)
            if projected is not None:
                leaf_rows.set_state(connection, self.gateway, projected=projected)

    def _keep_refused(self, payload: bytes, refused: Refused, now: Instant) -> None:
        self._log.warning(
            "batch refused", reason=refused.reason, expected=refused.expected, found=refused.found
        )
        with self._database.writing() as connection:
            leaf_rows.quarantine_put(
                connection, self.gateway, now.earliest_us, refused.reason, refused.expected, refused.found, payload,
                self._limits.quarantine_rows_max,
            )  # fmt: skip
        if refused.reason == FORK:
            self.tell_fork(refused, now)

    def tell_fork(self, refused: Refused, now: Instant) -> None:
        """Keep the proof if there is one, and raise the alarm: once for each proof, or while no other is open."""
        path = None
        if refused.fork is not None:
            held = self._leaves.data(self.gateway, refused.index or 0) if refused.offered else None
            path = self.forks.keep(refused.fork, held, refused.offered)
        with self._lock:
            params: dict[str, str | int] = {"index": refused.index or 0}
            if path is not None:
                self._log.critical("the gateway signed two histories", proof=path.name)
                self.on_fork(path.name)
                self._own.tell(FORK_ALARM, path.stem, now, params)
            elif self._unproved.is_persistent(now) and not self._own.is_open(FORK_ALARM):
                self._own.raise_(FORK_ALARM, f"leaf-{refused.index}", now, params)
            self._touch()
        self._save([])

    def _evaluate_ahead(self, now: Instant) -> None:
        if not self._is_silent:
            self._own.raise_(GATEWAY, f"size-{self.ingest.size}", now, {})
            self._touch()
        found = self.evaluator.look_ahead(now)
        if found:
            self._apply(found, AHEAD)
            self._touch()

    def _reconcile(self, now: Instant, real_s: float) -> None:
        """A gateway that is heard, has written all it decided and whose log is all here has the last word."""
        if self._is_silent:
            self._own.clear(GATEWAY, now)
            self._touch()
        beat = self._heartbeat
        if beat is None or not self._is_all_here:
            self._owed_s = None
            return
        if take_back(self.book, self.evaluator, beat.instant, now):
            self._touch()
        if not self.evaluator.owed():
            self._owed_s = None
        elif self._owed_s is None:
            self._owed_s = real_s
        elif real_s - self._owed_s > OWED_S:
            self._owed_s = None
            self.evaluator.overdue_now()
            self._report(self.evaluator.take_differences(), now)

    @property
    def _is_all_here(self) -> bool:
        """The gateway is heard, and the server holds all that it has decided."""
        beat = self._heartbeat
        return beat is not None and not (self._is_stale or beat.size > self.ingest.size or beat.pending)

    def _ask(self, real_s: float) -> list[Message]:
        """Ask for leaves that the gateway says it has and that do not come."""
        beat = self._heartbeat
        if beat is None or self._is_stale or beat.size <= self.ingest.size:
            self._behind_s = None
            return []
        if self._behind_s is None:
            self._behind_s = real_s
        if real_s - self._behind_s < BEHIND_S:
            return []
        self._behind_s = real_s
        asked = self.ingest.request(beat.size)
        return [Message(self.gateway, "req", request_bytes(*asked))] if asked else []

    def _report(self, differences: list[Difference], now: Instant) -> None:
        if not differences:
            return
        self.counters["differences"] += len(differences)
        for text in differences_text(differences):
            self._log.error("gateway and server disagree", difference=text)
            self._differences.append(text)
        self._own.tell(DIFFERENCE, f"leaf-{differences[0].leaf}", now, {"count": len(differences)})
        self._touch()

    def _touch(self) -> None:
        self.version += 1
