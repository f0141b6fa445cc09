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


@dataclass(frozen=True)
class TokenRow:
    """A token of a program. ``expires_us``, ``used_us``: the machine's clock; ``is_live``: it still opens something."""

    id: str
    label: str
    scopes: tuple[str, ...]
    expires_us: int
    used_us: int | None
    is_live: bool
    is_revoked: bool


@dataclass(frozen=True)
class OwnAccount:
    """The own account. ``token``: one just made, shown this once; ``codes``: recovery codes just made."""

    number: str
    roles: tuple[str, ...]
    has_factor: bool
    codes_left: int
    tokens: tuple[TokenRow, ...]
    scopes: tuple[str, ...]
    days_max: int
    has_pin: bool
    token: str = ""
    codes: tuple[str, ...] = ()
    done: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class AccountLine:
    """An account in the list."""

    number: str
    roles: tuple[str, ...]
    unit: str
    shift: str
    state: str
    has_factor: bool


@dataclass(frozen=True)
class ChangeLine:
    """A change that two sign. ``moves``: what the reader may do with it."""

    id: str
    kind: str
    subject: str
    detail: str
    asked_by: str
    asked_us: int
    state: str
    signed_by: str
    ended_us: int | None
    moves: tuple[str, ...]


@dataclass(frozen=True)
class RulebookLine:
    """A rulebook in force. ``approved_by``: both, "" when nobody approved it; ``is_bundled``: it came with the program."""

    area: str
    id: str
    sha256: str
    is_bundled: bool
    approved_by: str


@dataclass(frozen=True)
class AccountsPage:
    """Accounts, what waits for a second signature, rulebooks in force. ``password``: a new one, shown this once."""

    accounts: tuple[AccountLine, ...]
    waiting: tuple[ChangeLine, ...]
    ended: tuple[ChangeLine, ...]
    rulebooks: tuple[RulebookLine, ...]
    roles: tuple[tuple[str, str], ...]
    may_change: bool
    password: str = ""
    password_of: str = ""
    done: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Qualification:
    """A qualification with its last day. ``state``: valid, soon, over."""

    name: str
    until_us: int
    state: str


@dataclass(frozen=True)
class OfficerLine:
    """An officer as the area's log and the accounts know him. ``first_end_us``: the first qualification to run out."""

    number: str
    area: str
    service: str
    roles: tuple[str, ...]
    badge: str
    unit: str
    shift: str
    account: str
    qualifications: tuple[Qualification, ...]
    training: str
    first_end_us: int | None


@dataclass(frozen=True)
class OfficersPage:
    """Officers, those first whose qualification ran out or runs out soonest; who has none stands last."""

    officers: tuple[OfficerLine, ...]
    over: int
    soon: int
