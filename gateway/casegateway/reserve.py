"""Room kept back on the log's disk, so that facts can still be written when everything else has filled it."""

from contextlib import suppress

from casegateway.limits import RESERVE_CHUNK_BYTES
from caselog.disk import Disk

NAME = "reserve"
SECOND_NAME = "reserve.second"
"""On the second disk: one file name is never on both."""


class Reserve:
    """A file of zeros beside the segments, given up when a fact finds no room. `bytes_wanted` 0: none.

    A disk that refuses has no reserve; that it refuses is for the log to find.
    """

    def __init__(self, disk: Disk, bytes_wanted: int, name: str = NAME) -> None:
        """Nothing is written before `make`."""
        self.bytes_wanted = bytes_wanted
        self.is_held = False
        self._disk = disk
        self._name = name

    def make(self) -> None:
        """Fill the file, if there is room for all of it; else nothing stays."""
        if not self.bytes_wanted:
            return
        try:
            self.is_held = self._fill()
        except OSError:
            with suppress(OSError):
                self._disk.truncate(self._name, 0)

    def release(self) -> bool:
        """Give the room up; False when there is none to give."""
        if not self.is_held:
            return False
        self.is_held = False
        try:
            self._disk.truncate(self._name, 0)
        except OSError:
            return False
        return True

    def _fill(self) -> bool:
        if self._name not in self._disk.list_names():
            self._disk.create(self._name)
        missing = self.bytes_wanted - self._disk.size(self._name)
        if missing > self._disk.free_bytes():
            return False
        while missing > 0:
            self._disk.append(self._name, bytes(min(missing, RESERVE_CHUNK_BYTES)))
            missing = self.bytes_wanted - self._disk.size(self._name)
        self._disk.sync(self._name)
        return True
