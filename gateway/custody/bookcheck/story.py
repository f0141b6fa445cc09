"""A story of facts in which a rule speaks, and what replaying it shows.

`story_for` builds one for any rule of a rulebook and plays it. Tests, documents and the rulebook check use it: a
rule for which none can be told speaks to nobody.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from custody.area import Area
from custody.bookcheck.scenes import nearest, scene, unit_ref, ways
from custody.bookcheck.script import Script, starts_us
from custody.bookcheck.telling import HOUR_US, MINUTE_US, STAY, Impossible, Way
from custody.effects import AlarmRaised, Effect, PreWarning, Refusal
from custody.engine import Engine
from custody.name import Name
from custody.obligation import Obligation
from custody.player import Player
from custody.rules import Rule, Rulebook, Tier
from custody.scenario import parse_scenario
from custody.times import DAY_US, PERIODS, format_instant
from custody.view import Silence

_MONTH_DAYS_MAX: Final = 31
_DAYS_A_WORKING_DAY: Final = 3  # enough for every weekend and a week of holidays
SHOWN_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a story: effects, and the engine as it stands after it."""

    effects: tuple[Effect, ...]
    engine: Engine

    def alarms(self, rule: Rule, subject: str | None = None) -> list[AlarmRaised]:
        """Alarms of a rule (about one subject), in order of time."""
        return [e for e in self.effects if isinstance(e, AlarmRaised) and _is_of(e, rule, subject)]

    def warnings(self, rule: Rule, subject: str | None = None) -> list[PreWarning]:
        """Pre-warnings of a rule."""
        return [e for e in self.effects if isinstance(e, PreWarning) and _is_of(e, rule, subject)]

    def refusals(self) -> list[Refusal]:
        """Facts that were refused."""
        return [effect for effect in self.effects if isinstance(effect, Refusal)]

    def row(self, rule: Rule, subject: str) -> Obligation | None:
        """The last duty of a rule about a subject."""
        rows = [r for r in self.engine.obligations() if r.rule.key == rule.key and r.subject == subject]
        return rows[-1] if rows else None


@dataclass(frozen=True, slots=True)
class Story:
    """A story told for one rule: scenario lines, played until `until_us`.

    `subject`: what the rule speaks of in it. `raised`, `warned`: (moment, stage, severity) of the
    rule's alarms and pre-warnings. `since_us`: when the duty began; None when the rule is silent.
    `trouble`: the step that could not be told. `why`: what the rule says of the subject at the end,
    when it is silent.
    """

    rule: Rule
    subject: str
    lines: tuple[str, ...]
    until_us: int
    played: Played
    since_us: int | None = None
    raised: tuple[tuple[int, str, str], ...] = ()
    warned: tuple[tuple[int, str, str], ...] = ()
    trouble: Impossible | None = None
    why: Silence | None = None


def play(area: Area, book: Rulebook, lines: Iterable[str], until_us: int | None = None) -> Played:
    """Play scenario lines against a rulebook."""
    player = Player(area, book)
    effects = tuple(player.play(parse_scenario(lines), until_us))
    return Played(effects, player.engine)


def story_for(area: Area, book: Rulebook, rule: Rule, tier: int | None = None) -> Story:
    """A story in which the rule raises; of a clock at the limit of `tier`, given before (None: none is given).

    Tries each way there is and gives the first in which the rule speaks, else the first tried.
    """
    first: Story | None = None
    for way in ways(rule):
        found = _tell(area, book, rule, way, tier)
        if found.raised and found.trouble is None:
            return found
        first = first or found
    assert first is not None, "there is at least one way"
    return first


def _tell(area: Area, book: Rulebook, rule: Rule, way: Way, tier: int | None) -> Story:
    return told(area, book, rule, way, None if tier is None else lambda s: _approve(s, rule, tier))


def told(
    area: Area, book: Rulebook, rule: Rule, way: Way = Way(), then: Callable[[Script], None] | None = None
) -> Story:
    """The scene of a rule, what comes `then`, and time enough; played."""
    s = Script(area, book, starts_us(area, book, rule), opens_with=way.opens_with, but=rule.key)
    subject, trouble = f"{rule.unit}:{STAY}", None
    try:
        subject = scene(s, rule, way)
        if then is not None:
            then(s)
    except Impossible as error:
        trouble = error
        if error.code == "not_in_area":
            nearest(s, rule)
        else:
            s.attempt(error.step)
    return finished(s, rule, subject, trouble)


def finished(s: Script, rule: Rule, subject: str, trouble: Impossible | None = None) -> Story:
    """Play what a script holds, long enough for the whole ladder of the rule."""
    area, book = s.area, s.book
    if not s.rows:  # nothing could be told
        s.tell("deadline.reached", by="gateway")
    lines = s.lines()
    end_us = s.now_us
    played = play(area, book, lines, end_us + _ladder_us(rule))
    raised = tuple((e.time_us, e.stage, e.severity) for e in played.alarms(rule, subject))
    warned = tuple((e.time_us, e.stage, e.severity) for e in played.warnings(rule, subject))
    until_us = max([end_us, *(at for at, _, _ in (*raised, *warned))])
    if not raised:
        until_us = (
            end_us
            if trouble is not None and trouble.code != "not_in_area"
            else end_us + min(_ladder_us(rule), _ladder_us(rule) // 2 + HOUR_US)
        )
    row = played.row(rule, subject)
    why = played.engine.why(rule.key, subject, until_us) if not raised else None
    return Story(
        rule=rule,
        subject=subject,
        lines=(*lines, _last_line(area, until_us)),
        until_us=until_us,
        played=played,
        since_us=row.since_us if row is not None else None,
        raised=raised,
        warned=warned,
        trouble=trouble,
        why=why if isinstance(why, Silence) else None,
    )


def _last_line(area: Area, until_us: int) -> str:
    """The gateway's clock goes on to the moment up to which the story is to be played."""
    at = format_instant(-(-until_us // 1_000) * 1_000, area.zone)
    return json.dumps({"at": at, "fact": "deadline.reached", "by": "gateway", "note": "the story ends"})


def _ladder_us(rule: Rule) -> int:
    """Long enough for every stage of the rule, from the step at which it begins."""
    spans = [level.after_us for level in rule.levels] + [-level.after_us for level in rule.levels]
    if "each" in rule.params:  # from the end of the period in which it begins to be needed
        spans.append(PERIODS[rule.params["each"]] * _MONTH_DAYS_MAX * DAY_US)
    for tier in rule.tiers:
        limit = tier.limit
        days = limit.days + limit.months * _MONTH_DAYS_MAX + limit.working_days * _DAYS_A_WORKING_DAY
        spans.append(limit.us if limit.us and not limit.days else (days + 2) * DAY_US)
    is_written = any(
        "@" in step for step in rule.params.get("since", ())
    )  # the instant lies ahead of the step
    lead_us = max((-level.after_us for level in rule.levels), default=0) + HOUR_US if is_written else 0
    return max(spans, default=0) + max(lead_us, 0) + 2 * HOUR_US


# --- longer limits ---------------------------------------------------------------------------------


def _approve(s: Script, rule: Rule, number: int) -> None:
    """The tiers up to this one given in order, by who may, on their grounds, at once."""
    for place, tier in enumerate(rule.tiers[: number + 1]):
        if tier.approvers and (place == number or rule.is_sequential):
            approve(s, rule, tier)


def approve(s: Script, rule: Rule, tier: Tier, approver: str | None = None) -> None:
    """One longer limit given, by somebody who may unless another is named."""
    form = next(iter(rule.params.get("longer_by", ())), None)
    if form is not None:
        s.do(form, unit_ref(s, rule), rule.unit, approver=approver or s.approver(tier.approvers))
        return
    body = {
        "rule": rule.id,
        "limit": tier.limit.text,
        "approver": approver or s.approver(tier.approvers),
        "ground": next(iter(tier.grounds), None),
    }
    about = {"case": "c-1"} if rule.unit == "case" else {"stay": STAY}
    s.tell("extension.approved", MINUTE_US, **about, **body)


# --- what replaying shows --------------------------------------------------------------------------


def shows(story: Story, area: Area, *also: Rule) -> Name:
    """In one sentence of each language, what the replay of a story tells of its rule and of `also`."""
    rules = (story.rule, *also)
    told_of: list[tuple[int, str, str]] = []
    for effect in story.played.effects:
        at = format_instant(effect.time_us, area.zone)[:16].replace("T", " ")
        if effect.time_us > story.until_us:
            continue
        if isinstance(effect, Refusal):
            told_of.append((
                effect.time_us,
                f"{at} {effect.fact_type} 被拒（{effect.rule} {effect.reason}）：应为 {effect.expected}，实为 {effect.found}",
                f"{at} {effect.fact_type} is refused ({effect.rule} {effect.reason}): expected {effect.expected}, found {effect.found}",
            ))  # fmt: skip
        elif isinstance(effect, AlarmRaised | PreWarning) and any(
            _is_of(effect, rule, story.subject if rule is story.rule else None) for rule in rules
        ):
            kind = ("报警", "alarm") if isinstance(effect, AlarmRaised) else ("预警", "pre-warning")
            what = {lang: effect.text[lang]["what"] for lang in ("zh", "en")}
            key = f"{effect.rule}/{effect.variant}"
            told_of.append((
                effect.time_us,
                f"{at} {key} {kind[0]} {effect.severity}：{what['zh']}",
                f"{at} {key} {kind[1]} {effect.severity}: {what['en']}",
            ))  # fmt: skip
    told_of = told_of[:SHOWN_MAX]
    zh, en = [row[1] for row in told_of], [row[2] for row in told_of]
    if not story.raised:
        zh.append(f"{story.rule.key} 没有报警")
        en.append(f"{story.rule.key} is silent")
        if story.why is not None:
            zh[-1] += f"（{story.why.code}：要 {story.why.expected}，实为 {story.why.found}）"
            en[-1] += f" ({story.why.code}: asks for {story.why.expected}, found {story.why.found})"
    return Name("；".join(zh), "; ".join(en))


def _is_of(effect: AlarmRaised | PreWarning, rule: Rule, subject: str | None) -> bool:
    return (effect.rule, effect.variant) == (rule.id, rule.variant) and subject in (None, effect.subject)
