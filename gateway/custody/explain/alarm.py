"""Why an alarm was raised: the smallest set of facts behind it, and sentences that put it together.

`explain(area, rulebook, facts, alarm_id, stage=None)` plays a history again and gives an `Explanation`:

- `facts`: the smallest set of facts that, played alone under their own log indices, raises the same
  alarm id with the same stage at the same moment. Each is needed: without any one of them it is not
  raised. Each carries its sentence in `text.zh` and `text.en` with instants in the area's zone, `is_named`
  (the alarm itself names it) and `is_sight` (it only says what could be seen, and is no act);
- `sentences`: what the rule says and who set it, since when, which limit was reached and by whom the number
  is set, what would have ended it, and how it ended;
- `ended_us`, `ended_by`, `end`: open | fact | moment | time | law | late | moved.

Facts are given in log order, deadlines and refused ones among them, of one area. A page that knows the
stay may give that part of the log that the stay, its rooms, officers and equipment appear in.
An alarm that later facts took back is explained by what was known when it was raised. Raises
ExplainError, with what was expected and what was found. Nothing is kept between calls.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from custody.area import Area
from custody.catalogue import FACT_TYPES
from custody.effects import AlarmCleared, AlarmRaised, Effect, PreWarning
from custody.engine import LATE_TOLERANCE_US, Engine
from custody.explain import sentences as say
from custody.explain.minimal import Reached, Reduction, course_of, rules_about, taken
from custody.explain.remedy import Matter, remedies
from custody.explain.scope import in_scope
from custody.explain.wording import Wording, fill, limit_text, span
from custody.facts import Fact
from custody.name import Name
from custody.obligation import Obligation
from custody.rules import Rule, Rulebook, Tier
from custody.times import format_instant
from custody.view import Stage

_ID_PARTS: Final = 5
_SIGHT: Final = ("clock.", "config.", "gateway.", "node.", "port.", "reader.", "recorder.", "server.")


class ExplainError(ValueError):
    """What was asked for is not there: what was expected and what was found."""

    def __init__(self, expected: str, found: object) -> None:
        """Keep both sides."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class ExplainedFact:
    """One fact behind an alarm. `time`: when it occurred, ISO 8601 in the area's zone."""

    index: int
    type: str
    occurred_us: int
    recorded_us: int
    time: str
    by: str
    text: Name
    is_named: bool
    is_sight: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "index": self.index, "type": self.type, "time": self.time, "by": self.by,
            "zh": self.text.zh, "en": self.text.en, "named": self.is_named, "sight": self.is_sight,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an alarm (or pre-warning) was raised. Times are microseconds UTC.

    `rule`: id/variant. `basis` and `number_basis`: law | local. `is_minimal`: False only when a fact
    came too late to be put in its place; `facts` are then those that the alarm names.
    """

    alarm: str
    rule: str
    title: Name
    article: Name
    basis: str
    confidence: str
    subject: str
    stay: str | None
    room: str | None
    stage: str
    severity: str
    number_basis: str
    is_prewarning: bool
    is_certain: bool
    since_us: int
    due_us: int
    ended_us: int | None
    end: str
    ended_by: ExplainedFact | None
    facts: tuple[ExplainedFact, ...]
    sentences: tuple[Name, ...]
    is_minimal: bool
    time: str
    since: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "alarm": self.alarm, "rule": self.rule, "subject": self.subject, "stay": self.stay,
            "room": self.room, "stage": self.stage, "severity": self.severity, "basis": self.basis,
            "number_basis": self.number_basis, "confidence": self.confidence,
            "prewarning": self.is_prewarning, "certain": self.is_certain, "since": self.since,
            "time": self.time, "title": _both(self.title), "article": _both(self.article),
            "facts": [fact.as_dict() for fact in self.facts],
            "sentences": [_both(sentence) for sentence in self.sentences],
            "end": self.end, "ended_by": self.ended_by.as_dict() if self.ended_by is not None else None,
            "minimal": self.is_minimal,
        }  # fmt: skip


def _both(name: Name) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


@dataclass(frozen=True, slots=True)
class _Case:
    """A stage of an alarm as it was raised: what was known then, and how it ended."""

    stage: Stage
    row: Obligation
    known: Sequence[Fact]
    end: str
    ended_us: int | None
    ended_by: Fact | None
    reason: str
    is_certain: bool = True


def explain(
    area: Area, rulebook: Rulebook, facts: Iterable[Fact], alarm_id: str, stage: str | None = None
) -> Explanation:
    """Why an alarm was raised, at one stage (its highest when None). See the module's head."""
    history = list(facts)
    key, subject, anchor = _parts(area, rulebook, alarm_id)
    at_us = next((fact.occurred_us for fact in history if str(fact.index) == anchor), None)
    until_us = max((fact.recorded_us for fact in history), default=0)
    # What cannot matter is left out first; should the alarm not come of the rest, nothing is left out.
    for part in (in_scope(rulebook, key, subject, history, at_us), history):
        acts = taken(part)
        book = rules_about(rulebook, key, acts)
        case = _as_it_stands(area, book, acts, alarm_id, stage, until_us)
        case = case or _as_it_was_told(area, book, part, alarm_id, stage)
        if case is not None:
            break
    else:
        found = f"no alarm {alarm_id}" + (f" with stage {stage}" if stage else "")
        raise ExplainError("an alarm that this history raises", found)
    reduction = Reduction(area, book, alarm_id, case.stage.name, case.stage.due_us)
    behind = reduction.smallest(case.known, case.row)
    return _worded(area, alarm_id, case, behind)


def _parts(area: Area, rulebook: Rulebook, alarm_id: str) -> tuple[str, str, str]:
    """Rule key, subject and the index of the causing fact."""
    parts = alarm_id.split("/")
    if len(parts) != _ID_PARTS or parts[0] != area.id:
        raise ExplainError(f"an alarm's id: {area.id}/rule/variant/subject/index", alarm_id)
    key = f"{parts[1]}/{parts[2]}"
    if key not in rulebook.versions:
        raise ExplainError(f"a rule of {rulebook.id}", key)
    return key, parts[3], parts[4]


def _as_it_stands(
    area: Area, book: Rulebook, acts: Sequence[Fact], alarm: str, stage: str | None, until_us: int
) -> _Case | None:
    """The alarm as all facts together have it; None when they do not."""
    course = course_of(area, book, acts, alarm, until_us)
    chosen = _chosen(course.reached, stage)
    row = course.row
    if chosen is None or row is None:
        return None
    case = _Case(chosen.stage, chosen.row, acts, "open", row.closed_us, course.closed_by, row.close_reason)
    if row.closed_us is None:
        return case
    if row.close_reason == "law.changed":
        return replace(case, end="law", ended_by=None)
    if course.closed_by is not None and course.closed_by.index == row.anchor:
        return replace(case, end="moment", ended_by=None)
    ended_by = course.closed_by or _at(acts, row)
    return replace(case, end="fact" if ended_by is not None else "time", ended_by=ended_by)


def _chosen(reached: dict[str, Reached], stage: str | None) -> Reached | None:
    if stage is not None:
        return reached.get(stage)
    alarms = [item for item in reached.values() if not item.stage.is_prewarning]
    return max(alarms or reached.values(), key=lambda item: item.stage.due_us, default=None)


def _at(acts: Sequence[Fact], row: Obligation) -> Fact | None:
    """The fact at the moment a duty ended, of its stay or subject: a duty known only when it was over."""
    kind, _, ref = row.subject.partition(":")
    about = (
        f for f in acts if f.occurred_us == row.closed_us and (f.stay == row.stay or f.body.get(kind) == ref)
    )
    return next(about, None)


def _as_it_was_told(
    area: Area, book: Rulebook, history: Sequence[Fact], alarm: str, stage: str | None
) -> _Case | None:
    """An alarm that later facts took back: as it was when it was raised last."""
    engine, case = Engine(area, book), None
    for number, fact in enumerate(history):
        for effect, is_before in _lived(engine, fact):
            if isinstance(effect, AlarmRaised | PreWarning) and effect.alarm == alarm:
                if stage in (None, effect.stage):
                    case = _raised(engine, effect, history[: number if is_before else number + 1]) or case
            elif isinstance(effect, AlarmCleared) and effect.alarm == alarm and case is not None:
                case = _taken_back(case, effect, history)
    return case


def _taken_back(case: _Case, effect: AlarmCleared, history: Sequence[Fact]) -> _Case:
    """The case with its end, when this stage was cleared."""
    if effect.stage != case.stage.name:
        return case
    end = "late" if effect.reason == "late_evidence" else "moved"
    cause = next((fact for fact in history if fact.index == effect.fact), None)
    return replace(case, end=end, ended_us=effect.time_us, ended_by=cause, reason=effect.reason)


def _lived(engine: Engine, fact: Fact) -> Iterator[tuple[Effect, bool]]:
    """What fell due before a fact was recorded, limit by limit (True), then what the fact led to (False)."""
    while (due_us := engine.next_deadline_us()) is not None and due_us < fact.recorded_us:
        due = replace(
            fact, type="deadline.reached", body={}, id="", occurred_us=due_us, occurred_latest_us=due_us,
            recorded_us=due_us, recorded_latest_us=due_us,
        )  # fmt: skip
        yield from ((effect, True) for effect in engine.step(due))
    yield from ((effect, False) for effect in engine.step(fact))


def _raised(engine: Engine, effect: AlarmRaised | PreWarning, history: Sequence[Fact]) -> _Case | None:
    row = next((row for row in engine.obligations() if row.id == effect.alarm), None)
    stage = next((s for s in row.fired if s.name == effect.stage), None) if row is not None else None
    if row is None or stage is None:
        return None
    is_certain = effect.is_certain if isinstance(effect, AlarmRaised) else True
    return _Case(stage, row, taken(history), "open", None, None, "", is_certain)


# --- words -----------------------------------------------------------------------------------------


def _worded(area: Area, alarm: str, case: _Case, behind: list[Fact] | None) -> Explanation:
    row, stage = case.row, case.stage
    rule = row.rule
    named = {row.anchor, *row.facts}
    facts = behind if behind is not None else [fact for fact in case.known if fact.index in named]
    words = Wording(
        area, (fact for fact in case.known if fact.occurred_us <= max(stage.due_us, row.since_us))
    )
    shown = tuple(_shown(area, words, fact, is_named=fact.index in named) for fact in facts)
    matter = Matter(area, rule, row, words, {fact.index: fact for fact in case.known if fact.index in named})
    return Explanation(
        alarm=alarm, rule=rule.key, title=rule.title,
        article=Name(rule.article.zh, rule.article.en), basis=row.basis or rule.basis,
        confidence=rule.confidence, subject=row.subject, stay=row.stay, room=row.room,
        stage=stage.name, severity=stage.severity, number_basis=stage.number_basis,
        is_prewarning=stage.is_prewarning, is_certain=case.is_certain,
        since_us=row.since_us, due_us=stage.due_us, ended_us=case.ended_us, end=case.end,
        ended_by=_shown(area, words, case.ended_by) if case.ended_by is not None else None,
        facts=shown, sentences=tuple(_sentences(matter, case, facts, shown, is_reduced=behind is not None)),
        is_minimal=behind is not None, time=format_instant(stage.due_us, area.zone),
        since=format_instant(row.since_us, area.zone),
    )  # fmt: skip


def _shown(area: Area, words: Wording, fact: Fact, *, is_named: bool = False) -> ExplainedFact:
    text = words.fact(fact)
    if fact.recorded_us - fact.occurred_us > LATE_TOLERANCE_US:
        text = fill(say.LATE, fact=text, time=words.instant(fact.recorded_us))
    known = FACT_TYPES.get(fact.type)
    is_sight = fact.type.startswith(_SIGHT) and known is not None and known.origin != "officer"
    return ExplainedFact(
        index=fact.index, type=fact.type, occurred_us=fact.occurred_us, recorded_us=fact.recorded_us,
        time=format_instant(fact.occurred_us, area.zone), by=fact.by, text=text, is_named=is_named,
        is_sight=is_sight and not is_named,
    )  # fmt: skip


def _sentences(
    matter: Matter, case: _Case, facts: Sequence[Fact], shown: Sequence[ExplainedFact], *, is_reduced: bool
) -> list[Name]:
    rule, row = matter.rule, matter.row
    text = rule.text
    what = "soon" if case.stage.is_prewarning else "what"
    found = [
        fill(
            say.RULE, key=rule.key, title=rule.title, what=Name(text["zh"][what], text["en"][what]),
            article=Name(rule.article.zh, rule.article.en), basis=say.BASIS[row.basis or rule.basis],
        )
    ]  # fmt: skip
    if rule.is_overlaid:
        found.append(say.OVERLAID)
    found.append(_since(matter))
    found += _limit(matter, case.stage, facts)
    if not case.is_certain:
        found.append(say.UNCERTAIN)
    found += remedies(matter)
    found.append(_end(matter, case))
    seeing = sum(fact.is_sight for fact in shown)
    if seeing:
        found.append(fill(say.SIGHT, count=seeing))
    if not is_reduced:
        found.append(say.NOT_REDUCED)
    return found


def _since(matter: Matter) -> Name:
    row, words = matter.row, matter.words
    subject, time = words.subject(row.subject), words.instant(row.since_us)
    if matter.act is None:
        return fill(say.SINCE, subject=subject, time=time)
    return fill(say.SINCE_FACT, subject=subject, time=time, fact=words.fact(matter.act))


def _limit(matter: Matter, stage: Stage, facts: Sequence[Fact]) -> list[Name]:
    """Which limit was reached and who set its number."""
    rule, row, words = matter.rule, matter.row, matter.words
    due, number = words.instant(stage.due_us), say.NUMBER[stage.number_basis]
    level = next((level for level in rule.levels if level.name == stage.name), None)
    if level is None:
        return _tier_limit(matter, stage, due, number, facts)
    spoken = span(level.after_us)
    if level.is_prewarning and row.due_us is not None:
        limit = words.instant(row.due_us)
        return [fill(say.LIMITS["pre"], span=spoken, due=due, number=number, limit=limit)]
    which = "before" if level.after_us < 0 else "after" if level.after_us else "at_once"
    return [fill(say.LIMITS[which], span=spoken, due=due, number=number)]


def _tier_limit(matter: Matter, stage: Stage, due: str, number: Name, facts: Sequence[Fact]) -> list[Name]:
    rule, row, words = matter.rule, matter.row, matter.words
    what, _, text = stage.name.partition("@")
    tier = next((tier for tier in rule.tiers if tier.limit.text == text), rule.tiers[0])
    limit = limit_text(tier.limit)
    if stage.is_prewarning:
        end = next((words.instant(s.due_us) for s in row.stages if s.name == f"limit@{text}"), "–")
        before = limit_text(what.removeprefix("pre-"))
        found = [fill(say.LIMITS["pre_tier"], limit=limit, before=before, due=due, number=number, end=end)]
    else:
        which = "due" if what == "due" else "tier"
        found = [fill(say.LIMITS[which], limit=limit, due=due, number=number)]
    if rule.params.get("calendar"):
        return [*found, say.CALENDAR, *_approved(words, facts, rule, tier)]
    lost_us = stage.due_us - row.since_us - tier.limit.us
    if lost_us > 0 and not stage.is_prewarning:
        found.append(fill(say.NOT_COUNTED, span=span(lost_us)))
    return [*found, *_approved(words, facts, rule, tier)]


def _approved(words: Wording, facts: Sequence[Fact], rule: Rule, tier: Tier) -> list[Name]:
    given = [
        fact
        for fact in facts
        if fact.type == "extension.approved" and fact.body.get("rule") == rule.id and tier.approvers
    ]
    return [fill(say.BY_APPROVAL, fact=words.fact(fact)) for fact in given[-1:]]


def _end(matter: Matter, case: _Case) -> Name:
    words = matter.words
    time = words.instant(case.ended_us) if case.ended_us is not None else ""
    reason = words.step(case.reason) if case.reason else Name("", "")
    fact = words.fact(case.ended_by) if case.ended_by is not None else reason
    return fill(say.ENDS[case.end], time=time, fact=fact, reason=reason)
