"""A short life of a node without a machine: runs on any interpreter, started by path or pasted.

The line, the pins and the clock are objects; the gateway's end is casewire itself. Prints one line
a message heard and at last the name of the logging module in use.
"""

import logging

import casewire
from node.app import Node
from node.config import NodeConfig

KEY = bytes(range(32))
SETTINGS = {
    "node": 7,
    "key": "".join([f"{byte:02x}" for byte in KEY]),
    "points": [
        {"point": 1, "kind": "contact", "pin": 1},
        {"point": 2, "kind": "reader", "pin": 2},
        {"point": 3, "kind": "output", "pin": 3, "on_lost": "off"},
    ],
}


class Pin:
    def __init__(self):
        self.level = 0

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None


class Port:
    def __init__(self):
        self.to_node = b""
        self.from_node = b""

    def read(self, most):
        data = self.to_node[:most]
        self.to_node = self.to_node[most:]
        return data or None

    def write(self, data):
        self.from_node += data
        return len(data)


class Life:
    """A node, its surroundings, and a clock that jumps 5 ms a step over the wrap of the ticks."""

    def __init__(self):
        self.ms = (1 << 30) - 1000
        self.port = Port()
        self.pins = {1: Pin(), 2: Port(), 3: Pin()}
        self.seq = 0
        self.decoder = casewire.Decoder({7: KEY}, casewire.FROM_NODE)
        self.node = Node(
            NodeConfig(SETTINGS),
            self.port,
            self.pins,
            self.ticks_ms,
            boot=4,
            reason=casewire.BOOT_POWER_UP,
            feed=self.ticks_ms,
            mem_free=self.mem_free,
        )

    def ticks_ms(self):
        return self.ms & ((1 << 30) - 1)

    def mem_free(self):
        return 1000

    def order(self, message):
        self.seq += 1
        frame = casewire.Frame(message.KIND, 7, 20, self.seq, self.ms, message)
        self.port.to_node += casewire.encode(frame, KEY, casewire.FROM_GATEWAY)

    def run(self, duration_ms, acking=True):
        for _ in range(duration_ms // 5):
            self.ms += 5
            self.node.step()
            data = self.port.from_node
            self.port.from_node = b""
            for frame in self.decoder.feed(data):
                if frame.seq:
                    print("HEARD", frame.message)
                if acking:
                    self.order(casewire.Ack(frame.boot, frame.seq))


def main():
    logging.basicConfig(level=logging.INFO)
    life = Life()
    life.run(600)
    life.pins[1].level = 1
    life.run(100)
    life.pins[2].to_node = b"\x020A1B2C3D4E4E\x03"
    life.run(100)
    life.order(casewire.Command(3, casewire.ACTIVE, 77, 2000))
    life.run(100)
    life.port.to_node += bytes(range(256)) * 4
    life.run(100)
    life.pins[1].level = 0
    life.run(1100, acking=False)
    life.run(6000, acking=False)
    print("PIN 3", life.pins[3].level)
    print("LOGGING", getattr(logging, "__file__", "frozen"), hasattr(logging, "Formatter"))


main()
