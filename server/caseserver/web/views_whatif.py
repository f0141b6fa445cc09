"""What the what-if page shows, as frozen values, like views.py."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.web.views import Choice, Seal
from custody.whatif import WhatIf


@dataclass(frozen=True)
class RuleRow:
    """One rule that says another thing: where it stands in each book, for how many, for how long."""

    label: str
    href: str
    title: str
    seal: Seal
    article_before: str
    article_after: str
    unlawful: int
    lawful: int
    otherwise: int
    time_before: str
    time_after: str


@dataclass(frozen=True)
class SubjectRow:
    """One stay (or case, room) for which the second book says another thing."""

    name: str
    href: str
    change: str
    before: str
    after: str
    rules: str


@dataclass(frozen=True)
class RefusalRow:
    """A form that one book takes and the other refuses."""

    at: str
    subject: str
    form: str
    book: str
    reason: str
    article: str


@dataclass(frozen=True)
class WhatIfPage:
    """The question, and the answer where there is one. ``is_running``: it is being worked out."""

    areas: tuple[Choice, ...]
    area: str
    books: tuple[Choice, ...]
    before: str
    after: str
    problem: str = ""
    is_running: bool = False
    result: WhatIf | None = None
    scope: str = ""
    totals: tuple[tuple[str, str], ...] = ()
    rules: tuple[RuleRow, ...] = ()
    local: tuple[RuleRow, ...] = ()
    subjects: tuple[SubjectRow, ...] = ()
    more: int = 0
    refusals: tuple[RefusalRow, ...] = ()
