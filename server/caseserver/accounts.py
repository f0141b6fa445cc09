"""Officers' accounts and sessions. Passwords are kept as argon2id hashes, session tokens as SHA-256.

Times are POSIX seconds of the machine's own clock: a sign-in lasts real hours, whatever the station's clock does.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, Select, delete, insert, select, update

from caseserver.ghosts import has_mark
from caseserver.permissions import may_state
from caseserver.second_factor import Stage
from caseserver.settings import Sessions
from caseserver.store.database import Database
from caseserver.store.schema import account, session
from custody.fields import is_ref
from custody.vocabulary import ROLES

PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS_MAX: Final = 200
BEGUN_S_MAX: Final = 300.0
"""How long after a right password its second factor is waited for."""
ADMINISTRATOR: Final = "system_administrator"
PLACE_CHARS_MAX: Final = 64
"""Characters of a unit or a shift."""
PLACES_MAX: Final = 1_000
"""Addresses whose tries are counted; the one that tried longest ago is forgotten first."""
HASHES_AT_ONCE: Final = 2
"""Passwords checked at the same time: argon2 takes 64 MiB for each."""
SEEN_WRITE_S: Final = 30.0
"""A session's last use is written at most this often: reading a page shall not cost a write."""


class AccountError(ValueError):
    """An account cannot be made or changed; the message says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who is signed in: number, roles, and the CSRF token of this session; `token`: id of a program's token instead."""

    number: str
    roles: frozenset[str]
    csrf: str = ""
    token: str = ""

    def may(self, fact_type: str) -> bool:
        """Whether this officer's roles allow stating a fact of this type."""
        return may_state(self.roles, fact_type)

    def has_role(self, *roles: str) -> bool:
        """Whether the officer has one of these roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as it is listed."""

    number: str
    roles: tuple[str, ...]
    is_disabled: bool
    unit: str
    shift: str
    is_locked: bool
    created_by: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """Answer to a sign-in. `token` is None when refused; `retry_s` is how long to wait, 0 when the password was wrong.

    `stage`: full, or what is still to come; until then the token opens nothing but the page that asks for it.
    """

    token: str | None
    officer: Officer | None
    problem: str = ""  # "", wrong, locked, busy
    retry_s: int = 0
    stage: Stage = "full"


Hasher = PasswordHasher
"""What makes and checks the hashes: argon2 at a cost of its own."""
_HASHER: Final = Hasher()


@lru_cache(4)
def _nobody(hasher: PasswordHasher) -> str:
    """A password that nobody has, hashed once in a process: an unknown number costs as much time as a wrong password,
    so that numbers cannot be probed."""
    return hasher.hash(secrets.token_urlsafe(16))


def _only_password(_number: str, _roles: frozenset[str]) -> Stage:
    return "full"


class Accounts:
    """Accounts and sessions in the store."""

    def __init__(
        self, database: Database, settings: Sessions, hasher: PasswordHasher | None = None,
        clock: Callable[[], float] = time.time, stage_of: Callable[[str, frozenset[str]], Stage] = _only_password,
    ) -> None:  # fmt: skip
        """`clock` gives POSIX seconds; `hasher` sets argon2's cost; `stage_of`: what a right password leads to."""
        self._stage_of = stage_of
        self._database = database
        self._settings = settings
        self._hasher = hasher or _HASHER
        self._clock = clock
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()
        self._hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobody = _nobody(self._hasher)

    # --- accounts ---------------------------------------------------------------------------

    def add(self, number: str, roles: Iterable[str], password: str, by: str) -> None:
        """Make an account. `by` says who made it. Raises AccountError."""
        chosen = self.check_new(number, roles)
        self._check_password(password)
        row = {
            "number": number,
            "password": self._hasher.hash(password),
            "roles": json.dumps(chosen),
            "created_s": self._clock(),
            "created_by": by,
            "is_disabled": False,
            "failures": 0,
            "locked_until_s": 0.0,
        }
        with self._database.writing() as connection:
            if connection.execute(select(account.c.number).where(account.c.number == number)).first():
                raise AccountError(f"expected a new number, found that {number} has an account")
            connection.execute(insert(account).values(row))

    def check_new(self, number: str, roles: Iterable[str]) -> list[str]:
        """The roles in order, of an account that could be made. Raises AccountError."""
        if not is_ref(number):
            raise AccountError(f"expected a number of 1 to 64 characters A-Z a-z 0-9 . _ -, found {number!r}")
        if has_mark(number):
            raise AccountError(f"expected a number that is no name of the drill, found {number}")
        if self.is_known(number):
            raise AccountError(f"expected a new number, found that {number} has an account")
        return self.check_roles(roles)

    @staticmethod
    def check_roles(roles: Iterable[str]) -> list[str]:
        """The roles in order. Raises AccountError for one that is none, or when there is none."""
        chosen = sorted(set(roles))
        unknown = [role for role in chosen if role not in ROLES]
        if not chosen or unknown:
            raise AccountError(f"expected roles out of {', '.join(ROLES)}, found {unknown or 'none'}")
        return chosen

    def set_roles(self, number: str, roles: Iterable[str]) -> None:
        """Other roles, and an end to the account's sessions. Raises AccountError."""
        chosen = self.check_roles(roles)
        with self._database.writing() as connection:
            if ADMINISTRATOR not in chosen:
                _check_two_stay(connection, number)
            changes = {"roles": json.dumps(chosen)}
            done = connection.execute(update(account).where(account.c.number == number).values(changes))
            if not done.rowcount:
                raise AccountError(f"expected the number of an account, found {number!r}")
            connection.execute(delete(session).where(session.c.number == number))

    def place(self, number: str, unit: str, shift: str) -> None:
        """Unit and shift of an account: words for the list, no rights."""
        changes = {"unit": unit[:PLACE_CHARS_MAX] or None, "shift": shift[:PLACE_CHARS_MAX] or None}
        with self._database.writing() as connection:
            connection.execute(update(account).where(account.c.number == number).values(changes))

    def rows(self) -> list[AccountRow]:
        """Every account, by number."""
        query = select(account).order_by(account.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        now_s = self._clock()
        return [
            AccountRow(
                row["number"], tuple(json.loads(row["roles"])), bool(row["is_disabled"]), row["unit"] or "",
                row["shift"] or "", row["locked_until_s"] > now_s, row["created_by"],
            )
            for row in rows
        ]  # fmt: skip

    def sign_out_all(self, number: str) -> None:
        """End every session of an account."""
        with self._database.writing() as connection:
            connection.execute(delete(session).where(session.c.number == number))

    def set_password(self, number: str, password: str) -> None:
        """Replace a password and end the account's sessions. Raises AccountError."""
        self._check_password(password)
        hashed = self._hasher.hash(password)
        with self._database.writing() as connection:
            changes = {"password": hashed, "failures": 0, "locked_until_s": 0.0}
            done = connection.execute(update(account).where(account.c.number == number).values(changes))
            if not done.rowcount:
                raise AccountError(f"expected the number of an account, found {number!r}")
            connection.execute(delete(session).where(session.c.number == number))

    def disable(self, number: str) -> None:
        """End an account and its sessions; its history stays. Raises AccountError."""
        with self._database.writing() as connection:
            _check_two_stay(connection, number)
            done = connection.execute(
                update(account).where(account.c.number == number).values(is_disabled=True)
            )
            if not done.rowcount:
                raise AccountError(f"expected the number of an account, found {number!r}")
            connection.execute(delete(session).where(session.c.number == number))

    def listed(self) -> list[tuple[str, tuple[str, ...], bool]]:
        """(number, roles, is_disabled) of every account."""
        with self._database.reading() as connection:
            rows = connection.execute(select(account.c.number, account.c.roles, account.c.is_disabled)).all()
        return [(row.number, tuple(json.loads(row.roles)), bool(row.is_disabled)) for row in rows]

    def is_known(self, number: str) -> bool:
        """Whether there is an account of this number."""
        with self._database.reading() as connection:
            query = select(account.c.number).where(account.c.number == number)
            return connection.execute(query).first() is not None

    # --- sessions ---------------------------------------------------------------------------

    def sign_in(self, number: str, password: str, place: str = "") -> SignIn:
        """Check a password and open a session. Slow on purpose: call it in a thread. `place`: the caller's address."""
        now_s = self._clock()
        if not self._may_try(place, now_s):
            return SignIn(None, None, "busy", 60)
        with self._database.reading() as connection:
            row = connection.execute(select(account).where(account.c.number == number)).mappings().first()
        if row is not None and row["locked_until_s"] > now_s:
            return SignIn(None, None, "locked", int(row["locked_until_s"] - now_s) + 1)
        is_right = self._verify(
            row["password"] if row is not None else self._nobody, password[:PASSWORD_CHARS_MAX]
        )
        if row is None:
            return SignIn(None, None, "wrong")
        if not is_right or row["is_disabled"]:
            return self._failed(number, now_s)
        roles = frozenset(json.loads(row["roles"]))
        return self._open(number, roles, now_s, self._stage_of(number, roles))

    def fail_factor(self, number: str) -> SignIn:
        """A wrong code counts like a wrong password; a lock-out ends what was begun."""
        answer = self._failed(number, self._clock())
        if answer.problem == "locked":
            with self._database.writing() as connection:
                begun = (session.c.number == number) & (session.c.stage != "full")
                connection.execute(delete(session).where(begun))
        return answer

    def complete(self, token: str) -> SignIn:
        """The second factor was right: a new session in place of the one that was begun. Refused when it ended."""
        begun = self.begun(token)
        if begun is None:
            return SignIn(None, None, "wrong")
        self.sign_out(token)
        return self._open(begun[0].number, begun[0].roles, self._clock(), "full")

    def begun(self, token: str) -> tuple[Officer, Stage] | None:
        """Whose password was right a moment ago, and what is still to come; None when there is no such session."""
        with self._database.reading() as connection:
            row = connection.execute(_with_account(token)).mappings().first()
        if row is None or row["stage"] == "full" or row["is_disabled"]:
            return None
        if self._clock() - row["created_s"] > BEGUN_S_MAX or row["locked_until_s"] > self._clock():
            return None
        return Officer(row["number"], frozenset(json.loads(row["roles"])), row["csrf"]), row["stage"]

    def of_token(self, token: str) -> Officer | None:
        """Who holds this session; None when it ended, or when its second factor is still to come."""
        now_s = self._clock()
        key = _hash(token)
        with self._database.reading() as connection:
            row = connection.execute(_with_account(token)).mappings().first()
        if row is None or row["stage"] != "full":
            return None
        is_over = (
            now_s - row["seen_s"] > self._settings.idle_s_max
            or now_s - row["created_s"] > self._settings.total_s_max
        )
        if is_over or row["is_disabled"]:
            self.sign_out(token)
            return None
        if now_s - row["seen_s"] > SEEN_WRITE_S:
            with self._database.writing() as connection:
                connection.execute(update(session).where(session.c.token_hash == key).values(seen_s=now_s))
        return Officer(row["number"], frozenset(json.loads(row["roles"])), row["csrf"])

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(delete(session).where(session.c.token_hash == _hash(token)))

    def _open(self, number: str, roles: frozenset[str], now_s: float, stage: Stage) -> SignIn:
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        old_s = now_s - self._settings.total_s_max
        with self._database.writing() as connection:
            connection.execute(delete(session).where(session.c.created_s < old_s))
            connection.execute(
                insert(session).values(
                    token_hash=_hash(token),
                    number=number,
                    csrf=csrf,
                    created_s=now_s,
                    seen_s=now_s,
                    stage=stage,
                )
            )
            if stage == "full":  # a right password alone does not clear wrong codes
                changes = {"failures": 0, "locked_until_s": 0.0}
                connection.execute(update(account).where(account.c.number == number).values(changes))
        return SignIn(token, Officer(number, roles, csrf), stage=stage)

    def _failed(self, number: str, now_s: float) -> SignIn:
        settings = self._settings
        with self._database.writing() as connection:
            mine = account.c.number == number
            failures = connection.execute(select(account.c.failures).where(mine)).scalar_one() + 1
            is_locked = failures >= settings.failures_max
            changes = {
                "failures": 0 if is_locked else failures,
                "locked_until_s": now_s + settings.lockout_s if is_locked else 0.0,
            }
            connection.execute(update(account).where(mine).values(changes))
        if is_locked:
            return SignIn(None, None, "locked", settings.lockout_s)
        return SignIn(None, None, "wrong")

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            with self._hashing:
                return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _may_try(self, place: str, now_s: float) -> bool:
        """At most so many tries a minute from one address."""
        with self._lock:
            tries = self._tries.pop(place, deque())
            self._tries[place] = tries
            while len(self._tries) > PLACES_MAX:
                self._tries.popitem(last=False)
            while tries and tries[0] < now_s - 60:
                tries.popleft()
            if len(tries) >= self._settings.tries_per_minute_max:
                return False
            tries.append(now_s)
            return True

    @staticmethod
    def _check_password(password: str) -> None:
        if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
            raise AccountError(
                f"expected a password of {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters, found {len(password)}"
            )


def new_password() -> str:
    """Random, about 95 bits, in groups that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _check_two_stay(connection: Connection, number: str) -> None:
    """Of the administrators two have to stay: one alone could change nothing any more. Raises AccountError."""
    rows = connection.execute(
        select(account.c.number, account.c.roles).where(account.c.is_disabled.is_(False))
    )
    administrators = {row.number for row in rows if ADMINISTRATOR in json.loads(row.roles)}
    if number in administrators and len(administrators) <= 2:
        raise AccountError(f"expected that two administrators stay, found {number} to be one of two")


def _with_account(token: str) -> Select[Any]:
    return (
        select(session, account.c.roles, account.c.is_disabled, account.c.locked_until_s)
        .join(account, account.c.number == session.c.number)
        .where(session.c.token_hash == _hash(token))
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
