"""From a contact on the node's pty to the event of the page, beside bare mosquitto publish to subscribe.

Real time (SPEED=1). The clock of one process stamps both ends: when the bytes of the node's message pass the
cable, and when the page's event that shows it has been read. Contacts follow each other at uneven
distances, so that no two are told in one event; bare publishes are done between them.
"""

import json
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from caseward.demo import story
from caseward.demo.cables import TO_GATEWAY
from caseward.demo.office import COOKIE
from casewire import FROM_NODE, Contact, Decoder
from tests.e2e.chain import Chain
from tests.prove.machine import percentile

AREA, NODE, RECORDER = "a2", "m1", "rec-interview-1"
SHOWN_IN = "plan"  # the region of the page that shows the recorder; others change by themselves
CONTACTS = 520
WARM_UP = 20
WAIT_S = 5.0
PAUSE_S = (0.12, 0.25)
PAYLOAD = b"x" * 200


class Page:
    """A signed-in page that listens to /events: stamps each event that brings a new plan of the rooms."""

    def __init__(self, chain: Chain) -> None:
        session = chain.play.office.client.session("000010")
        self._line = socket.create_connection(("127.0.0.1", chain.station.plan.http_port))
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line.sendall(
            f"GET /events?area={AREA} HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}={session.cookie}\r\n\r\n".encode()
        )
        self.changed = threading.Condition()
        self.last_ns = 0
        self.changes = 0
        self.regions: dict[str, int] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        rest = b""
        while data := self._line.recv(1 << 20):
            at_ns = time.monotonic_ns()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: ") and (regions := json.loads(line[6:]).get("regions")):
                    with self.changed:
                        for region in regions:
                            self.regions[region] = self.regions.get(region, 0) + 1
                        if SHOWN_IN in regions:
                            self.last_ns = at_ns
                            self.changes += 1
                            self.changed.notify_all()

    def wait_change(self, after: int) -> int | None:
        """Stamp of the next change after the first `after` ones, None when none comes."""
        with self.changed:
            if self.changed.wait_for(lambda: self.changes > after, WAIT_S):
                return self.last_ns
        return None


class Contacts:
    """Stamps the contact messages of one node as their bytes pass the cable."""

    def __init__(self) -> None:
        self.decoder: Decoder | None = None
        self.passed = threading.Condition()
        self.last_ns = 0
        self.count = 0
        self._seen: set[int] = set()

    def piece(self, at_ns: int, cable: str, direction: str, data: bytes) -> None:
        if self.decoder is None or cable != f"{AREA}-{NODE}" or direction != TO_GATEWAY:
            return
        for frame in self.decoder.feed(data):
            if isinstance(frame.message, Contact) and frame.seq not in self._seen:
                self._seen.add(frame.seq)
                with self.passed:
                    self.last_ns, self.count = at_ns, self.count + 1
                    self.passed.notify_all()

    def wait_passed(self, after: int) -> int | None:
        with self.passed:
            if self.passed.wait_for(lambda: self.count > after, WAIT_S):
                return self.last_ns
        return None


class Bare:
    """One client that publishes, one that subscribes, on the same broker: QoS 1, TCP_NODELAY."""

    def __init__(self, chain: Chain) -> None:
        broker = chain.station.broker
        self.topic = f"caseward/v1/gw-{AREA}/up/bare"
        self.heard = threading.Event()
        self.heard_ns = 0
        self.publisher = self._client(broker.port, f"gw-{AREA}", broker.passwords[f"gw-{AREA}"], "bare-out")
        self.subscriber = self._client(broker.port, "server", broker.passwords["server"], "bare-in")
        self.subscriber.on_message = self._on_message
        self.subscriber.subscribe(self.topic, 1)
        time.sleep(0.5)

    def _client(self, port: int, user: str, password: str, name: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
        client.username_pw_set(user, password)
        client.on_socket_open = lambda _c, _u, line: line.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        client.connect("127.0.0.1", port)
        client.loop_start()
        return client

    def _on_message(self, *_: Any) -> None:
        self.heard_ns = time.monotonic_ns()
        self.heard.set()

    def once(self) -> float | None:
        """Milliseconds from publish to the subscriber's callback."""
        self.heard.clear()
        begun_ns = time.monotonic_ns()
        self.publisher.publish(self.topic, PAYLOAD, 1)
        return (self.heard_ns - begun_ns) / 1e6 if self.heard.wait(WAIT_S) else None

    def close(self) -> None:
        for client in (self.publisher, self.subscriber):
            client.disconnect()
            client.loop_stop()


def run(say: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        chain = Chain(Path(folder), speed=1.0)
        contacts = Contacts()
        chain.station.cables.record = contacts.piece
        try:
            return _measure(chain, contacts, say)
        finally:
            chain.close()


def _measure(chain: Chain, contacts: Contacts, say: Callable[[str], None]) -> dict[str, Any]:
    chain.begin([], story.START_US + 3_600 * 1_000_000)
    number = chain.station.areas[AREA].nodes[NODE].number
    contacts.decoder = Decoder({number: chain.station.node_keys[AREA][NODE]}, FROM_NODE)
    time.sleep(8)  # officers are made known, recorders and guards told
    page, bare, rng = Page(chain), Bare(chain), random.Random(1)
    chained: list[float] = []
    bare_ms: list[float] = []
    unheard = 0
    hardware = chain.station.hardware[AREA]
    time.sleep(2)
    for turn in range(WARM_UP + CONTACTS):
        before, passed_before = page.changes, contacts.count
        hardware.recorder(RECORDER, turn % 2 == 0)
        passed_ns = contacts.wait_passed(passed_before)
        heard_ns = page.wait_change(before)
        if passed_ns is None or heard_ns is None or heard_ns < passed_ns:
            unheard += 1
        elif turn >= WARM_UP:
            chained.append((heard_ns - passed_ns) / 1e6)
        time.sleep(rng.uniform(*PAUSE_S))
        once = bare.once()
        if once is not None and turn >= WARM_UP:
            bare_ms.append(once)
        if turn % 100 == 0:
            say(f"latency: {turn} contacts")
    bare.close()
    return {
        "holds": len(chained) >= 500 and unheard == 0,
        "speed": 1,
        "contacts": len(chained),
        "unheard": unheard,
        "contact_to_page_ms": _summary(chained),
        "bare_mosquitto_ms": _summary(bare_ms),
        "ratio_p50": round(percentile(chained, 50) / percentile(bare_ms, 50), 1),
        "regions_changed": page.regions,
        "path": "node under "
        + chain.station.plan.runner.label
        + ", pty, gateway, mosquitto, server, /events",
    }


def _summary(values: list[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 50), 2),
        "p90": round(percentile(values, 90), 2),
        "p99": round(percentile(values, 99), 2),
        "max": round(max(values), 2),
    }
