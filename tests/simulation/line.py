"""A serial line: bytes in order, at a speed, and everything that goes wrong with copper."""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.simulation.kernel import Kernel

US_PER_BYTE = 87  # 115200 baud, ten bits a byte
HEARD_MAX = 160  # chunks that somebody with a clip on the wire remembers

TO_GATEWAY, TO_NODE = "to_gateway", "to_node"


SPECKS = (b"\x01\x00", b"\x02U\x00", b"\x03UU\x00")
"""Well stuffed, and shorter than any frame."""


class Line:
    """`faults`: name -> settings of what is wrong now; each draws from its own stream.

    lose, lose_to_gateway: {p} of each chunk; flip: {p} of each byte; swallow: {p} of each byte; garbage: {p} of each chunk; double: {p} of each chunk; merge:
    {p} of each chunk, held until the next; late: {ms} at most; slow: {ms}, exactly so late to the node; echo: {ms}, what goes to the node comes again; cut, cut_to_node, cut_to_gateway: nothing goes through.
    """

    def __init__(
        self, kernel: Kernel, to_gateway: Callable[[bytes], None], to_node: Callable[[bytes], None]
    ) -> None:
        self._kernel = kernel
        self._ends = {TO_GATEWAY: to_gateway, TO_NODE: to_node}
        self._free_us = {TO_GATEWAY: 0, TO_NODE: 0}
        self._held = {TO_GATEWAY: b"", TO_NODE: b""}
        self.faults: dict[str, tuple[dict[str, Any], random.Random]] = {}
        self.slow_us = 0  # of every chunk: what an adapter holds back
        self.genuine_us = 0  # true time at which the last bytes of a board itself reached the gateway
        self.cut_since: dict[str, int] = {}  # kind of cut that lasts -> true time of its beginning
        self.heard: dict[str, deque[tuple[int, bytes]]] = {  # when, and what
            TO_GATEWAY: deque(maxlen=HEARD_MAX),
            TO_NODE: deque(maxlen=HEARD_MAX),
        }

    def send(self, way: str, data: bytes) -> None:
        """Put bytes on the wire."""
        if not data:
            return
        self.heard[way].append((self._kernel.now_us, data))
        if "cut" in self.faults or f"cut_{way}" in self.faults:
            return
        if "echo" in self.faults and way == TO_NODE:
            settings, _ = self.faults["echo"]
            self._kernel.after(settings["ms"] * 1_000, self.inject, way, data)
        self._pass(way, self._spoil(way, data), is_genuine=True)

    def inject(self, way: str, data: bytes) -> None:
        """Somebody else puts bytes on the wire."""
        if "cut" not in self.faults:
            self._pass(way, data)

    def _pass(self, way: str, data: bytes, *, is_genuine: bool = False) -> None:
        if not data:
            return
        late_us = 0
        if "late" in self.faults:
            settings, rng = self.faults["late"]
            late_us = rng.randrange(settings["ms"] * 1_000)
        if "slow" in self.faults and way == TO_NODE:
            late_us += self.faults["slow"][0]["ms"] * 1_000
        now_us = self._kernel.now_us
        at_us = max(now_us + 300 + self.slow_us + late_us, self._free_us[way]) + len(data) * US_PER_BYTE
        self._free_us[way] = at_us
        self._kernel.at(at_us, self._arrive, way, data, is_genuine)

    def _arrive(self, way: str, data: bytes, is_genuine: bool) -> None:
        if "cut" not in self.faults and f"cut_{way}" not in self.faults:
            if is_genuine and way == TO_GATEWAY:
                self.genuine_us = self._kernel.now_us
            self._ends[way](data)

    def _spoil(self, way: str, data: bytes) -> bytes:
        for name in ("lose", f"lose_{way}"):
            if name in self.faults:
                settings, rng = self.faults[name]
                if rng.random() < settings["p"]:
                    return b""
        for name in ("flip", "swallow"):
            if name in self.faults:
                settings, rng = self.faults[name]
                data = _spoilt(data, settings["p"], rng, is_flip=name == "flip")
        if "garbage" in self.faults:
            settings, rng = self.faults["garbage"]
            if rng.random() < settings["p"]:
                is_speck = rng.random() < 0.3
                data = (rng.choice(SPECKS) if is_speck else rng.randbytes(rng.randrange(1, 40))) + data
        if "double" in self.faults:
            settings, rng = self.faults["double"]
            if rng.random() < settings["p"]:
                data = data + data
        held, self._held[way] = self._held[way], b""
        data = held + data
        if "merge" in self.faults:
            settings, rng = self.faults["merge"]
            if rng.random() < settings["p"] and len(data) < 2_000:
                self._held[way] = data
                return b""
        return data


def _spoilt(data: bytes, p: float, rng: random.Random, *, is_flip: bool) -> bytes:
    out = bytearray()
    for byte in data:
        if rng.random() >= p:
            out.append(byte)
        elif is_flip:
            out.append(byte ^ (1 << rng.randrange(8)))
    return bytes(out)
