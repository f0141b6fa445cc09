"""A node as a process of its own on a pty, with this test as its gateway and its hardware."""

import os
import select
import signal
import subprocess
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from casewire import FROM_GATEWAY, FROM_NODE, Ack, Decoder, Frame, Message, encode
from tests.node import micropython
from tests.node.bench import GATEWAY_BOOT, KEY, NODE, settings

WAIT_SECONDS_MAX = 40.0


class Station:
    """Start with `with`; the node ends with it. Frames heard are kept in `heard`, in order."""

    def __init__(self, folder: Path, interpreter: Sequence[str], **changes: object) -> None:
        self.folder = folder
        self.interpreter = interpreter
        self.config = micropython.write_config(folder / "config.json", settings(**changes))
        self.fifo = folder / "hardware"
        self.outputs = folder / "hardware.out"
        self.heard: list[Frame] = []
        self.acking = True
        self.wired = (1, 2)  # input pins whose contact is closed at start; the others are open wires
        self.decoder = Decoder({NODE: KEY}, FROM_NODE)
        self.started_s = time.monotonic()
        self._seq = 0
        self._given = 0  # how many of `heard` a test has waited for or been given

    def __enter__(self) -> Self:
        self._line, self._node_end = os.openpty()
        tty.setraw(self._node_end)
        os.set_blocking(self._line, False)
        os.mkfifo(self.fifo)
        self._hardware = os.open(self.fifo, os.O_RDWR)  # held open: lines wait for the node to start
        for pin in self.wired:
            self.hardware(f"PIN {pin} 0")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        for descriptor in (self._line, self._node_end, self._hardware):
            os.close(descriptor)

    def start(self, reset_cause: int = 1) -> None:
        self.log = (self.folder / "log").open("ab")
        self._given = len(self.heard)
        self.process = micropython.start_node(
            self.config,
            os.ttyname(self._node_end),
            self.fifo,
            interpreter=self.interpreter,
            reset_cause=reset_cause,
            stderr=self.log.fileno(),
        )

    def hardware(self, line: str) -> None:
        os.write(self._hardware, line.encode() + b"\n")

    def order(self, message: Message) -> None:
        self._seq += 1
        uptime_ms = int((time.monotonic() - self.started_s) * 1000)
        frame = Frame(message.KIND, NODE, GATEWAY_BOOT, self._seq, uptime_ms, message)
        os.write(self._line, encode(frame, KEY, FROM_GATEWAY))

    def raw(self, data: bytes) -> None:
        os.write(self._line, data)

    def listen(self, duration_s: float) -> list[Frame]:
        """Hear (and ack, while `acking`) for a time; return what came in it."""
        start = len(self.heard)
        end_s = time.monotonic() + duration_s
        while (left_s := end_s - time.monotonic()) > 0:
            self._hear(left_s)
        self._given = len(self.heard)
        return self.heard[start:]

    def until(self, is_it: Callable[[Frame], bool]) -> Frame:
        """Hear until a frame that has not been waited for yet fits; fails after WAIT_SECONDS_MAX."""
        end_s = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < end_s:
            for frame in self.heard[self._given :]:
                self._given += 1
                if is_it(frame):
                    return frame
            self._hear(0.1)
        raise AssertionError(
            f"expected a frame within {WAIT_SECONDS_MAX} s, heard {self.heard[-5:]}; "
            f"node {self.process.poll()}: {(self.folder / 'log').read_text()}"
        )

    def listen_until(self, what: str, is_so: Callable[[], bool]) -> None:
        """Hear until it is so; fails after WAIT_SECONDS_MAX."""
        end_s = time.monotonic() + WAIT_SECONDS_MAX
        while not is_so():
            assert time.monotonic() < end_s, (
                f"expected {what} within {WAIT_SECONDS_MAX} s, heard {self.heard[-5:]}"
            )
            self.listen(0.05)

    def said(self, message: Message) -> Frame:
        return self.until(lambda frame: frame.message == message)

    def ended(self) -> int:
        """Wait for the node's process to end; return its exit code (negative: a signal)."""
        try:
            code = self.process.wait(WAIT_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"expected the node to end within {WAIT_SECONDS_MAX} s") from None
        self.log.close()
        return code

    def cut_power(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.ended()

    def _hear(self, wait_s: float) -> None:
        if not select.select([self._line], [], [], wait_s)[0]:
            return
        for frame in self.decoder.feed(os.read(self._line, 4096)):
            self.heard.append(frame)
            if self.acking:
                self.order(Ack(frame.boot, frame.seq))
