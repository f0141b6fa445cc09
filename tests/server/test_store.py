"""The store: its schema is the migrations' schema, its writers are one at a time, its commits are durable."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from caseserver.store.database import Database
from caseserver.store.schema import metadata


def test_the_migrations_make_the_schema_that_the_code_names(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    with database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    database.close()


def test_a_block_that_fails_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    add = text("INSERT INTO audit (at_us, action, subject, detail) VALUES (1, :action, 's', '{}')")
    with pytest.raises(DBAPIError), database.writing() as connection:  # noqa: PT012 - both belong to one block
        connection.execute(add, {"action": "lost"})
        connection.execute(text("INSERT INTO no_such_table VALUES (1)"))
    with database.writing() as connection:
        connection.execute(add, {"action": "kept"})
    with database.reading() as connection:
        assert connection.execute(text("SELECT action FROM audit")).scalars().all() == ["kept"]
    database.close()


def test_writers_in_many_threads_and_in_another_connection_wait_for_each_other(tmp_path: Path) -> None:
    first, second = Database(tmp_path / "server.db"), Database(tmp_path / "server.db")
    add = text("INSERT INTO audit (at_us, action, subject, detail) VALUES (1, 'a', 's', '{}')")
    failures: list[Exception] = []

    def write(database: Database) -> None:
        try:
            for _ in range(20):
                with database.writing() as connection:
                    connection.execute(text("SELECT count(*) FROM audit")).scalar()
                    connection.execute(add)
        except Exception as error:  # noqa: BLE001 - the test tells of any
            failures.append(error)

    threads = [threading.Thread(target=write, args=(database,)) for database in (first, first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with first.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == 60
    first.close()
    second.close()
