"""PINs of officers for the kiosks of the areas: salts and hashes in a file of the server's own, and which are not taken.

They are told to gateways in a signed word (docs/mqtt.md, down/kiosk) and stand in no log.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
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


WEAK: Final[Mapping[str, str]] = {
    "digits": f"a PIN of {PIN_DIGITS} digits, found another text",
    "repeated": "a PIN that does not repeat itself, found one that does",
    "run": "a PIN whose digits do not follow each other, found a run",
    "date": "a PIN that is no date, found one",
    "own_number": "a PIN that is not out of the officer's number, found one that is",
}
"""Why a PIN is not taken -> what was expected. Five tries find one of these sooner than any other."""


class PinError(ValueError):
    """A PIN cannot be set; says what was expected. The message never holds a PIN. `why`: a key of WEAK, or ""."""

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why


def weakness(pin: str, officer: str) -> str:
    """The key of WEAK under which this PIN is not taken, "" when it is."""
    if not (len(pin) == PIN_DIGITS and pin.isascii() and pin.isdecimal()):
        return "digits"
    if re.fullmatch(r"(.{1,3})\1+", pin):
        return "repeated"
    if {(int(b) - int(a)) % 10 for a, b in pairwise(pin)} in ({1}, {9}):
        return "run"
    if _is_date(pin):
        return "date"
    number = "".join(filter(str.isdecimal, officer))
    return "own_number" if len(number) >= 4 and (number in pin or pin in number) else ""


def _is_date(pin: str) -> bool:
    """Year, month, day of two digits each, as a birthday is written."""
    try:
        date(
            2000 + int(pin[:2]), int(pin[2:4]), int(pin[4:])
        )  # 2000 has a 29th of February, as some year of each has
    except ValueError:
        return False
    return True


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
        why = "" if pin is None else weakness(pin, officer)
        if why:
            raise PinError(f"expected {WEAK[why]}", why)
        with self._alone():
            at_us, known = self.read()
            pins = {key: value for key, value in known.items() if key != officer}
            if pin is not None:
                salt = secrets.token_bytes(SALT_BYTES)
                pins[officer] = {"digest": digest_of(pin, salt).hex(), "salt": salt.hex()}
            if len(pins) > OFFICERS_MAX:
                raise PinError(f"expected at most {OFFICERS_MAX} officers with a PIN, found more")
            self._write({"at_us": max(now_us, at_us + 1), "pins": pins})

    def has(self, officer: str) -> bool:
        """Whether this officer has a PIN. Raises `PinError`."""
        return officer in self.read()[1]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Pages and the command may change PINs at once; neither takes away what the other has set."""
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, value: Mapping[str, Any]) -> None:
        aside = self._path.with_suffix(".new")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, sort_keys=True))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
