"""Caseward itself: real gateway, real server, the suite's broker; nodes on ptys fed from the suite's topics.

Heard is what the server holds of the gateway's log, asked for over its API: the whole chain to the desk.
"""

import http.client
import json
import secrets
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from caselog.keys import SoftKey
from caseward.demo import accounts, keys
from caseward.demo.office import Client, Form, Unanswered
from tests.tools.ports import free_port
from tests.torture.contract import ALARM_TOPIC, PERSONS
from tests.torture.targets.caseward_node import CONTACTS, Field, area_text, tag_of
from tests.torture.targets.process import PYTHON, Process, WallClock

RULES = Path(__file__).with_name("caseward_rules.toml")
OFFICER = "000101"
START_S = 120.0
POLL_S = 1.0  # and at once when the server acks something: each look at the log is a record of its own there
ACK_TOPIC = "caseward/v1/gw-torture/down/ack"
WALL_ERROR_MS = 100  # what the operator of this machine vouches for: its host keeps its clock right
LEAVES_MAX = 500
FORM_TRIES_MAX = 5
MONTH_S = 30 * 24 * 3_600


class Caseward:
    """A station in a folder of the case."""

    def __init__(self, folder: Path, port: int, wall: WallClock | None) -> None:
        self._folder, self._port, self._http = folder, port, free_port()
        self._wall = wall
        self._persons: tuple[str, ...] = ()
        self._is_known = False
        self._boots = 0
        self._field: Field | None = None
        self._desk: _Desk | None = None

    def prepare(self, persons: int) -> None:
        self._persons = PERSONS[:persons]
        gateway, server = self._folder / "gateway", self._folder / "server"
        key = keys.gateway_key(gateway / "keys" / "gateway.key")
        node_keys = keys.node_keys(gateway / "keys" / "nodes.toml", ["n1", "n2"])
        (gateway / "area.toml").write_text(area_text(), encoding="utf-8")
        (gateway / "rules.toml").write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")
        self._command("server", "init", "--data", str(server))
        self._command("server", "keys", "--data", str(server), "--keys", str(self._folder / "people"))
        self._password = secrets.token_urlsafe(12)
        accounts.provide(server, self._password)
        public = SoftKey.load(server / "keys" / "server.key").public.hex()
        (gateway / "keys" / "server.pub").write_text(public + "\n")
        (server / "server.toml").write_text(
            f'listen = "127.0.0.1:{self._http}"\n[broker]\nport = {self._port}\n'
            f"[sessions]\nidle_s_max = {MONTH_S}\ntotal_s_max = {MONTH_S}\ntries_per_minute_max = 1000\n"
            f'[people]\nkeys = "{self._folder / "people"}"\n'
            f'[gateways.gw-torture]\narea = "{gateway / "area.toml"}"\nrulebook = "{gateway / "rules.toml"}"\n'
            f'public_key = "{key.public.hex()}"\n'
        )
        self._field = Field(self._port, dict(zip(CONTACTS, node_keys.values(), strict=True)))
        self._programs(gateway, server)

    def _programs(self, gateway: Path, server: Path) -> None:
        assert self._field is not None
        argv = [
            PYTHON, "-m", "caseward", "gateway", "--config", str(gateway / "area.toml"), "--data", str(gateway),
            "--rulebook", str(gateway / "rules.toml"), "--broker", f"127.0.0.1:{self._port}", "--gpio", "fake",
            "--disk-reserve-mib", "0", "--wall-error-ms", str(WALL_ERROR_MS),
        ]  # fmt: skip
        for number, node in enumerate(self._field.nodes.values(), 1):
            argv += ["--port", f"line-{number}={node.path}"]
        environment = self._wall.environment() if self._wall else {}
        self._gateway = Process(argv, self._folder / "gateway.log", environment)
        self._server = Process(
            [PYTHON, "-m", "caseward", "server", "--data", str(server)],
            self._folder / "server.log",
            environment,
        )

    @staticmethod
    def _command(*arguments: str) -> None:
        done = subprocess.run([PYTHON, "-m", "caseward", *arguments], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(
                f"caseward {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
            )

    def start(self) -> None:
        assert self._field is not None
        if self._desk is None:
            self._field.start()
            self._desk = _Desk(self._http, self._password, self._port)
        self._boots += 1
        self._gateway.start()
        self._server.start()
        desk = self._desk
        self._server.wait_for("the server to answer", desk.client.is_ready, START_S)
        desk.start()
        self._gateway.wait_for(
            "the gateway's start in the server's log",
            lambda: desk.seen["gateway.booted"] >= self._boots,
            START_S,
        )
        if not self._is_known:
            self._register(desk)

    def _register(self, desk: "_Desk") -> None:
        self._is_known = True
        for person in self._persons:
            _fill(desk, "person.arrived", {"stay": person})
            _fill(desk, "wristband.bound", {"stay": person, "band": tag_of(person)})
        count = len(self._persons)
        self._gateway.wait_for(
            "the wristbands in the log", lambda: desk.seen["wristband.bound"] >= count, START_S
        )

    def stop(self, *, is_killed: bool) -> None:
        self._gateway.stop(is_killed=is_killed)
        self._server.stop(is_killed=is_killed)

    def redeploy(self) -> None:
        """A rulebook changed in its file is read at a start of the gateway."""
        self._gateway.stop(is_killed=False)
        rules = self._folder / "gateway" / "rules.toml"
        rules.write_text(rules.read_text(encoding="utf-8") + "# again\n", encoding="utf-8")
        self._boots += 1
        self._gateway.start()
        desk = self._desk
        assert desk is not None
        self._gateway.wait_for(
            "the gateway's start", lambda: desk.seen["gateway.booted"] >= self._boots, START_S
        )

    def close(self) -> None:
        if self._desk is not None:
            self._desk.stop()
        if self._field is not None:
            self._gateway.stop(is_killed=True)
            self._server.stop(is_killed=True)
            self._field.close()

    def version(self) -> str:
        return f"Caseward {metadata.version('caseward')}"


def _fill(desk: "_Desk", fact: str, body: dict[str, str]) -> None:
    """A form of an officer, again while the server is slow to answer."""
    for _ in range(FORM_TRIES_MAX):
        with suppress(Unanswered):
            desk.client.submit(Form("torture", fact, body, OFFICER))
            return
    raise RuntimeError(f"expected the server to take {fact} of {body['stay']}, found no answer")


class _Desk:
    """Reads the gateway's leaves from the server, and says each alarm in them on the suite's topic."""

    def __init__(self, http_port: int, password: str, mqtt_port: int) -> None:
        self.client = Client(http_port, dict.fromkeys(accounts.ROLES, password))
        self.seen: dict[str, int] = {"gateway.booted": 0, "wristband.bound": 0}
        self._http = http_port
        self._next = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._mqtt = paho.Client(
            CallbackAPIVersion.VERSION2, client_id="caseward-desk", protocol=paho.MQTTv311
        )
        self._mqtt.reconnect_delay_set(1, 1)
        self._news = threading.Event()
        self._mqtt.on_connect = lambda link, *_: link.subscribe(ACK_TOPIC, 0)
        self._mqtt.on_message = lambda *_: self._news.set()
        self._mqtt.connect_async("127.0.0.1", mqtt_port, keepalive=10)

    def start(self) -> None:
        if not self._thread.is_alive():
            self._mqtt.loop_start()
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.wait(POLL_S)
            self._news.clear()
            with suppress(OSError, http.client.HTTPException, ValueError, RuntimeError):
                while leaves := self._leaves():
                    for leaf in leaves:
                        self._next += 1
                        self._tell(leaf)

    def _leaves(self) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._http, timeout=5)
        try:
            session = self.client.session(OFFICER)
            path = f"/api/log/gw-torture?first={self._next}&count={LEAVES_MAX}"
            connection.request("GET", path, headers={"Cookie": f"caseward_session={session.cookie}"})
            response = connection.getresponse()
            data = response.read()
            if response.status == 401:
                self.client._sessions.clear()
            return [json.loads(line) for line in data.splitlines()] if response.status == 200 else []
        finally:
            connection.close()

    def _tell(self, leaf: dict[str, Any]) -> None:
        name = str(leaf["type"]).partition("/")[0]
        if name in self.seen:
            self.seen[name] += 1
        translate = _WORDS.get(name)
        if translate is not None:
            self._mqtt.publish(ALARM_TOPIC, json.dumps(translate(leaf["body"])), 1)


def _word(body: dict[str, Any], state: str, *, is_notice: bool) -> dict[str, Any]:
    """The suite's word for an alarm leaf. A pre-warning of R2 is the suite's R5."""
    kind, _, ref = body["subject"].partition(":")
    return {
        "v": 1,
        "rule": "R5" if is_notice else body["rule"],
        "subject": ref.replace("n", "unit-") if kind == "node" else ref,
        "id": body["alarm"] + ("/soon" if is_notice else ""),
        "state": state,
        "certain": body.get("certain", True),
    }


_WORDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "alarm.raised": lambda body: _word(body, "raised", is_notice=False),
    "alarm.prewarned": lambda body: _word(body, "raised", is_notice=True),
    "alarm.cleared": lambda body: _word(body, "cleared", is_notice=body["of"] != "alarm"),
}
