"""A gateway whose log ended: the new one is taken by two administrators, never silently, and the old one is kept."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caselog import bundlecheck
from caselog.keys import SoftKey
from caselog.records import Predecessor
from caselog.tree import EMPTY_ROOT
from caseserver.area_state import AreaState
from caseserver.commands import init
from caseserver.main import main
from caseserver.own_log import OwnLog
from caseserver.program import known_of
from caseserver.settings import Limits
from caseserver.store.database import Database
from caseserver.store.leaves import LeafReader
from caseward.bundle import main as bundle
from custody.bundled import area_text, rulebook_with_text
from tests.server.station_kit import CHEAP_HASHER, MINUTE_US, START_US, StationClock, morning, standard_area
from tests.server.test_bundle import BegunLog

OLD, NEW = SoftKey.from_seed(b"g" * 32), SoftKey.from_seed(b"h" * 32)
SERVER = "caseward.local/server"


@dataclass
class Station:
    """A server's directory, prepared, with the passwords of its administrators."""

    data: Path
    passwords: dict[str, str]
    clock: StationClock
    old: BegunLog

    def write_toml(self, public: bytes) -> None:
        (self.data / "server.toml").write_text(
            f'[gateways.gw-a1]\narea = "area.toml"\npublic_key = "{public.hex()}"\n'
        )

    def state(self, database: Database, public: bytes) -> AreaState:
        area, rulebook = standard_area()
        key = SoftKey.load(self.data / "keys" / "server.key")
        return AreaState(area, rulebook, public, key.named(SERVER), database, Limits())

    def send(self, log: BegunLog, public: bytes) -> AreaState:
        """All of a log to a server that knows the gateway by `public`."""
        database = Database(self.data / "server.db")
        state = self.state(database, public)
        for first in range(0, log.log.size, 64):
            _, taken = state.on_logs([log.batch(first, min(first + 64, log.log.size))], self.clock.now())
            state.follow(taken, self.clock.now())
        database.close()
        return state

    def successor(self, key: SoftKey = NEW, **changes: Any) -> BegunLog:
        """The log that the gateway began anew, as `begin-anew` has it."""
        before = {
            "origin": self.old.signer.name, "reason": "the key was lost", "size": 20, "root": self.old.log.root(20),
        }  # fmt: skip
        after = Predecessor(**{**before, **changes})
        log = BegunLog(self.old.area, self.old.rulebook, key, "2", after=after)
        morning(log)
        return log

    def accept(self, monkeypatch: pytest.MonkeyPatch, typed: str | None = None) -> int:
        both = "".join(self.passwords[name] + "\n" for name in ("admin-1", "admin-2"))
        monkeypatch.setattr("sys.stdin", io.StringIO(both if typed is None else typed))
        argv = ["accept-epoch", "--data", str(self.data), "--gateway", "gw-a1", "--passwords-stdin"]
        return main([*argv, "--by", "admin-1", "--by", "admin-2"], lambda _boot: self.clock)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    data = tmp_path / "data"
    data.mkdir()
    (data / "area.toml").write_text(area_text("standard"))
    clock = StationClock()
    passwords = init(data, [("gw-a1", Path("area.toml"), OLD.public.hex())], clock, hasher=CHEAP_HASHER)
    made = Station(data, passwords, clock, BegunLog(*standard_area(), OLD))
    morning(made.old)
    made.send(made.old, OLD.public)
    return made


def test_a_new_log_is_refused_until_two_administrators_accept_it_and_then_taken_whole(
    station: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = station.successor()
    held = station.send(new, OLD.public).ingest.size
    assert held == station.old.log.size
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 0
    assert f"{station.old.log.size} leaves of the old log are kept as gw-a1/1" in capsys.readouterr().out
    state = station.send(new, NEW.public)
    assert (state.ingest.size, state.ingest.root) == (new.log.size, new.log.root())
    database = Database(station.data / "server.db")
    reader = LeafReader(database)
    assert reader.log_bytes("gw-a1/1") == station.old.bytes()
    assert reader.held("gw-a1/1").size == station.old.log.size
    assert reader.log_bytes("gw-a1") == new.bytes()
    with pytest.raises(Exception, match="leaf is append-only"), database.writing() as connection:
        connection.exec_driver_sql("UPDATE leaf SET stay = 'x'")
    database.close()


def test_the_acceptance_is_in_the_servers_own_log(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    new = station.successor()
    station.send(new, OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 0
    database = Database(station.data / "server.db")
    key = SoftKey.load(station.data / "keys" / "server.key")
    log = OwnLog(station.data / "log", "station", key, station.clock.now(), known_of(database))
    told = [json.loads(data) for data in log.leaves(0, 100) if b"epoch.accepted" in data]
    log.close()
    database.close()
    assert [leaf["body"]["officer"] for leaf in told] == ["admin-1 and admin-2"]
    assert told[0]["body"]["detail"]["origin"] == new.signer.name
    assert told[0]["body"]["detail"]["reason"] == "the key was lost"


def test_the_old_log_and_any_third_one_are_refused_after_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.send(station.successor(), OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 0
    assert station.send(station.old, OLD.public).ingest.size == 0
    third = BegunLog(station.old.area, station.old.rulebook, NEW, "3")
    assert station.send(third, NEW.public).ingest.size == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"origin": "caseward.local/a1/gw-a1/0"}, "expected a log after caseward.local/a1/gw-a1/1"),
        ({"size": 9999}, "leaves that we hold of it, found 9999"),
        ({"root": bytes(32)}, "expected root"),
    ],
)
def test_a_log_that_says_what_is_not_so_of_the_old_one_is_not_taken(
    station: Station,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: Any,
    message: str,
) -> None:
    station.send(station.successor(**changes), OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 2
    assert message in capsys.readouterr().err


def test_a_log_that_knows_nothing_of_what_was_held_may_still_be_taken(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.send(station.successor(size=0, root=EMPTY_ROOT), OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 0


def test_nothing_is_taken_from_a_gateway_that_sent_nothing_new_or_another_key(
    station: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert station.accept(monkeypatch) == 2
    assert "expected that gateway gw-a1 has sent the beginning of another log" in capsys.readouterr().err
    station.send(station.successor(), OLD.public)
    assert station.accept(monkeypatch) == 2
    assert f"expected public_key {NEW.public.hex()} of gw-a1 in server.toml" in capsys.readouterr().err


def test_one_administrator_alone_accepts_nothing(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    station.send(station.successor(), OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch, station.passwords["admin-1"] + "\nwrong\n") == 2
    database = Database(station.data / "server.db")
    assert LeafReader(database).held("gw-a1").size == station.old.log.size
    database.close()


def test_a_running_server_is_not_changed_under_its_feet(
    station: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    station.send(station.successor(), OLD.public)
    station.write_toml(NEW.public)
    database = Database(station.data / "server.db")
    key = SoftKey.load(station.data / "keys" / "server.key")
    running = OwnLog(station.data / "log", "station", key, station.clock.now(), known_of(database))
    assert station.accept(monkeypatch) == 2
    assert "expected a server that stands still" in capsys.readouterr().err
    running.close()
    database.close()


def test_alarms_of_the_old_log_go_with_it(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    while (
        due_us := station.old.engine.next_deadline_us()
    ) is not None and due_us < START_US + 600 * MINUTE_US:
        station.old.deadline(due_us)
    state = station.send(station.old, OLD.public)
    assert state.book.open()
    station.send(station.successor(), OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 0
    database = Database(station.data / "server.db")
    assert station.state(database, NEW.public).book.open() == ()
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM alarm WHERE area = 'a1/1'").scalar_one()
    assert kept > 0
    database.close()


def test_a_stay_of_the_old_log_can_still_be_bundled(
    station: Station, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    station.send(station.successor(), OLD.public)
    station.write_toml(NEW.public)
    assert station.accept(monkeypatch) == 0
    area, _ = standard_area()
    (tmp_path / "book.toml").write_text(rulebook_with_text(area)[1])
    argv = ["--data", str(station.data), "--stay", "S-1", "--officer", "3001", "--reason", "why"]
    texts = ["--text", str(station.data / "area.toml"), "--text", str(tmp_path / "book.toml")]
    file = tmp_path / "old.bundle"
    assert bundle([*argv, *texts, "-o", str(file), "--gateway", "gw-a1/1"], station.clock) == 0
    read = bundlecheck.read(file.read_bytes().splitlines(keepends=True))
    assert (read.head.origin, read.head.size) == (station.old.signer.name, station.old.log.size)
    found = tmp_path / "found.bundle"  # the only log that holds the stay
    assert bundle([*argv, *texts, "-o", str(found)], station.clock) == 0
    assert bundlecheck.read(found.read_bytes().splitlines(keepends=True)).head == read.head
    assert (
        bundle([*argv, *texts, "-o", str(tmp_path / "new.bundle"), "--gateway", "gw-a1"], station.clock) == 2
    )
