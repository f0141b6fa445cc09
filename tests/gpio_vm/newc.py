"""An archive that the kernel unpacks as its first root: cpio, "newc" (kernel documentation, driver-api/early-userspace/buffer-format)."""

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

MAGIC = "070701"
TRAILER = "TRAILER!!!"


@dataclass(frozen=True)
class Entry:
    """A file and what is in it."""

    name: str
    data: bytes
    mode: int = 0o644


def archive(files: Iterable[Entry]) -> bytes:
    """The files, and the folders that they need before them."""
    out = bytearray()
    folders = [PurePosixPath(name) for name in ("dev", "proc", "sys", "host")]
    for file in (files := list(files)):
        folders += reversed(PurePosixPath(file.name).parents[:-1])
    inode = 1
    for folder in dict.fromkeys(folders):
        out += _record(inode, str(folder), stat.S_IFDIR | 0o755, b"")
        inode += 1
    for file in files:
        out += _record(inode, file.name, stat.S_IFREG | file.mode, file.data)
        inode += 1
    return bytes(out + _record(0, TRAILER, 0, b""))


def _record(inode: int, name: str, mode: int, data: bytes) -> bytes:
    nul_name = name.encode() + b"\0"
    # inode, mode, uid, gid, links, mtime, size, device (2), device of the node (2), length of name, checksum
    numbers = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(nul_name), 0)
    head = (MAGIC + "".join(f"{number:08X}" for number in numbers)).encode() + nul_name
    return _to_four(head) + _to_four(data)


def _to_four(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
