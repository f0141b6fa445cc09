"""A disk that behaves like the worst that is still a disk."""

import errno
import random

from caselog.memorydisk import MemoryDisk

SECTOR_BYTES = 512


class SimDisk(MemoryDisk):
    """`MemoryDisk`, and: torn sectors, flipped bits in what was never synced, read-only, an fsync that lies.

    `is_lying`: sync reports success and makes nothing durable; how much was lost by that is told by `lies_told`.
    """

    def __init__(self, capacity_bytes: int | None = None) -> None:
        super().__init__(capacity_bytes)
        self.is_read_only = False
        self.is_lying = False
        self.lies_lost_bytes = 0
        self.is_dead = False

    def sync(self, name: str) -> None:
        if not self.is_lying:
            super().sync(name)
            return
        file = self._file(name)
        before = file.durable_bytes
        super().sync(name)
        file.durable_bytes = before

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        if self.is_dead:
            raise OSError(errno.EIO, "dead medium", name)
        return super().read(name, offset, size)

    def _operate(self, operation: str, in_flight: object = None) -> None:
        if self.is_read_only or self.is_dead:
            self.operations += 1
            raise OSError(errno.EIO if self.is_dead else errno.EROFS, "injected fault", operation)
        super()._operate(operation, in_flight)  # type: ignore[arg-type]

    def power_cut(self, rng: random.Random) -> None:
        """Power off and on; what was not synced stays, goes or is garbled by chance."""
        tails = {name: file.durable_bytes for name, file in self._files.items()}
        if self.is_lying:
            self.lies_lost_bytes += sum(len(f.cached) - f.durable_bytes for f in self._files.values())
        self.crash(rng.choice((0.0, 0.0, 1.0, rng.random())), rng.choice((0.0, 0.0, rng.random())))
        way = rng.random()
        for name, start in tails.items():
            if name not in self._files:  # the exchange that power ended has happened
                continue
            data = self._files[name].cached
            if len(data) <= start:
                continue
            if way < 0.25:  # some sectors of the tail never arrived
                for sector in range(start // SECTOR_BYTES, len(data) // SECTOR_BYTES + 1):
                    low, high = max(start, sector * SECTOR_BYTES), min(len(data), (sector + 1) * SECTOR_BYTES)
                    if low < high and rng.random() < 0.4:
                        data[low:high] = bytes(high - low)
            elif way < 0.5:
                data[rng.randrange(start, len(data))] ^= 1 << rng.randrange(8)

    def rot(self, name: str, offset: int, mask: int) -> None:
        """A bit of old, durable bytes turns."""
        self.flip(name, offset, mask)

    def heal(self) -> None:
        """Everything works again; what was lost stays lost."""
        self.is_read_only = self.is_lying = self.is_dead = False
        self.capacity_bytes = None
        self._faults.clear()
