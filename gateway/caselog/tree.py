"""Merkle tree of RFC 6962 section 2.1: roots and proofs for any size the tree ever had.

Leaf hash = H(0x00 || leaf), node hash = H(0x01 || left || right), empty tree = H(""), H being that of the
tree's `Suite`; SHA-256 where none is named.
Proofs are lists of 32-byte hashes in the order of RFC 6962 sections 2.1.1 and 2.1.2; the verifying
functions follow RFC 9162 sections 2.1.3.2 and 2.1.4.2 and share no code with the proving side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caselog.suite import HASH_BYTES, SHA256, Suite

EMPTY_ROOT: Final = SHA256.empty_root

# Heights 1..3 are computed from leaf hashes when asked (at most 7 hashes) instead of kept: that leaves
# 32 bytes a leaf for height 0 and 4 for all others together, where keeping every height would cost 64.
_KEPT_HEIGHT: Final = 4
_KEPT_LEAVES: Final = 1 << _KEPT_HEIGHT


def leaf_hash(data: bytes) -> bytes:
    """Of suite 1: SHA-256(0x00 || data), 32 bytes."""
    return SHA256.leaf_hash(data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of suite 1: SHA-256(0x01 || left || right), 32 bytes."""
    return SHA256.node_hash(left, right)


class Tree:
    """Grows by leaf hashes; answers for every size up to its own. About 36 bytes of memory a leaf."""

    def __init__(self, suite: Suite = SHA256) -> None:
        self.suite: Final = suite
        self._leaves = bytearray()
        # _upper[k] holds the hashes of all whole subtrees of 2^(k + _KEPT_HEIGHT) leaves, left to right
        self._upper: list[bytearray] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def append(self, hash_: bytes) -> None:
        """Add one leaf hash (32 bytes) at the right. Amortised one node hash."""
        if len(hash_) != HASH_BYTES:
            raise ValueError(f"expected a hash of {HASH_BYTES} bytes, got {len(hash_)}")
        self._leaves += hash_
        self._size += 1
        if not self._size % _KEPT_LEAVES:
            self._keep(self._whole(_KEPT_HEIGHT, self._size // _KEPT_LEAVES - 1))

    def leaf(self, index: int) -> bytes:
        """Hash of leaf `index`."""
        if not 0 <= index < self._size:
            raise IndexError(f"expected a leaf index below {self._size}, got {index}")
        return bytes(self._leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves (all when None). O(log n) hashes."""
        size = self._checked_size(size)
        return self._range(0, size) if size else self.suite.empty_root

    def range_root(self, start: int, end: int) -> bytes:
        """Root over leaves start..end-1, a range that splitting a tree as RFC 6962 does can give. O(log n) hashes."""
        if not 0 <= start < end <= self._size or start & ((1 << (end - start - 1).bit_length()) - 1):
            raise IndexError(f"expected a range of a tree of {self._size} leaves, got {start} to {end}")
        return self._range(start, end)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards (RFC 6962 2.1.1)."""
        size = self._checked_size(size)
        if not 0 <= index < size:
            raise IndexError(f"expected a leaf index below {size}, got {index}")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + split(end - start)
            if index < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        proof.reverse()
        return proof

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the tree of `old` leaves is a beginning of the one of `new` (RFC 6962 2.1.2).

        Empty when `old` is 0 or equals `new`: there is then nothing to prove beyond comparing roots.
        """
        new = self._checked_size(new)
        if not 0 <= old <= new:
            raise IndexError(f"expected an old size of at most {new}, got {old}")
        if old in (0, new):
            return []
        proof: list[bytes] = []
        start, end, whole = 0, new, True
        while old != end:
            middle = start + split(end - start)
            if old <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._range(start, end))
        proof.reverse()
        return proof

    def _checked_size(self, size: int | None) -> int:
        if size is None:
            return self._size
        if not 0 <= size <= self._size:
            raise IndexError(f"expected a tree size of at most {self._size}, got {size}")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Hash of leaves start..end-1, where `start` is a multiple of the power of two that holds the range."""
        parts: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            parts.append(self._whole(height, start >> height))
            start += 1 << height
        result = parts.pop()
        while parts:
            result = self.suite.node_hash(parts.pop(), result)
        return result

    def _whole(self, height: int, position: int) -> bytes:
        """Hash of the `position`-th whole subtree of 2^height leaves."""
        upper = height - _KEPT_HEIGHT
        if 0 <= upper < len(self._upper) and (position + 1) * HASH_BYTES <= len(self._upper[upper]):
            return bytes(self._upper[upper][position * HASH_BYTES : (position + 1) * HASH_BYTES])
        if height == 0:
            return bytes(self._leaves[position * HASH_BYTES : (position + 1) * HASH_BYTES])
        left, right = self._whole(height - 1, 2 * position), self._whole(height - 1, 2 * position + 1)
        return self.suite.node_hash(left, right)

    def _keep(self, hash_: bytes) -> None:
        """Store a new whole subtree, and each larger one that it completes."""
        for upper in self._upper:
            upper += hash_
            if len(upper) // HASH_BYTES % 2:
                return
            hash_ = self.suite.node_hash(bytes(upper[-2 * HASH_BYTES : -HASH_BYTES]), hash_)
        self._upper.append(bytearray(hash_))


def split(count: int) -> int:
    """Largest power of two below `count` (>= 2): where RFC 6962 cuts a tree."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(
    hash_: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, suite: Suite = SHA256
) -> bool:
    """True when `proof` shows leaf hash `hash_` at `index` of the tree of `size` leaves with `root`."""
    if not 0 <= index < size:
        return False
    node, last = index, size - 1
    for other in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hash_ = suite.node_hash(other, hash_)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            hash_ = suite.node_hash(hash_, other)
        node >>= 1
        last >>= 1
    return last == 0 and hash_ == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], suite: Suite = SHA256
) -> bool:
    """True when `proof` shows that the tree (`old`, `old_root`) is a beginning of (`new`, `new_root`)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == suite.empty_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old_hash = new_hash = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_hash = suite.node_hash(other, old_hash)
            new_hash = suite.node_hash(other, new_hash)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new_hash = suite.node_hash(new_hash, other)
        node >>= 1
        last >>= 1
    return last == 0 and old_hash == old_root and new_hash == new_root
