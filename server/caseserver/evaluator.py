"""The second evaluator: the same rules over the verified log, on the server's own clock.

Not an independent one (it runs the gateway's code); it finds a gateway whose disk, memory or version gives
other results than its own log bears out, and it goes on when the gateway is silent. Sans IO.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from caselog import canonical
from caselog.clock import Instant
from caselog.leaf import ID_CHARS_MAX, LeafRecord
from caselog.records import STAY_COUNTED
from caseserver.fact_order import FactOrder
from custody.alarm import AlarmRecord
from custody.area import Area
from custody.codec import CodecError, fact_of, output_entry
from custody.effects import Effect
from custody.engine import Duty, Engine
from custody.facts import Fact
from custody.rules import Rulebook
from custody.world import World

OWED_LEAVES_MAX: Final = 512
"""A gateway killed between a fact and its outputs writes them after its restart: so long we wait, in leaves, from the
first output on that comes after the fact."""
OWED_UNANSWERED_LEAVES_MAX: Final = 65_536
"""While no output comes at all: a gateway whose disk is full keeps up to 16 MiB of facts, and answers them together."""
SETTLED_MAX: Final = 20_000
"""Outputs told apart from those a restarted gateway may tell again; the oldest are forgotten first."""
STEPS_AHEAD_MAX: Final = 1_000
"""Deadlines evaluated in one look ahead; more in one second would be a rulebook that loops."""


@dataclass(frozen=True, slots=True)
class Found:
    """One effect of the evaluator, with the fact that led to it and the engine's record (None: done with)."""

    effect: Effect
    record: AlarmRecord | None
    fact: Fact


@dataclass(frozen=True, slots=True)
class Difference:
    """Gateway and server disagree. `kind`: missing (the gateway lacks an output), unexpected, other, configuration,
    time (a fact recorded before the one that stands before it)."""

    kind: str
    output: str
    leaf: int
    expected: str
    found: str


class Evaluator:
    """An engine fed with the facts of one verified log, and the comparison with the log's outputs."""

    def __init__(self, area: Area, rulebook: Rulebook, hashes: Mapping[str, str] | None = None) -> None:
        """Knows nothing yet; give it every leaf from 0. `hashes`: config_hash and rulebook_hash of what we run."""
        self.area = area
        self._hashes = dict(hashes or {})
        self.rulebook = rulebook
        self.size = 0
        self.differences: list[Difference] = []
        self.unreadable = 0
        self._is_comparable = True  # the gateway's log is now written under the rules and rooms that we run
        self._engine = Engine(area, rulebook)
        self._ahead: Engine | None = None
        self._owed: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        # The first output after each run of facts, by its leaf, while something is owed.
        self._answers: list[int] = []
        self._was_output = False
        self._settled: OrderedDict[str, None] = OrderedDict()
        self._stay_leaves: dict[str, int] = {}
        self._order = FactOrder()

    @property
    def world(self) -> World:
        """The state of the area by its log; read only."""
        return self._engine.world

    def duties(self, stay: str | None = None) -> list[Duty]:
        """Running duties; by the look ahead while there is one."""
        return (self._ahead or self._engine).duties(stay)

    def step(self, record: LeafRecord) -> list[Found]:
        """Take the next leaf: step the engine with a fact, compare an output."""
        if record.index != self.size:
            raise ValueError(f"expected leaf {self.size}, found leaf {record.index}")
        self.size += 1
        self._count_stay(record)
        if record.leaf_class == "output":
            self._compare(record)
            return []
        self._check_order(record)
        self._was_output = False
        fact = self._read(record)
        if fact is None:
            return []
        self._ahead = None
        if fact.type == "config.loaded":
            self._compare_configuration(fact)
        found = []
        for effect in self._engine.step(fact):
            if self._is_comparable:
                self._owe(effect, fact)
            found.append(Found(effect, _record_of(self._engine, effect), fact))
        self._overdue()
        return found

    def is_known(self, alarm_id: str) -> bool:
        """Whether the engine, by the log alone, has this alarm."""
        return alarm_id in self._engine.alarms

    def is_running(self, obligation_id: str) -> bool:
        """Whether by the log alone this duty runs."""
        return any(row.id == obligation_id and row.closed_us is None for row in self._engine.obligations())

    def record(self, alarm_id: str) -> AlarmRecord | None:
        """The alarm by the log alone, while it is not closed."""
        return self._engine.alarms.get(alarm_id)

    def stage_due_us(self, alarm_id: str, stage: str) -> int | None:
        """When by the log alone a stage of this alarm falls due; None when it cannot any more."""
        rows = [row for row in self._engine.obligations() if row.id == alarm_id and row.closed_us is None]
        return next((known.due_us for row in rows for known in row.stages if known.name == stage), None)

    def next_deadline_us(self) -> int | None:
        """When something falls due, by the log and the look ahead."""
        return (self._ahead or self._engine).next_deadline_us()

    def prepare_ahead(self, now: Instant) -> None:
        """Copy the engine if something is due. Takes seconds on a long day: call it without a lock, it only reads."""
        due_us = self._engine.next_deadline_us()
        if self._ahead is None and due_us is not None and (now.latest_us is None or due_us <= now.latest_us):
            self._ahead = self._copy()

    def look_ahead(self, now: Instant) -> list[Found]:
        """What is due by `now` though the log does not say so yet: for a gateway that is silent.

        Works on a copy, which the next fact of the log throws away: alarm ids do not depend on the deadline
        fact, so the gateway's own account of the same deadline falls together with ours.
        """
        found: list[Found] = []
        for step in range(STEPS_AHEAD_MAX):
            due_us = self.next_deadline_us()
            if due_us is None or (now.latest_us is not None and due_us > now.latest_us):
                break
            self.prepare_ahead(now)
            if self._ahead is None:
                break
            fact = _deadline(now, self.size, step)
            ahead = self._ahead
            found += [Found(effect, _record_of(ahead, effect), fact) for effect in ahead.step(fact)]
            if self._ahead.next_deadline_us() == due_us:
                break
        return found

    def owed(self) -> int:
        """Outputs we found and the gateway has not logged yet."""
        return len(self._owed)

    def take_differences(self) -> list[Difference]:
        """Differences found since the last call."""
        found, self.differences = self.differences, []
        return found

    def overdue_now(self) -> None:
        """Count what is owed as missing: for a gateway that has had time enough and is heard."""
        for output, (leaf, _) in list(self._owed.items()):
            self._missing(output, leaf)

    def _copy(self) -> Engine:
        shared = {id(self.area): self.area, id(self.rulebook): self.rulebook}
        return copy.deepcopy(self._engine, shared)

    def _read(self, record: LeafRecord) -> Fact | None:
        try:
            return fact_of(canonical.loads(record.data))
        except CodecError as error:
            self.unreadable += 1
            self.differences.append(
                Difference("other", record.id, record.index, error.expected, repr(error.found)[:120])
            )
            return None

    def _owe(self, effect: Effect, fact: Fact) -> None:
        entry = output_entry(effect, fact)
        output, body = output_id(entry["id"]), canonical.dumps(entry["body"])
        if output not in self._settled:
            self._owed[output] = (fact.index, body)

    def _compare(self, record: LeafRecord) -> None:
        if not self._is_comparable:
            return
        if not self._was_output and self._owed:
            self._answers.append(record.index)
        self._was_output = True
        body = canonical.dumps(record.body)
        owed = self._owed.pop(record.id, None)
        if owed is None:
            # a refusal of a fact that never came into the log is the gateway's own, no engine's
            if record.id not in self._settled and record.type != "fact.refused/1":
                self._settle(record.id)
                self.differences.append(
                    Difference("unexpected", record.id, record.index, "no such output", body.decode()[:200])
                )
            return
        self._settle(record.id)
        if owed[1] != body:
            self.differences.append(
                Difference("other", record.id, record.index, owed[1].decode()[:200], body.decode()[:200])
            )

    def _count_stay(self, record: LeafRecord) -> None:
        """Leaves about a stay are numbered without a hole, so that a bundle of them can be seen to be whole."""
        if record.stay is None or record.stay_n is None:
            return
        expected = self._stay_leaves.get(record.stay, 0) + 1
        self._stay_leaves[record.stay] = record.stay_n
        if record.stay_n != expected:
            found = f"stay_n {record.stay_n}"
            self.differences.append(Difference("other", record.id, record.index, f"stay_n {expected}", found))
        if record.type == STAY_COUNTED and record.body != {"leaves": record.stay_n}:
            found = canonical.dumps(record.body).decode()[:200]
            self.differences.append(
                Difference("other", record.id, record.index, f"leaves {record.stay_n}", found)
            )

    def _check_order(self, record: LeafRecord) -> None:
        wrong = self._order.wrong(record.recorded) if record.leaf_class == "fact" else None
        if wrong is not None:
            self.differences.append(Difference("time", record.id, record.index, *wrong))

    def _compare_configuration(self, fact: Fact) -> None:
        """Two evaluators with different rules or rooms would differ all day; say once why.

        What a gateway wrote under other rules is not held against it: outputs are compared from the
        moment it loaded the ones that we run.
        """
        wrong = [(key, ours) for key, ours in self._hashes.items() if fact.body.get(key) != ours]
        if not wrong and not self._is_comparable:
            self.differences = [d for d in self.differences if d.kind != "configuration"]
        self._is_comparable = not wrong
        if wrong:
            self._owed.clear()
        for key, ours in wrong:
            self.differences.append(
                Difference("configuration", key, fact.index, ours, str(fact.body.get(key)))
            )

    def _overdue(self) -> None:
        while self._owed:
            output, (leaf, _) = next(iter(self._owed.items()))
            del self._answers[: bisect_right(self._answers, leaf)]
            if self._answers:
                is_due = self._answers[0] <= self.size - OWED_LEAVES_MAX
            else:
                is_due = leaf <= self.size - OWED_UNANSWERED_LEAVES_MAX
            if not is_due:
                return
            self._missing(output, leaf)
        self._answers.clear()

    def _missing(self, output: str, leaf: int) -> None:
        del self._owed[output]
        self.differences.append(Difference("missing", output, leaf, "an output after its fact", "none"))

    def _settle(self, output: str) -> None:
        self._settled[output] = None
        while len(self._settled) > SETTLED_MAX:
            self._settled.popitem(last=False)


def _record_of(engine: Engine, effect: Effect) -> AlarmRecord | None:
    """The alarm that an effect is about; of a duty, the alarm that it has raised."""
    return engine.alarms.get(getattr(effect, "alarm", "") or getattr(effect, "obligation", ""))


def output_id(full: str) -> str:
    """The id of an output in a leaf: one too long for it ends in its hash instead (docs/gateway.md)."""
    if len(full) <= ID_CHARS_MAX:
        return full
    digest = sha256(full.encode()).hexdigest()
    return full[: ID_CHARS_MAX - len(digest) - 1] + "~" + digest


def _deadline(now: Instant, index: int, step: int) -> Fact:
    """The fact the gateway would write now, were it there."""
    return Fact(
        type="deadline.reached",
        body={},
        index=index,
        occurred_us=now.earliest_us,
        occurred_latest_us=now.latest_us,
        recorded_us=now.earliest_us,
        recorded_latest_us=now.latest_us,
        id=f"ahead.{now.earliest_us}.{step}",
        by="server",
        boot=now.boot,
        boottime_us=now.boottime_us,
    )


def differences_text(differences: Iterable[Difference]) -> list[str]:
    """One line each, for the log and the health strip."""
    return [
        f"leaf {d.leaf}: {d.kind} {d.output}: expected {d.expected}, found {d.found}" for d in differences
    ]
