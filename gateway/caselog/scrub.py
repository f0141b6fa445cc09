"""Reading a running log again in small slices, so that rot is found before the leaves are needed.

Each leaf's stored bytes are held against its CRC and against the hash in memory, which the chain was made of when
the leaf was written or the log was opened. Nothing is changed.
"""

from __future__ import annotations

import errno

from caselog.errors import LogDamaged
from caselog.log import Log
from caselog.tree import leaf_hash


class Scrubber:
    """One scrub of the leaves that were durable when it was made."""

    def __init__(self, log: Log) -> None:
        """Nothing is read before `step`."""
        self.leaves = 0
        self.bytes = 0
        self.damages: list[LogDamaged] = []
        self._log = log
        self._size = log.durable_size
        self._next = 0

    @property
    def is_done(self) -> bool:
        """Everything was read."""
        return self._next >= self._size

    def step(self, bytes_max: int) -> None:
        """Read about `bytes_max` bytes more. After damage it goes on with the next segment."""
        if self.is_done:
            return
        name, first, end = self._log.segment_of(self._next)
        try:
            if self._next == first:
                self._log.forget(name)
            leaves = self._log.read_some(self._next, min(end, self._size), bytes_max)
        except LogDamaged as error:
            self.damages.append(error)
            self._next = end
        except OSError as error:
            if error.errno not in (errno.EIO, errno.ENOENT):
                raise
            self.damages.append(LogDamaged(name, 0, "bytes that can be read", str(error)[:200]))
            self._next = end
        else:
            self._next += len(leaves)
            self.leaves += len(leaves)
            self.bytes += sum(map(len, leaves))


class Patch:
    """The leaves of one damaged segment of a running log: what is stored and sound, and the rest from a copy.

    The hash of each leaf is known, so nothing can come in its place.
    """

    def __init__(self, log: Log, damage: LogDamaged) -> None:
        """`damage` names the segment."""
        self.damage = damage
        self.leaves: dict[int, bytes] = {}
        self._log = log
        _, self.first, self._end = log.segment_of(int(damage.segment.removesuffix(".seg")))
        self._next = self.first
        self._missing: dict[int, None] = {}  # in order
        self.came: list[int] = []

    @property
    def is_read(self) -> bool:
        """What is stored was looked through."""
        return self._next >= self._end

    @property
    def is_whole(self) -> bool:
        """Every leaf is there."""
        return self.is_read and not self._missing

    def step(self, leaves_max: int) -> None:
        """Look at some more of the stored leaves, one by one."""
        for index in range(self._next, min(self._next + leaves_max, self._end)):
            try:
                self.leaves[index] = self._log.leaf(index)
            except (LogDamaged, OSError):
                self._missing[index] = None
            self._next = index + 1

    def wanted(self, count_max: int) -> tuple[int, int] | None:
        """(first, count) to ask the copy for."""
        if not self.is_read or not self._missing:
            return None
        first = next(iter(self._missing))
        count = 1
        while count < count_max and first + count in self._missing:
            count += 1
        return first, count

    def take(self, first: int, leaves: list[bytes]) -> bool:
        """Leaves of the copy; False when one of them is not the one that was here."""
        for index, data in enumerate(leaves, first):
            if index not in self._missing:
                continue
            if leaf_hash(data) != self._log.hash(index):
                return False
            self.leaves[index] = data
            del self._missing[index]
            self.came.append(index)
        return True

    def write(self) -> str:
        """Exchange the segment for a sound one; return the name that keeps the old. Raises `OSError`, `LogStopped`."""
        return self._log.mend(self.first, self.leaves)
