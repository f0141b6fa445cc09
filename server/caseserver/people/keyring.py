"""The key directory: a master key, and one wrapped key for each person in each stay. Never beside the database.

    master.key          the master key, 64 hex digits
    box.key             what opens the boxes of kiosks (X25519), made at the first start that finds none
    keys/<id>.key       nonce || AES-256-GCM of the key under the master key, bound to the id
    erased              marks of destroyed keys, one a line: a key that comes back from an old backup is destroyed again

Directories are 0700, files 0600. A key is read when it is asked for and not kept in memory.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from caselog.box import BoxKey
from caselog.errors import KeyFileError
from caseserver.people.sealed import KEY_BYTES, NONCE_BYTES, key_mark

MASTER_FILE: Final = "master.key"
BOX_FILE: Final = "box.key"
KEYS_FOLDER: Final = "keys"
ERASED_FILE: Final = "erased"
WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + 16
_BOUND_TO: Final = b"caseward/person-key/v1\n"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_MARK: Final = re.compile(r"[0-9a-f]{64}")


class KeyRingError(ValueError):
    """The key directory cannot be used; the message says what was expected and what was found."""


def check_apart(keys: Path, data: Path) -> None:
    """Raises KeyRingError when one of the two directories lies in the other: one backup would hold both."""
    ring, store = keys.resolve(), data.resolve()
    if ring == store or ring.is_relative_to(store) or store.is_relative_to(ring):
        raise KeyRingError(
            f"expected a key directory apart from the data directory {store}, found {ring}: a copy of one would hold both"
        )


class KeyRing:
    """The keys in one directory."""

    def __init__(self, folder: Path) -> None:
        """Opens it. Raises KeyRingError when it is missing, open to others, or its master key is none."""
        self._folder = folder
        self._keys = folder / KEYS_FOLDER
        for path, mode in ((folder, 0o700), (self._keys, 0o700), (folder / MASTER_FILE, 0o600)):
            _check_mode(path, mode)
        text = (folder / MASTER_FILE).read_text(encoding="ascii", errors="replace").strip()
        if not _MARK.fullmatch(text):
            raise KeyRingError(
                f"{folder / MASTER_FILE}: expected 64 hex digits, found {len(text)} characters"
            )
        self._master = bytes.fromhex(text)

    @classmethod
    def create(cls, folder: Path) -> KeyRing:
        """Makes the directory and a master key. Raises KeyRingError when there is one already."""
        if (folder / MASTER_FILE).exists():
            raise KeyRingError(f"expected a directory without {MASTER_FILE}, found one in {folder}")
        for path in (folder, folder / KEYS_FOLDER):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.chmod(0o700)
        _write_new(folder / MASTER_FILE, secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
        return cls(folder)

    @property
    def mark(self) -> str:
        """By which a side store knows its key directory again."""
        return key_mark(self._master)

    def box(self) -> BoxKey:
        """The key that opens what kiosks seal. Raises KeyRingError when its file cannot be used."""
        path = self._folder / BOX_FILE
        try:
            if not path.exists():
                BoxKey.generate().save(path)
            return BoxKey.load(path)
        except (KeyFileError, OSError) as error:
            raise KeyRingError(f"{path}: {error}") from None

    def new(self) -> tuple[str, bytes]:
        """A new key and its id; on the disk when this returns."""
        key_id, key, nonce = (
            secrets.token_hex(16),
            secrets.token_bytes(KEY_BYTES),
            secrets.token_bytes(NONCE_BYTES),
        )
        wrapped = nonce + AESGCM(self._master).encrypt(nonce, key, _BOUND_TO + key_id.encode())
        _write_new(self._path(key_id), wrapped)
        return key_id, key

    def get(self, key_id: str) -> bytes | None:
        """A key; None when it is not there (any more). Raises KeyRingError when the file is not one of this master key."""
        try:
            wrapped = self._path(key_id).read_bytes()
        except FileNotFoundError:
            return None
        try:
            nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
            return AESGCM(self._master).decrypt(nonce, sealed, _BOUND_TO + key_id.encode())
        except (InvalidTag, ValueError):
            raise KeyRingError(
                f"{self._path(key_id).name}: expected a key wrapped by this directory's {MASTER_FILE}, found another"
            ) from None

    def has(self, key_id: str) -> bool:
        """Whether there is a file of this key."""
        return self._path(key_id).exists()

    def destroy(self, key_id: str, mark: str) -> None:
        """Note the key's mark, then overwrite its file and remove it. A file that is gone already is no fault."""
        self._note(mark)
        path = self._path(key_id)
        try:
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(WRAPPED_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return
        _sync(self._keys)

    def erased(self) -> set[str]:
        """Marks of the keys that this directory knows to be destroyed."""
        try:
            lines = (self._folder / ERASED_FILE).read_text(encoding="ascii", errors="replace").split()
        except FileNotFoundError:
            return set()
        return {line for line in lines if _MARK.fullmatch(line)}

    def marks(self) -> Iterator[tuple[str, str]]:
        """(mark, id) of every key that is there. A file that is no key of ours is passed over."""
        for path in sorted(self._keys.glob("*.key")):
            if _ID.fullmatch(path.stem):
                try:
                    key = self.get(path.stem)
                except KeyRingError:
                    continue
                if key is not None:
                    yield key_mark(key), path.stem

    def _note(self, mark: str) -> None:
        path = self._folder / ERASED_FILE
        if mark in self.erased():
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, b"\n" + mark.encode() + b"\n")  # a torn line before stays a line of its own
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync(self._folder)

    def _path(self, key_id: str) -> Path:
        return self._keys / f"{key_id}.key"


def _check_mode(path: Path, mode: int) -> None:
    try:
        found = path.stat().st_mode & 0o777
    except OSError as error:
        raise KeyRingError(
            f"expected {path} (`caseward server keys` makes it), found none: {error.strerror}"
        ) from None
    if found & ~mode:
        raise KeyRingError(f"{path}: expected mode {mode:04o}, found {found:04o}")


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
