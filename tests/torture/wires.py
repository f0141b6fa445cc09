"""The suite's two MQTT clients: the field units that speak, and the ear that hears alarms."""

import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.torture.contract import ALARM_TOPIC, BEAT_S, UNITS, Event, beat_topic, parse_word
from tests.torture.score import Heard

QUEUED_MAX = 10_000
CONNECT_S = 60.0


def client(name: str, port: int) -> paho.Client:
    """A client that keeps its session and tries again quickly."""
    found = paho.Client(
        CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311, clean_session=False
    )
    found.reconnect_delay_set(1, 1)
    found.max_inflight_messages_set(1_000)
    found.max_queued_messages_set(QUEUED_MAX)
    found.connect_async("127.0.0.1", port, keepalive=10)
    return found


def wait_connected(link: paho.Client) -> None:
    end = time.monotonic() + CONNECT_S
    while not link.is_connected():
        if time.monotonic() > end:
            raise RuntimeError("expected the suite's client at the broker, found it away")
        time.sleep(0.01)


class FieldUnits:
    """Speaks for the units: events at QoS 1, retained, kept while the broker is away; beats at QoS 0."""

    def __init__(self, port: int) -> None:
        self.seqs = dict.fromkeys(UNITS, 0)
        self.beats = dict.fromkeys(UNITS, 0.0)  # when each was heard last
        self.silent: set[str] = set()
        self._client = client("torture-units", port)
        self._client.loop_start()
        wait_connected(self._client)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def say(self, event: Event, *, is_retained: bool = True) -> None:
        self._client.publish(event.topic, event.payload(), 1, is_retained)

    def say_bytes(self, topic: str, payload: bytes, *, is_retained: bool = False) -> None:
        self._client.publish(topic, payload, 1, is_retained)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_S):
            for unit in UNITS:
                if unit not in self.silent:
                    self.beat(unit)

    def beat(self, unit: str) -> None:
        at_ms = time.time_ns() // 1_000_000
        if self._client.is_connected():
            self._client.publish(beat_topic(unit), b'{"v":1,"at_ms":%d}' % at_ms, 0)
            self.beats[unit] = time.monotonic()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()


class Ear:
    """Hears what the target says."""

    def __init__(self, port: int) -> None:
        self.heard: list[Heard] = []
        self.strange = 0  # messages that are no alarm
        self._client = client("torture-ear", port)
        self._client.on_connect = lambda link, *_: link.subscribe(ALARM_TOPIC, 1)
        self._client.on_message = self._take
        self._client.loop_start()
        wait_connected(self._client)

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        word = parse_word(message.payload)
        if word is None:
            self.strange += 1
        else:
            self.heard.append(Heard(time.monotonic(), word))

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
