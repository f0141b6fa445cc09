"""One frame: header, payload, MAC, CRC, before and after stuffing.

    version u8 = 1 | kind u8 | node u16 | boot u32 | seq u32 | uptime_ms u64   20 B
    payload                                                                 0..200 B
    mac        first 8 bytes of HMAC-SHA-256(key, direction + all before it)    8 B
    crc        CRC-32 (IEEE 802.3, as zlib) over all before it                  4 B

then COBS, then one zero byte. The CRC finds noise cheaply and tells it from a
forgery, which only the MAC finds: a noisy cable and an attacker are two alarms.
"""

import struct
from binascii import crc32

from casewire import cobs
from casewire.errors import FieldError, FrameError, check_range
from casewire.mac import FROM_NODE, MAC_BYTES, Signer
from casewire.messages import GATEWAY_KINDS, NODE_KINDS, PAYLOAD_MAX_BYTES, U16_MAX, U32_MAX, U64_MAX, Message

WIRE_VERSION = 1
DELIMITER = b"\x00"
HEADER = ">BBHIIQ"
HEADER_BYTES = 20
CRC_BYTES = 4
OVERHEAD_BYTES = HEADER_BYTES + MAC_BYTES + CRC_BYTES
RAW_MAX_BYTES = OVERHEAD_BYTES + PAYLOAD_MAX_BYTES
STUFFED_MAX_BYTES = RAW_MAX_BYTES + 1  # 232 bytes make one COBS group


class Frame:
    """A message and its envelope.

    kind       number of the message's class
    node       number of the node that sends or is addressed, 0..65535
    boot, seq  boot number and sequence number of the SENDER; each message that
               is to be acked has a seq from 1; a heartbeat has seq 0
    uptime_ms  milliseconds since the sender started, never wrapping
    """

    def __init__(self, kind: int, node: int, boot: int, seq: int, uptime_ms: int, message: Message) -> None:
        if kind != message.KIND:
            raise FieldError("kind: expected %d of %r, found %r" % (message.KIND, message, kind))
        self.kind = kind
        self.node = check_range("node", node, 0, U16_MAX)
        self.boot = check_range("boot", boot, 0, U32_MAX)
        self.seq = check_range("seq", seq, 0, U32_MAX)
        self.uptime_ms = check_range("uptime_ms", uptime_ms, 0, U64_MAX)
        self.message = message

    def header(self) -> bytes:
        return struct.pack(HEADER, WIRE_VERSION, self.kind, self.node, self.boot, self.seq, self.uptime_ms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frame) and self.header() == other.header() and self.message == other.message

    def __hash__(self) -> int:
        return hash((self.header(), self.message))

    def __repr__(self) -> str:
        return "Frame(node=%d, boot=%d, seq=%d, uptime_ms=%d, %r)" % (
            self.node,
            self.boot,
            self.seq,
            self.uptime_ms,
            self.message,
        )


def kinds_of(direction: bytes) -> "dict[int, type[Message]]":
    """Return the messages that may travel in this direction, by kind."""
    return NODE_KINDS if direction == FROM_NODE else GATEWAY_KINDS


def encode(frame: Frame, key: "bytes | Signer", direction: bytes) -> bytes:
    """Return the frame as it stands on the line, closing zero byte included.

    key is the node's key of 32 bytes; a sender of many frames passes a Signer
    made once of (key, direction). Raises FieldError if the kind may not travel in
    this direction.
    """
    signer = key if isinstance(key, Signer) else Signer(key, direction)
    if signer.direction != direction:
        raise ValueError("direction: expected %r of the Signer, found %r" % (signer.direction, direction))
    if frame.kind not in kinds_of(direction):
        raise FieldError(
            "kind: expected one of %r in direction %r, found %d"
            % (sorted(kinds_of(direction)), direction, frame.kind)
        )
    body = frame.header() + frame.message.pack()
    body += signer.sign(body)
    return cobs.encode(body + struct.pack(">I", crc32(body))) + DELIMITER


def check_raw(raw: bytes) -> None:
    """Raise FrameError unless ``raw`` (unstuffed) has a frame's length and a right CRC."""
    if not OVERHEAD_BYTES <= len(raw) <= RAW_MAX_BYTES:
        raise FrameError("frame: expected %d..%d bytes, found %d" % (OVERHEAD_BYTES, RAW_MAX_BYTES, len(raw)))
    found = struct.unpack(">I", raw[-CRC_BYTES:])[0]
    expected = crc32(raw[:-CRC_BYTES])
    if found != expected:
        raise FrameError("crc: expected %08x, found %08x" % (expected, found))


def parse(raw: bytes, direction: bytes) -> Frame:
    """Return the frame in ``raw``, whose CRC and MAC are already checked, or raise FieldError."""
    _, kind, node, boot, seq, uptime_ms = struct.unpack(HEADER, raw[:HEADER_BYTES])
    message_class = kinds_of(direction).get(kind)
    if message_class is None:
        raise FieldError("kind: expected one of %r, found %d" % (sorted(kinds_of(direction)), kind))
    message = message_class.unpack(raw[HEADER_BYTES : -CRC_BYTES - MAC_BYTES])
    return Frame(kind, node, boot, seq, uptime_ms, message)
