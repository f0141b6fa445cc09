"""HMAC-SHA-256 (RFC 2104, RFC 4231), cut to 8 bytes.

Written by hand because MicroPython firmware has hashlib but no hmac. Eight bytes:
a forger on a 115200 baud line sends some 300 frames a second, so one chance in
2^64 a frame is out of reach in the life of a building, and the frame stays short.
"""

from hashlib import sha256

KEY_BYTES = 32
MAC_BYTES = 8
_BLOCK_BYTES = 64

FROM_NODE = b"N"
FROM_GATEWAY = b"G"


class Signer:
    """One node's key, ready to sign frames of one direction.

    The direction is signed but not sent: a frame of the node that is echoed back
    to it can then never pass as a frame of the gateway.
    """

    def __init__(self, key: bytes, direction: bytes) -> None:
        if not isinstance(key, (bytes, bytearray)) or len(key) != KEY_BYTES:
            # The key itself must not get into a log, so only its length is told.
            raise ValueError("key: expected %d bytes, found %d" % (KEY_BYTES, len(key)))
        if direction not in (FROM_NODE, FROM_GATEWAY):
            raise ValueError("direction: expected b'N' or b'G', found %r" % (direction,))
        self.direction = direction
        self._inner, self._outer = _pads(key)
        self._inner += direction

    def sign(self, data: bytes) -> bytes:
        """Return the 8-byte MAC of direction + data."""
        inner = sha256(self._inner)
        inner.update(data)
        outer = sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()[:MAC_BYTES]


def whole_mac(key: bytes, data: bytes) -> bytes:
    """Return the uncut HMAC-SHA-256 (32 bytes) of ``data`` under a node's key; no frame begins as ``data`` may."""
    inner_pad, outer_pad = _pads(key)
    inner = sha256(inner_pad)
    inner.update(data)
    outer = sha256(outer_pad)
    outer.update(inner.digest())
    return outer.digest()


def _pads(key: bytes) -> "tuple[bytes, bytes]":
    rest = _BLOCK_BYTES - KEY_BYTES
    inner = bytes(byte ^ 0x36 for byte in key) + b"\x36" * rest
    return inner, bytes(byte ^ 0x5C for byte in key) + b"\x5c" * rest


def same(left: bytes, right: bytes) -> bool:
    """Compare two MACs in a time that does not tell where they differ."""
    if len(left) != len(right):
        return False
    difference = 0
    for index in range(len(left)):
        difference |= left[index] ^ right[index]
    return difference == 0
