"""The side store: sealed values in an SQLite file of their own, so that it can be emptied of one person to the byte.

secure_delete overwrites what is deleted; after an erasure the file is written anew and the write-ahead log cut to
nothing. What is deleted here is ciphertext; that it opens no more is the work of the key directory.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "people.db"
VERSION: Final = 1
BUSY_S: Final = 1.0
"""How long a call waits for another program, such as one that takes a copy."""
_TABLES: Final = """
CREATE TABLE ring (mark TEXT NOT NULL);
CREATE TABLE person_key (
    id TEXT PRIMARY KEY, mark TEXT NOT NULL UNIQUE, area TEXT NOT NULL, stay TEXT NOT NULL, person TEXT NOT NULL,
    UNIQUE (area, stay)
) WITHOUT ROWID;
CREATE INDEX person_key_by_person ON person_key (person);
CREATE TABLE particular (
    key TEXT NOT NULL REFERENCES person_key (id), field TEXT NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
    at_us INTEGER NOT NULL, officer TEXT NOT NULL, PRIMARY KEY (key, field, version)
) WITHOUT ROWID;
CREATE TABLE erasure (
    person TEXT PRIMARY KEY, ground TEXT NOT NULL, officer TEXT NOT NULL, roles TEXT NOT NULL, at_us INTEGER NOT NULL
) WITHOUT ROWID;
"""


class SideStoreError(ValueError):
    """The side store cannot be used; the message says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Which key opens what is known of a person in a stay; `mark` is what an erasure calls it (sealed.key_mark)."""

    id: str
    mark: str
    area: str
    stay: str
    person: str


@dataclass(frozen=True, slots=True)
class Particular:
    """One version of one value, sealed; by whom and when (station time, microseconds UTC) it was entered."""

    key: str
    field: str
    version: int
    sealed: bytes
    at_us: int
    officer: str


@dataclass(frozen=True, slots=True)
class Request:
    """The first of two signatures under an erasure: which person, on what ground, by whom with which roles, when."""

    person: str
    ground: str
    officer: str
    roles: frozenset[str]
    at_us: int


class SideStore:
    """One connection; every call is one transaction, on the disk when it returns."""

    def __init__(self, path: Path, ring: str) -> None:
        """Opens or makes it. `ring`: mark of the key directory; raises SideStoreError when it belongs to another."""
        self.is_clean = True  # False: what was deleted may still stand in the write-ahead log
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_S)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self._file.execute(f"PRAGMA {pragma}")
        version = self._file.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._file.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={VERSION};COMMIT;")
            self._file.execute("INSERT INTO ring VALUES (?)", (ring,))
        elif version != VERSION:
            raise SideStoreError(f"{path}: expected version {VERSION}, found {version}")
        if self._file.execute("SELECT mark FROM ring").fetchone() != (ring,):
            raise SideStoreError(f"{path}: expected the key directory it was made with, found another")

    def close(self) -> None:
        """No use after that."""
        with self._lock:
            self._file.close()

    # --- keys and values --------------------------------------------------------------------

    def key_of(self, area: str, stay: str) -> KeyRow | None:
        """The key of a stay; None when nothing is kept of it."""
        row = self._one(
            "SELECT id, mark, area, stay, person FROM person_key WHERE area=? AND stay=?", area, stay
        )
        return KeyRow(*row) if row is not None else None

    def keys_of_person(self, person: str) -> list[KeyRow]:
        """The keys of every stay of a person."""
        rows = self._all(
            "SELECT id, mark, area, stay, person FROM person_key WHERE person=? ORDER BY area, stay", person
        )
        return [KeyRow(*row) for row in rows]

    def key_marked(self, mark: str) -> KeyRow | None:
        """The key of this mark."""
        row = self._one("SELECT id, mark, area, stay, person FROM person_key WHERE mark=?", mark)
        return KeyRow(*row) if row is not None else None

    def put_key(self, row: KeyRow) -> None:
        """A new key."""
        with self._lock:
            self._file.execute(
                "INSERT INTO person_key VALUES (?,?,?,?,?)",
                (row.id, row.mark, row.area, row.stay, row.person),
            )

    def put(self, values: Iterable[Particular]) -> None:
        """New versions, all or none."""
        rows = [(v.key, v.field, v.version, v.sealed, v.at_us, v.officer) for v in values]
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._file.executemany("INSERT INTO particular VALUES (?,?,?,?,?,?)", rows)
            except sqlite3.Error:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    def take_back(self, values: Iterable[Particular]) -> None:
        """Versions whose fact was refused before it was sent."""
        with self._lock:
            self._file.executemany(
                "DELETE FROM particular WHERE key=? AND field=? AND version=?",
                [(v.key, v.field, v.version) for v in values],
            )

    def versions(self, key: str) -> list[Particular]:
        """Every version of every value under a key, by field and version."""
        query = "SELECT key, field, version, sealed, at_us, officer FROM particular WHERE key=? ORDER BY field, version"
        return [Particular(*row) for row in self._all(query, key)]

    def erase(self, key: str) -> None:
        """Remove a key's row and all under it: overwritten, and no page or log of the file holds it any more once it is clean."""
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.execute("UPDATE particular SET sealed=zeroblob(length(sealed)) WHERE key=?", (key,))
            self._file.execute("DELETE FROM particular WHERE key=?", (key,))
            self._file.execute("DELETE FROM person_key WHERE id=?", (key,))
            self._file.execute("COMMIT")
        self.is_clean = False
        self.scrub()

    def scrub(self) -> None:
        """Write the file anew and cut its log to nothing; not while another program copies it: then to be called again."""
        with self._lock:
            try:
                self._file.execute("VACUUM")
                busy, *_ = self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                return
            self.is_clean = not busy

    # --- erasures that wait for the second signature ------------------------------------------

    def ask(self, request: Request) -> None:
        """The first signature; it replaces one that waits."""
        row = (
            request.person,
            request.ground,
            request.officer,
            ",".join(sorted(request.roles)),
            request.at_us,
        )
        with self._lock:
            self._file.execute("INSERT OR REPLACE INTO erasure VALUES (?,?,?,?,?)", row)

    def request(self, person: str) -> Request | None:
        """What waits for a second signature."""
        row = self._one("SELECT person, ground, officer, roles, at_us FROM erasure WHERE person=?", person)
        if row is None:
            return None
        whose, ground, officer, roles, at_us = row
        return Request(whose, ground, officer, frozenset(roles.split(",")), at_us)

    def drop_request(self, person: str) -> None:
        """Signed, or taken back."""
        with self._lock:
            self._file.execute("DELETE FROM erasure WHERE person=?", (person,))

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._file.execute(query, values).fetchone()
            return row

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._file.execute(query, values).fetchall()
