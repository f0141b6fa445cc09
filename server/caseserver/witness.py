"""Second witnesses, in other hands: what they are shown of every log, what they hand back, and when they fall silent.

They call us, never we them: an office or a laptop behind its own wall fetches the request of C2SP tlog-witness, judges it
against its own memory (caselog.witness) and hands the cosigned note back. Statuses are those of tlog-witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from caselog import checkpoint
from caselog.checkpoint import Checkpoint, Cosignature
from caselog.clock import Instant
from caselog.errors import NoteError
from caselog.fork import Fork, verify_any
from caselog.keys import Verifier
from caselog.witness import CONFLICT, FORBIDDEN, Refused, Request
from caseserver.area_state import AreaState
from caseserver.audit import Audit
from caseserver.forks import ForkFiles
from caseserver.ingest import FORK
from caseserver.ingest import Refused as BatchRefused
from caseserver.own_alarms import WITNESS
from caseserver.own_log import OwnLog
from caseserver.settings import Witness
from caseserver.store import cosignatures as rows
from caseserver.store.cosignatures import Cosigned
from caseserver.store.database import Database

NAME_PREFIX: Final = "caseward.local/witness/"
NOT_FOUND: Final = 404


class Source(Protocol):
    """One log as a witness sees it."""

    name: str

    def verifiers(self) -> list[Verifier]:
        """Its keys, oldest first; none before it has said anything."""
        ...

    def cosigners(self) -> list[Verifier]:
        """Of the cosignatures that we gave ourselves."""
        ...

    def note(self) -> bytes | None:
        """Its newest checkpoint, signed."""
        ...

    def root(self, size: int) -> bytes:
        """Root of its first `size` leaves."""
        ...

    def proof(self, old: int, size: int) -> list[bytes]:
        """Consistency proof between two sizes."""
        ...

    def contradicted(self, note: bytes, fork: Fork | None, now: Instant) -> None:
        """A witness was shown another history of this log than ours, or more leaves than we hold."""
        ...


class GatewaySource:
    """The log of a gateway. Reads what the worker writes: a note is set only after the leaves under it."""

    def __init__(self, state: AreaState) -> None:
        self.name = state.gateway
        self._state = state

    def verifiers(self) -> list[Verifier]:
        return self._state.ingest.verifiers()

    def cosigners(self) -> list[Verifier]:
        return [self._state.ingest.cosigner]

    def note(self) -> bytes | None:
        return self._state.ingest.note

    def root(self, size: int) -> bytes:
        return self._state.ingest.beginning(size, size)[0]

    def proof(self, old: int, size: int) -> list[bytes]:
        return self._state.ingest.beginning(old, size)[1]

    def contradicted(self, note: bytes, fork: Fork | None, now: Instant) -> None:
        if fork is None:
            return  # it holds more than we: the gateway will send it
        shown = checkpoint.parse(note)
        refused = BatchRefused(FORK, "our root", shown.root.hex(), shown.size - 1, fork)
        self._state.tell_fork(refused, now)


class OwnSource:
    """The server's own log. One that is shorter than a witness knows it, or another, has been set back: it begins anew."""

    def __init__(self, log: OwnLog, files: ForkFiles, first: AreaState | None, audit: Audit) -> None:
        self.name = "server"
        self._audit = audit
        self._log = log
        self._files = files
        self._first = first

    def verifiers(self) -> list[Verifier]:
        return [self._log.verifier]

    def cosigners(self) -> list[Verifier]:
        return []

    def note(self) -> bytes | None:
        return self._log.request(0)[2]

    def root(self, size: int) -> bytes:
        return self._log.root(size)

    def proof(self, old: int, size: int) -> list[bytes]:
        return self._log.consistency_proof(old, size)

    def contradicted(self, note: bytes, fork: Fork | None, now: Instant) -> None:
        shown = checkpoint.parse(note)
        path = self._files.keep(fork) if fork is not None else None
        reason = f"a witness holds {shown.size} leaves of it that are not these"
        self._log.begin_anew(reason, shown.size, shown.root, now)
        structlog.get_logger().critical("the server's own log was set back", witness_size=shown.size)
        if path is not None:
            self._audit.write(None, "fork.proved", path.name)
        if self._first is not None:
            self._first.alarm_own_log(self._log.origin.rpartition("/")[2], now)


@dataclass(frozen=True, slots=True)
class Standing:
    """A second witness and one log: `size` and `received_us` of its newest cosignature; None: none yet."""

    witness: str
    log: str
    size: int | None
    time_s: int | None
    received_us: int | None


class Witnesses:
    """All of them, and all logs. Any thread may call but for `tick`, the worker's."""

    def __init__(
        self, database: Database, states: Iterable[AreaState], own_log: OwnLog, audit: Audit,
        known: Mapping[str, Witness], now: Instant, rate: float,
    ) -> None:  # fmt: skip
        """`known`: the witnesses of server.toml; `rate`: station seconds per real second."""
        self.known = known
        self._database = database
        self._states = list(states)
        self._first = self._states[0] if self._states else None
        self._files = ForkFiles(self._states[0].forks.folder, "server") if self._states else None
        self._sources: list[Source] = [GatewaySource(state) for state in self._states]
        if self._files is not None:
            self._sources.append(OwnSource(own_log, self._files, self._first, audit))
        self._rate = rate
        self._started_us = now.earliest_us
        self._heard_us = self._last_heard()

    def logs(self) -> list[tuple[str, str, int]]:
        """(name, key as C2SP text, size) of every log that has said something; one line for each of its keys."""
        return [
            (source.name, verifier.vkey(), checkpoint.parse(note).size)
            for source in self._sources
            if (note := source.note()) is not None
            for verifier in source.verifiers()
        ]

    def offer(self, origin: str, old: int) -> tuple[Request, bytes] | Refused:
        """The request for a witness that cosigned `old` leaves last, and our root there (for a proof, if it is another)."""
        source = self._source(origin)
        note = source.note() if source is not None else None
        if source is None or note is None:
            return Refused(NOT_FOUND, "the origin of a log of this station", origin[:100])
        size = checkpoint.parse(note).size
        if old > size:
            return Refused(CONFLICT, f"{size}", f"{old}")
        return Request(old, tuple(source.proof(old, size)), note), source.root(old)

    def take(self, name: str, note: bytes, now: Instant) -> Refused | None:
        """A note that the witness `name` cosigned: kept, or why not. Another history than ours is a fork, and told."""
        try:
            said = self._verified(name, note)
        except NoteError as error:
            return Refused(FORBIDDEN, error.expected, error.found)
        shown = said.checkpoint
        source = self._source(shown.origin)
        newest = source.note() if source is not None else None
        if source is None or newest is None:
            return Refused(NOT_FOUND, "the origin of a log of this station", shown.origin[:100])
        try:
            verify_any(note, source.verifiers())
        except NoteError as error:
            return Refused(FORBIDDEN, error.expected, error.found)
        problem = self._against_ours(source, note, newest, shown, now)
        if problem is not None:
            return problem
        kept = checkpoint.only(note, source.verifiers(), [*source.cosigners(), self._verifier(name)])
        with self._database.writing() as connection:
            rows.put(connection, _row(name, kept, said, now))
        self._heard_us[name] = now.earliest_us
        return None

    def standings(self) -> list[Standing]:
        """Each witness of server.toml and each log."""
        found: list[Standing] = []
        with self._database.reading() as connection:
            for source in self._sources:
                keys = source.verifiers()
                kept = {row.witness: row for row in rows.newest(connection, keys[0].name)} if keys else {}
                for name in self.known:
                    row = kept.get(name)
                    told = (row.size, row.time_s, row.received_us) if row is not None else (None, None, None)
                    found.append(Standing(name, source.name, *told))
        return found

    def forks(self) -> list[str]:
        """Names of the files that prove a contradiction of a log of this station."""
        files = [*(state.forks for state in self._states), *([self._files] if self._files else [])]
        return [path.name for file in files for path in file.files()]

    def tick(self, now: Instant) -> None:
        """Silence is an alarm of the first area, until the witness is heard again."""
        if self._first is None:
            return
        silent = [
            name
            for name, witness in self.known.items()
            if now.earliest_us - self._heard_us.get(name, self._started_us)
            > witness.silent_s_max * self._rate * 1_000_000
        ]
        self._first.station_alarm(WITNESS, {"witness": silent[0]} if silent else None, now)

    def _against_ours(
        self, source: Source, note: bytes, newest: bytes, shown: Checkpoint, now: Instant
    ) -> Refused | None:
        size = checkpoint.parse(newest).size
        if shown.size > size:
            source.contradicted(note, None, now)
            return Refused(CONFLICT, f"{size}", f"{shown.size}")
        root = source.root(shown.size)
        if root == shown.root:
            return None
        fork = Fork(note, newest, root, tuple(source.proof(shown.size, size)))
        source.contradicted(note, fork, now)
        return Refused(CONFLICT, f"root {root.hex()} at {shown.size}", shown.root.hex(), fork)

    def _verified(self, name: str, note: bytes) -> Cosignature:
        return checkpoint.verify_cosignature(note, self._verifier(name))

    def _verifier(self, name: str) -> Verifier:
        return Verifier(NAME_PREFIX + name, bytes.fromhex(self.known[name].public_key))

    def _source(self, origin: str) -> Source | None:
        for source in self._sources:
            if any(verifier.name == origin for verifier in source.verifiers()):
                return source
        return None

    def _last_heard(self) -> dict[str, int]:
        heard: dict[str, int] = {}
        for standing in self.standings():
            if standing.received_us is not None:
                heard[standing.witness] = max(heard.get(standing.witness, 0), standing.received_us)
        return heard


def _row(name: str, note: bytes, said: Cosignature, now: Instant) -> Cosigned:
    shown = said.checkpoint
    return Cosigned(shown.origin, name, shown.size, shown.root, note, said.timestamp_s, now.earliest_us)
