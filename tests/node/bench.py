"""A node on the bench: its clock, its pins and the gateway's end of its line in the test's hand."""

from casewire import FROM_GATEWAY, FROM_NODE, Ack, Decoder, Frame, Message, encode
from node.app import Node
from node.config import NodeConfig

KEY = bytes(range(32))
NODE = 7
BOOT = 4
GATEWAY_BOOT = 20

DOOR = {"point": 1, "kind": "contact", "pin": 1, "debounce_ms": 20}
LOCK_FEEDBACK = {"point": 2, "kind": "feedback", "pin": 2, "debounce_ms": 20}
READER = {"point": 3, "kind": "reader", "pin": 3, "no_read_ms": 3000}
LOCK = {"point": 4, "kind": "output", "pin": 4, "on_lost": "off"}
LAMP = {"point": 5, "kind": "output", "pin": 5, "on_lost": "on"}
SOUNDER = {"point": 6, "kind": "output", "pin": 6, "on_lost": "hold"}
POINTS = [DOOR, LOCK_FEEDBACK, READER, LOCK, LAMP, SOUNDER]

TAG = bytes.fromhex("0a1b2c3d4e")
TAG_READ = b"\x020A1B2C3D4E4E\x03"
OTHER_TAG = bytes.fromhex("1122334455")
OTHER_TAG_READ = b"\x02112233445511\x03"


def settings(**changes: object) -> dict[str, object]:
    """A configuration as it stands in config.json."""
    return {"node": NODE, "key": KEY.hex(), "points": POINTS, **changes}


class Clock:
    """ticks_ms of a board: wraps at 2^30, and starts just below it."""

    def __init__(self, start_ms: int = (1 << 30) - 1234) -> None:
        self.ms = start_ms

    def __call__(self) -> int:
        return self.ms & ((1 << 30) - 1)


class FakePin:
    def __init__(self, level: int = 0) -> None:
        self.level = level

    def value(self, level: int | None = None) -> int | None:
        if level is None:
            return self.level
        self.level = level
        return None


class FakeLoop:
    """An ADC on a loop of so many ohm, fed by 2.2 kOhm."""

    def __init__(self, ohm: int = 1000) -> None:
        self.ohm = ohm

    def read_u16(self) -> int:
        return 65535 * self.ohm // (2200 + self.ohm)


def pin_of(kind: str) -> "FakePin | FakePort | FakeLoop":
    """What the board gives for a point of this kind."""
    if kind == "reader":
        return FakePort()
    return FakeLoop() if kind == "supervised" else FakePin()


class FakePort:
    """A UART whose other end is the test; takes at most `room` bytes until emptied."""

    def __init__(self) -> None:
        self.to_node = b""
        self.from_node = b""
        self.room = 10**9

    def read(self, most: int) -> bytes | None:
        data, self.to_node = self.to_node[:most], self.to_node[most:]
        return data or None

    def write(self, data: bytes) -> int | None:
        taken = data[: self.room]
        self.room -= len(taken)
        self.from_node += taken
        return len(taken) or None


class Bench:
    """A Node with fakes. `run` lets time pass; `said` is what the gateway has heard since last asked."""

    def __init__(
        self, *, devices: tuple = (), boot: int = BOOT, keep: object = None, **changes: object
    ) -> None:
        config = NodeConfig(settings(**changes))
        self.clock = Clock()
        self.start_ms = self.clock.ms
        self.port = FakePort()
        self.pins = {point.point: pin_of(point.kind) for point in config.points}
        self.fed = 0
        self.gateway_seq = 0
        self.decoder = Decoder({NODE: KEY}, FROM_NODE)
        self.node = Node(
            config,
            self.port,
            self.pins,
            self.clock,
            boot=boot,
            reason=0,
            feed=self._feed,
            mem_free=lambda: 1000,
            devices=devices,
            keep=keep,
        )

    def _feed(self) -> None:
        self.fed += 1

    @property
    def uptime_ms(self) -> int:
        return self.clock.ms - self.start_ms

    def run(self, duration_ms: int, *, acking: bool = True, step_ms: int = 5) -> list[Frame]:
        """Let time pass in scans of step_ms; return what was said, acked as a gateway would."""
        heard: list[Frame] = []
        for _ in range(0, duration_ms, step_ms):
            self.clock.ms += step_ms
            self.node.step()
            for frame in self.said():
                heard.append(frame)
                if acking:
                    self.order(Ack(frame.boot, frame.seq))
        return heard

    def said(self) -> list[Frame]:
        data, self.port.from_node = self.port.from_node, b""
        return self.decoder.feed(data)

    def order(
        self,
        message: Message,
        *,
        boot: int = GATEWAY_BOOT,
        seq: int | None = None,
        made_ms_ago: int = 0,
    ) -> bytes:
        """Send a frame of the gateway; returns its bytes."""
        if seq is None:
            self.gateway_seq += 1
            seq = self.gateway_seq
        gateway_uptime_ms = 5_000_000 + self.uptime_ms - made_ms_ago
        frame = Frame(message.KIND, NODE, boot, seq, gateway_uptime_ms, message)
        wire = encode(frame, KEY, FROM_GATEWAY)
        self.port.to_node += wire
        return wire

    def settle(self) -> list[Frame]:
        """Run a new node until it has said all there is to say at rest."""
        return self.run(600)


def of_kind(frames: list[Frame], kind: type[Message]) -> list[Message]:
    """The messages of one kind among the frames, in order."""
    return [frame.message for frame in frames if isinstance(frame.message, kind)]
