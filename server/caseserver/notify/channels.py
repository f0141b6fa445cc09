"""The ways out: each takes one message and says what the receiver answered. They block, for a bounded time; a thread calls them.

`True` from a receiver means that its machine took the message, never that a human knows: that is an answer at the alarm.
"""

from __future__ import annotations

import http.client
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from caselog.keys import SigningKey
from caseserver.notify import signing
from caseserver.notify.deliveries import Outcome
from caseserver.notify.message import Message
from caseserver.notify_settings import AppriseReceiver, MailReceiver, Receiver, WebhookReceiver

ANSWER_BYTES_MAX: Final = 65_536
PROBLEM_CHARS_MAX: Final = 200


class ChannelError(ValueError):
    """A receiver of server.toml cannot be used; the message says why."""


class Channel(Protocol):
    """One receiver outside."""

    def send(self, message: Message) -> Outcome:
        """Try once. Never raises for what the receiver or the network does."""
        ...


class Webhook:
    """HTTP POST. Any 2xx is accepted; a redirect is not followed, for it would leave the address that was configured."""

    def __init__(
        self, settings: WebhookReceiver, key: SigningKey, folder: Path, posix_s: Callable[[], float]
    ) -> None:
        """`folder`: where relative paths begin. Raises ChannelError."""
        self._url, self._timeout_s = settings.url, settings.timeout_s
        self._key, self._posix_s = key, posix_s
        try:
            self._secret = (
                signing.read_secret(folder / settings.secret_file) if settings.secret_file else None
            )
        except signing.SignatureError as error:
            raise ChannelError(str(error)) from None
        self._tls = tls_context(folder, settings.ca_file)

    def send(self, message: Message) -> Outcome:
        """One POST."""
        time_s = int(self._posix_s())
        body = message.body(time_s)
        headers = signing.headers(message.id, time_s, body, self._key, self._secret)
        return post(self._url, body, headers, self._timeout_s, self._tls)


class Mail:
    """SMTP. Accepted is what the mail server has taken."""

    def __init__(self, settings: MailReceiver, folder: Path) -> None:
        """`folder`: where relative paths begin. Raises ChannelError."""
        self._settings = settings
        self._tls = tls_context(folder, settings.ca_file)
        self._password = _read(folder / settings.password_file) if settings.password_file else ""

    def send(self, message: Message) -> Outcome:
        """One mail."""
        settings = self._settings
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = settings.sender, settings.to, message.title
        mail["Message-ID"] = f"<{message.id}@{settings.sender.rpartition('@')[2]}>"
        mail["X-Caseward-Attempt"] = f"{message.data.get('attempt', 1)}; {message.data.get('because', '')}"
        mail.set_content(message.text)
        try:
            with self._connected() as server, within(settings.timeout_s, lambda: server.sock):
                if settings.tls == "starttls":
                    server.starttls(context=self._tls)
                if settings.user is not None:
                    server.login(settings.user, self._password)
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(False, _problem(error))
        return Outcome(True)

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls == "tls":
            return smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_s, context=self._tls
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)


class Apprise:
    """Whatever the library apprise reaches with one address. It says yes or no and nothing more."""

    def __init__(self, settings: AppriseReceiver, folder: Path) -> None:
        """`folder`: where relative paths begin. Raises ChannelError, also where the library is not installed."""
        try:
            import apprise
        except ImportError:
            raise ChannelError(
                "expected the library apprise (pip install caseward[notify]), found none"
            ) from None
        self._sender = apprise.Apprise()
        if not self._sender.add(_read(folder / settings.url_file)):
            raise ChannelError(
                f"{settings.url_file}: expected one address that apprise knows, found another text"
            )

    def send(self, message: Message) -> Outcome:
        """One notification."""
        is_accepted = bool(self._sender.notify(title=message.title, body=message.text))
        return Outcome(is_accepted, "" if is_accepted else "apprise: not delivered")


def channels_of(
    receivers: Mapping[str, Receiver], key: SigningKey, folder: Path, posix_s: Callable[[], float]
) -> dict[str, Channel]:
    """The receivers outside this process, by name. Raises ChannelError that names the one that cannot be used."""
    found: dict[str, Channel] = {}
    for name, receiver in receivers.items():
        try:
            if isinstance(receiver, WebhookReceiver):
                found[name] = Webhook(receiver, key, folder, posix_s)
            elif isinstance(receiver, MailReceiver):
                found[name] = Mail(receiver, folder)
            elif isinstance(receiver, AppriseReceiver):
                found[name] = Apprise(receiver, folder)
        except ChannelError as error:
            raise ChannelError(f"{name}: {error}") from None
    return found


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float, tls: ssl.SSLContext) -> Outcome:
    """POST JSON; the whole exchange ends within `timeout_s`, however slowly the other side drips."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts._replace(scheme="", netloc="").geturl() or "/"
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        line = http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=tls)
    else:
        line = http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    try:
        with within(timeout_s, lambda: line.sock):
            line.request(
                "POST", path, body, {"Content-Type": "application/json", "User-Agent": "caseward", **headers}
            )
            answer = line.getresponse()
            answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(False, _problem(error))
    finally:
        line.close()
    is_accepted = 200 <= answer.status < 300
    return Outcome(is_accepted, "" if is_accepted else f"expected HTTP 2xx, found {answer.status}")


@contextmanager
def within(timeout_s: float, line: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the line when the time is over, and raise TimeoutError: a timeout of the socket begins anew with each byte."""
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        found = line()
        if found is not None:
            try:
                found.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is gone already

    timer = threading.Timer(timeout_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if is_over.is_set():  # half an answer may look like a whole one
        raise TimeoutError(f"expected an answer within {timeout_s} s, found none")


def tls_context(folder: Path, ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are checked, by the system's authorities or by those of `ca_file`. Raises ChannelError."""
    try:
        return ssl.create_default_context(cafile=str(folder / ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise ChannelError(f"{ca_file}: expected certificates in PEM: {error}") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ChannelError(f"{file}: expected one line of text: {error}") from None


def _problem(error: Exception) -> str:
    """What went wrong, in one line that holds nothing of the message."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:PROBLEM_CHARS_MAX]
