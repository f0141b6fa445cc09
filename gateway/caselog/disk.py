"""The port to storage. `FileDisk` is a directory; `MemoryDisk` loses power on demand.

A disk is a flat set of named append-only files. What is on it after a power cut: everything synced, and
any part of what was appended since, down to a single byte.
"""

from __future__ import annotations

from typing import Protocol

from caselog.filedisk import FileDisk
from caselog.memorydisk import MemoryDisk, PowerCut

__all__ = ["Disk", "FileDisk", "MemoryDisk", "PowerCut"]


class Disk(Protocol):
    """What the log asks of storage. Every method may raise `OSError`; `name` never has a slash in it."""

    def list_names(self) -> list[str]:
        """Names of all files, sorted."""
        ...

    def size(self, name: str) -> int:
        """Bytes in the file."""
        ...

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Bytes from `offset`, at most `size` of them (to the end when None)."""
        ...

    def create(self, name: str) -> None:
        """Make an empty file; durable on return, directory entry included. `FileExistsError` if there is one."""
        ...

    def append(self, name: str, data: bytes) -> None:
        """Add `data` at the end. Not durable before `sync`; on an error any part of it may have been added."""
        ...

    def sync(self, name: str) -> None:
        """Return only when all appended bytes are durable."""
        ...

    def truncate(self, name: str, size: int) -> None:
        """Cut the file to its first `size` bytes; durable on return."""
        ...

    def exchange(self, new: str, name: str, kept: str) -> None:
        """Let `new` take the place of `name`, whose old bytes stay as `kept`; durable on return.

        At any moment `name` is the old file or the new one. Where there is no `name`, nothing is kept.
        """
        ...

    def forget(self, name: str) -> None:
        """Let the next reads of the file come from the medium, not from a cache."""
        ...

    def free_bytes(self) -> int:
        """Room for what is appended next."""
        ...

    def fail_over(self, name: str, size: int) -> bool:
        """From now on create files on another device; the file `name` ends at `size`. False: there is none."""
        ...
