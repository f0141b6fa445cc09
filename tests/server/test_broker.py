"""The whole server process at a real mosquitto, a gateway played by a plain MQTT client with a real log."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from caselog import canonical, checkpoint
from caselog.keys import SoftKey
from caseserver.commands import init
from tests.server.station_kit import GatewayLog, StationClock, morning, standard_area
from tests.tools.need import need
from tests.tools.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 60.0

pytestmark = pytest.mark.real


def wait_for(what: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "expected it within its time"
        time.sleep(0.02)
    return found


class Site:
    """Broker, server process and gateway client in one directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "server"
        self.data.mkdir()
        self.mqtt_port, self.http_port = free_port(), free_port()
        self.broker: subprocess.Popen[bytes] | None = None
        self.server: subprocess.Popen[bytes] | None = None
        self.gateway = GatewayLog(*standard_area(), key=SoftKey.generate())
        shutil.copy(ROOT / "gateway/custody/areas/standard.toml", self.data / "area.toml")
        gateways = [("gw-a1", Path("area.toml"), self.gateway.key.public.hex())]
        self.passwords = init(self.data, gateways, StationClock())
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="gw-a1")
        self.client.on_message = lambda _c, _d, m: self.heard.put(
            (m.topic.rpartition("/")[2], bytes(m.payload))
        )
        self.client.on_connect = lambda c, *_: c.subscribe("caseward/v1/gw-a1/down/+", 1)
        self.subscriptions = 0  # that the broker has confirmed: it forgets them when it is killed
        self.client.on_subscribe = self._subscribed
        self.client.reconnect_delay_set(1, 1)

    def start_broker(self) -> None:
        config = self.path / "mosquitto.conf"
        config.write_text(
            f"listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        self.broker = subprocess.Popen([need("mosquitto"), "-c", str(config)], stderr=subprocess.DEVNULL)
        wait_for(self._broker_answers)

    def start_server(self) -> None:
        paths = os.pathsep.join(str(ROOT / name) for name in ("firmware", "gateway", "server"))
        environment = {
            **os.environ, "PYTHONPATH": paths, "CASEWARD_SERVER_LISTEN": f"127.0.0.1:{self.http_port}",
            "CASEWARD_SERVER_BROKER__PORT": str(self.mqtt_port),
            "CASEWARD_SERVER_SESSIONS__SECOND_FACTOR_ROLES": "[]",  # these tests are about the broker
        }  # fmt: skip
        with (self.path / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "caseward.cli", "server", "--data", str(self.data)],
                env=environment, stderr=log,
            )  # fmt: skip
        wait_for(lambda: self.health().get("broker") == "connected")

    def stop(self, process: subprocess.Popen[bytes] | None, sign: int) -> None:
        if process is not None and process.poll() is None:
            process.send_signal(sign)
            process.wait(WAIT_S)

    def health(self) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            return dict(self.get("/healthz"))
        return {}

    def get(self, path: str) -> Any:
        with self.opener.open(f"http://127.0.0.1:{self.http_port}{path}", timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else text

    def post(self, path: str, value: Any, token: str = "") -> Any:
        headers = {"Content-Type": "application/json", "x-csrf-token": token}
        request = Request(f"http://127.0.0.1:{self.http_port}{path}", json.dumps(value).encode(), headers)
        with self.opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    def send(self, topic: str, payload: bytes) -> None:
        self.client.publish(f"caseward/v1/gw-a1/up/{topic}", payload, qos=1).wait_for_publish(WAIT_S)

    def next_down(self, topic: str) -> dict[str, Any]:
        end = time.monotonic() + WAIT_S
        while True:
            found, payload = self.heard.get(timeout=max(0.01, end - time.monotonic()))
            if found == topic:
                return dict(canonical.loads(payload))

    def _subscribed(self, *_: Any) -> None:
        self.subscriptions += 1

    def _broker_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.mqtt_port), 0.5):
            return True
        return False


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    made.start_broker()
    made.client.connect_async("127.0.0.1", made.mqtt_port, 5)
    made.client.loop_start()
    wait_for(lambda: made.subscriptions)
    made.start_server()
    yield made
    made.client.disconnect()
    made.client.loop_stop()
    made.stop(made.server, signal.SIGTERM)
    made.stop(made.broker, signal.SIGTERM)


def test_a_batch_is_acknowledged_over_the_broker_with_a_cosignature_and_shown_by_the_api(site: Site) -> None:
    assert site.next_down("req") == {"v": 1, "first": 0, "count": 0}  # how much the server holds
    end_us = morning(site.gateway, time.time_ns() // 1_000 - 3_600_000_000)
    site.send("log", site.gateway.batch())
    ack = site.next_down("ack")
    assert (ack["size"], ack["root"]) == (site.gateway.log.size, site.gateway.log.root().hex())
    public = bytes.fromhex((site.data / "keys/server.pub").read_text().strip())
    note = ack["cosigned"].encode()
    assert public == SoftKey.load(site.data / "keys/server.key").public
    signer = SoftKey.load(site.data / "keys/server.key").named("caseward.local/server")
    assert checkpoint.verify_cosignature(note, signer.verifier).checkpoint.root == site.gateway.log.root()
    site.send("hb", site.gateway.heartbeat(end_us))
    site.post("/api/session", {"number": "admin-1", "password": site.passwords["admin-1"]})
    assert site.get("/api/log/gw-a1?count=1000") == site.gateway.bytes()
    wait_for(lambda: not site.get("/api/areas")[0]["is_stale"])


def test_nothing_acknowledged_is_lost_by_kill_9_of_server_and_broker(site: Site) -> None:
    start_us = time.time_ns() // 1_000 - 3_600_000_000
    morning(site.gateway, start_us)
    acked = 0
    for round_number in range(4):
        for step in range(5):
            at_us = start_us + 600_000_000 + (round_number * 5 + step) * 1_000_000
            site.gateway.fact("door.opened" if step % 2 else "door.closed", at_us, door="gate")
            site.send("log", site.gateway.batch(acked))
            if step == 3 and round_number % 2 == 0:
                break  # the answer to this one may or may not come
            while acked < site.gateway.log.size:
                acked = max(acked, site.next_down("ack")["size"])
        if round_number == 1:
            assert site.server is not None
            site.subscriptions = 0
            site.stop(site.broker, signal.SIGKILL)
            wait_for(lambda: site.health().get("broker") == "away")
            site.server.send_signal(signal.SIGSTOP)  # what it says before anybody listens is lost
            site.start_broker()
            wait_for(lambda: site.subscriptions)
            site.server.send_signal(signal.SIGCONT)
        else:
            site.stop(site.server, signal.SIGKILL)
            site.start_server()
        while True:  # the server tells what it holds: all that it ever acknowledged
            asked = site.next_down("req")
            if asked["count"] == 0:
                assert asked["first"] >= acked
                break
    site.send("log", site.gateway.batch(0))
    while acked < site.gateway.log.size:
        acked = max(acked, site.next_down("ack")["size"])
    site.post("/api/session", {"number": "admin-1", "password": site.passwords["admin-1"]})
    (area,) = site.get("/api/areas")
    assert (area["log_size"], area["root"]) == (site.gateway.log.size, site.gateway.log.root().hex())
    assert site.get("/api/log/gw-a1?count=1000") == site.gateway.bytes()
    assert area["differences"] == []


def test_officers_facts_are_sent_again_in_their_order_after_kill_9_until_the_log_has_them(site: Site) -> None:
    session = site.post("/api/session", {"number": "admin-1", "password": site.passwords["admin-1"]})
    given = []
    for number in ("1001", "1002"):
        body = {"officer": number, "service": "sworn", "roles": ["duty_officer"]}
        fact = {"type": "officer.registered", "body": body}
        given.append(site.post("/api/areas/a1/facts", fact, session["csrf"])["id"])
        assert site.next_down("fact")["fact"]["id"] == given[-1]
    site.stop(site.server, signal.SIGKILL)
    site.client.publish("caseward/v1/gw-a1/down/mark", b"{}", 1)
    site.next_down("mark")  # what the broker still had of it is heard
    site.start_server()
    again = [site.next_down("fact") for _ in given]
    assert [message["fact"]["id"] for message in again] == given
    assert [message.get("after") for message in again] == [None, given[0]]
    for message in again:
        fact = message["fact"]
        site.gateway.fact("officer.registered", fact["occurred"]["earliest_us"], fact["id"], **fact["body"])
    site.send("log", site.gateway.batch())
    for fact_id in given:
        assert wait_for(lambda fact_id=fact_id: site.get(f"/api/facts/{fact_id}")["text"] == "recorded")
