"""What another rulebook makes of the station's own log: per rule and per stay, for the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from caseserver.web.comparing import Comparison
from caseserver.web.present.refusal import refusal_of
from caseserver.web.present.rules import letter_of
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, seal_of
from caseserver.web.reader import Reader
from caseserver.web.views import Choice
from caseserver.web.views_whatif import RefusalRow, RuleRow, SubjectRow, WhatIfPage
from custody.bundled import rulebook_text
from custody.catalogue.forms import FORM_NAMES
from custody.reader import load_rulebook
from custody.rules import Article
from custody.whatif import Change, RefusalChange, RuleChange, Side, Verdict

ROWS_MAX = 200
"""Stays and refusals shown; the command has all of them."""


def whatif_page(
    states: Sequence[AreaPicture], chosen: AreaPicture, books: Sequence[str], before: str, after: str,
    found: Comparison | None, reader: Reader, problem: str = "", is_asked: bool = False,
) -> WhatIfPage:  # fmt: skip
    """``found``: None while nothing was asked, or while it is being compared (``is_asked``)."""
    words = Words(chosen.area, chosen.world, reader)
    titles = {name: load_rulebook(rulebook_text(name), name, rulebook_text).title for name in books}
    choices = tuple(Choice(name, name, reader.name(title)) for name, title in titles.items())
    areas = tuple(Choice(s.area.id, words.name(s.area.name)) for s in states) if len(states) > 1 else ()
    base = WhatIfPage(
        areas, chosen.area.id, choices, before, after, problem, is_asked and found is None and not problem
    )
    return base if found is None else _with(base, found, chosen, words)


def _with(page: WhatIfPage, found: Comparison, state: AreaPicture, words: Words) -> WhatIfPage:
    reader, result = words.reader, found.result
    verdicts = [verdict for verdict in result.verdicts if verdict.change != "same"]
    return WhatIfPage(
        page.areas, page.area, page.books, page.before, page.after,
        result=result,
        scope=_scope(found, reader),
        totals=tuple(_totals(found, reader)),
        rules=tuple(_rules(result.rules, words)),
        local=tuple(_rules(result.local, words)),
        subjects=tuple(_subject(verdict, state, words) for verdict in verdicts[:ROWS_MAX]),
        more=max(0, len(verdicts) - ROWS_MAX),
        refusals=tuple(_refusal(change, found, state, words) for change in result.refusals[:ROWS_MAX]),
    )  # fmt: skip


def _scope(found: Comparison, reader: Reader) -> str:
    """How much of the log was played, and until when; what lies before it is said too."""
    result = found.result
    said = reader.t(
        "whatif.scope", count=found.facts, first=reader.day_and_clock(result.from_us),
        last=reader.day_and_clock(result.until_us), leaf=found.end - 1,
    )  # fmt: skip
    return said + (reader.t("whatif.cut", leaf=found.first) if found.first else "")


def _totals(found: Comparison, reader: Reader) -> Iterator[tuple[str, str]]:
    stays = found.result.stays
    yield reader.t("whatif.stays"), str(stays.count)
    yield reader.t("whatif.turn_unlawful"), str(stays.turn_unlawful)
    yield reader.t("whatif.turn_lawful"), str(stays.turn_lawful)
    yield reader.t("whatif.otherwise"), str(stays.otherwise)
    yield reader.t("whatif.time"), f"{_time(stays.before_us, reader)} → {_time(stays.after_us, reader)}"


def _time(us: int, reader: Reader) -> str:
    return reader.duration(us // 1_000_000, exact=True)


def _side(side: Side, reader: Reader) -> str:
    """How long, how often; a dash when nothing stood."""
    return reader.t("whatif.side", time=_time(side.us, reader), count=side.alarms) if side.alarms else "—"


def _rules(rules: Iterable[RuleChange], words: Words) -> Iterator[RuleRow]:
    reader = words.reader
    for rule in rules:
        if not rule.is_changed:
            continue
        yield RuleRow(
            label=rule.label,
            href=f"/rules?area={words.area.id}&letter={letter_of(rule.label)}",
            title=reader.name(rule.title),
            seal=seal_of(rule.basis),
            article_before=_articles(rule.before, words),
            article_after=_articles(rule.after, words),
            unlawful=_count(rule, "turns_unlawful"),
            lawful=_count(rule, "turns_lawful"),
            otherwise=_count(rule, "otherwise"),
            time_before=_time(rule.before_us, reader),
            time_after=_time(rule.after_us, reader),
        )


def _count(rule: RuleChange, change: Change) -> int:
    return len(rule.of(change))


def _articles(articles: Iterable[Article], words: Words) -> str:
    said = words.reader.t("page.semicolon").join(words.article(article.as_dict()) for article in articles)
    return said or words.reader.t("whatif.no_rule")


def _subject(verdict: Verdict, state: AreaPicture, words: Words) -> SubjectRow:
    reader = words.reader
    kind, _, ref = verdict.subject.partition(":")
    changed = [label for label, change in verdict.rules if change != "same"]
    return SubjectRow(
        name=words.stay(ref) if kind == "stay" else f"{reader.of('unit', kind)} {ref}",
        href=f"/stays/{state.area.id}/{ref}" if kind == "stay" else "",
        change=reader.of("whatif_change", verdict.change),
        before=_side(verdict.before, reader),
        after=_side(verdict.after, reader),
        rules=" · ".join(changed),
    )


def _refusal(change: RefusalChange, found: Comparison, state: AreaPicture, words: Words) -> RefusalRow:
    reader, row = words.reader, change.refusal
    body = {
        "rule": row.rule, "reason": row.reason, "expected": row.expected, "found": row.found,
        "article": row.article, "basis": row.basis,
    }  # fmt: skip
    refusal = refusal_of(body, state, reader)
    name = FORM_NAMES.get(row.fact_type)
    book = found.result.after if change.refused_after else found.result.before
    return RefusalRow(
        at=reader.day_and_clock(row.time_us),
        subject=words.stay(row.subject.partition(":")[2]),
        form=reader.name(name) if name is not None else words.step(row.fact_type),
        book=book,
        reason=refusal.reason,
        article=refusal.article,
    )
