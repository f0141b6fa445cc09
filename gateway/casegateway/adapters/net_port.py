"""A line of nodes over TCP with TLS: one thread that listens, and the bytes of whole frames.

To the core it is a port as a serial one is: several nodes share it, and what is written goes to all of
them. Bytes of one connection are handed on up to a frame's end only, so that two nodes never cut into
each other. Who may speak is decided twice: by the client certificate here, by the key of each frame in
the core. Nothing is decided here beyond that.
"""

import contextlib
import errno
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from casegateway.events import BytesRead, Event, PortClosed, PortOpened
from casegateway.limits import (
    NET_CONNECTIONS_MAX,
    NET_HANDSHAKE_MS,
    NET_IDLE_MS,
    NET_TURN_MS,
    SERIAL_READ_BYTES_MAX,
    SERIAL_REOPEN_MS,
    SERIAL_UNSENT_BYTES_MAX,
)
from casewire import DELIMITER, STUFFED_MAX_BYTES


class NetPortError(ValueError):
    """The path of a port over the network, or its certificates, cannot be used; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: the gateway's own certificate and key, and the authority of the nodes' certificates."""

    cert: Path
    key: Path
    ca: Path


def is_net(path: str) -> bool:
    """Whether the path of a port names a place on the network."""
    return "://" in path


def place_of(path: str) -> tuple[str, int]:
    """Host and number of `tls://HOST:PORT`. Raises NetPortError."""
    parts = urlsplit(path)
    try:
        number = parts.port
    except ValueError:
        number = None
    if parts.scheme != "tls" or not parts.hostname or not number or parts.path:
        raise NetPortError(f"port: expected tls://HOST:PORT, found {path!r}")
    return parts.hostname, number


def context_of(certificates: Certificates) -> ssl.SSLContext:
    """TLS 1.3, and no node without a certificate of the authority. Raises NetPortError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(certificates.cert, certificates.key)
        context.load_verify_locations(certificates.ca)
    except (OSError, ssl.SSLError) as error:
        files = f"{certificates.cert}, {certificates.key}, {certificates.ca}"
        raise NetPortError(
            f"expected certificate, key and authority in PEM, found {files}: {error}"
        ) from None
    return context


@dataclass(slots=True)
class _Peer:
    """A connection of a node. Times are microseconds of the steady clock."""

    sock: ssl.SSLSocket
    since_us: int
    heard_us: int
    is_open: bool = False  # the handshake is over
    came: bytearray = field(default_factory=bytearray)  # of a frame whose end has not come
    unsent: bytearray = field(default_factory=bytearray)
    wants: int = selectors.EVENT_READ


class NetPort:
    """Listens at `path` (tls://HOST:PORT), told of as `port`. `put` takes events and may wait when the gateway is busy."""

    def __init__(
        self, port: str, path: str, certificates: Certificates, put: Callable[[Event], None], real_us: Callable[[], int]
    ) -> None:  # fmt: skip
        """Nothing listens before `start`. Raises NetPortError for a path or certificates that cannot be used."""
        self.dropped_bytes = 0
        self.refused = 0  # connections without a good certificate, too slow, or too many
        self._port = port
        self._place = place_of(path)
        self._context = context_of(certificates)
        self._put = put
        self._real_us = real_us
        self._peers: dict[int, _Peer] = {}
        self._lock = threading.Lock()
        self._outgoing: list[bytes] = []
        self._outgoing_bytes = 0
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"net-{port}", daemon=True)

    def start(self) -> None:
        """Begin listening."""
        self._thread.start()

    def write(self, data: bytes) -> None:
        """A frame to all nodes of the line. Over the bound, or with nobody there, it is dropped: all is resent."""
        with self._lock:
            if not self._peers or self._outgoing_bytes + len(data) > SERIAL_UNSENT_BYTES_MAX:
                self.dropped_bytes += len(data)
                return
            self._outgoing.append(data)
            self._outgoing_bytes += len(data)
        self._wake()

    def stop(self) -> None:
        """End the thread and close every connection."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\x01")

    def _run(self) -> None:
        is_told = False
        while not self._stopping.is_set():
            try:
                listener = socket.create_server(self._place, backlog=NET_CONNECTIONS_MAX)
            except OSError as error:
                if not is_told:
                    self._put(PortClosed(self._port, _reason(error)))
                    is_told = True
                self._stopping.wait(SERIAL_REOPEN_MS / 1_000)
                continue
            is_told = False
            self._put(PortOpened(self._port))
            with listener, selectors.DefaultSelector() as selector:
                reason = self._serve(listener, selector)
            if not self._stopping.is_set():
                self._put(PortClosed(self._port, reason))

    def _serve(self, listener: socket.socket, selector: selectors.BaseSelector) -> str:
        """Accept, read and write until the listener fails; return the system's word for it."""
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(self._wake_read, selectors.EVENT_READ)
        try:
            while not self._stopping.is_set():
                for key, _ in selector.select(NET_TURN_MS / 1_000):
                    if key.fileobj is listener:
                        self._accept(listener, selector)
                    elif key.fd == self._wake_read:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._wake_read, 4_096)
                    elif key.fd in self._peers:
                        self._turn(key.fd, selector)
                self._share_out(selector)
                self._dismiss_idle(selector)
        except OSError as error:
            return _reason(error)
        finally:
            for number in list(self._peers):
                self._close(number, selector)
        return "stopped"

    def _accept(self, listener: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            raw, _ = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED):
                return  # gone again
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._stopping.wait(NET_TURN_MS / 1_000)  # it stays in the queue: no room for it now
                return
            raise
        if len(self._peers) >= NET_CONNECTIONS_MAX:
            self.refused += 1
            raw.close()
            return
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        now_us = self._real_us()
        with self._lock:
            self._peers[sock.fileno()] = _Peer(sock, now_us, now_us)
        selector.register(sock, selectors.EVENT_READ)

    def _turn(self, number: int, selector: selectors.BaseSelector) -> None:
        """Go on with one connection: handshake, then bytes in both directions."""
        peer = self._peers[number]
        wants = selectors.EVENT_READ
        try:
            if not peer.is_open:
                peer.sock.do_handshake()
                peer.is_open, peer.heard_us = True, self._real_us()
            if not self._read(peer):
                self._close(number, selector)
                return
            while peer.unsent:
                del peer.unsent[: peer.sock.send(peer.unsent)]
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            wants |= selectors.EVENT_WRITE
        except OSError:  # SSLError is one: no certificate, a reset, bytes that are no TLS
            self.refused += not peer.is_open
            self._close(number, selector)
            return
        if wants != peer.wants:
            peer.wants = wants
            selector.modify(peer.sock, wants)

    def _read(self, peer: _Peer) -> bool:
        """Hand on whole frames; False at the end."""
        try:
            while data := peer.sock.recv(SERIAL_READ_BYTES_MAX):
                peer.heard_us = self._real_us()
                peer.came += data
                end = peer.came.rfind(DELIMITER) + 1
                if end:
                    self._put(BytesRead(self._port, bytes(peer.came[:end]), peer.heard_us))
                    del peer.came[:end]
                if len(peer.came) > STUFFED_MAX_BYTES:
                    # No frame is so long. What is left of it is handed on for the decoder to count.
                    self._put(BytesRead(self._port, bytes(peer.came) + DELIMITER, peer.heard_us))
                    peer.came.clear()
        except ssl.SSLWantReadError:
            return True
        return False

    def _share_out(self, selector: selectors.BaseSelector) -> None:
        """What was written since the last turn, to each connection whose handshake is over."""
        with self._lock:
            data, self._outgoing, self._outgoing_bytes = b"".join(self._outgoing), [], 0
        if not data:
            return
        for number, peer in list(self._peers.items()):
            if not peer.is_open or len(peer.unsent) + len(data) > SERIAL_UNSENT_BYTES_MAX:
                self.dropped_bytes += len(data)
                continue
            peer.unsent += data
            self._turn(number, selector)

    def _dismiss_idle(self, selector: selectors.BaseSelector) -> None:
        """A node beats each second: who says nothing for long, or never ends its handshake, is gone."""
        now_us = self._real_us()
        for number, peer in list(self._peers.items()):
            limit_ms = NET_IDLE_MS if peer.is_open else NET_HANDSHAKE_MS
            if now_us - peer.heard_us > limit_ms * 1_000:
                self.refused += not peer.is_open
                self._close(number, selector)

    def _close(self, number: int, selector: selectors.BaseSelector) -> None:
        with self._lock:
            peer = self._peers.pop(number)
        selector.unregister(peer.sock)
        with contextlib.suppress(OSError):
            peer.sock.close()


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno is not None else str(error)[:120]
