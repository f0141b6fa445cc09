"""Photo, signature or words of an item: what is sealed for the server, and the commitment to it that the log holds.

A message is a header (canonical JSON, one line) and a box (caselog.box), bound to each other. In the box: 32 random bytes of salt, then
the value. The commitment is that of every other particular (docs/evidence.md section 8), so that it tells nothing after an erasure.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from caselog import box, canonical

SALT_BYTES: Final = 32
FIELDS: Final = ("photo", "signature", "title", "features", "serial", "remark")
_COMMITMENT: Final = b"caseward/commitment/v1\n"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A message for the server, and its commitment in hex."""

    commitment: str
    message: bytes


def commitment(field: str, salt: bytes, value: bytes) -> str:
    """What the log holds of a value."""
    return sha256(_COMMITMENT + field.encode() + b"\n" + salt + value).hexdigest()


def enclose(public: bytes, field: str, value: bytes, *, stay: str, case: str, item: str = "") -> Enclosure:
    """Seal a value of an item (or of all items of one list) for the server's `public` box key, 32 bytes."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = commitment(field, salt, value)
    header = canonical.dumps(
        {
            "v": 1,
            "field": field,
            "commitment": digest,
            "stay": stay or None,
            "case": case or None,
            "item": item or None,
        }
    )
    return Enclosure(digest, header + b"\n" + box.seal(public, salt + value, header))


def stay_of(message: bytes) -> str:
    """The stay to whose erasure a kept message belongs; empty without one."""
    header = message.partition(b"\n")[0]
    return str(json.loads(header).get("stay") or "")
