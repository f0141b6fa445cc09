"""The right edge of an RFC 6962 tree: enough to append leaves and tell the root, cheap to copy and throw away."""

from __future__ import annotations

from caselog.tree import EMPTY_ROOT, node_hash


class Frontier:
    """Roots of the whole subtrees that make up the first `size` leaves, largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: tuple[bytes, ...] = ()) -> None:
        """One peak for each binary one in `size`."""
        if len(peaks) != size.bit_count():
            raise ValueError(f"expected {size.bit_count()} peaks for {size} leaves, found {len(peaks)}")
        self.size = size
        self._peaks = list(peaks)

    def copy(self) -> Frontier:
        """An independent one with the same leaves."""
        return Frontier(self.size, tuple(self._peaks))

    def append(self, leaf_hash: bytes) -> None:
        """Add a leaf hash (32 bytes) at the right."""
        size, node = self.size, leaf_hash
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Root of all leaves so far, 32 bytes."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root
