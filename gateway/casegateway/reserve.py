"""Room kept back on the log's disk, so that facts can still be written when everything else has filled it."""

from casegateway.limits import RESERVE_CHUNK_BYTES
from caselog.disk import Disk

NAME = "reserve"


class Reserve:
    """A file of zeros beside the segments, given up when a fact finds no room. `bytes_wanted` 0: none."""

    def __init__(self, disk: Disk, bytes_wanted: int) -> None:
        """Nothing is written before `make`."""
        self.bytes_wanted = bytes_wanted
        self._disk = disk
        self.is_held = False

    def make(self) -> None:
        """Fill the file, if there is room; without room nothing stays. Raises `OSError` for anything else."""
        if not self.bytes_wanted or self._disk.free_bytes() < self.bytes_wanted - self._held_bytes():
            return
        if NAME not in self._disk.list_names():
            self._disk.create(NAME)
        try:
            while (missing := self.bytes_wanted - self._disk.size(NAME)) > 0:
                self._disk.append(NAME, bytes(min(missing, RESERVE_CHUNK_BYTES)))
            self._disk.sync(NAME)
        except OSError:
            self._disk.truncate(NAME, 0)
            return
        self.is_held = True

    def release(self) -> bool:
        """Give the room up; False when it was given up before."""
        if not self.is_held:
            return False
        self.is_held = False
        self._disk.truncate(NAME, 0)
        return True

    def _held_bytes(self) -> int:
        return self._disk.size(NAME) if NAME in self._disk.list_names() else 0
