"""A fake as a process of its own: its end of a serial line on one side, lines of text on standard input."""

import os
import select
import sys
import time
import tty
from collections.abc import Callable
from typing import Protocol

READ_BYTES_MAX = 4_096
TURN_MS = 2
"""How often a fake looks whether an answer is due."""


class Fake(Protocol):
    """A device that behaves, without a clock or a line of its own."""

    def feed(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line."""

    def due(self, now_ms: int) -> bytes:
        """What it puts on the line now."""

    def news(self) -> list[str]:
        """What happened since last asked, a line each, for whoever holds the process."""


def now_ms() -> int:
    """A steady clock."""
    return time.monotonic_ns() // 1_000_000


def serve(fake: Fake, path: str, obey: Callable[[str], None]) -> int:
    """Speak on the serial line (or pty) at `path` until standard input ends; each line of it goes to `obey`.

    Prints `ready` when the line is open, then the fake's news. A line that goes away ends the process: 1.
    """
    line = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(line)
    _say("ready")
    heard = b""
    while True:
        readable, _, _ = select.select([line, 0], [], [], TURN_MS / 1_000)
        try:
            if line in readable:
                fake.feed(os.read(line, READ_BYTES_MAX), now_ms())
            answer = fake.due(now_ms())
            if answer:
                os.write(line, answer)
        except OSError as error:
            _say(f"line lost: {os.strerror(error.errno or 0)}")
            return 1
        for news in fake.news():
            _say(news)
        if 0 in readable:
            data = os.read(0, READ_BYTES_MAX)
            if not data:
                return 0
            *lines, heard = (heard + data).split(b"\n")
            for text in lines:
                obey(text.decode("utf-8", "replace").strip())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
