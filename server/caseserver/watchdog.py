"""`caseward watchdog`: runs elsewhere, takes the server's beat, and raises the alarm when it stops coming."""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from caselog.keys import SoftKey
from caseserver.notify import signing
from caseserver.notify.beat import TYPE
from caseserver.notify.channels import Channel, ChannelError, channels_of
from caseserver.notify.deliveries import Deliveries, Delivery, delivery_id
from caseserver.notify.message import Message
from caseserver.notify.silence import SILENT, Silence
from caseserver.notify_settings import Receiver, WebhookReceiver

BODY_BYTES_MAX: Final = 65_536
LOOK_S: Final = 0.2
REQUEST_S_MAX: Final = 10
_WORDS: Final = {
    "silent": {"zh": "案卫服务器无心跳：{station}。请立即到值班室查看，人员改由当面看守。",
               "en": "The Caseward server of {station} is silent. Go to the duty desk at once; guard in person."},
    "alive": {"zh": "案卫服务器恢复心跳：{station}。", "en": "The Caseward server of {station} is heard again."},
}  # fmt: skip


class Config(BaseModel):
    """watchdog.toml. `public_key`: the server's `keys/server.pub`; `silent_s`: three of its intervals or more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field("127.0.0.1:8700", pattern=r"^\S+:\d{1,5}$")
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    silent_s: float = Field(60.0, ge=1)
    retry_s: float = Field(15.0, gt=0)
    certificate_file: Path | None = None
    key_file: Path | None = None
    receivers: dict[str, Receiver] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("expected both of certificate_file and key_file or neither, found one")
        for name, receiver in self.receivers.items():
            if receiver.kind == "page" or (
                isinstance(receiver, WebhookReceiver) and receiver.secret_file is None
            ):
                raise ValueError(f"receivers.{name}: expected smtp, apprise, or a webhook with a secret_file")
        return self


class Watchdog:
    """The receiver of beats, and who is told. `address` is where it listens."""

    def __init__(
        self, config: Config, channels: Mapping[str, Channel], folder: Path,
        steady_s: Callable[[], float] = time.monotonic, posix_s: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Opens the port; nothing is answered before `run`."""
        self._config, self._channels = config, channels
        self._steady_s, self._posix_s = steady_s, posix_s
        self._silence = Silence(config.silent_s, steady_s())
        self._deliveries = Deliveries(config.retry_s, config.retry_s)
        self._lock = threading.Lock()
        self._station = "?"
        self._stopping = threading.Event()
        host, _, port = config.listen.rpartition(":")
        self._server = _Server((host.strip("[]"), int(port)), _handler(self))
        if config.certificate_file is not None and config.key_file is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(folder / config.certificate_file, folder / config.key_file)
            # the handshake is made where the request is read: who connects and says nothing keeps nobody's beat out
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.address: tuple[str, int] = self._server.server_address[0], self._server.server_address[1]  # type: ignore[assignment]

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """A POST; the HTTP status of the answer."""
        try:
            signing.check(headers, body, self._posix_s(), public=bytes.fromhex(self._config.public_key))
            value: Any = json.loads(body)
            if value["type"] != TYPE:
                return 400
            station = str(value["data"]["station"])[:64]
        except signing.SignatureError:
            return 403
        except (ValueError, KeyError, TypeError):
            return 400
        with self._lock:
            self._station = station
            is_new = self._silence.beat(int(headers["webhook-timestamp"]), self._steady_s())
        return 204 if is_new else 409

    def run(self) -> None:
        """Until `stop`."""
        threading.Thread(target=self._server.serve_forever, args=(LOOK_S,), daemon=True).start()
        while not self._stopping.wait(LOOK_S):
            self.turn()
        self._server.shutdown()
        self._server.server_close()

    def stop(self) -> None:
        """End."""
        self._stopping.set()

    def turn(self) -> None:
        """Look whether it is silent, and tell who has not been told yet, one after the other."""
        now_s, at_us = self._steady_s(), int(self._posix_s() * 1_000_000)
        with self._lock:
            became, station = self._silence.look(now_s), self._station
        if became:
            sys.stderr.write(_WORDS[became]["en"].format(station=station) + "\n")
            for other in ("silent", "alive"):
                self._deliveries.stop("watchdog", other, 1)
            for name in self._channels:
                id_ = delivery_id("watchdog", became, at_us, 1, name)
                self._deliveries.add(Delivery(id_, "watchdog", became, 1, 1, name, "S1", at_us))
        for due in self._deliveries.due(now_s, ()):
            delivery = self._deliveries.begin(due.id, at_us)
            outcome = self._channels[delivery.receiver].send(self._message(delivery, station))
            self._deliveries.end(delivery.id, outcome, at_us, now_s)

    def _message(self, delivery: Delivery, station: str) -> Message:
        receiver = self._config.receivers[delivery.receiver]
        text = _WORDS[delivery.alarm][getattr(receiver, "language", "zh")].format(station=station)
        data = {
            "station": station,
            "state": delivery.alarm,
            "attempt": delivery.attempts,
            "because": delivery.because,
        }
        return Message(
            delivery.id, text, text, data, "server.silent" if delivery.alarm == SILENT else "server.heard"
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that breaks off, or speaks no TLS, is none."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(watchdog: Watchdog) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_S_MAX

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
                self.send_error(413)
                return
            body = self.rfile.read(int(length))
            sent = {key.lower(): value for key, value in self.headers.items()}
            self.send_response(watchdog.take(sent, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            return

    return Handler


def load(file: Path) -> Config:
    """Read watchdog.toml. Raises ChannelError with each key, what was expected and what came."""
    try:
        return Config.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        told = [
            f"{file}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        ]
        raise ChannelError("\n".join(told)) from None
    except (OSError, ValueError) as error:
        raise ChannelError(f"{file}: expected TOML 1.0: {error}") from None


def main(argv: list[str]) -> int:
    """Run until killed. 2: it was called or fed wrongly."""
    parser = argparse.ArgumentParser(prog="caseward watchdog", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="watchdog.toml (docs/notify.md section 5)")
    arguments = parser.parse_args(argv)
    try:
        config = load(arguments.config)
        folder = arguments.config.parent
        # a webhook of a watchdog has a secret of its own, so this key signs nothing
        watchdog = Watchdog(
            config, channels_of(config.receivers, SoftKey.generate(), folder, time.time), folder
        )
    except (ChannelError, OSError) as error:
        sys.stderr.write(f"caseward watchdog: {error}\n")
        return 2
    sys.stderr.write(f"listening on {watchdog.address[0]}:{watchdog.address[1]}\n")
    try:
        watchdog.run()
    except KeyboardInterrupt:
        watchdog.stop()
    return 0
