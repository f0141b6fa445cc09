"""Segment files: one leaf a line, each with its CRC, and how to tell an interrupted write from damage.

Line: CRC-32 of the leaf bytes as 8 lower-case hex digits, space, leaf, newline. The CRC (zlib's, as in
IEEE 802.3) finds accidents; forgery is found by the chain, the tree and the signatures.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SEGMENT_BYTES_MAX: Final = 4 * 1024 * 1024
"""A new file starts before a line would pass this; one leaf never spans two files."""
PREFIX_BYTES: Final = 9
"""CRC and space before each leaf."""

_NAME: Final = re.compile(r"[0-9]{16}\.seg")
_LINE_START: Final = re.compile(rb"[0-9a-f]{8} \{")


@dataclass(frozen=True, slots=True)
class Damage:
    """The first line that is not whole: byte offset in the file, and what stands there instead."""

    offset: int
    expected: str
    found: str
    torn: bool
    """True when no whole line follows, which is what an interrupted write leaves behind."""


def name_of(first_index: int) -> str:
    """File name of the segment that begins with leaf `first_index`."""
    return f"{first_index:016d}.seg"


def is_segment(name: str) -> bool:
    """True for a name that `name_of` can give."""
    return _NAME.fullmatch(name) is not None


def encode_line(leaf: bytes) -> bytes:
    """The line of one leaf, newline included."""
    return b"%08x %b\n" % (zlib.crc32(leaf), leaf)


def decode_line(line: bytes) -> bytes | None:
    """The leaf in a line given without its newline, or None when the CRC or the shape is wrong."""
    leaf = line[PREFIX_BYTES:]
    return leaf if line[:PREFIX_BYTES] == b"%08x " % zlib.crc32(leaf) else None


def scan(data: bytes, offset: int = 0) -> Iterator[tuple[int, bytes] | Damage]:
    """Each (offset of the line, leaf) of a segment's bytes; at the first line that is not whole, a `Damage`."""
    while offset < len(data):
        end = data.find(b"\n", offset)
        leaf = decode_line(data[offset:end]) if end >= 0 else None
        if leaf is None:
            yield _damage(data, offset, end)
            return
        yield offset, leaf
        offset = end + 1


def salvage(data: bytes) -> Iterator[tuple[int, bytes] | Damage]:
    """As `scan`, but after each damage it goes on with the next whole line."""
    at: int | None = 0
    while at is not None:
        damage: Damage | None = None
        for item in scan(data, at):
            yield item
            damage = item if isinstance(item, Damage) else None
        at = None if damage is None else _whole_line_after(data, damage.offset)


def _damage(data: bytes, offset: int, end: int) -> Damage:
    torn = _whole_line_after(data, offset) is None
    if end < 0:
        return Damage(offset, "a line ending in newline", f"{len(data) - offset} bytes without one", torn)
    line = data[offset:end]
    expected = f"CRC {zlib.crc32(line[PREFIX_BYTES:]):08x} of its {max(0, len(line) - PREFIX_BYTES)} bytes"
    return Damage(offset, expected, repr(line[:PREFIX_BYTES]), torn)


def _whole_line_after(data: bytes, offset: int) -> int | None:
    """Where a whole line begins after `offset`, be its neighbour's newline damaged or not; None: nowhere."""
    for match in _LINE_START.finditer(data, offset + 1):
        end = data.find(b"\n", match.start())
        if end >= 0 and decode_line(data[match.start() : end]) is not None:
            return match.start()
    return None
