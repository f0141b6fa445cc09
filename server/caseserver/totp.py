"""Codes of a second factor by the clock: RFC 6238 (TOTP) over RFC 4226 (HOTP). Pure: time and secret are arguments.

SHA-1, six digits, thirty seconds: what every authenticator program takes without being told.
"""

from __future__ import annotations

import base64
import hmac
import struct
from typing import Final
from urllib.parse import quote, urlencode

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
STEPS_EITHER_WAY: Final = 1
"""RFC 6238 section 5.2: one step back and one ahead for a clock that is off and a finger that is slow."""


def code(secret: bytes, step: int, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The code of one step (RFC 4226 section 5.3)."""
    found = hmac.digest(secret, struct.pack(">Q", step), digest)
    offset = found[-1] & 15
    (number,) = struct.unpack(">I", found[offset : offset + 4])
    return str((number & 0x7FFF_FFFF) % 10**digits).zfill(digits)


def step_of(now_s: float) -> int:
    """The step that this moment (POSIX seconds) lies in."""
    return int(now_s // STEP_S)


def taken_step(secret: bytes, sent: str, now_s: float, last_step: int) -> int | None:
    """The step whose code this is; None when it is no code, or not one newer than `last_step`: each is taken once."""
    now = step_of(now_s)
    found = None
    for step in range(now - STEPS_EITHER_WAY, now + STEPS_EITHER_WAY + 1):
        # all are compared, so that the time taken tells nothing
        if hmac.compare_digest(code(secret, step).encode(), sent.encode()) and step > last_step:
            found = step
    return found


def written(secret: bytes) -> str:
    """The secret as somebody types it: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, number: str, issuer: str) -> str:
    """What the picture holds: `otpauth://totp/…`, as authenticator programs read it."""
    asked = {
        "secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer, "algorithm": "SHA1",
        "digits": str(DIGITS), "period": str(STEP_S),
    }  # fmt: skip
    return f"otpauth://totp/{quote(issuer)}:{quote(number)}?{urlencode(asked, quote_via=quote)}"
