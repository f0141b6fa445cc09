"""Small files beside the log: boot counter, cursor, keys of others. Not evidence; each has its rule of loss.

boot    rises before anything is sent; if it cannot be written the gateway does not start.
cursor  what the server holds, and how far the log was durable; lost means more is sent again, and less is known of
        what a torn log once held.
"""

import json
import os
import tomllib
from pathlib import Path

from caselog.errors import KeyFileError
from caselog.keys import PUBLIC_BYTES
from casewire import KEY_BYTES
from custody.area import Area

SECOND_LOG = "second_log"
"""The file that names the folder on another disk in which the log may go on."""


class StateError(ValueError):
    """A file beside the log cannot be used; says which, what was expected and what was found."""

    def __init__(self, path: Path, expected: str, found: str) -> None:
        """Keep the three."""
        super().__init__(f"{path}: expected {expected}, found {found}")


def write_whole(path: Path, text: str) -> None:
    """Replace a file so that after a power cut the old or the new one stands, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(aside, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def next_boot(path: Path) -> int:
    """Count one start up, durably, and return its number from 1. Raises `StateError`, `OSError`."""
    boot = _whole_number(path, path.read_text().strip()) + 1 if path.exists() else 1
    write_whole(path, f"{boot}\n")
    return boot


def load_cursor(path: Path) -> int:
    """Leaves that the server holds, 0 when that is not known."""
    return _size_in(path, "size")


def load_durable(path: Path) -> int:
    """Leaves that were durable when the cursor was saved, 0 when that is not known."""
    return _size_in(path, "durable")


def save_cursor(path: Path, size: int, durable: int) -> None:
    """Remember what the server holds, and how much is durable. A rename, not an fsync: an older one is true as well."""
    aside = path.with_name(path.name + ".new")
    aside.write_text(json.dumps({"durable": durable, "size": size}) + "\n")
    aside.replace(path)


def _size_in(path: Path, key: str) -> int:
    try:
        size = json.loads(path.read_text())[key]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return size if type(size) is int and size >= 0 else 0


def server_public(path: Path) -> bytes | None:
    """The server's public key (32 bytes in hex), None when it is not provisioned yet."""
    if not path.exists():
        return None
    text = path.read_text().strip()
    try:
        public = bytes.fromhex(text)
    except ValueError:
        public = b""
    if len(public) != PUBLIC_BYTES:
        raise KeyFileError(f"{PUBLIC_BYTES} bytes in hex in {path}", f"{len(text)} characters")
    return public


def node_keys(path: Path, area: Area) -> dict[str, bytes]:
    """The key of each node of the area out of nodes.toml: `n1 = "<64 hex digits>"`. Raises `StateError`."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        table = {}
    except tomllib.TOMLDecodeError as error:
        raise StateError(path, "TOML", str(error)) from None
    keys: dict[str, bytes] = {}
    for node in area.nodes:
        text = table.get(node)
        try:
            key = bytes.fromhex(text) if isinstance(text, str) else b""
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            # What stands there is not told: it may be most of a key.
            raise StateError(path, f'{node} = "<{KEY_BYTES * 2} hex digits>"', "none such")
        keys[node] = key
    return keys


def _whole_number(path: Path, text: str) -> int:
    if not text.isdecimal():
        raise StateError(path, "the last boot number", repr(text[:20]))
    return int(text)
