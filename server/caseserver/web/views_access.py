"""What the pages about people and access show."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.web.views import Refusal


@dataclass(frozen=True)
class CodePage:
    """The second step of a sign-in. ``csrf``: of the session that was begun."""

    station: str
    number: str
    csrf: str
    next_href: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class EnrolPage:
    """A second factor to be set up. ``address``: what the picture holds; ``secret``: the same to be typed."""

    station: str
    number: str
    csrf: str
    action: str
    next_href: str
    address: str
    secret: str
    is_required: bool
    refusal: Refusal | None = None


@dataclass(frozen=True)
class RecoveryPage:
    """Recovery codes, shown this once."""

    station: str
    number: str
    codes: tuple[str, ...]
    next_href: str
