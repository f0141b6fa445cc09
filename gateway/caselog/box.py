"""Bytes that only the holder of one key opens: X25519 with a key of its own for each box, HKDF-SHA-256, ChaCha20-Poly1305.

Not in the log: the log holds the SHA-256 of what is inside. The same scheme as age's X25519 recipient, without its file format.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from caselog.errors import FormatError, KeyFileError
from caselog.filedisk import read_private, write_private

PUBLIC_BYTES: Final = 32
TAG_BYTES: Final = 16
_MARK: Final = b"caseward-box-v1\n"
_NONCE: Final = bytes(12)  # each box has a key of its own, used once


def seal(public: bytes, plain: bytes, about: bytes) -> bytes:
    """`plain` for the holder of `public` (32 bytes), bound to `about`, which is needed to open it and is not inside."""
    once = X25519PrivateKey.generate()
    sender = once.public_key().public_bytes_raw()
    key = _key(once, public, sender, public)
    return _MARK + sender + ChaCha20Poly1305(key).encrypt(_NONCE, plain, about)


class BoxKey:
    """The key that opens boxes. Whoever has its file reads them."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> BoxKey:
        """A new key from the operating system's random source."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> BoxKey:
        """From a file that only its owner may read. Raises `KeyFileError`, `OSError`."""
        data = read_private(path)
        if len(data) != PUBLIC_BYTES:
            raise KeyFileError(f"{PUBLIC_BYTES} bytes in {path}", f"{len(data)} bytes")
        return cls(X25519PrivateKey.from_private_bytes(data))

    def save(self, path: Path) -> None:
        """To a new file, 0600. Raises `FileExistsError`."""
        write_private(path, self._private.private_bytes_raw())

    @property
    def public(self) -> bytes:
        """What others seal for: 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def open(self, box: bytes, about: bytes) -> bytes:
        """What is inside. Raises `FormatError` when it is no box, of another key, bound to something else, or changed."""
        start = len(_MARK) + PUBLIC_BYTES
        if not box.startswith(_MARK) or len(box) < start + TAG_BYTES:
            raise FormatError(f"a box that begins with {_MARK!r}", f"{len(box)} bytes that do not")
        sender = box[len(_MARK) : start]
        try:
            key = _key(self._private, sender, sender, self.public)
            return ChaCha20Poly1305(key).decrypt(_NONCE, box[start:], about)
        except (InvalidTag, ValueError):
            raise FormatError(
                "a box sealed for this key and this label", "another, or a changed one"
            ) from None


def _key(own: X25519PrivateKey, other: bytes, sender: bytes, recipient: bytes) -> bytes:
    shared = own.exchange(X25519PublicKey.from_public_bytes(other))
    return HKDF(SHA256(), 32, salt=sender + recipient, info=_MARK).derive(shared)
