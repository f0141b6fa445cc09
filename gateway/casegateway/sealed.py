"""A signing key that a TPM keeps: its seed, sealed, in a file that only this TPM opens; open in memory while we run.

The file is canonical JSON, mode 0600: `kind`; `public`, the Ed25519 key; `tpm_public` and `tpm_private`, the two
halves of the sealed object as the TPM gave them; all in base64. It takes the place that a soft key's PEM has.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from caselog import canonical
from caselog.errors import CanonicalError, KeyFileError
from caselog.filedisk import read_private, write_private
from caselog.keys import PUBLIC_BYTES, SigningKey, SoftKey

KIND: Final = "tpm2-sealed"
SEED_BYTES: Final = 32
BLOB_BYTES_MAX: Final = 1_024
"""One half of a sealed object; those of 32 bytes have 48 and 160."""
EXIT_KEY_CLOSED: Final = 6
"""Exit code of the gateway and its commands when a sealed key does not open."""

_FIELDS: Final = {"kind", "public", "tpm_private", "tpm_public"}


class TpmUnavailable(RuntimeError):
    """No TPM did what was asked; the text says what was expected and what came. Perhaps it does another time."""


class OtherTpm(TpmUnavailable):
    """A TPM answered, and this key is not its own: another machine, or it was cleared. The key is lost."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The two halves of a sealed object. Worth nothing without the TPM that made them."""

    public: bytes
    private: bytes


class Sealer(Protocol):
    """Port: what seals a secret so that only it opens it again."""

    def seal(self, secret: bytes) -> Sealed:
        """Raises `TpmUnavailable`."""
        ...

    def unseal(self, sealed: Sealed) -> bytes:
        """Raises `TpmUnavailable`, `OtherTpm`."""
        ...


class SealedKey:
    """An Ed25519 key whose seed leaves the machine's memory only sealed."""

    kind: Final = KIND

    def __init__(self, key: SoftKey, sealed: Sealed) -> None:
        self._key = key
        self._sealed = sealed

    @classmethod
    def generate(cls, sealer: Sealer) -> "SealedKey":
        """A new key from the operating system's random source. Raises `TpmUnavailable`."""
        seed = secrets.token_bytes(SEED_BYTES)
        return cls(SoftKey.from_seed(seed), sealer.seal(seed))

    @classmethod
    def load(cls, path: Path, sealer: Sealer) -> "SealedKey":
        """Open what `save` wrote. Raises `KeyFileError`, `TpmUnavailable`, `OtherTpm`."""
        public, sealed = _parse(path, read_private(path))
        try:
            seed = sealer.unseal(sealed)
        except TpmUnavailable as error:
            raise type(error)(f"{path}: {error}") from None
        if len(seed) != SEED_BYTES:
            raise KeyFileError(f"a seed of {SEED_BYTES} bytes sealed in {path}", f"{len(seed)} bytes")
        key = SoftKey.from_seed(seed)
        if key.public != public:
            raise KeyFileError(f"the key {public.hex()} sealed in {path}", key.public.hex())
        return cls(key, sealed)

    def save(self, path: Path) -> None:
        """Write the file, durably. `FileExistsError` if it exists."""
        value = {
            "kind": KIND,
            "public": _text(self.public),
            "tpm_private": _text(self._sealed.private),
            "tpm_public": _text(self._sealed.public),
        }
        write_private(path, canonical.dumps(value) + b"\n")

    @property
    def public(self) -> bytes:
        """Raw public key, 32 bytes."""
        return self._key.public

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        return self._key.sign(message)


def load_key(path: Path, sealer: Sealer | None) -> SigningKey:
    """The key in a file of either kind. Raises `KeyFileError`, `OSError`, and `TpmUnavailable` for a sealed one."""
    if not _is_sealed(path):
        return SoftKey.load(path)
    if sealer is None:
        raise TpmUnavailable(f"{path}: expected a TPM to be named, found none")
    return SealedKey.load(path, sealer)


def known_key(path: Path) -> tuple[str, bytes]:
    """Kind and public half (32 bytes) of the key in a file, which need not open. Raises `KeyFileError`, `OSError`."""
    if _is_sealed(path):
        return KIND, _parse(path, read_private(path))[0]
    return SoftKey.kind, SoftKey.load(path).public


def _is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == b"{"


def _parse(path: Path, data: bytes) -> tuple[bytes, Sealed]:
    expected = f"a key sealed by a TPM ({', '.join(sorted(_FIELDS))}) in {path}"
    try:
        value = canonical.loads(data.removesuffix(b"\n"))
    except CanonicalError as error:
        raise KeyFileError(expected, error.found) from None
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["kind"] != KIND:
        raise KeyFileError(expected, f"{value}"[:80])
    public, private, tpm_public = (_bytes(value[name]) for name in ("public", "tpm_private", "tpm_public"))
    if len(public) != PUBLIC_BYTES or not private or not tpm_public:
        raise KeyFileError(expected, "a field that is not base64 of so many bytes")
    return public, Sealed(tpm_public, private)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(value: object) -> bytes:
    """What a base64 text holds; nothing where it is none, or too long."""
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""
    return data if len(data) <= BLOB_BYTES_MAX else b""
