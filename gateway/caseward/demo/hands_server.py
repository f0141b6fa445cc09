"""Serves the visitor's page of the demo: to this machine alone, and taking forms from its own page alone."""

import mimetypes
import threading
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Final
from urllib.parse import parse_qs, urlsplit

from caseward.demo.hands import Hands, NotSo, catalogue
from custody.messages import LANGUAGES, Language

BODY_BYTES_MAX: Final = 4_096
SHARED: Final = ("tokens.css", "base.css", "mark.svg")
"""Of the server's pages."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@lru_cache(maxsize=1)
def files() -> dict[str, bytes]:
    """Name -> content of every file that the page loads."""
    own = resources.files("caseward.demo").joinpath("static")
    shared = resources.files("caseserver.web").joinpath("static")
    found = {item.name: item.read_bytes() for item in own.iterdir() if item.is_file()}
    return found | {name: shared.joinpath(name).read_bytes() for name in SHARED}


def _fields(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


def _language(fields: dict[str, str]) -> Language:
    return next((one for one in LANGUAGES if one == fields.get("lang")), "zh")


class HandsServer:
    """Serves the page of one area on this machine, from a thread of its own."""

    def __init__(self, port: int, hands: Hands) -> None:
        """Binds; raises OSError where somebody else listens there."""
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(hands, port))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, name="hands", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()


def _handler(hands: Hands, port: int) -> type[BaseHTTPRequestHandler]:
    hosts = {f"localhost:{port}", f"127.0.0.1:{port}"}

    class Handler(BaseHTTPRequestHandler):
        """One request."""

        def do_GET(self) -> None:
            """The page, its part that changes, or a file of it."""
            place = urlsplit(self.path)
            fields = _fields(place.query)
            language = _language(fields)
            if self.headers.get("host") not in hosts:
                self._answer(HTTPStatus.BAD_REQUEST, "text/plain", b"expected this page's own host")
            elif place.path == "/":
                self._answer(HTTPStatus.OK, "text/html", hands.page(language).encode())
            elif place.path == "/state":
                self._answer(HTTPStatus.OK, "text/html", hands.state(language).encode())
            elif (data := files().get(place.path.removeprefix("/static/"))) is not None:
                kind = (
                    "text/javascript" if place.path.endswith(".js") else mimetypes.guess_type(place.path)[0]
                )
                self._answer(HTTPStatus.OK, kind or "application/octet-stream", data)
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"expected a path of this page")

        def do_POST(self) -> None:
            """A form of the page."""
            origin = self.headers.get("origin")
            is_own = (
                self.headers.get("host") in hosts and origin is not None and urlsplit(origin).netloc in hosts
            )
            size = int(self.headers.get("content-length") or 0)
            if not is_own or urlsplit(self.path).path != "/act" or not 0 < size <= BODY_BYTES_MAX:
                self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"expected a form of this page")
                return
            fields = _fields(self.rfile.read(size).decode("utf-8", "replace"))
            language = _language(fields)
            try:
                status, said = HTTPStatus.OK, hands.do(fields, language)
            except NotSo as error:
                status = HTTPStatus.CONFLICT
                said = catalogue().text(language, "said.wrong", why=str(error))
            if self.headers.get("accept") == "text/plain":
                self._answer(status, "text/plain", said.encode())
            else:
                self._answer(HTTPStatus.SEE_OTHER, "text/plain", said.encode(), Location=f"/?lang={language}")

        def _answer(self, status: HTTPStatus, kind: str, data: bytes, **more: str) -> None:
            self.send_response(status)
            for name, value in {**HEADERS, **more, "Content-Type": f"{kind}; charset=utf-8"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """The story's lines are what the terminal is for."""

    return Handler
