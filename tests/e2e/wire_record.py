"""What passed the cables, decoded: which message of which node was acked, when, by which run of the gateway."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from caseward.demo.cables import TO_GATEWAY
from casewire import FROM_GATEWAY, FROM_NODE, Ack, Boot, Contact, Decoder, Feedback, Frame, Gap, Heartbeat

Key = tuple[str, int, int]
"""Node (area-node), its boot, its sequence number."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of a node as it first passed: when (monotonic ns) and what."""

    at_ns: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class Acked:
    """Acks of one message: (monotonic ns, boot number of the gateway that acked)."""

    at_ns: int
    gateway_boot: int


@dataclass(slots=True)
class WireRecord:
    """Give `piece` to Cables as its record; read the rest when the bytes have passed."""

    pieces: list[tuple[int, str, str, bytes]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def piece(self, at_ns: int, cable: str, direction: str, data: bytes) -> None:
        """Called for every piece of bytes that passes a cable."""
        with self._lock:
            self.pieces.append((at_ns, cable, direction, data))

    def frames(self, keys: Mapping[str, tuple[int, bytes]]) -> "Frames":
        """Decode all. `keys`: cable -> (number of its node, key of its node)."""
        with self._lock:
            pieces = list(self.pieces)
        up = {cable: Decoder({number: key}, FROM_NODE) for cable, (number, key) in keys.items()}
        down = {cable: Decoder({number: key}, FROM_GATEWAY) for cable, (number, key) in keys.items()}
        found = Frames()
        for at_ns, cable, direction, data in pieces:
            decoder = (up if direction == TO_GATEWAY else down)[cable]
            for frame in decoder.feed(data):
                found.add(at_ns, cable, direction, frame)
        return found


class Frames:
    """Messages sent and acked. Heartbeats, which are not acked, are counted only."""

    def __init__(self) -> None:
        self.sent: dict[Key, Sent] = {}
        self.acked: dict[Key, list[Acked]] = defaultdict(list)
        self.resent = 0
        self.heartbeats = 0

    def add(self, at_ns: int, cable: str, direction: str, frame: Frame) -> None:
        message = frame.message
        if direction != TO_GATEWAY:
            if isinstance(message, Ack) and message.seq:
                self.acked[cable, message.boot, message.seq].append(Acked(at_ns, frame.boot))
        elif isinstance(message, Heartbeat):
            self.heartbeats += 1
        else:
            key = (cable, frame.boot, frame.seq)
            self.resent += key in self.sent
            self.sent.setdefault(key, Sent(at_ns, frame))


def always_makes_a_fact(frame: Frame, pulses: set[tuple[int, int]]) -> bool:
    """Whether a message must leave a leaf whatever was known before.

    A tag that is already known and the end of a pulse (lock feedback, button) say nothing new.
    `pulses`: (number of the node, point) of locks and buttons.
    """
    message = frame.message
    if isinstance(message, Boot | Gap):
        return True
    if isinstance(message, Contact | Feedback):
        return (frame.node, message.point) not in pulses
    return False
