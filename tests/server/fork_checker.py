"""Checks a fork file from docs/evidence.md alone: imports nothing of the product."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_proof(data: bytes, public: bytes) -> bool:
    """True when the file shows that the log of this key signed two histories."""
    value = json.loads(data)
    size_1, root_1, origin_1 = signed(value["smaller"], public)
    size_2, root_2, origin_2 = signed(value["larger"], public)
    hashes = [base64.b64decode(text, validate=True) for text in value["proof"]]
    root = bytes.fromhex(value["root"])
    return (
        origin_1 == origin_2
        and size_1 <= size_2
        and beginning_and_whole(hashes, size_1, size_2, root) == (root, root_2)
        and root != root_1
    )


def signed(note: str, public: bytes) -> tuple[int, bytes, str]:
    """Size, root and origin of a note that this key signed; ValueError otherwise."""
    text, _, lines = note.partition("\n\n")
    origin, size, root = text.split("\n")
    wanted = sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        material = base64.b64decode(encoded)
        if dash == "\u2014" and name == origin and material[:4] == wanted:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(material[4:], text.encode() + b"\n")
            except InvalidSignature:
                raise ValueError("expected a valid signature of the log, found another") from None
            return int(size), base64.b64decode(root), origin
    raise ValueError("expected a signature of the log, found none")


def beginning_and_whole(proof: list[bytes], old: int, new: int, root: bytes) -> tuple[bytes, bytes]:
    """Roots of `old` and `new` leaves that a consistency proof leads to, by the recursion of RFC 6962 2.1.2."""
    path = list(proof)

    def walk(old: int, new: int, *, is_whole: bool) -> tuple[bytes, bytes]:
        if old == new:
            hash_ = root if is_whole else path.pop(0)
            return hash_, hash_
        split = 1 << ((new - 1).bit_length() - 1)
        if old <= split:
            left_old, left_new = walk(old, split, is_whole=is_whole)
            return left_old, node(left_new, path.pop(0))
        right_old, right_new = walk(old - split, new - split, is_whole=False)
        left = path.pop(0)
        return node(left, right_old), node(left, right_new)

    found = walk(old, new, is_whole=True)
    return found if not path else (b"", b"")


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962 node hash."""
    return sha256(b"\x01" + left + right).digest()
