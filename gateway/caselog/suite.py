"""Suites: which hash a log is of. One byte, stated by leaf 0 (docs/evidence.md section 3).

SM3 comes from the OpenSSL that Python was built with; where it has none, asking for suite 3 says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from caselog.errors import SuiteError

HASH_BYTES: Final = 32
"""Of every suite."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One hash function in the three uses that a log has for it. `algorithm` as `hashlib` names it."""

    number: int
    algorithm: str
    empty_root: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "empty_root", self.digest(b""))

    def digest(self, data: bytes) -> bytes:
        """H(data), 32 bytes."""
        return hashlib.new(self.algorithm, data).digest()

    def leaf_hash(self, data: bytes) -> bytes:
        """H(0x00 || data), 32 bytes."""
        return self.digest(b"\x00" + data)

    def node_hash(self, left: bytes, right: bytes) -> bytes:
        """H(0x01 || left || right), 32 bytes."""
        return self.digest(b"\x01" + left + right)


class _Sha256(Suite):
    """Suite 1, by the shorter way into the same function: a tree is millions of these."""

    def digest(self, data: bytes) -> bytes:
        """SHA-256(data)."""
        return sha256(data).digest()

    def leaf_hash(self, data: bytes) -> bytes:
        """SHA-256(0x00 || data)."""
        return sha256(b"\x00" + data).digest()

    def node_hash(self, left: bytes, right: bytes) -> bytes:
        """SHA-256(0x01 || left || right)."""
        return sha256(b"\x01" + left + right).digest()


SHA256: Final[Suite] = _Sha256(1, "sha256")
NUMBERS: Final = {1: "sha256", 3: "sm3"}
"""Algorithm of each suite. 2 was never given out."""


def suite_of(number: int) -> Suite:
    """The suite of that number. `SuiteError` when there is none, or when this OpenSSL lacks its hash."""
    algorithm = NUMBERS.get(number) if type(number) is int else None
    if algorithm == SHA256.algorithm:
        return SHA256
    if algorithm is None:
        raise SuiteError(f"a suite, one of {', '.join(map(str, NUMBERS))}", repr(number)[:40])
    try:
        return Suite(number, algorithm)
    except ValueError:
        raise SuiteError(f"an OpenSSL with {algorithm.upper()} for suite {number}", "one without") from None
