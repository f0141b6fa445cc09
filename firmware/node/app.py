"""The node as one object: no pins, no clock and no port of its own, so that all can be given."""

import logging

from casewire import (
    SNAPSHOT_POINTS_MAX,
    TROUBLES_POINTS_MAX,
    UNKNOWN,
    Band,
    Boot,
    Command,
    Contact,
    Feedback,
    Panel,
    Snapshot,
    SnapshotRequest,
    Tag,
    Troubles,
)
from node import VERSION
from node.inputs import Input
from node.link import Link
from node.output import Output
from node.reader import Reader
from node.send_queue import OWNER_BOOT, OWNER_SNAPSHOT, OWNER_TROUBLES
from node.uptime import Uptime

SETTLE_MS_MIN = 100  # the first snapshot waits for the inputs, but not for one that chatters

log = logging.getLogger("node")


class Node:
    """One node from start to power-off.

    config    node.config.NodeConfig
    port      the line to the gateway: read(n), write(bytes), neither ever waiting
    pins      point number -> pin with value(), for a supervised one read_u16(), for a reader a port with read(n)
    devices   what owns several points and speaks to them over a bus (docs/devices/):
                points              its point numbers
                poll(now_ms)        never waits; returns changes, most often none:
                                    ("contact" or "feedback", point, state, at_ms), ("tag", point, present, uid, at_ms),
                                    ("band", point, flags, uid, at_ms), ("trouble", point, bits, at_ms)
                states()            [(point, state)] of all its points: a reader is ACTIVE while a tag lies there
                tags()              [(point, uid, read_ms)] that lie there
                troubles()          [(point, bits)] not 0
                put(point, state, valid_ms, now_ms)   an order; void once valid_ms have passed
                lose_link()         the gateway is gone: the declared states
                show(message, age_ms, now_ms)         what shows pictures alone has it: a casewire.Panel, age_ms old
    ticks_ms  function without arguments, milliseconds, may wrap at 2^30 or above
    boot      number of this boot, never used before; reason is BOOT_* of casewire
    feed      called at the end of each full scan (watchdog); mem_free() -> bytes free
    keep      node.keep.Keep: what is not acked outlives a reset; without it, it does not
    """

    def __init__(
        self, config, port, pins, ticks_ms, *, boot, reason, feed, mem_free, devices=(), keep=None
    ) -> None:
        self._uptime = Uptime(ticks_ms)
        now_ms = self._uptime.now_ms()
        self._feed = feed
        self._mem_free = mem_free
        self._outputs = {}  # first of all: a lock must not wait for a reader
        for point in config.points:
            if point.kind == "output":
                self._outputs[point.point] = Output(point, pins[point.point])
        self._inputs: list[Input] = []
        self._readers = []
        for point in config.points:
            if point.kind == "reader":
                self._readers.append(Reader(point, pins[point.point]))
            elif point.kind == "supervised":
                from node.supervised import Supervised  # here: a board that has none keeps the memory

                self._inputs.append(Supervised(point, pins[point.point], now_ms))
            elif point.kind != "output":
                self._inputs.append(Input(point, pins[point.point], now_ms))
        self._devices = devices
        self._owners = {}
        self._ordered: dict[
            int, tuple[int, int]
        ] = {}  # point -> gateway's boot and number of its newest order
        for device in devices:
            for number in device.points:
                self._owners[number] = device
        self._settle_ms = (
            now_ms + SETTLE_MS_MIN + 2 * max([0] + [point.debounce_ms for point in self._inputs])
        )
        self._has_told_all = False  # the first snapshot is out
        self.link = Link(config, port, boot, now_ms)
        self.link.send(Boot(reason, VERSION[0] * 256 + VERSION[1]), OWNER_BOOT, now_ms)
        self._keep = keep
        if keep is not None:
            keep.tell(self.link, now_ms)
        log.info("node %d boot %d, %d points", config.node, boot, len(config.points))

    def step(self) -> None:
        """One full scan. The watchdog is fed only at its end: a scan that hangs or fails resets."""
        now_ms = self._uptime.now_ms()
        for frame in self.link.receive(now_ms):
            self._obey(frame, now_ms)
        self._scan_inputs(now_ms)
        self._scan_readers(now_ms)
        self._scan_devices(now_ms)
        if self.link.check(now_ms):
            log.warning(
                "no gateway for %d ms: outputs take their declared state", self.link.silence_ms(now_ms)
            )
            for output in self._outputs.values():
                output.lose_link()
            for device in self._devices:
                device.lose_link()
        self._scan_outputs(now_ms)
        self.link.transmit(now_ms, self._mem_free)
        if self._keep is not None:
            self._keep.step(self.link.queue, now_ms)
        self._feed()

    def uptime_ms(self):
        return self._uptime.now_ms()

    def save(self) -> None:
        """A reset comes: keep what waits for its ack. Raises OSError."""
        if self._keep is not None:
            self._keep.save_now(self.link.queue, self._uptime.now_ms())

    def _scan_inputs(self, now_ms) -> None:
        is_settled = True
        for point in self._inputs:
            # Before the first snapshot nothing is told alone: the snapshot tells all.
            state, trouble = point.state, point.trouble
            if point.poll(now_ms) and self._has_told_all:
                if point.state != state:
                    message = Contact if point.kind == "contact" else Feedback
                    self.link.send(message(point.point, point.state), point.point, point.changed_ms)
                if point.trouble != trouble:
                    self._tell_trouble(point.point, point.trouble, now_ms)
            if point.state == UNKNOWN:
                is_settled = False
        if not self._has_told_all and (is_settled or now_ms >= self._settle_ms):
            self._has_told_all = True
            self._tell_all(now_ms)

    def _scan_readers(self, now_ms) -> None:
        for reader in self._readers:
            state = reader.state
            changes = reader.poll(now_ms)
            if not self._has_told_all:
                continue  # the first snapshot tells the tag that lies there
            if (state == UNKNOWN) != (reader.state == UNKNOWN):
                self.link.send(Contact(reader.point, reader.state), reader.point, now_ms)
            for present, uid, at_ms in changes:
                self.link.send(Tag(reader.point, present, uid), reader.point, at_ms)

    def _scan_devices(self, now_ms) -> None:
        for device in self._devices:
            for change in device.poll(now_ms):
                # Before the first snapshot the states wait for it; what a band tells of itself is told once.
                if self._has_told_all or change[0] == "band":
                    self._tell(change)

    def _tell(self, change) -> None:
        kind, point, at_ms = change[0], change[1], change[-1]
        if kind == "trouble":
            self._tell_trouble(point, change[2], at_ms)
        elif kind == "tag":
            self.link.send(Tag(point, change[2], change[3]), point, at_ms)
        elif kind == "band":
            self.link.send(Band(point, change[2], change[3]), point, at_ms)
        else:
            message = Contact if kind == "contact" else Feedback
            self.link.send(message(point, change[2]), point, at_ms)

    def _tell_trouble(self, point, bits, at_ms) -> None:
        # Of an owner of its own: many troubles of a point must not push out its newest state.
        self.link.send(Troubles(((point, bits),)), OWNER_TROUBLES + point, at_ms)

    def _scan_outputs(self, now_ms) -> None:
        for output in self._outputs.values():
            if output.poll():
                self.link.send(Feedback(output.point, output.state), output.point, now_ms)

    def _obey(self, frame, now_ms) -> None:
        if frame.kind == Command.KIND:
            self._command(frame, now_ms)
        elif frame.kind == Panel.KIND:
            self._show(frame, now_ms)
        elif frame.kind == SnapshotRequest.KIND and self._has_told_all:
            self._tell_all(now_ms)

    def _command(self, frame, now_ms) -> None:
        command = frame.message
        output = self._outputs.get(command.point)
        if output is None and command.point in self._owners:
            self._order(frame, now_ms)
            return
        if output is None:
            log.error("command %d: expected an output, found point %d", command.command_id, command.point)
            return
        if self._is_valid(command, self.link.age_ms(frame, now_ms)):
            output.put(command.state)
        # Answered either way, with what the pin shows: that is the truth about a command.
        output.poll()
        self.link.send(Feedback(output.point, output.state), output.point, now_ms)

    def _order(self, frame, now_ms) -> None:
        """An order to a device, once: what it says of the point is told when it knows."""
        command = frame.message
        name = (frame.boot, command.command_id)
        if self._ordered.get(command.point) == name:
            return  # sent again because it is not confirmed yet; a lock must not be driven twice
        self._ordered[command.point] = name
        age_ms = self.link.age_ms(frame, now_ms)
        if self._is_valid(command, age_ms):
            device = self._owners[command.point]
            device.put(command.point, command.state, command.valid_ms - age_ms, now_ms)

    def _show(self, frame, now_ms) -> None:
        """A picture for a panel or a lamp; one that is too old is not shown, and the next one follows."""
        message = frame.message
        device = self._owners.get(message.point)
        if device is None or not hasattr(device, "show"):
            log.error("picture: expected a panel or a lamp of a room, found point %d", message.point)
            return
        age_ms = self.link.age_ms(frame, now_ms)
        if age_ms <= message.valid_ms:
            device.show(message, age_ms, now_ms)

    def _is_valid(self, command, age_ms):
        if age_ms <= command.valid_ms:
            return True
        log.warning(
            "command %d: expected within %d ms, found it %d ms old",
            command.command_id,
            command.valid_ms,
            age_ms,
        )
        return False

    def _tell_all(self, now_ms) -> None:
        """Queue a snapshot of every point, the tags on the readers and what is in trouble."""
        if self.link.queue.waiting(OWNER_SNAPSHOT):
            return  # one is on its way already, and what changed since follows it
        states = [(point.point, point.state) for point in self._inputs]
        states += [(reader.point, reader.state) for reader in self._readers]
        states += [(output.point, output.state) for output in self._outputs.values()]
        troubles = [(point.point, point.trouble) for point in self._inputs if point.is_supervised]
        for device in self._devices:
            states += device.states()
            known = dict(device.troubles())
            troubles += [(point, known.get(point, 0)) for point in device.points]
        states.sort()
        troubles.sort()
        parts = max(1, -(-len(states) // SNAPSHOT_POINTS_MAX))
        for part in range(parts):
            some = states[part * SNAPSHOT_POINTS_MAX : (part + 1) * SNAPSHOT_POINTS_MAX]
            self.link.send(Snapshot(part, parts, tuple(some)), OWNER_SNAPSHOT, now_ms)
        for start in range(0, len(troubles), TROUBLES_POINTS_MAX):
            some = troubles[start : start + TROUBLES_POINTS_MAX]
            self.link.send(Troubles(tuple(some)), OWNER_SNAPSHOT, now_ms)
        for reader in self._readers:
            for uid, read_ms in reader.tags:
                self.link.send(Tag(reader.point, 1, uid), reader.point, read_ms)
        for device in self._devices:
            for point, uid, read_ms in device.tags():
                self.link.send(Tag(point, 1, uid), point, read_ms)
