"""Cabinets with their screens, each part a process: broker, server, gateway, field node over TLS; lock boards and readers on ptys.

The boards, the hands at the doors and what lies on the readers are threads and calls of the test; the page is Chromium's.
"""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from casefield.fakes.krcu_board import FakeBoards
from casegateway.orders import signed_bytes
from caselog import canonical
from caselog.keys import SoftKey
from caselog.segment import decode_line
from caseserver import commands
from caseserver.pins import PinFile
from caseward.clock import clock_from_environment
from tests.field.cable import Cable
from tests.gateway.bench import tag_bytes
from tests.gateway.program import Mosquitto, free_port, wait_for
from tests.tools.certificates import Authority

HEAD = """
[area]
id = "t1"
name = { zh = "测试区", en = "Test area" }
[gateway]
id = "gw-t1"
[[port]]
id = "net"
path = "tls://127.0.0.1:{number}"
[[node]]
id = "n9"
number = 9
port = "net"
[[room]]
id = "store"
kind = "property_store"
[[recorder]]
id = "camera"
rooms = ["store"]
"""
CABINETS = {"e": ("effects", "随身财物柜", 60), "p": ("property", "涉案财物柜", 61)}
COMPARTMENTS = {
    "e1": 1,
    "e2": 2,
    "e3": 3,
    "e4": 4,
    "p1": 5,
    "p2": 6,
}  # and their locks; doors are 20 points on
OFFICERS = {
    "0540": ("0B00000540", ["keeper"]), "0312": ("0B00000312", ["case_officer"]), "0007": ("0B00000007", ["case_department_head"]),
}  # fmt: skip
BAND, STAY = "0A00000409", "0409"
KEY = bytes(range(32))
PIN = "271828"
HOUR_US = 3_600_000_000


def area_text(number: int) -> str:
    text = HEAD.replace("{number}", str(number))
    for name, (kind, title, point) in CABINETS.items():
        text += f'[[reader]]\nid = "rd-{name}"\nroom = "store"\n'
        text += f'[[point]]\nnode = "n9"\npoint = {point}\nkind = "reader"\nof = "rd-{name}"\n'
        text += f'[[cabinet]]\nid = "{name}"\nkind = "{kind}"\nname = {{ zh = "{title}", en = "{title}" }}\nroom = "store"\nreader = "rd-{name}"\n'
        text += 'recorder = "camera"\n'
    for name, lock in COMPARTMENTS.items():
        text += f'[[compartment]]\nid = "{name}"\nname = {{ zh = "0{name[1:]}", en = "0{name[1:]}" }}\ncabinet = "{name[0]}"\n'
        for kind, point in (("compartment_lock", lock), ("compartment_door", lock + 20)):
            text += f'[[point]]\nnode = "n9"\npoint = {point}\nkind = "{kind}"\nof = "{name}"\n'
    return text


class House:
    """All of it. Use `begin` and `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = (folder / "programs.log").open("ab")
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.broker = Mosquitto(folder)
        self.node_port, self.kiosk_port, self.web_port = free_port(), free_port(), free_port()
        self.authority = Authority(folder, "station")
        (folder / "area.toml").write_text(area_text(self.node_port), encoding="utf-8")
        (folder / "cable").mkdir()
        self.cable = Cable(folder / "cable")
        self.boards = FakeBoards("cu16", [0])
        self.lock = threading.Lock()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.forms = 0
        self._leaves: list[dict[str, Any]] = []
        self._read: dict[Path, int] = {}
        self._is_over = threading.Event()
        self._board = threading.Thread(target=self._be_a_board, daemon=True)
        self._readers: dict[str, tuple[int, int]] = {name: os.openpty() for name in CABINETS}
        for _, slave in self._readers.values():
            tty.setraw(slave)
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
        locks = [{"lock": lock, "point": lock, "sense_point": lock + 20} for lock in COMPARTMENTS.values()]
        board = {"board": 0, "profile": "cu16", "senses": "door", "move_ms_max": 600, "locks": locks}
        points = [
            {"point": point, "kind": "reader", "pin": os.ttyname(self._readers[name][1]), "no_read_ms": 300}
            for name, (_, _, point) in CABINETS.items()
        ]
        devices = [{"kind": "krcu", "bus": self.cable.path(), "boards": [board]}]
        table = {"node": 9, "key": KEY.hex(), "line": line, "devices": devices, "points": points}
        (self.folder / "config.json").write_text(json.dumps(table))

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
        self._board.start()
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
        self._is_over.set()
        for process in self.processes.values():
            process.kill()
            process.wait()
        self._board.join(2)
        self.client.loop_stop()
        self.broker.stop()
        for ends in self._readers.values():
            for end in ends:
                os.close(end)
        self.log.close()

    # --- hands ------------------------------------------------------------------------------

    def _be_a_board(self) -> None:
        line = os.open(self.cable.path(0), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(line)
        while not self._is_over.wait(0.003):
            now_ms = time.monotonic_ns() // 1_000_000
            with self.lock:
                with suppress(BlockingIOError):
                    self.boards.feed(os.read(line, 4_096), now_ms)
                os.write(line, self.boards.due(now_ms))
        os.close(line)

    def hold(self, cabinet: str, *tags: str) -> None:
        """Badges and bands are held to the reader, one after the other, until each was read."""
        for tag in tags:
            tag = OFFICERS[tag][0] if tag in OFFICERS else tag
            before = len(self.facts("tag.read"))
            os.write(self._readers[cabinet][0], tag_bytes(tag))
            wait_for("the tag to be read", lambda n=before: len(self.facts("tag.read")) > n)

    def door(self, name: str) -> None:
        """The hook lets go; a hand pulls the door, takes or puts, and shuts it."""
        lock = COMPARTMENTS[name]
        wait_for("the hook", lambda: not self.boards.is_shut(0, lock))
        opened = len(self.facts("compartment.opened"))
        with self.lock:
            self.boards.set_sense(0, lock, on=True)
        wait_for("the door to be seen open", lambda: len(self.facts("compartment.opened")) > opened)
        with self.lock:
            self.boards.set_sense(0, lock, on=False)
            self.boards.set_hook(0, lock, shut=True)

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

    def leaves(self) -> list[dict[str, Any]]:
        """The log as it stands on the disk; what was read before is not read again."""
        for path in sorted((self.folder / "gateway" / "log").glob("*.seg")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                lines = file.read().rpartition(b"\n")[0]
            if lines:
                self._read[path] = self._read.get(path, 0) + len(lines) + 1
                told = (decode_line(line) for line in lines.split(b"\n"))
                self._leaves += [json.loads(leaf) for leaf in told if leaf is not None]
        return self._leaves

    def facts(self, name: str) -> list[dict[str, Any]]:
        return [leaf for leaf in self.leaves() if leaf["type"] == f"{name}/1"]

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
