"""The same facts under two rulebooks: which stays and minutes turn unlawful, or lawful, by which rule.

The facts are replayed twice, each time under one rulebook alone, whatever the day. Unlawful is a stretch
from the first limit that an obligation reached to its end, or to the end of what is known. A pre-warning is no
limit, nor is the alarm on the last day of a calendar limit: what is done on that day is in time. An act that is over as it
is told is unlawful and lasts 0 minutes. What only a local value forbids is no breach of the law and is kept apart.

A rule is compared variant by variant. Where one book has a variant that the other lacks, the variants of the same kind
are compared together, under the id of the rule: a duty that merely moved to another article (a guardian for a minor, the
number of officers) would else be told as one wrong that ended and one that began.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from custody.area import Area
from custody.catalogue import OPENING
from custody.effects import Effect, Refusal
from custody.engine import FAR_FUTURE_US, Engine
from custody.name import Name
from custody.obligation import Obligation
from custody.player import Player, replay_log
from custody.rules import Article, Rule, Rulebook
from custody.scenario import Scenario
from custody.times import SECOND_US

# otherwise: unlawful under both, but not for the same stretches, or not by the same rules
Change = Literal["turns_unlawful", "turns_lawful", "otherwise", "same"]
CHANGES: Final[tuple[Change, ...]] = ("turns_unlawful", "turns_lawful", "otherwise", "same")
Span = tuple[int, int]  # from, to: microseconds UTC; both the same for an act
History = Scenario | Iterable[Mapping[str, Any]]

_MINUTE_US: Final = 60 * SECOND_US
_RULE_ID: Final = re.compile(r"(\D*)(\d*).*", re.DOTALL)  # family and number of a rule's label
_LAST_DAY: Final = "due@"  # the stage at which the last day of a calendar limit begins (kinds/clock.py)


@dataclass(frozen=True, slots=True)
class Side:
    """What stood against one subject (by one rule, or by any) under one rulebook.

    `spans`: in order, apart from each other. `alarms`: how many obligations reached a limit.
    `keys`: the rules (`id/variant`) that they are of.
    """

    spans: tuple[Span, ...] = ()
    alarms: int = 0
    keys: tuple[str, ...] = ()

    @property
    def us(self) -> int:
        """Microseconds in all."""
        return sum(to_us - from_us for from_us, to_us in self.spans)


@dataclass(frozen=True, slots=True)
class SubjectChange:
    """One stay (or case, room …) by one rule."""

    subject: str  # "stay:…"; what belongs to no stay goes under its own subject
    before: Side
    after: Side

    @property
    def change(self) -> Change:
        """What the second rulebook makes of it."""
        return _change(self.before.spans, self.after.spans)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule: everything that it says of anybody under either rulebook."""

    label: str  # id/variant, or the id alone for variants that are compared together
    basis: str  # law | local
    title: Name
    before: tuple[Article, ...]  # where it stands in each book; empty: it does not stand there
    after: tuple[Article, ...]
    subjects: tuple[SubjectChange, ...]

    def of(self, change: Change) -> tuple[SubjectChange, ...]:
        """The subjects for which it is so."""
        return tuple(subject for subject in self.subjects if subject.change == change)

    @property
    def before_us(self) -> int:
        """Microseconds under the first rulebook, of all subjects."""
        return sum(subject.before.us for subject in self.subjects)

    @property
    def after_us(self) -> int:
        """Microseconds under the second."""
        return sum(subject.after.us for subject in self.subjects)

    @property
    def is_changed(self) -> bool:
        """It says another thing of somebody."""
        return any(subject.change != "same" for subject in self.subjects)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stay (or case, room …) by all rules of law together; time counts once, however many rules stand."""

    subject: str
    change: Change
    before: Side
    after: Side
    rules: tuple[tuple[str, Change], ...]  # label and change, of the rules that speak of it


@dataclass(frozen=True, slots=True)
class RefusalChange:
    """A form that one rulebook accepts and the other refuses."""

    refused_after: bool  # True: the second refuses it; False: the first does
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Totals:
    """Of stays, or of the other subjects that some rule speaks of. The counts add up to `count`."""

    count: int
    lawful: int
    turn_unlawful: int
    turn_lawful: int
    otherwise: int
    same: int
    before_us: int
    after_us: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The comparison. Rules in the order of the books, subjects by name, refusals by time."""

    area: str
    before: str  # ids of the rulebooks
    after: str
    before_title: Name
    after_title: Name
    from_us: int
    until_us: int  # what had not ended is counted up to here
    rules: tuple[RuleChange, ...]  # of law
    local: tuple[RuleChange, ...]  # of this product or site
    verdicts: tuple[Verdict, ...]
    refusals: tuple[RefusalChange, ...]
    stays: Totals
    others: Totals


def what_if(
    area: Area, before: Rulebook, after: Rulebook, history: History, until_us: int | None = None
) -> WhatIf:
    """Compare two rulebooks over a scenario, or over the leaves of a log.

    Leaves are gone through twice: a list, or an object that begins anew each time. `until_us`: go on to this
    instant, inclusive; None: to the last fact. Raises ScenarioError as the player does.
    """
    assert not isinstance(history, Iterator), "expected leaves that can be read twice, found an iterator"
    first, second = (_replay(area, book, history, until_us) for book in (before, after))
    labels = _labels(before, after)
    law = _rules(before, after, labels, first, second, "law")
    local = tuple(_without_law(rule, law) for rule in _rules(before, after, labels, first, second, "local"))
    verdicts = _verdicts(law)
    of_stays = [verdict for verdict in verdicts if verdict.subject in first.stays]
    rest = [verdict for verdict in verdicts if verdict.subject not in first.stays]
    return WhatIf(
        area=area.id,
        before=before.id,
        after=after.id,
        before_title=before.title,
        after_title=after.title,
        from_us=first.from_us,
        until_us=first.until_us,
        rules=law,
        local=tuple(rule for rule in local if rule.subjects),
        verdicts=verdicts,
        refusals=_refusals(first.refusals, second.refusals),
        stays=_totals(of_stays, len(first.stays)),
        others=_totals(rest, len(rest)),
    )


def minutes(us: int) -> int:
    """Whole minutes, rounded down: nobody is told of more than there was."""
    return us // _MINUTE_US


# --- one replay ----------------------------------------------------------------------------------

_Found = dict[tuple[str, str, str], list[Span]]  # rule key, basis, subject -> spans as they came
_Refused = dict[tuple[str, str, int], Refusal]  # fact type, fact id, time


@dataclass(frozen=True, slots=True)
class _Replay:
    found: _Found
    refusals: _Refused
    stays: frozenset[str]
    from_us: int
    until_us: int


def _replay(area: Area, book: Rulebook, history: History, until_us: int | None) -> _Replay:
    rows: list[Obligation] = []  # those that reached a limit; ended and too old to change
    refusals: _Refused = {}
    seen = _Seen(until_us)
    engine, effects = _played(area, book, history, until_us, seen)
    engine.on_final = lambda row: rows.append(row) if _breach_us(row) is not None else None
    for effect in effects:
        if isinstance(effect, Refusal):
            refusals[effect.fact_type, effect.fact_id, effect.time_us] = effect
    end_us = until_us if until_us is not None else seen.last_us
    found: _Found = defaultdict(list)
    for row in (*rows, *engine.obligations()):
        from_us = _breach_us(row)
        if from_us is None or from_us > end_us:
            continue
        to_us = end_us if row.closed_us is None else min(row.closed_us, end_us)
        subject = f"stay:{row.stay}" if row.stay is not None else row.subject
        found[row.rule.key, row.basis or row.rule.basis, subject].append((from_us, max(from_us, to_us)))
    return _Replay(found, refusals, frozenset(seen.stays), seen.first_us, end_us)


def _breach_us(row: Obligation) -> int | None:
    """When the first limit was reached; None: none was, a warning or the last day of a limit at most."""
    reached = (s for s in row.fired if not s.is_prewarning and not s.name.startswith(_LAST_DAY))
    return min((stage.due_us for stage in reached), default=None)


class _Seen:
    """What the facts themselves tell: the stays they open, and the time they span."""

    def __init__(self, until_us: int | None) -> None:
        """`until_us`: what is told later is not noted; None: all is."""
        self.stays: set[str] = set()
        self.first_us = FAR_FUTURE_US
        self.last_us = -FAR_FUTURE_US
        self._until_us = FAR_FUTURE_US if until_us is None else until_us

    def note(self, name: str, body: object, at_us: int, told_us: int) -> None:
        """A fact that happened at `at_us` and was told at `told_us`."""
        if told_us > self._until_us:
            return
        stay = body.get("stay") if isinstance(body, Mapping) else None
        if isinstance(stay, str) and name in OPENING:
            self.stays.add(f"stay:{stay}")
        self.first_us, self.last_us = min(self.first_us, at_us), max(self.last_us, told_us)


def _played(
    area: Area, book: Rulebook, history: History, until_us: int | None, seen: _Seen
) -> tuple[Engine, Iterator[Effect]]:
    if isinstance(history, Scenario):
        for line in history.lines:
            arrives_us = line.arrives_us if line.arrives_us is not None else line.at_us
            seen.note(line.fact, line.body, line.at_us, arrives_us)
        player = Player(area, book, is_healthy=history.header.get("initial", "healthy") == "healthy")
        return player.engine, player.play(history, until_us)
    engine = Engine(area, book)
    return engine, replay_log(engine, _noted(history, seen), until_us)


def _noted(leaves: Iterable[Mapping[str, Any]], seen: _Seen) -> Iterator[Mapping[str, Any]]:
    """The leaves as they are; a broken one is for the player to refuse."""
    for leaf in leaves:
        recorded = leaf.get("recorded")
        if leaf.get("class") == "fact" and isinstance(recorded, Mapping):
            at_us = recorded.get("earliest_us")
            if isinstance(at_us, int):
                seen.note(str(leaf.get("type")).partition("/")[0], leaf.get("body"), at_us, at_us)
        yield leaf


# --- comparing -----------------------------------------------------------------------------------


def _labels(before: Rulebook, after: Rulebook) -> dict[str, str]:
    """Rule key -> what it is compared as: itself, or its id together with other variants."""
    known = {rule.key: rule for book in (before, after) for rule in book.rules}
    of_law = {rule.key for book in (before, after) for rule in book.rules if rule.basis == "law"}
    alone = before.versions.keys() ^ after.versions.keys()
    alike: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
    for key, rule in known.items():
        alike[rule.id, rule.kind, key in of_law].append(key)
    labels: dict[str, str] = {}
    for (rule_id, _, _), keys in alike.items():
        is_whole = len(keys) > 1 and not alone.isdisjoint(keys)
        name = rule_id if rule_id not in labels.values() else "+".join(sorted(keys))
        labels.update({key: name if is_whole else key for key in keys})
    return labels


def _rules(
    before: Rulebook, after: Rulebook, labels: Mapping[str, str], first: _Replay, second: _Replay, basis: str
) -> tuple[RuleChange, ...]:
    sides = [_sides(replay.found, labels, basis) for replay in (first, second)]
    groups: dict[str, list[list[Rule]]] = {}
    for side, book in enumerate((before, after)):
        for rule in book.rules:
            groups.setdefault(labels[rule.key], [[], []])[side].append(rule)
    found = []
    for label in _in_order(groups):
        subjects = sorted({subject for side in sides for subject in side.get(label, {})})
        if not subjects:
            continue
        changes = tuple(
            SubjectChange(subject, *(side.get(label, {}).get(subject, Side()) for side in sides))
            for subject in subjects
        )
        keys = {key for change in changes for key in (*change.before.keys, *change.after.keys)}
        here = [_speaking(rules, keys, basis) for rules in groups[label]]
        title = (here[1] if any(change.after.keys for change in changes) else here[0])[0].title
        found.append(RuleChange(label, basis, title, _articles(here[0]), _articles(here[1]), changes))
    return tuple(found)


def _in_order(labels: Iterable[str]) -> list[str]:
    """Families of rules in the order of the books, within them as a reader counts: T5 before T12."""
    families: dict[str, list[tuple[int, str]]] = {}
    for label in labels:
        family, number = _RULE_ID.fullmatch(label).groups()  # type: ignore[union-attr]
        families.setdefault(family, []).append((int(number or 0), label))
    return [label for rows in families.values() for _, label in sorted(rows)]


def _sides(found: _Found, labels: Mapping[str, str], basis: str) -> dict[str, dict[str, Side]]:
    """Label -> subject -> what stood."""
    gathered: dict[tuple[str, str], list[tuple[str, Span]]] = defaultdict(list)
    for (key, on, subject), spans in found.items():
        if on == basis:
            gathered[labels[key], subject] += [(key, span) for span in spans]
    sides: dict[str, dict[str, Side]] = defaultdict(dict)
    for (label, subject), rows in gathered.items():
        keys = tuple(sorted({key for key, _ in rows}))
        sides[label][subject] = Side(_merged(span for _, span in rows), len(rows), keys)
    return sides


def _speaking(rules: list[Rule], keys: set[str], basis: str) -> list[Rule]:
    """The rules of a group that told something; when none did, those that might have."""
    right = [rule for rule in rules if rule.basis == basis]
    return [rule for rule in right if rule.key in keys] or right


def _articles(rules: list[Rule]) -> tuple[Article, ...]:
    return tuple(dict.fromkeys(rule.article for rule in rules))


def _without_law(rule: RuleChange, law: tuple[RuleChange, ...]) -> RuleChange:
    """A local rule without the subjects for which the other book makes it the law: they stand there."""
    there = {subject.subject for other in law if other.label == rule.label for subject in other.subjects}
    left = tuple(subject for subject in rule.subjects if subject.subject not in there)
    return RuleChange(rule.label, rule.basis, rule.title, rule.before, rule.after, left)


def _verdicts(rules: tuple[RuleChange, ...]) -> tuple[Verdict, ...]:
    by_subject: dict[str, list[tuple[RuleChange, SubjectChange]]] = defaultdict(list)
    for rule in rules:
        for subject in rule.subjects:
            by_subject[subject.subject].append((rule, subject))
    found = []
    for name in sorted(by_subject):
        rows = by_subject[name]
        before = _together([row.before for _, row in rows])
        after = _together([row.after for _, row in rows])
        change = _change(before.spans, after.spans)
        if change == "same" and any(row.change != "same" for _, row in rows):
            change = "otherwise"  # as long in all, but not by the same rules
        found.append(
            Verdict(name, change, before, after, tuple((rule.label, row.change) for rule, row in rows))
        )
    return tuple(found)


def _together(sides: list[Side]) -> Side:
    spans = _merged(span for side in sides for span in side.spans)
    keys = tuple(sorted({key for side in sides for key in side.keys}))
    return Side(spans, sum(side.alarms for side in sides), keys)


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Stretches that overlap or touch as one."""
    whole: list[Span] = []
    for from_us, to_us in sorted(spans):
        if whole and from_us <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], to_us))
        else:
            whole.append((from_us, to_us))
    return tuple(whole)


def _change(before: tuple[Span, ...], after: tuple[Span, ...]) -> Change:
    if before == after:
        return "same"
    if not before:
        return "turns_unlawful"
    return "otherwise" if after else "turns_lawful"


def _refusals(before: _Refused, after: _Refused) -> tuple[RefusalChange, ...]:
    found = [RefusalChange(False, row) for key, row in before.items() if key not in after]
    found += [RefusalChange(True, row) for key, row in after.items() if key not in before]
    return tuple(
        sorted(found, key=lambda row: (row.refusal.time_us, row.refusal.fact_type, row.refusal.fact_id))
    )


def _totals(verdicts: list[Verdict], count: int) -> Totals:
    number = {change: sum(verdict.change == change for verdict in verdicts) for change in CHANGES}
    return Totals(
        count=count,
        lawful=count - len(verdicts),
        turn_unlawful=number["turns_unlawful"],
        turn_lawful=number["turns_lawful"],
        otherwise=number["otherwise"],
        same=number["same"],
        before_us=sum(verdict.before.us for verdict in verdicts),
        after_us=sum(verdict.after.us for verdict in verdicts),
    )
