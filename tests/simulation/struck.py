"""A disk that is struck at one operation of a run: power goes in it, or it is refused."""

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.simulation.disk import SECTOR_BYTES, SimDisk
from tests.simulation.kernel import Kernel

TAILS = ("lost", "kept", "torn", "hole", "flipped", "zeros")
"""What is there after the power cut of what was not synced: nothing, all, its first half, all but a sector, all but a bit,
all but its second half, which reads as zero bytes."""
ERRORS = ("EIO", "ENOSPC", "EROFS")
"""EIO once; no room, or read-only, from then on for a while. A write without room leaves its first half."""
ERRORS_OF_SYNC = ("EIO",)
"""The log does the same whatever an fsync is refused for."""
REFUSED_US = 12_000_000

Files = dict[str, tuple[Any, bytes, int, list[tuple[int, int]]]]


@dataclass(frozen=True)
class Strike:
    """Operation `at` of the run, from 0; `way`: one of `TAILS` or `ERRORS`; `is_second`: of the second disk."""

    at: int
    way: str
    is_second: bool = False


@dataclass(frozen=True)
class Operation:
    """What the disk was asked in an unbroken run, and when. `images`: way -> digest of what a power cut in it leaves."""

    name: str
    at_us: int
    moment: tuple[int, int]
    images: dict[str, str] = field(default_factory=dict)


class StruckDisk(SimDisk):
    """`operated`: what was asked so far; `cached`, `durable`: files at the strike, before the power came back."""

    def __init__(self, kernel: Kernel, like: SimDisk, strike: Strike | None, own_tail: str | None) -> None:
        super().__init__(like.capacity_bytes)
        self._kernel = kernel
        self._strike = strike
        self._own_tail = own_tail  # of cuts that the scene brings itself; None: by chance
        self._coming: tuple[str, bytes] | None = None
        self.operated: list[Operation] = []
        self.struck_us: int | None = None
        self.cached: dict[str, bytes] = {}
        self.durable: dict[str, int] = {}

    @property
    def way(self) -> str:
        """How it is struck, "" for not at all."""
        return "" if self._strike is None else self._strike.way

    def append(self, name: str, data: bytes) -> None:
        if self._is_now():
            if self.way in TAILS:
                self.cut_at = self.operations
            elif self.way == "ENOSPC" and not self._off:
                self._begin_refusing()
                self.capacity_bytes = self._used_bytes() + len(data) // 2
        self._coming = name, data
        super().append(name, data)

    def _operate(self, operation: str, in_flight: Callable[[], None] | None = None) -> None:
        if not self._off:
            is_now = self._is_now()
            images = self._images(in_flight) if self._strike is None else {}
            moment = self._kernel.now_us, self._kernel._asked
            self.operated.append(Operation(operation, self._kernel.now_us, moment, images))
            self._coming = None
            if is_now:
                self._hit(operation)
        super()._operate(operation, in_flight)

    def _is_now(self) -> bool:
        return self._strike is not None and self.struck_us is None and len(self.operated) == self._strike.at

    def _begin_refusing(self) -> None:
        self.struck_us = self._kernel.now_us
        self._kernel.after(REFUSED_US, self.heal)

    def _hit(self, operation: str) -> None:
        if self.way in TAILS:
            self.struck_us = self._kernel.now_us
            self.cut_at = self.operations
            return
        self._begin_refusing()
        if self.way == "EROFS":
            self.is_read_only = True
        elif self.way == "ENOSPC":
            self.capacity_bytes = self._used_bytes()
        self.operations += 1
        raise OSError(getattr(errno, self.way), "injected fault", operation)

    # --- the power cut ----------------------------------------------------------------------

    def power_cut(self, rng: random.Random) -> None:
        way = self._own_tail
        if self._off and self.struck_us is not None and not self.cached:
            way = self.way
            for file in self._files.values():
                file.drop_clean()  # what a failed sync dropped was never written
            self.cached = {name: bytes(file.cached) for name, file in self._files.items()}
            self.durable = {name: file.durable_bytes for name, file in self._files.items()}
        if way is None:
            super().power_cut(rng)
        else:
            self._crash(way)

    def _crash(self, way: str) -> None:
        starts = {name: file.durable_bytes for name, file in self._files.items()}
        self.crash(*{"lost": (0.0, 0.0), "torn": (0.5, 0.0), "zeros": (1.0, 0.5)}.get(way, (1.0, 0.0)))
        for name, start in starts.items():
            data = self._files[name].cached if name in self._files else bytearray()
            tail_bytes = len(data) - start
            if tail_bytes <= 0:
                continue
            if way == "hole":
                end = min(start - start % SECTOR_BYTES + SECTOR_BYTES, start + (tail_bytes + 1) // 2)
                data[start:end] = bytes(end - start)
            elif way == "flipped":
                data[start + tail_bytes // 3] ^= 1 << tail_bytes % 8

    def _images(self, in_flight: Callable[[], None] | None) -> dict[str, str]:
        """Try every way of a power cut in this operation, and take it back."""
        files = self._files
        kept: Files = {n: (f, bytes(f.cached), f.durable_bytes, list(f.holes)) for n, f in files.items()}
        faults, cut_at = dict(self._faults), self.cut_at
        found = {}
        for way in TAILS:
            self._files, self._in_flight = dict(files), in_flight
            if self._coming is not None:
                self._files[self._coming[0]].cached += self._coming[1]
            self._crash(way)
            found[way] = _digest(self._files)
            for file, cached, durable_bytes, holes in kept.values():
                file.cached[:], file.durable_bytes, file.holes = cached, durable_bytes, holes
        self._files, self._faults, self.cut_at = files, faults, cut_at
        return found


def _digest(files: dict[str, Any]) -> str:
    digest = sha256()
    for name in sorted(files):
        digest.update(f"{name} {len(files[name].cached)}\n".encode() + files[name].cached)
    return digest.hexdigest()
