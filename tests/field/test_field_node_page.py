"""docs/devices/field-node.md as it is followed: its certificates, its files, its commands, to a gateway that hears the node."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from caselog.keys import SoftKey
from tests.field.cable import Cable
from tests.field.test_program import Field
from tests.gateway.program import wait_for
from tests.tools.need import need
from tests.tools.ports import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "devices" / "field-node.md").read_text(encoding="utf-8")
KEY = "5b" * 32
REST = """
[area]
id = "t20"
[gateway]
id = "gw-t20"
[[room]]
id = "outside"
kind = "outside"
[[room]]
id = "store"
kind = "property_store"
[[door]]
id = "locker-1"
kind = "room"
between = ["outside", "store"]
controlled = true
[[point]]
node = "field-1"
point = 1
kind = "lock_bolt"
of = "locker-1"
"""


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.M | re.S)
    return found


def commands(beginning: str) -> list[list[str]]:
    """Words after `caseward` of each command of the page that begins so."""
    return [shlex.split(line) for line in re.findall(rf"^caseward ({beginning} .*)$", PAGE, re.M)]


class PageField(Field):
    """The field of test_program, made of the page's files instead of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = free_port()
        (folder / "cable").mkdir()
        self.cable = Cable(folder / "cable")
        self.log = (folder / "programs.log").open("ab")
        self.gateway = self.node = self.board = None
        path = os.pathsep.join(path for path in sys.path if path)
        self.environment = os.environ | {"PYTHONPATH": path}
        script = block("sh").replace("10.0.0.2", "127.0.0.1")
        subprocess.run(["bash", "-euc", script], cwd=folder, check=True, capture_output=True, timeout=30)
        keys = folder / "gateway" / "keys"
        keys.mkdir(parents=True)
        (keys / "nodes.toml").write_text(f'field-1 = "{KEY}"\n')
        SoftKey.generate().save(keys / "gateway.key")
        place = f"127.0.0.1:{self.number}"
        (folder / "area.toml").write_text(REST + block("toml").replace("10.0.0.2:7443", place))
        text = block("json").replace("<64 hex digits>", KEY).replace("10.0.0.2:7443", place)
        table = json.loads(text)
        table["devices"][0]["bus"] = self.cable.path()
        (folder / "config.json").write_text(json.dumps(table))

    def run(self, words: list[str]) -> "subprocess.Popen[bytes]":
        """A command of the page in the page's folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "caseward.cli", *words],
            cwd=self.folder, env=self.environment, stdout=self.log, stderr=self.log,
        )  # fmt: skip


@pytest.mark.real
def test_a_field_node_set_up_by_its_page_is_heard_by_the_gateway(tmp_path: Path) -> None:
    need("openssl")
    field = PageField(tmp_path)
    check, run = commands("node")
    (gateway,) = commands("gateway")
    here = {"data": "gateway"}
    with field.cable:
        try:
            assert field.run(check).wait(60) == 0
            assert "config.json: good, 2 points" in (tmp_path / "programs.log").read_text()
            field.start_board()
            words = [here.get(word, word) for word in gateway]
            field.gateway = field.run([*words, "--broker", "none", "--gpio", "none"])
            field.node = field.run(run)
            wait_for("the node to be heard", lambda: "node.restored" in field.told())
            wait_for("the hook to be known", lambda: "bolt.thrown" in field.told())
        finally:
            field.close()
            print((tmp_path / "programs.log").read_text()[-2_000:])
