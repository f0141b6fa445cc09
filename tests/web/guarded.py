"""A house whose administrators need a second factor, as they do in a station, with a clock for codes that is told."""

from __future__ import annotations

import base64
import re

from caseserver import totp
from caseserver.accounts import Accounts
from caseserver.second_factor import SecondFactors, master_of
from tests.web.house import HASHER, House


class Guarded(House):
    """``guard`` once, before anybody gets an account."""

    now_s = 1_773_800_000.0

    def guard(self) -> None:
        sessions, program = self.program.settings.sessions, self.program
        key = self.station._signer.key
        program.factors = SecondFactors(
            program.database, master_of(key), ["system_administrator"], lambda: self.now_s
        )
        program.accounts = Accounts(
            program.database, sessions, HASHER, lambda: self.now_s, program.factors.stage_of
        )
        self.app.state.accounts, self.app.state.factors = program.accounts, program.factors

    def code_at(self, secret: bytes) -> str:
        """What an officer's telephone shows now."""
        return totp.code(secret, totp.step_of(self.now_s))


def secret_of(page: str) -> bytes:
    """The secret that the page shows to be typed."""
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    return base64.b32decode(found[1].replace(" ", ""))
