"""Accounts, changes and officers as the pages show them. Pure: rows in, views out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from caseserver.accounts import ADMINISTRATOR, AccountRow
from caseserver.changes import Change
from caseserver.tokens import Token
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_access import (
    AccountLine,
    ChangeLine,
    OfficerLine,
    OfficersPage,
    Qualification,
    RulebookLine,
    TokenRow,
)
from custody.vocabulary import QUALIFICATIONS, ROLES, SERVICES
from custody.world import Officer

SOON_DAYS: Final = 60
_DAY_US: Final = 86_400_000_000
_SECOND_US: Final = 1_000_000


def roles_in_words(roles: Iterable[str], reader: Reader) -> tuple[str, ...]:
    """In the order of the closed list."""
    held = set(roles)
    return tuple(reader.code(ROLES, role) for role in ROLES if role in held)


def token_row(token: Token, now_s: float) -> TokenRow:
    used_us = int(token.used_s * _SECOND_US) if token.used_s is not None else None
    expires_us = int(token.expires_s * _SECOND_US)
    return TokenRow(
        token.id, token.label, token.scopes, expires_us, used_us, token.is_live(now_s), token.revoked_s is not None
    )  # fmt: skip


def account_line(row: AccountRow, with_factor: AbstractSet[str], reader: Reader) -> AccountLine:
    state = "disabled" if row.is_disabled else "locked" if row.is_locked else "open"
    return AccountLine(
        row.number, roles_in_words(row.roles, reader), row.unit, row.shift, state, row.number in with_factor
    )


def change_line(change: Change, reader: Reader) -> ChangeLine:
    """``moves``: the second signature is another's than the first."""
    moves: tuple[str, ...] = ()
    if change.state == "asked" and ADMINISTRATOR in reader.roles:
        moves = ("withdraw",) if change.asked_by == reader.badge else ("sign", "withdraw")
    roles = roles_in_words(change.body.get("roles", ()), reader)
    places = [str(change.body[key]) for key in ("unit", "shift") if change.body.get(key)]
    return ChangeLine(
        change.id, change.kind.replace(".", "_"), change.subject, reader.t("page.list").join([*roles, *places]),
        change.asked_by, change.asked_us, change.state, change.signed_by or "", change.ended_us, moves,
    )  # fmt: skip


def rulebook_line(
    state: AreaPicture, sha256: str, is_bundled: bool, approved: Mapping[str, tuple[str, str]], reader: Reader
) -> RulebookLine:
    name = Words(state.area, state.world, reader).name(state.area.name)
    return RulebookLine(name, state.rulebook.id, sha256, is_bundled, " · ".join(approved.get(sha256, ())))


# ---------------------------------------------------------------- officers


def officers_page(
    told: Sequence[tuple[AreaPicture, Sequence[Mapping[str, Any]]]], accounts: Mapping[str, AccountRow], reader: Reader
) -> OfficersPage:  # fmt: skip
    """``told``: each area with its leaves on qualifications and training, oldest first."""
    lines = []
    for state, leaves in told:
        newest, training = _newest(leaves)
        area = Words(state.area, state.world, reader).name(state.area.name)
        lines += [
            _officer(officer, area, newest.get(ref, {}), training.get(ref, ""), accounts.get(ref), reader)
            for ref, officer in state.world.officers.items()
        ]
    lines.sort(key=lambda line: (line.first_end_us is None, line.first_end_us or 0, line.number))
    states = [q.state for line in lines for q in line.qualifications]
    return OfficersPage(tuple(lines), states.count("over"), states.count("soon"))


def _newest(
    leaves: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    """Officer -> kind -> until; officer -> hours of the newest year. A later fact replaces an earlier one."""
    until: dict[str, dict[str, int]] = {}
    training: dict[str, tuple[int, int]] = {}
    for leaf in leaves:
        body = leaf["body"]
        if leaf["type"] == "officer.qualified/1":
            until.setdefault(body["officer"], {})[body["kind"]] = int(body["until_at_us"])
        else:
            told = (int(body["year"]), int(body["hours"]))
            training[body["officer"]] = max(told, training.get(body["officer"], told), key=lambda one: one[0])
    return until, {officer: f"{year}: {hours}" for officer, (year, hours) in training.items()}


def _officer(
    officer: Officer, area: str, until: Mapping[str, int], training: str, account: AccountRow | None, reader: Reader
) -> OfficerLine:  # fmt: skip
    held = sorted(
        (Qualification(reader.code(QUALIFICATIONS, kind), at_us, _state(at_us, reader.now_us)) for kind, at_us in until.items()),
        key=lambda one: one.until_us,
    )  # fmt: skip
    state = "" if account is None else "disabled" if account.is_disabled else "open"
    return OfficerLine(
        officer.ref, area, reader.code(SERVICES, officer.service), roles_in_words(officer.roles, reader), officer.badge,
        account.unit if account else "", account.shift if account else "", state, tuple(held), training,
        held[0].until_us if held else None,
    )  # fmt: skip


def _state(until_us: int, now_us: int) -> str:
    if until_us < now_us:
        return "over"
    return "soon" if until_us - now_us < SOON_DAYS * _DAY_US else "valid"
