"""A MicroPython process as a board on a USB port, for mpremote's own code: at its transport, or on a pty."""

import os
import select
import subprocess
import threading
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

from mpremote.transport_serial import SerialTransport

from tests.node import micropython

SERVE = """
import sys
board = {"__name__": "__main__"}
while True:
    line = sys.stdin.readline()
    if not line:
        break
    error = None
    try:
        exec(bytes.fromhex(line.strip()).decode(), board)
    except Exception as caught:
        error = caught
    sys.stdout.write("\\x04")
    if error is not None:
        sys.print_exception(error, sys.stdout)
    sys.stdout.write("\\x04\\n")
"""


class Board(SerialTransport):
    """mpremote's way to a board, led to a MicroPython process instead of a serial port.

    mpremote's own code does the rest: it makes folders, compares hashes and writes files by
    running lines of Python over there. Only the raw REPL's framing is another.
    """

    def __init__(self, unix_port: list[str], flash: Path | None = None) -> None:
        """`flash`: the folder that is the board's file system; this one's own when left out."""
        self.process = subprocess.Popen(
            [*unix_port, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=flash,
            env=micropython.environment("", None, path=[micropython.STANDIN]),
        )  # fmt: skip

    def exec_raw(self, command, timeout=10, data_consumer=None) -> tuple[bytes, bytes]:
        text = command if isinstance(command, bytes) else command.encode()
        self.process.stdin.write(text.hex().encode() + b"\n")
        answer = b""
        while answer.count(b"\x04") < 2:
            some = self.process.stdout.read(4096)
            assert some, "expected an answer, found the interpreter gone"
            answer += some
        out, error, _ = answer.split(b"\x04")
        return out, error

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class SerialBoard:
    """A board's serial port on a pty: the raw REPL as docs.micropython.org describes it, in front of a MicroPython process.

    `starts` are the starts it had; in each the board runs main.py where it is held, as it then comes back at once. Where
    it is not held a node would run until Ctrl-C, which is the first that comes over the port.
    """

    def __init__(self, unix_port: list[str], flash: Path) -> None:
        self.unix_port, self.flash = unix_port, flash
        self.starts: list[str] = []

    def __enter__(self) -> Self:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.port = os.ttyname(self._theirs)
        self._ends, self._end = os.pipe()
        self._start()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.write(self._end, b"x")
        self._thread.join()
        self._board.close()
        for descriptor in (self._ours, self._theirs, self._ends, self._end):
            os.close(descriptor)

    def _start(self) -> None:
        is_held = (self.flash / "hold").exists()
        self.starts.append("held" if is_held else "node")
        self._board = Board(self.unix_port, self.flash)
        if is_held:
            self._board.exec("with open('main.py') as file:\n exec(file.read(), {})")

    def _serve(self) -> None:
        code = b""
        while self._ends not in (ready := select.select([self._ours, self._ends], [], [])[0]):
            for byte in os.read(self._ours, 4096) if ready else b"":
                if byte == 0x01 and code == b"\x05A":  # raw paste is asked for, and not had here
                    os.write(self._ours, b"R\x00")
                    code = b""
                elif byte == 0x01:  # Ctrl-A: raw REPL
                    os.write(self._ours, b"raw REPL; CTRL-B to exit\r\n>")
                    code = b""
                elif byte == 0x04:
                    self._run(code)
                    code = b""
                elif byte not in (0x02, 0x03):
                    code += bytes((byte,))

    def _run(self, code: bytes) -> None:
        os.write(self._ours, b"OK")
        try:
            out, error = self._board.exec_raw(code)
        except (AssertionError, OSError):  # the process is gone: a reset
            self._board.close()
            self._start()
            return
        os.write(self._ours, out + b"\x04" + error + b"\x04>")
