"""A recorder with a status line on RS-232 that behaves.

    python -m casefield.fakes.serial_recorder --port PATH [--every 200] [--asked]

Self-made: no maker's protocol is behind it. It says, as recorders with a status printer do, a line such as
`CH1 REC ON HDD 037% FRM 000123 14:03:20`, each `--every` ms or, with `--asked`, when it is told `STATUS?` and a CR.

Lines on standard input: `start`, `stop`, `silent`, `back`, `lie none|still|frozen|full|babble|half`, `end crlf|lf|cr`.
still: it says that it records and its counter of pictures stands. frozen: its clock stands too. full: its disk is full and
it says that it records. babble: lines that say nothing of it. half: each line without its end and its second half.
"""

import argparse
import sys
import time

from casefield.fakes.serving import serve

ASK = b"STATUS?\r"
HEARD_BYTES_MAX = 200
FRAMES_PER_S = 25
DISK_FRAMES = 100_000
"""Pictures that one percent of its disk holds."""
LIES = ("none", "still", "frozen", "full", "babble", "half")
ENDS = {"crlf": b"\r\n", "lf": b"\n", "cr": b"\r"}
_BABBLE = b"OPERATOR LI SI LOGGED IN"


class FakeRecorder:
    """One recorder. `asks` counts the questions it has heard."""

    def __init__(self, every_ms: int, *, is_asked: bool) -> None:
        self.is_recording = False
        self.is_silent = False
        self.lie = "none"
        self.end = ENDS["crlf"]
        self.asks = 0
        self._every_ms = every_ms
        self._is_asked = is_asked
        self._heard = b""
        self._owes = 0  # answers
        self._next_ms = 0
        self._frames = 0.0
        self._last_ms: int | None = None
        self._clock = ""

    def feed(self, data: bytes, now_ms: int) -> None:
        """Hear what it is told; anything but its question it does not understand."""
        self._heard = (self._heard + data)[-HEARD_BYTES_MAX:]
        while ASK in self._heard:
            _, _, self._heard = self._heard.partition(ASK)
            self.asks += 1
            self._owes += self._is_asked

    def due(self, now_ms: int) -> bytes:
        """A line when it is time, or when it was asked."""
        passed_ms = 0 if self._last_ms is None else now_ms - self._last_ms
        self._last_ms = now_ms
        if self.is_recording and self.lie not in ("still", "frozen"):
            self._frames += passed_ms * FRAMES_PER_S / 1_000
        if self._is_asked:
            is_due, self._owes = self._owes > 0, 0
        else:
            is_due = now_ms >= self._next_ms
        if not is_due:
            return b""
        self._next_ms = now_ms + self._every_ms
        return b"" if self.is_silent else self._line()

    def news(self) -> list[str]:
        """None."""
        return []

    def _line(self) -> bytes:
        if self.lie == "babble":
            return _BABBLE + self.end
        if self.lie != "frozen" or not self._clock:
            self._clock = time.strftime("%H:%M:%S")
        free = 0 if self.lie == "full" else max(1, 37 - int(self._frames) // DISK_FRAMES)
        word = "REC ON" if self.is_recording else "REC OFF"
        line = f"CH1 {word} HDD {free:03d}% FRM {int(self._frames):06d} {self._clock}".encode()
        return line[: len(line) // 2] if self.lie == "half" else line + self.end


def obey(fake: FakeRecorder, text: str) -> None:
    """Do what a line of the list above says."""
    match text.split():
        case ["start" | "stop" as word]:
            fake.is_recording = word == "start"
        case ["silent" | "back" as word]:
            fake.is_silent = word == "silent"
        case ["lie", lie] if lie in LIES:
            fake.lie = lie
        case ["end", end] if end in ENDS:
            fake.end = ENDS[end]
        case _:
            sys.stderr.write(f"expected a line of the list of this fake, found {text!r}\n")


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.serial_recorder")
    parser.add_argument("--port", required=True)
    parser.add_argument("--every", type=int, default=200, help="milliseconds between its lines")
    parser.add_argument("--asked", action="store_true", help="speak only when asked")
    options = parser.parse_args(arguments)
    fake = FakeRecorder(options.every, is_asked=options.asked)
    return serve(fake, options.port, lambda text: obey(fake, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
