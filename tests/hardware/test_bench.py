"""hardware/bench.md as a newcomer follows it: its files, its commands, and what it says one sees.

The board is MicroPython's unix port with the pins of the stand-in, the gateway is the real one; between them lies a pty.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from casefield import board_commands, usb
from caselog import canonical
from caselog.segment import decode_line
from tests.field.cable import Cable
from tests.gateway.program import wait_for
from tests.hardware.wiring import ROOT
from tests.node import micropython
from tests.node.usb_board import SerialBoard

PAGE = (ROOT / "hardware" / "bench.md").read_text(encoding="utf-8")
CLOSED, OPEN, SHORTED = 1_000, 2_000, 0


def block(kind: str) -> str:
    """The one block of this kind on the page."""
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.M | re.S)
    return found


def command(beginning: str) -> list[str]:
    """The one command of the page that begins so, as words after `caseward`."""
    (found,) = re.findall(rf"^caseward ({beginning} .*)$", PAGE, re.M)
    return shlex.split(found)


class Bench:
    """A folder with what the page has one write, a board with MicroPython, and the gateway."""

    def __init__(self, folder: Path, unix_port: list[str]) -> None:
        self.folder, self.unix_port = folder, unix_port
        (folder / "area.toml").write_text(block("toml"))
        (folder / "n12.json").write_text(block("json"))
        self.flash = folder / "flash"
        self.flash.mkdir()
        for path in micropython.logging_folder(unix_port).glob("logging*"):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, self.flash / path.name)
        os.mkfifo(folder / "pins")
        self.pins = os.open(folder / "pins", os.O_RDWR)
        self.said = (folder / "said").open("ab")
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.started: list[subprocess.Popen[bytes]] = []

    def adopt(self, capsys: pytest.CaptureFixture[str]) -> str:
        """What the command prints."""
        _, step, *words = command("node adopt")
        with SerialBoard(self.unix_port, self.flash) as board:
            real = {"/dev/ttyACM0": board.port, "n12.json": str(self.folder / "n12.json")}
            real["caseward/firmware"] = str(micropython.FIRMWARE)
            assert board_commands.main([step, *(real.get(word, word) for word in words)]) == 0
        return capsys.readouterr().out

    def start_gateway(self, line: str) -> None:
        command_line = [
            sys.executable,
            "-m",
            "caseward.cli",
            *command("gateway"),
            "--port",
            f"line-12={line}",
        ]
        self.start(command_line, self.folder, self.environment)

    def start_board(self, line: str) -> None:
        environment = micropython.environment(line, self.folder / "pins", path=[micropython.STANDIN])
        self.start(
            [*self.unix_port, "-X", "heapsize=" + micropython.HEAP, "main.py"], self.flash, environment
        )

    def start(self, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.started.append(
            subprocess.Popen(
                words,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self.said,
                stderr=self.said,
            )
        )

    def wire(self, line: str) -> None:
        os.write(self.pins, line.encode() + b"\n")

    def facts(self) -> list[str]:
        """`type` of each fact, and of a trouble which."""
        found = []
        for path in sorted((self.folder / "data" / "log").glob("*.seg")):
            for leaf in map(decode_line, path.read_bytes().split(b"\n")[:-1]):
                told = canonical.loads(leaf) if leaf is not None else {"class": "none"}
                if told["class"] == "fact":
                    trouble = told["body"].get("trouble", "")
                    found.append(f"{told['type'].removesuffix('/1')} {trouble}".strip())
        return found

    def told(self, fact: str, times: int = 1) -> None:
        wait_for(f"{fact}, {times} times", lambda: self.facts().count(fact) >= times)

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
        self.said.close()
        os.close(self.pins)


@pytest.fixture
def bench(tmp_path: Path, unix_port: list[str]) -> Iterator[Bench]:
    bench = Bench(tmp_path, unix_port)
    yield bench
    bench.close()
    print((tmp_path / "said").read_text()[-3_000:])


@pytest.mark.real
@pytest.mark.slow
def test_the_page_of_the_bench_leads_to_what_it_says(bench, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(usb, "REOPEN_PAUSE_S", 0.1)
    line = bench.adopt(capsys)
    assert re.fullmatch(r'n12 = "[0-9a-f]{64}"\n', line)
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "data" / "keys" / "nodes.toml").write_text(line)
    with Cable(tmp_path) as cable:
        bench.wire(f"OHM 26 {CLOSED}")
        bench.start_gateway(cable.path())
        bench.start_board(cable.path(0))
        bench.told("node.restored")
        bench.told("door.closed")
        bench.wire(f"OHM 26 {OPEN}")
        bench.told("door.opened")
        bench.wire(f"OHM 26 {SHORTED}")
        bench.told("point.troubled line_short")
        bench.wire(f"OHM 26 {CLOSED}")
        bench.told("point.cleared line_short")
        bench.wire("OHM 26 10000000")
        bench.told("point.troubled line_open")
        bench.wire("UID 1 0A1B2C3D4E")
        bench.told("tag.read")
        bench.wire("SILENT 1")
        bench.told("tag.gone")
        cable.cut()
        bench.told("node.lost")
        cable.join()
        bench.told("node.restored", 2)
    seen = subprocess.run(
        ["bash", "-c", block("sh")], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert [name for name in promised() if f'"type":"{name}/1"' not in seen] == []
    assert [name for name in ("line_short", "line_open") if f'"trouble":"{name}"' not in seen] == []


def promised() -> list[str]:
    """The facts that the page says one sees."""
    table = PAGE.split("<!-- seen", 1)[1].split("\n\n", 1)[0]
    names = re.findall(r"`([a-z]+\.[a-z_]+)`", table)
    assert len(set(names)) >= 10
    return names
