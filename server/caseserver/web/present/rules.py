"""The rules page: every rule in force with its article, its numbers and who set them, what it reads, and what it does
while something cannot be seen. Sentences are made from the rule's own values; no law is worded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from caseserver.permissions import COMPARERS
from caseserver.web.present.rule_words import about, inputs, says, unknown
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, level_of, seal_of
from caseserver.web.reader import Reader
from caseserver.web.views import Family, Mark
from caseserver.web.views_rules import RuleCard, RuleGroup, RuleNumber, RulesPage
from custody.explain.wording import span
from custody.rules import Level, Rule, Rulebook, Tier
from custody.vocabulary import GROUNDS, ROLES

LETTERS = ("M", "T", "R", "I", "G", "E", "D", "Q", "X", "WB", "DR", "IN", "PT", "SYS")
_LETTER = re.compile(r"WB|DR|SYS|[A-Z]+")
_FAMILY: dict[str, Family] = {"clock": "clock", "person": "figure", "equipment": "plug"}
_WARNING = "S3"


def letter_of(rule_id: str) -> str:
    """The group of a rule by the letters of its id: ``T5`` in T, ``M2a`` in M."""
    found = _LETTER.match(rule_id)
    return found[0] if found is not None else rule_id


def _order(rule: Rule) -> tuple[int, str]:
    """By the number in the id, then the id; variants as they stand in the book."""
    digits = re.search(r"[0-9]+", rule.id)
    return int(digits[0]) if digits is not None else 0, rule.id


def anchor_of(rule: Rule) -> str:
    """Where a rule stands on its page; of two periods the later one has the plain name."""
    plain = f"{rule.id}-{rule.variant}"
    return plain if rule.until_us is None else f"{plain}-before"


def rule_href(rule: Rule, area: str) -> str:
    """The address of a rule on the page of its area."""
    return f"/rules?area={area}&letter={letter_of(rule.id)}#{anchor_of(rule)}"


def rules_page(states: Sequence[AreaPicture], chosen: AreaPicture, letter: str, reader: Reader) -> RulesPage:
    """``letter``: a group, or "" for all."""
    book = chosen.rulebook
    words = Words(chosen.area, chosen.world, reader)
    grouped: dict[str, list[Rule]] = {}
    for rule in sorted(book.rules, key=_order):
        grouped.setdefault(letter_of(rule.id), []).append(rule)
    order = [
        *(name for name in LETTERS if name in grouped),
        *(name for name in grouped if name not in LETTERS),
    ]
    base = f"/rules?area={chosen.area.id}"
    return RulesPage(
        areas=tuple((words.name(s.area.name), f"/rules?area={s.area.id}", s is chosen) for s in states),
        books=tuple(books_of(book, reader)),
        straddle=straddle_words(book, reader) if book.changes_us else "",
        letters=tuple((name, f"{base}&letter={name}", len(grouped[name]), name == letter) for name in order),
        all_href=base,
        total=len(book.rules),
        overlaid=sum(rule.is_overlaid for rule in book.rules),
        groups=tuple(
            RuleGroup(name, _group_name(name, reader), tuple(_cards(grouped[name], chosen, words)))
            for name in order
            if letter in ("", name)
        ),
        whatif_href=f"/whatif?area={chosen.area.id}" if reader.roles & COMPARERS else "",
    )


def _group_name(letter: str, reader: Reader) -> str:
    return reader.of("rule_group", letter) if letter in LETTERS else letter


def books_of(book: Rulebook, reader: Reader) -> Iterator[tuple[str, str, str]]:
    """(id, title, dates) of each book in force, oldest first."""
    bounds = (None, *book.changes_us, None)
    for number, (name, title) in enumerate(book.titles.items()):
        yield name, reader.name(title), period(bounds[number], bounds[number + 1], book, reader)


def period(from_us: int | None, until_us: int | None, book: Rulebook, reader: Reader) -> str:
    """From which day to which, in the words of the page."""
    first = reader.date(from_us) if from_us is not None else str(book.in_force_from or "")
    last = reader.date(until_us - 1) if until_us is not None else str(book.in_force_until or "")
    if first and last:
        return reader.t("rules.from_to", first=first, last=last)
    return reader.t("rules.from", first=first) if first else reader.t("rules.always")


def straddle_words(book: Rulebook, reader: Reader) -> str:
    """Which law a stay over the change follows, and that this is a setting of the area."""
    days = reader.t("page.comma").join(reader.date(at_us) for at_us in book.changes_us)
    setting = reader.t("rules.at_start") if book.straddle == "at_start" else reader.t("rules.at_moment")
    return reader.t("rules.straddle", day=days, setting=setting)


def _cards(rules: Iterable[Rule], state: AreaPicture, words: Words) -> Iterator[RuleCard]:
    reader, book = words.reader, state.rulebook
    for rule in rules:
        text = rule.text[reader.language]
        is_dated = rule.from_us is not None or rule.until_us is not None
        yield RuleCard(
            anchor=anchor_of(rule),
            key=rule.key,
            mark=Mark(level_of(_worst(rule)), _FAMILY.get(rule.family, "plug")),
            title=reader.name(rule.title),
            what=text["what"],
            todo=text["do"],
            seal=seal_of(rule.basis),
            article=words.article(rule.article.as_dict()),
            confidence=_confidence(rule, reader),
            is_overlaid=rule.is_overlaid,
            period=period(rule.from_us, rule.until_us, book, reader) if is_dated else "",
            says=says(rule, words),
            about=tuple(about(rule, words)),
            numbers=tuple(_numbers(rule, words)),
            inputs=inputs(rule, words),
            unknown=unknown(rule, reader),
        )


def _worst(rule: Rule) -> str:
    found = [level.severity for level in rule.levels if not level.is_prewarning]
    found += [tier.severity for tier in rule.tiers]
    return min(found, default=_WARNING)


def _confidence(rule: Rule, reader: Reader) -> str:
    """Said plainly where nobody of ours has read the article itself."""
    return (
        reader.of("confidence", rule.confidence) if rule.confidence in ("second_hand", "unverified") else ""
    )


def _numbers(rule: Rule, words: Words) -> Iterator[RuleNumber]:
    for level in rule.levels:
        yield _level(level, rule, words.reader)
    for tier in rule.tiers:
        yield from _tier(tier, rule, words)


def _level(level: Level, rule: Rule, reader: Reader) -> RuleNumber:
    time = reader.name(span(abs(level.after_us)))
    if level.after_us == 0:
        said = reader.t("rules.at_once")
    elif level.after_us < 0:
        said = reader.t("rules.before", time=time)
    else:
        said = reader.t("rules.after", time=time)
    if level.is_prewarning:
        said = reader.t("rules.warned", said=said)
    mark = Mark("soon" if level.is_prewarning else level_of(level.severity), _FAMILY.get(rule.family, "plug"))
    return RuleNumber(mark, said, seal_of(level.number_basis))


def _tier(tier: Tier, rule: Rule, words: Words) -> Iterator[RuleNumber]:
    """The limit, who may give it and why; then what warns before it."""
    reader, is_calendar = words.reader, bool(rule.params.get("calendar"))
    limit = words.span(tier.limit, is_calendar=is_calendar)
    mark = Mark(level_of(tier.severity), "clock")
    detail = ""
    if tier.approvers:
        who = " / ".join(reader.code(ROLES, role) for role in tier.approvers)
        detail = reader.t("approve.tier_hint", who=who)
        if tier.grounds:
            why = " / ".join(reader.code(GROUNDS, ground) for ground in tier.grounds)
            detail += reader.t("page.comma") + reader.t("rules.ground", why=why)
    yield RuleNumber(mark, reader.t("rules.limit", limit=limit), seal_of(tier.basis), detail)
    if tier.due is not None:
        yield RuleNumber(Mark(level_of(tier.due), "clock"), reader.t("rules.last_day"), "")
    if tier.prewarnings:
        before = " · ".join(words.span(w, is_calendar=is_calendar) for w in tier.prewarnings)
        yield RuleNumber(Mark("soon", "clock"), reader.t("rules.warned_before", time=before), "site")
