"""Facts in order of occurrence, and what they oblige: obligations, stages reached, closings.

The timeline is a pure function of the set of facts up to a horizon. A fact that arrives late
is inserted where it belongs: the world is rolled back to that moment and taken forward again.
The engine compares what the timeline says before and after and tells the difference.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from custody.apply import Refused, apply_fact
from custody.approve import apply_approval
from custody.area import Area
from custody.facts import Fact
from custody.kinds import KINDS
from custody.rules import Rule, Rulebook
from custody.sight import Sight
from custody.view import Condition, Stage, View
from custody.world import Table, World

# How far back a late fact can still be put in its place; older ones count from that moment.
LATE_WINDOW_US: Final = 72 * 3_600 * 1_000_000
ENTRIES_MAX: Final = 40_000
TRIM_STEP: Final = 2_000

Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty that runs or ran: what must not be reached, what was reached, how it ended."""

    id: str
    rule_key: str
    subject: str
    stay: str | None
    room: str | None
    since_us: int
    anchor: int
    facts: tuple[int, ...]
    stages: tuple[Stage, ...]
    fired: tuple[Stage, ...] = ()
    skipped: tuple[str, ...] = ()
    closed_us: int | None = None
    close_reason: str = ""
    group: str = ""
    params: tuple[tuple[str, str | int], ...] = ()
    basis: str | None = None

    @property
    def next_stage(self) -> Stage | None:
        """The earliest stage not reached yet."""
        done = {stage.name for stage in self.fired} | set(self.skipped)
        return next((s for s in self.stages if s.name not in done), None)

    @property
    def due_us(self) -> int | None:
        """The first limit (not pre-warning) of the ladder as it stands."""
        return next((s.due_us for s in self.stages if not s.is_prewarning), None)


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Key  # (time, 0 fact | 1 stage, log index)
    mark: int
    fact: Fact | None


class Timeline:
    """World and obligations of one area, rewindable."""

    def __init__(self, area: Area, rulebook: Rulebook) -> None:
        """Nothing has happened yet."""
        self.area = area
        self.rulebook = rulebook
        self.world = World()
        self.view = View(self.world, area, rulebook)
        self.rules = {rule.key: rule for rule in rulebook.rules}
        journal, touched = self.world.journal, self.world.touched
        self.obligations: Table[Obligation] = Table("obligations", journal, touched)
        self._pending: Table[int] = Table("pending", journal, touched)  # id -> next due
        self._active: dict[str, Table[str]] = {
            key: Table(f"active {key}", journal, touched) for key in self.rules
        }
        self._sight = Sight()
        self._entries: list[_Entry] = []
        self._base_us = -(2**62)  # before this nothing can be changed any more
        self.refusals: dict[int, tuple[Fact, Refused]] = {}  # of the last insert
        self.clamped: Fact | None = None

    # --- the two doors ---------------------------------------------------------------------

    def insert(self, fact: Fact) -> None:
        """Put a fact where it belongs by its time of occurrence."""
        at_us = fact.occurred_us
        if at_us < self._base_us:
            self.clamped = fact
            at_us = self._base_us
        key = (at_us, 0, fact.index)
        back: Key = key
        seen_otherwise = self._sight.note(fact)
        if seen_otherwise is not None:
            back = min(key, (seen_otherwise[0], 0, seen_otherwise[1]))
        redo = [(key, fact)]
        while self._entries and self._entries[-1].key >= back:
            entry = self._entries.pop()
            self.world.journal.rollback(entry.mark)
            if entry.fact is not None:
                redo.append((entry.key, entry.fact))
        for entry_key, entry_fact in sorted(redo, key=lambda item: item[0]):
            self.reach(entry_key[0], is_inclusive=False)
            self._apply(entry_key, entry_fact)

    def reach(self, until_us: int, *, is_inclusive: bool) -> None:
        """Reach every stage that is due before `until_us` (or by it), in order."""
        while len(self._pending):
            due_us, obligation_id = min(
                (due, self._row(oid).anchor, oid) for oid, due in self._pending.items()
            )[::2]
            if due_us > until_us or (due_us == until_us and not is_inclusive):
                return
            last_us = self._entries[-1].key[0] if self._entries else due_us
            key = (max(due_us, last_us), 1, self._entries[-1].key[2] + 1 if self._entries else 0)
            self._entries.append(_Entry(key, self.world.journal.mark(), None))
            self._fire(obligation_id)

    def withdraw_after(self, until_us: int) -> None:
        """Take back stages reached only because the clock was unbounded."""
        while self._entries and self._entries[-1].fact is None and self._entries[-1].key[0] > until_us:
            self.world.journal.rollback(self._entries.pop().mark)

    def next_due_us(self) -> int | None:
        """When the next stage is due; None when no duty runs."""
        return min((due for _, due in self._pending.items()), default=None)

    # --- inside ----------------------------------------------------------------------------

    def _row(self, obligation_id: str) -> Obligation:
        row = self.obligations.get(obligation_id)
        assert row is not None, f"expected an obligation {obligation_id}, found none"
        return row

    def _apply(self, key: Key, fact: Fact) -> None:
        self._entries.append(_Entry(key, self.world.journal.mark(), fact))
        self.world.touched.clear()
        if fact.type == "extension.approved":
            refused = apply_approval(self.world, self.rulebook, fact)
        else:
            refused = apply_fact(self.world, self.area, fact)
            if fact.index in self._sight.seen and refused is None:
                self._see(str(fact.body["node"]))
        if refused is not None:
            self.refusals[fact.index] = (fact, refused)
        touched = frozenset(self.world.touched)
        for rule in self.rulebook.rules:
            reads, conditions = KINDS[rule.kind]
            if touched & reads:
                self._settle(rule, conditions(rule, self.view), key[0], fact)

    def _see(self, node: str) -> None:
        """This loss of a node is known to have been bridged by what the node kept."""
        state = self.world.nodes.get(node)
        if state is not None:
            self.world.nodes.put(node, replace(state, is_blind=False))

    def _settle(self, rule: Rule, found: Iterable[Condition], now_us: int, fact: Fact) -> None:
        """Arm what is new, move what changed, close what is over, leave what is blind."""
        active = self._active[rule.key]
        standing: set[str] = set()
        for condition in found:
            if condition.until_us is not None:
                self._arm_ended(rule, condition, now_us, fact)
                continue
            standing.add(condition.subject)
            obligation_id = active.get(condition.subject)
            if obligation_id is not None:
                self._update(self._row(obligation_id), condition, now_us)
            elif not condition.is_hold:
                self._arm(rule, condition, now_us, fact)
        for subject in [s for s in active if s not in standing]:
            row = self._row(active.get(subject) or "")
            self.obligations.put(row.id, replace(row, closed_us=now_us, close_reason=fact.type))
            self._pending.drop(row.id)
            active.drop(subject)

    def _arm_ended(self, rule: Rule, condition: Condition, now_us: int, fact: Fact) -> None:
        """A duty that is known only now and was over, or overdue, before: told once, closed at its end."""
        until_us = condition.until_us
        assert until_us is not None, "expected a condition that is over"
        row = self._make(rule, condition, now_us, fact)
        if row.id in self.obligations or until_us < self._base_us:
            return
        fired = tuple(s for s in row.stages if s.due_us < until_us and not s.is_prewarning)
        self.obligations.put(row.id, replace(row, fired=fired, closed_us=until_us, close_reason=fact.type))

    def _arm(self, rule: Rule, condition: Condition, now_us: int, fact: Fact) -> None:
        row = self._make(rule, condition, now_us, fact)
        self._active[rule.key].put(condition.subject, row.id)
        self._place(_without_stale_prewarnings(row, now_us))
        # What is wrong at once is told at once, not at the next deadline.
        while (stage := self._row(row.id).next_stage) is not None and (
            stage.due_us < now_us or stage.due_us == row.since_us == now_us
        ):
            self._fire(row.id)

    def _make(self, rule: Rule, condition: Condition, now_us: int, fact: Fact) -> Obligation:
        since_us = condition.since_us if condition.since_us is not None else now_us
        anchor = condition.anchor if condition.anchor is not None else fact.index
        return Obligation(
            id=f"{self.area.id}/{rule.id}/{rule.variant}/{condition.subject}/{anchor}",
            rule_key=rule.key,
            subject=condition.subject,
            stay=condition.stay,
            room=condition.room,
            since_us=since_us,
            anchor=anchor,
            facts=condition.facts or (fact.index,),
            stages=condition.stages or _stages(rule, since_us),
            group=condition.group or f"{rule.id}:{condition.subject}",
            params=condition.params,
            basis=condition.basis,
        )

    def _update(self, row: Obligation, condition: Condition, now_us: int) -> None:
        """A running duty goes on; a clock may have been given another limit."""
        if condition.is_hold:
            return
        changed = replace(row, stay=condition.stay, room=condition.room, params=condition.params)
        if condition.stages and condition.stages != row.stages:
            names = {stage.name for stage in condition.stages}
            changed = replace(
                changed,
                stages=condition.stages,
                facts=condition.facts,
                basis=condition.basis,
                # a warning before a limit that no longer stands is over
                fired=tuple(s for s in row.fired if s.name in names or not s.is_prewarning),
            )
            changed = _without_stale_prewarnings(changed, now_us)
        if changed != row:
            self._place(changed)

    def _place(self, row: Obligation) -> None:
        self.obligations.put(row.id, row)
        stage = row.next_stage
        if stage is None:
            self._pending.drop(row.id)
        else:
            self._pending.put(row.id, stage.due_us)

    def _fire(self, obligation_id: str) -> None:
        row = self._row(obligation_id)
        stage = row.next_stage
        assert stage is not None, f"expected a stage left of {obligation_id}, found none"
        self._place(replace(row, fired=(*row.fired, stage)))

    # --- forgetting ------------------------------------------------------------------------

    def trim(self, now_us: int) -> list[str]:
        """Make what is too old to change final; gives the ids of obligations forgotten."""
        if len(self._entries) < TRIM_STEP:
            return []
        is_full = len(self._entries) > ENTRIES_MAX
        if not is_full and self._entries[TRIM_STEP // 2].key[0] > now_us - LATE_WINDOW_US:
            return []
        keep = self._entries[TRIM_STEP // 2 :]
        self._base_us = keep[0].key[0]
        self._entries = keep
        self.world.journal.forget(keep[0].mark)
        self._sight.forget_before(self._base_us)
        return self._purge()

    def _purge(self) -> list[str]:
        for stay in self.world.stays.values():
            if stay.released_us is not None and stay.released_us < self._base_us:
                self.world.forget_stay(stay)
        gone = [
            row.id
            for row in self.obligations.values()
            if row.closed_us is not None and row.closed_us < self._base_us
        ]
        for obligation_id in gone:
            self.obligations.purge(obligation_id)
        return gone


def _stages(rule: Rule, since_us: int) -> tuple[Stage, ...]:
    return tuple(
        Stage(level.name, since_us + level.after_us, level.severity, level.is_prewarning, level.number_basis)
        for level in rule.levels
    )


def _without_stale_prewarnings(row: Obligation, now_us: int) -> Obligation:
    """When a duty begins late, only the nearest pre-warning that has passed is worth telling."""
    done = {stage.name for stage in row.fired}
    passed = [s for s in row.stages if s.is_prewarning and s.due_us < now_us and s.name not in done]
    due_us = row.due_us
    keep = passed[-1:] if due_us is not None and due_us > now_us else []
    return replace(row, skipped=tuple(s.name for s in passed if s not in keep))
