"""The particulars of detained persons: entered, corrected, shown, found, disclosed, and destroyed when the log says so."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from caselog.bundle import Disclosure
from caseserver.people.enclosures import Enclosures
from caseserver.people.erasure import Leaf, refused_facts
from caseserver.people.keyring import KeyRing, KeyRingError, check_apart
from caseserver.people.sealed import Opened, Place, SealError, clean, committed, key_mark, seal, unseal
from caseserver.people.side_store import FILE, KeyRow, Particular, SideStore

VERSIONS_MAX: Final = 50
"""Corrections of one value in one stay."""
SEARCHED_MAX: Final = 200
"""Stays opened in one search: the newest that are asked for."""
SCRUB_AGAIN_S: Final = 10.0
"""After an attempt that a reader of people.db stood in the way of."""
FOUND_BY: Final = ("name", "other_name", "identity_number", "phone")

__all__ = ["Entry", "KeyRingError", "People", "Person", "PeopleError", "Shown"]


class PeopleError(ValueError):
    """What was asked for cannot be done. The message never holds a value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was sealed and is to be stated: the fact's body, and the rows behind it."""

    body: Mapping[str, Any]
    rows: tuple[Particular, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest version of one value, without (`value` None) or with it."""

    field: str
    version: int
    at_us: int
    officer: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A stay of a person of whom particulars are kept: the mark of their key, and how many values it opens, those of items too."""

    area: str
    stay: str
    person: str
    mark: str
    count: int


class People:
    """Side store and key directory together. Any thread may call it."""

    def __init__(self, data: Path, keys: Path) -> None:
        """Opens both. Raises KeyRingError or SideStoreError when they cannot be used, or do not belong together."""
        check_apart(keys, data)
        self._ring = KeyRing(keys)
        self._store = SideStore(data / FILE, self._ring.mark)
        self._lock = threading.RLock()
        self.enclosures = Enclosures(data, self._ring.box(), self._key_of, self._ring.get)
        self._scrubbed_s = time.monotonic() - SCRUB_AGAIN_S

    def close(self) -> None:
        """No use after that."""
        self._store.close()
        self.enclosures.close()

    # --- entering ---------------------------------------------------------------------------

    def enter(
        self, area: str, stay: str, person: str | None, values: Mapping[str, str], officer: str, at_us: int
    ) -> Entry:
        """Seal values (field -> text) as new versions; durable when this returns. Raises PeopleError, SealError.

        The fact that commits to them is the caller's to state: `Entry.body`. `person`: the reference that the stay was
        registered with; without one the stay keeps that of its first entry, or gets a random one.
        """
        cleaned = {field: clean(field, text) for field, text in values.items()}
        cleaned = {field: value for field, value in cleaned.items() if value}
        if not cleaned:
            raise PeopleError("expected at least one value, found none")
        with self._lock:
            row, key = self._key(area, stay, person)
            newest = {v.field: v.version for v in self._store.versions(row.id)}
            opened = {field: committed(value) for field, value in cleaned.items()}
            if any(newest.get(field, 0) >= VERSIONS_MAX for field in opened):
                raise PeopleError(f"expected at most {VERSIONS_MAX} versions of a value, found more")
            rows = tuple(
                self._sealed(row, key, field, newest.get(field, 0) + 1, item, officer, at_us)
                for field, item in opened.items()
            )
            self._store.put(rows)
        commitments = {field: item.commitment(field) for field, item in opened.items()}
        return Entry({"stay": stay, "person": row.person, **commitments}, rows)

    def take_back(self, entry: Entry) -> None:
        """The fact was refused before it went out: its versions never were."""
        with self._lock:
            self._store.take_back(entry.rows)

    def _key(self, area: str, stay: str, person: str | None) -> tuple[KeyRow, bytes]:
        row = self._store.key_of(area, stay)
        key = self._ring.get(row.id) if row is not None else None
        if row is not None and key is not None:
            return row, key
        if row is not None:  # its key was destroyed after this copy of the store was made
            self._store.erase(row.id)
        key_id, key = self._ring.new()
        row = KeyRow(key_id, key_mark(key), area, stay, person or f"p-{secrets.token_hex(16)}")
        self._store.put_key(row)
        return row, key

    def _key_of(self, area: str, owner: str) -> tuple[KeyRow, bytes]:
        """The key of a stay or case that something is enclosed for."""
        with self._lock:
            return self._key(area, owner, None)

    def _sealed(
        self, row: KeyRow, key: bytes, field: str, version: int, opened: Opened, officer: str, at_us: int
    ) -> Particular:
        data = seal(key, opened, Place(row.area, row.stay, row.person, field, version))
        return Particular(row.id, field, version, data, at_us, officer)

    # --- reading ----------------------------------------------------------------------------

    def kept(self, area: str, stay: str) -> list[Shown]:
        """What is kept of a stay, newest versions, without values; empty when its key is gone."""
        row = self._store.key_of(area, stay)
        if row is None or self._ring.get(row.id) is None:
            return []
        return [Shown(v.field, v.version, v.at_us, v.officer) for v in self._newest(row).values()]

    def read(self, area: str, stay: str) -> list[Shown]:
        """The same with their values. Raises SealError. Who calls it writes down first who reads."""
        row = self._store.key_of(area, stay)
        key = self._ring.get(row.id) if row is not None else None
        if row is None or key is None:
            return []
        newest = self._newest(row).values()
        return [Shown(v.field, v.version, v.at_us, v.officer, self._open(row, key, v).value) for v in newest]

    def find(self, text: str, stays: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Which of these (area, stay) carry exactly this name or number; at most SEARCHED_MAX are opened."""
        found = []
        for area, stay in stays[:SEARCHED_MAX]:
            row = self._store.key_of(area, stay)
            key = self._ring.get(row.id) if row is not None else None
            if row is None or key is None:
                continue
            newest = self._newest(row)
            for field in FOUND_BY:
                if field in newest and _is_same(field, text, self._open(row, key, newest[field]).value):
                    found.append((area, stay))
                    break
        return found

    def disclosures(
        self, area: str, stay: str, leaves: Iterable[Leaf], fields: Collection[str]
    ) -> list[Disclosure]:
        """What opens the newest commitment to each field; for a bundle.

        `leaves`: those of the stay. What the log does not hold, or no key opens, is left out. Raises SealError.
        """
        row = self._store.key_of(area, stay)
        key = self._ring.get(row.id) if row is not None else None
        if row is None or key is None:
            return []
        versions = [v for v in self._store.versions(row.id) if v.field in fields]
        by_commitment = {}
        for version in versions:
            opened = self._open(row, key, version)
            by_commitment[version.field, opened.commitment(version.field)] = opened
        return _newest_commitments(leaves, by_commitment)

    def _newest(self, row: KeyRow) -> dict[str, Particular]:
        return {v.field: v for v in self._store.versions(row.id)}  # by version, so that the newest comes last

    def _open(self, row: KeyRow, key: bytes, version: Particular) -> Opened:
        return unseal(
            key, version.sealed, Place(row.area, row.stay, row.person, version.field, version.version)
        )

    # --- erasing ----------------------------------------------------------------------------

    @property
    def erasures(self) -> SideStore:
        """Where first signatures wait."""
        return self._store

    def person_of(self, area: str, stay: str) -> str | None:
        """The reference under which particulars of this stay are kept."""
        row = self._store.key_of(area, stay)
        return row.person if row is not None else None

    def stays_of(self, person: str) -> list[Person]:
        """Every stay of a person of which particulars can be read."""
        rows = [row for row in self._store.keys_of_person(person) if self._ring.get(row.id) is not None]
        return [
            Person(
                row.area,
                row.stay,
                row.person,
                row.mark,
                len(self._store.versions(row.id)) + self.enclosures.count(row.id),
            )
            for row in rows
        ]

    def start(self, marks: Collection[str]) -> int:
        """At a start: destroy every key that the logs (`marks`) or the key directory say is destroyed; gives how many.

        A key that came back from an old copy goes again here.
        """
        with self._lock:
            gone = set(marks) | self._ring.erased()
            back = [(mark, key_id) for mark, key_id in self._ring.marks() if mark in gone]
            for mark, key_id in back:
                self._destroy(mark, key_id)
            for mark in gone:
                row = self._store.key_marked(mark)
                if row is not None:
                    self._store.erase(row.id)
            return len(back)

    def settle(self, marks: Iterable[str]) -> int:
        """While running: destroy the keys of these marks, which a log has just told; gives how many."""
        count, unknown = 0, []
        with self._lock:
            for mark in marks:
                row = self._store.key_marked(mark)
                if row is not None:
                    count += self._ring.has(row.id)
                    self._destroy(mark, row.id)
                elif mark not in self._ring.erased():
                    unknown.append(mark)
            self._scrub()
            if unknown:  # the store may be an older copy than the keys
                count += self.start(unknown)
        return count

    def _scrub(self) -> None:
        """What could not be overwritten because somebody took a copy, now and then again."""
        now_s = time.monotonic()
        if not self._store.is_clean and now_s - self._scrubbed_s > SCRUB_AGAIN_S:
            self._scrubbed_s = now_s
            self._store.scrub()

    def _destroy(self, mark: str, key_id: str) -> None:
        """The key first: a crash between the two leaves bytes that nobody can open."""
        self._ring.destroy(key_id, mark)
        row = self._store.key_marked(mark)
        if row is not None:
            self._store.drop_request(row.person)
            self._store.erase(row.id)
        self.enclosures.erase(key_id)


def _is_same(field: str, text: str, value: str) -> bool:
    try:
        wanted = clean(field, text)
    except SealError:
        return False
    return bool(wanted) and hmac.compare_digest(wanted.encode(), value.encode())


def _newest_commitments(leaves: Iterable[Leaf], opened: Mapping[tuple[str, str], Opened]) -> list[Disclosure]:
    told = list(leaves)
    refused = refused_facts(told)
    found: dict[str, Disclosure] = {}
    for leaf in told:
        if leaf["type"] != "person.identified/1" or leaf["index"] in refused:
            continue
        for field, commitment in leaf["body"].items():
            item = opened.get((field, commitment))
            if item is not None:
                found[field] = Disclosure(leaf["index"], field, item.salt, item.value)
    return sorted(found.values(), key=lambda item: (item.leaf, item.field))
