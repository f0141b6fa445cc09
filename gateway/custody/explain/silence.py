"""Why a rule was silent: the condition that failed, expected and found, in words.

`why_silent(area, rulebook, facts, rule_key, subject, at_us)` plays the facts that had occurred by an
instant and asks the rule. `SilenceExplanation.verdict` is

- `silent`: it had nothing to say; `code`, `expected`, `found` name the condition that failed;
- `running`: its condition stands and no limit is reached yet; `next_us` says when one is;
- `held`: its condition cannot be seen, so nothing new begins;
- `sounding`: it does alarm.

A rule that looks at an act is asked about the last time that the act was done. Facts that came late
count where they occurred. Raises ExplainError.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from custody.area import Area
from custody.catalogue import FACT_TYPES
from custody.explain import sentences as say
from custody.explain.alarm import ExplainError
from custody.explain.kept import CABINETS
from custody.explain.minimal import place_of, rules_about, taken
from custody.explain.remedy import counted
from custody.explain.scope import in_scope
from custody.explain.silences import PHRASES, SILENCE
from custody.explain.wording import (
    Wording,
    either,
    field_name,
    fill,
    joined,
    limit_text,
    source_said,
    stage_name,
)
from custody.explain.words import DOOR_KINDS, FITTINGS, SUBJECTS
from custody.facts import Fact
from custody.kinds import KINDS
from custody.name import Name
from custody.obligation import Obligation
from custody.property_words import ITEM_KINDS, ITEM_STATES, TRAITS
from custody.rules import Rule, Rulebook
from custody.timeline import Timeline
from custody.times import format_instant
from custody.view import Condition, Judgement, Silence
from custody.vocabulary import FLAGS, INPUTS, MEASURES, SEXES

_FACT: Final = re.compile(r"fact (-?\d+)")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class SilenceExplanation:
    """What a rule said of a subject at an instant, and why. Times are microseconds UTC.

    `verdict`: silent | running | held | sounding. `code`: that of the Silence, else empty.
    `next_us`: when it will warn or alarm if nothing changes. `alarm`: id of the duty, if one runs.
    """

    rule: str
    title: Name
    subject: str
    at_us: int
    verdict: str
    code: str
    expected: Name | None
    found: Name | None
    since_us: int | None
    next_us: int | None
    alarm: str | None
    sentences: tuple[Name, ...]
    time: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule, "subject": self.subject, "time": self.time, "verdict": self.verdict,
            "code": self.code, "title": {"zh": self.title.zh, "en": self.title.en},
            "expected": {"zh": self.expected.zh, "en": self.expected.en} if self.expected else None,
            "found": {"zh": self.found.zh, "en": self.found.en} if self.found else None,
            "alarm": self.alarm,
            "sentences": [{"zh": sentence.zh, "en": sentence.en} for sentence in self.sentences],
        }  # fmt: skip


def why_silent(
    area: Area, rulebook: Rulebook, facts: Iterable[Fact], rule_key: str, subject: str, at_us: int
) -> SilenceExplanation:
    """What a rule said of a subject at an instant. See the module's head."""
    versions = rulebook.versions.get(rule_key)
    if versions is None:
        raise ExplainError(f"a rule of {rulebook.id}, such as {next(iter(rulebook.versions))}", rule_key)
    kind, _, ref = subject.partition(":")
    if kind != versions[0].unit or not ref:
        raise ExplainError(f"a subject of {rule_key}: {versions[0].unit}:…", subject)
    part = in_scope(rulebook, rule_key, subject, list(facts))
    acts = [fact for fact in taken(part) if fact.occurred_us <= at_us]
    asked = _Asked(area, rules_about(rulebook, rule_key, acts), acts, rule_key, subject, at_us)
    return asked.answer()


class _Asked:
    """One question, with the history played up to its instant."""

    def __init__(
        self, area: Area, rulebook: Rulebook, acts: Sequence[Fact], key: str, subject: str, at_us: int
    ) -> None:
        self._area = area
        self._rulebook = rulebook
        self._acts = acts
        self._key = key
        self._subject = subject
        self._at_us = at_us
        self._words = Wording(area, acts)
        self._timeline = Timeline(area, rulebook)
        for fact in acts:
            self._timeline.insert(fact)
        self._timeline.reach(at_us, is_inclusive=True)
        unit = self._timeline.view.unit(subject)
        self._timeline.view.now_us = at_us
        self._rule = self._timeline.view.in_force(key, unit) or rulebook.versions[key][-1]

    def answer(self) -> SilenceExplanation:
        """The judgement at the instant, or at the last act."""
        names = _acts_of(self._rule)
        if names is not None:
            return self._at_last_act(names)
        if self._rule.params.get("act") == "refused":
            return self._at_refusals()
        judgement = self._timeline.why(self._key, self._subject, self._at_us)
        if isinstance(judgement, Silence):
            return self._told("silent", judgement, [self._worded(judgement)])
        return self._standing(judgement)

    # --- acts ------------------------------------------------------------------------------

    def _at_last_act(self, names: tuple[str, ...]) -> SilenceExplanation:
        """A rule on an act is judged in the moment of the act alone."""
        view = self._timeline.view
        last = view.latest(view.unit(self._subject), names)
        fact = next((f for f in self._acts if last is not None and f.index == last[1]), None)
        if fact is None:
            silence = Silence("no_act", " ".join(names), "not now")
            sentence = fill(say.NO_ACT, acts=self._words.steps(names))
            return self._told("silent", silence, [sentence])
        told = fill(say.LAST_ACT, time=self._words.instant(fact.occurred_us), fact=self._words.fact(fact))
        judgement = self._judged_at(fact)
        if isinstance(judgement, Silence):
            return self._told("silent", judgement, [told, self._worded(judgement)])
        row = next((row for row in self._rows() if row.anchor == fact.index), None)
        return self._told("sounding", None, [told, say.ACT_ALARMED], row)

    def _judged_at(self, fact: Fact) -> Judgement:
        """What the rule said as this fact was taken."""
        timeline = Timeline(self._area, self._rulebook)
        for earlier in self._acts:
            if place_of(earlier) <= place_of(fact):
                timeline.insert(earlier)
        view = timeline.view
        view.fact, view.now_us = fact, fact.occurred_us
        unit = view.unit(self._subject)
        rule = view.in_force(self._key, unit)
        if rule is None:
            return Silence("not_in_force", self._key, "not in force")
        return KINDS[rule.kind].judge(rule, view, unit)

    def _at_refusals(self) -> SilenceExplanation:
        """A rule that tells of what was refused."""
        row = max(self._rows(), key=lambda row: row.since_us, default=None)
        names = tuple(self._rule.params.get("facts", ()))
        if row is None:
            silence = Silence("no_act", " ".join(names), "none")
            return self._told("silent", silence, [fill(say.NO_ACT, acts=self._words.steps(names))])
        return self._told("sounding", None, [say.ACT_ALARMED], row)

    # --- conditions ------------------------------------------------------------------------

    def _rows(self) -> list[Obligation]:
        """The duties of this rule and subject, ended ones too."""
        rows = self._timeline.obligations.values()
        return [row for row in rows if row.rule.key == self._key and row.subject == self._subject]

    def _standing(self, found: Condition) -> SilenceExplanation:
        row = next((row for row in self._rows() if row.closed_us is None), None)
        if row is None and found.until_us is not None:  # over already, and told as such
            row = max(self._rows(), key=lambda row: row.since_us, default=None)
        since_us = row.since_us if row is not None else found.since_us
        sentences = [fill(say.RUNS, since=self._words.instant(since_us))] if since_us is not None else []
        if found.is_hold:
            sentences.append(fill(say.HELD, what=self._unseen(found)))
        if row is None:
            return self._told("held" if found.is_hold else "running", None, sentences)
        alarms = [stage for stage in row.fired if not stage.is_prewarning]
        if alarms:
            last = alarms[-1]
            due = self._words.instant(last.due_us)
            sentences.append(fill(say.REACHED, due=due, stage=stage_name(last.name), severity=last.severity))
            return self._told("sounding", None, [*sentences, *self._next(row)], row)
        return self._told("held" if found.is_hold else "running", None, [*sentences, *self._next(row)], row)

    def _next(self, row: Obligation) -> list[Name]:
        stage = row.next_stage if row.closed_us is None else None
        if stage is None:
            return [say.NEXT["suspended"]] if not row.stages else [say.NEXT["none"]]
        due = self._words.instant(stage.due_us)
        if stage.is_prewarning and row.due_us is not None:
            return [fill(say.NEXT["prewarning"], due=due, limit=self._words.instant(row.due_us))]
        return [fill(say.NEXT["alarm"], due=due, severity=stage.severity)]

    def _unseen(self, found: Condition) -> Name:
        """What cannot be seen: readers whose node is not heard, recorders whose state is unknown."""
        view, area, words = self._timeline.view, self._area, self._words
        unseen: list[Name] = []
        if self._rule.unit in ("input", "reader"):
            return words.subject(self._subject)
        if self._rule.unit == "door":
            unseen.append(fill(say.UNSEEN["door"], door=words.subject(self._subject)))
        room = found.room or ""
        for seen_from in view.guard_zone(room):
            for reader in area.readers_by_room.get(seen_from, ()):
                if view.is_node_lost("reader", reader):
                    node = area.node_of("reader", reader) or ""
                    unseen.append(fill(say.UNSEEN["reader"], room=words.room(seen_from), node=node))
                elif view.is_reader_lost(reader):
                    unseen.append(words.subject(f"reader:{reader}"))
        for recorder in area.recorders_of(room) if room in area.rooms else ():
            if self._rule.kind != "presence" and view.recorder_state(recorder) == "unknown":
                name = words.subject(f"recorder:{recorder}")
                unseen.append(fill(say.UNSEEN["recorder"], recorder=name))
        return joined(unseen) if unseen else words.subject(self._subject)

    # --- words -----------------------------------------------------------------------------

    def _told(
        self, verdict: str, silence: Silence | None, sentences: list[Name], row: Obligation | None = None
    ) -> SilenceExplanation:
        rule, words = self._rule, self._words
        head = fill(
            say.VERDICTS[verdict], key=rule.key, title=rule.title,
            subject=words.subject(self._subject), time=words.instant(self._at_us),
        )  # fmt: skip
        stage = row.next_stage if row is not None and row.closed_us is None else None
        return SilenceExplanation(
            rule=rule.key, title=rule.title, subject=self._subject, at_us=self._at_us, verdict=verdict,
            code=silence.code if silence is not None else "",
            expected=self._expected(silence) if silence is not None else None,
            found=self._found(silence) if silence is not None else None,
            since_us=row.since_us if row is not None else None,
            next_us=stage.due_us if stage is not None else None,
            alarm=row.id if row is not None else None, sentences=(head, *sentences),
            time=format_instant(self._at_us, self._area.zone),
        )  # fmt: skip

    def _worded(self, silence: Silence) -> Name:
        return fill(SILENCE[silence.code], expected=self._expected(silence), found=self._found(silence))

    def _expected(self, silence: Silence) -> Name:
        if silence.expected in PHRASES:
            return PHRASES[silence.expected]
        return _EXPECTED.get(silence.code, _listed)(self._rule, silence.expected, self._words)

    def _found(self, silence: Silence) -> Name:
        found = silence.found
        if found in PHRASES:
            return PHRASES[found]
        named = _FACT.fullmatch(found)
        if named is not None:
            fact = next((fact for fact in self._acts if fact.index == int(named[1])), None)
            if fact is not None:
                time = self._words.instant(fact.occurred_us)
                return fill(say.LOOKS["fact"], time=time, fact=self._words.fact(fact))
        return _FOUND.get(silence.code, _listed)(self._rule, found, self._words)


def _acts_of(rule: Rule) -> tuple[str, ...] | None:
    """The acts in whose moment a rule is judged; None for a rule on what stands."""
    params = rule.params
    if rule.kind in ("required_before", "forbidden_act", "hands") and isinstance(params.get("act"), tuple):
        return tuple(params["act"])
    if rule.kind == "head_count" and "form" in params:
        return tuple(params["form"])
    if rule.kind == "threshold" and params.get("act") is True:
        return tuple(params["step"])
    return None


# --- what a silence expected and found -------------------------------------------------------------

_Look = Callable[[Rule, str, Wording], Name]


def _listed(rule: Rule, text: str, words: Wording) -> Name:
    """Codes one after the other: measures, flags, steps; anything else stands as it is."""
    return either(_code(token, words) for token in text.replace("|", " ").split())


def _code(token: str, words: Wording) -> Name:
    for known in (MEASURES, FLAGS, SEXES, DOOR_KINDS, FITTINGS, INPUTS, ITEM_KINDS, TRAITS, CABINETS):
        if token in known:
            return known[token]
    return words.step(token)


def _without(prefix: str) -> _Look:
    return lambda rule, text, words: _listed(rule, text.removeprefix(prefix), words)


def _apart(rule: Rule, text: str, words: Wording) -> Name:
    return say.APART[rule.params["apart"]]


def _enough(rule: Rule, text: str, words: Wording) -> Name:
    number = _NUMBER.search(text)
    return fill(say.LOOKS["officers"], count=number[0] if number else text, who=counted(rule))


def _empty(rule: Rule, text: str, words: Wording) -> Name:
    return words.room_kinds(rule.rooms) if rule.rooms else PHRASES["a person in the room"]


def _differing(rule: Rule, text: str, words: Wording) -> Name:
    return joined(field_name(key) for key in rule.params["same"])


def _field(rule: Rule, text: str, words: Wording) -> Name:
    field, _, values = text.partition(": ")
    named = either(_value(rule, field, value, words) for value in values.split())
    return fill(say.LOOKS["field"], field=field_name(field), values=named)


def _field_found(rule: Rule, text: str, words: Wording) -> Name:
    for field in rule.params.get("fields", {}):
        named = _value(rule, field, text, words)
        if named != Name(text, text):
            return named
    return Name(text, text)


def _value(rule: Rule, field: str, value: str, words: Wording) -> Name:
    if value in PHRASES:
        return PHRASES[value]
    base = rule.params["act"][0].partition(":")[0]
    spec = FACT_TYPES[base].fields.get(field)
    return words.value(spec, field, value) if spec is not None else Name(value, value)


def _flags(rule: Rule, text: str, words: Wording) -> Name:
    when = rule.when
    for key, flags in (("flags_any", when.flags_any), ("flags_all", when.flags_all)):
        if text in (" | ".join(flags), " ".join(flags)) and flags:
            return fill(say.LOOKS[key], flags=joined(FLAGS[flag] for flag in flags))
    return fill(say.LOOKS["flags_none"], flags=joined(FLAGS[flag] for flag in when.flags_none))


def _rooms(rule: Rule, text: str, words: Wording) -> Name:
    if text.startswith("not in "):
        return fill(say.LOOKS["not_rooms"], rooms=words.room_kinds(rule.rooms))
    return words.room_kinds(rule.rooms)


def _zone(rule: Rule, text: str, words: Wording) -> Name:
    return either(words.room(room) for room in text.removeprefix("nobody in ").split())


def _hours(rule: Rule, text: str, words: Wording) -> Name:
    begin, end = (moment.isoformat("minutes") for moment in rule.params["between"])
    return fill(say.LOOKS["between"], begin=begin, end=end)


def _stated(rule: Rule, text: str, words: Wording) -> Name:
    is_field = text in (rule.params.get("field"), rule.params.get("who"))
    return field_name(text) if is_field else _listed(rule, text, words)


def _side(rule: Rule, text: str, words: Wording) -> Name:
    field, side, bound = text.split(" ")
    return fill(say.LOOKS[side], field=field_name(field), bound=bound)


def _source(rule: Rule, text: str, words: Wording) -> Name:
    return source_said(rule.params)


def _span(rule: Rule, text: str, words: Wording) -> Name:
    return limit_text(text.removeprefix("within "))


def _first_act(rule: Rule, text: str, words: Wording) -> Name:
    return _listed(rule, text.removesuffix(" again").removeprefix("the first "), words)


def _fields(rule: Rule, text: str, words: Wording) -> Name:
    return joined(field_name(key) for key in text.removeprefix("without ").split())


def _rule_key(rule: Rule, text: str, words: Wording) -> Name:
    return Name(text, text)


def _room_found(rule: Rule, text: str, words: Wording) -> Name:
    return words.room(text.partition(" ")[0])


def _officer(rule: Rule, text: str, words: Wording) -> Name:
    return fill(SUBJECTS["officer"], ref=text)


def _as_it_is(rule: Rule, text: str, words: Wording) -> Name:
    return Name(text, text)


def _states(rule: Rule, text: str, words: Wording) -> Name:
    return either(ITEM_STATES[state] for state in text.split())


def _items(rule: Rule, text: str, words: Wording) -> Name:
    return joined(fill(SUBJECTS["item"], ref=ref) for ref in text.split())


_EXPECTED: Final[Mapping[str, _Look]] = {
    "alone": _apart,
    "different": _differing,
    "empty": _empty,
    "enough": _enough,
    "excepted": _without("not during "),
    "field": _field,
    "first_time": _first_act,
    "flags": _flags,
    "guarded": _zone,
    "may": _stated,
    "near": _room_found,
    "not_at_night": _hours,
    "not_first": _first_act,
    "not_in_force": _rule_key,
    "not_stated": _stated,
    "on_the_right_side": _side,
    "room": _rooms,
    "seen": _source,
    "span_over": _span,
    "state_excepted": _states,
    "tag_room": _rooms,
    "trait": _without("not "),
    "unless": _without("without "),
    "with": _fields,
}
_FOUND: Final[Mapping[str, _Look]] = {
    "enough": _as_it_is,
    "field": _field_found,
    "guarded": _officer,
    "may": _officer,
    "near": _room_found,
    "not_fitted": _room_found,
    "on_the_right_side": _as_it_is,
    "room": _room_found,
    "state_excepted": _items,
    "tag_room": _room_found,
    "with": _fields,
}
