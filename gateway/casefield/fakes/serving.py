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


class TagFake(Protocol):
    """A reader that behaves: what lies on it, whether it speaks, how it lies."""

    tags: list[bytes]
    is_silent: bool
    lie: str


def tag_words(fake: TagFake, lies: tuple[str, ...], text: str) -> None:
    """Do what `lay UID`, `lift UID`, `silent`, `back` or `lie X` says; another line is answered on standard error."""
    match text.split():
        case ["lay" | "lift" as word, digits] if _is_uid(digits):
            uid = bytes.fromhex(digits)
            fake.tags = [tag for tag in fake.tags if tag != uid] + ([uid] if word == "lay" else [])
        case ["silent" | "back" as word]:
            fake.is_silent = word == "silent"
        case ["lie", lie] if lie in lies:
            fake.lie = lie
        case _:
            sys.stderr.write(f"expected a line of the list of this fake, found {text!r}\n")


def _is_uid(digits: str) -> bool:
    return len(digits) % 2 == 0 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


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
