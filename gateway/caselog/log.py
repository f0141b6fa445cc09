"""The log of one gateway or server: append, make durable, read, prove.

`append` gives a leaf its place and keeps it in memory; `commit` writes all waiting leaves and returns when
they are durable. Only then may anything be done because of them. In memory stay 36 bytes of hashes and 8 of
offset a leaf, and one number a stay; leaf bytes are read from the disk.

Not thread safe: one owner calls it.
"""

from __future__ import annotations

import errno
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from caselog import canonical, leaf, recovery, segment
from caselog.disk import Disk
from caselog.errors import (
    DiskFull,
    EntryError,
    FormatError,
    LogStopped,
    PendingFull,
    SyncFailed,
    WriteFailed,
)
from caselog.recovery import Recovery
from caselog.tree import Tree, leaf_hash

__all__ = ["Leaf", "Log", "PENDING_BYTES_MAX", "Recovery"]

PENDING_BYTES_MAX: Final = 16 * 1024 * 1024
"""Leaves waiting for `commit`; beyond it `append` refuses. Reached only while the disk is full."""

_GIVEN_BY_LOG: Final = frozenset({"v", "index", "prev", "stay_n"})
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as it stands in the log: `data` without newline, `hash` 32 bytes."""

    index: int
    data: bytes
    hash: bytes


class Log:
    """An append-only log on a `Disk`. Made by `Log.open`."""

    def __init__(self, disk: Disk, state: recovery.State, segment_bytes_max: int) -> None:
        self._disk = disk
        self._segment_bytes_max = segment_bytes_max
        self._firsts = state.firsts  # first leaf index of each segment
        self._offsets: array[int] = state.offsets  # of each durable leaf's line in its segment
        self._tail_bytes = state.tail_bytes  # durable size of the last segment
        self._tree: Tree = state.tree
        self._stays: dict[str, int] = state.stays  # leaves so far of each stay
        self._prev: bytes = state.prev
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._stopped: LogStopped | None = None

    @classmethod
    def open(
        cls, disk: Disk, *, held_size: int = 0, segment_bytes_max: int = segment.SEGMENT_BYTES_MAX
    ) -> tuple[Log, Recovery]:
        """Read and check the whole log; cut a torn tail and say so in `Recovery`.

        `held_size`: leaves that someone else is known to hold (the newest cosigned size); a log that has
        fewer is damaged, not torn. Raises `LogDamaged` (the disk is then unchanged), `SyncFailed`, `OSError`.
        """
        state, report = recovery.recover(disk, held_size)
        return cls(disk, state, segment_bytes_max), report

    @property
    def size(self) -> int:
        """Leaves appended, durable or not."""
        return self._tree.size

    @property
    def durable_size(self) -> int:
        """Leaves that survive a power cut."""
        return len(self._offsets)

    def append(self, entry: Mapping[str, Any]) -> Leaf:
        """Take `entry` (a leaf's keys without v, index, prev, stay_n) as the next leaf. Not durable yet.

        Raises `EntryError`, `PendingFull` or `LogStopped`; the log is then unchanged.
        """
        self._refuse_if_stopped()
        given = _GIVEN_BY_LOG & entry.keys()
        if given:
            raise EntryError(f"expected an entry without {sorted(_GIVEN_BY_LOG)}, found {sorted(given)}")
        stay = entry.get("stay")
        stay_n = self._stays.get(stay, 0) + 1 if isinstance(stay, str) else None
        value = {**entry, "v": leaf.VERSION, "index": self.size, "prev": self._prev.hex(), "stay_n": stay_n}
        try:
            leaf.check(value)
            data = canonical.dumps(value)
        except FormatError as error:
            raise EntryError(f"entry {entry.get('id')!r}: {error}") from error
        if len(data) > leaf.LEAF_BYTES_MAX:
            raise EntryError(f"expected a leaf of at most {leaf.LEAF_BYTES_MAX} bytes, found {len(data)}")
        if self._pending_bytes + len(data) > PENDING_BYTES_MAX:
            raise PendingFull(f"expected at most {PENDING_BYTES_MAX} bytes waiting for commit")
        taken = Leaf(self.size, data, leaf_hash(data))
        self._tree.append(taken.hash)
        self._prev = taken.hash
        if stay_n is not None:
            self._stays[stay] = stay_n  # type: ignore[index]  # stay_n is set only for a str
        self._pending.append(data)
        self._pending_bytes += len(data)
        return taken

    def commit(self) -> int:
        """Make every appended leaf durable; return `durable_size`.

        Raises `DiskFull` (nothing lost, call again when there is room); `SyncFailed` or `WriteFailed`, after
        which every append and commit raises `LogStopped` until a new `Log` is opened on sound storage.
        """
        self._refuse_if_stopped()
        while self._pending:
            self._commit_chunk()
        return self.durable_size

    def root(self, size: int | None = None) -> bytes:
        """RFC 6962 root of the first `size` leaves (of all appended when None), 32 bytes."""
        return self._tree.root(size)

    def hash(self, index: int) -> bytes:
        """Leaf hash of leaf `index`, 32 bytes."""
        return self._tree.leaf(index)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of leaf `index` in the tree of `size` leaves."""
        return self._tree.inclusion_proof(index, size)

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the tree of `old` leaves is a beginning of the tree of `new`."""
        return self._tree.consistency_proof(old, new)

    def leaf(self, index: int) -> bytes:
        """Bytes of leaf `index` without newline. `IndexError` when there is none."""
        if not 0 <= index < self.size:
            raise IndexError(f"expected a leaf index below {self.size}, got {index}")
        return self.leaves(index, 1, leaf.LEAF_BYTES_MAX)[0]

    def leaves(self, first: int, count: int, max_bytes: int) -> list[bytes]:
        """Leaves from `first`: at most `count`, and at most `max_bytes` in sum unless the first alone is larger.

        Fewer than asked where the log ends. Raises `LogDamaged` when the disk gives back other bytes.
        """
        end = min(first + count, self.size)
        result: list[bytes] = []
        left = max_bytes
        while first < end:
            run = self._read_run(first, end, left) if first < self.durable_size else self._pending_run(first, end)
            for data in run:
                if result and len(data) > left:
                    return result
                result.append(data)
                left -= len(data)
                first += 1
        return result

    def _pending_run(self, first: int, end: int) -> list[bytes]:
        return self._pending[first - self.durable_size : end - self.durable_size]

    def _read_run(self, first: int, end: int, bytes_wanted: int) -> list[bytes]:
        """Durable leaves first.. of one segment: as many as `bytes_wanted` holds, at least one; one disk read."""
        position = bisect_right(self._firsts, first) - 1
        last_segment = position + 1 == len(self._firsts)
        segment_end = self.durable_size if last_segment else self._firsts[position + 1]
        end = min(end, segment_end)
        start_byte = self._offsets[first]
        last = first + 1
        while last < end and self._offsets[last] - start_byte < bytes_wanted:
            last += 1
        name = segment.name_of(self._firsts[position])
        bytes_read = self._offsets[last] - start_byte if last < segment_end else None
        if bytes_read is None and last_segment:
            bytes_read = self._tail_bytes - start_byte
        data = self._disk.read(name, start_byte, bytes_read)
        return recovery.check_run(name, start_byte, data, [self._tree.leaf(i) for i in range(first, last)])

    def _refuse_if_stopped(self) -> None:
        if self._stopped is not None:
            raise LogStopped(f"the log stopped at {self.durable_size} durable leaves: {self._stopped}")

    def _commit_chunk(self) -> None:
        """Write and sync the pending leaves that fit the last segment, or begin a new segment."""
        lines: list[bytes] = []
        chunk_bytes = self._tail_bytes
        for data in self._pending:
            line_bytes = len(data) + segment.PREFIX_BYTES + 1
            if chunk_bytes and chunk_bytes + line_bytes > self._segment_bytes_max:
                break
            lines.append(segment.encode_line(data))
            chunk_bytes += line_bytes
        if not self._firsts or not lines:
            self._create(self.durable_size)
            return
        self._write(segment.name_of(self._firsts[-1]), b"".join(lines))
        for line in lines:
            self._offsets.append(self._tail_bytes)
            self._tail_bytes += len(line)
            self._pending_bytes -= len(line) - segment.PREFIX_BYTES - 1
        del self._pending[: len(lines)]

    def _create(self, first: int) -> None:
        """Begin a segment. The one before is synced already, so no later file can be whole without it."""
        try:
            self._disk.create(segment.name_of(first))
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull(f"expected room for a new segment: {error}") from error
            self._stop(WriteFailed(f"creating {segment.name_of(first)}: {error}"), error)
        self._firsts.append(first)
        self._tail_bytes = 0

    def _write(self, name: str, data: bytes) -> None:
        try:
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
            self._disk.truncate(name, self._tail_bytes)
        except OSError as error:
            self._stop(WriteFailed(f"cutting {name} back to {self._tail_bytes} bytes: {error}"), error)

    def _stop(self, reason: LogStopped, cause: OSError) -> None:
        self._stopped = reason
        raise reason from cause
