"""The bytes of `up/log`: one canonical JSON header line, the leaves, an empty line, the checkpoint note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from caselog import canonical
from caselog.errors import FormatError

LEAVES_MAX: Final = 5_000
"""Leaves in one batch; a gateway sends far fewer."""


class PayloadError(FormatError):
    """The bytes are not a batch of leaves."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Leaves `first` .. `first + len(leaves) - 1`, without newlines, and the checkpoint over all up to there."""

    first: int
    leaves: tuple[bytes, ...]
    note: bytes

    @property
    def end(self) -> int:
        """Index after the last leaf: the size that the checkpoint vouches for."""
        return self.first + len(self.leaves)


def parse(payload: bytes) -> Batch:
    """Take a batch apart. Raises PayloadError; leaves and note are not looked into."""
    line, newline, rest = payload.partition(b"\n")
    if not newline:
        raise PayloadError("a header line", f"{len(payload)} bytes without newline")
    first, count = _header(line)
    parts = rest.split(b"\n", count)
    if len(parts) != count + 1:
        raise PayloadError(f"{count} leaf lines", f"{len(parts) - 1}")
    empty, newline, note = parts[count].partition(b"\n")
    if empty or not newline:
        raise PayloadError("an empty line after the leaves", repr(empty)[:80])
    return Batch(first, tuple(parts[:count]), note)


def build(first: int, leaves: list[bytes], note: bytes) -> bytes:
    """The payload of a batch; the inverse of `parse`."""
    header = canonical.dumps({"count": len(leaves), "first": first, "v": 1})
    return b"\n".join([header, *leaves, b"", note])


def _header(line: bytes) -> tuple[int, int]:
    try:
        header: Any = canonical.loads(line[:200])
    except FormatError as error:
        raise PayloadError(f"a header, {error.expected}", error.found) from None
    if not isinstance(header, dict) or header.keys() != {"v", "first", "count"} or header["v"] != 1:
        raise PayloadError('a header {"count":k,"first":n,"v":1}', repr(line[:80]))
    first, count = header["first"], header["count"]
    if type(first) is not int or type(count) is not int or first < 0 or not 1 <= count <= LEAVES_MAX:
        raise PayloadError(f"first from 0 and count from 1 to {LEAVES_MAX}", repr(line[:80]))
    return first, count
