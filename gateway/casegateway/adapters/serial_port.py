"""One thread a serial port: bytes in, bytes out, and opening it again for ever.

A port that cannot be opened, or fails, is told once (`PortClosed`) and tried again every half
second; when it works again that is told too. Nothing is decided here.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable

import serial

from casegateway.events import BytesRead, Event, PortClosed, PortOpened
from casegateway.limits import SERIAL_READ_BYTES_MAX, SERIAL_REOPEN_MS, SERIAL_UNSENT_BYTES_MAX

FIRST_TRIES = 4  # at start the port may come a moment after us: not told before the last of these


class SerialPort:
    """The port `path`, told of as `port`. `put` takes events and may wait when the gateway is busy."""

    def __init__(
        self, port: str, path: str, baud: int, put: Callable[[Event], None], real_us: Callable[[], int]
    ) -> None:
        """Nothing is opened before `start`."""
        self.dropped_bytes = 0
        self._port = port
        self._path = path
        self._baud = baud
        self._put = put
        self._real_us = real_us
        self._unsent = bytearray()
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._stopping = False
        self._is_open = False
        self._thread = threading.Thread(target=self._run, name=f"serial-{port}", daemon=True)

    def start(self) -> None:
        """Begin opening and reading."""
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue a frame. Over the bound, or while the port is away, it is dropped: all is resent."""
        with self._lock:
            if not self._is_open or len(self._unsent) + len(data) > SERIAL_UNSENT_BYTES_MAX:
                self.dropped_bytes += len(data)
                return
            self._unsent += data
        self._wake()

    def stop(self) -> None:
        """End the thread and close the port."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _wake(self) -> None:
        # A full pipe already wakes the thread.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\x01")

    def _run(self) -> None:
        tries, is_told = 0, False
        while not self._stopping:
            try:
                line = serial.Serial(self._path, self._baud, timeout=0, write_timeout=0, exclusive=True)
            except (OSError, ValueError) as error:  # SerialException is an OSError
                tries += 1
                if not is_told and tries >= FIRST_TRIES:
                    self._put(PortClosed(self._port, _reason(error)))
                    is_told = True
                time.sleep(SERIAL_REOPEN_MS / 1_000)
                continue
            tries, is_told = FIRST_TRIES, True
            self._set_open(True)
            self._put(PortOpened(self._port))
            reason = self._serve(line)
            self._set_open(False)
            with contextlib.suppress(OSError):
                line.close()
            if not self._stopping:
                self._put(PortClosed(self._port, reason))

    def _set_open(self, is_open: bool) -> None:
        with self._lock:
            self._is_open = is_open
            self._unsent.clear()

    def _serve(self, line: serial.Serial) -> str:
        """Read and write until the port fails; return the system's word for it."""
        try:
            while not self._stopping:
                wants_write = [line.fileno()] if self._unsent else []
                readable, writable, _ = select.select([line.fileno(), self._wake_read], wants_write, [], 1.0)
                if self._wake_read in readable:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_read, 4_096)
                if line.fileno() in readable and not self._read(line.fileno()):
                    return "end of file"
                if writable:
                    self._flush(line.fileno())
        except (OSError, ValueError) as error:
            return _reason(error)
        return "stopped"

    def _read(self, descriptor: int) -> bool:
        """Take what is there; False at the end of the file."""
        try:
            data = os.read(descriptor, SERIAL_READ_BYTES_MAX)
        except BlockingIOError:
            return True  # woken for nothing
        if data:
            self._put(BytesRead(self._port, data, self._real_us()))
        return bool(data)

    def _flush(self, descriptor: int) -> None:
        with self._lock:
            if self._unsent:
                with contextlib.suppress(BlockingIOError):
                    del self._unsent[: os.write(descriptor, self._unsent)]


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) else (str(error)[:120] or type(error).__name__)
