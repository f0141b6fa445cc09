"""Which key signs a log at which size: the key it began with, and each that took over (docs/evidence.md section 7)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from caselog import records
from caselog.errors import LeafError
from caselog.leaf import LeafRecord


class KeyChain:
    """Public keys (32 bytes) of one log, each with the leaf that brought it. Grows by the leaves of the log."""

    def __init__(self, origin: str, first: bytes) -> None:
        """`first`: the key of the beginning, known from elsewhere or from leaf 0."""
        self.origin = origin
        self._indices: list[int] = []  # of the changes, rising
        self._publics = [first]

    @classmethod
    def begun(cls, record: LeafRecord) -> KeyChain:
        """The chain that leaf 0 begins. Raises `LeafError` when it is no `log.begun/1`."""
        if record.index != 0 or record.type != records.BEGUN:
            raise LeafError(f"{records.BEGUN} as leaf 0", f"{record.type} as leaf {record.index}")
        key = records.begun_key(record.body)
        return cls(record.body["origin"], key)

    @property
    def newest(self) -> bytes:
        """The key in force at the end."""
        return self._publics[-1]

    @property
    def changes(self) -> tuple[tuple[int, bytes], ...]:
        """(leaf, key) of each change."""
        return tuple(zip(self._indices, self._publics[1:], strict=True))

    def take(self, record: LeafRecord) -> None:
        """Follow the next leaf; any but a key change is passed over.

        Raises `LeafError` for a change that is none, or a beginning that contradicts this chain; `NoteError`
        for a change that the key in force did not sign.
        """
        if record.type == records.BEGUN:
            self._check_beginning(record)
        elif record.type == records.KEY_CHANGED and record.index not in self._indices:
            if self._indices and record.index < self._indices[-1]:
                raise LeafError(f"a key change after leaf {self._indices[-1]}", f"one at leaf {record.index}")
            public = records.changed_key(self.origin, record.index, self.newest, record.body)
            self._indices.append(record.index)
            self._publics.append(public)

    def at(self, size: int) -> bytes:
        """The key that signs a checkpoint of the first `size` leaves."""
        return self._publics[bisect_left(self._indices, size)]

    def over(self, first: int, size: int) -> list[bytes]:
        """The keys that sign a checkpoint of `size` leaves sent with the leaves from `first` on; the new one last.

        More than one when a change is among those leaves: that checkpoint is then the first to cover it.
        """
        return self._publics[bisect_left(self._indices, first) : bisect_left(self._indices, size) + 1]

    def extended(self, more: Iterable[LeafRecord]) -> KeyChain:
        """A copy that has followed `more`. Raises as `take` does."""
        copy = KeyChain(self.origin, self._publics[0])
        copy._indices, copy._publics = list(self._indices), list(self._publics)
        for record in more:
            copy.take(record)
        return copy

    def _check_beginning(self, record: LeafRecord) -> None:
        ours = KeyChain.begun(record)
        if (ours.origin, ours.newest) != (self.origin, self._publics[0]):
            expected = f"a log {self.origin} begun with key {self._publics[0].hex()}"
            raise LeafError(expected, f"{ours.origin} with key {ours.newest.hex()}")
