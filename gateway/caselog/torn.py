"""What a log says where a write that power cut off began, when some of its pages never arrived.

Nothing of such a write ever counted: no leaf of it was acted upon, acked or sent. The log goes on in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from caselog import leaf, records, segment
from caselog.clock import Instant
from caselog.disk import Disk
from caselog.errors import FormatError, LogDamaged
from caselog.store import kept_name
from caselog.survey import read_what_is_there


@dataclass(frozen=True, slots=True)
class Held:
    """The word of whoever keeps a copy, given when it was asked: it holds `size` leaves, with this root (32 bytes)."""

    size: int
    root: bytes


def statement(disk: Disk, name: str, first: int, prev: bytes, now: Instant) -> bytes:
    """The leaf `first` (a `log.damaged/1`) that takes the place of what stands from there on in segment `name`.

    `prev`: hash of the leaf before. Raises `OSError`.
    """
    data = read_what_is_there(disk, name)
    end, whole = 0, 0
    for item in segment.salvage(data):
        if isinstance(item, segment.Damage):
            continue
        offset, found = item
        if _index(found) < first:
            end = offset + segment.PREFIX_BYTES + len(found) + 1
        else:
            whole += 1
    text = f"{len(data) - end} bytes of a write that power cut off, with {whole} whole leaves among them"
    damage = LogDamaged(name, end, f"leaf {first}", text)
    body = records.damaged(damage, kept_name(disk, name), first, 0, "none")
    return leaf.build(records.entry(records.DAMAGED, first, body, now), first, prev, None)


def _index(data: bytes) -> int:
    """Index of a leaf; below every other for a line that is none."""
    try:
        return leaf.parse(data).index
    except FormatError:
        return -1
