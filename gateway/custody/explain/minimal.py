"""The smallest set of facts that still raises an alarm.

An alarm is a function of the facts in order of occurrence, so a part of them can be played alone:
each keeps its log index, and with it the alarm keeps its id. From the facts that the alarm's own
provenance reaches, those that it does not need are taken away, first in chunks, then one by one,
until every one left is needed (delta debugging, Zeller and Hildebrandt 2002), then in pairs while
the set is small. The rules that say nothing of the alarm are left out of the play.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from custody.area import Area
from custody.facts import Fact, check_body
from custody.obligation import Obligation
from custody.rules import Rulebook
from custody.sight import GAP_TOLD_WITHIN_US
from custody.timeline import Timeline
from custody.view import Stage

PAIRS_MAX: Final = 24  # facts up to which each two are tried together
READS_BEFORE: Final = 2  # reads of a tag before a named one that are tried with it
WINDOWS_US: Final = (1_800_000_000, 21_600_000_000)  # half an hour, six hours before it began
_TAGGED: Final = ("tag", "band", "badge", "officer")
_NAMING: Final = ("officer", "approver", "handler", "keeper")

Order = tuple[int, int]


def taken(facts: Iterable[Fact]) -> list[Fact]:
    """The facts that the rules judge, in order of occurrence.

    Left out: deadlines, what officers did about alarms, duplicates, and what is refused for its form.
    """
    kept, ids = [], set()
    for fact in facts:
        if fact.type == "deadline.reached" or fact.type.startswith("alarm."):
            continue
        if fact.id and fact.id in ids:
            continue
        ids.add(fact.id)
        latest_us = fact.recorded_latest_us
        if check_body(fact.type, fact.body) or (latest_us is not None and fact.occurred_us > latest_us):
            continue
        kept.append(fact)
    return sorted(kept, key=place_of)


def place_of(fact: Fact) -> Order:
    """Where a fact stands in order of occurrence."""
    return fact.occurred_us, fact.index


def rules_about(rulebook: Rulebook, key: str, facts: Iterable[Fact]) -> Rulebook:
    """The rulebook with the rule of this key alone, and those that decide whether a fact counts at all."""
    clocks = {fact.body.get("rule") for fact in facts if fact.type == "extension.approved"}
    kept = tuple(
        rule
        for rule in rulebook.rules
        if rule.key == key or rule.refuses or (rule.kind == "clock" and rule.id in clocks)
    )
    return replace(rulebook, rules=kept)


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage of an alarm as it was reached, and the duty as it stood then."""

    stage: Stage
    row: Obligation


@dataclass(frozen=True, slots=True)
class Course:
    """What became of one alarm: each stage that was ever reached, the duty at the end, what closed it.

    `closed_by`: the fact in hand when it closed; None for a stage, a change of the law, or while open.
    """

    reached: dict[str, Reached]
    row: Obligation | None
    closed_by: Fact | None


def course_of(area: Area, rulebook: Rulebook, facts: Sequence[Fact], alarm: str, until_us: int) -> Course:
    """Play facts (in order of occurrence) up to `until_us` and say what became of an alarm."""
    timeline = Timeline(area, rulebook)
    closed_by: Fact | None = None
    for fact in facts:
        timeline.insert(fact)
        row = timeline.obligations.get(alarm)
        if row is None or row.closed_us is None:
            closed_by = None
        elif closed_by is None and row.closed_us == fact.occurred_us and row.close_reason == fact.type:
            closed_by = fact
        elif fact.occurred_us > row.closed_us + GAP_TOLD_WITHIN_US and not _is_blind(timeline):
            break  # it is over, and no spell of a silent node can turn out to have been seen
    last_us = facts[-1].occurred_us if facts else until_us
    timeline.reach(max(until_us, last_us), is_inclusive=True)
    reached: dict[str, Reached] = {}
    for stage, row in _stages_reached(timeline, alarm):
        known = reached.get(stage.name)
        if known is None or known.stage.due_us != stage.due_us:
            reached[stage.name] = Reached(stage, row)
    return Course(reached, timeline.obligations.get(alarm), closed_by)


def _is_blind(timeline: Timeline) -> bool:
    return any(node.state == "lost" for node in timeline.world.nodes.values())


def _stages_reached(timeline: Timeline, alarm: str) -> Iterator[tuple[Stage, Obligation]]:
    """Every stage that an alarm ever reached, with the duty as it then stood, in order."""
    for change in timeline.changes:
        if change.key == alarm and isinstance(change.new, Obligation):
            for stage in change.new.fired:
                yield stage, change.new


class Reduction:
    """Finds the smallest set for one stage of one alarm."""

    def __init__(self, area: Area, rulebook: Rulebook, alarm: str, stage: str, due_us: int) -> None:
        """`rulebook`: what `rules_about` gives; `due_us`: when the stage was reached."""
        self._area = area
        self._rulebook = rulebook
        self._alarm = alarm
        self._stage = stage
        self._due_us = due_us
        self.plays = 0

    def raises(self, facts: Sequence[Fact]) -> bool:
        """Whether these facts alone, in order of occurrence, reach the stage at the same moment."""
        self.plays += 1
        timeline = Timeline(self._area, self._rulebook)
        for fact in facts:
            timeline.insert(fact)
        last_us = facts[-1].occurred_us if facts else self._due_us
        timeline.reach(max(self._due_us, last_us), is_inclusive=True)
        wanted = (self._stage, self._due_us)
        return any(wanted == (s.name, s.due_us) for s, _ in _stages_reached(timeline, self._alarm))

    def smallest(self, facts: Sequence[Fact], row: Obligation) -> list[Fact] | None:
        """The smallest set among facts (in order of occurrence); None when even all do not raise it."""
        named = {row.anchor, *row.facts}
        start = next((ring for ring in _rings(facts, row, self._due_us) if self.raises(ring)), None)
        if start is None:
            return None
        # What the alarm names itself is tried last, so that it stays where something else would do as well.
        items = sorted(start, key=lambda fact: (fact.index in named, fact.occurred_us, fact.index))
        items = self._without_chunks(items)
        if len(items) <= PAIRS_MAX:
            items = self._without_pairs(items)
        return sorted(items, key=place_of)

    def _still(self, items: Iterable[Fact]) -> bool:
        return self.raises(sorted(items, key=place_of))

    def _without_chunks(self, items: list[Fact]) -> list[Fact]:
        """Take away chunks, half as long each time; at the end single facts until none can go."""
        size = max(1, len(items) // 2)
        while True:
            place, is_smaller = 0, False
            while place < len(items):
                trial = items[:place] + items[place + size :]
                if self._still(trial):
                    items, is_smaller = trial, True
                else:
                    place += size
            if size == 1 and not is_smaller:
                return items
            size = max(1, size // 2)

    def _without_pairs(self, items: list[Fact]) -> list[Fact]:
        """Two facts that only work against each other go together."""
        for one, other in combinations(items, 2):
            trial = [fact for fact in items if fact is not one and fact is not other]
            if self._still(trial):
                return self._without_pairs(self._without_chunks(trial))
        return items


def _rings(facts: Sequence[Fact], row: Obligation, due_us: int) -> Iterable[list[Fact]]:
    """Ever wider selections, by where the alarm comes from; the last is all there is.

    What the alarm names with the moves just before; then all that names its subject, its stay and the tags
    and officers met there; then everything shortly before it began; then everything.
    """
    core, near = _near(facts, row)
    yield [fact for fact in core if fact.occurred_us <= due_us]
    yield [fact for fact in near if fact.occurred_us <= due_us]
    known = {fact.index for fact in core}
    for span_us in WINDOWS_US:
        begin_us = row.since_us - span_us
        yield [f for f in facts if f.index in known or begin_us <= f.occurred_us <= due_us]
    yield [fact for fact in facts if fact.occurred_us <= due_us]
    yield list(facts)


def _near(facts: Sequence[Fact], row: Obligation) -> tuple[list[Fact], list[Fact]]:
    """The core, without the reads of tags that the alarm does not name, and all that is near."""
    kind, _, ref = row.subject.partition(":")
    named = {row.anchor, *row.facts}
    first = [fact for fact in facts if fact.index in named]
    stays = {row.stay, ref if kind == "stay" else None, *(fact.stay for fact in first)} - {None}
    tags = {_text(f, "band") for f in facts if f.type == "wristband.bound" and f.stay in stays}
    tags = (tags | {_text(f, "tag") for f in first}) - {None}
    bearers = {f.stay for f in facts if f.type == "wristband.bound" and _text(f, "band") in tags}
    near = [
        fact
        for fact in facts
        if fact.index in named
        or (fact.stay is not None and fact.stay in stays | bearers)
        or _text(fact, kind) == ref
        or any(_text(fact, key) in tags for key in _TAGGED)
    ]
    officers = _officers_of(near)
    known = {fact.index for fact in near}
    near = [
        fact
        for fact in facts
        if fact.index in known or (fact.type.startswith("officer.") and _text(fact, "officer") in officers)
    ]
    just_before = {fact.index for tag in tags for fact in _before(near, tag, named)}
    core = [f for f in near if not f.type.startswith("tag.") or f.index in named or f.index in just_before]
    return core, near


def _before(facts: Sequence[Fact], tag: str | None, named: set[int]) -> list[Fact]:
    """The reads of a tag just before each one that the alarm names."""
    reads = [fact for fact in facts if _text(fact, "tag") == tag]
    places = [place for place, fact in enumerate(reads) if fact.index in named]
    return [fact for place in places for fact in reads[max(0, place - READS_BEFORE) : place]]


def _text(fact: Fact, key: str) -> str | None:
    value = fact.body.get(key)
    return value if isinstance(value, str) else None


def _officers_of(facts: Iterable[Fact]) -> set[str]:
    found = {value for fact in facts for key in _NAMING if (value := _text(fact, key)) is not None}
    for fact in facts:
        listed = fact.body.get("officers")
        found |= set(listed) if isinstance(listed, list) else set()
    return found
