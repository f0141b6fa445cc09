"""Giving a gateway back leaves that its own disk has lost: `up/mend` asks, `down/mend` answers.

Reading only, and only of what the gateway itself has sent and signed. It believes nothing of the answer but the hashes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from caselog import canonical
from caselog.errors import FormatError
from caseserver.payload import build

LEAVES_MAX: Final = 64
BYTES_MAX: Final = 256 * 1024
"""Of leaves in one answer; one leaf may be larger than that alone."""


def answer(payload: bytes, read: Callable[[int, int], list[bytes]], note: bytes | None) -> bytes | None:
    """The answer to an `up/mend`, None when it is none or there is no checkpoint yet. Never raises.

    `read(first, count)` gives leaves, fewer where the log ends; `note` is the newest checkpoint, cosigned.
    """
    try:
        value: Any = canonical.loads(payload)
    except FormatError:
        return None
    if (
        not isinstance(value, dict)
        or value.keys() != {"v", "first", "count"}
        or value["v"] != 1
        or note is None
    ):
        return None
    first, count = value["first"], value["count"]
    if type(first) is not int or type(count) is not int or first < 0 or count < 1:
        return None
    leaves: list[bytes] = []
    left = BYTES_MAX
    for data in read(first, min(count, LEAVES_MAX)):
        if leaves and len(data) > left:
            break
        leaves.append(data)
        left -= len(data)
    return build(first, leaves, note)
