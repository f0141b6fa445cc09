"""Facts that the server signs for an officer: the message of down/fact."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any, Final

from caselog import canonical
from caselog.keys import Signer

SIGNED_PREFIX: Final = b"caseward-fact-v1\n"
"""Before the canonical JSON of a fact, so that no other signed thing can pass as one."""


def fact_id(prefix: str = "s") -> str:
    """A new id, by which gateway and server know the fact again however often it is sent."""
    return f"{prefix}-{uuid.uuid4().hex}"


def signed_fact(signer: Signer, fact: Mapping[str, Any]) -> bytes:
    """The message: the fact {type, id, occurred, stay, body}, the key's id, the Ed25519 signature."""
    signature = signer.key.sign(SIGNED_PREFIX + canonical.dumps(fact))
    return canonical.dumps(
        {
            "v": 1,
            "fact": fact,
            "key": signer.verifier.key_id().hex(),
            "sig": base64.b64encode(signature).decode(),
        }
    )
