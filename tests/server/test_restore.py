"""A server restored from yesterday's backup: it holds less than it once acked. Gateways send the rest; nobody cries fork."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from caseserver.area_state import AreaState
from caseserver.store.database import Database
from tests.server.joined import Joined, area_state, said


def backed_up(folder: Path) -> Path:
    """A copy as docs/server.md says, while the server runs."""
    file = folder / "backup.db"
    with sqlite3.connect(folder / "server.db") as source, sqlite3.connect(file) as target:
        source.backup(target)
    return file


def restored(database: Database, folder: Path, backup: Path) -> tuple[Database, AreaState]:
    """The server ended, its files replaced by the copy, started again."""
    database.close()
    for file in folder.glob("server.db*"):
        file.unlink()
    shutil.copy(backup, folder / "server.db")
    return area_state(folder)


def lived(gateway: Joined) -> None:
    """A door opens and shuts, for some seconds."""
    for _ in range(3):
        gateway.node.level(1, 1)
        gateway.run(400)
        gateway.node.level(1, 0)
        gateway.run(400)


def joined(tmp_path: Path) -> tuple[Database, Joined]:
    database, state = area_state(tmp_path)
    gateway = Joined(state)
    gateway.open()
    gateway.connect()
    gateway.node.power_up()
    gateway.run(3_000)
    lived(gateway)
    return database, gateway


@pytest.mark.parametrize("is_hello_heard", [True, False])
@pytest.mark.parametrize("is_gateway_started_anew", [True, False])
def test_it_catches_up_from_its_gateway_and_the_log_is_whole(
    tmp_path: Path, *, is_hello_heard: bool, is_gateway_started_anew: bool
) -> None:
    database, gateway = joined(tmp_path)
    backup, held = backed_up(tmp_path), gateway.state.ingest.size
    lived(gateway)
    assert gateway.core.outbox.acked > held, "the gateway was told that more is held"
    gateway.disconnect()
    database, gateway.state = restored(database, tmp_path, backup)
    assert gateway.state.ingest.size == held
    if is_gateway_started_anew:
        gateway.crash()
    lived(gateway)  # the station does not wait for the server
    gateway.connect()
    if is_hello_heard:
        gateway.put(*said(gateway.state.hello()))
    gateway.run(12_000)
    assert gateway.state.ingest.size == gateway.log.durable_size == gateway.core.outbox.acked
    assert gateway.state.ingest.root == gateway.log.root()
    assert not gateway.core.outbox.is_server_ahead
    assert gateway.state.forks.files() == []
    assert [a.variant for a in gateway.state.book.open() if a.origin == "server"] == []
    assert gateway.state.counters["differences"] == 0
    database.close()


def test_a_restored_server_that_is_set_back_twice_still_ends_with_all(tmp_path: Path) -> None:
    database, gateway = joined(tmp_path)
    backup = backed_up(tmp_path)
    for _ in range(2):
        lived(gateway)
        gateway.disconnect()
        database, gateway.state = restored(database, tmp_path, backup)
        gateway.connect()
        gateway.put(*said(gateway.state.hello()))
        gateway.run(3_000)
    assert gateway.state.ingest.root == gateway.log.root()
    assert gateway.state.forks.files() == []
    database.close()
