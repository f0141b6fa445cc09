"""One proof for many leaves: the shared inclusion proof of docs/evidence.md section 9.

The hashes are those of the largest subtrees that hold none of the leaves, left to right, so the proof of a
selection is unique, and no shorter list of hashes could show it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from caselog.errors import BundleError
from caselog.suite import SHA256, Suite
from caselog.tree import split

SIZE_MAX: Final = 2**53 - 1
"""Leaves of a tree: what an integer of a leaf can say."""

RangeRoot = Callable[[int, int], bytes]
"""Root over leaves lo..hi-1, for example `Tree.range_root`."""


def prove(indices: Sequence[int], size: int, range_root: RangeRoot) -> list[bytes]:
    """The hashes that show `indices` (rising, below `size`, at least one) in a tree of `size` leaves."""
    if not indices or indices[0] < 0 or indices[-1] >= size or any(a >= b for a, b in pairwise(indices)):
        raise ValueError(f"expected rising indices below {size}, at least one")
    return [range_root(start, end) for start, end in _gaps(indices, 0, size)]


def root(hashes: Mapping[int, bytes], size: int, proof: Sequence[bytes], suite: Suite = SHA256) -> bytes:
    """The root that leaf hashes by index and `proof` make. Raises `BundleError` unless every hash has its place."""
    indices = sorted(hashes)
    if not 0 < size <= SIZE_MAX or not indices or indices[0] < 0 or indices[-1] >= size:
        raise BundleError(f"leaves below a size of 1 to {SIZE_MAX}", f"size {size}, leaves {indices[-1:]}")
    rest = iter(proof)
    made = _root(hashes, indices, 0, size, rest, suite)
    left = sum(1 for _ in rest)
    if left:
        raise BundleError(f"a proof of {len(proof) - left} hashes", f"{len(proof)}")
    return made


def _root(
    hashes: Mapping[int, bytes], indices: Sequence[int], start: int, end: int, rest: Iterator[bytes], suite: Suite
) -> bytes:  # fmt: skip
    if _is_empty(indices, start, end):
        hash_ = next(rest, None)
        if hash_ is None:
            raise BundleError(f"a hash over leaves {start} to {end - 1}", "the end of the proof")
        return hash_
    if end - start == 1:
        return hashes[start]
    middle = start + split(end - start)
    left = _root(hashes, indices, start, middle, rest, suite)
    return suite.node_hash(left, _root(hashes, indices, middle, end, rest, suite))


def _gaps(indices: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest subtrees without any of `indices`, left to right. At most 53 levels deep."""
    if _is_empty(indices, start, end):
        yield start, end
    elif end - start > 1:
        middle = start + split(end - start)
        yield from _gaps(indices, start, middle)
        yield from _gaps(indices, middle, end)


def _is_empty(indices: Sequence[int], start: int, end: int) -> bool:
    at = bisect_left(indices, start)
    return at == len(indices) or indices[at] >= end
