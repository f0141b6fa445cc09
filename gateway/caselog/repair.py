"""Making a damaged log whole again from another's copy, believing nothing of that copy.

A leaf is taken only where it chains to the sound leaf before the hole and, through all leaves of the hole, to the
sound leaf after it; where no leaf stands after it, only under a checkpoint that this log has signed itself. Such a
checkpoint is also held against all leaves before they are written. Segments with damage are written anew
beside, and exchanged; the old file stays as `<name>.bad-<n>`.

Where a write was cut off by power, and the copy says that it holds nothing of it, nothing can come back: the log ends
there and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from caselog import leaf, segment, torn
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import Disk
from caselog.errors import ChainError, FormatError, LeafError, LogDamaged
from caselog.store import write_segment
from caselog.survey import Hole, Part, Survey, read_what_is_there
from caselog.torn import Held
from caselog.tree import Tree

FILL_BYTES_MAX: Final = 64 * 1024 * 1024
"""Leaves held while a log is mended; a larger hole is mended from a file, on a larger machine."""
ASK_LEAVES_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Mended:
    """One segment written again: the first thing wrong with it, the file that keeps it, the leaves that came back."""

    damage: LogDamaged
    kept: str
    first: int
    count: int


class Filling:
    """Takes the leaves that are missing, hole after hole. Sans IO."""

    def __init__(self, found: Survey, bytes_max: int = FILL_BYTES_MAX) -> None:
        """`found` is the survey of the log as it is now."""
        self.survey = found
        self.leaves: dict[int, bytes] = {}
        self._hashes: dict[int, bytes] = {}
        self._bytes = 0
        self._bytes_max = bytes_max
        self._holes = found.holes()
        self._hole = 0
        self._at, self._prev = self._start()
        self._anchor: Checkpoint | None = None
        self._torn_from = found.torn_from
        self.is_whole = not self._holes
        self.ends_at: int | None = None  # from this leaf on nothing comes back

    @property
    def size(self) -> int:
        """Leaves of the log as it would be now."""
        if self.ends_at is not None:
            return self.ends_at
        return max(self.survey.size, max(self.leaves, default=-1) + 1)

    def wanted(self) -> tuple[int, int] | None:
        """(first, count) of what to ask for next; None when all is there."""
        if self.is_whole:
            return None
        end = self._holes[self._hole].end
        return self._at, ASK_LEAVES_MAX if end is None else min(ASK_LEAVES_MAX, end - self._at)

    def take(self, first: int, leaves: Sequence[bytes], anchor: Checkpoint | None) -> None:
        """Leaves of a copy, and the newest checkpoint it has of this log, verified by the caller.

        Raises `FormatError` when they are not what is missing; what was taken of that hole is then dropped.
        """
        if self.is_whole or first != self._at:
            return
        self._anchor = anchor
        self._reach(anchor)
        hole = self._holes[self._hole]
        try:
            for data in leaves if hole.end is None else leaves[: hole.end - self._at]:
                self._add(data)
            self._close()
        except FormatError:
            self._drop(hole)
            raise

    def end(self, held: Held) -> None:
        """Nothing more comes from a copy that holds `held`: where a write was cut off, the log is whole without it.

        Raises `ChainError` when the copy is of another log.
        """
        is_torn = self._torn_from is not None and self._at >= self._torn_from
        reach = held.size if self._anchor is None else max(held.size, self._anchor.size)
        if self.is_whole or not is_torn or reach > self._at:
            return
        self._check_root(held.size, held.root)
        self._check_anchor()
        self.ends_at, self.is_whole = self._at, True

    @property
    def last_hash(self) -> bytes:
        """Hash of the leaf before the next one that is missing; zeros before leaf 0."""
        return self._prev

    def _add(self, data: bytes) -> None:
        record = leaf.check_chain(self._prev, self._at, data)
        if self._bytes + len(data) > self._bytes_max:
            raise LeafError(f"at most {self._bytes_max} bytes missing", "more; mend from a file")
        self.leaves[self._at], self._hashes[self._at] = data, record.hash
        self._bytes += len(data)
        self._at, self._prev = self._at + 1, record.hash

    def _close(self) -> None:
        """Go to the next hole when this one is filled; after the last, hold all against the checkpoint."""
        hole = self._holes[self._hole]
        if hole.end is None:
            if self._anchor is None or self._at < max(self._anchor.size, self.survey.expected_size):
                return
        elif self._at < hole.end:
            return
        elif self._prev != hole.right:
            raise ChainError(
                f"a leaf {hole.end - 1} with hash {hole.right and hole.right.hex()}", self._prev.hex()
            )
        if self._hole + 1 < len(self._holes):
            self._hole += 1
            self._at, self._prev = self._start()
            return
        self._check_anchor()
        self.is_whole = True

    def _reach(self, anchor: Checkpoint | None) -> None:
        """A checkpoint of more leaves than stand here shows that the end is missing too."""
        has_end = self._holes[-1].end is None
        if anchor is not None and anchor.size > self.survey.size and not has_end:
            left = self.survey.hashes[self.survey.size - 1]
            self._holes.append(Hole(self.survey.size, None, left, None))
            part = self.survey.parts[-1]
            found = f"{self.survey.size} leaves"
            part.damages.append(LogDamaged(part.name, 0, f"{anchor.size} leaves", found))

    def _check_anchor(self) -> None:
        if self._anchor is not None:
            self._check_root(self._anchor.size, self._anchor.root)

    def _check_root(self, size: int, root: bytes) -> None:
        tree = Tree()
        for index in range(min(size, self.size)):
            tree.append(self._hashes[index] if index in self._hashes else self.survey.hashes[index])
        if tree.root(size) != root:
            raise ChainError(f"root {root.hex()} of {size} leaves", tree.root(size).hex())

    def _drop(self, hole: Hole) -> None:
        for index in [index for index in self.leaves if index >= hole.first]:
            self._bytes -= len(self.leaves.pop(index))
            del self._hashes[index]
        self._at, self._prev = self._start()

    def _start(self) -> tuple[int, bytes]:
        if not self._holes:
            return 0, leaf.ZERO_HASH
        hole = self._holes[self._hole]
        # a hole that follows right after another: its left neighbour came from the copy
        return hole.first, self._hashes.get(hole.first - 1, hole.left)


def rebuild(
    disk: Disk, filling: Filling, segment_bytes_max: int = segment.SEGMENT_BYTES_MAX, now: Instant | None = None
) -> list[Mended]:  # fmt: skip
    """Write each damaged segment again, of its sound leaves and those of `filling`. Raises `OSError`.

    `filling` must be whole; `now` is when a log says that it ends, asked for where `filling` does. That is said in
    the same exchange. A power cut in between leaves a log that is damaged as before, or less.
    """
    if not filling.is_whole:
        raise ValueError(f"expected no leaf missing, found {filling.wanted()}")
    done: list[Mended] = []
    last = filling.survey.parts[-1]
    last.end = max(last.end, filling.size) if filling.ends_at is None else filling.ends_at
    for part in filling.survey.parts:
        if not part.damages:
            continue
        if part is last and filling.ends_at is not None:
            kept = _end_part(disk, part, filling, now)
        else:
            kept = _write_part(disk, part, _leaves_of(disk, part, filling), segment_bytes_max)
        came = [index for index in filling.leaves if part.first <= index < part.end]
        if came or part is not last or filling.ends_at is None:
            done.append(Mended(part.damages[0], kept, min(came, default=part.first), len(came)))
    return done


def _end_part(disk: Disk, part: Part, filling: Filling, now: Instant | None) -> str:
    """Write the last segment up to where the log ends, and what it says of that. In one file: both or neither."""
    if now is None:
        raise ValueError(
            f"expected the time at which the log says that it ends at leaf {part.end}, found none"
        )
    said = torn.statement(disk, part.name, part.end, filling.last_hash, now)
    return _write_part(disk, part, chain(_leaves_of(disk, part, filling), [said]), None)


def write_all(
    disk: Disk, leaves: Iterable[bytes], segment_bytes_max: int = segment.SEGMENT_BYTES_MAX
) -> None:
    """Write a whole log into an empty folder. Raises `OSError`."""
    _write_part(disk, Part(segment.name_of(0), 0, 0, is_there=False), leaves, segment_bytes_max)


def _write_part(disk: Disk, part: Part, leaves: Iterable[bytes], segment_bytes_max: int | None) -> str:
    """Write `leaves` in the place of the segment, in one file (None) or more; return what keeps the old one."""
    first, index = part.first, part.first
    lines: list[bytes] = []
    chunk_bytes = 0
    kept: list[str] = []
    for data in leaves:
        line = segment.encode_line(data)
        if segment_bytes_max and lines and chunk_bytes + len(line) > segment_bytes_max:
            kept.append(write_segment(disk, segment.name_of(first), b"".join(lines)))
            lines, chunk_bytes, first = [], 0, index
        lines.append(line)
        chunk_bytes += len(line)
        index += 1
    kept.append(write_segment(disk, segment.name_of(first), b"".join(lines)))
    return kept[0]


def _leaves_of(disk: Disk, part: Part, filling: Filling) -> Iterator[bytes]:
    """Every leaf of the segment, in order."""
    old: dict[int, bytes] = {}
    if part.is_there:
        for item in segment.salvage(read_what_is_there(disk, part.name)):
            if not isinstance(item, segment.Damage):
                _keep(old, item[1], filling.survey.hashes)
    # A leaf that was sound when the segment was looked through can have gone since: before anything is exchanged.
    gone = next((i for i in range(part.first, part.end) if i not in filling.leaves and i not in old), None)
    if gone is not None:
        raise LogDamaged(part.name, 0, f"leaf {gone} as it was found before", "none")
    for index in range(part.first, part.end):
        yield filling.leaves[index] if index in filling.leaves else old[index]


def _keep(old: dict[int, bytes], data: bytes, hashes: dict[int, bytes]) -> None:
    try:
        record = leaf.parse(data)
    except FormatError:
        return
    if hashes.get(record.index) == record.hash:
        old[record.index] = data
