"""A serial port of a bus that never waits, never raises, and comes back by itself after it was unplugged."""

import contextlib
import errno
import os
import termios
import time
from collections.abc import Callable

import serial
import structlog

REOPEN_MS = 500
"""Between two tries to open a port that is not there."""
READ_BYTES_MAX = 4_096

log = structlog.get_logger()


def steady_ms() -> int:
    """Milliseconds of a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


class SerialBus:
    """The port at `path`, 8 data bits, 1 stop bit; give `/dev/serial/by-path/...`, which keeps its name.

    is_open   False while the port is not there
    openings  how often it was opened: it grows with each replugging
    reason    why it is not open
    unsent    bytes that the port did not take (a full buffer, no port); a bus loses them, a line says the rest again
    """

    def __init__(
        self, path: str, baud: int, *, parity: str = "N", now_ms: Callable[[], int] = steady_ms
    ) -> None:
        """`parity` N, E or O. Opens at the first `read` or `write`, not here."""
        self.path = path
        self.is_open = False
        self.openings = 0
        self.reason = ""
        self.unsent = 0
        self._baud = baud
        self._parity = parity
        self._now_ms = now_ms
        self._next_ms = now_ms()
        self._port: serial.Serial | None = None

    def read(self, most: int = READ_BYTES_MAX) -> bytes | None:
        """At most `most` bytes that have come, or None."""
        port = self._opened()
        if port is None:
            return None
        try:
            return port.read(most) or None
        except (OSError, termios.error, TypeError) as error:  # TypeError: pyserial, closed under its hands
            self._fail(str(error))
            return None

    def write(self, data: bytes) -> int:
        """Send; how many bytes are gone: those that the port took, or, without a port, all, lost as on a cut cable."""
        port = self._opened()
        taken = 0
        if port is not None:
            try:
                # Not by pyserial: with no time-out its write turns round and round while the buffer is full.
                taken = os.write(port.fileno(), data)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    self._fail(str(error))
        self.unsent += len(data) - taken
        return taken if self.is_open else len(data)

    def close(self) -> None:
        """Give the port back; the next `read` or `write` opens it again."""
        if self._port is not None:
            with contextlib.suppress(OSError, termios.error):
                self._port.close()
        self._port, self.is_open = None, False

    def _opened(self) -> serial.Serial | None:
        if self._port is None and self._now_ms() >= self._next_ms:
            try:
                self._port = serial.Serial(
                    self.path, self._baud, parity=self._parity, timeout=0, exclusive=True
                )
            except (OSError, termios.error, ValueError) as error:
                self._fail(str(error))
            else:
                self.is_open, self.reason = True, ""
                self.openings += 1
                log.info("serial port open", path=self.path, baud=self._baud, openings=self.openings)
        return self._port

    def _fail(self, reason: str) -> None:
        if self.is_open or not self.reason:
            log.warning("no serial port", path=self.path, reason=reason[:200])
        self.reason = reason
        self.close()
        self._next_ms = self._now_ms() + REOPEN_MS
