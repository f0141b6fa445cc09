"""Ed25519 keys: who signs, and how a checker knows them.

A key is named by C2SP signed-note: key id = first 4 bytes of SHA-256(name, newline, type byte, public key).
The same key under another name or type is another signer, so signatures cannot be passed from one use to
another.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from caselog.errors import KeyFileError, NoteError
from caselog.filedisk import read_private, write_private

NOTE_ED25519: Final = 0x01
"""C2SP signed-note: Ed25519 over the note text."""
COSIGNATURE_ED25519: Final = 0x04
"""C2SP tlog-cosignature: timestamped Ed25519."""
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


def key_id(name: str, type_: int, public: bytes) -> bytes:
    """The 4-byte key id of C2SP signed-note."""
    check_name(name)
    return sha256(name.encode() + b"\n" + bytes([type_]) + public).digest()[:4]


def check_name(name: str) -> None:
    """Raise `NoteError` unless `name` may stand in a signature line: not empty, no space, control or plus."""
    if not name or "+" in name or " " in name or not name.isprintable():
        raise NoteError("a key name without spaces and plus", repr(name))


class SigningKey(Protocol):
    """Port: something that signs and does not give its secret away (`SoftKey`, the gateway's `SealedKey`)."""

    @property
    def kind(self) -> str:
        """What holds the key: `soft-key`, or the name of a device."""
        ...

    @property
    def public(self) -> bytes:
        """Raw Ed25519 public key, 32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        ...


class SoftKey:
    """A key that is a file on the machine. Whoever has the machine's root has the key: hence its name."""

    kind: Final = "soft-key"

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> SoftKey:
        """A new key from the operating system's random source."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SoftKey:
        """The key of a 32-byte RFC 8032 seed; for vectors and tests."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def load(cls, path: str | Path) -> SoftKey:
        """Read what `save` wrote. `KeyFileError` when others may read it or it is not an Ed25519 key."""
        try:
            private = serialization.load_pem_private_key(read_private(path), password=None)
        except (ValueError, TypeError) as error:
            raise KeyFileError(f"an Ed25519 private key in PEM at {path}", str(error)) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyFileError(f"an Ed25519 private key at {path}", type(private).__name__)
        return cls(private)

    def save(self, path: str | Path) -> None:
        """Write as PEM (PKCS #8, unencrypted), mode 0600, durably. `FileExistsError` if the file exists."""
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem)

    @property
    def public(self) -> bytes:
        """Raw public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature (RFC 8032), 64 bytes."""
        return self._private.sign(message)

    def key_id(self, name: str, type_: int = NOTE_ED25519) -> bytes:
        """Key id under `name` for signature type `type_`."""
        return key_id(name, type_, self.public)

    def named(self, name: str) -> Signer:
        """This key as the signer `name`."""
        return Signer(name, self)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and the name it signs under. For a log the name is its origin."""

    name: str
    key: SigningKey

    @property
    def verifier(self) -> Verifier:
        """What others need to check this signer."""
        return Verifier(self.name, self.key.public)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and a public key (32 bytes) that the checker trusts, got by another way than the note."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != PUBLIC_BYTES:
            raise KeyFileError(f"a public key of {PUBLIC_BYTES} bytes", f"{len(self.public)} bytes")

    def key_id(self, type_: int = NOTE_ED25519) -> bytes:
        """Key id for signature type `type_`."""
        return key_id(self.name, type_, self.public)

    def valid(self, message: bytes, signature: bytes) -> bool:
        """True when `signature` (64 bytes) is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def vkey(self, type_: int = NOTE_ED25519) -> str:
        """The C2SP verifier key text: name+id+base64(type, public key)."""
        encoded = base64.b64encode(bytes([type_]) + self.public).decode()
        return f"{self.name}+{self.key_id(type_).hex()}+{encoded}"

    @classmethod
    def from_vkey(cls, text: str, type_: int = NOTE_ED25519) -> Verifier:
        """Read `vkey` text of the given type. `KeyFileError` when it is not exactly one."""
        parts = text.split("+", 2)
        try:
            material = base64.b64decode(parts[2], validate=True)
            verifier = cls(parts[0], material[1:])
        except (IndexError, binascii.Error, NoteError) as error:
            raise KeyFileError("a verifier key name+id+base64", repr(text)[:120]) from error
        if verifier.vkey(type_) != text:
            raise KeyFileError(verifier.vkey(type_), text)
        return verifier
