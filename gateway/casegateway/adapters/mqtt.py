"""The broker, by paho-mqtt: MQTT 3.1.1, QoS 1, clean session. It carries; it is not believed.

Callbacks run in paho's thread and only put events into the gateway's queue. No lock is held
around `publish`. While the broker is away nothing is handed to paho: its queue is memory only and
the outbox sends again anyway.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from casegateway.events import BrokerDown, BrokerUp, Event, ServerSaid
from casegateway.limits import (
    MEND_PAYLOAD_BYTES_MAX,
    MQTT_PAYLOAD_BYTES_MAX,
    MQTT_RECONNECT_S_MAX,
    MQTT_UNACKED_MAX,
)

ROOT = "caseward/v1"
MEND = "mend"
WORDS = ("ack", "req", "fact", "count", MEND, "kiosk", "enclosure")


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Where the broker is and who we are to it. TLS when `ca_file` is given."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


class MqttLink:
    """One gateway's connection. `put` takes events and must not block for long."""

    def __init__(
        self, gateway: str, config: BrokerConfig, put: Callable[[Event], None],
        words: Sequence[str] = WORDS,
    ) -> None:  # fmt: skip
        """`words`: what it listens to, of down/<word>. Nothing connects before `start`. Raises `OSError` or `ssl.SSLError` for bad TLS files."""
        self.dropped = 0  # messages not handed over: broker away or too slow
        self.oversized = 0
        self._config = config
        self._put = put
        self._words = tuple(words)
        self._up = f"{ROOT}/{gateway}/up/"
        self._down = f"{ROOT}/{gateway}/down/"
        self._is_up = False
        self._handed = 0
        self._taken = 0
        # Another client id than the gateway's user name would let two gateways fight for one session.
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=gateway, clean_session=True, protocol=paho.MQTTv311
        )
        if config.user is not None:
            self._client.username_pw_set(config.user, config.password)
        if config.ca_file is not None:
            context = ssl.create_default_context(cafile=config.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if config.cert_file is not None:
                context.load_cert_chain(config.cert_file, config.key_file)
            self._client.tls_set_context(context)
        self._client.max_inflight_messages_set(MQTT_UNACKED_MAX)
        self._client.max_queued_messages_set(MQTT_UNACKED_MAX)
        self._client.reconnect_delay_set(1, MQTT_RECONNECT_S_MAX)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_socket_open = _no_delay

    def start(self) -> None:
        """Connect in the background, again and again."""
        self._client.connect_async(self._config.host, self._config.port, keepalive=15)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand over a message on up/<topic>; False when it was dropped here."""
        if not self._is_up or self._handed - self._taken >= MQTT_UNACKED_MAX:
            self.dropped += 1
            return False
        self._handed += 1
        info = self._client.publish(self._up + topic, payload, qos=1, retain=False)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            self._handed -= 1
            self.dropped += 1
            return False
        return True

    def stop(self) -> None:
        """Say goodbye and end paho's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _props: Any) -> None:
        if not code.is_failure:
            self._handed = self._taken = 0
            client.subscribe([(self._down + word, 1) for word in self._words])

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, codes: Any, _props: Any) -> None:
        # Up only when the server's words can reach us: else its first ack would be lost.
        if not any(code.is_failure for code in codes):
            self._is_up = True
            self._put(BrokerUp())

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, _code: Any, _props: Any) -> None:
        was_up, self._is_up = self._is_up, False
        if was_up:
            self._put(BrokerDown())

    def _on_publish(self, _client: Any, _data: Any, _mid: int, _code: Any, _props: Any) -> None:
        self._taken += 1  # flow control only: a PUBACK says nothing about the server

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        word = message.topic.removeprefix(self._down)
        if word not in self._words or message.retain:
            return  # a retained word would come again with each connection
        if len(message.payload) > (MEND_PAYLOAD_BYTES_MAX if word == MEND else MQTT_PAYLOAD_BYTES_MAX):
            self.oversized += 1
            return
        self._put(ServerSaid(word, bytes(message.payload)))


def _no_delay(_client: Any, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
