"""`caseward server init` and `account`: what they make, what they refuse."""

from __future__ import annotations

import io
import re
import stat
from pathlib import Path

import pytest

from caselog import canonical
from caseserver.accounts import Accounts
from caseserver.commands import init
from caseserver.main import main
from caseserver.settings import Sessions
from caseserver.store import facts
from caseserver.store.database import Database
from caseserver.tokens import Tokens
from custody.bundled import area_text
from tests.server.station_kit import CHEAP_HASHER, StationClock

PUBLIC = "ab" * 32


def run(argv: list[str]) -> int:
    return main(argv, lambda _boot: StationClock())


def prepared(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A data directory with the standard area, and its administrators' passwords."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "area.toml").write_text(area_text("standard"), encoding="utf-8")
    return data, init(data, [("gw-a1", Path("area.toml"), PUBLIC)], StationClock(), hasher=CHEAP_HASHER)


def test_init_makes_keys_store_settings_and_two_administrators_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "new"
    argv = ["init", "--data", str(data), "--gateway", f"gw-a1=area.toml:{PUBLIC}"]
    assert run(argv) == 0
    shown = capsys.readouterr().out
    passwords = dict(re.findall(r"^  (admin-\d)  (\S+)$", shown, re.M))
    assert set(passwords) == {"admin-1", "admin-2"}
    assert passwords["admin-1"] != passwords["admin-2"]
    assert all(len(password) >= 20 for password in passwords.values())
    for file in ("keys/server.key", "server.db", "server.toml"):
        assert stat.S_IMODE((data / file).stat().st_mode) & 0o077 == 0
    assert (data / "keys/server.pub").read_text().strip() in shown
    database = Database(data / "server.db")
    accounts = Accounts(database, Sessions())
    assert accounts.sign_in("admin-1", passwords["admin-1"]).token is not None
    database.close()
    assert run(argv) == 2
    assert "expected a directory without" in capsys.readouterr().err


def test_an_account_needs_two_administrators_and_their_right_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, passwords = prepared(tmp_path)
    one, two = passwords["admin-1"], passwords["admin-2"]
    add = ["account", "add", "--data", str(data), "1001", "--roles", "duty_officer", "--passwords-stdin"]
    cases = [
        (["--by", "admin-1"], f"{one}\n"),
        (["--by", "admin-1", "--by", "admin-1"], f"{one}\n{one}\n"),
        (["--by", "admin-1", "--by", "admin-2"], f"{one}\nwrong\n"),
    ]
    for by, typed in cases:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert run([*add, *by]) == 2
    both = ["--by", "admin-1", "--by", "admin-2"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{one}\n{two}\n"))
    capsys.readouterr()
    assert run([*add, *both, "--area", "a1", "--sex", "F", "--badge", "badge-1001"]) == 0
    number, password = capsys.readouterr().out.split()
    assert number == "1001"
    database = Database(data / "server.db")
    officer = Accounts(database, Sessions()).sign_in(number, password).officer
    assert officer is not None
    assert officer.roles == {"duty_officer"}
    with database.reading() as connection:
        (waiting,) = facts.waiting(connection, "gw-a1")
    body = canonical.loads(waiting.payload)["fact"]["body"]
    assert body == {
        "officer": "1001",
        "service": "sworn",
        "roles": ["duty_officer"],
        "sex": "F",
        "badge": "badge-1001",
    }
    database.close()


def test_an_officer_who_is_no_administrator_cannot_vouch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, passwords = prepared(tmp_path)
    database = Database(data / "server.db")
    Accounts(database, Sessions(), CHEAP_HASHER).add("1001", ["duty_officer"], "a good password", "test")
    database.close()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"a good password\n{passwords['admin-1']}\n"))
    add = ["account", "add", "--data", str(data), "1002", "--roles", "guard", "--passwords-stdin"]
    assert run([*add, "--by", "1001", "--by", "admin-1"]) == 2


def test_a_password_is_changed_by_who_knows_the_present_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, passwords = prepared(tmp_path)
    change = ["account", "password", "--data", str(data), "admin-1", "--passwords-stdin"]
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\nmy own new password\n"))
    assert run(change) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{passwords['admin-1']}\nmy own new password\n"))
    assert run(change) == 0
    database = Database(data / "server.db")
    assert Accounts(database, Sessions()).sign_in("admin-1", "my own new password").token is not None
    database.close()


def test_a_disabled_account_is_listed_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, passwords = prepared(tmp_path)
    database = Database(data / "server.db")
    Accounts(database, Sessions(), CHEAP_HASHER).add("1001", ["duty_officer"], "a good password", "test")
    database.close()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{passwords['admin-1']}\n{passwords['admin-2']}\n"))
    disable = ["account", "disable", "--data", str(data), "1001", "--passwords-stdin"]
    assert run([*disable, "--by", "admin-1", "--by", "admin-2"]) == 0
    assert run(["account", "list", "--data", str(data)]) == 0
    assert "1001 duty_officer disabled" in capsys.readouterr().out


def test_a_server_without_its_key_or_with_a_wrong_area_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, _ = prepared(tmp_path)
    (data / "server.toml").write_text(f'[gateways.gw-a9]\narea = "area.toml"\npublic_key = "{PUBLIC}"\n')
    assert run(["--data", str(data)]) == 2
    assert "expected the area of gateway gw-a9, found that of gw-a1" in capsys.readouterr().err
    (data / "keys/server.key").unlink()
    assert run(["--data", str(data)]) == 2
    assert "server.key" in capsys.readouterr().err


def test_a_token_is_made_listed_and_revoked_by_who_knows_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, passwords = prepared(tmp_path)

    def say(act: str, *more: str, password: str = passwords["admin-1"]) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        capsys.readouterr()
        return run(["token", act, "admin-1", "--data", str(data), "--passwords-stdin", *more])

    make = ("--scopes", "areas,log", "--label", "archive", "--days", "7")
    assert say("make", *make, password="wrong") == 2
    assert say("make", "--scopes", "everything", "--label", "archive") == 2
    assert say("make", *make) == 0
    token_id, text = capsys.readouterr().out.split()
    database = Database(data / "server.db")
    found = Tokens(database).of_text(text)
    assert found is not None
    assert (found[0].number, found[1]) == ("admin-1", {"areas", "log"})
    assert say("list") == 0
    assert token_id in capsys.readouterr().out
    assert say("revoke", token_id) == 0
    assert say("revoke", token_id) == 2
    assert Tokens(database).of_text(text) is None
    database.close()
