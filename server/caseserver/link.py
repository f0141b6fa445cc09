"""The server's end of MQTT (3.1.1, QoS 1). The client's own thread only moves bytes; nothing is judged in it."""

from __future__ import annotations

import re
import socket
from typing import Any, Final

import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from caseserver.inbox import Inbox
from caseserver.settings import Broker
from caseserver.snapshot import Message

ROOT: Final = "caseward/v1"
RECONNECT_S_MAX: Final = 5
UNACKED_MAX: Final = 256
"""Messages given to the client and not yet taken by the broker. Beyond it new ones are dropped: every message
down is said again (acks by the next batch, facts by resending, requests by the next heartbeat)."""

UP_WORDS: Final = ("log", "hb", "birth", "mend", "enclosure")
_UP: Final = re.compile(rf"{ROOT}/([a-z0-9-]{{1,32}})/up/({'|'.join(UP_WORDS)})")


class Link:
    """A connection that comes back by itself."""

    def __init__(self, broker: Broker, gateways: frozenset[str], inbox: Inbox) -> None:
        """Only messages of `gateways` go to the inbox. Nothing connects before `start`."""
        self.strangers = 0
        self.dropped = 0
        self._broker = broker
        self._gateways = gateways
        self._inbox = inbox
        self._log = structlog.get_logger()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=broker.client_id, clean_session=True
        )
        self._client.max_queued_messages_set(UNACKED_MAX)
        self._client.reconnect_delay_set(1, RECONNECT_S_MAX)
        if broker.user is not None:
            self._client.username_pw_set(broker.user, _secret(broker))
        if broker.ca_file is not None:
            self._client.tls_set(
                str(broker.ca_file),
                str(broker.certificate_file) if broker.certificate_file else None,
                str(broker.key_file) if broker.key_file else None,
            )
        self._client.on_socket_open = _no_delay
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe

    def start(self) -> None:
        """Connect in the background and keep trying."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, message: Message) -> None:
        """Send a message down; dropped and counted when the broker is away."""
        if not self._client.is_connected():
            self.dropped += 1
            return
        topic = f"{ROOT}/{message.gateway}/down/{message.topic}"
        info = self._client.publish(topic, message.payload, qos=1)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            self.dropped += 1

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._log.warning("broker refused", reason=str(reason))
            return
        client.subscribe([(f"{ROOT}/+/up/+", 1)])

    def _on_subscribe(
        self, _client: Any, _data: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._log.error("broker refused the subscription", reasons=[str(r) for r in reasons])
            return
        self._log.info("broker connected")
        self._inbox.set_connected(is_connected=True)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._log.warning("broker lost", reason=str(reason))
        self._inbox.set_connected(is_connected=False)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        match = _UP.fullmatch(message.topic)
        if match is None or match[1] not in self._gateways:
            self.strangers += 1
        elif match[2] == "log":
            self._inbox.put_log(match[1], bytes(message.payload))
        elif match[2] == "mend":
            self._inbox.put_mend(match[1], bytes(message.payload))
        elif match[2] == "enclosure":
            self._inbox.put_enclosure(match[1], bytes(message.payload))
        else:
            self._inbox.put_beat(match[1], bytes(message.payload))


def _secret(broker: Broker) -> str | None:
    return broker.password_file.read_text(encoding="utf-8").strip() if broker.password_file else None


def _no_delay(_client: Any, _data: Any, line: Any) -> None:
    """An ack right after another message would wait 40 ms for Nagle and the delayed acknowledgement."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
