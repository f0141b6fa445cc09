"""Who stands behind a command: passwords and codes asked for at the terminal, two administrators for what one must not do."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence

from caselog.keys import SigningKey
from caseserver.accounts import Accounts, Officer
from caseserver.second_factor import SecondFactors, master_of
from caseserver.settings import Settings
from caseserver.store.database import Database

Ask = Callable[[str], str]


class CommandError(ValueError):
    """The command cannot be carried out; the message says what was expected and what came."""


def asker(*, from_stdin: bool) -> Ask:
    """How secrets are asked for."""
    if from_stdin:
        return lambda _what: sys.stdin.readline().rstrip("\n")
    return lambda what: getpass.getpass(f"{what}: ")


class Vouching:
    """Accounts and second factors beside the running server."""

    def __init__(self, database: Database, settings: Settings, key: SigningKey) -> None:
        """Of this store; `key` is the server's."""
        self.factors = SecondFactors(database, master_of(key), settings.sessions.second_factor_roles)
        self.accounts = Accounts(database, settings.sessions, stage_of=self.factors.stage_of)

    def two_administrators(self, numbers: Sequence[str], ask: Ask) -> str:
        """Both must be right: no single administrator changes who may do what. Gives `A and B`."""
        if len(set(numbers)) != 2:
            found = list(numbers) or "none"
            raise CommandError(f"expected --by twice with two different administrators, found {found}")
        for number in numbers:
            officer = self.known(number, f"password of {number}", ask)
            if not officer.has_role("system_administrator"):
                raise CommandError(
                    f"expected a system_administrator, found {number} with {sorted(officer.roles)}"
                )
        return " and ".join(sorted(set(numbers)))

    def change_password(self, number: str, ask: Ask) -> None:
        """By who knows the present one, and has the code where there is a second factor. Raises AccountError."""
        self.known(number, "present password", ask)
        self.accounts.set_password(number, ask("new password"))

    def known(self, number: str, what: str, ask: Ask) -> Officer:
        """Password, and code where one is set up. Who has still to set it up does so at the next sign-in to the pages."""
        answer = self.accounts.sign_in(number, ask(what))
        if answer.officer is None or answer.token is None:
            raise CommandError(f"expected the password of {number}, found another ({answer.problem})")
        self.accounts.sign_out(answer.token)
        if answer.stage == "code" and not self.factors.check(number, ask(f"code of {number}")):
            self.accounts.fail_factor(number)
            raise CommandError(f"expected a code of {number} that was not used before, found another")
        return answer.officer
