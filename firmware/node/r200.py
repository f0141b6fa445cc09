"""A UHF reader on a serial line (R200, M100, QM100, YRM100): the tags of a zone, EPC Gen2.

115200 baud 8N1, as in the makers' protocol sheets and published captures of others:

    BB TYPE CMD LEN LEN ... SUM 7E   TYPE 00 command, 01 answer, 02 notice; SUM: low byte of TYPE + ... ; LEN high byte first
    BB 00 27 00 03 22 FF FF 4A 7E    look 65535 times; BB 00 28 00 00 28 7E: stop
    BB 02 22 LEN LEN RSSI PC PC EPC ... CRC CRC SUM 7E   a tag; RSSI in dBm, signed; the tag's own CRC over PC and EPC
    BB 01 FF 00 01 15 16 7E          a look that found none

So it says something at each look: silence is a fault. A body before a tag hides it, and a wall does not always: what is
told is "read here, then", never that somebody is not there.
"""

import logging

from node.polled import READ_BYTES_MAX, Board
from node.tag_line import TagSight

# default, least and most of each
LIMITS = {
    "baud": (115200, 9600, 115200),
    "quiet_ms": (400, 100, 2000),
    "no_read_ms": (5000, 200, 60000),
    "rssi_min": (-127, -127, 0),
}
HOLD_DB = 6  # a tag that lies there may be this much weaker: one at the edge must not come and go
READS = 2
EPC_BYTES = (2, 16)  # least, and most that the wire to the gateway takes
PAYLOAD_BYTES_MAX = 67  # RSSI, PC, the longest EPC there is, CRC

_STOP = b"\xbb\x00\x28\x00\x00\x28\x7e"
_LOOK = b"\xbb\x00\x27\x00\x03\x22\xff\xff\x4a\x7e"
_FRAME_BYTES = 7  # around what it carries
_NO_TAG = 0x15

log = logging.getLogger("node")


def crc(data):
    """Return the CRC-16 of EPC Gen2 (6.3.1.5: preset FFFF, 1021, inverted)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value ^ 0xFFFF


def split(data):
    """Take whole frames out of ``data``: return [(type, command, what it carries)], the rest, and how many were bad."""
    frames = []
    bad = 0
    at = 0
    while at < len(data):
        if data[at] != 0xBB:
            at += 1
            continue
        if len(data) - at < _FRAME_BYTES:
            break
        size = data[at + 3] << 8 | data[at + 4]
        end = at + 5 + size
        if size <= PAYLOAD_BYTES_MAX:
            if end + 2 > len(data):
                break
            if data[end + 1] == 0x7E and data[end] == sum(data[at + 1 : end]) & 0xFF:
                frames.append((data[at + 1], data[at + 2], bytes(data[at + 5 : end])))
                at = end + 2
                continue
        bad += 1
        at += 1
    return frames, data[at:], bad


def tag(told):
    """Return (RSSI in dBm, EPC) of a notice; None if its lengths or its CRC are wrong."""
    if len(told) < 5 or told[1] >> 3 != (len(told) - 5) // 2 or not len(told) & 1:
        return None
    if crc(told[1:-2]) != told[-2] << 8 | told[-1]:
        return None
    return told[0] - 256 if told[0] & 0x80 else told[0], told[3:-2]


class R200(Board):
    """The device; see node.app.Node. It talks by itself once told to: asked anew when it stops.

    port         read(n), write(bytes), neither ever waiting; is_open False while it is unplugged
    unfit        reads of a tag whose EPC is too short or too long to be told
    """

    def __init__(self, config, port) -> None:
        self.points = (config.point,)
        self.unfit = 0
        self._config = config
        self._port = port
        self._sight = TagSight(config.point, config.no_read_ms, READS)
        self._data = bytearray()
        self._alive_ms: int | None = None  # when a look was heard of last, or asked for first
        self._asked_ms: int | None = None
        self._code = _NO_TAG  # of the last error it told
        Board.__init__(self, [self._sight])

    def poll(self, now_ms):
        """Return what changed; see node.app.Node."""
        changes = []
        data = self._port.read(READ_BYTES_MAX)
        if not getattr(self._port, "is_open", True):
            self._data = bytearray()
            self._alive_ms = self._asked_ms = None  # asked at once when it is back
            self.miss(now_ms, changes)
        else:
            if data:
                self._hear(data, now_ms, changes)
            self._watch(now_ms, changes)
        self.tell_troubles(now_ms, changes)
        return changes

    def states(self):
        return [(self._sight.point, self._sight.state)]

    def tags(self):
        return self._sight.tags()

    def troubles(self):
        bits = self.trouble(self._sight)
        return [(self._sight.point, bits)] if bits else []

    def bits(self, point):
        return 0

    def put(self, point, state, valid_ms, now_ms) -> None:
        log.error("expected an order to an output, found point %d, a reader", point)

    def lose_link(self) -> None:
        """It goes on reading."""

    def _hear(self, data, now_ms, changes) -> None:
        frames, self._data, bad = split(self._data + data)
        for _ in range(bad):
            self.damaged()
        for kind, command, told in frames:
            if kind == 2 and command in (0x22, 0x27):
                found = tag(told)
                if found is None:
                    self.damaged()
                else:
                    self._see(self._near(found[0], found[1]), now_ms, changes)
            elif kind == 1 and command == 0xFF and told:
                self._fail(told[0], now_ms, changes)

    def _fail(self, code, now_ms, changes) -> None:
        if code == _NO_TAG:
            self._see([], now_ms, changes)
        elif code != self._code:
            self._code = code
            log.error("point %d: expected a look, found error %02x of the reader", self._sight.point, code)

    def _see(self, uids, now_ms, changes) -> None:
        self.heard()
        self._alive_ms = now_ms
        self._sight.see(uids, now_ms, changes)

    def _near(self, rssi, epc):
        """Return the tag as a list, or an empty one if it does not count."""
        is_there = self._sight.presence.has(epc)
        if rssi < self._config.rssi_min - (HOLD_DB if is_there else 0):
            return []
        if EPC_BYTES[0] <= len(epc) <= EPC_BYTES[1]:
            return [epc]
        if not self.unfit:
            log.error(
                "point %d: expected an EPC of 2 to 16 bytes, found one of %d", self._sight.point, len(epc)
            )
        self.unfit += 1
        return []

    def _watch(self, now_ms, changes) -> None:
        """Its looks come to an end, and it may have been without power: half of quiet_ms, and it is asked anew."""
        if self._alive_ms is None:
            self._alive_ms = now_ms
        if now_ms - self._alive_ms >= self._config.quiet_ms:
            self.miss(now_ms, changes)
        waited_ms = self._config.quiet_ms // 2
        if self._asked_ms is None or (
            now_ms - self._alive_ms >= waited_ms and now_ms - self._asked_ms >= waited_ms
        ):
            self._asked_ms = now_ms
            self._port.write(_STOP + _LOOK)


def device(config, port):
    """Return the device of a ReaderConfig on ``port``; see node.app.Node."""
    return R200(config, port)
