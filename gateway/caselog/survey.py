"""What of a damaged log is sound: reads every segment, goes on after each damage, changes nothing.

A leaf counts as sound when its line has its CRC and it chains to the sound leaf before it, where that is there. A
segment in which two whole leaves deny each other was not broken by an accident: none of its leaves is believed.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import Final

from caselog import leaf, segment
from caselog.disk import Disk
from caselog.errors import FormatError, LogDamaged

BLOCK_BYTES: Final = 4_096
"""What is given up at once where the medium gives nothing back."""


@dataclass(slots=True)
class Part:
    """One segment: leaves `first` up to, not including, `end`. `is_there`: the file exists."""

    name: str
    first: int
    end: int
    damages: list[LogDamaged] = field(default_factory=list)
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class Hole:
    """Leaves that are missing from `first` on, up to `end` (None: not known how many).

    `left` is the hash of the leaf before, `right` what the leaf at `end` names as the hash before it.
    """

    first: int
    end: int | None
    left: bytes
    right: bytes | None


@dataclass(slots=True)
class Survey:
    """`hashes` of the sound leaves by index, rising; `parts` cover the log from leaf 0 on without a gap."""

    hashes: dict[int, bytes] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    befores: dict[int, bytes] = field(default_factory=dict)  # `prev` of the first leaf after each gap
    held_size: int = 0
    durable_size: int = 0
    is_end_known: bool = True

    @property
    def size(self) -> int:
        """Index after the last sound leaf."""
        return next(reversed(self.hashes), -1) + 1

    @property
    def expected_size(self) -> int:
        """Leaves that there must have been: what is held, and all before the last segment, which names its first."""
        return max(self.held_size, self.parts[-1].first)

    @property
    def damages(self) -> list[LogDamaged]:
        """Everything that is wrong, in the order of the log."""
        return [damage for part in self.parts for damage in part.damages]

    @property
    def torn_from(self) -> int | None:
        """The leaf from which on an interrupted write explains what is missing; None where none does.

        Pages of one write reach the medium in any order until its fsync returns, so whole lines may stand after the
        hole. It is in the last segment, above all that was durable or is held, and never leaf 0, which names the log.
        """
        sure = max(self.parts[-1].first, self.held_size, self.durable_size, 1)
        for hole in self.holes():
            if hole.end is not None and hole.end > sure:
                return max(hole.first, sure)
        return None

    def holes(self) -> list[Hole]:
        """What is missing."""
        found: list[Hole] = []
        expected, left = 0, leaf.ZERO_HASH
        for index, hash_ in self.hashes.items():
            if index != expected:
                found.append(Hole(expected, index, left, self.befores[index]))
            expected, left = index + 1, hash_
        if expected < self.expected_size or not self.is_end_known:
            found.append(Hole(expected, None, left, None))
        return found


@dataclass(slots=True)
class _Reading:
    """One segment while it is read: (index, prev, hash) of its leaves, and whether they deny each other."""

    part: Part
    leaves: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    is_false: bool = False

    def damage(self, offset: int, expected: str, found: str) -> None:
        self.part.damages.append(LogDamaged(self.part.name, offset, expected, found))

    def take(self, offset: int, data: bytes, end: int | None) -> None:
        try:
            record = leaf.parse(data)
        except FormatError as error:
            self.damage(offset, error.expected, error.found)
            return
        expected = self.leaves[-1][0] + 1 if self.leaves else self.part.first
        if record.index < expected or (end is not None and record.index >= end):
            self.damage(offset, f"leaf {expected}", f"leaf {record.index}")
            self.is_false = True
        elif self.leaves and record.index == expected and record.prev != self.leaves[-1][2]:
            self.damage(offset, f"prev {self.leaves[-1][2].hex()}", f"prev {record.prev.hex()}")
            self.is_false = True
        else:
            self.leaves.append((record.index, record.prev, record.hash))


def survey(disk: Disk, held_size: int = 0, durable_size: int = 0) -> Survey:
    """Read all segments, one in memory at a time. `held_size`: as for `Log.open`; `durable_size`: leaves that are known
    to have been durable once, 0 when nothing is known. Raises `OSError`."""
    names = [name for name in disk.list_names() if segment.is_segment(name)]
    firsts = [int(name.removesuffix(".seg")) for name in names]
    found = Survey(held_size=held_size, durable_size=durable_size)
    if not firsts or firsts[0] != 0:
        missing = Part(segment.name_of(0), 0, firsts[0] if firsts else 0, is_there=False)
        missing.damages.append(LogDamaged(missing.name, 0, "a segment", "none"))
        found.parts.append(missing)
    before: _Reading | None = None
    for name, first, end in zip(names, firsts, [*firsts[1:], None], strict=False):
        now = _read(disk, Part(name, first, first if end is None else end), end)
        _join(found, before, now)
        before = now
    _end(found, before)
    return found


def read_what_is_there(disk: Disk, name: str) -> bytes:
    """The file's bytes; zeros for the blocks that the medium does not give back any more."""
    try:
        return disk.read(name)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
    size = disk.size(name)
    return b"".join(
        _block(disk, name, offset, min(BLOCK_BYTES, size - offset)) for offset in range(0, size, BLOCK_BYTES)
    )


def _block(disk: Disk, name: str, offset: int, size: int) -> bytes:
    try:
        return disk.read(name, offset, size).ljust(size, b"\0")
    except OSError:
        return bytes(size)


def _read(disk: Disk, part: Part, end: int | None) -> _Reading:
    reading = _Reading(part)
    data = read_what_is_there(disk, part.name)
    for item in segment.salvage(data):
        if not isinstance(item, segment.Damage):
            reading.take(*item, end)
        elif end is not None or not item.torn:
            reading.damage(item.offset, item.expected, item.found)
    following = reading.leaves[-1][0] + 1 if reading.leaves else part.first
    if end is not None and following != end and not part.damages:
        reading.damage(len(data), f"leaf {following}", "the end of the file")
    return reading


def _join(found: Survey, before: _Reading | None, now: _Reading) -> None:
    """Add what `now` holds, unless it and the segment before deny each other: then neither is believed."""
    if before is not None and before.leaves and now.leaves:
        last, first = before.leaves[-1], now.leaves[0]
        if last[0] + 1 == first[0] and last[2] != first[1]:
            now.damage(0, f"prev {last[2].hex()}", f"prev {first[1].hex()}")
            before.damage(0, f"the leaves that {now.part.name} follows", "others")
            now.is_false = True
            for index, _, _ in before.leaves:
                found.hashes.pop(index, None)
                found.befores.pop(index, None)
    if now.is_false:
        now.leaves.clear()
    for index, prev, hash_ in now.leaves:
        if index != found.size:
            found.befores[index] = prev
        elif index == 0 and prev != leaf.ZERO_HASH:
            now.damage(0, f"prev {leaf.ZERO_HASH.hex()} in leaf 0", prev.hex())
            continue
        found.hashes[index] = hash_
    found.parts.append(now.part)


def _end(found: Survey, last: _Reading | None) -> None:
    """Where the last segment ends, and whether that is as far as it should."""
    part = found.parts[-1]
    found.is_end_known = last is None or not last.is_false
    part.end = max(found.size, part.first)
    if found.size < found.expected_size and not part.damages:
        found_text = f"{found.size} leaves"
        part.damages.append(LogDamaged(part.name, 0, f"{found.expected_size} leaves", found_text))
