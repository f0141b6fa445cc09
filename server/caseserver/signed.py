"""What the server signs for a gateway: facts of officers (down/fact), requests to count a stay (down/count), how much
it holds of a log (in down/mend)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any, Final

from caselog import canonical
from caselog.keys import Signer

SIGNED_PREFIX: Final = b"caseward-fact-v1\n"
"""Before the canonical JSON of a fact, so that no other signed thing can pass as one."""
COUNT_PREFIX: Final = b"caseward-count-v1\n"
"""Before that of a request to count."""
ENCLOSURE_PREFIX: Final = b"caseward-enclosure-v1\n"
"""Before that of what became of an enclosure."""
KIOSK_PREFIX: Final = b"caseward-kiosk-v1\n"
"""Before that of what kiosks are provisioned with."""
HELD_PREFIX: Final = b"caseward-held-v1\n"
"""Before that of what it holds."""


def fact_id(prefix: str = "s") -> str:
    """A new id, by which gateway and server know the fact again however often it is sent."""
    return f"{prefix}-{uuid.uuid4().hex}"


def signed_fact(signer: Signer, fact: Mapping[str, Any]) -> bytes:
    """The message: the fact {type, id, occurred, stay, body}, the key's id, the Ed25519 signature."""
    return canonical.dumps(_signed(signer, "fact", SIGNED_PREFIX, fact))


def signed_count(signer: Signer, stay: str, id_: str, at_us: int) -> bytes:
    """The message of down/count: count the leaves of `stay`, under `id_`. `at_us`: station time of asking."""
    return canonical.dumps(_signed(signer, "count", COUNT_PREFIX, {"at_us": at_us, "id": id_, "stay": stay}))


def signed_held(signer: Signer, log: str, nonce: str, size: int, root: bytes) -> dict[str, Any]:
    """Asked under `nonce`: of the log of this origin `size` leaves are held, with this root (32 bytes), and no more."""
    value = {"log": log, "nonce": nonce, "root": root.hex(), "size": size}
    return _signed(signer, "held", HELD_PREFIX, value)


def signed_enclosure(signer: Signer, commitment: str, *, is_held: bool) -> bytes:
    """The message of down/enclosure: it is held, or must not be."""
    value = {"commitment": commitment, "held": is_held}
    return canonical.dumps(_signed(signer, "enclosure", ENCLOSURE_PREFIX, value))


def signed_kiosk(
    signer: Signer, at_us: int, box: bytes | None, pins: Mapping[str, Mapping[str, str]]
) -> bytes:
    """The message of down/kiosk. `at_us`: of the newest PIN; `box`: public key, 32 bytes; `pins`: officer -> salt, digest in hex."""
    value = {
        "at_us": at_us, "box": None if box is None else box.hex(), "pins": {o: dict(pin) for o, pin in pins.items()},
    }  # fmt: skip
    return canonical.dumps(_signed(signer, "kiosk", KIOSK_PREFIX, value))


def _signed(signer: Signer, what: str, prefix: bytes, value: Mapping[str, Any]) -> dict[str, Any]:
    signature = signer.key.sign(prefix + canonical.dumps(value))
    return {
        "v": 1,
        what: value,
        "key": signer.verifier.key_id().hex(),
        "sig": base64.b64encode(signature).decode(),
    }
