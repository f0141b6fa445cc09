"""The server's own log: what no gateway sees. Same format as a gateway's, one folder for each epoch.

FOLDER/<n>-<8 hex digits>/ holds the segments of one epoch; the highest n goes on. A log that is damaged, or shorter
than it is known to have been, is left as it is and a new epoch begins that names it: the station goes on, and the
log says so itself. Any thread may call; what `add` returns is durable.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from caselog import checkpoint, leaf, records
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.errors import LogDamaged
from caselog.filedisk import FileDisk
from caselog.keys import Signer, SigningKey, Verifier
from caselog.log import Log
from caselog.records import Predecessor

FOLDER: Final = "log"
LEAVES_BYTES_MAX: Final = 4_194_304
"""Bytes of leaves read at once."""

ACTIONS: Final = frozenset(
    (
        "account.logged_in", "account.login_refused", "account.locked", "account.logged_out", "account.added",
        "account.disabled", "account.password_changed", "kiosk.pin_set", "record.read", "erasure.asked", "erasure.withdrawn",
        "export.made", "fact.stated", "fact.refused", "alarm.handled", "rulebook.loaded", "settings.loaded",
        "server.started", "fork.proved", "epoch.accepted", "request.refused",
        "alarm.called", "notification.sent", "notification.accepted",
        "notification.failed", "notification.answered", "duty.taken", "duty.offered", "duty.left", "sound.heard", "sound.unheard",
        "second_factor.enrolled", "second_factor.renewed", "second_factor.removed", "token.made", "token.revoked", "change.asked", "change.signed",
        "change.withdrawn", "account.roles_changed", "rulebook.approved",
        "ghost.begun", "ghost.passed", "ghost.failed", "drawing.saved", "drawing.confirmed", "drawing.dropped",
    )
)  # fmt: skip
"""What is written down; each is the type of a leaf, version 1. The list with its words: docs/server.md."""

_EPOCH: Final = re.compile(r"([1-9][0-9]{0,8})-([0-9a-f]{8})")

Known = Callable[[str], tuple[int, int, bytes]]
"""Origin -> (leaves it is known to have had, newest cosigned size, root of that)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to write down. `subject`: a reference, never a name; `detail`: strings, integers, booleans, lists."""

    id: str
    action: str
    number: str | None
    subject: str
    detail: Mapping[str, Any]
    at_us: int


class OwnLog:
    """The newest epoch, open for writing. `begun_anew`: why an epoch began at this opening, "" when none did."""

    def __init__(self, folder: Path, station: str, key: SigningKey, now: Instant, known: Known) -> None:
        """Open or begin. Raises `DiskBusy` when another process has it, `OSError`, `LogStopped`."""
        self.begun_anew = ""
        self._folder = folder
        self._station = station
        self._key = key
        self._lock = threading.Lock()
        found = epochs(folder)
        if not found:
            self._begin(1, None, now)
        else:
            self._open(found[-1])
            reason = self._doubt(known)
            if reason:
                _, size, root = known(self.origin)
                self.begin_anew(reason, size, root, now)

    @property
    def origin(self) -> str:
        """Origin of this epoch's checkpoints."""
        return self._signer.name

    @property
    def verifier(self) -> Verifier:
        """The key that checks them."""
        return self._signer.verifier

    @property
    def size(self) -> int:
        """Durable leaves."""
        return self._log.durable_size if self._log is not None else 0

    def add(self, entries: Iterable[Entry], now: Instant) -> list[tuple[str, int]]:
        """Append and make durable; origin and index of each leaf. Raises `EntryError`, `DiskFull`, `LogStopped`."""
        with self._lock:
            log = self._sound()
            taken = [log.append(leaf_of(entry, now)).index for entry in entries]
            log.commit()
            return [(self.origin, index) for index in taken]

    def request(self, old: int) -> tuple[bytes, list[bytes], bytes]:
        """(root of the first `old` leaves, consistency proof from there, signed checkpoint of all). `IndexError`."""
        with self._lock:
            log = self._sound()
            size = log.durable_size
            if not 0 <= old <= size:
                raise IndexError(f"expected an old size of at most {size}, found {old}")
            note = checkpoint.sign(Checkpoint(self.origin, size, log.root(size)), self._signer)
            return log.root(old), log.consistency_proof(old, size), note

    def root(self, size: int) -> bytes:
        """Root of the first `size` leaves, 32 bytes."""
        with self._lock:
            return self._sound().root(size)

    def consistency_proof(self, old: int, size: int) -> list[bytes]:
        """Proof that the tree of `size` leaves goes on from that of `old`."""
        with self._lock:
            return self._sound().consistency_proof(old, size)

    def leaves(self, first: int, count: int) -> list[bytes]:
        """At most `count` durable leaves from `first` on, without newlines."""
        with self._lock:
            log = self._sound()
            if first >= log.durable_size:
                return []
            return log.leaves(first, min(count, log.durable_size - first), LEAVES_BYTES_MAX)

    def begin_anew(self, reason: str, size: int, root: bytes, now: Instant) -> None:
        """End this epoch. `size`, `root`: what a witness has cosigned of it, 0 and the empty root when none has."""
        with self._lock:
            after = Predecessor(self.origin, reason[: records.TEXT_CHARS_MAX], size, root)
            self._disk.close()
            self._begin(epochs(self._folder)[-1][0] + 1, after, now)
            self.begun_anew = reason

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            self._disk.close()

    def _sound(self) -> Log:
        assert self._log is not None, "a damaged epoch is replaced before it is used"
        return self._log

    def _open(self, epoch: tuple[int, str]) -> None:
        self._signer = self._signer_of(epoch)
        self._disk = FileDisk(self._folder / epoch_name(epoch), exclusive=True)
        self._log: Log | None = None
        self._damage = ""
        try:
            log, _ = Log.open(self._disk)
        except LogDamaged as error:
            self._damage = str(error)
            return
        if log.size == 0:
            self._damage = "expected a first leaf, found none"
            return
        self._log = log
        begun = leaf.parse(log.leaf(0))  # as it was named then, whatever the station is called now
        self._signer = Signer(begun.body["origin"], self._key)

    def _doubt(self, known: Known) -> str:
        """Why this epoch cannot go on; "" when it can."""
        if self._log is None:
            return f"damaged: {self._damage}"[: records.TEXT_CHARS_MAX]
        size, _, _ = known(self.origin)
        return f"expected {size} leaves, found {self._log.size}" if self._log.size < size else ""

    def _begin(self, number: int, after: Predecessor | None, now: Instant) -> None:
        """A new epoch whose first leaf is durable before its folder has its name."""
        epoch = (number, secrets.token_hex(4))
        signer = self._signer_of(epoch)
        aside = self._folder / "new"
        shutil.rmtree(aside, ignore_errors=True)
        disk = FileDisk(aside)
        log, _ = Log.open(disk)
        begun = records.entry(records.BEGUN, 0, records.begun(signer.name, self._key, after), now)
        begun["occurred"]["by"] = "server"
        log.append(begun)
        log.commit()
        disk.close()
        os.rename(aside, self._folder / epoch_name(epoch))
        _sync(self._folder)
        self._open(epoch)

    def _signer_of(self, epoch: tuple[int, str]) -> Signer:
        return Signer(f"caseward.local/{self._station}/server/{epoch_name(epoch)}", self._key)


def epochs(folder: Path) -> list[tuple[int, str]]:
    """Epochs in the folder, oldest first."""
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted((int(match[1]), match[2]) for name in names if (match := _EPOCH.fullmatch(name)))


def leaf_of(entry: Entry, now: Instant) -> dict[str, Any]:
    """The leaf of an entry, without what the log gives. Raises `ValueError` for an action that is not in the list."""
    if entry.action not in ACTIONS:
        raise ValueError(f"expected one of {', '.join(sorted(ACTIONS))}, found {entry.action}")
    return {
        "class": "fact",
        "type": f"{entry.action}/1",
        "id": entry.id,
        "recorded": now.as_dict(),
        "occurred": {"earliest_us": entry.at_us, "latest_us": entry.at_us, "by": "server"},
        "source": {"name": "server", "boot": 0, "seq": 0},
        "stay": None,
        "body": {"officer": entry.number, "subject": entry.subject, "detail": dict(entry.detail)},
    }


def epoch_name(epoch: tuple[int, str]) -> str:
    """Its folder, and the end of its origin."""
    return f"{epoch[0]}-{epoch[1]}"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
