"""The log of one gateway or server: append, make durable, read, prove.

`append` gives a leaf its place and keeps it in memory; `commit` writes all waiting leaves and returns when
they are durable. Only then may anything be done because of them. In memory stay 36 bytes of hashes and 8 of
offset a leaf, and one number a stay; leaf bytes are read from the disk.

Not thread safe: one owner calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from caselog import leaf, recovery, segment
from caselog.disk import Disk
from caselog.errors import LogDamaged, PendingFull
from caselog.recovery import Recovery
from caselog.store import Store
from caselog.tree import leaf_hash

__all__ = ["PENDING_BYTES_MAX", "Leaf", "Log", "Recovery"]

PENDING_BYTES_MAX: Final = 16 * 1024 * 1024
"""Leaves waiting for `commit`; beyond it `append` refuses. Reached only while the disk is full."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as it stands in the log: `data` without newline, `hash` 32 bytes."""

    index: int
    data: bytes
    hash: bytes


class Log:
    """An append-only log on a `Disk`. Made by `Log.open`."""

    def __init__(self, disk: Disk, state: recovery.State, segment_bytes_max: int) -> None:
        self._store = Store(disk, state.places, segment_bytes_max)
        self._tree = state.tree
        self._stays = state.stays  # leaves so far of each stay
        self._prev = state.prev
        self._pending: list[bytes] = []
        self._pending_bytes = 0

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
        return self._store.size

    def append(self, entry: Mapping[str, Any]) -> Leaf:
        """Take `entry` (a leaf's keys without v, index, prev, stay_n) as the next leaf. Not durable yet.

        Raises `EntryError`, `PendingFull` or `LogStopped`; the log is then unchanged.
        """
        self._store.refuse_if_stopped()
        stay = entry.get("stay")
        stay_n = self._stays.get(stay, 0) + 1 if isinstance(stay, str) else None
        data = leaf.build(entry, self.size, self._prev, stay_n)
        if self._pending_bytes + len(data) > PENDING_BYTES_MAX:
            raise PendingFull(f"expected at most {PENDING_BYTES_MAX} bytes waiting for commit")
        taken = Leaf(self.size, data, leaf_hash(data))
        self._tree.append(taken.hash)
        self._prev = taken.hash
        if isinstance(stay, str) and stay_n is not None:
            self._stays[stay] = stay_n
        self._pending.append(data)
        self._pending_bytes += len(data)
        return taken

    def commit(self) -> int:
        """Make every appended leaf durable; return `durable_size`.

        Raises `DiskFull` (nothing lost, call again when there is room); `SyncFailed` or `WriteFailed`, after
        which every append and commit raises `LogStopped` until a new `Log` is opened on sound storage.
        """
        self._store.refuse_if_stopped()
        while self._pending:
            written = self._store.write_some(self._pending)
            self._pending_bytes -= sum(map(len, self._pending[:written]))
            del self._pending[:written]
        return self.durable_size

    def go_on(self) -> bool:
        """After `SyncFailed` or `WriteFailed`: let the next `commit` write to the disk's second device.

        False where the disk has none; the log is then stopped as before. Raises `LogStopped` when that fails too,
        `DiskFull` when it has no room.
        """
        return self._store.go_on()

    def stay_size(self, stay: str) -> int:
        """Leaves so far of a stay."""
        return self._stays.get(stay, 0)

    def root(self, size: int | None = None) -> bytes:
        """RFC 6962 root of the first `size` leaves (of all appended when None), 32 bytes."""
        return self._tree.root(size)

    def range_root(self, start: int, end: int) -> bytes:
        """Root over leaves start..end-1, for `cover.prove`."""
        return self._tree.range_root(start, end)

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
        if first < 0 or count < 0:
            raise IndexError(f"expected first and count from 0, got {first} and {count}")
        end = min(first + count, self.size)
        result: list[bytes] = []
        left = max_bytes
        while first < end:
            for data in self._run(first, end, left):
                if result and len(data) > left:
                    return result
                result.append(data)
                left -= len(data)
                first += 1
        return result

    def read_some(self, first: int, end: int, bytes_wanted: int) -> list[bytes]:
        """Durable leaves from `first` on, below `end`, by one read of one segment; at least one.

        Raises `LogDamaged` when the disk gives back other bytes, `OSError` when it gives none.
        """
        return self._store.read_run(first, end, bytes_wanted, self._tree.leaf)

    def segment_of(self, index: int) -> tuple[str, int, int]:
        """Name, first leaf and end of the segment that holds the durable leaf `index`."""
        return self._store.segment_of(index)

    def forget(self, name: str) -> None:
        """Let the next reads of this segment come from the medium, not from a cache. Raises `OSError`."""
        self._store.forget(name)

    def mend(self, first: int, leaves: Mapping[int, bytes]) -> str:
        """Exchange the damaged segment that begins with leaf `first`; return the file that keeps the old bytes.

        `leaves` by index; those that the segment got since they were gathered are read from it. Raises
        `LogDamaged` when one is not the leaf that was here, `OSError`.
        """
        name, _, end = self._store.segment_of(first)
        whole = [leaves[index] if index in leaves else self.leaf(index) for index in range(first, end)]
        for index, data in enumerate(whole, first):
            if leaf_hash(data) != self._tree.leaf(index):
                raise LogDamaged(name, 0, f"leaf hash {self._tree.leaf(index).hex()}", leaf_hash(data).hex())
        return self._store.mend(first, whole)

    def _run(self, first: int, end: int, bytes_wanted: int) -> list[bytes]:
        """Some leaves from `first` on, below `end`, at least one."""
        durable = self.durable_size
        if first >= durable:
            return self._pending[first - durable : end - durable]
        return self._store.read_run(first, min(end, durable), bytes_wanted, self._tree.leaf)
