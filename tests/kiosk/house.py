"""Cabinets with their screens, each part a process: broker, server, gateway, field node over TLS; lock boards and readers on ptys.

The boards, the hands at the doors and what lies on the readers are threads and calls of the test; the page is Chromium's.
"""

import base64
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from casegateway.orders import signed_bytes
from caselog import canonical
from caselog.keys import SoftKey
from caseserver import commands
from caseserver.pins import PinFile
from caseward.clock import clock_from_environment
from tests.field.cabinets import LockBoard, LogTail, TagReaders, area_text, configure
from tests.field.cable import Cable
from tests.gateway.program import Mosquitto, wait_for
from tests.tools.certificates import Authority
from tests.tools.ports import free_port

CABINETS = {"e": ("effects", "随身财物柜", 60), "p": ("property", "涉案财物柜", 61)}
COMPARTMENTS = {
    "e1": 1,
    "e2": 2,
    "e3": 3,
    "e4": 4,
    "p1": 5,
    "p2": 6,
}  # and their locks
OFFICERS = {
    "0540": ("0B00000540", ["keeper"]), "0312": ("0B00000312", ["case_officer"]), "0007": ("0B00000007", ["case_department_head"]),
}  # fmt: skip
BAND, STAY = "0A00000409", "0409"
KEY = bytes(range(32))
PIN = "271828"
HOUR_US = 3_600_000_000


class House:
    """All of it. Use `begin` and `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = (folder / "programs.log").open("ab")
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.broker = Mosquitto(folder)
        self.node_port, self.kiosk_port, self.web_port = free_port(), free_port(), free_port()
        self.authority = Authority(folder, "station")
        (folder / "area.toml").write_text(area_text(self.node_port, CABINETS, COMPARTMENTS), encoding="utf-8")
        (folder / "cable").mkdir()
        self.cable = Cable(folder / "cable")
        self.board = LockBoard(self.cable, COMPARTMENTS)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.forms = 0
        self.tail = LogTail(folder / "gateway" / "log")
        self.leaves, self.facts = self.tail.leaves, self.tail.facts
        self._readers = TagReaders(CABINETS)
        self._prepare_server(self._prepare_gateway())
        self._prepare_node()

    def _prepare_gateway(self) -> SoftKey:
        keys = self.folder / "gateway" / "keys"
        keys.mkdir(parents=True)
        (keys / "nodes.toml").write_text(f'n9 = "{KEY.hex()}"\n')
        key = SoftKey.generate()
        key.save(keys / "gateway.key")
        return key

    def _prepare_server(self, gateway_key: SoftKey) -> None:
        data = self.folder / "server"
        data.mkdir()
        gateways = [("gw-t1", self.folder / "area.toml", gateway_key.public.hex())]
        commands.init(data, gateways, clock_from_environment(0), self.folder / "server-keys")
        file = data / "server.toml"
        text = file.read_text(encoding="utf-8").replace("127.0.0.1:8000", f"127.0.0.1:{self.web_port}")
        file.write_text(text.replace("port = 1883", f"port = {self.broker.port}"), encoding="utf-8")
        self.server_key = SoftKey.load(data / "keys" / "server.key")
        public = self.folder / "gateway" / "keys" / "server.pub"
        public.write_text(self.server_key.public.hex() + "\n")
        PinFile(data).change("0540", PIN, 2)

    def _prepare_node(self) -> None:
        cert, key = self.authority.issue("n9")
        line = {
            "tls": f"127.0.0.1:{self.node_port}",
            "ca": str(self.authority.file),
            "cert": str(cert),
            "key": str(key),
        }
        base = {"node": 9, "key": KEY.hex(), "line": line}
        configure(self.folder / "config.json", self.board, self._readers, base)

    # --- programs ---------------------------------------------------------------------------

    def start(self, name: str, *command: str) -> None:
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "caseward.cli", *command],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )

    def start_server(self) -> None:
        self.start("server", "server", "--data", str(self.folder / "server"))

    def start_gateway(self) -> None:
        cert, key = self.authority.issue("gw-t1")
        self.start(
            "gateway", "gateway", "--config", str(self.folder / "area.toml"), "--data", str(self.folder / "gateway"),
            "--broker", f"127.0.0.1:{self.broker.port}", "--gpio", "none", "--wall-error-ms", "50",
            "--node-tls-cert", str(cert), "--node-tls-key", str(key), "--node-tls-ca", str(self.authority.file),
            "--kiosk", f"127.0.0.1:{self.kiosk_port}",
        )  # fmt: skip

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def begin(self) -> None:
        self.broker.start()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="desk", protocol=paho.MQTTv311)
        self.client.connect_async("127.0.0.1", self.broker.port)
        self.client.loop_start()
        self.board.start()
        self.start_server()
        self.start_gateway()
        self.start("node", "node", "--config", str(self.folder / "config.json"))
        wait_for(
            "the doors to be known", lambda: len(self.facts("compartment.closed")) == len(COMPARTMENTS), 40
        )
        for officer, (badge, roles) in OFFICERS.items():
            self.say("officer.registered", officer=officer, service="sworn", roles=roles, badge=badge)
        for what, more in (
            ("person.arrived", {}), ("area.entered", {}), ("search.signed", {"officers": ["0312"]}),
            ("wristband.bound", {"band": BAND}),
        ):  # fmt: skip
            self.say(what, stay=STAY, **more)

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.board.stop()
        self.client.loop_stop()
        self.broker.stop()
        self._readers.close()
        self.log.close()

    # --- hands ------------------------------------------------------------------------------

    def hold(self, cabinet: str, *tags: str) -> None:
        """Badges and bands are held to the reader, one after the other, until each was read."""
        for tag in tags:
            tag = OFFICERS[tag][0] if tag in OFFICERS else tag
            before = len(self.facts("tag.read"))
            self._readers.hold(cabinet, tag)
            wait_for("the tag to be read", lambda n=before: len(self.facts("tag.read")) > n)

    def door(self, name: str) -> None:
        """The hook lets go; a hand pulls the door, takes or puts, and shuts it."""
        wait_for("the hook", lambda: not self.board.is_shut(name))
        opened = len(self.facts("compartment.opened"))
        self.board.hand(name, is_open=True)
        wait_for("the door to be seen open", lambda: len(self.facts("compartment.opened")) > opened)
        self.board.hand(name, is_open=False)

    # --- the desk ---------------------------------------------------------------------------

    def say(self, fact_type: str, **body: Any) -> None:
        """An officer's form as the server signs it, said until it is in the log."""
        self.forms += 1
        at_us = time.time_ns() // 1_000 - 60_000  # the bounds of the gateway's clock are 50 ms wide
        fact = {
            "type": f"{fact_type}/1", "id": f"form-{self.forms}", "stay": body.get("stay"), "body": body,
            "occurred": {"earliest_us": at_us, "latest_us": at_us, "by": "server"},
        }  # fmt: skip
        signature = base64.b64encode(self.server_key.sign(signed_bytes(fact))).decode()
        payload = canonical.dumps({"v": 1, "fact": fact, "key": "", "sig": signature})

        def is_there() -> bool:
            self.client.publish("caseward/v1/gw-t1/down/fact", payload, 1)
            time.sleep(0.1)
            return any(leaf["id"] == fact["id"] for leaf in self.leaves())

        wait_for(f"{fact_type} in the log", is_there)

    def held(self) -> int:
        """Leaves that the server holds."""
        return int(self._ask("server.db", "SELECT count(*) FROM leaf")[0][0])

    def enclosed(self) -> dict[str, str]:
        """What the server has of photos, signatures and words: commitment -> field."""
        return dict(self._ask("enclosures.db", "SELECT commitment, field FROM enclosure"))

    def _ask(self, file: str, query: str) -> list[tuple]:
        with sqlite3.connect(f"file:{self.folder / 'server' / file}?mode=ro", uri=True, timeout=10) as store:
            return store.execute(query).fetchall()

    def spooled(self) -> int:
        """Boxes on the gateway's disk."""
        return len(list((self.folder / "gateway" / "kiosk" / "spool").glob("*.box")))
