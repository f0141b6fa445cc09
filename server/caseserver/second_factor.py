"""Second factors in the store: set up, checked, replaced by a recovery code, taken away by two administrators.

The store holds a random nonce for each; the secret comes from it and from the server's key, so that a copy of the
database makes no codes. Recovery codes are kept as SHA-256: they are 80 random bits.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final, Literal

from sqlalchemy import delete, func, insert, select, update

from caselog.keys import SigningKey
from caseserver import totp
from caseserver.store.database import Database
from caseserver.store.schema import recovery_code, second_factor

Stage = Literal["full", "code", "enrol"]
RECOVERY_CODES: Final = 10
NONCE_BYTES: Final = 32
_MASTER: Final = b"caseward/second-factor/v1\n"


def master_of(key: SigningKey) -> bytes:
    """The master secret, 32 bytes: an Ed25519 signature is always the same, and this one is never shown to anybody."""
    return sha256(_MASTER + key.sign(_MASTER)).digest()


class SecondFactors:
    """Who has one, and whether a code is right. Any thread may call."""

    def __init__(
        self, database: Database, master: bytes, roles: Iterable[str], clock: Callable[[], float] = time.time
    ) -> None:
        """`roles` need one; `clock` gives POSIX seconds."""
        self._database = database
        self._master = master
        self._roles = frozenset(roles)
        self._clock = clock

    def stage_of(self, number: str, roles: frozenset[str]) -> Stage:
        """What is still to come once the password was right."""
        if self.is_set_up(number):
            return "code"
        return "enrol" if roles & self._roles else "full"

    def is_set_up(self, number: str) -> bool:
        """Whether this account has one that was confirmed."""
        with self._database.reading() as connection:
            query = select(second_factor.c.confirmed_s).where(second_factor.c.number == number)
            return connection.execute(query).scalar() is not None

    def set_up_numbers(self) -> frozenset[str]:
        """All accounts that have one."""
        with self._database.reading() as connection:
            query = select(second_factor.c.number).where(second_factor.c.confirmed_s.is_not(None))
            return frozenset(connection.execute(query).scalars())

    def offer(self, number: str) -> bytes | None:
        """The secret to be set up, the same until it is confirmed; None when one is set up already."""
        with self._database.writing() as connection:
            row = connection.execute(select(second_factor).where(second_factor.c.number == number)).first()
            if row is not None:
                return None if row.confirmed_s is not None else self._secret(number, row.nonce)
            nonce = secrets.token_bytes(NONCE_BYTES)
            values = {"number": number, "nonce": nonce, "confirmed_s": None, "last_step": 0}
            connection.execute(insert(second_factor).values(values))
            return self._secret(number, nonce)

    def confirm(self, number: str, sent: str) -> list[str] | None:
        """Set up what was offered: the recovery codes, shown this once; None when the code is wrong or none was offered."""
        if self.is_set_up(number) or not self._take(number, sent):
            return None
        with self._database.writing() as connection:
            mine = second_factor.c.number == number
            connection.execute(update(second_factor).where(mine).values(confirmed_s=self._clock()))
        return self.renew_codes(number)

    def check(self, number: str, sent: str) -> Literal["", "code", "recovery"]:
        """Which of both this was; "" when it is neither. Each code is taken once."""
        if not self.is_set_up(number):
            return ""
        text = "".join(sent.split()).replace("-", "").lower()
        if len(text) == totp.DIGITS and text.isascii() and text.isdigit():
            return "code" if self._take(number, text) else ""
        with self._database.writing() as connection:
            mine = (recovery_code.c.hash == _hash(text)) & (recovery_code.c.number == number)
            unused = mine & recovery_code.c.used_s.is_(None)
            done = connection.execute(update(recovery_code).where(unused).values(used_s=self._clock()))
        return "recovery" if done.rowcount else ""

    def renew_codes(self, number: str) -> list[str]:
        """New recovery codes in place of the old ones."""
        codes = [secrets.token_hex(10) for _ in range(RECOVERY_CODES)]
        with self._database.writing() as connection:
            connection.execute(delete(recovery_code).where(recovery_code.c.number == number))
            rows = [{"hash": _hash(code), "number": number, "used_s": None} for code in codes]
            connection.execute(insert(recovery_code), rows)
        return ["-".join(code[start : start + 5] for start in range(0, 20, 5)) for code in codes]

    def codes_left(self, number: str) -> int:
        """Recovery codes that were not used."""
        unused = (recovery_code.c.number == number) & recovery_code.c.used_s.is_(None)
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).where(unused)).scalar_one()

    def remove(self, number: str) -> None:
        """Take it away: at the next sign-in it is set up anew where the roles need one."""
        with self._database.writing() as connection:
            connection.execute(delete(second_factor).where(second_factor.c.number == number))
            connection.execute(delete(recovery_code).where(recovery_code.c.number == number))

    def _take(self, number: str, sent: str) -> bool:
        """Whether this is a code not seen before; noted in the same transaction, so that two at once are one."""
        with self._database.writing() as connection:
            row = connection.execute(select(second_factor).where(second_factor.c.number == number)).first()
            if row is None:
                return False
            secret = self._secret(number, row.nonce)
            step = totp.taken_step(secret, "".join(sent.split()), self._clock(), row.last_step)
            if step is None:
                return False
            mine = second_factor.c.number == number
            connection.execute(update(second_factor).where(mine).values(last_step=step))
            return True

    def _secret(self, number: str, nonce: bytes) -> bytes:
        return hmac.digest(self._master, number.encode() + b"\n" + nonce, "sha256")[: totp.SECRET_BYTES]


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
