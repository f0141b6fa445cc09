"""What a second witness remembers: of each log the keys it trusts and the newest note it cosigned. Durable before it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from casegateway.state import write_whole
from caselog import canonical, checkpoint, fork
from caselog.errors import FormatError
from caselog.fork import Fork
from caselog.keys import Signer, Verifier
from caselog.witness import Refused, judge
from caseserver.forks import ForkFiles
from caseward.witness_line import Offer

FOLDER: Final = "logs"
FORKS: Final = "forks"


@dataclass(frozen=True, slots=True)
class Said:
    """What became of an offer: `note` with our cosignature, None when it was refused; `text` says it in a line."""

    origin: str
    note: bytes | None
    text: str


class Memory:
    """DIR/logs, a file a log; DIR/forks, the proofs."""

    def __init__(self, data: Path) -> None:
        """`data` may be empty."""
        self._data = data

    def origins(self) -> list[str]:
        """Logs that are trusted."""
        return sorted(state["origin"] for state in self._states())

    def trust(self, verifier: Verifier) -> None:
        """Take a key of a log; what is known of the log stays."""
        state = self._state(verifier.name) or {"keys": [], "note": None, "origin": verifier.name}
        if verifier.vkey() not in state["keys"]:
            state["keys"].append(verifier.vkey())
        self._write(state)

    def note(self, origin: str) -> bytes | None:
        """The newest note cosigned."""
        state = self._state(origin)
        return state["note"].encode() if state is not None and state["note"] is not None else None

    def size(self, origin: str) -> int:
        """Its size; 0 before the first."""
        note = self.note(origin)
        return checkpoint.parse(note).size if note is not None else 0

    def judge(self, offer: Offer, signer: Signer, now_s: int) -> Said:
        """Cosign, or keep the proof why not."""
        try:
            origin = checkpoint.parse(offer.request.note).origin
        except FormatError as error:
            return Said("", None, f"not a checkpoint: {error}")
        state = self._state(origin)
        if state is None:
            return Said(
                origin, None, f"{origin}: expected a log that is trusted here (`trust`), found another"
            )
        verifiers = [Verifier.from_vkey(text) for text in state["keys"]]
        seen = self.note(origin)
        verdict = judge(seen, verifiers, offer.request, signer, now_s)
        if isinstance(verdict, Refused):
            return Said(origin, None, self._refused(origin, seen, verifiers, offer, verdict))
        state["note"] = verdict.note.decode()
        self._write(state)
        before = checkpoint.parse(seen).size if seen is not None else 0
        return Said(origin, verdict.note, f"{origin}: cosigned {verdict.seen.size} leaves, {before} before")

    def _refused(
        self, origin: str, seen: bytes | None, verifiers: list[Verifier], offer: Offer, verdict: Refused
    ) -> str:
        proof = verdict.fork or _proof(seen, verifiers, offer)
        text = f"{origin}: REFUSED ({verdict.status}): expected {verdict.expected}, found {verdict.found}"
        if proof is None:
            return text
        path = ForkFiles(self._data / FORKS, _id(origin)).keep(proof)
        return f"{text}; the log tells two histories, proof {path.name if path else 'on file already'}"

    def _states(self) -> Iterator[dict[str, Any]]:
        folder = self._data / FOLDER
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.suffix == ".json":
                yield canonical.loads(path.read_bytes().removesuffix(b"\n"))

    def _state(self, origin: str) -> dict[str, Any] | None:
        path = self._data / FOLDER / f"{_id(origin)}.json"
        state: dict[str, Any] | None = None
        if path.exists():
            state = canonical.loads(path.read_bytes().removesuffix(b"\n"))
        return state

    def _write(self, state: dict[str, Any]) -> None:
        path = self._data / FOLDER / f"{_id(state['origin'])}.json"
        write_whole(path, canonical.dumps(state).decode() + "\n")


def _proof(seen: bytes | None, verifiers: list[Verifier], offer: Offer) -> Fork | None:
    """The server's own root at our size, with its own proof, may be the proof that it is another log than ours."""
    if seen is None or offer.old_root is None:
        return None
    found = Fork(seen, offer.request.note, offer.old_root, offer.request.proof)
    try:
        return fork.check(fork.encode(found), verifiers)
    except FormatError:
        return None


def _id(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()[:16]
