"""The cables between nodes and gateway: two ptys each, joined here, so that a cable can be pulled.

A pty is what a serial port looks like to a program. The node opens one end, the gateway another; this
module passes the bytes on, unchanged, and can record them. When nobody reads, bytes are lost, as
on a real line: the protocol above has to bear it.
"""

import os
import selectors
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

CHUNK: Final = 65_536
TO_GATEWAY: Final = "up"
TO_NODE: Final = "down"

Record = Callable[[int, str, str, bytes], None]
"""Called with (monotonic ns, cable, direction, bytes) for every piece that passes."""


@dataclass(slots=True)
class _End:
    """One pty: `path` is for the program, `master` is ours; `slave` stays open so that a program
    that ends does not hang the line up."""

    master: int
    slave: int
    path: str


def _open_end() -> _End:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    return _End(master, slave, os.ttyname(slave))


@dataclass(slots=True)
class Cable:
    """One cable. `is_cut`: nothing passes. `lost`: bytes that nobody took."""

    name: str
    node_end: _End
    gateway_end: _End
    is_cut: bool = False
    passed: dict[str, int] = field(default_factory=lambda: {TO_GATEWAY: 0, TO_NODE: 0})
    lost: dict[str, int] = field(default_factory=lambda: {TO_GATEWAY: 0, TO_NODE: 0})

    @property
    def node_path(self) -> str:
        """What the node opens as its serial port."""
        return self.node_end.path

    @property
    def gateway_path(self) -> str:
        """What the gateway opens as its serial port."""
        return self.gateway_end.path


class Cables:
    """All cables of a station and the thread that passes their bytes on."""

    def __init__(self, record: Record | None = None) -> None:
        """No cable yet. `record` is called from the passing thread."""
        self.all: dict[str, Cable] = {}
        self.record = record
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="cables", daemon=True)
        self._is_closing = False

    def add(self, name: str) -> Cable:
        """Lay a cable; call before `start`."""
        cable = Cable(name, _open_end(), _open_end())
        self.all[name] = cable
        for end, other, direction in (
            (cable.node_end, cable.gateway_end, TO_GATEWAY),
            (cable.gateway_end, cable.node_end, TO_NODE),
        ):
            self._selector.register(end.master, selectors.EVENT_READ, (cable, other.master, direction))
        return cable

    def start(self) -> None:
        """Begin to pass bytes."""
        self._thread.start()

    def _run(self) -> None:
        while not self._is_closing:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._pass_on(int(key.fd), *key.data)

    def _pass_on(self, source: int, cable: Cable, target: int, direction: str) -> None:
        try:
            data = os.read(source, CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        if cable.is_cut:
            cable.lost[direction] += len(data)
            return
        if self.record is not None:
            self.record(time.monotonic_ns(), cable.name, direction, data)
        try:
            written = os.write(target, data)
        except BlockingIOError:
            written = 0
        cable.passed[direction] += written
        cable.lost[direction] += len(data) - written

    def close(self) -> None:
        """Stop passing and close all ends."""
        self._is_closing = True
        os.write(self._woken, b"x")
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()
        for cable in self.all.values():
            for end in (cable.node_end, cable.gateway_end):
                for descriptor in (end.master, end.slave):
                    with suppress(OSError):
                        os.close(descriptor)
        for descriptor in (self._wake, self._woken):
            os.close(descriptor)
