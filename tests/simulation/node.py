"""A board with the real node program on it, its pins and its line."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from casewire import BOOT_POWER_UP, BOOT_WATCHDOG
from custody.area import Node as NodePlace
from node import boot_count
from node.app import Node
from node.config import NodeConfig
from tests.simulation.cabinets import Locks
from tests.simulation.clocks import Crystal, Ticks
from tests.simulation.line import TO_GATEWAY, Line
from tests.simulation.truth import Emitted

if TYPE_CHECKING:
    from tests.simulation.world import World

SCAN_US = 5_000
BUSY_US = 40_000  # after a change: debounce and what follows from it
TAGS_US = 600_000  # a reader repeats a tag each 65 ms; a few times within no_read_ms are enough
REST_US = 250_000  # at the longest between two scans while something waits
UART_BYTES_MAX = 4_096
KINDS = {
    "door_contact": "contact", "exit_request": "contact", "recorder_contact": "contact", "lock_feedback": "feedback",
    "input": "contact", "output": "output", "reader": "reader", "compartment_door": "contact",
}  # fmt: skip


class Pin:
    """A terminal; its level is the world's."""

    def __init__(self, board: "Board", point: int, *, is_output: bool) -> None:
        self._board = board
        self._point = point
        self._is_output = is_output
        self._level = 0

    @property
    def level(self) -> int:
        """What an output shows."""
        return self._level

    def value(self, level: int | None = None) -> int | None:
        if level is None:
            return self._level if self._is_output else self._board.levels[self._point]
        if level != self._level:
            self._level = level
            self._board.driven(self._point, level)
        return None


class Uart:
    """Bytes in and out, a bounded buffer each way as a chip has."""

    def __init__(self) -> None:
        self.inward = b""
        self.outward = b""

    def read(self, most: int) -> bytes | None:
        data, self.inward = self.inward[:most], self.inward[most:]
        return data or None

    def write(self, data: bytes) -> int:
        room = UART_BYTES_MAX - len(self.outward)
        self.outward += data[:room]
        return min(len(data), room)

    def put(self, data: bytes) -> None:
        """Bytes from outside; a full buffer loses the newest."""
        self.inward = (self.inward + data)[:UART_BYTES_MAX]


def tag_bytes(uid: str) -> bytes:
    """What an RDM6300 says while the tag lies there."""
    check = 0
    for byte in bytes.fromhex(uid):
        check ^= byte
    return b"\x02" + f"{uid}{check:02X}".encode() + b"\x03"


class Board:
    """`levels`: point -> level of an input; `tags`: point of a reader -> tags that lie on it."""

    def __init__(self, world: "World", place: NodePlace, key: bytes, ppm: float, folder: Path) -> None:
        self.world = world
        self.place = place
        self.key = key
        self.crystal = Crystal(world.kernel, ppm)
        self.points = [p for p in world.area.points if p.node == place.id]
        self.levels = {p.point: 0 for p in self.points}
        self.locks = Locks(self)
        self.tags: dict[int, dict[str, None]] = {p.point: {} for p in self.points if p.kind == "reader"}
        self.is_on = False
        self.boot = 0
        self.life = 0
        self._boot_file = Path(tempfile.mkdtemp(dir=folder)) / "boot"
        self._ask = 0
        self._busy_us = 0
        self._scanned_us = 0
        self._tags_us = 0
        self.line: Line
        self.node: Node
        self._outputs = {p.point: p.of for p in self.points if p.kind == "output"}

    def config(self) -> NodeConfig:
        """config.json of this board."""
        points: list[dict[str, Any]] = []
        for point in self.points:
            if point.kind == "compartment_lock":  # a device
                continue
            entry: dict[str, Any] = {"point": point.point, "kind": KINDS[point.kind], "pin": point.point}
            if point.kind == "output":
                entry["on_lost"] = self.world.area.outputs[point.of].on_lost
            points.append(entry)
        return NodeConfig({"node": self.place.number, "key": self.key.hex(), "points": points})

    def power(self, *, is_on: bool, reason: int = BOOT_POWER_UP) -> None:
        """Power comes or goes. All that is in memory is gone."""
        truth = self.world.truth
        spans = truth.node_up.setdefault(self.place.id, [])
        if self.is_on:
            spans[-1][1] = self.world.now_us
        self.is_on = False
        self.life += 1
        if not is_on:
            return
        self.is_on = True
        spans.append([self.world.now_us, 0])
        if reason == BOOT_POWER_UP:
            self.crystal.restart()
        with patch.object(os, "sync"):  # of the whole machine: it would wait for everybody's disks
            self.boot = boot_count.next_boot(str(self._boot_file))
        self.uart = Uart()
        pins: dict[int, Any] = {
            p.point: Uart() if p.kind == "reader" else Pin(self, p.point, is_output=p.kind == "output")
            for p in self.points if p.kind != "compartment_lock"
        }  # fmt: skip
        self.pins = pins
        ticks = Ticks(self.crystal, self.world.settings.get("ticks_start", 0))
        self.node = Node(
            self.config(), self.uart, pins, ticks, boot=self.boot, reason=reason, feed=lambda: None,
            mem_free=lambda: 100_000, devices=self.locks.devices(lambda n, **way: Pin(self, n, **way)),
        )  # fmt: skip
        self._watch()
        self.world.watch.board_started(self.place.id)
        self.poke()

    def reset(self) -> None:
        """The watchdog bites: memory is gone, power was not."""
        if self.is_on:
            self.power(is_on=True, reason=BOOT_WATCHDOG)

    def set_level(self, point: int, level: int) -> None:
        """The world changes an input."""
        if self.levels[point] != level:
            if self.is_on and self.world.now_us - self._scanned_us > REST_US:
                # A real board has just seen it as it was: without that it would take a long rest for chatter.
                self._scan(self.life, self._ask)
            self.levels[point] = level
            self.world.truth.levels.setdefault((self.place.id, point), []).append((self.world.now_us, level))
            self.world.watch.level(self.place.id, point)
            self.poke()

    def put_tag(self, point: int, uid: str, *, is_there: bool) -> None:
        """A tag is laid on a reader, or taken away."""
        if is_there:
            self.tags[point][uid] = None
        else:
            if self.tags[point].pop(uid, 0) is None:
                gone = self.world.truth.tags_gone.setdefault((self.place.id, point, uid), [])
                gone.append(self.world.now_us)
        self._tags_us = 0
        self.poke()

    def heard(self, data: bytes) -> None:
        """Bytes from the line."""
        if self.is_on:
            self.uart.put(data)
            self.poke(SCAN_US)

    def driven(self, point: int, level: int) -> None:
        """An output pin changed."""
        if point in self.locks.points.values():
            self.locks.driven(point, level)
        if point in self._outputs:
            self.world.watch.pin(self.place.id, self._outputs[point], active=level == 1)
            self.world.truth.trace(self.world.now_us, "pin", self._outputs[point], level)

    def poke(self, busy_us: int = BUSY_US) -> None:
        """Something changed: scan at full speed for a while."""
        if not self.is_on:
            return
        self._busy_us = max(self._busy_us, self.world.now_us + busy_us)
        self._schedule(self.world.rng("scan").randrange(1_000, SCAN_US))

    def _schedule(self, delay_us: int) -> None:
        self._ask += 1
        self.world.kernel.after(delay_us, self._scan, self.life, self._ask)

    def _scan(self, life: int, ask: int) -> None:
        if life != self.life or ask != self._ask:
            return
        self._scanned_us = self.world.now_us
        if self.world.now_us >= self._tags_us:
            self._tags_us = self.world.now_us + TAGS_US
            for point, tags in self.tags.items():
                for uid in tags:
                    self.pins[point].put(tag_bytes(uid))
        try:
            self.node.step()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.world.truth.violate("I2", f"node {self.place.id} raised {error!r}")
            self.reset()
            return
        data, self.uart.outward = self.uart.outward, b""
        self.line.send(TO_GATEWAY, data)
        self._schedule(self._rest_us())

    def _rest_us(self) -> int:
        """Until the node has something to do by itself. A real board scans on; nothing would come of it."""
        if self.world.now_us < self._busy_us or self.uart.inward or self.node.link._unsent:
            return SCAN_US
        link = self.node.link
        now_ms = self.node._uptime._total_ms
        rest_us = max(SCAN_US, (link._heartbeat_due_ms - now_ms) * 1_000)
        return min(rest_us, REST_US) if len(link.queue) or link.queue.lost else rest_us

    def _watch(self) -> None:
        """See what the node makes and what is taken off its queue."""
        link, truth, node, boot = self.node.link, self.world.truth, self.place.id, self.boot
        send, ack = link.send, link.queue.ack

        def watched_send(message: Any, owner: int, at_ms: int) -> None:
            send(message, owner, at_ms)
            truth.emitted[node, boot, link._seq] = Emitted(message, self.world.now_us, at_ms)

        def watched_ack(seq: int) -> bool:
            is_waiting = bool(ack(seq))
            if is_waiting:
                self.world.observer.node_acked(node, boot, seq)
            return is_waiting

        link.send, link.queue.ack = watched_send, watched_ack  # type: ignore[method-assign]
        for entry in link.queue._entries:  # what was queued before we looked
            truth.emitted[node, boot, entry.seq] = Emitted(None, self.world.now_us, 0)
