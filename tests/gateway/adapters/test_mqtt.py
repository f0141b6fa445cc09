"""The MQTT shell against a real mosquitto."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from casegateway.adapters.mqtt import BrokerConfig, MqttLink
from casegateway.events import BrokerDown, BrokerUp, Event, ServerSaid
from casegateway.limits import MQTT_PAYLOAD_BYTES_MAX, MQTT_UNACKED_MAX
from tests.gateway.program import Mosquitto, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.stop()


class Peer:
    """Another client, with the right to say anything."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="peer", protocol=paho.MQTTv311)
        self.client.on_message = lambda _c, _d, m: self.heard.append((m.topic, m.payload))
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("caseward/#", 1)
        self.client.loop_start()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, 1, retain).wait_for_publish(5)


def count(events: list[Event], kind: type[Event]) -> int:
    return sum(isinstance(event, kind) for event in events)


def test_messages_go_up_and_words_come_down_after_the_broker_is_up(broker: Mosquitto) -> None:
    broker.start()
    events: list[Event] = []
    link = MqttLink("gw-t1", BrokerConfig("127.0.0.1", broker.port), events.append)
    assert link.publish("hb", b"too early") is False
    link.start()
    wait_for("the broker", lambda: count(events, BrokerUp))
    peer = Peer(broker.port)
    wait_for(
        "the message", lambda: link.publish("hb", b"1") and ("caseward/v1/gw-t1/up/hb", b"1") in peer.heard
    )
    peer.say("caseward/v1/gw-t1/down/ack", b"a")
    wait_for("the word", lambda: ServerSaid("ack", b"a") in events)
    link.stop()
    peer.client.loop_stop()


def test_words_for_others_retained_words_and_oversized_ones_are_not_heard(broker: Mosquitto) -> None:
    broker.start()
    peer = Peer(broker.port)
    peer.say("caseward/v1/gw-t1/down/fact", b"of yesterday", retain=True)
    events: list[Event] = []
    link = MqttLink("gw-t1", BrokerConfig("127.0.0.1", broker.port), events.append)
    link.start()
    wait_for("the broker", lambda: count(events, BrokerUp))
    peer.say("caseward/v1/gw-t2/down/ack", b"for another")
    peer.say("caseward/v1/gw-t1/down/other", b"no such word")
    peer.say("caseward/v1/gw-t1/up/log", b"up is not down")
    peer.say("caseward/v1/gw-t1/down/fact", bytes(MQTT_PAYLOAD_BYTES_MAX + 1))
    peer.say("caseward/v1/gw-t1/down/req", b"last")
    wait_for("the last word", lambda: ServerSaid("req", b"last") in events)
    assert [event for event in events if isinstance(event, ServerSaid)] == [ServerSaid("req", b"last")]
    assert link.oversized == 1
    link.stop()
    peer.client.loop_stop()


def test_broker_that_dies_is_told_and_found_again(broker: Mosquitto) -> None:
    events: list[Event] = []
    link = MqttLink("gw-t1", BrokerConfig("127.0.0.1", broker.port), events.append)
    link.start()  # before there is a broker
    time.sleep(0.5)
    broker.start()
    wait_for("the broker", lambda: count(events, BrokerUp) == 1)
    broker.stop()
    wait_for("its loss", lambda: count(events, BrokerDown) == 1)
    assert link.publish("hb", b"nobody") is False
    broker.start()
    wait_for("its return", lambda: count(events, BrokerUp) == 2)
    link.stop()


def test_broker_that_takes_nothing_holds_up_nobody_and_costs_bounded_memory(broker: Mosquitto) -> None:
    broker.start()
    events: list[Event] = []
    link = MqttLink("gw-t1", BrokerConfig("127.0.0.1", broker.port), events.append)
    link.start()
    wait_for("the broker", lambda: count(events, BrokerUp))
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    taken = sum(link.publish("log", bytes(10_000)) for _ in range(500))
    assert time.monotonic() - started < 20
    assert taken <= MQTT_UNACKED_MAX
    assert link.dropped >= 500 - MQTT_UNACKED_MAX
    broker.process.send_signal(signal.SIGCONT)
    link.stop()
