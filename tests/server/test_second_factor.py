"""Codes by the clock against the vectors of RFC 6238; each taken once; the store alone makes none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from caselog.keys import SoftKey
from caseserver import totp
from caseserver.accounts import Accounts
from caseserver.second_factor import SecondFactors, master_of
from caseserver.settings import Sessions
from caseserver.store.database import Database
from tests.server.station_kit import CHEAP_HASHER

RFC_6238 = {
    "sha1": (b"12345678901234567890", ["94287082", "07081804", "14050471", "89005924", "69279037", "65353130"]),
    "sha256": (
        b"12345678901234567890123456789012",
        ["46119246", "68084774", "67062674", "91819424", "90698825", "77737706"],
    ),
}  # fmt: skip
TIMES_S = (59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000)
PASSWORD = "correct horse battery"


@pytest.mark.parametrize("digest", sorted(RFC_6238))
def test_the_codes_are_those_of_rfc_6238(digest: str) -> None:
    secret, wanted = RFC_6238[digest]
    assert [totp.code(secret, totp.step_of(at_s), 8, digest) for at_s in TIMES_S] == wanted


def test_a_code_of_one_step_back_or_ahead_is_taken_and_none_further_or_older_than_the_last() -> None:
    secret, now_s = b"s" * 20, 1_000_000.0
    now = totp.step_of(now_s)
    taken = [n for n in range(-3, 4) if totp.taken_step(secret, totp.code(secret, now + n), now_s, 0)]
    assert taken == [-1, 0, 1]
    assert totp.taken_step(secret, totp.code(secret, now), now_s, now) is None


class Desk:
    """Accounts with second factors over a store, and a clock to be set."""

    def __init__(self, path: Path) -> None:
        self.now_s = 1_000_000.0
        self.database = Database(path / "server.db")
        key = SoftKey.from_seed(b"s" * 32)
        self.factors = SecondFactors(
            self.database, master_of(key), ["system_administrator"], lambda: self.now_s
        )
        self.accounts = Accounts(
            self.database, Sessions(), CHEAP_HASHER, lambda: self.now_s, self.factors.stage_of
        )
        self.accounts.add("9", ["system_administrator"], PASSWORD, "test")
        self.accounts.add("1", ["duty_officer"], PASSWORD, "test")

    def code(self, number: str, ahead: int = 0) -> str:
        return totp.code(self.secret, totp.step_of(self.now_s) + ahead)

    def set_up(self) -> list[str]:
        secret = self.factors.offer("9")
        assert secret is not None
        self.secret = secret
        codes = self.factors.confirm("9", self.code("9"))
        assert codes is not None
        self.now_s += 60
        return codes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.database.close()


def test_an_administrator_is_not_signed_in_before_the_second_factor(desk: Desk) -> None:
    answer = desk.accounts.sign_in("9", PASSWORD)
    assert answer.stage == "enrol"
    assert answer.token is not None
    assert desk.accounts.of_token(answer.token) is None
    desk.set_up()
    begun = desk.accounts.sign_in("9", PASSWORD)
    assert begun.stage == "code"
    assert desk.accounts.of_token(begun.token or "") is None
    done = desk.accounts.complete(begun.token or "")
    assert desk.accounts.of_token(done.token or "") is not None
    assert desk.accounts.complete(begun.token or "").token is None, "what was begun is over"
    assert desk.accounts.sign_in("1", PASSWORD).stage == "full"


def test_what_was_begun_ends_after_five_minutes_and_at_a_lock_out(desk: Desk) -> None:
    desk.set_up()
    begun = desk.accounts.sign_in("9", PASSWORD).token or ""
    desk.now_s += 301
    assert desk.accounts.complete(begun).token is None
    begun = desk.accounts.sign_in("9", PASSWORD).token or ""
    problems = [desk.accounts.fail_factor("9").problem for _ in range(5)]
    assert problems == ["wrong"] * 4 + ["locked"]
    assert desk.accounts.begun(begun) is None
    assert desk.accounts.sign_in("9", PASSWORD).problem == "locked"


def test_a_right_password_does_not_wipe_out_wrong_codes(desk: Desk) -> None:
    desk.set_up()
    for _ in range(4):
        desk.accounts.sign_in("9", PASSWORD)
        last = desk.accounts.fail_factor("9").problem
    desk.accounts.sign_in("9", PASSWORD)
    assert (last, desk.accounts.fail_factor("9").problem) == ("wrong", "locked")


def test_each_code_and_each_recovery_code_is_taken_once(desk: Desk) -> None:
    codes = desk.set_up()
    now = desk.code("9")
    assert [desk.factors.check("9", now) for _ in range(2)] == ["code", ""]
    assert desk.factors.check("9", desk.code("9", -1)) == "", "one before the last is not taken either"
    assert [desk.factors.check("9", codes[3].upper()) for _ in range(2)] == ["recovery", ""]
    assert desk.factors.check("1", codes[4]) == "", "nobody else's"
    assert desk.factors.codes_left("9") == 9
    renewed = desk.factors.renew_codes("9")
    assert desk.factors.check("9", codes[4]) == ""
    assert desk.factors.check("9", renewed[0]) == "recovery"


def test_the_store_holds_neither_secret_nor_recovery_code(desk: Desk) -> None:
    codes = desk.set_up()
    with desk.database.reading() as connection:
        rows = connection.execute(text("SELECT nonce FROM second_factor")).scalars().all()
        told = str(connection.execute(text("SELECT hash FROM recovery_code")).all())
    assert desk.secret not in b"".join(rows)
    assert not any(code in told or code.replace("-", "") in told for code in codes)
    other = SecondFactors(desk.database, b"another key" * 3, [], lambda: desk.now_s)
    assert other.check("9", desk.code("9")) == "", "a copy of the store under another key makes no codes"


def test_taken_away_it_is_set_up_anew_and_the_old_one_opens_nothing(desk: Desk) -> None:
    codes = desk.set_up()
    desk.factors.remove("9")
    assert desk.accounts.sign_in("9", PASSWORD).stage == "enrol"
    assert desk.factors.check("9", desk.code("9")) == ""
    assert desk.factors.check("9", codes[0]) == ""
    assert desk.factors.offer("9") != desk.secret
