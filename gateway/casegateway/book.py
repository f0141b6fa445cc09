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
from casegateway.memory import Memory
from caselog.errors import DiskFull, EntryError, PendingFull
from caselog.leaf import ID_CHARS_MAX
from caselog.log import Log
from custody.codec import fact_entry, fact_of, output_entry
from custody.effects import Effect
from custody.engine import Engine
from custody.facts import Fact

REPLAY_LEAVES = 1_024
REPLAY_BYTES = 4 * 1024 * 1024

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
        self.counters: Counter[str] = Counter()
        self.is_full = False
        self._trace = trace
        self._unstepped: list[Fact] = []

    def replay(self) -> Replayed:
        """Show the engine every fact of the log; find the outputs it derives that the log lacks."""
        found = Replayed()
        first = 0
        while first < self.log.size:
            leaves = self.log.leaves(first, REPLAY_LEAVES, REPLAY_BYTES)
            for data in leaves:
                self._replay_leaf(json.loads(data), found)
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
        if not self.commit():
            return []
        effects: list[Effect] = []
        facts, self._unstepped = self._unstepped, []
        for fact in facts:
            for effect in self.engine.step(fact):
                self._append_output(output_of(effect, fact))
                effects.append(effect)
        return effects

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
            self.log.commit()
        except DiskFull:
            self.is_full = True
            self.counters["disk_full"] += 1
            return False
        self.is_full = False
        self._trace("durable", self.log.durable_size)
        return True

    def _append_output(self, entry: dict[str, Any]) -> None:
        self._trace("append", self.log.size)
        try:
            self.log.append(entry)
        except (EntryError, PendingFull) as error:
            self.counters[type(error).__name__] += 1

    def _replay_leaf(self, leaf: dict[str, Any], found: Replayed) -> None:
        if leaf["class"] == "output":
            found.outputs += 1
            found.missing.pop(leaf["id"], None)
            if leaf["type"] == "fact.refused/1":
                self.memory.keep_id(str(leaf["body"].get("fact_id")))
            return
        fact = fact_of(leaf)
        if fact is None:
            found.unreadable += 1
            return
        found.facts += 1
        self.memory.observe(fact)
        for effect in self.engine.step(fact):
            entry = output_of(effect, fact)
            found.missing[entry["id"]] = entry
