"""Accounts and sessions: who may come in, for how long, how often wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from caseserver.accounts import AccountError, Accounts
from caseserver.settings import Sessions
from caseserver.store.database import Database
from tests.server.station_kit import CHEAP_HASHER

PASSWORD = "correct horse battery"


@dataclass
class Desk:
    """Accounts with a clock that a test moves."""

    database: Database
    now_s: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.database, Sessions(), CHEAP_HASHER, lambda: self.now_s)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(tmp_path / "server.db")
    desk = Desk(database)
    desk.accounts.add("1001", ["duty_officer"], PASSWORD, "test")
    yield desk
    database.close()


def test_the_right_password_opens_a_session_that_names_number_and_roles(desk: Desk) -> None:
    answer = desk.accounts.sign_in("1001", PASSWORD)
    assert answer.token is not None
    officer = desk.accounts.of_token(answer.token)
    assert officer is not None
    assert (officer.number, officer.roles) == ("1001", {"duty_officer"})
    assert officer.csrf


def test_a_wrong_password_and_an_unknown_number_get_the_same_answer(desk: Desk) -> None:
    assert desk.accounts.sign_in("1001", "wrong password") == desk.accounts.sign_in("4242", PASSWORD)


def test_five_wrong_passwords_lock_the_account_for_five_minutes(desk: Desk) -> None:
    problems = [desk.accounts.sign_in("1001", "wrong password").problem for _ in range(5)]
    assert problems == ["wrong"] * 4 + ["locked"]
    locked = desk.accounts.sign_in("1001", PASSWORD)
    assert (locked.token, locked.problem) == (None, "locked")
    assert 0 < locked.retry_s <= 301
    desk.now_s += 301
    assert desk.accounts.sign_in("1001", PASSWORD).token is not None


def test_a_right_password_between_forgets_the_wrong_ones(desk: Desk) -> None:
    for _ in range(3):
        for _ in range(4):
            assert desk.accounts.sign_in("1001", "wrong password").problem == "wrong"
        assert desk.accounts.sign_in("1001", PASSWORD).token is not None
        desk.now_s += 61


def test_more_than_twenty_tries_a_minute_from_one_place_are_not_even_checked(desk: Desk) -> None:
    answers = [desk.accounts.sign_in(f"n{number}", "x", "10.0.0.1").problem for number in range(25)]
    assert answers == ["wrong"] * 20 + ["busy"] * 5
    assert desk.accounts.sign_in("1001", PASSWORD, "10.0.0.1").problem == "busy"
    assert desk.accounts.sign_in("1001", PASSWORD, "10.0.0.2").token is not None
    desk.now_s += 61
    assert desk.accounts.sign_in("1001", PASSWORD, "10.0.0.1").token is not None


def test_a_session_ends_when_it_is_not_used_for_an_hour(desk: Desk) -> None:
    token = desk.accounts.sign_in("1001", PASSWORD).token or ""
    for _ in range(5):
        desk.now_s += 3_500
        assert desk.accounts.of_token(token) is not None
    desk.now_s += 3_601
    assert desk.accounts.of_token(token) is None


def test_a_session_ends_after_twelve_hours_though_it_is_used(desk: Desk) -> None:
    token = desk.accounts.sign_in("1001", PASSWORD).token or ""
    for _ in range(43_200 // 600):
        desk.now_s += 600
        assert desk.accounts.of_token(token) is not None
    desk.now_s += 1
    assert desk.accounts.of_token(token) is None


def test_signing_out_disabling_and_a_new_password_end_sessions(desk: Desk) -> None:
    first, second = (desk.accounts.sign_in("1001", PASSWORD).token or "" for _ in range(2))
    desk.accounts.sign_out(first)
    assert desk.accounts.of_token(first) is None
    assert desk.accounts.of_token(second) is not None
    desk.accounts.set_password("1001", "another password")
    assert desk.accounts.of_token(second) is None
    third = desk.accounts.sign_in("1001", "another password").token or ""
    desk.accounts.disable("1001")
    assert desk.accounts.of_token(third) is None
    assert desk.accounts.sign_in("1001", "another password").token is None


def test_the_store_holds_neither_password_nor_token(desk: Desk) -> None:
    token = desk.accounts.sign_in("1001", PASSWORD).token or ""
    with desk.database.reading() as connection:
        stored = str(connection.execute(text("SELECT * FROM account")).all())
        stored += str(connection.execute(text("SELECT token_hash FROM session")).all())
    assert "$argon2id$" in stored
    assert PASSWORD not in stored
    assert token not in stored


@pytest.mark.parametrize(
    ("number", "roles", "password"),
    [
        ("1001", ["guard"], PASSWORD),
        ("1002", [], PASSWORD),
        ("1002", ["king"], PASSWORD),
        ("1002", ["guard"], "short"),
        ("no spaces", ["guard"], PASSWORD),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    desk: Desk, number: str, roles: list[str], password: str
) -> None:
    with pytest.raises(AccountError, match="expected .* found"):
        desk.accounts.add(number, roles, password, "test")
