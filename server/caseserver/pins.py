"""PINs of officers for the kiosks of the areas: salts and hashes in a file of the server's own, and the command that sets them.

They are told to gateways in a signed word (docs/mqtt.md, down/kiosk) and stand in no log.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

FILE: Final = "pins.json"
PIN_DIGITS: Final = 6
OFFICERS_MAX: Final = 400
"""What one word to a gateway holds."""
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
COST, BLOCK, LANES = 2**14, 8, 1
"""scrypt's N, r and p, as docs/mqtt.md has them."""


class PinError(ValueError):
    """A PIN cannot be set; says what was expected. The message never holds a PIN."""


def digest_of(pin: str, salt: bytes) -> bytes:
    """The hash of a PIN."""
    return hashlib.scrypt(pin.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=2**26, dklen=DIGEST_BYTES)


class PinFile:
    """All PINs, with when the newest was set (`at_us`): what came later is the truth for a gateway."""

    def __init__(self, data: Path) -> None:
        """Reads nothing yet."""
        self._path = data / FILE

    def read(self) -> tuple[int, Mapping[str, Mapping[str, str]]]:
        """(at_us, officer -> salt and digest in hex); (1, nothing) before the first. Raises `PinError`."""
        try:
            value: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            return int(value["at_us"]), value["pins"]
        except FileNotFoundError:
            return 1, {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PinError(
                f"{self._path}: expected a file that `caseward server pin` wrote: {error}"
            ) from None

    def change(self, officer: str, pin: str | None, now_us: int) -> None:
        """Set an officer's PIN, or with None take it away; durable when this returns. Raises `PinError`."""
        if pin is not None and not (len(pin) == PIN_DIGITS and pin.isascii() and pin.isdecimal()):
            raise PinError(f"expected a PIN of {PIN_DIGITS} digits, found another text")
        at_us, known = self.read()
        pins = {key: value for key, value in known.items() if key != officer}
        if pin is not None:
            salt = secrets.token_bytes(SALT_BYTES)
            pins[officer] = {"digest": digest_of(pin, salt).hex(), "salt": salt.hex()}
        if len(pins) > OFFICERS_MAX:
            raise PinError(f"expected at most {OFFICERS_MAX} officers with a PIN, found more")
        self._write({"at_us": max(now_us, at_us + 1), "pins": pins})

    def _write(self, value: Mapping[str, Any]) -> None:
        aside = self._path.with_suffix(".new")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, sort_keys=True))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
