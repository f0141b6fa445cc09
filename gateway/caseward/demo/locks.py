"""The lock board of a cabinet in the demo: the fake of docs/devices/krcu.md at the end of a pty, and hands at its doors."""

import os
import selectors
import threading
import time
import tty
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from casefield.fakes.krcu_board import FakeBoards

READ_BYTES_MAX: Final = 4_096
TURN_S: Final = 0.01
BRIEF_MS: Final = 1_000  # ten times as long as the node needs to see it
BOARD: Final = 0
SHUT, LET_GO, OPEN = "shut", "let_go", "open"
"""How a compartment stands: its hook holds; it has let go and nobody has pulled; its door stands open."""


@dataclass(slots=True)
class _Door:
    """One compartment. `hand` pulls it when its hook lets go; `is_brief`: and shuts it at `shut_ms`, a moment later."""

    lock: int
    hand: bool = False
    is_brief: bool = False
    is_open: bool = False
    shut_ms: int | None = None


class LockBoard:
    """The board and its doors. Every method may be called from any thread."""

    def __init__(self, locks: Mapping[str, int]) -> None:
        """`locks`: compartment -> number of its lock. Nothing answers before `start`."""
        self._boards = FakeBoards("cu16", [BOARD])
        self._doors = {name: _Door(lock) for name, lock in locks.items()}
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lock board", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def pull(self, name: str) -> None:
        """A hand is at the door: it opens as soon as the hook lets go, or now when it has."""
        with self._lock:
            self._doors[name].hand = True
            self._follow(_now_ms())

    def push(self, name: str) -> None:
        """The door is shut until the hook holds; one that the hand still waits at is opened for a moment when its hook lets go."""
        with self._lock:
            door = self._doors[name]
            if self._boards.is_shut(BOARD, door.lock):
                door.is_brief = door.hand
            else:
                self._shut(door)

    def state(self, name: str) -> str:
        """SHUT, LET_GO or OPEN."""
        with self._lock:
            door = self._doors[name]
            if door.is_open:
                return OPEN
            return SHUT if self._boards.is_shut(BOARD, door.lock) else LET_GO

    def _shut(self, door: _Door) -> None:
        door.hand = door.is_brief = door.is_open = False
        door.shut_ms = None
        self._boards.set_sense(BOARD, door.lock, on=False)
        self._boards.set_hook(BOARD, door.lock, shut=True)

    def _follow(self, now_ms: int) -> None:
        for door in self._doors.values():
            if door.hand and not self._boards.is_shut(BOARD, door.lock):
                door.hand, door.is_open = False, True
                self._boards.set_sense(BOARD, door.lock, on=True)
                door.shut_ms = now_ms + BRIEF_MS if door.is_brief else None
            if door.shut_ms is not None and now_ms >= door.shut_ms:
                self._shut(door)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            while not self._is_over.is_set():
                selector.select(TURN_S)
                self._turn(_now_ms())

    def _turn(self, now_ms: int) -> None:
        with self._lock, suppress(BlockingIOError):
            with suppress(BlockingIOError):
                self._boards.feed(os.read(self._master, READ_BYTES_MAX), now_ms)
            answer = self._boards.due(now_ms)
            self._follow(now_ms)
            if answer:
                os.write(self._master, answer)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
