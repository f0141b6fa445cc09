"""Giving a gateway back leaves that its own disk has lost: `up/mend` asks, `down/mend` answers.

Reading only, and only of what the gateway itself has sent and signed. It believes nothing of the answer but the hashes,
and our signed word how much we hold: what is not among that will not come back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from caselog import canonical
from caselog.errors import FormatError

LEAVES_MAX: Final = 64
BYTES_MAX: Final = 256 * 1024
"""Of leaves in one answer; one leaf may be larger than that alone."""

_KEYS: Final = frozenset({"v", "first", "count", "log", "nonce"})
_NONCE: Final = re.compile("[0-9a-f]{32}")


def answer(
    payload: bytes, read: Callable[[int, int], list[bytes]], note: bytes | None,
    word: Callable[[str, str], dict[str, Any] | None],
) -> bytes | None:  # fmt: skip
    """The answer to an `up/mend`, None when it is none or another log is held. Never raises.

    `read(first, count)` gives leaves, fewer where the log ends; `note` is the newest checkpoint, cosigned, None before
    there is one; `word(log, nonce)` says how much is held.
    """
    try:
        value: Any = canonical.loads(payload)
    except FormatError:
        return None
    if not isinstance(value, dict) or value.keys() != _KEYS or value["v"] != 1:
        return None
    first, count, log, nonce = value["first"], value["count"], value["log"], value["nonce"]
    if type(first) is not int or type(count) is not int or first < 0 or count < 1:
        return None
    if not isinstance(log, str) or not isinstance(nonce, str) or _NONCE.fullmatch(nonce) is None:
        return None
    held = word(log, nonce)
    if held is None:
        return None
    leaves = [] if note is None else _some(read(first, min(count, LEAVES_MAX)))
    header = canonical.dumps({**held, "count": len(leaves), "first": first})
    return b"\n".join([header, *leaves, b"", note or b""])


def _some(found: list[bytes]) -> list[bytes]:
    """As many as one answer takes; one at least."""
    leaves: list[bytes] = []
    left = BYTES_MAX
    for data in found:
        if leaves and len(data) > left:
            break
        leaves.append(data)
        left -= len(data)
    return leaves
