"""One value of one person: how it is committed to in the log, and sealed in the side store. Pure but for chance."""

from __future__ import annotations

import secrets
import struct
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from custody.catalogue.personal import PARTICULARS

KEY_BYTES: Final = 32
SALT_BYTES: Final = 32
NONCE_BYTES: Final = 12
VALUE_CHARS_MAX: Final = 200
PAD_BYTES: Final = 64
"""Sealed values are filled up to a multiple of this, so that their length says little."""
_COMMITMENT: Final = b"caseward/commitment/v1\n"
_KEY_MARK: Final = b"caseward/erased-key/v1\n"
_LENGTH: Final = struct.Struct(">H")


class SealError(ValueError):
    """A value cannot be taken or opened. The message never holds the value."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a sealed value is bound to: moved to another person, field or version it does not open."""

    area: str
    stay: str
    person: str
    field: str
    version: int

    @property
    def bytes(self) -> bytes:
        """The associated data. References and field names hold no newline."""
        parts = ("caseward/particular/v1", self.area, self.stay, self.person, self.field, str(self.version))
        return "\n".join(parts).encode()


@dataclass(frozen=True, slots=True)
class Opened:
    """A value with the salt of its commitment."""

    salt: bytes
    value: str

    def commitment(self, field: str) -> str:
        """What the log holds of it, hex."""
        return sha256(_COMMITMENT + field.encode() + b"\n" + self.salt + self.value.encode()).hexdigest()


def committed(value: str) -> Opened:
    """The value with a fresh salt."""
    return Opened(secrets.token_bytes(SALT_BYTES), value)


def clean(field: str, text: str) -> str:
    """A value as it is kept: NFC, one line, no blanks around; numbers without blanks, in capitals. Raises SealError."""
    if field not in PARTICULARS:
        raise SealError(f"expected one of {', '.join(PARTICULARS)}, found another field")
    value = one_line(field, text)
    if field in ("identity_number", "phone"):
        value = unicodedata.normalize("NFKC", value).replace(" ", "").upper()
    return value


def one_line(field: str, text: str) -> str:
    """A text as it is kept: NFC, one line, no blanks around, bounded, nothing that cannot be seen. Raises SealError."""
    value = " ".join(unicodedata.normalize("NFC", text).split())
    if len(value) > VALUE_CHARS_MAX:
        raise SealError(f"{field}: expected at most {VALUE_CHARS_MAX} characters, found {len(value)}")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in value):
        raise SealError(f"{field}: expected letters, digits and marks, found a character that cannot be seen")
    return value


def seal(key: bytes, opened: Opened, place: Place) -> bytes:
    """nonce || AES-256-GCM of: salt || length || UTF-8 of the value || zeros."""
    value = opened.value.encode()
    plain = opened.salt + _LENGTH.pack(len(value)) + value
    plain += bytes(-len(plain) % PAD_BYTES)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.bytes)


def unseal(key: bytes, data: bytes, place: Place) -> Opened:
    """The value again. Raises SealError when key, place or bytes are not those it was sealed with."""
    try:
        plain = AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.bytes)
        start = SALT_BYTES + _LENGTH.size
        (length,) = _LENGTH.unpack(plain[SALT_BYTES:start])
        return Opened(plain[:SALT_BYTES], plain[start : start + length].decode())
    except (InvalidTag, ValueError, struct.error):
        raise SealError(
            f"{place.field}: expected bytes sealed for this place and key, found others"
        ) from None


def key_mark(key: bytes) -> str:
    """The mark of a key, hex: says which key was destroyed to whoever held it, and nothing to anybody else."""
    return sha256(_KEY_MARK + key).hexdigest()
