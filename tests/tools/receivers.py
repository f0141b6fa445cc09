"""Receivers of notifications outside the server: a web server and a mail server that behave, refuse, dawdle or are dead.

The web server checks each signature by the Standard Webhooks scheme with code of its own. The mail server is aiosmtpd.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.tools.certificates import Authority
from tests.tools.ports import free_port

SECRET = b"a secret of twenty-four bytes or more"
SECRET_TEXT = "whsec_" + base64.b64encode(SECRET).decode()


@dataclass
class Taken:
    """One POST that came in; `is_signed`: its signature is right; `answer`: what it got."""

    at_s: float
    id: str
    body: dict[str, Any]
    is_signed: bool
    answer: int


class Hook:
    """A web server. `mode`: accept, refuse (503), slow (answers after `slow_s`), hang (never answers).

    `before` is called with what came in, before it is answered, `after` when it was.
    """

    def __init__(self, mode: str = "accept", port: int = 0, public: bytes | None = None) -> None:
        self.mode, self.slow_s = mode, 0.3
        self.taken: list[Taken] = []
        self.before: Callable[[Taken], None] = lambda _taken: None
        self.after: Callable[[Taken], None] = lambda _taken: None
        self.public = public
        self._released = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = {"accept": 204, "refuse": 503, "slow": 204, "hang": 0, "redirect": 302}[hook.mode]
                hook.taken.append(
                    Taken(
                        time.monotonic(),
                        self.headers["webhook-id"],
                        json.loads(body),
                        hook._signed(self.headers, body),
                        answer,
                    )
                )
                hook.before(hook.taken[-1])
                if answer == 0:
                    hook._released.wait(30)
                    return
                if hook.mode == "slow":
                    hook._released.wait(hook.slow_s)
                self.send_response(answer)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                self.wfile.flush()
                hook.after(hook.taken[-1])

            def log_message(self, *_args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                return  # the server hung up on a receiver that dawdles

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/alarms"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _signed(self, headers: Any, body: bytes) -> bool:
        if headers["webhook-signature"] is None:
            return False
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        version, _, encoded = headers["webhook-signature"].partition(",")
        signature = base64.b64decode(encoded)
        if version == "v1":
            return hmac.compare_digest(signature, hmac.new(SECRET, said, hashlib.sha256).digest())
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public or b"").verify(signature, said)
        except (InvalidSignature, ValueError):
            return False
        return version == "v1a"

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class MailBox:
    """aiosmtpd with STARTTLS required and one account."""

    folder: Path
    mails: list[Envelope] = field(default_factory=list)
    were_tls: list[bool] = field(default_factory=list)
    refuses: bool = False
    user: str = "caseward"
    password: str = "of the mail server"

    def __post_init__(self) -> None:
        authority = Authority(self.folder, "mail-authority")
        certificate, key = authority.issue("mail")
        self.ca_file = authority.file
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True, authenticator=self._known,
            auth_required=True, auth_require_tls=True,
        )  # fmt: skip
        self._controller.start()
        self.port: int = self._controller.port

    def _known(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any
    ) -> AuthResult:
        is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(), self.password.encode(),
        )  # fmt: skip
        return AuthResult(success=is_known, handled=False)

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.refuses:
            return "451 try again later"
        self.mails.append(envelope)
        self.were_tls.append(session.ssl is not None)
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()
