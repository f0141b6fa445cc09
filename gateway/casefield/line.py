"""The line of a field node to its gateway over TCP with TLS, as a port that never waits.

To the node it is a UART: `read` gives what has come, `write` takes what fits. A connection that ends is made
anew, ever more slowly up to a limit; what was half written then is lost, and the node sends it again.
"""

import contextlib
import errno
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

CONNECT_MS_MAX = 5_000
"""For a connection and its handshake; then it counts as failed."""
RETRY_MS_MIN = 250
RETRY_MS_MAX = 5_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LineConfig:
    """Where the gateway listens, and the files in PEM by which each knows the other."""

    host: str
    port: int
    ca: Path
    cert: Path
    key: Path


def context_of(config: LineConfig) -> ssl.SSLContext:
    """TLS 1.3; the gateway's certificate must be of our authority and name its host. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=config.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(config.cert, config.key)
    return context


class TlsLine:
    """`now_ms`: a steady clock. Nothing connects before the first `read` or `write`."""

    def __init__(self, config: LineConfig, now_ms: Callable[[], int]) -> None:
        """Raises OSError or ssl.SSLError for files that cannot be used."""
        self.connections = 0  # made since the start
        self.reason = ""  # of the newest failure
        self._config = config
        self._context = context_of(config)
        self._now_ms = now_ms
        self._sock: socket.socket | None = None
        self._secure: ssl.SSLSocket | None = None
        self._is_open = False
        self._since_ms = 0  # of the attempt
        self._retry_ms = RETRY_MS_MIN
        self._next_ms = now_ms()

    def read(self, most: int) -> bytes | None:
        """At most `most` bytes that have come, or None."""
        if not self._is_ready() or self._secure is None:
            return None
        try:
            data = self._secure.recv(most)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            self._fail(str(error))
            return None
        if not data:
            self._fail("the gateway ended the connection")
            return None
        return data

    def write(self, data: bytes) -> int | None:
        """How many bytes were taken, or None. With no connection all are taken and lost, as on a cut cable."""
        if not self._is_ready() or self._secure is None:
            return len(data)
        try:
            return self._secure.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            self._fail(str(error))
            return len(data)

    def close(self) -> None:
        """End the connection."""
        for sock in (self._secure, self._sock):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.close()
        self._secure = self._sock = None
        self._is_open = False

    def _is_ready(self) -> bool:
        """Go on with connecting; True when frames can go."""
        if self._is_open:
            return True
        now_ms = self._now_ms()
        try:
            if self._sock is None and self._secure is None:
                if now_ms < self._next_ms:
                    return False
                self._begin(now_ms)
            if self._secure is None and not self._has_connected():
                return self._is_late(now_ms)
            if self._secure is not None:
                self._secure.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return self._is_late(now_ms)
        except OSError as error:
            self._fail(str(error))
            return False
        self._is_open, self._retry_ms = True, RETRY_MS_MIN
        self.connections += 1
        log.info("line to the gateway", host=self._config.host, port=self._config.port)
        return True

    def _begin(self, now_ms: int) -> None:
        self._since_ms = now_ms
        # The host is looked up here and may wait: give an address where there is no name service at hand.
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._config.host, self._config.port, type=socket.SOCK_STREAM
        )[0]
        self._sock = socket.socket(family, kind, protocol)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = self._sock.connect_ex(address)
        if number not in (0, errno.EINPROGRESS):
            raise OSError(number, "connect")

    def _has_connected(self) -> bool:
        assert self._sock is not None
        _, writable, _ = select.select([], [self._sock], [], 0)
        if not writable:
            return False
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, "connect")
        self._secure = self._context.wrap_socket(
            self._sock, server_hostname=self._config.host, do_handshake_on_connect=False
        )
        self._sock = None  # its descriptor is the secure one's now
        return True

    def _is_late(self, now_ms: int) -> bool:
        """Always False: not open yet. An attempt that takes too long has failed."""
        if now_ms - self._since_ms > CONNECT_MS_MAX:
            self._fail(f"no answer within {CONNECT_MS_MAX} ms")
        return False

    def _fail(self, reason: str) -> None:
        if reason != self.reason or self._is_open:
            log.warning(
                "no line to the gateway", host=self._config.host, port=self._config.port, reason=reason[:200]
            )
        self.reason = reason
        self.close()
        self._next_ms = self._now_ms() + self._retry_ms
        self._retry_ms = min(self._retry_ms * 2, RETRY_MS_MAX)
