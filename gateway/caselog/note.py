"""C2SP signed notes: a text and the lines that sign it (c2sp.org/signed-note)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from caselog.errors import NoteError
from caselog.keys import check_name

NOTE_BYTES_MAX: Final = 65_536
SIGNATURES_MAX: Final = 100
"""The specification asks for at least 16; the Go implementation takes 100."""

_PREFIX: Final = "\N{EM DASH} "
_CONTROL: Final = re.compile(rb"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Signature:
    """One line: who says to have signed, the 4-byte key id, and the bytes after it."""

    name: str
    key_id: bytes
    payload: bytes

    def line(self) -> bytes:
        """The line with its newline, UTF-8."""
        encoded = base64.b64encode(self.key_id + self.payload).decode()
        return f"{_PREFIX}{self.name} {encoded}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """`text` is the signed bytes, the final newline included; nothing is verified yet."""

    text: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note's bytes: text, empty line, signature lines."""
        return self.text + b"\n" + b"".join(signature.line() for signature in self.signatures)


def parse(data: bytes) -> Note:
    """Take a note apart, strictly: what is returned encodes to exactly `data`. Raises `NoteError`."""
    if len(data) > NOTE_BYTES_MAX:
        raise NoteError(f"a note of at most {NOTE_BYTES_MAX} bytes", f"{len(data)}")
    _check_characters(data)
    text, separator, tail = data.rpartition(b"\n\n")
    if not separator or not tail.endswith(b"\n"):
        raise NoteError("text, an empty line and signature lines ending in newline", repr(data[-40:]))
    lines = tail[:-1].split(b"\n")
    if len(lines) > SIGNATURES_MAX:
        raise NoteError(f"at most {SIGNATURES_MAX} signatures", f"{len(lines)}")
    return Note(text + b"\n", tuple(_parse_line(line.decode()) for line in lines))


def _check_characters(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("UTF-8", f"byte 0x{data[error.start]:02x} at byte {error.start}") from None
    control = _CONTROL.search(data)
    if control is not None:
        found = f"byte 0x{control[0][0]:02x} at byte {control.start()}"
        raise NoteError("no control character but newline", found)


def _parse_line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX) or not space:
        raise NoteError("em dash, space, key name, space, base64", repr(line)[:120])
    check_name(name)
    try:
        material = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("base64", repr(encoded)[:120]) from None
    # Python's decoder ignores stray bits in the last digit; two texts of one signature would be two notes
    if len(material) < 5 or base64.b64encode(material).decode() != encoded:
        raise NoteError("the one base64 text of a key id and a signature", repr(encoded)[:120])
    return Signature(name, material[:4], material[4:])
