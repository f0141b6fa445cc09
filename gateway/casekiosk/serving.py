"""The kiosk's HTTP server: uvicorn in a thread of the gateway's process. It listens when it is started, and not before."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from casekiosk.asking import Answer
from casekiosk.web import Edge, Screens

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
STOP_S: Final = 3.0
BACKLOG: Final = 16
CONNECTIONS_MAX: Final = 32
KEEP_ALIVE_S: Final = 30


class ListenError(ValueError):
    """The kiosk cannot listen where it was told to; says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where: `host:port`. Anywhere but on this machine it takes TLS, and the kiosk's own client certificate."""

    host: str
    port: int
    cert: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None

    def __post_init__(self) -> None:
        """A camera opens for a page of this machine, or of TLS; a stranger on the network gets no page at all."""
        files = (self.cert, self.key, self.client_ca)
        if self.host not in LOOPBACK and not all(files):
            raise ListenError(
                f"expected certificate, key and client authority to listen on {self.host}, found less"
            )

    @property
    def is_secure(self) -> bool:
        """Over TLS."""
        return self.cert is not None


class KioskServer:
    """Serves the screens of all cabinets until it is stopped."""

    def __init__(self, listen: Listen, edge: Edge) -> None:
        """Binds the port. Raises `OSError`."""
        self.screens = Screens(edge)
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((listen.host, listen.port))
        self._socket.listen(BACKLOG)
        self._server = uvicorn.Server(_config(self.screens, listen))
        self._thread = threading.Thread(target=self._run, name="caseward-kiosk", daemon=True)

    def _run(self) -> None:
        self._server.run([self._socket])

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._socket.getsockname()[1]
        return port

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def answer(self, answer: Answer) -> None:
        """From the main loop."""
        self.screens.answer(answer)

    def stop(self) -> None:
        """End; requests that wait are cut off."""
        self.screens.close()
        self._server.should_exit = True
        self._thread.join(STOP_S)
        self._socket.close()


def _config(screens: Screens, listen: Listen) -> uvicorn.Config:
    config = uvicorn.Config(
        screens.app, lifespan="off", log_level="warning", access_log=False, server_header=False,
        limit_concurrency=CONNECTIONS_MAX, timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=1,
    )  # fmt: skip
    if listen.cert is not None and listen.key is not None:
        config.ssl_certfile, config.ssl_keyfile = str(listen.cert), str(listen.key)
        config.ssl_ca_certs, config.ssl_cert_reqs = str(listen.client_ca), ssl.CERT_REQUIRED
    return config
