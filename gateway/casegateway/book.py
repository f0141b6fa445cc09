"""Log and engine as one: what is durable is stepped, what follows is logged, in that order.

A fact is appended, made durable, and only then shown to the engine; what the engine answers is
appended after it. When the disk has no room the facts wait, unshown and unacked, until it has.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from casegateway.drafts import Draft, stamp
from casegateway.events import Moment
from casegateway.keyring import Keyring
from casegateway.memory import Memory
from casegateway.reserve import Reserve
from caselog import records
from caselog.clock import Instant
from caselog.errors import DiskFull, EntryError, LogStopped, PendingFull
from caselog.keychain import KeyChain
from caselog.leaf import ID_CHARS_MAX, LeafRecord, parse
from caselog.log import Leaf, Log
from custody.codec import fact_entry, fact_of, output_entry
from custody.effects import Effect, Refusal
from custody.engine import Engine
from custody.facts import Fact

REPLAY_LEAVES = 1_024
REPLAY_BYTES = 4 * 1024 * 1024
RELEASE = "stay.released"

Trace = Callable[[str, int], None]


def no_trace(_step: str, _index: int) -> None:
    """Nobody watches."""


def output_of(effect: Effect, cause: Fact) -> dict[str, Any]:
    """The log entry of an effect; an id longer than a leaf takes ends in its hash instead."""
    entry = output_entry(effect, cause)
    if len(entry["id"]) > ID_CHARS_MAX:
        digest = sha256(entry["id"].encode()).hexdigest()
        entry["id"] = entry["id"][: ID_CHARS_MAX - len(digest) - 1] + "~" + digest
    return entry


def _is_refused(fact: Fact, told: list[Effect]) -> bool:
    return any(isinstance(effect, Refusal) and effect.fact_id == fact.id for effect in told)


@dataclass(slots=True)
class Replayed:
    """What the log of earlier runs gave: facts, outputs, and those outputs that were missing in it."""

    facts: int = 0
    outputs: int = 0
    unreadable: int = 0
    missing: dict[str, dict[str, Any]] = field(default_factory=dict)


class Book:
    """The only writer of the log. `memory` follows the log, `engine` follows its durable part."""

    def __init__(self, log: Log, engine: Engine, memory: Memory, trace: Trace = no_trace) -> None:
        """Call `replay` before anything else when the log is not empty."""
        self.log = log
        self.engine = engine
        self.memory = memory
        self.chain: KeyChain | None = None  # the keys of this log; None before leaf 0
        self.counters: Counter[str] = Counter()
        self.accepted: list[Fact] = []  # those of the last step that the engine did not refuse
        self.is_full = False
        self.reserve: Reserve | None = None
        self.failure: str | None = None  # why the log went on on the second disk
        self._trace = trace
        self._unstepped: list[Fact] = []
        self._uncounted: dict[str, None] = {}  # stays released since the log last counted their leaves

    def replay(self) -> Replayed:
        """Show the engine every fact of the log; find the outputs it derives that the log lacks."""
        found = Replayed()
        first = 0
        while first < self.log.size:
            leaves = self.log.leaves(first, REPLAY_LEAVES, REPLAY_BYTES)
            for data in leaves:
                self._replay_leaf(data, found)
            first += len(leaves)
        return found

    def complete(self, found: Replayed, *, is_same_law: bool) -> None:
        """Append the missing outputs, with the ids and times they would have had.

        When the log was written under other rules or rooms than now, what they did not ask for is
        not asked of the past: only what still stands is told.
        """
        running = {row.id for row in self.engine.obligations() if row.closed_us is None}
        for entry in found.missing.values():
            about = entry["body"].get("alarm") or entry["body"].get("obligation")
            if is_same_law or about in running:
                self._append_output(entry)

    def append(self, draft: Draft, now: Moment) -> bool:
        """Append a fact recorded `now`, not yet durable. False when it must be offered again later.

        Raises `LogStopped` when the storage has failed before.
        """
        fact = stamp(draft, now.instant, self.log.size)
        self._trace("append", fact.index)
        try:
            self.log.append(fact_entry(fact))
        except PendingFull:
            self.counters["pending_full"] += 1
            return False
        except EntryError:
            # No leaf can hold it, now or later: asking for it again would stop its source for ever.
            self.counters["not_a_leaf"] += 1
            return True
        self.memory.observe(fact)
        self._unstepped.append(fact)
        return True

    def step(self) -> list[Effect]:
        """Commit, show the engine what has become durable, append its answers (not yet durable).

        Returns the effects. Raises `LogStopped` when the storage fails; while the disk is full the
        facts wait and nothing is returned.
        """
        self.accepted = []
        if not self.commit():
            return []
        effects: list[Effect] = []
        facts, self._unstepped = self._unstepped, []
        for fact in facts:
            told = self.engine.step(fact)
            for effect in told:
                self._append_output(output_of(effect, fact))
            if not _is_refused(fact, told):
                self.accepted.append(fact)
            self._note_release(fact, told)
            effects += told
        return effects

    def say(
        self, type_: str, body: dict[str, Any], now: Instant, *, stay: str | None = None, id_: str = ""
    ) -> None:
        """Append what the log says of itself (docs/evidence.md section 7), not yet durable.

        Dropped, and counted, where there is no room even to wait. Raises `LogStopped`.
        """
        taken = self._append_output(records.entry(type_, self.log.size, body, now, stay=stay, id_=id_))
        if taken is not None:
            self._follow_word(parse(taken.data))

    def say_keys(self, keys: Keyring, after: records.Predecessor | None, now: Instant) -> None:
        """First of all in a new log, what it is and goes on from; and the change of key, where one waits."""
        if not self.log.size:
            self.say(records.BEGUN, records.begun(keys.name, keys.present, after), now)
            self.commit()  # alone: with a hole at its beginning a log would have no name, and nobody's word could mend it
        body = keys.change(self.log.size)
        if body is not None:
            self.say(records.KEY_CHANGED, body, now)
        keys.follow(self.chain)

    def count_stay(self, stay: str, now: Instant, id_: str = "") -> None:
        """Say how many leaves the stay has, this one included."""
        self.say(records.STAY_COUNTED, {"leaves": self.log.stay_size(stay) + 1}, now, stay=stay, id_=id_)

    def count_released(self, now: Instant) -> None:
        """Count the stays that were released: call it when all that follows from the release is appended."""
        for stay in list(self._uncounted):
            self.count_stay(stay, now)

    def refuse(self, entry: dict[str, Any]) -> None:
        """Append an output that no engine derives: the refusal of a fact that was never recorded."""
        self._append_output(entry)

    def commit(self) -> bool:
        """Make all durable. False when the disk is full; raises `LogStopped` when it failed."""
        if self.log.size == self.log.durable_size:
            self.is_full = False
            return True
        self._trace("commit", self.log.size)
        try:
            self._write()
        except DiskFull:
            self.is_full = True
            self.counters["disk_full"] += 1
            return False
        self.is_full = False
        self._trace("durable", self.log.durable_size)
        return True

    def _write(self) -> None:
        """Commit; where it cannot, with the room kept back, or on the second disk. Raises `DiskFull`, `LogStopped`."""
        try:
            self.log.commit()
        except DiskFull:
            if self.reserve is None or not self.reserve.release():
                raise
            self.counters["reserve_released"] += 1
            self.log.commit()
        except LogStopped as error:
            # The failed fsync is not tried again: what was not durable is written anew, elsewhere.
            if not self.log.go_on():
                raise
            self.failure = str(error)
            self.counters["second_disk"] += 1
            self.log.commit()

    def _append_output(self, entry: dict[str, Any]) -> Leaf | None:
        """None, and counted, where it could not be taken."""
        self._trace("append", self.log.size)
        try:
            return self.log.append(entry)
        except (EntryError, PendingFull) as error:
            self.counters[type(error).__name__] += 1
            return None

    def _replay_leaf(self, data: bytes, found: Replayed) -> None:
        leaf = json.loads(data)
        if leaf["class"] == "output":
            found.outputs += 1
            found.missing.pop(leaf["id"], None)
            if leaf["type"] == "fact.refused/1":
                self.memory.keep_id(str(leaf["body"].get("fact_id")))
            return
        if leaf["class"] == "log":
            self._follow_word(parse(data))
            return
        fact = fact_of(leaf)
        if fact is None:
            found.unreadable += 1
            return
        found.facts += 1
        self.memory.observe(fact)
        told = self.engine.step(fact)
        for effect in told:
            entry = output_of(effect, fact)
            found.missing[entry["id"]] = entry
        self._note_release(fact, told)

    def _follow_word(self, record: LeafRecord) -> None:
        """What the log says of itself: its keys, and which stays it has counted."""
        if record.index == 0:
            self.chain = KeyChain.begun(record)
        elif self.chain is not None:
            self.chain.take(record)
        if record.type == records.STAY_COUNTED and record.stay is not None:
            self.memory.keep_id(record.id)
            self._uncounted.pop(record.stay, None)

    def _note_release(self, fact: Fact, told: list[Effect]) -> None:
        if fact.type == RELEASE and fact.stay and not _is_refused(fact, told):
            self._uncounted[fact.stay] = None
