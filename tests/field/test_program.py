"""A field node as it runs on a Raspberry Pi: lock boards on a pty, TLS to a real gateway, orders and facts."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from caselog import canonical
from caselog.keys import SoftKey
from caselog.segment import decode_line
from tests.field.cable import Cable
from tests.gateway.program import WAIT_S, wait_for
from tests.tools.certificates import Authority
from tests.tools.ports import free_port

pytestmark = pytest.mark.real

KEY = bytes(range(32))
AREA = """
[area]
id = "t9"
name = { zh = "测试区", en = "Test area" }
[gateway]
id = "gw-t9"
[[room]]
id = "outside"
kind = "outside"
[[room]]
id = "hall"
kind = "corridor"
[[door]]
id = "gate"
kind = "area_gate"
between = ["outside", "hall"]
controlled = true
[[output]]
id = "gate-lock"
kind = "lock"
door = "gate"
on_lost = "hold"
[[port]]
id = "net"
path = "tls://127.0.0.1:{number}"
[[node]]
id = "n9"
number = 9
port = "net"
[[point]]
node = "n9"
point = 1
kind = "output"
of = "gate-lock"
[[point]]
node = "n9"
point = 2
kind = "door_contact"
of = "gate"
"""
LOCKS = [{"lock": 1, "point": 1, "sense_point": 2}]
BUS = {"kind": "krcu", "boards": [{"board": 0, "profile": "cu16", "senses": "item", "locks": LOCKS}]}


class Field:
    """A gateway, a field node and a lock board, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = free_port()
        self.authority = Authority(folder, "station")
        (folder / "cable").mkdir()
        self.cable = Cable(folder / "cable")
        self.log = (folder / "programs.log").open("ab")
        self.gateway = self.node = self.board = None
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        keys = folder / "gateway" / "keys"
        keys.mkdir(parents=True)
        (keys / "nodes.toml").write_text(f'n9 = "{KEY.hex()}"\n')
        SoftKey.generate().save(keys / "gateway.key")
        (folder / "area.toml").write_text(AREA.replace("{number}", str(self.number)))
        cert, key = self.authority.issue("n9")
        line = {
            "tls": f"127.0.0.1:{self.number}",
            "ca": str(self.authority.file),
            "cert": str(cert),
            "key": str(key),
        }
        table = {"node": 9, "key": KEY.hex(), "line": line, "devices": [{**BUS, "bus": self.cable.path()}]}
        (folder / "config.json").write_text(json.dumps(table))

    def start(self, *command: str, **pipes: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment,
            **{"stdout": self.log, "stderr": self.log, **pipes},
        )

    def start_gateway(self) -> None:
        cert, key = self.authority.issue("gw-t9")
        self.gateway = self.start(
            "caseward.cli", "gateway", "--config", str(self.folder / "area.toml"), "--data", str(self.folder / "gateway"),
            "--broker", "none", "--gpio", "none", "--node-tls-cert", str(cert), "--node-tls-key", str(key),
            "--node-tls-ca", str(self.authority.file),
        )  # fmt: skip

    def start_node(self) -> None:
        self.node = self.start("caseward.cli", "node", "--config", str(self.folder / "config.json"))

    def start_board(self) -> None:
        self.board = self.start(
            "casefield.fakes.krcu_board", "--port", self.cable.path(0), stdin=subprocess.PIPE
        )

    def say(self, line: str) -> None:
        assert self.board is not None
        assert self.board.stdin is not None
        self.board.stdin.write(line.encode() + b"\n")
        self.board.stdin.flush()

    def told(self) -> list[str]:
        """Types of the facts in the gateway's log, in order."""
        found = []
        for path in sorted((self.folder / "gateway" / "log").glob("*.seg")):
            lines = path.read_bytes().split(b"\n")[:-1]
            found += [canonical.loads(leaf) for leaf in map(decode_line, lines) if leaf is not None]
        return [str(leaf["type"]).removesuffix("/1") for leaf in found if leaf["class"] == "fact"]

    def close(self) -> None:
        for process in (self.node, self.gateway, self.board):
            if process is not None:
                process.kill()
                process.wait()
        self.log.close()


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    field = Field(tmp_path)
    with field.cable:
        yield field
        field.close()
    print((tmp_path / "programs.log").read_text()[-2_000:])


def test_a_lock_board_behind_a_field_node_is_seen_by_the_gateway_and_its_silence_too(field: Field) -> None:
    field.start_board()
    field.start_gateway()
    field.start_node()
    wait_for("the door to be known", lambda: "door.closed" in field.told())
    wait_for("the lock to be known", lambda: "output.confirmed" in field.told())
    field.say("sense 0 1 1")
    wait_for("the door to open", lambda: "door.opened" in field.told())
    field.say("silent 0")
    wait_for("the silence", lambda: {"door.unknown", "output.unknown"} <= set(field.told()))
    assert field.node is not None
    field.node.send_signal(signal.SIGTERM)
    assert field.node.wait(WAIT_S) == 0
    wait_for("the node to be missed", lambda: "node.lost" in field.told())
    field.say("back 0")
    field.start_node()
    wait_for("the node to be back", lambda: field.told().count("node.restored") == 2)
    assert "node.gap" not in field.told()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"line": None}, "line: expected a table, found None"),
        ({"line": {"serial": "/dev/x", "tls": "a:1"}}, 'line: expected either "serial": PATH'),
        ({"line": {"tls": "a"}}, "line.tls: expected HOST:PORT, found 'a'"),
        ({"line": {"tls": "a:1"}}, "line: expected the files ca, cert and key beside tls, found 'no ca, cert, key'"),
        ({"devices": [{"kind": "telex"}]}, "devices[0].kind: expected one of krcu, "),
        ({"devices": []}, "points: expected a list of at least one point"),
        ({"wifi": 1}, "config: expected only the keys"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_told_and_ends_with_2(field: Field, change: dict, text: str) -> None:
    file = field.folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    done = subprocess.run(
        [sys.executable, "-m", "caseward.cli", "node", "--config", str(file)],
        env=field.environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert text in done.stderr
