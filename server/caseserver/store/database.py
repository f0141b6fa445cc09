"""Opening the store: many readers, one writer.

All writes go through one connection under one lock, each `writing()` block being one transaction that is on
the disk when the block is left (WAL, synchronous=FULL). Readers have their own connections and never wait.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import QueuePool

BUSY_MS = 5_000
"""How long a writer waits for another process (`caseward server account …`) that writes."""


class Database:
    """The file `path`, brought to the newest migration."""

    def __init__(self, path: Path) -> None:
        """Open or make it. The parent directory must exist."""
        self.path = path
        self._engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=4,
            max_overflow=16,
            connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
        )
        event.listen(self._engine, "connect", _set_pragmas)
        event.listen(self._engine, "begin", _begin)
        self._writer = self._engine.connect().execution_options(is_writer=True)
        self._lock = threading.RLock()
        migrate(self._writer)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction on the writer's connection; committed and durable when left without exception."""
        with self._lock, self._writer.begin():
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of what was committed when it was entered."""
        with self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections; no use after that."""
        with self._lock:
            self._writer.close()
            self._engine.dispose()


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest migration, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("caseserver.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _set_pragmas(connection: Any, _record: Any) -> None:
    # sqlite3 shall not open transactions by itself: `_begin` does, so that DDL is inside them too
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # a writer takes its lock at once: upgrading a read later fails when another process wrote in between
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")
