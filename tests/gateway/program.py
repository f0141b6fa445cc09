"""The gateway as a process, with a node process on a pty, a mosquitto of its own, and the real ingest as server."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from caselog import canonical
from caselog.keys import SoftKey
from caselog.segment import decode_line
from caseserver import mending
from caseserver.ingest import Ingest
from caseward.demo.broker import INSTALL_HINT, find_program
from caseward.demo.cables import TO_GATEWAY, TO_NODE
from casewire import Contact
from tests.e2e.wire_record import Frames, WireRecord
from tests.gateway.bench import HERE, KEY, SERVER_KEY, node_table
from tests.node import micropython
from tests.tools.ports import free_port

WAIT_S = 60.0
"""Patience, and no limit of the product: on a busy machine everything takes many times as long."""
CABLE, NODE_NUMBER = "t1-n1", 7


def wait_for(what: str, condition: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    """The condition's first true value; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"expected {what} within {seconds} s")


class Mosquitto:
    """A broker of our own on a free port; `stop` and `start` at will."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.config = folder / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(find_program("mosquitto", INSTALL_HINT)), "-c", str(self.config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for("mosquitto to listen", self.is_up)

    def is_up(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
            return True
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Server:
    """The real ingest behind a paho client: takes up/log, answers down/ack, down/req and down/mend."""

    def __init__(self, port: int, gateway_public: bytes) -> None:
        self.ingest = Ingest("t1", "gw-t1", gateway_public, SERVER_KEY.named("caseward.local/server"))
        self.is_answering = True
        self.leaves: list[bytes] = []
        self.messages: list[tuple[str, bytes]] = []
        self.lock = threading.Lock()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="server", protocol=paho.MQTTv311)
        self.client.on_connect = lambda client, *_: client.subscribe("caseward/v1/+/up/#", 1)
        self.client.on_message = self.take
        self.client.reconnect_delay_set(1, 1)
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()

    def take(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        word = message.topic.rsplit("/", 1)[-1]
        with self.lock:
            self.messages.append((word, message.payload))
            del self.messages[:-200]
            if word == "mend" and self.is_answering:
                reply = mending.answer(
                    message.payload, lambda a, n: self.leaves[a : a + n], self.ingest.note, self.ingest.word
                )
                if reply is not None:
                    client.publish("caseward/v1/gw-t1/down/mend", reply, 1)
            if word != "log" or not self.is_answering:
                return
            outcome = self.ingest.take(message.payload, int(time.time()))
            self.ingest.settle(outcome)
            self.leaves += [record.data for record in outcome.records]
        if outcome.ack is not None:
            client.publish("caseward/v1/gw-t1/down/ack", outcome.ack, 1)
        if outcome.request is not None:
            first, count = outcome.request
            payload = canonical.dumps({"v": 1, "first": first, "count": count})
            client.publish("caseward/v1/gw-t1/down/req", payload, 1)

    def say(self, word: str, payload: bytes, gateway: str = "gw-t1") -> None:
        self.client.publish(f"caseward/v1/{gateway}/down/{word}", payload, 1).wait_for_publish(5)

    def newest(self, word: str) -> dict[str, Any]:
        with self.lock:
            found = [payload for name, payload in self.messages if name == word]
        return canonical.loads(found[-1]) if found else {}

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Program:
    """Gateway, node, broker and server; all ended at exit. The pty's master ends are the cable, in our hand."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        """`data`: the gateway's folder, where it lies on another disk."""
        self.folder = folder
        self.data = data or folder / "gateway"
        self.environment: dict[str, str] = {}  # of the gateway's next start, beside ours
        self.wire = WireRecord()
        (self.data / "keys").mkdir(parents=True)
        (self.data / "keys" / "nodes.toml").write_text(f'n1 = "{KEY.hex()}"\n')
        (self.data / "keys" / "server.pub").write_text(SERVER_KEY.public.hex() + "\n")
        self.key = SoftKey.generate()
        self.key.save(self.data / "keys" / "gateway.key")
        self.link = folder / "tty"
        self.broker = Mosquitto(folder)
        self.gateway: subprocess.Popen[bytes] | None = None
        self.log_file = (folder / "gateway.log").open("ab")

    def __enter__(self) -> Self:
        self.broker.start()
        self.server = Server(self.broker.port, self.key.public)
        self.plug()
        os.mkfifo(self.folder / "hardware")
        self.hardware_end = os.open(self.folder / "hardware", os.O_RDWR)
        for pin in (1, 2, 3, 4, 5):
            self.hardware(f"PIN {pin} 0")
        config = micropython.write_config(self.folder / "config.json", node_table())
        self.node_master, node_slave = os.openpty()
        tty.setraw(node_slave)
        self.node_path = os.ttyname(node_slave)
        self.node_slave = node_slave
        self.node = micropython.start_node(
            config,
            self.node_path,
            self.folder / "hardware",
            interpreter=[sys.executable],
            stderr=subprocess.DEVNULL,
        )
        self.is_running = True
        self.cable = threading.Thread(target=self.carry, daemon=True)
        self.cable.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_running = False
        self.cable.join()
        if self.gateway is not None and self.gateway.poll() is None:
            self.gateway.kill()
            self.gateway.wait()
        self.node.kill()
        self.node.wait()
        self.server.stop()
        self.broker.stop()
        self.unplug()
        for descriptor in (self.node_master, self.node_slave, self.hardware_end):
            os.close(descriptor)
        self.log_file.close()
        if kind is not None:
            print((self.folder / "gateway.log").read_text()[-3_000:])

    def carry(self) -> None:
        """The cable between the node's pty and the gateway's."""
        os.set_blocking(self.node_master, False)
        while self.is_running:
            for source, target, direction in (
                (self.node_master, self.master, TO_GATEWAY),
                (self.master, self.node_master, TO_NODE),
            ):
                with suppress(OSError):
                    data = os.read(source, 4_096)
                    self.wire.piece(time.monotonic_ns(), CABLE, direction, data)
                    os.write(target, data)
            time.sleep(0.002)

    def plug(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))

    def unplug(self) -> None:
        self.link.unlink(missing_ok=True)
        master, self.master = self.master, -1
        os.close(master)
        os.close(self.slave)

    def hardware(self, line: str) -> None:
        os.write(self.hardware_end, line.encode() + b"\n")

    def told_of(self, point: int) -> int:
        """How many changes of a contact the node has told on the cable."""
        messages = [one.frame.message for one in self.frames().sent.values()]
        return sum(isinstance(message, Contact) and message.point == point for message in messages)

    def turn(self, point: int, level: int) -> None:
        """A contact moves, and stays until the node has told of it: a busy one looks at its pins late."""
        told = self.told_of(point)
        self.hardware(f"PIN {point} {level}")
        wait_for(f"the node to tell of point {point}", lambda: self.told_of(point) > told)

    def start(self, *more: str) -> None:
        self.gateway = subprocess.Popen(
            [
                sys.executable, "-m", "caseward.cli", "gateway",
                "--config", str(HERE / "area.toml"), "--data", str(self.data),
                "--port", f"line1={self.link}", "--broker", f"127.0.0.1:{self.broker.port}",
                "--gpio", "fake", "--gpio-timeline", str(self.folder / "gpio"),
                "--trace", str(self.folder / "trace"), *more,
            ],
            stdout=self.log_file, stderr=self.log_file,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            | self.environment,
        )  # fmt: skip

    def frames(self) -> Frames:
        """What passed the cable, decoded."""
        return self.wire.frames({CABLE: (NODE_NUMBER, KEY)})

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.gateway is not None
        self.gateway.send_signal(number)
        return self.gateway.wait(WAIT_S)

    def leaves(self, log: str = "log") -> list[bytes]:
        """The log as it stands on the disk."""
        found: list[bytes] = []
        folder = self.data / log
        for path in sorted(folder.glob("*.seg")) if folder.is_dir() else []:
            lines = path.read_bytes().split(b"\n")[:-1]
            found += [leaf for leaf in map(decode_line, lines) if leaf is not None]
        return found

    def facts(self, name: str, log: str = "log") -> list[dict[str, Any]]:
        leaves = [canonical.loads(leaf) for leaf in self.leaves(log)]
        return [leaf for leaf in leaves if leaf["type"] == f"{name}/1"]
