"""Facts in order of occurrence, and what they oblige: obligations, stages reached, closings.

The timeline is a pure function of the set of facts up to a horizon. A fact that arrives late
is inserted where it belongs: the world is rolled back to that moment and taken forward again.
The engine compares what the timeline says before and after and tells the difference.

After each fact only the rules are judged again that read what changed, and only for the units
that it changed for (`affected.py`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from custody.affected import Affected, RuleIndex, subjects_known
from custody.apply import Refused, apply_fact
from custody.approve import apply_approval, lengthen
from custody.area import Area
from custody.decisions import Decisions
from custody.facts import Fact
from custody.forgetting import forget_items
from custody.kinds import KINDS
from custody.obligation import DueTable, Obligation, stages_of, stay_of, without_stale_prewarnings
from custody.rules import Rule, Rulebook
from custody.sight import Sight
from custody.tables import Change, Table
from custody.times import FAR_PAST_US
from custody.view import Condition, Judgement, Silence, Unit, View
from custody.world import SUBJECTS_MAX, World

# How far back a late fact can still be put in its place; older ones count from that moment.
LATE_WINDOW_US: Final = 72 * 3_600 * 1_000_000
ENTRIES_MAX: Final = 40_000
TRIM_STEP: Final = 2_000
NO_INDEX: Final = 0
BY_FACT: Final = 0
BY_CLOCK: Final = 1

Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Key  # (time, BY_FACT, log index) or (time, BY_CLOCK, NO_INDEX)
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
        self.index = RuleIndex(rulebook)
        self._affected = Affected(self.world, area)
        journal = self.world.journal
        self.changes: list[Change] = []  # of obligations, since the engine last cleared it
        self.obligations: Table[Obligation] = Table("obligations", journal, self.changes)
        self._pending = DueTable(journal)
        self._active: dict[str, Table[str]] = {
            key: Table(f"active {key}", journal) for key in rulebook.versions
        }
        self._law: Table[int] = Table("law", journal)  # "passed" -> changes of the law passed
        self._sight = Sight()
        self._entries: list[_Entry] = []
        self._base_us = FAR_PAST_US  # before this nothing can be changed any more
        self._decided = Decisions(self.world)
        self.refusals: dict[int, tuple[Fact, Refused]] = {}  # of the last insert
        self.clamped: Fact | None = None

    # --- the two doors ---------------------------------------------------------------------

    def insert(self, fact: Fact) -> None:
        """Put a fact where it belongs by its time of occurrence."""
        at_us = fact.occurred_us
        if at_us < self._base_us:
            self.clamped = None if self._decided.concern(fact) else fact
            at_us = self._base_us
        key = (at_us, BY_FACT, fact.index)
        back: Key = key
        seen_otherwise = self._sight.note(fact)
        if seen_otherwise is not None:
            back = min(key, (seen_otherwise[0], BY_FACT, seen_otherwise[1]))
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
        while True:
            first = self._pending.first()
            change_us = self._next_change_us()
            due_us = first[0] if first is not None else None
            is_change = change_us is not None and (due_us is None or change_us <= due_us)
            next_us = change_us if is_change else due_us
            if (
                next_us is None
                or next_us > until_us
                or (next_us == until_us and not is_inclusive and not is_change)
            ):
                return
            last_us = self._entries[-1].key[0] if self._entries else next_us
            key = (max(next_us, last_us), BY_CLOCK, NO_INDEX)
            self._entries.append(_Entry(key, self.world.journal.mark(), None))
            if is_change:
                self._change_law(next_us)
            else:
                assert first is not None, "what is due next is a change of the law or a stage"
                self._fire(first[1])

    def withdraw_after(self, until_us: int) -> None:
        """Take back stages reached only because the clock was unbounded."""
        while self._entries and self._entries[-1].fact is None and self._entries[-1].key[0] > until_us:
            self.world.journal.rollback(self._entries.pop().mark)

    def next_due_us(self) -> int | None:
        """When the next stage is due, or the law changes while a duty runs; None when no duty runs."""
        first = self._pending.first()
        change_us = self._next_change_us()
        known = [at for at in (first[0] if first else None, change_us) if at is not None]
        return min(known, default=None)

    # --- the law over midnight -------------------------------------------------------------

    def _next_change_us(self) -> int | None:
        """The next change of the law that a running unit may be under; none before the first fact."""
        passed = self._law.get("passed") or 0
        changes = self.rulebook.changes_us
        if passed >= len(changes) or not self._entries:
            return None
        return changes[passed]

    def _change_law(self, at_us: int) -> None:
        """Judge again, for every unit, the rules that another book words otherwise."""
        self._law.put("passed", (self._law.get("passed") or 0) + 1)
        self.view.now_us, self.view.fact = at_us, None
        for subject in subjects_known(self.world, self.area):
            unit = self.view.unit(subject)
            for key in self.index.dated(unit.kind):
                self._judge(key, unit, at_us, "law.changed", None)

    # --- one fact --------------------------------------------------------------------------

    def _row(self, obligation_id: str) -> Obligation:
        row = self.obligations.get(obligation_id)
        assert row is not None, f"expected an obligation {obligation_id}, found none"
        return row

    def _apply(self, key: Key, fact: Fact) -> None:
        world, view = self.world, self.view
        self._entries.append(_Entry(key, world.journal.mark(), fact))
        world.changes.clear()
        view.fact, view.now_us = fact, key[0]
        refused = self._decided.judge(
            fact, key[0], self._entries[-1].mark, self._put, lambda: self._judge_form(fact, key[0])
        )
        if refused is not None:
            self.refusals[fact.index] = (fact, refused)
            self._attempted(refused, fact, key[0])
            return
        for subject, aspects in self._affected.by(fact).items():
            unit = view.unit(subject)
            keys = self.index.keys(unit.kind, aspects)
            if "released" in aspects:
                keys = self.index.in_order({*keys, *self._running_of(subject)})
            for rule_key in keys:
                self._judge(rule_key, unit, key[0], fact.type, fact.index)

    def _put(self, fact: Fact) -> Refused | None:
        """Change the world by the fact."""
        if fact.type == "extension.approved":
            return apply_approval(self.world, self.view, fact)
        if fact.type in self.index.lengthening:
            put = partial(apply_fact, self.world, self.area, self.rulebook, fact)
            return lengthen(self.world, self.view, fact, put)
        if fact.index not in self._sight.seen:
            return apply_fact(self.world, self.area, self.rulebook, fact)
        node = str(fact.body["node"])  # lost, but it kept all it saw: what is seen stays as it was
        was_unseen = self.view.is_unheard(node)
        refused = apply_fact(self.world, self.area, self.rulebook, fact)
        state = self.world.nodes.get(node)
        if state is not None:
            self.world.nodes.put(node, replace(state, is_blind=was_unseen))
        return refused

    def _judge_form(self, fact: Fact, now_us: int) -> Refused | None:
        """Change the world by the fact, unless the world or a rule stands against it."""
        refused = self._put(fact)
        if refused is None and fact.type in self.index.refusing:
            refused = self._objection(fact, now_us)
        return refused

    def _running_of(self, subject: str) -> list[str]:
        return [key for key, table in self._active.items() if subject in table]

    def _judge(self, key: str, unit: Unit, now_us: int, reason: str, anchor: int | None) -> None:
        rule = self.view.in_force(key, unit)
        if rule is None:
            self._end(key, unit.subject, now_us, reason)
            return
        judgement = KINDS[rule.kind].judge(rule, self.view, unit)
        if isinstance(judgement, Silence):
            self._end(key, unit.subject, now_us, reason)
            return
        if anchor is None:  # no fact in hand, the law changed: the last fact that the condition names
            anchor = max(judgement.facts)
        self._settle(rule, unit, judgement, now_us, reason, anchor)

    # --- refusing --------------------------------------------------------------------------

    def _objection(self, fact: Fact, now_us: int) -> Refused | None:
        """A rule that would be broken by this form: it changes nothing, and the attempt is told."""
        objections: list[tuple[Rule, Unit, Condition]] = []
        for key in self.index.refusing[fact.type]:
            unit = self._unit_of(key, fact)
            if unit is None:
                continue
            rule = self.view.in_force(key, unit)
            if rule is None:
                continue
            judgement = KINDS[rule.kind].judge(rule, self.view, self._placed(rule, unit, fact))
            if isinstance(judgement, Condition):  # by the last that was seen, where it cannot be seen now
                objections.append((rule, unit, judgement))
        if not objections:
            return None
        self.world.journal.rollback(self._entries[-1].mark)
        for rule, unit, judgement in objections:
            attempt = replace(
                judgement, is_instant=True, anchor=fact.index, since_us=None, facts=(fact.index,)
            )
            self._settle(rule, unit, attempt, now_us, fact.type, fact.index)
        rule, unit, _ = objections[0]
        return Refused(rule.id, unit.subject, "forbidden", rule.title.en, rule.text["en"]["what"])

    def _unit_of(self, key: str, fact: Fact) -> Unit | None:
        kind = self.rulebook.versions[key][0].unit
        ref = fact.body.get(kind)
        return self.view.unit(f"{kind}:{ref}") if isinstance(ref, str) else None

    def _placed(self, rule: Rule, unit: Unit, fact: Fact) -> Unit:
        """The unit as if the person were in the room that the form names: decided before a door opens."""
        room = fact.body.get("room")
        if (
            unit.stay is None
            or not isinstance(room, str)
            or ("act" in rule.params and rule.params["act"] != "in_room")
        ):
            return unit
        return replace(unit, stay=replace(unit.stay, room=room))

    def _attempted(self, refused: Refused, fact: Fact, now_us: int) -> None:
        """Rules that tell of a refusal itself."""
        kind = refused.subject.partition(":")[0]
        for key in self.index.on_refusal:
            unit = self.view.unit(refused.subject)
            rule = self.view.in_force(key, unit)
            if rule is None or rule.unit != kind:
                continue
            if fact.type in rule.params["facts"] and refused.reason in rule.params["reasons"]:
                self._judge(key, unit, now_us, fact.type, fact.index)

    # --- obligations -----------------------------------------------------------------------

    def _settle(
        self, rule: Rule, unit: Unit, found: Condition, now_us: int, reason: str, anchor: int
    ) -> None:
        """Arm what is new, move what changed, leave what is blind."""
        active = self._active[rule.key]
        subject = unit.subject
        obligation_id = active.get(subject)
        if found.is_instant or found.until_us is not None:
            if obligation_id is not None and not found.is_instant:
                self._end_late(self._row(obligation_id), rule, unit, found, now_us)
                self._end(rule.key, subject, now_us, reason)
            else:
                self._arm_ended(rule, unit, found, now_us, reason, anchor)
            return
        if obligation_id is not None:
            row = self._row(obligation_id)
            if found.is_hold or not _is_anew(found, row):
                self._update(row, rule, unit, found, now_us)
                return
            self._end(rule.key, subject, now_us, reason)
        if not found.is_hold:
            self._arm(rule, unit, found, now_us, anchor)

    def _end(self, key: str, subject: str, now_us: int, reason: str) -> None:
        active = self._active[key]
        obligation_id = active.get(subject)
        if obligation_id is None:
            return
        row = self._row(obligation_id)
        self.obligations.put(row.id, replace(row, closed_us=now_us, close_reason=reason))
        self._pending.drop(row.id)
        active.drop(subject)

    def _end_late(self, row: Obligation, rule: Rule, unit: Unit, found: Condition, now_us: int) -> None:
        """A running duty turns out to have begun earlier and to be over: what fell due before is told."""
        self._update(row, rule, unit, found, now_us)
        until_us = found.until_us
        assert until_us is not None, "what is over has its end"
        while (stage := self._row(row.id).next_stage) is not None and stage.due_us < until_us:
            self._fire(row.id)

    def _arm_ended(
        self, rule: Rule, unit: Unit, found: Condition, now_us: int, reason: str, anchor: int
    ) -> None:
        """A duty that is known only when it is over: told once, closed at its end."""
        row = self._make(rule, unit, found, now_us, anchor)
        until_us = now_us if found.until_us is None else found.until_us
        if row.id in self.obligations or until_us < self._base_us:
            return
        fired = tuple(
            s
            for s in row.stages
            if not s.is_prewarning and (s.due_us < until_us or (found.is_instant and s.due_us == until_us))
        )
        self.obligations.put(row.id, replace(row, fired=fired, closed_us=until_us, close_reason=reason))

    def _arm(self, rule: Rule, unit: Unit, found: Condition, now_us: int, anchor: int) -> None:
        row = self._make(rule, unit, found, now_us, anchor)
        self._active[rule.key].put(unit.subject, row.id)
        self._place(without_stale_prewarnings(row, now_us))
        # What is wrong at once is told at once, not at the next deadline.
        while (stage := self._row(row.id).next_stage) is not None and (
            stage.due_us < now_us or stage.due_us == row.since_us == now_us
        ):
            self._fire(row.id)

    def _make(self, rule: Rule, unit: Unit, found: Condition, now_us: int, anchor: int) -> Obligation:
        since_us = found.since(now_us)
        anchor = found.anchor if found.anchor is not None else anchor
        return Obligation(
            id=f"{self.area.id}/{rule.id}/{rule.variant}/{unit.subject}/{anchor}",
            rule=rule,
            subject=unit.subject,
            stay=stay_of(unit, self.world),
            room=found.room,
            since_us=since_us,
            anchor=anchor,
            facts=found.facts,
            stages=found.stages if found.stages is not None else stages_of(rule, since_us),
            group=found.group or f"{rule.id}:{unit.subject}",
            params=found.params,
            basis=found.basis,
        )

    def _update(self, row: Obligation, rule: Rule, unit: Unit, found: Condition, now_us: int) -> None:
        """A running duty goes on; a clock may have been given another limit, or another start."""
        if found.is_hold:
            return
        since_us = found.since(row.since_us)
        stages = found.stages
        if stages is None:
            stages = stages_of(rule, since_us)
        stay = stay_of(unit, self.world)
        changed = replace(row, rule=rule, stay=stay, room=found.room, params=found.params, since_us=since_us)
        if stages != row.stages:
            names = {stage.name for stage in stages}
            changed = replace(
                changed,
                stages=stages,
                facts=found.facts,
                basis=found.basis,
                # a warning before a limit that no longer stands is over
                fired=tuple(s for s in row.fired if s.name in names or not s.is_prewarning),
            )
            changed = without_stale_prewarnings(changed, now_us)
        self._place(changed)

    def _place(self, row: Obligation) -> None:
        self.obligations.put(row.id, row)
        stage = row.next_stage
        if stage is None:
            self._pending.drop(row.id)
        else:
            self._pending.put(row.id, (stage.due_us, row.anchor))

    def _fire(self, obligation_id: str) -> None:
        row = self._row(obligation_id)
        stage = row.next_stage
        assert stage is not None, f"expected a stage left of {obligation_id}, found none"
        self._place(replace(row, fired=(*row.fired, stage)))

    # --- why not ---------------------------------------------------------------------------

    def why(self, key: str, subject: str, now_us: int) -> Judgement:
        """What a rule says of a unit as things stand: the condition, or what failed."""
        self.view.fact, self.view.now_us = None, now_us
        unit = self.view.unit(subject)
        rule = self.view.in_force(key, unit)
        if rule is None:
            return Silence("not_in_force", key, "not in force")
        return KINDS[rule.kind].judge(rule, self.view, unit)

    # --- forgetting ------------------------------------------------------------------------

    def trim(self, now_us: int) -> list[Obligation]:
        """Make what is too old to change final; gives the obligations forgotten."""
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
        self._decided.keep({entry.fact.index for entry in keep if entry.fact is not None})
        return self._purge()

    def _purge(self) -> list[Obligation]:
        running = {row.subject for row in self.obligations.values() if row.closed_us is None}
        for stay in self.world.stays.values():
            is_old = stay.released_us is not None and stay.released_us < self._base_us
            if is_old and f"stay:{stay.ref}" not in running:
                self.world.forget_stay(stay, keeps_steps=self._lasts(self.view.unit(f"stay:{stay.ref}")))
        self.world.forget_subjects(running, SUBJECTS_MAX)
        self.world.forget_bands(self._base_us)
        forget_items(self.world, self._base_us, running)
        gone = [
            row
            for row in self.obligations.values()
            if row.closed_us is not None and row.closed_us < self._base_us
        ]
        for row in gone:
            self.obligations.purge(row.id)
        return gone

    def _lasts(self, unit: Unit) -> bool:
        """Something of an ended stay goes on that rules will ask for: a legal hold."""
        return any(self.view.open_between(unit, between) is not None for between in self.index.lasting)


def _is_anew(found: Condition, row: Obligation) -> bool:
    """The same duty has begun again, later, by another fact."""
    return found.anchor not in (None, row.anchor) and found.since(row.since_us) > row.since_us
