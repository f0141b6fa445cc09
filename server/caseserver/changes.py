"""Changes that two administrators sign: one asks, another signs, then it is carried out in the same breath.

Accounts, roles, passwords, second factors and the approval of a rulebook. What was asked for and not signed within a week is over.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from caseserver.accounts import ADMINISTRATOR, AccountError, Accounts, Officer
from caseserver.audit import Audit
from caseserver.second_factor import SecondFactors
from caseserver.store.database import Database
from caseserver.store.schema import change

KINDS: Final = (
    "account.add", "account.roles", "account.disable", "account.password", "second_factor.remove",
    "rulebook.approve",
)  # fmt: skip
ASKED_DAYS_MAX: Final = 7
WAITING_MAX: Final = 50
"""Changes that wait for a signature; the next is refused."""
ENDED_SHOWN: Final = 50
_DAY_US: Final = 86_400_000_000
_ENTRIES: Final = {
    "account.add": "account.added", "account.roles": "account.roles_changed", "account.disable": "account.disabled",
    "account.password": "account.password_changed", "second_factor.remove": "second_factor.removed",
    "rulebook.approve": "rulebook.approved",
}  # fmt: skip


class ChangeRefused(ValueError):
    """It cannot be asked for or signed. `reason`: not_administrator, same_person, over, not_there, too_many, cannot."""

    def __init__(self, reason: str, found: str = "") -> None:
        """`found`: what came, or why it cannot be."""
        super().__init__(f"{reason}: {found}" if found else reason)
        self.reason = reason
        self.found = found


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `state`: asked, done, withdrawn, over. Times: station time."""

    id: str
    kind: str
    subject: str
    body: Mapping[str, Any]
    asked_by: str
    asked_us: int
    state: str
    signed_by: str | None
    ended_us: int | None


class Changes:
    """The list, and the hand that carries them out. Any thread may call."""

    def __init__(
        self, database: Database, accounts: Callable[[], Accounts], factors: SecondFactors, audit: Audit,
        new_password: Callable[[], str], now_us: Callable[[], int],
    ) -> None:  # fmt: skip
        """`new_password`: makes one; `now_us`: station time."""
        self._database = database
        self._accounts = accounts
        self._factors = factors
        self._audit = audit
        self._new_password = new_password
        self._now_us = now_us
        self._lock = threading.Lock()

    def ask(self, kind: str, subject: str, body: Mapping[str, Any], officer: Officer) -> str:
        """The first signature. Raises ChangeRefused."""
        _check_administrator(officer)
        if kind not in KINDS:
            raise ChangeRefused("cannot", f"expected one of {', '.join(KINDS)}")
        self._check(kind, subject, body)
        if sum(one.state == "asked" for one in self.listed()) >= WAITING_MAX:
            raise ChangeRefused("too_many", str(WAITING_MAX))
        row = {
            "id": f"c-{secrets.token_hex(8)}", "kind": kind, "subject": subject, "body": json.dumps(dict(body)),
            "asked_by": officer.number, "asked_us": self._now_us(), "state": "asked", "signed_by": None, "ended_us": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            connection.execute(insert(change).values(row))
        self._tell(officer.number, "change.asked", _change(row))
        return str(row["id"])

    def withdraw(self, change_id: str, officer: Officer) -> None:
        """By any administrator: what nobody wants waits no longer. Raises ChangeRefused."""
        _check_administrator(officer)
        with self._lock:
            found = self._waiting(change_id)
            self._end(found, "withdrawn", officer.number)
        self._tell(officer.number, "change.withdrawn", found)

    def sign(self, change_id: str, officer: Officer) -> str:
        """The second signature, and the change itself; the new password where there is one, to be shown once.

        Raises ChangeRefused: then nothing was changed.
        """
        _check_administrator(officer)
        with self._lock:
            found = self._waiting(change_id)
            if found.asked_by == officer.number:
                raise ChangeRefused("same_person", officer.number)
            if not self._is_still_administrator(found.asked_by):
                raise ChangeRefused("not_administrator", found.asked_by)
            password = self._carry_out(found, " and ".join(sorted((found.asked_by, officer.number))))
            self._end(found, "done", officer.number)
        self._tell(officer.number, "change.signed", found)
        return password

    def listed(self) -> list[Change]:
        """What waits, and the newest of what ended; the newest first."""
        query = select(change).order_by(change.c.asked_us.desc(), change.c.id)
        waiting = query.where(change.c.state == "asked").limit(2 * WAITING_MAX)
        ended = query.where(change.c.state != "asked").limit(ENDED_SHOWN)
        with self._database.reading() as connection:
            rows = [*connection.execute(waiting).mappings(), *connection.execute(ended).mappings()]
        return [self._aged(_change(row)) for row in rows]

    def approved(self) -> dict[str, tuple[str, str]]:
        """SHA-256 of every rulebook text that two approved -> who."""
        with self._database.reading() as connection:
            return approved_rulebooks(connection)

    # ------------------------------------------------------------ inside

    def _check(self, kind: str, subject: str, body: Mapping[str, Any]) -> None:
        """What can be said at once, so that nobody is asked to sign what cannot be."""
        is_known = self._accounts().is_known(subject)
        try:
            if kind == "account.add":
                self._accounts().check_new(subject, body.get("roles", []))
            elif kind == "account.roles":
                self._accounts().check_roles(body.get("roles", []))
        except AccountError as error:
            raise ChangeRefused("cannot", str(error)) from None
        if kind not in ("account.add", "rulebook.approve") and not is_known:
            raise ChangeRefused("cannot", "expected the number of an account, found another")
        if kind == "rulebook.approve" and not _is_hash(subject):
            raise ChangeRefused("cannot", f"expected a SHA-256, 64 hex digits, found {subject[:64]}")

    def _carry_out(self, found: Change, by: str) -> str:
        accounts, number, body = self._accounts(), found.subject, found.body
        password = self._new_password() if found.kind in ("account.add", "account.password") else ""
        try:
            if found.kind == "account.add":
                accounts.add(number, body["roles"], password, by)
                accounts.place(number, body.get("unit", ""), body.get("shift", ""))
            elif found.kind == "account.roles":
                accounts.set_roles(number, body["roles"])
                accounts.place(number, body.get("unit", ""), body.get("shift", ""))
            elif found.kind == "account.disable":
                accounts.disable(number)
            elif found.kind == "account.password":
                accounts.set_password(number, password)
            elif found.kind == "second_factor.remove":
                self._factors.remove(number)
        except AccountError as error:
            raise ChangeRefused("cannot", str(error)) from None
        detail = {"change": found.id} | ({"roles": body["roles"]} if "roles" in body else {})
        self._audit.write(by, _ENTRIES[found.kind], number, detail)
        return password

    def _waiting(self, change_id: str) -> Change:
        with self._database.reading() as connection:
            row = connection.execute(select(change).where(change.c.id == change_id)).mappings().first()
        if row is None:
            raise ChangeRefused("not_there")
        found = self._aged(_change(row))
        if found.state != "asked":
            raise ChangeRefused("over", found.state)
        return found

    def _aged(self, found: Change) -> Change:
        if found.state == "asked" and self._now_us() - found.asked_us > ASKED_DAYS_MAX * _DAY_US:
            return Change(**{name: getattr(found, name) for name in Change.__slots__} | {"state": "over"})
        return found

    def _end(self, found: Change, state: str, number: str) -> None:
        values = {"state": state, "signed_by": number, "ended_us": self._now_us()}
        with self._database.writing() as connection:
            connection.execute(update(change).where(change.c.id == found.id).values(values))

    def _is_still_administrator(self, number: str) -> bool:
        return any(
            row.number == number and not row.is_disabled and ADMINISTRATOR in row.roles
            for row in self._accounts().rows()
        )

    def _tell(self, number: str, action: str, found: Change) -> None:
        self._audit.write(number, action, found.subject, {"change": found.id, "kind": found.kind})


def approved_rulebooks(connection: Connection) -> dict[str, tuple[str, str]]:
    """SHA-256 of every rulebook text that two approved -> who asked and who signed."""
    done = (change.c.kind == "rulebook.approve") & (change.c.state == "done")
    rows = connection.execute(select(change).where(done)).mappings()
    return {row["subject"]: (row["asked_by"], row["signed_by"]) for row in rows}


def _check_administrator(officer: Officer) -> None:
    if not officer.has_role(ADMINISTRATOR):
        raise ChangeRefused("not_administrator", officer.number)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)


def _change(row: Mapping[Any, Any]) -> Change:
    values = {name: row[name] for name in Change.__slots__}
    return Change(**values | {"body": json.loads(row["body"])})
