"""A polled line on the bench: a device, a fake at the other end, and a clock in the test's hand."""

import random
from typing import Any

from casefield.fakes.serving import Fake
from casewire import UNKNOWN

SCAN_MS = 5


class Wire:
    """The device's end of the line. Each byte may be cut, or damaged bit by bit with a seed."""

    def __init__(self, fake: Fake) -> None:
        self.is_open = True
        self.is_cut = False
        self.written: list[bytes] = []
        self.now_ms = 0
        self._fake = fake
        self._coming = b""
        self._bit_errors = 0.0
        self._chance = random.Random(0)

    def make_noisy(self, bit_errors: float, seed: int) -> None:
        self._bit_errors, self._chance = bit_errors, random.Random(seed)

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))
        if self.is_open and not self.is_cut:
            self._fake.feed(self._damaged(data), self.now_ms)

    def read(self, most: int) -> bytes | None:
        coming = self._damaged(self._fake.due(self.now_ms))
        if self.is_open and not self.is_cut:
            self._coming += coming
        data, self._coming = self._coming[:most], self._coming[most:]
        return data or None

    def _damaged(self, data: bytes) -> bytes:
        if not self._bit_errors:
            return data
        out = bytearray(data)
        for at in range(len(out) * 8):
            if self._chance.random() < self._bit_errors:
                out[at // 8] ^= 1 << at % 8
        return bytes(out)


class BusBench:
    """`device(wire)` makes the device. `run` lets time pass and returns what changed."""

    def __init__(self, device: Any, fake: Any) -> None:
        self.fake = fake
        self.wire = Wire(fake)
        self.now_ms = 1000
        self.wire.now_ms = self.now_ms
        self.device = device(self.wire)
        self.changes: list[tuple[Any, ...]] = []

    def run(self, duration_ms: int) -> list[tuple[Any, ...]]:
        fresh: list[tuple[Any, ...]] = []
        for _ in range(0, duration_ms, SCAN_MS):
            self.now_ms += SCAN_MS
            self.wire.now_ms = self.now_ms
            fresh += self.device.poll(self.now_ms)
        self.changes += fresh
        return fresh

    def until(self, change: tuple[Any, ...], most_ms: int = 5000) -> int:
        """Run until a change that begins so; return the milliseconds it took."""
        since_ms = self.now_ms
        while self.now_ms - since_ms < most_ms:
            if any(found[: len(change)] == change for found in self.run(SCAN_MS)):
                return self.now_ms - since_ms
        raise AssertionError(f"expected {change} within {most_ms} ms, found {self.changes[-5:]}")

    def put(self, point: int, state: int, valid_ms: int = 5000) -> None:
        self.device.put(point, state, valid_ms, self.now_ms)

    def state(self, point: int) -> int:
        return dict(self.device.states()).get(point, UNKNOWN)

    def trouble(self, point: int) -> int:
        return dict(self.device.troubles()).get(point, 0)
