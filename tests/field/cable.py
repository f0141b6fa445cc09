"""A cable of ptys: one end for the gateway, one for each device, and all that happens to cables.

As on RS-485 what one end says is heard by all others. A thread carries the bytes.
"""

import contextlib
import os
import random
import select
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

TURN_S = 0.002
CHUNK_BYTES = 4_096
GATEWAY = -1
"""The gateway's end; the devices' ends count from 0."""


def steady_ms() -> int:
    """The clock of the tests over ptys."""
    return time.monotonic_ns() // 1_000_000


class _End:
    """A pty under a name that stays when it is pulled out and put in again."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.is_cut = False
        self.master = self.slave = -1
        self.plug()

    def plug(self) -> None:
        self.master, self.slave = os.openpty()  # our slave stays open: no hang-up while nobody has opened it
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.name.symlink_to(os.ttyname(self.slave))

    def unplug(self) -> None:
        if self.master >= 0:
            self.name.unlink()
            os.close(self.master)
            os.close(self.slave)
        self.master = self.slave = -1


class Cable:
    """`folder` takes the names of the ends. Use as a context; all may be called from the test's thread.

    cut_at     which piece (end, bytes) is the first that is lost: from it on its end is cut
    carried    [(ms, end, bytes)] as the ends sent them, before noise
    damaged    bytes that noise changed
    """

    def __init__(self, folder: Path, devices: int = 1) -> None:
        self.cut_at: Callable[[int, bytes], bool] = lambda _end, _data: False
        self.carried: list[tuple[int, int, bytes]] = []
        self.damaged = 0
        self._noise = 0.0
        self._chance = random.Random(0)
        self._lock = threading.Lock()
        self._ends = {at: _End(folder / f"line{at}") for at in range(devices)}
        self._ends[GATEWAY] = _End(folder / "gateway")
        self._coming: list[tuple[int, int, bytes]] = []  # from, to, what
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join(5)
        for end in self._ends.values():
            end.unplug()

    def path(self, end: int = GATEWAY) -> str:
        """What to open at this end."""
        return str(self._ends[end].name)

    def cut(self, end: int = GATEWAY) -> None:
        """Nothing comes from or to this end; what is on its way is lost."""
        with self._lock:
            self._ends[end].is_cut = True
            self._coming = [each for each in self._coming if end not in each[:2]]

    def join(self, end: int = GATEWAY) -> None:
        """The cable is whole again."""
        with self._lock:
            self._ends[end].is_cut = False
            self.cut_at = lambda _end, _data: False

    def unplug(self, end: int = GATEWAY) -> None:
        """The adapter is pulled out: its device file goes."""
        with self._lock:
            self._ends[end].unplug()

    def plug(self, end: int = GATEWAY) -> None:
        """Put in again, under the same name."""
        with self._lock:
            self._ends[end].plug()

    def noise(self, rate: float, seed: int = 1) -> None:
        """One bit of each byte is turned with this probability, by a seeded chance; 0 ends it."""
        with self._lock:
            self._noise, self._chance = rate, random.Random(seed)

    def put(self, data: bytes, end: int = GATEWAY) -> None:
        """Bytes out of nowhere arrive at this end."""
        with self._lock:
            self._coming.append((end, end, data))

    def _carry(self) -> None:
        while not self._is_over.is_set():
            masters = [end.master for end in self._ends.values() if end.master >= 0]
            with contextlib.suppress(OSError, ValueError):  # an end was pulled out this moment
                select.select(masters, [], [], TURN_S)
            with self._lock:
                for at, end in self._ends.items():
                    self._take(at, end)
                self._deliver()

    def _take(self, at: int, end: _End) -> None:
        if end.master < 0:
            return
        try:
            data = os.read(end.master, CHUNK_BYTES)
        except OSError:
            return
        self.carried.append((steady_ms(), at, data))
        end.is_cut |= self.cut_at(at, data)
        if end.is_cut:
            return
        data = self._spoil(data)
        for to in self._ends:
            if to != at:
                self._coming.append((at, to, data))

    def _spoil(self, data: bytes) -> bytes:
        if not self._noise:
            return data
        spoiled = bytearray(data)
        for at in range(len(spoiled)):
            if self._chance.random() < self._noise:
                spoiled[at] ^= 1 << self._chance.randrange(8)
                self.damaged += 1
        return bytes(spoiled)

    def _deliver(self) -> None:
        for _, to, data in self._coming:
            end = self._ends[to]
            if end.master >= 0 and not end.is_cut:
                with contextlib.suppress(OSError):  # nobody reads there and the buffer is full
                    os.write(end.master, data)
        self._coming.clear()
