"""Signatures of what leaves for a receiver, by the open Standard Webhooks scheme (docs/notify.md section 3).

Signed are id, time and body together, so that none can be taken from another message. `v1` is HMAC-SHA256 with a shared
secret, `v1a` Ed25519 with the server's own key, for receivers that shall not be able to sign themselves.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from caselog.keys import SigningKey, Verifier

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES_MIN: Final = 24
SECRET_BYTES_MAX: Final = 64
TOLERANCE_S: Final = 300
"""A message whose time is further off than this is refused by a receiver: it may be an old one sent again."""


class SignatureError(ValueError):
    """A secret or a signed message that cannot be used; the message says what was expected and what came."""


def read_secret(file: Path) -> bytes:
    """The secret of a file with one line `whsec_<base64>`, as receivers of the scheme print it."""
    try:
        text = file.read_text(encoding="ascii").strip()
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise SignatureError(f"{file}: expected one line {SECRET_PREFIX}<base64>: {error}") from None
    if not text.startswith(SECRET_PREFIX) or not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
        raise SignatureError(
            f"{file}: expected {SECRET_PREFIX} and {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64, "
            f"found {len(secret)} bytes"
        )
    return secret


def headers(id_: str, time_s: int, body: bytes, key: SigningKey, secret: bytes | None) -> dict[str, str]:
    """What goes with the body. Without `secret` it is signed with `key`."""
    signed = _signed(id_, str(time_s), body)
    if secret is not None:
        signature = f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"
    else:
        signature = f"v1a,{base64.b64encode(key.sign(signed)).decode()}"
    return {"webhook-id": id_, "webhook-timestamp": str(time_s), "webhook-signature": signature}


def check(
    sent: Mapping[str, str],
    body: bytes,
    now_s: float,
    public: bytes | None = None,
    secret: bytes | None = None,
) -> str:
    """The id of a message that is fresh and signed by `public` (32 bytes) or `secret`. Raises SignatureError."""
    id_, time_text = sent.get("webhook-id", ""), sent.get("webhook-timestamp", "")
    if not id_ or not time_text.isdecimal() or len(time_text) > 12:
        raise SignatureError(
            f"expected webhook-id and webhook-timestamp in seconds, found {id_[:40]!r}, {time_text[:20]!r}"
        )
    if abs(int(time_text) - now_s) > TOLERANCE_S:
        raise SignatureError(f"expected a time within {TOLERANCE_S} s of {now_s:.0f}, found {time_text}")
    signed = _signed(id_, time_text, body)
    for one in sent.get("webhook-signature", "").split()[:8]:
        version, _, encoded = one.partition(",")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        if (
            version == "v1"
            and secret is not None
            and hmac.compare_digest(signature, hmac.digest(secret, signed, "sha256"))
        ):
            return id_
        if version == "v1a" and public is not None and Verifier("webhook", public).valid(signed, signature):
            return id_
    raise SignatureError("expected a signature with the key that is known here, found another or none")


def _signed(id_: str, time_text: str, body: bytes) -> bytes:
    return b".".join((id_.encode(), time_text.encode(), body))
