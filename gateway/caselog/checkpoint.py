"""Checkpoints and cosignatures of the tree, byte for byte as C2SP tlog-checkpoint and tlog-cosignature say.

A checkpoint is the log's signed word "my first `size` leaves have this root". A cosignature is a witness's
word that it has seen that tree grow out of every tree it saw before, at a time the witness states.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from caselog import note as notes
from caselog.errors import NoteError
from caselog.keys import COSIGNATURE_ED25519, NOTE_ED25519, SIGNATURE_BYTES, Signer, Verifier, check_name
from caselog.note import Note, Signature
from caselog.suite import HASH_BYTES

TIMESTAMP_S_MAX: Final = 2**63 - 1

_SIZE: Final = re.compile(rb"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tree head: `origin` names the log, `root` (32 bytes) is the root of its first `size` leaves."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_name(self.origin)
        if self.size < 0 or len(self.root) != HASH_BYTES:
            raise NoteError(
                f"a size from 0 and a root of {HASH_BYTES} bytes", f"{self.size}, {len(self.root)} bytes"
            )

    def body(self) -> bytes:
        """The note text: three lines, no extension lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What a verified cosignature says: `cosigner` saw `checkpoint` as the log's newest at `timestamp_s` (POSIX)."""

    checkpoint: Checkpoint
    cosigner: str
    timestamp_s: int


def sign(checkpoint: Checkpoint, *signers: Signer) -> bytes:
    """The signed note, a line of each of `signers` (two while a key is changed).

    A signer's name must be the origin, as tlog-checkpoint advises.
    """
    text = checkpoint.body()
    lines = []
    for signer in signers:
        if signer.name != checkpoint.origin:
            raise NoteError(f"a signer named {checkpoint.origin}", signer.name)
        lines.append(Signature(signer.name, signer.verifier.key_id(NOTE_ED25519), signer.key.sign(text)))
    return Note(text, tuple(lines)).encode()


def parse(note: bytes) -> Checkpoint:
    """The checkpoint in a note, with NOTHING verified. Extension lines are refused: this log writes none."""
    lines = notes.parse(note).text.split(b"\n")
    if len(lines) != 4:
        raise NoteError("three lines: origin, size, root", f"{len(lines) - 1} lines")
    origin, size, root64 = lines[:3]
    if not _SIZE.fullmatch(size):
        raise NoteError("a decimal tree size without leading zeros", repr(size)[:40])
    try:
        root = base64.b64decode(root64, validate=True)
    except binascii.Error:
        raise NoteError("a root in base64", repr(root64)[:80]) from None
    checkpoint = Checkpoint(origin.decode(), int(size), root)
    if checkpoint.body() != b"\n".join(lines):
        raise NoteError(repr(checkpoint.body()), repr(b"\n".join(lines))[:200])
    return checkpoint


def verify(note: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint, if it is of the log `verifier` names and signed by that key. Raises `NoteError`.

    Signature lines of other keys are ignored, as signed-note demands; every line of this key must hold.
    """
    checkpoint = parse(note)
    if checkpoint.origin != verifier.name:
        raise NoteError(f"origin {verifier.name}", f"origin {checkpoint.origin}")
    parsed = notes.parse(note)
    for signature in _lines_of(parsed, verifier, NOTE_ED25519):
        if len(signature.payload) != SIGNATURE_BYTES or not verifier.valid(parsed.text, signature.payload):
            raise NoteError(f"a valid signature of {verifier.vkey()}", "one that does not verify")
    return checkpoint


def cosign(note: bytes, signer: Signer, timestamp_s: int) -> bytes:
    """`note` with the signer's cosignature line at the end (an older one of the same key is replaced).

    The caller has verified the note and its consistency with all it cosigned before: that is what the
    line says. `timestamp_s` is POSIX seconds. Only the first three lines of the text are vouched for. Raises
    `NoteError` when the note has no room for another line.
    """
    parse(note)
    parsed = notes.parse(note)
    id_ = signer.verifier.key_id(COSIGNATURE_ED25519)
    others = tuple(line for line in parsed.signatures if (line.name, line.key_id) != (signer.name, id_))
    if len(others) >= notes.SIGNATURES_MAX:
        raise NoteError(f"room for one more of {notes.SIGNATURES_MAX} signatures", f"{len(others)} of others")
    signature = signer.key.sign(_cosigned_message(parsed.text, timestamp_s))
    line = Signature(signer.name, id_, timestamp_s.to_bytes(8, "big") + signature)
    return Note(parsed.text, (*others, line)).encode()


def verify_cosignature(note: bytes, verifier: Verifier) -> Cosignature:
    """What the cosigner `verifier` says about the note. Raises `NoteError` when it says nothing valid.

    Does not verify the log's own signature: use `verify` for that.
    """
    checkpoint = parse(note)
    parsed = notes.parse(note)
    times: list[int] = []
    for signature in _lines_of(parsed, verifier, COSIGNATURE_ED25519):
        timestamp_s = int.from_bytes(signature.payload[:8], "big")
        if len(signature.payload) != 8 + SIGNATURE_BYTES or timestamp_s > TIMESTAMP_S_MAX:
            raise NoteError("a time up to 2^63 - 1 and 64 signature bytes", signature.payload.hex())
        if not verifier.valid(_cosigned_message(parsed.text, timestamp_s), signature.payload[8:]):
            raise NoteError(
                f"a valid cosignature of {verifier.vkey(COSIGNATURE_ED25519)}", "one that does not verify"
            )
        times.append(timestamp_s)
    return Cosignature(checkpoint, verifier.name, max(times))


def only(note: bytes, logs: Iterable[Verifier], cosigners: Iterable[Verifier] = ()) -> bytes:
    """`note` with the lines of these keys alone: of each the newest that verifies, none where none does.

    Whoever hands a note on may have added lines in anybody's name; who keeps it for others to read keeps these.
    """
    parsed = notes.parse(note)
    wanted = [(v, NOTE_ED25519) for v in logs] + [(v, COSIGNATURE_ED25519) for v in cosigners]
    kept = dict.fromkeys(line for each in wanted if (line := _valid_line(parsed, *each)) is not None)
    return Note(parsed.text, tuple(kept)).encode()


def _valid_line(parsed: Note, verifier: Verifier, type_: int) -> Signature | None:
    wanted = (verifier.name, verifier.key_id(type_))
    time_bytes = 8 if type_ == COSIGNATURE_ED25519 else 0
    valid = []
    for line in parsed.signatures:
        time, signature = line.payload[:time_bytes], line.payload[time_bytes:]
        seconds = int.from_bytes(time, "big")
        if (
            (line.name, line.key_id) != wanted
            or len(signature) != SIGNATURE_BYTES
            or seconds > TIMESTAMP_S_MAX
        ):
            continue
        message = _cosigned_message(parsed.text, seconds) if time_bytes else parsed.text
        if verifier.valid(message, signature):
            valid.append(line)
    return max(valid, key=lambda line: line.payload, default=None)


def _lines_of(parsed: Note, verifier: Verifier, type_: int) -> list[Signature]:
    """The signature lines of this very key; at least one, else `NoteError`."""
    wanted = (verifier.name, verifier.key_id(type_))
    found = [line for line in parsed.signatures if (line.name, line.key_id) == wanted]
    if not found:
        names = [f"{line.name}+{line.key_id.hex()}" for line in parsed.signatures]
        raise NoteError(f"a signature of {verifier.vkey(type_)}", f"signatures of {names}"[:200])
    return found


def _cosigned_message(text: bytes, timestamp_s: int) -> bytes:
    if not 0 <= timestamp_s <= TIMESTAMP_S_MAX:
        raise NoteError("a POSIX time from 0 to 2^63 - 1", f"{timestamp_s}")
    return f"cosignature/v1\ntime {timestamp_s}\n".encode() + text
