"""What the pages of alarms show: one alarm, the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caseserver.alarm_rates import Rates
from caseserver.web.views import AlarmCard, LawQuote, Mark
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
    seen; ``sentences``: the explanation in plain words; ``is_explained``: it is not still being made. ``root``: the cause it lies under, or where
    ``root_is_newer`` the newest alarm of its source. ``unseen``: what cannot be seen
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
    is_explained: bool = True
    rule_href: str = ""
    who_href: str = ""
    area: str = ""
    root: AlarmCard | None = None
    root_is_newer: bool = False
    unseen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    silence_s: int = 0
    calling: Calling | None = None
    graver_us: int | None = None


@dataclass(frozen=True)
class AlarmList:
    """``flood``: (alarms, minutes) while more were raised within the site's window than one person takes in.
    ``beyond``: open ones that stand after those of ``open`` and are not shown."""

    open: tuple[AlarmCard, ...]
    closed: tuple[AlarmCard, ...]
    flood: tuple[int, int] | None = None
    beyond: int = 0


@dataclass(frozen=True)
class RateRow:
    """A figure: here, our target, the standards' words; ``is_kept`` None where there is no target."""

    name: str
    here: str
    ours: str
    standard: str
    is_kept: bool | None


@dataclass(frozen=True)
class RateSource:
    """What raised most."""

    where: str
    what: str
    href: str
    mark: Mark
    count: int


@dataclass(frozen=True)
class RatesPage:
    """``spans``: days that may be chosen; ``step_h``: hours of one bar."""

    days: int
    spans: tuple[int, ...]
    had: Rates
    rows: tuple[RateRow, ...]
    sources: tuple[RateSource, ...]
    step_h: int
