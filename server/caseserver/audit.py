"""Writing down who did and read what: in the server's own log first, then in the table that pages search.

An entry is durable when `write` returns. When the log cannot take it the entry waits in the table, so that an officer
can still sign in and take an alarm while a disk fails; `drain` gives it its place as soon as there is one.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog

from caselog import canonical
from caselog.clock import Instant
from caselog.errors import CaselogError
from caselog.tree import leaf_hash
from caseserver.own_log import Entry, OwnLog
from caseserver.store import audit as rows
from caseserver.store.audit import Row
from caseserver.store.database import Database

DETAIL_BYTES_MAX: Final = 4_096
LEAVES_AT_ONCE: Final = 500


class Audit:
    """The one door. Any thread may call."""

    def __init__(self, database: Database, log: OwnLog, now: Callable[[], Instant]) -> None:
        """Brings the table up to the log, then gives what waits its place."""
        self.log = log
        self.problem = ""
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._catch_up()
        self.drain()

    def write(
        self, number: str | None, action: str, subject: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Write down that officer `number` did `action` to `subject` (a reference, never a name); durable on return."""
        now = self._now()
        entry = new_entry(number, action, subject, detail, now.earliest_us)
        with self._lock:
            place = self._place(entry, now)
            with self._database.writing() as connection:
                rows.put(connection, entry, *place)

    def write_with(self, entries: Sequence[Entry], also: Callable[[Any], None]) -> None:
        """Write entries and, in the same transaction, what `also` writes on its connection: both or neither are there.

        They get their place in the log behind it; when the process dies between, at the next start.
        """
        now = self._now()
        with self._lock:
            with self._database.writing() as connection:
                also(connection)
                for entry in entries:
                    rows.put(connection, entry, None, None)
            places = self._places(entries, now)
            if not places:
                return
            with self._database.writing() as connection:
                for entry, place in zip(entries, places, strict=True):
                    rows.put(connection, entry, *place)

    def drain(self) -> int:
        """Give entries that wait (written by a command beside us, or while the log could not) a place; how many."""
        done = 0
        with self._lock:
            with self._database.reading() as connection:
                waiting = rows.waiting(connection)
            for entry in waiting:
                place = self._place(entry, self._now())
                if place[0] is None:
                    break
                with self._database.writing() as connection:
                    rows.put(connection, entry, *place)
                done += 1
        return done

    def search(self, *, words: str = "", action: str = "", before: int = 0) -> list[tuple[int, Row]]:
        """(id, row), newest first; see `store.audit.search`."""
        with self._database.reading() as connection:
            return rows.search(connection, words=words, action=action, before=before)

    def waiting(self) -> int:
        """Entries without a place in the log."""
        with self._database.reading() as connection:
            return rows.waiting_count(connection)

    def newest_detail(self, action: str, subject: str) -> dict[str, Any] | None:
        """Detail of the newest entry of this action about this subject."""
        with self._database.reading() as connection:
            return rows.newest_detail(connection, action, subject)

    def write_if_new(self, action: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Write an entry of the server itself unless the newest one of this subject says the same."""
        if self.newest_detail(action, subject) != detail:
            self.write(None, action, subject, detail)

    def _place(self, entry: Entry, now: Instant) -> tuple[str | None, int | None]:
        places = self._places([entry], now)
        return places[0] if places else (None, None)

    def _places(self, entries: Sequence[Entry], now: Instant) -> list[tuple[str, int]]:
        """Places in the log for all of them; none when it takes nothing."""
        try:
            places = self.log.add(entries, now)
        except (CaselogError, OSError) as error:
            if not self.problem:
                structlog.get_logger().critical("the server's own log takes nothing", error=str(error))
            self.problem = str(error)
            return []
        self.problem = ""
        return places

    def _catch_up(self) -> None:
        """Leaves that the table lacks: the process died between both, or the table is of an older copy."""
        with self._database.reading() as connection:
            first = rows.projected(connection, self.log.origin)
        while leaves := self.log.leaves(first, LEAVES_AT_ONCE):
            with self._database.writing() as connection:
                for index, data in enumerate(leaves, first):
                    rows.put(connection, entry_of(data), self.log.origin, index)
            first += len(leaves)


def new_entry(
    number: str | None, action: str, subject: str, detail: Mapping[str, Any] | None, at_us: int
) -> Entry:
    """An entry with a new id. A detail too long for a line of the log is replaced by its length."""
    kept = dict(detail or {})
    length = len(json.dumps(kept, ensure_ascii=False).encode())
    if length > DETAIL_BYTES_MAX:
        kept = {"bytes_left_out": length}
    return Entry(f"s-{uuid.uuid4().hex}", action, number, subject[:256], kept, at_us)


def entry_of(data: bytes) -> Entry:
    """The entry in a leaf of the log; what the log says of itself too."""
    leaf = canonical.loads(data)
    body, at_us = leaf["body"], leaf["occurred"]["earliest_us"]
    action = leaf["type"].partition("/")[0]
    if leaf["class"] == "log":
        # its own id begins anew with each epoch
        return Entry(f"{leaf['id'][:40]}.{leaf_hash(data).hex()[:16]}", action, None, action, body, at_us)
    return Entry(leaf["id"], action, body["officer"], body["subject"], body["detail"], at_us)
