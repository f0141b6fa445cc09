"""What the pages of alarms show: one alarm, the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caseserver.web.views import AlarmCard, LawQuote
from caseserver.web.views_notify import Calling


@dataclass(frozen=True)
class WhyFact:
    """One fact of the smallest set: its leaf in the log, when, on which lane, by whose word."""

    leaf: int
    at_us: int
    lane: str
    text: str
    by: str
    bad: bool = False
    late_s: int = 0


@dataclass(frozen=True)
class Step:
    """A rung of the history: done, now, next, or the way that is still to go."""

    state: Literal["done", "now", "next", "path"]
    title: str
    at_us: int | None = None
    detail: str = ""


Move = Literal[
    "take",
    "acknowledge",
    "rectify",
    "verify",
    "shelve",
    "unshelve",
    "out-of-service",
    "in-service",
    "silence",
]


@dataclass(frozen=True)
class AlarmPage:
    """``facts``: what it stands on, the smallest set where ``is_smallest``; ``sight``: those that only say what could be
    seen; ``sentences``: the explanation in plain words. ``root``: the cause it lies under. ``unseen``: what cannot be seen
    while it stands, by kind. ``reasons``, ``minutes``, ``hours``: what may be chosen when it is put aside."""

    card: AlarmCard
    todo: tuple[tuple[str, str], ...]
    facts: tuple[WhyFact, ...]
    raised_us: int
    ended_us: int | None
    law: LawQuote | None
    site: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    moves: tuple[Move, ...]
    causes: tuple[tuple[str, str], ...]
    actions: tuple[tuple[str, str], ...]
    rule: str
    sentences: tuple[str, ...] = ()
    sight: tuple[WhyFact, ...] = ()
    is_smallest: bool = False
    rule_href: str = ""
    stay_href: str = ""
    area: str = ""
    root: AlarmCard | None = None
    unseen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    silence_s: int = 0
    calling: Calling | None = None


@dataclass(frozen=True)
class AlarmList:
    open: tuple[AlarmCard, ...]
    closed: tuple[AlarmCard, ...]
