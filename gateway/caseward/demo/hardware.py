"""The hardware of the demo's nodes: which pin and which UART carries what, and lines that drive them.

A node of the demo runs the real program with a stand-in for its board (tests/node/machine_standin): it reads
pins and reader bytes from a FIFO. This module derives each node's config.json from area.toml and
writes to that FIFO what happens in the rooms.
"""

import errno
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from caseward.demo.locks import BOARD, LockBoard
from custody.area import Area, Point
from custody.cabinets import DOOR, LOCK

KINDS: Final = {
    "door_contact": "contact",
    "exit_request": "contact",
    "recorder_contact": "contact",
    "lock_feedback": "feedback",
    "lock_bolt": "feedback",
    "input": "contact",
    "output": "output",
    "reader": "reader",
}
NO_PIN: Final = (
    "panel",
    LOCK,
    DOOR,
)  # no display hangs on a board that is played; locks and their doors hang on a lock board
BUS: Final = "locks"
"""The serial line to the lock board of a node: CASEWARD_UART_locks of its stand-in."""
QUEUE_WITH_LOCKS: Final = 128  # a cabinet is many points, and a snapshot tells them all
REPLY_MS: Final = 500  # the board is a thread of a busy process, not a chip
DEBOUNCE_MS: Final = 10
NO_READ_MS: Final = 800  # 48 s of the station at 60 times
RESEND_MS: Final = 50  # 3 s of the station at 60 times, instead of the 0.5 s of a real one
HEARTBEAT_MS: Final = 100  # a node is found again within seconds of the station, not a minute
ACTIVE_LEVEL: Final = 1


def node_config(area: Area, node: str, key: bytes) -> dict[str, Any]:
    """config.json of a node: pins are numbered as its points are."""
    points = []
    for point in area.points:
        if point.node != node or point.kind in NO_PIN:
            continue
        entry: dict[str, Any] = {"point": point.point, "kind": KINDS[point.kind], "pin": point.point}
        if point.kind == "reader":
            entry["no_read_ms"] = NO_READ_MS
        elif point.kind == "output":
            entry["on_lost"] = area.outputs[point.of].on_lost
        else:
            entry["debounce_ms"] = DEBOUNCE_MS
        points.append(entry)
    locks = locks_of(area, node)
    return {
        "node": area.nodes[node].number,
        "key": key.hex(),
        "heartbeat_ms": HEARTBEAT_MS,
        "resend_ms": RESEND_MS,
        "points": points,
        **({"devices": [_lock_board(area, locks)], "queue_max": QUEUE_WITH_LOCKS} if locks else {}),
    }


def locks_of(area: Area, node: str) -> dict[str, int]:
    """Compartment -> number of its lock, of those that hang on a node."""
    own = [p.of for p in area.points if (p.node, p.kind) == (node, LOCK)]
    return {name: number for number, name in enumerate(own, 1)}


def _lock_board(area: Area, locks: Mapping[str, int]) -> dict[str, Any]:
    """A KR-CU board with a lock and a door contact for each compartment."""
    points = {(p.kind, p.of): p.point for p in area.points}
    wired = [
        {"lock": lock, "point": points[LOCK, name], "sense_point": points[DOOR, name]}
        for name, lock in locks.items()
    ]
    board = {"board": BOARD, "profile": "cu16", "senses": "door", "locks": wired}
    return {"kind": "krcu", "bus": BUS, "reply_ms": REPLY_MS, "boards": [board]}


@dataclass(slots=True)
class Board:
    """The stand-in hardware of one node: its FIFO, and what its pins and readers show."""

    node: str
    fifo: Path
    descriptor: int = -1
    pins: dict[int, int] = field(default_factory=dict)
    tags: dict[int, list[str]] = field(default_factory=dict)  # uart -> tags on the reader

    @property
    def report(self) -> Path:
        """File with the changes of the node's outputs, `PIN 7 1` a line."""
        return self.fifo.with_name(self.fifo.name + ".out")

    def open(self) -> None:
        """Make the FIFO. It stays open at our end, so that lines wait for the node."""
        if not self.fifo.exists() or not stat.S_ISFIFO(self.fifo.stat().st_mode):
            self.fifo.unlink(missing_ok=True)
            os.mkfifo(self.fifo, 0o600)
        self.report.unlink(missing_ok=True)
        self.descriptor = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)

    def close(self) -> None:
        """Close our end."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def tell_all(self) -> None:
        """Say everything again: to a node that has just started."""
        for pin, level in self.pins.items():
            self._write(f"PIN {pin} {level}\n")
        for uart, tags in self.tags.items():
            self._write(_tags_line(uart, tags))

    def pin(self, number: int, is_active: bool) -> None:
        """Set an input pin."""
        level = ACTIVE_LEVEL if is_active else 1 - ACTIVE_LEVEL
        self.pins[number] = level
        self._write(f"PIN {number} {level}\n")

    def reader(self, uart: int, tag: str, is_present: bool) -> None:
        """Put a tag on a reader or take it away."""
        present = self.tags.setdefault(uart, [])
        if is_present == (tag in present):
            return
        if is_present:
            present.append(tag)
        else:
            present.remove(tag)
        self._write(_tags_line(uart, present))

    def output(self, number: int) -> int | None:
        """Level that the node last gave an output pin; None before the first."""
        if not self.report.exists():
            return None
        level = None
        for line in self.report.read_text().splitlines():
            words = line.split()
            if words[:2] == ["PIN", str(number)]:
                level = int(words[2])
        return level

    def _write(self, line: str) -> None:
        try:
            os.write(self.descriptor, line.encode())
        except OSError as error:
            # Full: the node does not read (it is down). It is told everything when it starts again.
            if error.errno != errno.EAGAIN:
                raise


class Hardware:
    """All boards of one area, by the ids of area.toml."""

    def __init__(self, area: Area, folder: Path) -> None:
        """Boards with every door shut and locked and every recorder off."""
        self.area = area
        self.boards = {node: Board(node, folder / f"{area.id}-{node}.fifo") for node in area.nodes}
        self._points: Mapping[tuple[str, str], Point] = {(p.kind, p.of): p for p in area.points}
        at_cabinets = {cabinet.reader for cabinet in area.cabinets.values()}
        self._readers = {r.room: r.id for r in area.readers.values() if r.id not in at_cabinets}
        self._lock_boards = {node: LockBoard(locks) for node in area.nodes if (locks := locks_of(area, node))}
        for point in area.points:
            if KINDS.get(point.kind) in ("contact", "feedback"):
                self.boards[point.node].pins[point.point] = 1 - ACTIVE_LEVEL

    def open(self) -> None:
        """Make the FIFOs and lay the first state into them; the lock boards answer."""
        for locks in self._lock_boards.values():
            locks.start()
        for board in self.boards.values():
            board.open()
            board.tell_all()

    def close(self) -> None:
        """Close our ends of the FIFOs; the lock boards fall silent."""
        for locks in self._lock_boards.values():
            locks.close()
        for board in self.boards.values():
            board.close()

    def environment(self, node: str) -> dict[str, str]:
        """What the stand-in of a node has to know of this hardware, beside its FIFO."""
        locks = self._lock_boards.get(node)
        return {} if locks is None else {f"CASEWARD_UART_{BUS}": locks.path}

    def door(self, door: str, is_open: bool) -> None:
        """The contact of a door."""
        self._set("door_contact", door, is_open)

    def lock(self, door: str, is_released: bool) -> None:
        """The feedback of a lock, where the door has one."""
        self._set("lock_feedback", door, is_released)

    def button(self, door: str, is_pressed: bool) -> None:
        """The request-to-exit button of a door, where it has one."""
        self._set("exit_request", door, is_pressed)

    def recorder(self, recorder: str, is_recording: bool) -> None:
        """The recording contact of a recorder."""
        self._set("recorder_contact", recorder, is_recording)

    def house_input(self, name: str, is_active: bool) -> None:
        """A detector, button or contact of the house."""
        self._set("input", name, is_active)

    def tag(self, tag: str, room: str, is_present: bool) -> None:
        """A tag in front of the reader of a room."""
        point = self._points["reader", self._readers[room]]
        self.boards[point.node].reader(point.point, tag, is_present)

    def hold(self, tag: str, cabinet: str, is_present: bool) -> None:
        """A tag before the reader of a cabinet."""
        point = self._points["reader", self.area.cabinets[cabinet].reader]
        self.boards[point.node].reader(point.point, tag, is_present)

    def hand(self, compartment: str, *, is_pulling: bool) -> None:
        """A hand at the door of a compartment."""
        locks = self._locks(compartment)
        (locks.pull if is_pulling else locks.push)(compartment)

    def compartment(self, name: str) -> str:
        """How a compartment stands: a word of `caseward.demo.locks`."""
        return self._locks(name).state(name)

    def _locks(self, compartment: str) -> LockBoard:
        return self._lock_boards[self._points[LOCK, compartment].node]

    def lamp(self, output: str) -> bool | None:
        """Whether the node has switched this output on; None when it drives none."""
        point = self._points.get(("output", output))
        level = self.boards[point.node].output(point.point) if point is not None else None
        return None if level is None else level == ACTIVE_LEVEL

    def _set(self, kind: str, of: str, is_active: bool) -> None:
        point = self._points.get((kind, of))
        if point is not None:
            self.boards[point.node].pin(point.point, is_active)


def write_config(path: Path, area: Area, node: str, key: bytes) -> Path:
    """Write a node's config.json, readable by its owner only: it holds the node's key."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(node_config(area, node, key), indent=1))
    return path


def _tags_line(uart: int, tags: list[str]) -> str:
    return f"UIDS {uart} {','.join(tags)}\n" if tags else f"SILENT {uart}\n"
