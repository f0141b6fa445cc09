"""Tokens of programs: each reads with the rights of one account, in scopes, until a day. None of them acts.

Kept as SHA-256 (they are 256 random bits); the text is shown once, when it is made.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Select, func, insert, select, update

from caseserver.accounts import SEEN_WRITE_S, AccountError, Officer
from caseserver.store.database import Database
from caseserver.store.schema import account, api_token

SCOPES: Final = ("areas", "alarms", "stays", "log", "coverage", "events", "receipts")
"""What a token may be made for; `caseserver.access.ROUTES` says which call needs which."""
PREFIX: Final = "caseward-"
DAYS_MAX: Final = 365
LIVE_MAX: Final = 20
"""Tokens of one account that are neither over nor revoked; the next is refused."""
LABEL_CHARS_MAX: Final = 64
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it is listed; times are POSIX seconds."""

    id: str
    number: str
    label: str
    scopes: tuple[str, ...]
    created_s: float
    expires_s: float
    revoked_s: float | None
    used_s: float | None

    def is_live(self, now_s: float) -> bool:
        """Whether it still opens anything."""
        return self.revoked_s is None and now_s < self.expires_s


class Tokens:
    """Tokens in the store. Any thread may call."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives POSIX seconds."""
        self._database = database
        self._clock = clock

    def make(self, number: str, label: str, scopes: Iterable[str], days: int) -> tuple[str, str]:
        """(id, text) of a new token; the text is shown once. Raises AccountError."""
        chosen = sorted(set(scopes))
        unknown = [scope for scope in chosen if scope not in SCOPES]
        if not chosen or unknown:
            raise AccountError(f"expected scopes out of {', '.join(SCOPES)}, found {unknown or 'none'}")
        if not 1 <= days <= DAYS_MAX:
            raise AccountError(f"expected 1 to {DAYS_MAX} days, found {days}")
        if not 1 <= len(label) <= LABEL_CHARS_MAX:
            raise AccountError(f"expected a label of 1 to {LABEL_CHARS_MAX} characters, found {len(label)}")
        now_s = self._clock()
        new_id, text = secrets.token_hex(8), PREFIX + secrets.token_urlsafe(32)
        row = {
            "id": new_id, "hash": _hash(text), "number": number, "label": label, "scopes": json.dumps(chosen),
            "created_s": now_s, "expires_s": now_s + days * DAY_S, "revoked_s": None, "used_s": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            if connection.execute(_live_count(number, now_s)).scalar_one() >= LIVE_MAX:
                raise AccountError(f"expected fewer than {LIVE_MAX} live tokens, found {LIVE_MAX}")
            connection.execute(insert(api_token).values(row))
        return new_id, text

    def of_text(self, text: str) -> tuple[Officer, frozenset[str]] | None:
        """(with whose rights it reads, its scopes); None when it is none, over, revoked, or the account has ended."""
        now_s = self._clock()
        query = (
            select(api_token, account.c.roles, account.c.is_disabled)
            .join(account, account.c.number == api_token.c.number)
            .where(api_token.c.hash == _hash(text))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None or row["is_disabled"] or not _token(row).is_live(now_s):
            return None
        if now_s - (row["used_s"] or 0) > SEEN_WRITE_S:
            with self._database.writing() as connection:
                mine = api_token.c.id == row["id"]
                connection.execute(update(api_token).where(mine).values(used_s=now_s))
        roles = frozenset(json.loads(row["roles"]))
        return Officer(row["number"], roles, token=row["id"]), frozenset(json.loads(row["scopes"]))

    def listed(self, number: str | None = None) -> list[Token]:
        """Those of one account, or all; the newest first."""
        query = select(api_token).order_by(api_token.c.created_s.desc(), api_token.c.id)
        if number is not None:
            query = query.where(api_token.c.number == number)
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(query).mappings()]

    def revoke(self, token_id: str, number: str | None) -> bool:
        """End a token now; `number`: only if it is that account's. False when there is no such live one."""
        mine = (api_token.c.id == token_id) & api_token.c.revoked_s.is_(None)
        if number is not None:
            mine &= api_token.c.number == number
        with self._database.writing() as connection:
            done = connection.execute(update(api_token).where(mine).values(revoked_s=self._clock()))
        return bool(done.rowcount)


def _token(row: Any) -> Token:
    return Token(
        row["id"], row["number"], row["label"], tuple(json.loads(row["scopes"])), row["created_s"], row["expires_s"],
        row["revoked_s"], row["used_s"],
    )  # fmt: skip


def _live_count(number: str, now_s: float) -> Select[Any]:
    return select(func.count()).where(
        api_token.c.number == number, api_token.c.revoked_s.is_(None), api_token.c.expires_s > now_s
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
