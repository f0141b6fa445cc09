"""`Disk` over a directory of a Linux file system. The only module of the package that imports `os`."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from caselog.errors import DiskBusy, KeyFileError


class FileDisk:
    """A directory, made when missing (mode 0700). The first write takes a lock on it for this process.

    `exclusive` takes the lock at once, as a program that is going to write should: it then fails at its start
    (`DiskBusy`) and not at its first commit. The lock (flock on the directory) ends with the process, also
    after kill -9. Reading needs none.
    """

    def __init__(self, path: str | Path, *, exclusive: bool = False) -> None:
        self._path = Path(path)
        if not self._path.is_dir():
            self._path.mkdir(mode=0o700, parents=True)
            sync_directory(self._path.parent)
        self._lock: int | None = None
        # The file being appended to stays open: a kernel reports a failed write-back to descriptors that
        # were open when it failed, so reopening before each fsync could miss the error.
        self._open: tuple[str, int] | None = None
        if exclusive:
            self._take_lock()

    def list_names(self) -> list[str]:
        """Names of all regular files, sorted."""
        return sorted(entry.name for entry in os.scandir(self._path) if entry.is_file(follow_symlinks=False))

    def size(self, name: str) -> int:
        """Bytes in the file."""
        return os.stat(self._path / name).st_size

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Bytes from `offset`, at most `size` of them (to the end when None)."""
        with open(self._path / name, "rb", buffering=0) as file:
            file.seek(offset)
            parts: list[bytes] = []
            left = size
            while left is None or left > 0:
                part = file.read(1 << 20 if left is None else min(left, 1 << 20))
                if not part:
                    break
                parts.append(part)
                left = None if left is None else left - len(part)
        return b"".join(parts)

    def create(self, name: str) -> None:
        """Make an empty file (0600) and sync file and directory, so that the name survives a power cut."""
        self._take_lock()
        self._close_file()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path / name, flags, 0o600)
        self._open = (name, descriptor)
        os.fsync(descriptor)
        sync_directory(self._path)

    def append(self, name: str, data: bytes) -> None:
        """Write all of `data` at the end, in as many writes as the kernel wants."""
        self._take_lock()
        descriptor = self._descriptor(name)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, name: str) -> None:
        """fdatasync: the bytes and the file size, not the time stamps."""
        os.fdatasync(self._descriptor(name))

    def truncate(self, name: str, size: int) -> None:
        """Cut and fsync."""
        self._take_lock()
        descriptor = self._descriptor(name)
        os.ftruncate(descriptor, size)
        os.fsync(descriptor)

    def exchange(self, new: str, name: str, kept: str) -> None:
        """By a second name for the old file, then a rename over the first: no moment without the file."""
        self._take_lock()
        self._close_file()
        if (self._path / name).exists():
            os.link(self._path / name, self._path / kept, follow_symlinks=False)
            sync_directory(self._path)
        os.rename(self._path / new, self._path / name)
        sync_directory(self._path)

    def forget(self, name: str) -> None:
        """Drop what the page cache holds of the file; pages not yet written stay."""
        descriptor = os.open(self._path / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)

    def free_bytes(self) -> int:
        """What an unprivileged program may still fill."""
        found = os.statvfs(self._path)
        return found.f_bavail * found.f_frsize

    def fail_over(self, name: str, size: int) -> bool:
        """One directory is all there is."""
        return False

    def close(self) -> None:
        """Let go of file and lock. Syncs nothing."""
        self._close_file()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DiskBusy(
                f"expected to be the only writer of {self._path}, found another ({error})"
            ) from error
        self._lock = descriptor

    def _descriptor(self, name: str) -> int:
        if self._open is None or self._open[0] != name:
            self._close_file()
            flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._open = (name, os.open(self._path / name, flags))
        return self._open[1]

    def _close_file(self) -> None:
        if self._open is not None:
            os.close(self._open[1])
            self._open = None


def write_private(path: str | Path, data: bytes) -> None:
    """Write a new file that only its owner may read (0600), durable on return. Never replaces a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # a umask may have taken bits away, never added any
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    sync_directory(Path(path).absolute().parent)


def read_private(path: str | Path) -> bytes:
    """Bytes of a file that nobody but its owner can reach; otherwise `KeyFileError`."""
    with open(path, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise KeyFileError(f"{path} with mode 0600", f"mode {mode:04o}")
        return file.read()


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
