"""A day of a node on the stand-in's pins with ticks that run fast; started by path under MicroPython, not a pytest module.

    micropython -X heapsize=192k day_on_device.py HOURS SCAN_MS FOLDER

The gateway's end of the line is casewire in the same heap, so the node has less of it than on a board. What happens in an
hour: a door each ten seconds, tags, bolts on a relay, a supervised loop that is cut and mended, orders, noise on line and
reader, lost acks, pictures for a panel and a lamp; each third hour ten minutes without a gateway, full of chatter, so that the queue overflows and the
flash is written; at its end a snapshot is asked for. One line an hour, when all is acked: free heap, largest free block.
"""

import gc
import logging
import sys
from binascii import hexlify

import machine

import node  # noqa: F401 - first of all, as on a board: it has the heap kept in order
from casewire import (
    ACTIVE,
    FROM_GATEWAY,
    FROM_NODE,
    Ack,
    Command,
    Decoder,
    Frame,
    Panel,
    Signer,
    SnapshotRequest,
    encode,
)
from node import board, devices
from node.app import Node
from node.config import NodeConfig
from node.keep import Keep

KEY = bytes(range(32))
POINTS = [
    {"point": 1, "kind": "contact", "pin": 1},
    {"point": 2, "kind": "feedback", "pin": 2},
    {"point": 3, "kind": "reader", "pin": 3},
    {"point": 4, "kind": "output", "pin": 4},
    {"point": 5, "kind": "supervised", "pin": 26},
]
DEVICES = [
    {"kind": "relay_lock", "point": 10, "pin": 7, "feedback_point": 11, "feedback_pin": 8, "pulse_ms": 3000},
    {"kind": "panel", "point": 20, "bus": 0},
    {"kind": "room_lamp", "point": 21, "pin": 22, "pixels": 8},
]
TAGS = [bytes((10, 27, 44, 61, n)) for n in range(4)]
HOUR_MS = 3600000
AWAY_FROM_MS, AWAY_MS = 1200000, 600000  # in each third hour


class Display:
    """Takes what it is sent, as a bus does; what it would show is looked at elsewhere, slowly."""

    def __init__(self, number):
        self.sent = 0

    def writeto(self, address, data):
        self.sent += len(data)

    def writevto(self, address, parts):
        self.sent += sum([len(part) for part in parts])


class Line:
    """Both ends of the line: what the node writes is heard, and acked unless the gateway is away or loses the ack."""

    def __init__(self):
        self.decoder = Decoder({7: KEY}, FROM_NODE)
        self.signer = Signer(KEY, FROM_GATEWAY)
        self.to_node = b""
        self.is_away = False
        self.seq = self.frames = self.heard = 0
        self.uptime_ms = 0

    def read(self, most):
        data, self.to_node = self.to_node[:most], self.to_node[most:]
        return data or None

    def write(self, data):
        for frame in self.decoder.feed(data):
            self.frames += 1
            if not self.is_away and self.frames % 7:
                self.order(Ack(frame.boot, frame.seq))
        return len(data)

    def order(self, message):
        self.seq += 1
        frame = Frame(message.KIND, 7, 20, self.seq, self.uptime_ms, message)
        self.to_node += encode(frame, self.signer, FROM_GATEWAY)


class Day:
    def __init__(self, folder):
        self.ms = (1 << 30) - 1234
        machine._ticks_ms = self.ticks
        machine.I2C = Display
        config = NodeConfig(
            {
                "node": 7,
                "key": hexlify(KEY).decode(),
                "points": POINTS,
                "devices": DEVICES,
            },
            devices.KINDS,
        )
        place = board.Place(None)
        pins = {}
        for point in config.points:
            pins[point.point] = place.of(point)
        self.line = Line()
        self.least = board.mem_free()
        self.beats = 0
        self.node = Node(
            config,
            self.line,
            pins,
            self.ticks,
            boot=1,
            reason=0,
            feed=lambda: None,
            mem_free=self.mem_free,
            devices=[devices.build(device, place, 0) for device in config.devices],
            keep=Keep(folder + "/kept", 1, config.queue_max),
        )

    def ticks(self):
        return self.ms & ((1 << 30) - 1)

    def mem_free(self):
        free = board.mem_free()
        self.least = min(self.least, free)
        return free

    def happen(self, second, hour):
        """What the world does in this second of the hour."""
        hand = machine._control
        line = self.line
        line.is_away = hour % 3 == 1 and AWAY_FROM_MS <= second * 1000 < AWAY_FROM_MS + AWAY_MS
        if second % 10 == 0 or line.is_away:
            hand.levels[1] = 1 - hand.levels.get(1, 1)
        if second % 30 == 0:
            hand.tags[3] = [machine.rdm6300(TAGS[second // 30 % 4])] if second % 60 else []
        if second % 90 == 0:
            hand.noise[3] = bytes((2, 255, 48, second & 255)) * 6
            line.to_node += bytes([second * n & 255 for n in range(60)]) + b"\x00"
        if second % 10 == 0 and not line.is_away:
            left_s = 3600 - second
            for point in (20, 21):
                line.order(Panel(point, second // 600, second & 255, second & 3, left_s, second // 4, 12000))
        if second % 120 == 0:
            line.order(Command(10, ACTIVE, second, 2000))
            line.order(Command(4, second // 120 % 2, second, 2000))
        hand.levels[8] = 1 if second % 120 in (1, 2) else 0
        hand.ohms[26] = 10000000 if second % 600 < 5 else 1000 + 1000 * (second // 20 % 2)
        if second == 3590:
            line.order(SnapshotRequest())

    def hour(self, number, scan_ms):
        for second in range(3600):
            self.happen(second, number)
            for _ in range(1000 // scan_ms):
                self.ms += scan_ms
                self.line.uptime_ms += scan_ms
                self.node.step()


def largest_block():
    """Bytes that can be had in one piece."""
    low, high = 0, 192 * 1024
    while high - low > 256:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
        gc.collect()
    return low


def main(hours, scan_ms, folder):
    logging.basicConfig(level=50)  # CRITICAL: a day of warnings is of no use here
    day = Day(folder)
    for number in range(hours):
        day.hour(number, scan_ms)
        free = board.mem_free()
        print(
            "HOUR",
            number,
            "FREE",
            free,
            "BLOCK",
            largest_block(),
            "WAITING",
            len(day.node.link.queue.entries),
        )
    keep = day.node._keep
    print(
        "FRAMES",
        day.line.frames,
        "DROPPED",
        day.node.link.queue.dropped,
        "SAVES",
        keep.saves,
        "LEAST",
        day.least,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
