"""Proof that one log told two histories: two notes it signed, and why they cannot both be true.

A tree contains the roots of all its beginnings. `proof` shows which root the larger tree has at the size of the
smaller note; that note, signed by the same log, names another one. No leaf is needed to see it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from caselog import canonical, checkpoint
from caselog.errors import FormatError, NoteError
from caselog.keys import Verifier
from caselog.suite import HASH_BYTES
from caselog.tree import verify_consistency

VERSION: Final = 1
FILE_BYTES_MAX: Final = 400_000
"""Two notes, a proof and two leaves, each at its own limit."""
PROOF_HASHES_MAX: Final = 63
_KEYS: Final = frozenset({"fork", "smaller", "larger", "root", "proof", "leaves"})


class ForkError(FormatError):
    """The bytes prove nothing against the log."""


@dataclass(frozen=True, slots=True)
class Fork:
    """`smaller` and `larger`: signed notes; `root` (32 bytes): what the larger tree has at the smaller's size."""

    smaller: bytes
    larger: bytes
    root: bytes
    proof: tuple[bytes, ...]


def encode(fork: Fork, leaves: Mapping[str, Any] | None = None) -> bytes:
    """The file: one line of canonical JSON. `leaves`: {"index", "held", "offered"} for a human reader, or None."""
    value = {
        "fork": VERSION,
        "larger": fork.larger.decode(),
        "leaves": dict(leaves) if leaves is not None else None,
        "proof": [base64.b64encode(hash_).decode() for hash_ in fork.proof],
        "root": fork.root.hex(),
        "smaller": fork.smaller.decode(),
    }
    return canonical.dumps(value) + b"\n"


def check(data: bytes, verifiers: Sequence[Verifier]) -> Fork:
    """The fork in a file, when it proves one against the log of `verifiers` (its keys). Raises `ForkError`, `NoteError`."""
    fork = parse(data)
    smaller, larger = verify_any(fork.smaller, verifiers), verify_any(fork.larger, verifiers)
    if smaller.origin != larger.origin:
        raise ForkError(f"two notes of {smaller.origin}", f"one of {larger.origin}")
    proof = list(fork.proof)
    if not verify_consistency(smaller.size, larger.size, fork.root, larger.root, proof):
        raise ForkError(f"a proof that the larger tree has {fork.root.hex()} at {smaller.size}", "none")
    if fork.root == smaller.root:
        raise ForkError(
            f"another root than {smaller.root.hex()} at {smaller.size}", "the same: no contradiction"
        )
    return fork


def verify_any(note: bytes, verifiers: Sequence[Verifier]) -> checkpoint.Checkpoint:
    """The checkpoint, if one of these keys signed it. Raises `NoteError` of the last one otherwise."""
    problem = NoteError("a key to check the note with", "none")
    for verifier in verifiers:
        try:
            return checkpoint.verify(note, verifier)
        except NoteError as error:
            problem = error
    raise problem


def parse(data: bytes) -> Fork:
    """The fork in a file; nothing is verified. Raises `ForkError`, `CanonicalError`."""
    if len(data) > FILE_BYTES_MAX or not data.endswith(b"\n"):
        raise ForkError(f"one line of at most {FILE_BYTES_MAX} bytes", f"{len(data)} bytes")
    value = canonical.loads(data[:-1])
    if not isinstance(value, dict) or value.keys() != _KEYS or value["fork"] != VERSION:
        raise ForkError(f"an object with {sorted(_KEYS)}, fork {VERSION}", repr(data[:80]))
    proof = value["proof"]
    if not isinstance(proof, list) or len(proof) > PROOF_HASHES_MAX:
        raise ForkError(f"a proof of at most {PROOF_HASHES_MAX} hashes", repr(proof)[:80])
    try:
        hashes = tuple(decode_hash(text) for text in proof)
        root = bytes.fromhex(value["root"])
        notes = value["smaller"].encode(), value["larger"].encode()
    except (TypeError, ValueError, AttributeError) as error:
        raise ForkError("notes as text, a root in hex", str(error)) from None
    return Fork(*notes, root, hashes)


def decode_hash(text: Any) -> bytes:
    """32 bytes out of their one base64 text. Raises `ForkError`."""
    try:
        hash_ = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ForkError("a hash in base64", repr(text)[:80]) from None
    if len(hash_) != HASH_BYTES or base64.b64encode(hash_).decode() != text:
        raise ForkError(f"the one base64 text of {HASH_BYTES} bytes", repr(text)[:80])
    return hash_
