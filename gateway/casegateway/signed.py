"""Messages that the server signed: {"v":1, "<what>":{…}, "key":…, "sig":…}. Nothing in one is believed before this."""

import base64
import binascii
from typing import Any

from caselog import canonical
from caselog.errors import CanonicalError
from caselog.keys import Verifier

MALFORMED = "malformed"
UNSIGNED = "unsigned"


def authentic(payload: bytes, what: str, prefix: bytes, verifier: Verifier | None) -> dict[str, Any] | str:
    """The object `what` if `verifier` signed `prefix` and its canonical JSON; else MALFORMED or UNSIGNED.

    Without a verifier nobody could have signed.
    """
    try:
        message = canonical.loads(payload)
        value = message[what]
        signature = base64.b64decode(message["sig"], validate=True)
        signed = prefix + canonical.dumps(value)
    except (CanonicalError, KeyError, TypeError, ValueError, binascii.Error):
        return MALFORMED
    if not isinstance(value, dict) or message.get("v") != 1:
        return MALFORMED
    if verifier is None or not verifier.valid(signed, signature):
        return UNSIGNED
    return value
