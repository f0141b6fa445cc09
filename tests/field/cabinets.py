"""Cabinets whose parts are real: a lock board and tag readers on ptys, what area.toml and the node are told of them, the log.

The board and the hands at its doors are a thread and calls of the test, so that it sees when a coil is driven.
"""

import json
import os
import threading
import time
import tty
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from casefield.fakes.krcu_board import FakeBoards
from caselog.segment import decode_line
from tests.field.cable import Cable
from tests.gateway.bench import tag_bytes

DOORS: Final = 20
"""The point of a compartment's door is so much above that of its lock."""
TURN_S: Final = 0.003
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
Cabinets = Mapping[str, tuple[str, str, int]]
"""Name -> kind, title, point of its reader. A compartment's name begins with its cabinet's letter."""


def area_text(node_port: int, cabinets: Cabinets, compartments: Mapping[str, int]) -> str:
    """`compartments`: name -> its lock at board 0."""
    text = HEAD.replace("{number}", str(node_port))
    for name, (kind, title, point) in cabinets.items():
        text += f'[[reader]]\nid = "rd-{name}"\nroom = "store"\n'
        text += f'[[point]]\nnode = "n9"\npoint = {point}\nkind = "reader"\nof = "rd-{name}"\n'
        text += f'[[cabinet]]\nid = "{name}"\nkind = "{kind}"\nname = {{ zh = "{title}", en = "{title}" }}\nroom = "store"\n'
        text += f'reader = "rd-{name}"\nrecorder = "camera"\n'
    for name, lock in compartments.items():
        text += f'[[compartment]]\nid = "{name}"\nname = {{ zh = "0{name[1:]}", en = "0{name[1:]}" }}\ncabinet = "{name[0]}"\n'
        for kind, point in (("compartment_lock", lock), ("compartment_door", lock + DOORS)):
            text += f'[[point]]\nnode = "n9"\npoint = {point}\nkind = "{kind}"\nof = "{name}"\n'
    return text


class LockBoard:
    """The fake at the first end of the cable, under `lock`; `pulsed_ms`: when its coils were driven."""

    def __init__(self, cable: Cable, compartments: Mapping[str, int]) -> None:
        self.boards = FakeBoards("cu16", [0])
        self.lock = threading.Lock()
        self.pulsed_ms: list[int] = []
        self._cable, self._locks = cable, compartments
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def device(self) -> dict[str, Any]:
        """Its table in the node's configuration."""
        locks = [{"lock": lock, "point": lock, "sense_point": lock + DOORS} for lock in self._locks.values()]
        board = {"board": 0, "profile": "cu16", "senses": "door", "move_ms_max": 600, "locks": locks}
        return {"kind": "krcu", "bus": self._cable.path(), "boards": [board]}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(2)

    def _run(self) -> None:
        line = os.open(self._cable.path(0), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(line)
        while not self._is_over.wait(TURN_S):
            now_ms = time.monotonic_ns() // 1_000_000
            with self.lock:
                with suppress(BlockingIOError):
                    self.boards.feed(os.read(line, 4_096), now_ms)
                os.write(line, self.boards.due(now_ms))
                self.pulsed_ms += [now_ms] * (len(self.boards.pulses) - len(self.pulsed_ms))
        os.close(line)

    def is_shut(self, name: str) -> bool:
        """Whether its hook holds."""
        return self.boards.is_shut(0, self._locks[name])

    def hand(self, name: str, *, is_open: bool) -> None:
        """A hand pulls a door, or pushes it shut."""
        with self.lock:
            self.boards.set_sense(0, self._locks[name], on=is_open)
            if not is_open:
                self.boards.set_hook(0, self._locks[name], shut=True)

    def hook(self, name: str, *, shut: bool) -> None:
        """Its hook is forced, or pushed home with a finger."""
        with self.lock:
            self.boards.set_hook(0, self._locks[name], shut=shut)


class TagReaders:
    """A pty for the reader of each cabinet: what is held to it."""

    def __init__(self, cabinets: Cabinets) -> None:
        self._cabinets = cabinets
        self._ends = {name: os.openpty() for name in cabinets}
        for _, slave in self._ends.values():
            tty.setraw(slave)

    def points(self) -> list[dict[str, Any]]:
        """Their tables in the node's configuration."""
        return [
            {"point": point, "kind": "reader", "pin": os.ttyname(self._ends[name][1]), "no_read_ms": 300}
            for name, (_, _, point) in self._cabinets.items()
        ]

    def hold(self, cabinet: str, tag: str) -> int:
        """The tag is held out once; when its last byte was, in milliseconds of this machine."""
        os.write(self._ends[cabinet][0], tag_bytes(tag))
        return time.monotonic_ns() // 1_000_000

    def close(self) -> None:
        for ends in self._ends.values():
            for end in ends:
                os.close(end)


class LogTail:
    """The gateway's log as it stands on the disk; what was read before is not read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._leaves: list[dict[str, Any]] = []
        self._read: dict[Path, int] = {}

    def leaves(self) -> list[dict[str, Any]]:
        for path in sorted(self._folder.glob("*.seg")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                lines = file.read().rpartition(b"\n")[0]
            if lines:
                self._read[path] = self._read.get(path, 0) + len(lines) + 1
                told = (decode_line(line) for line in lines.split(b"\n"))
                self._leaves += [json.loads(leaf) for leaf in told if leaf is not None]
        return self._leaves

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Facts of a type, in order."""
        return [leaf for leaf in self.leaves() if leaf["type"] == f"{name}/1"]


def configure(file: Path, board: LockBoard, readers: TagReaders, base: Mapping[str, Any]) -> None:
    """The node's configuration: `base` with the board and the readers."""
    file.write_text(json.dumps({**base, "devices": [board.device()], "points": readers.points()}))
