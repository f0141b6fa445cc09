"""What the kiosk keeps on the disk, beside the log: the list in hand, what lies where in words, and what waits for the server.

Each has its rule of loss (docs/kiosk.md). All but the boxes are sealed with a key of this machine, which protects a card that is
taken out only as far as the key's file is not on it; the boxes open with the server's key alone.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from casekiosk.limits import SPOOL_BYTES_MAX, SPOOL_RESERVE_BYTES
from casekiosk.pins import Tries
from caselog.filedisk import read_private, sync_directory, write_private

KEY_FILE: Final = "kiosk.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
BOX: Final = ".box"


class KioskFiles:
    """One folder. Every write is durable when it returns; raises `OSError` where the disk does not take it."""

    def __init__(self, keys: Path, folder: Path) -> None:
        """Opens or makes both. Raises `KeyFileError`, `OSError`."""
        path = keys / KEY_FILE
        if not path.exists():
            write_private(path, ChaCha20Poly1305.generate_key())
        self._cipher = ChaCha20Poly1305(read_private(path))
        self._folder = folder
        for name in ("spool", "shelf", "drafts"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spool = folder / "spool"
        self._spooled = {path.stem: path.stat().st_size for path in sorted(self._spool.glob(f"*{BOX}"))}

    # --- sealed with this machine's key -----------------------------------------------------

    def keep_draft(self, cabinet: str, data: bytes | None) -> None:
        """The list in hand at a cabinet; None: there is none any more."""
        self._keep(self._folder / "drafts" / cabinet, data)

    def draft(self, cabinet: str) -> bytes | None:
        """What was kept, None without one or where it does not open."""
        return self._read(self._folder / "drafts" / cabinet)

    def keep_shelf(self, owner: str, items: Mapping[str, Mapping[str, Any]] | None) -> None:
        """What the items of a stay or case are, in words: item -> words; None or empty: forgotten."""
        data = json.dumps(items, ensure_ascii=False).encode() if items else None
        self._keep(self._shelf(owner), data)

    def shelf(self, owner: str) -> dict[str, dict[str, Any]]:
        """What was kept of the items of a stay or case."""
        data = self._read(self._shelf(owner))
        found: dict[str, dict[str, Any]] = json.loads(data) if data is not None else {}
        return found

    def keep_tries(self, tries: Mapping[str, Tries]) -> None:
        """Wrong PINs."""
        value = {officer: [t.count, t.until_us] for officer, t in tries.items()}
        self._keep(self._folder / "tries", json.dumps(value).encode())

    def tries(self) -> dict[str, Tries]:
        """As an earlier run left them."""
        data = self._read(self._folder / "tries")
        return {} if data is None else {o: Tries(*pair) for o, pair in json.loads(data).items()}

    def keep_word(self, payload: bytes) -> None:
        """The server's newest word, as it was signed."""
        self._keep(self._folder / "word", payload)

    def word(self) -> bytes | None:
        """The server's newest word, still to be verified."""
        return self._read(self._folder / "word")

    def _shelf(self, owner: str) -> Path:
        return self._folder / "shelf" / sha256(owner.encode()).hexdigest()[:32]

    def _keep(self, path: Path, data: bytes | None) -> None:
        if data is None:
            path.unlink(missing_ok=True)
            return
        nonce = secrets.token_bytes(NONCE_BYTES)
        _write(path, nonce + self._cipher.encrypt(nonce, data, path.name.encode()))

    def _read(self, path: Path) -> bytes | None:
        try:
            data = path.read_bytes()
            return self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], path.name.encode())
        except (FileNotFoundError, InvalidTag, ValueError):
            return None

    # --- what waits for the server ----------------------------------------------------------

    @property
    def spooled(self) -> Mapping[str, int]:
        """Commitment -> bytes of each enclosure that waits, the oldest first."""
        return self._spooled

    def has_room(self, *, photo: bool) -> bool:
        """Whether a further enclosure is taken: photos stop first, so that the reason can still be signed for."""
        limit = SPOOL_BYTES_MAX if photo else SPOOL_BYTES_MAX + SPOOL_RESERVE_BYTES
        return sum(self._spooled.values()) < limit

    def put_box(self, commitment: str, message: bytes) -> None:
        """Keep an enclosure until the server says that it holds it."""
        _write(self._spool / f"{commitment}{BOX}", message)
        self._spooled[commitment] = len(message)

    def box(self, commitment: str) -> bytes | None:
        """The message of an enclosure that waits."""
        try:
            return (self._spool / f"{commitment}{BOX}").read_bytes()
        except FileNotFoundError:
            return None

    def drop_box(self, commitment: str) -> None:
        """The server holds it, or what it belongs to was erased."""
        if self._spooled.pop(commitment, None) is not None:
            (self._spool / f"{commitment}{BOX}").unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    """After a power cut the old or the new one stands, whole."""
    aside = path.with_name(path.name + ".new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    os.rename(aside, path)
    sync_directory(path.parent)
