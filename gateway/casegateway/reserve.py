"""Room kept back on the log's disk, so that facts can still be written when everything else has filled it."""

from contextlib import suppress

from casegateway.limits import RESERVE_CHUNK_BYTES
from caselog.disk import Disk

NAME = "reserve"
SECOND_NAME = "reserve.second"
"""On the second disk: one file name is never on both."""


class Reserve:
    """A file of zeros beside the segments, given up when a fact finds no room. `bytes_wanted` 0: none.

    It grows by a chunk at each `step`, so that nothing waits for it. A disk that refuses has no reserve; that it
    refuses is for the log to find.
    """

    def __init__(self, disk: Disk, bytes_wanted: int, name: str = NAME) -> None:
        """Nothing is written before `make`."""
        self.bytes_wanted = bytes_wanted
        self.is_held = False
        self.is_growing = False
        self._disk = disk
        self._name = name

    @property
    def is_given_up(self) -> bool:
        """There should be one, and there is none, nor will there be."""
        return self.bytes_wanted > 0 and not self.is_held and not self.is_growing

    def make(self) -> None:
        """Begin to fill the file, if there is room for all of it; one that is there already is held at once."""
        if not self.bytes_wanted:
            return
        with suppress(OSError):
            if self._name not in self._disk.list_names():
                self._disk.create(self._name)
            missing = self.bytes_wanted - self._disk.size(self._name)
            self.is_held = missing <= 0
            self.is_growing = 0 < missing <= self._disk.free_bytes()

    def step(self) -> None:
        """One chunk more, durable. Where it finds no room, all is given back."""
        if not self.is_growing:
            return
        try:
            missing = self.bytes_wanted - self._disk.size(self._name)
            self._disk.append(self._name, bytes(min(missing, RESERVE_CHUNK_BYTES)))
            self._disk.sync(self._name)
            self.is_held = missing <= RESERVE_CHUNK_BYTES
            self.is_growing = not self.is_held
        except OSError:
            self.release()

    def release(self) -> bool:
        """Give the room up; False when there is none to give."""
        if not self.is_held and not self.is_growing:
            return False
        self.is_held = self.is_growing = False
        try:
            self._disk.truncate(self._name, 0)
        except OSError:
            return False
        return True
