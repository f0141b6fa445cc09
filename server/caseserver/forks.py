"""Proofs that a log contradicted itself, kept as files that anyone can check (docs/evidence.md section 5).

`<log>-<n>.json` in one folder, n from 1. Written once, durable before anything is told, never replaced.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Final

from caselog import checkpoint, fork
from caselog.clock import Instant
from caselog.filedisk import write_private
from caselog.fork import Fork
from caselog.leaf import parse as parse_leaf

FORKS_KEPT_MAX: Final = 100
"""Files of one log: one proves the case, some show how it went on; more add nothing."""
FOLDER: Final = "forks"


UNPROVED_S: Final = 20.0
"""Contradictions without proof are the gateway's own only when nothing that it signed fits for so long: leaves are
signed by their sum, and whoever is on the way can change one. An honest gateway says all of it again within 10 s."""


class Unproved:
    """Contradictions of which no proof came."""

    def __init__(self, rate: float) -> None:
        """`rate`: station seconds in one real second."""
        self._span_us = round(UNPROVED_S * rate * 1_000_000)
        self._since_us: int | None = None

    def is_persistent(self, now: Instant) -> bool:
        """One came now; whether such are all that has come for some time."""
        if self._since_us is None:
            self._since_us = now.earliest_us
        return now.earliest_us - self._since_us >= self._span_us

    def end(self) -> None:
        """Something that fits has come."""
        self._since_us = None


class ForkFiles:
    """The proofs against one log."""

    def __init__(self, folder: Path, log: str) -> None:
        """`log`: the gateway's id, or the name of another log; it begins the names of the files."""
        self.folder = folder
        self._log = log
        self._lock = threading.Lock()

    def files(self) -> list[Path]:
        """The files there are, by number."""
        named = re.compile(re.escape(self._log) + r"-([1-9][0-9]*)\.json")
        found = [(int(match[1]), path) for path in self._all() if (match := named.fullmatch(path.name))]
        return [path for _, path in sorted(found)]

    def keep(self, proof: Fork, held: bytes | None = None, offered: bytes | None = None) -> Path | None:
        """Write a proof; None when these two trees' contradiction, or enough others, are on file already.

        `held` and `offered`: the leaves that differ, for who reads the file.
        """
        with self._lock:
            return self._keep(proof, held, offered)

    def _keep(self, proof: Fork, held: bytes | None, offered: bytes | None) -> Path | None:
        files = self.files()
        if len(files) >= FORKS_KEPT_MAX or any(_texts(path) == _texts_of(proof) for path in files):
            return None
        leaves = None
        if held is not None and offered is not None:
            index = parse_leaf(held).index
            leaves = {"index": index, "held": held.decode(), "offered": offered.decode("utf-8", "replace")}
        number = int(files[-1].stem.rpartition("-")[2]) + 1 if files else 1
        path = self.folder / f"{self._log}-{number}.json"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, fork.encode(proof, leaves))
        return path

    def _all(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []


def _texts(path: Path) -> tuple[bytes, bytes]:
    return _texts_of(fork.parse(path.read_bytes()))


def _texts_of(proof: Fork) -> tuple[bytes, bytes]:
    """What the two notes say, whoever signed them besides."""
    return checkpoint.parse(proof.smaller).body(), checkpoint.parse(proof.larger).body()
