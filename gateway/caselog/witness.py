"""What a witness does with a checkpoint, as C2SP tlog-witness says; pure, so that whoever keeps the state decides how.

The request is the body of `add-checkpoint`: old size, consistency proof, empty line, signed note. The caller makes
`Cosigned.seen` durable before the cosignature leaves the machine, and lets nobody judge the same log meanwhile.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from caselog import checkpoint
from caselog.checkpoint import Checkpoint
from caselog.errors import FormatError, NoteError
from caselog.fork import PROOF_HASHES_MAX, Fork, decode_hash, verify_any
from caselog.keys import Signer, Verifier
from caselog.note import NOTE_BYTES_MAX
from caselog.tree import EMPTY_ROOT, verify_consistency

REQUEST_BYTES_MAX: Final = NOTE_BYTES_MAX + 8_192

BAD_REQUEST: Final = 400
FORBIDDEN: Final = 403
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422

_OLD: Final = re.compile(rb"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Request:
    """`old`: size the proof begins at; `proof`: hashes of RFC 6962 2.1.2; `note`: the checkpoint on offer."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        """The body of `add-checkpoint`."""
        lines = [f"old {self.old}".encode(), *(base64.b64encode(hash_) for hash_ in self.proof)]
        return b"\n".join(lines) + b"\n\n" + self.note


@dataclass(frozen=True, slots=True)
class Cosigned:
    """`note`: the note with our cosignature, to be kept and handed back; `seen`: its checkpoint, the new state."""

    seen: Checkpoint
    note: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """`status`: the HTTP status of tlog-witness. `fork`: proof that the log contradicts itself, where it is one."""

    status: int
    expected: str
    found: str
    fork: Fork | None = None


def parse(data: bytes) -> Request:
    """Take a request apart; nothing is verified. Raises `FormatError`."""
    if len(data) > REQUEST_BYTES_MAX:
        raise FormatError(f"a request of at most {REQUEST_BYTES_MAX} bytes", f"{len(data)}")
    head, separator, note = data.partition(b"\n\n")
    old, *hashes = head.split(b"\n")
    if not separator or not _OLD.fullmatch(old):
        raise FormatError("old <size>, proof lines, an empty line, a note", repr(data[:60]))
    if len(hashes) > PROOF_HASHES_MAX:
        raise FormatError(f"at most {PROOF_HASHES_MAX} proof lines", f"{len(hashes)}")
    return Request(int(old[4:]), tuple(decode_hash(line.decode("ascii", "replace")) for line in hashes), note)


def judge(
    seen: bytes | None, verifiers: Sequence[Verifier], request: Request, signer: Signer, now_s: int
) -> Cosigned | Refused:
    """Cosign, or say why not. `seen`: the newest note cosigned of this log; `verifiers`: its keys; `now_s`: POSIX."""
    try:
        offered = verify_any(request.note, verifiers)
    except NoteError as error:
        return Refused(FORBIDDEN, error.expected, error.found)
    held = checkpoint.parse(seen) if seen is not None else Checkpoint(offered.origin, 0, EMPTY_ROOT)
    if request.old > offered.size:
        return Refused(BAD_REQUEST, f"an old size of at most {offered.size}", f"{request.old}")
    if request.old != held.size:
        return Refused(CONFLICT, f"old {held.size}", f"old {request.old}")
    if offered.size == held.size and offered.root != held.root:
        fork = Fork(seen, request.note, offered.root, ()) if seen is not None else None
        return Refused(CONFLICT, f"root {held.root.hex()} at {held.size}", offered.root.hex(), fork)
    proof = list(request.proof)
    if not verify_consistency(held.size, offered.size, held.root, offered.root, proof):
        return Refused(UNPROCESSABLE, f"a proof from {held.size} to {offered.size}", f"{len(proof)} hashes")
    try:
        return Cosigned(offered, checkpoint.cosign(request.note, signer, now_s))
    except NoteError as error:
        return Refused(BAD_REQUEST, error.expected, error.found)
