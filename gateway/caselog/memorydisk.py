"""`Disk` in memory that behaves like a bad one: power cuts, torn tails, full, failing writes and fsyncs.

For tests and the simulator. After a failed fsync it does what Linux does: it drops the pages and lets the
next fsync succeed, so a log that retries is caught by the following power cut.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

OPERATIONS: Final = ("create", "append", "sync", "truncate", "exchange")
"""What counts as a disk operation: everything that changes the disk."""
UNLIMITED_BYTES: Final = 1 << 40
"""Free room that a disk without `capacity_bytes` tells."""


class PowerCut(BaseException):
    """The machine stopped in the middle of a disk operation. A BaseException: no handler of errors may catch it."""


@dataclass(slots=True)
class _File:
    cached: bytearray = field(default_factory=bytearray)  # what a read gives
    durable_bytes: int = 0  # the beginning of `cached` that survives a power cut
    holes: list[tuple[int, int]] = field(default_factory=list)  # that a failed fsync dropped

    def cut_to(self, size: int) -> None:
        del self.cached[size:]
        self.durable_bytes = min(self.durable_bytes, size)
        self.holes = [(start, min(end, size)) for start, end in self.holes if start < size]

    def drop_clean(self) -> None:
        for start, end in self.holes:
            self.cached[start:end] = bytes(end - start)
        self.holes = []

    def lose_tail(self, keep: float, zeros: float) -> None:
        self.drop_clean()
        tail_bytes = len(self.cached) - self.durable_bytes
        kept_to = self.durable_bytes + round(tail_bytes * keep)
        zeros_from = kept_to - round((kept_to - self.durable_bytes) * zeros)
        self.cached[zeros_from:] = bytes(kept_to - zeros_from)
        self.durable_bytes = len(self.cached)


class MemoryDisk:
    """Files in memory. `operations` counts changes so far; `cut_at` is the operation at which power fails.

    `capacity_bytes` limits the sum of all files (None: no limit); over it an append adds what fits, then
    raises ENOSPC, as a short write does.
    """

    def __init__(self, capacity_bytes: int | None = None) -> None:
        self.capacity_bytes = capacity_bytes
        self.operations = 0
        self.cut_at: int | None = None
        self._files: dict[str, _File] = {}
        self._faults: dict[str, tuple[int, int]] = {}
        self._in_flight: Callable[[], None] | None = None
        self._off = False

    def list_names(self) -> list[str]:
        """Names of all files, sorted."""
        return sorted(self._files)

    def size(self, name: str) -> int:
        """Bytes in the file."""
        return len(self._file(name).cached)

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Bytes from `offset`, at most `size` of them (to the end when None)."""
        end = None if size is None else offset + size
        return bytes(self._file(name).cached[offset:end])

    def create(self, name: str) -> None:
        """Make an empty file. After a power cut in it the file is there or not; `crash` decides."""
        if name in self._files:
            raise FileExistsError(errno.EEXIST, "exists", name)
        self._operate("create", lambda: self._files.__setitem__(name, _File()))
        self._files[name] = _File()

    def append(self, name: str, data: bytes) -> None:
        """Add `data`; a power cut, a fault or a full disk leaves a part of it."""
        file = self._file(name)
        # What is in flight when power fails may have reached the cache: `crash` decides how much stays
        if self.operations == self.cut_at:
            file.cached += data
        self._operate("append")
        room = len(data) if self.capacity_bytes is None else max(0, self.capacity_bytes - self._used_bytes())
        file.cached += data[:room]
        if room < len(data):
            raise OSError(errno.ENOSPC, "no space left", name)

    def sync(self, name: str) -> None:
        """Make all of the file durable, except what an earlier failed sync dropped."""
        file = self._file(name)
        try:
            self._operate("sync")
        except OSError:
            file.holes.append((file.durable_bytes, len(file.cached)))
            raise
        file.durable_bytes = len(file.cached)

    def truncate(self, name: str, size: int) -> None:
        """Cut the file, durably. After a power cut in it the file is whole or cut; `crash` decides."""
        file = self._file(name)
        self._operate("truncate", lambda: file.cut_to(size))
        file.cut_to(size)

    def exchange(self, new: str, name: str, kept: str) -> None:
        """`new` in the place of `name`. After a power cut in it that has happened or not; `crash` decides."""
        self._file(new)
        self._operate("exchange", lambda: self._exchange(new, name, kept))
        self._exchange(new, name, kept)

    def forget(self, name: str) -> None:
        """What a failed fsync dropped reads as zeros from now on; what was never synced stays."""
        self._file(name).drop_clean()

    def free_bytes(self) -> int:
        """What `capacity_bytes` leaves."""
        capacity = UNLIMITED_BYTES if self.capacity_bytes is None else self.capacity_bytes
        return max(0, capacity - self._used_bytes())

    def fail_over(self, name: str, size: int) -> bool:
        """One memory is all there is."""
        return False

    def fail(self, operation: str, number: int = errno.EIO, after: int = 0) -> None:
        """Let `operation` raise `OSError(number)` once, after it has worked `after` times."""
        if operation not in OPERATIONS:
            raise ValueError(f"expected one of {OPERATIONS}, got {operation!r}")
        self._faults[operation] = (after, number)

    def crash(self, keep: float = 0.0, zeros: float = 0.0) -> None:
        """Power off and on. Of each unsynced tail the first `keep` part (0.0 to 1.0, in bytes) is still there.

        The last `zeros` part of what is kept reads as zero bytes: the file grew, its data never arrived. A
        create or truncate in flight has happened if `keep` is above 0.0. Ends all faults.
        """
        if self._in_flight is not None and keep > 0.0:
            self._in_flight()
        for file in self._files.values():
            file.lose_tail(keep, zeros)
        self._faults.clear()
        self.cut_at, self._in_flight, self._off = None, None, False

    def flip(self, name: str, offset: int, mask: int = 0x01) -> None:
        """Bit rot: change the byte at `offset`, durably."""
        self._files[name].cached[offset] ^= mask

    def _file(self, name: str) -> _File:
        if self._off:
            raise PowerCut("the machine is off; crash() turns it on again")
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, "no such file", name)
        return self._files[name]

    def _exchange(self, new: str, name: str, kept: str) -> None:
        if name in self._files:
            self._files[kept] = self._files[name]
        self._files[name] = self._files.pop(new)

    def _used_bytes(self) -> int:
        return sum(len(file.cached) for file in self._files.values())

    def _operate(self, operation: str, in_flight: Callable[[], None] | None = None) -> None:
        """Count one change; cut the power or raise a fault when its turn has come.

        `in_flight` is the change itself, for the case that it still happens while power fails.
        """
        if self._off:
            raise PowerCut("the machine is off; crash() turns it on again")
        if self.operations == self.cut_at:
            self._in_flight, self._off = in_flight, True
            raise PowerCut(f"power cut in operation {self.operations}, {operation}")
        self.operations += 1
        if operation in self._faults:
            after, number = self._faults.pop(operation)
            if after:
                self._faults[operation] = (after - 1, number)
            else:
                raise OSError(number, "injected fault", operation)
