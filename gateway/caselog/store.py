"""The durable part of a log: leaves as lines in segments, written once, synced before they count.

Holds of each durable leaf its place in its segment (8 bytes) and nothing else. Knows no tree and no chain.
"""

from __future__ import annotations

import errno
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from caselog import segment
from caselog.disk import Disk
from caselog.errors import DiskFull, LogDamaged, LogStopped, SyncFailed, WriteFailed
from caselog.tree import leaf_hash

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


NO_FILE: Final = "none"
"""What keeps the old bytes where there was no file."""


@dataclass(slots=True)
class Places:
    """Where each durable leaf is: first leaf of each segment, line offset of each leaf, size of the last segment."""

    firsts: list[int] = field(default_factory=list)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    tail_bytes: int = 0


class Store:
    """Writes and reads the lines. After a failed write or sync it stops for good; see `LogStopped`."""

    def __init__(self, disk: Disk, places: Places, segment_bytes_max: int) -> None:
        self._disk = disk
        self._places = places
        self._segment_bytes_max = segment_bytes_max
        self._stopped: LogStopped | None = None

    @property
    def size(self) -> int:
        """Durable leaves."""
        return len(self._places.offsets)

    def refuse_if_stopped(self) -> None:
        """Raise `LogStopped` when an earlier write failed."""
        if self._stopped is not None:
            raise LogStopped(f"the log stopped at {self.size} durable leaves: {self._stopped}")

    def go_on(self) -> bool:
        """After a failed write or sync: begin a segment on the disk's second device. False where there is none.

        What was not durable is to be written again; the failed file is not touched. Raises `LogStopped`.
        """
        places = self._places
        name = segment.name_of(places.firsts[-1] if places.firsts else 0)
        try:
            if not self._disk.fail_over(name, places.tail_bytes):
                return False
        except OSError as error:
            self._stop(WriteFailed(f"going on on the second disk: {error}"), error)
        if places.firsts and places.firsts[-1] == self.size:
            places.firsts.pop()  # nothing in it was durable: the same name on the second disk counts
        self._stopped = None
        self._create(self.size)
        return True

    def write_some(self, leaves: Sequence[bytes]) -> int:
        """Make as many of `leaves` durable as fit the last segment, or begin a new one; return how many.

        Raises `DiskFull` (the segment is as before), `WriteFailed` or `SyncFailed`.
        """
        places = self._places
        lines: list[bytes] = []
        chunk_bytes = places.tail_bytes
        for data in leaves:
            line_bytes = segment.PREFIX_BYTES + len(data) + 1
            if chunk_bytes and chunk_bytes + line_bytes > self._segment_bytes_max:
                break
            lines.append(segment.encode_line(data))
            chunk_bytes += line_bytes
        if not places.firsts or not lines:
            self._create(self.size)
            return 0
        self._write(segment.name_of(places.firsts[-1]), b"".join(lines))
        for line in lines:
            places.offsets.append(places.tail_bytes)
            places.tail_bytes += len(line)
        return len(lines)

    def read_run(
        self, first: int, end: int, bytes_wanted: int, hash_of: Callable[[int], bytes]
    ) -> list[bytes]:
        """Leaves from `first`, below `end`, of one segment, by one disk read.

        As many as `bytes_wanted` bytes of lines hold, at least one. `hash_of` gives the leaf hash of an
        index; `LogDamaged` when the disk gives back anything else.
        """
        places = self._places
        position = bisect_right(places.firsts, first) - 1
        last_segment = position + 1 == len(places.firsts)
        segment_end = self.size if last_segment else places.firsts[position + 1]
        end = min(end, segment_end)
        start_byte = places.offsets[first]
        stop = first + 1
        while stop < end and places.offsets[stop] - start_byte < bytes_wanted:
            stop += 1
        if stop < segment_end:
            bytes_read: int | None = places.offsets[stop] - start_byte
        else:
            bytes_read = places.tail_bytes - start_byte if last_segment else None
        name = segment.name_of(places.firsts[position])
        hashes = [hash_of(index) for index in range(first, stop)]
        return _checked(name, start_byte, self._disk.read(name, start_byte, bytes_read), hashes)

    def segment_of(self, index: int) -> tuple[str, int, int]:
        """Name, first leaf and end of the segment that holds the durable leaf `index`."""
        firsts = self._places.firsts
        position = bisect_right(firsts, index) - 1
        end = firsts[position + 1] if position + 1 < len(firsts) else self.size
        return segment.name_of(firsts[position]), firsts[position], end

    def forget(self, name: str) -> None:
        """Let the next reads of this segment come from the medium."""
        self._disk.forget(name)

    def mend(self, first: int, leaves: Sequence[bytes]) -> str:
        """Exchange the segment that begins with leaf `first` for one of these leaves, all that it held.

        The lines stand where they stood. Returns the file that keeps the old one. Raises `OSError`.
        """
        name, found_first, end = self.segment_of(first)
        if found_first != first or len(leaves) != end - first:
            raise ValueError(f"expected the {end - found_first} leaves from {found_first}, got {len(leaves)}")
        kept = write_segment(self._disk, name, b"".join(map(segment.encode_line, leaves)))
        if end == self.size:
            self._places.tail_bytes = self._disk.size(name)
        return kept

    def _create(self, first: int) -> None:
        """Begin a segment. The one before is synced already, so no later file can be whole without it."""
        try:
            self._disk.create(segment.name_of(first))
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull(f"expected room for a new segment: {error}") from error
            self._stop(WriteFailed(f"creating {segment.name_of(first)}: {error}"), error)
        self._places.firsts.append(first)
        self._places.tail_bytes = 0

    def _write(self, name: str, data: bytes) -> None:
        try:
            # Another program may have written since we read: going on would put our lines after its lines
            if self._disk.size(name) != self._places.tail_bytes:
                raise OSError(errno.ESTALE, f"expected {self._places.tail_bytes} bytes, found other content")
            self._disk.append(name, data)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                self._stop(WriteFailed(f"writing {len(data)} bytes to {name}: {error}"), error)
            self._take_back(name)
            raise DiskFull(f"expected room for {len(data)} bytes in {name}: {error}") from error
        try:
            self._disk.sync(name)
        except OSError as error:
            self._stop(SyncFailed(f"fsync of {name}: {error}"), error)

    def _take_back(self, name: str) -> None:
        """Cut what a write without room left behind, so that the next try does not follow half a line."""
        try:
            self._disk.truncate(name, self._places.tail_bytes)
        except OSError as error:
            self._stop(WriteFailed(f"cutting {name} to {self._places.tail_bytes} bytes: {error}"), error)

    def _stop(self, reason: LogStopped, cause: OSError) -> None:
        self._stopped = reason
        raise reason from cause


def write_segment(disk: Disk, name: str, lines: bytes) -> str:
    """Put a file of these bytes in the place of `name`; return the name that keeps the old one. Raises `OSError`."""
    new, kept = f"{name}.new", kept_name(disk, name)
    if new in disk.list_names():
        disk.truncate(new, 0)  # of a repair that a power cut ended
    else:
        disk.create(new)
    disk.append(new, lines)
    disk.sync(new)
    disk.exchange(new, name, kept)
    return kept


def kept_name(disk: Disk, name: str) -> str:
    """What will keep the old file when another takes the place of `name`."""
    taken = set(disk.list_names())
    number = 0
    while f"{name}.bad-{number}" in taken:
        number += 1
    return f"{name}.bad-{number}" if name in taken else NO_FILE


def _checked(name: str, offset: int, data: bytes, hashes: Sequence[bytes]) -> list[bytes]:
    """The leaves in `data`, read from `offset` of `name`, if they are still the ones with these hashes."""
    leaves: list[bytes] = []
    for item in segment.scan(data):
        if isinstance(item, segment.Damage):
            raise LogDamaged(name, offset + item.offset, item.expected, item.found)
        at, found = item
        expected = hashes[len(leaves)] if len(leaves) < len(hashes) else b""
        if leaf_hash(found) != expected:
            raise LogDamaged(name, offset + at, f"leaf hash {expected.hex()}", leaf_hash(found).hex())
        leaves.append(found)
    if len(leaves) != len(hashes):
        raise LogDamaged(name, offset, f"{len(hashes)} leaves", f"{len(leaves)}")
    return leaves
