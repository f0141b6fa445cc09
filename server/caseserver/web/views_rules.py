"""What the rules page shows, as frozen values, like views.py."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.web.views import Mark, Seal


@dataclass(frozen=True)
class RuleNumber:
    """One step of a rule's ladder, or one limit: how urgent, in words, who set the number, what it takes."""

    mark: Mark
    said: str
    seal: Seal
    detail: str = ""


@dataclass(frozen=True)
class RuleCard:
    """One rule. ``confidence``: said where the article was not read by us; ``period``: where it holds for a time only."""

    anchor: str
    key: str
    mark: Mark
    title: str
    what: str
    todo: str
    seal: Seal
    article: str
    confidence: str
    is_overlaid: bool
    period: str
    says: str
    about: tuple[tuple[str, str], ...]
    numbers: tuple[RuleNumber, ...]
    inputs: str
    unknown: str


@dataclass(frozen=True)
class RuleGroup:
    letter: str
    name: str
    cards: tuple[RuleCard, ...]


@dataclass(frozen=True)
class RulesPage:
    """``books``: (id, title, dates) of each book; ``letters``: (letter, address, count, is it chosen)."""

    areas: tuple[tuple[str, str, bool], ...]
    books: tuple[tuple[str, str, str], ...]
    straddle: str
    letters: tuple[tuple[str, str, int, bool], ...]
    all_href: str
    total: int
    overlaid: int
    groups: tuple[RuleGroup, ...]
    whatif_href: str = ""
