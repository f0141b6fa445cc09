"""Two disks as one: a log that could not go on on the first goes on on the second, and both are read.

The first disk's last segment may hold lines past the ones that were durable when it failed. Where it ends is kept
on the second disk, in the name of an empty file `<first leaf>-<bytes, 8 digits>.end`.
"""

from __future__ import annotations

import errno
import re
from typing import Final

from caselog.disk import Disk

_END: Final = re.compile(r"([0-9]{16})-([0-9]{8,12})\.end")


class PairDisk:
    """`Disk` over `first` and `second`. New files are made on the second from `fail_over` on, and for ever."""

    def __init__(self, first: Disk, second: Disk) -> None:
        """Finds out by the second disk's files whether there was a failure before."""
        self._first = first
        self._second = second
        self._ends: dict[str, int] = {}
        for name in second.list_names():
            match = _END.fullmatch(name)
            if match is not None:
                self._ends[match[1] + ".seg"] = int(match[2])
        self.has_failed_over = bool(self._ends)
        self._on_second = set(second.list_names())

    def list_names(self) -> list[str]:
        """Names of both; a name on both is the second's."""
        return sorted({*self._first.list_names(), *self._on_second})

    def size(self, name: str) -> int:
        """Bytes in the file, as far as they count."""
        return min(self._of(name).size(name), self._end(name))

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """As `Disk.read`, up to where the file ends."""
        if self._end(name) is not _NO_END:
            left = max(0, self._end(name) - offset)
            size = left if size is None else min(size, left)
        return self._of(name).read(name, offset, size)

    def create(self, name: str) -> None:
        """A new file, on the disk that is in use."""
        if not self.has_failed_over:
            self._first.create(name)
            return
        self._second.create(name)
        self._on_second.add(name)

    def append(self, name: str, data: bytes) -> None:
        """As `Disk.append`. `OSError` EROFS for a file that ended at the failure: the next one is on the second."""
        if self._end(name) is not _NO_END:
            raise OSError(errno.EROFS, "expected a file of the second disk, found one that ended", name)
        self._of(name).append(name, data)

    def sync(self, name: str) -> None:
        """As `Disk.sync`. A file that ended at a failure was durable up to there, and is not asked again."""
        if self._end(name) is _NO_END:
            self._of(name).sync(name)

    def truncate(self, name: str, size: int) -> None:
        """As `Disk.truncate`."""
        self._of(name).truncate(name, size)

    def exchange(self, new: str, name: str, kept: str) -> None:
        """As `Disk.exchange`; an old file on the first disk stays there under its name when `new` is on the second."""
        self._of(new).exchange(new, name, kept)
        self._on_second = set(self._second.list_names()) if self.has_failed_over else self._on_second

    def forget(self, name: str) -> None:
        """As `Disk.forget`."""
        self._of(name).forget(name)

    def free_bytes(self) -> int:
        """Room on the disk in use."""
        return (self._second if self.has_failed_over else self._first).free_bytes()

    def fail_over(self, name: str, size: int) -> bool:
        """Go on on the second disk; False when `name` is there already. Raises `OSError` when it fails too."""
        if name in self._on_second:
            return False
        if not self.has_failed_over:
            end = f"{name.removesuffix('.seg')}-{size:08d}.end"
            self._second.create(end)
            self._on_second.add(end)
            self._ends[name] = size
            self.has_failed_over = True
        return True

    def _of(self, name: str) -> Disk:
        return self._second if name in self._on_second else self._first

    def _end(self, name: str) -> int:
        if name in self._on_second:
            return _NO_END
        return self._ends.get(name, _NO_END)


_NO_END: Final = 1 << 62
"""Where a file ends that nothing cut short."""
