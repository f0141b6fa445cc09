"""PINs of officers: what the server has told of them, and how often a wrong one was tried.

The server tells a salt and a scrypt hash for each officer in a word that it signs (docs/mqtt.md, down/kiosk); no PIN and no
hash stands in the log. Six digits are soon guessed by whoever has the hashes: a PIN counts beside a badge, never instead of it
where a compartment opens.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from casekiosk.limits import OFFICERS_WITH_PIN_MAX, PIN_DIGITS, PIN_LOCKED_MS, PIN_TRIES_MAX
from custody.fields import is_ref

SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
BOX_BYTES: Final = 32
_COST: Final = 2**14  # scrypt N; with r = 8 it needs 16 MiB, and 0.2 s of a Raspberry Pi 4
_BLOCK: Final = 8
_STRANGER: Final = bytes(SALT_BYTES)
"""The salt for an officer without PIN: to try one takes as long."""


class WordError(ValueError):
    """What the server told cannot be used; says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Salt and scrypt hash of one officer's PIN."""

    salt: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Provision:
    """What a kiosk needs of the server, as it was told last: `box` is the key (32 bytes) for which photos are sealed, or
    None where the server keeps none; `at_us` orders one word after the other."""

    at_us: int = 0
    box: bytes | None = None
    pins: Mapping[str, Pin] = field(default_factory=dict)


NOTHING: Final = Provision()


def digest_of(pin: str, salt: bytes) -> bytes:
    """The hash of a PIN (digits as text)."""
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=2**26, dklen=DIGEST_BYTES)


def is_pin(text: str) -> bool:
    """Whether a text could be a PIN: PIN_DIGITS ASCII digits."""
    return len(text) == PIN_DIGITS and text.isascii() and text.isdecimal()


def provision_of(value: Mapping[str, Any]) -> Provision:
    """Read the signed object {"at_us", "box", "pins": {officer: {"digest", "salt"}}}, hexadecimal. Raises `WordError`."""
    at_us, box, pins = value.get("at_us"), value.get("box"), value.get("pins")
    if type(at_us) is not int or at_us < 0:
        raise WordError(f"at_us: expected microseconds UTC, found {at_us!r}")
    if not isinstance(pins, dict) or len(pins) > OFFICERS_WITH_PIN_MAX or not all(map(is_ref, pins)):
        raise WordError(f"pins: expected at most {OFFICERS_WITH_PIN_MAX} officers, found another table")
    key = None if box is None else _bytes(box, BOX_BYTES, "box")
    return Provision(at_us, key, {officer: _pin(officer, told) for officer, told in pins.items()})


def _pin(officer: str, told: object) -> Pin:
    if not isinstance(told, dict):
        raise WordError(f"pins.{officer}: expected salt and digest, found {type(told).__name__}")
    return Pin(
        _bytes(told.get("salt"), SALT_BYTES, f"pins.{officer}.salt"),
        _bytes(told.get("digest"), DIGEST_BYTES, f"pins.{officer}.digest"),
    )


def _bytes(text: object, count: int, where: str) -> bytes:
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != count:
        raise WordError(f"{where}: expected {2 * count} hexadecimal digits, found another text")
    return data


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong PINs of one officer since the last right one; `until_us`: station time before which none is taken."""

    count: int = 0
    until_us: int = 0


class PinDesk:
    """Judges PINs against what the server told, with a bounded number of tries. Time is told."""

    def __init__(self, tries: Mapping[str, Tries] | None = None) -> None:
        """`tries`: as an earlier run left them."""
        self.provision = NOTHING
        self._tries = dict(tries or {})

    @property
    def tries(self) -> Mapping[str, Tries]:
        """To be kept over a restart before an answer is given."""
        return self._tries

    def take(self, provision: Provision) -> bool:
        """A newer word of the server; False for an older one, which a broker may have kept."""
        if provision.at_us <= self.provision.at_us:
            return False
        for officer, pin in provision.pins.items():
            if self.provision.pins and self.provision.pins.get(officer) != pin:
                self._tries.pop(officer, None)  # a new PIN begins anew
        self.provision = provision
        return True

    def has(self, officer: str) -> bool:
        """Whether the officer has a PIN."""
        return officer in self.provision.pins

    def salt(self, officer: str) -> bytes:
        """What to hash a tried PIN with; of an officer without PIN one that fits none."""
        pin = self.provision.pins.get(officer)
        return _STRANGER if pin is None else pin.salt

    def is_locked(self, officer: str, now_us: int) -> bool:
        """Too many were tried, and the time is not over."""
        return self._tries.get(officer, Tries()).until_us > now_us

    def judge(self, officer: str, digest: bytes, now_us: int) -> bool:
        """Whether the hash of a tried PIN is the officer's; a wrong one counts, a locked officer's is not looked at."""
        pin = self.provision.pins.get(officer)
        if pin is None or self.is_locked(officer, now_us):
            return False
        if hmac.compare_digest(pin.digest, digest):
            self._tries.pop(officer, None)
            return True
        count = self._tries.get(officer, Tries()).count + 1
        is_over = count >= PIN_TRIES_MAX
        self._tries[officer] = Tries(
            0 if is_over else count, now_us + PIN_LOCKED_MS * 1_000 if is_over else 0
        )
        return False
