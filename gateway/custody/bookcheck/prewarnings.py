"""Pre-warnings that come after what they warn of, or before it begins."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from custody.area import Area
from custody.bookcheck.finding import Finding, found
from custody.bookcheck.people import person_of, shared
from custody.bookcheck.scenes import scene
from custody.bookcheck.script import BEGINS_AT, Script, starts_us
from custody.bookcheck.story import Story, finished
from custody.bookcheck.telling import HOUR_US, Impossible, Way
from custody.name import Name
from custody.rules import Rule, Rulebook
from custody.times import Limit, format_duration, last_day, local_date, midnight_us

_YEAR_DAYS = 365


def late(area: Area, book: Rulebook) -> Iterator[Finding]:
    """Variants of one rule about the same duty: none warns when the limit of another is over."""
    for rule in book.rules:
        warned = _last_warning_us(rule)
        for other in book.rules:
            limit = _first_limit_us(other)
            if warned is None or limit is None or warned < limit or not _is_same_duty(rule, other):
                continue
            why = format_duration(abs(limit))
            story = _told_together(area, book, rule, other)
            yield found(
                "prewarning_late",
                area,
                story,
                rule,
                other,
                what=format_duration(abs(warned)),
                why=Name(why, why),
            )


def _is_same_duty(one: Rule, other: Rule) -> bool:
    """They count from the same step to the same end, and can both speak of one person."""
    return (
        one is not other
        and (one.id, one.kind, one.unit, one.params) == (other.id, other.kind, other.unit, other.params)
        and (one.during, one.after) == (other.during, other.after)
        and shared(one.measures, other.measures) is not None
        and shared(one.rooms, other.rooms) is not None
        and not isinstance(person_of(one.when, other.when), str)
    )


def _last_warning_us(rule: Rule) -> int | None:
    levels = [level.after_us for level in rule.levels if level.is_prewarning]
    tier = rule.tiers[0] if rule.tiers else None
    if tier is not None and _length_us(tier.limit) is not None:
        levels += [(_length_us(tier.limit) or 0) - before.us for before in tier.prewarnings]
    return max(levels, default=None)


def _first_limit_us(rule: Rule) -> int | None:
    levels = [level.after_us for level in rule.levels if not level.is_prewarning]
    if rule.tiers:
        return _length_us(rule.tiers[0].limit)
    return levels[0] if levels else None


def _length_us(limit: Limit) -> int | None:
    """How long it is; None for months and working days, which are now longer and now shorter."""
    return None if limit.months or limit.working_days else limit.us


def _told_together(area: Area, book: Rulebook, rule: Rule, other: Rule) -> Story:
    s = Script(area, book, starts_us(area, book, rule), but=rule.key)
    subject = f"{rule.unit}:s-1"
    try:
        both = replace(rule, measures=shared(rule.measures, other.measures) or ())
        subject = scene(s, both, Way(), other.when)
    except Impossible as error:
        s.attempt(error.step)
    return finished(s, rule, subject)


def before_start(area: Area, book: Rulebook) -> Iterator[Finding]:
    """Calendar clocks that warn on the day they begin or before it, when they begin on some day of the year."""
    for rule in book.rules:
        if not rule.params.get("calendar"):
            continue
        for tier in rule.tiers:
            first = local_date(starts_us(area, book, rule), area.zone)
            day, length = min(
                (
                    (day, _days(day, tier.limit, area))
                    for day in (first + timedelta(n) for n in range(_YEAR_DAYS))
                ),
                key=lambda row: row[1],
            )
            for before in tier.prewarnings:
                if before.days >= length:
                    yield found(
                        "prewarning_before_start", area, _told_on(area, book, rule, day), what=before.text
                    )


def _days(day: date, limit: Limit, area: Area) -> int:
    return (last_day(day, limit, area.holidays) - day).days


def _told_on(area: Area, book: Rulebook, rule: Rule, day: date) -> Story:
    s = Script(area, book, midnight_us(day, area.zone) + BEGINS_AT * HOUR_US, but=rule.key)
    subject = f"{rule.unit}:s-1"
    try:
        subject = scene(s, rule, Way())
    except Impossible as error:
        s.attempt(error.step)
    return finished(s, rule, subject)
