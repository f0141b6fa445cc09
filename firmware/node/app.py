"""The node as one object: no pins, no clock and no port of its own, so that all can be given."""

import logging

from casewire import (
    ACTIVE,
    INACTIVE,
    SNAPSHOT_POINTS_MAX,
    UNKNOWN,
    Boot,
    Command,
    Contact,
    Feedback,
    Snapshot,
    SnapshotRequest,
    Tag,
)
from node import VERSION
from node.inputs import Input
from node.link import Link
from node.output import Output
from node.reader import Reader
from node.send_queue import OWNER_BOOT, OWNER_SNAPSHOT
from node.uptime import Uptime

SETTLE_MS_MIN = 100  # the first snapshot waits for the inputs, but not for one that chatters

log = logging.getLogger("node")


class Node:
    """One node from start to power-off.

    config    node.config.NodeConfig
    port      the line to the gateway: read(n), write(bytes), neither ever waiting
    pins      point number -> pin with value(), for a reader a port with read(n)
    ticks_ms  function without arguments, milliseconds, may wrap at 2^30 or above
    boot      number of this boot, never used before; reason is BOOT_* of casewire
    feed      called at the end of each full scan (watchdog); mem_free() -> bytes free
    """

    def __init__(self, config, port, pins, ticks_ms, *, boot, reason, feed, mem_free) -> None:
        self._uptime = Uptime(ticks_ms)
        now_ms = self._uptime.now_ms()
        self._feed = feed
        self._mem_free = mem_free
        self._outputs = {}  # first of all: a lock must not wait for a reader
        for point in config.points:
            if point.kind == "output":
                self._outputs[point.point] = Output(point, pins[point.point])
        self._inputs = []
        self._readers = []
        for point in config.points:
            if point.kind == "reader":
                self._readers.append(Reader(point, pins[point.point]))
            elif point.kind != "output":
                self._inputs.append(Input(point, pins[point.point], now_ms))
        self._settle_ms = (
            now_ms + SETTLE_MS_MIN + 2 * max([0] + [point.debounce_ms for point in self._inputs])
        )
        self._has_told_all = False  # the first snapshot is out
        self.link = Link(config, port, boot, now_ms)
        self.link.send(Boot(reason, VERSION[0] * 256 + VERSION[1]), OWNER_BOOT, now_ms)
        log.info("node %d boot %d, %d points", config.node, boot, len(config.points))

    def step(self) -> None:
        """One full scan. The watchdog is fed only at its end: a scan that hangs or fails resets."""
        now_ms = self._uptime.now_ms()
        for frame in self.link.receive(now_ms):
            self._obey(frame, now_ms)
        self._scan_inputs(now_ms)
        self._scan_readers(now_ms)
        if self.link.check(now_ms):
            log.warning(
                "no gateway for %d ms: outputs take their declared state", self.link.silence_ms(now_ms)
            )
            for output in self._outputs.values():
                output.lose_link()
        self._scan_outputs(now_ms)
        self.link.transmit(now_ms, self._mem_free)
        self._feed()

    def _scan_inputs(self, now_ms) -> None:
        is_settled = True
        for point in self._inputs:
            # Before the first snapshot nothing is told alone: the snapshot tells all.
            if point.poll(now_ms) and self._has_told_all:
                message = Contact if point.kind == "contact" else Feedback
                self.link.send(message(point.point, point.state), point.point, point.changed_ms)
            if point.state == UNKNOWN:
                is_settled = False
        if not self._has_told_all and (is_settled or now_ms >= self._settle_ms):
            self._has_told_all = True
            self._tell_all(now_ms)

    def _scan_readers(self, now_ms) -> None:
        for reader in self._readers:
            for present, uid, at_ms in reader.poll(now_ms):
                if not self._has_told_all:
                    continue  # the first snapshot tells the tag that lies there
                self.link.send(Tag(reader.point, present, uid), reader.point, at_ms)

    def _scan_outputs(self, now_ms) -> None:
        for output in self._outputs.values():
            if output.poll():
                self.link.send(Feedback(output.point, output.state), output.point, now_ms)

    def _obey(self, frame, now_ms) -> None:
        if frame.kind == Command.KIND:
            self._command(frame, now_ms)
        elif frame.kind == SnapshotRequest.KIND and self._has_told_all:
            self._tell_all(now_ms)

    def _command(self, frame, now_ms) -> None:
        command = frame.message
        output = self._outputs.get(command.point)
        if output is None:
            log.error("command %d: expected an output, found point %d", command.command_id, command.point)
            return
        age_ms = self.link.age_ms(frame, now_ms)
        if age_ms > command.valid_ms:
            log.warning(
                "command %d: expected within %d ms, found it %d ms old",
                command.command_id,
                command.valid_ms,
                age_ms,
            )
        else:
            output.put(command.state)
        # Answered either way, with what the pin shows: that is the truth about a command.
        output.poll()
        self.link.send(Feedback(output.point, output.state), output.point, now_ms)

    def _tell_all(self, now_ms) -> None:
        """Queue a snapshot of every point, and the tags on the readers."""
        if self.link.queue.waiting(OWNER_SNAPSHOT):
            return  # one is on its way already, and what changed since follows it
        states = [(point.point, point.state) for point in self._inputs]
        states += [(reader.point, ACTIVE if reader.tags else INACTIVE) for reader in self._readers]
        states += [(output.point, output.state) for output in self._outputs.values()]
        states.sort()
        parts = max(1, -(-len(states) // SNAPSHOT_POINTS_MAX))
        for part in range(parts):
            some = states[part * SNAPSHOT_POINTS_MAX : (part + 1) * SNAPSHOT_POINTS_MAX]
            self.link.send(Snapshot(part, parts, tuple(some)), OWNER_SNAPSHOT, now_ms)
        for reader in self._readers:
            for uid, read_ms in reader.tags:
                self.link.send(Tag(reader.point, 1, uid), reader.point, read_ms)
