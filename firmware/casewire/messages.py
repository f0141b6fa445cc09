"""The messages: one class a kind, with its payload to the byte.

All numbers are big-endian. A message is a value: two with the same kind and the
same fields are equal. ``unpack`` accepts exactly what ``pack`` can write, so no
two byte strings mean the same message. docs/wire.md is the table for people.
"""

import struct

from casewire.errors import FieldError, check_range

PAYLOAD_MAX_BYTES = 200
UID_MAX_BYTES = 16
TROUBLES_POINTS_MAX = PAYLOAD_MAX_BYTES // 3
SNAPSHOT_POINTS_MAX = (PAYLOAD_MAX_BYTES - 2) // 2  # per part: 2 bytes go to part, parts
KEPT_LAYOUT = ">IIQB"  # boot, seq, uptime_ms and kind of what was kept; its own payload follows
KEPT_BYTES = 17

INACTIVE = 0
ACTIVE = 1
UNKNOWN = 2  # no report yet, or not to be trusted: never to be read as "normal"

BOOT_POWER_UP = 0
BOOT_WATCHDOG = 1
BOOT_RESET = 2  # asked for: reset button, mpremote, machine.reset()
BOOT_OTHER = 255

# What keeps a point from being believed, or a device from doing its work: bits of Troubles.
LINE_SHORT = 1  # supervised loop: shorted
LINE_OPEN = 2  # supervised loop: cut
LINE_FAULT = 4  # supervised loop: a resistance that is none of the expected
TAMPER = 8  # the housing is open
BATTERY_LOW = 16
MAINS_LOST = 32
SILENT = 64  # the device does not answer
JAMMED = 128  # ordered, and the bolt did not follow
CONTRADICTION = 256  # two contacts that exclude each other
KEY_REFUSED = 512  # the device refuses our key, or we its
DEFAULT_KEY = 1024  # speaks with a key that everybody knows
NOISY = 2048  # too many of its answers are damaged
TROUBLE_BITS_MAX = 0x0FFF

BAND_CUT = 1  # bits of Band: the strap was cut or opened
BAND_BATTERY_LOW = 2
BAND_BUTTON = 4  # the bearer pressed its button
BAND_BITS_MAX = 7

U8_MAX = 0xFF
U16_MAX = 0xFFFF
U32_MAX = 0xFFFFFFFF
U64_MAX = 0xFFFFFFFFFFFFFFFF


class Message:
    """What all messages share: a kind, fixed fields named in NAMES, a struct layout."""

    KIND = 0
    LAYOUT = ""
    NAMES: tuple[str, ...] = ()
    MOST: tuple[int, ...] = ()  # largest value of each field

    def __init__(self, *values: int) -> None:
        if len(values) != len(self.NAMES):
            raise FieldError("%s: expected %d fields, found %d" % (self.name(), len(self.NAMES), len(values)))
        for index in range(len(values)):
            name = self.NAMES[index]
            value = check_range(self.name() + "." + name, values[index], 0, self.MOST[index])
            setattr(self, name, value)

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    def pack(self) -> bytes:
        """Return the payload bytes."""
        return struct.pack(self.LAYOUT, *[getattr(self, name) for name in self.NAMES])

    @classmethod
    def unpack(cls, payload: bytes) -> "Message":
        """Return the message in ``payload``, or raise FieldError."""
        if len(payload) != struct.calcsize(cls.LAYOUT):
            raise FieldError(
                "%s payload: expected %d bytes, found %d"
                % (cls.__name__, struct.calcsize(cls.LAYOUT), len(payload))
            )
        return cls(*struct.unpack(cls.LAYOUT, payload))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.KIND == other.KIND and self.pack() == other.pack()

    def __hash__(self) -> int:
        return hash((self.KIND, self.pack()))

    def __repr__(self) -> str:
        fields = ", ".join(["%s=%r" % (name, getattr(self, name)) for name in self.NAMES])
        return "%s(%s)" % (self.name(), fields)


def _check_state(name: str, state: int) -> None:
    check_range(name + ".state", state, INACTIVE, UNKNOWN)


class Heartbeat(Message):
    """The node lives: messages waiting, messages lost since boot, free bytes of heap."""

    KIND = 1
    LAYOUT = ">HII"
    NAMES = ("queue_depth", "dropped", "mem_free")
    MOST = (U16_MAX, U32_MAX, U32_MAX)
    queue_depth: int
    dropped: int
    mem_free: int


class Snapshot(Message):
    """The state of every point, in ``parts`` frames numbered from 0."""

    KIND = 2
    NAMES = ("part", "parts", "points")

    def __init__(self, part: int, parts: int, points: "tuple[tuple[int, int], ...]") -> None:
        self.parts = check_range("Snapshot.parts", parts, 1, U8_MAX)
        self.part = check_range("Snapshot.part", part, 0, parts - 1)
        check_range("Snapshot.points count", len(points), 0, SNAPSHOT_POINTS_MAX)
        before = -1
        for point, state in points:
            # Rising point numbers: no point twice, and one order only.
            check_range("Snapshot.point", point, before + 1, U8_MAX)
            _check_state("Snapshot", state)
            before = point
        self.points = tuple([(point, state) for point, state in points])

    def pack(self) -> bytes:
        out = bytearray((self.part, self.parts))
        for point, state in self.points:
            out.append(point)
            out.append(state)
        return bytes(out)

    @classmethod
    def unpack(cls, payload: bytes) -> "Snapshot":
        if len(payload) < 2 or len(payload) % 2:
            raise FieldError(
                "Snapshot payload: expected an even number of bytes from 2, found %d" % len(payload)
            )
        pairs = [(payload[at], payload[at + 1]) for at in range(2, len(payload), 2)]
        return cls(payload[0], payload[1], tuple(pairs))


class Contact(Message):
    """A contact has been stable in this state for its debounce time."""

    KIND = 3
    LAYOUT = ">BB"
    NAMES = ("point", "state")
    MOST = (U8_MAX, UNKNOWN)
    point: int
    state: int


class Tag(Message):
    """A reader began (present 1) or ceased (present 0) to read the tag ``uid`` (1..16 B)."""

    KIND = 4
    NAMES = ("point", "present", "uid")

    def __init__(self, point: int, present: int, uid: bytes) -> None:
        self.point = check_range("Tag.point", point, 0, U8_MAX)
        self.present = check_range("Tag.present", present, 0, 1)
        check_range("Tag.uid length", len(uid), 1, UID_MAX_BYTES)
        self.uid = bytes(uid)

    def pack(self) -> bytes:
        return bytes((self.point, self.present)) + self.uid

    @classmethod
    def unpack(cls, payload: bytes) -> "Tag":
        if len(payload) < 3:
            raise FieldError("Tag payload: expected 3..18 bytes, found %d" % len(payload))
        return cls(payload[0], payload[1], payload[2:])


class Feedback(Message):
    """What an output or the lock behind it really does; also the answer to a Command."""

    KIND = 5
    LAYOUT = ">BB"
    NAMES = ("point", "state")
    MOST = (U8_MAX, UNKNOWN)
    point: int
    state: int


class Gap(Message):
    """Messages first_seq..last_seq of this boot were dropped by a full queue, for ever."""

    KIND = 6
    LAYOUT = ">II"
    NAMES = ("first_seq", "last_seq")
    MOST = (U32_MAX, U32_MAX)
    first_seq: int
    last_seq: int

    def __init__(self, first_seq: int, last_seq: int) -> None:
        Message.__init__(self, first_seq, last_seq)
        check_range("Gap.last_seq", last_seq, first_seq, U32_MAX)


class Boot(Message):
    """The node has started: why (BOOT_*), and which firmware (major * 256 + minor)."""

    KIND = 7
    LAYOUT = ">BH"
    NAMES = ("reason", "firmware")
    MOST = (U8_MAX, U16_MAX)
    reason: int
    firmware: int


class Troubles(Message):
    """All troubles that each of these points has now, as bits; 0: none (any more)."""

    KIND = 8
    NAMES = ("points",)

    def __init__(self, points: "tuple[tuple[int, int], ...]") -> None:
        check_range("Troubles.points count", len(points), 1, TROUBLES_POINTS_MAX)
        before = -1
        for point, bits in points:
            check_range("Troubles.point", point, before + 1, U8_MAX)
            check_range("Troubles.bits", bits, 0, TROUBLE_BITS_MAX)
            before = point
        self.points = tuple([(point, bits) for point, bits in points])

    def pack(self) -> bytes:
        out = bytearray()
        for point, bits in self.points:
            out.append(point)
            out.append(bits >> 8)
            out.append(bits & 0xFF)
        return bytes(out)

    @classmethod
    def unpack(cls, payload: bytes) -> "Troubles":
        if not payload or len(payload) % 3:
            raise FieldError("Troubles payload: expected 3 bytes a point, found %d bytes" % len(payload))
        return cls(
            tuple([(payload[at], payload[at + 1] << 8 | payload[at + 2]) for at in range(0, len(payload), 3)])
        )


class Band(Message):
    """An active wristband ``uid`` tells of itself through the reader ``point``: BAND_* bits."""

    KIND = 9
    NAMES = ("point", "flags", "uid")

    def __init__(self, point: int, flags: int, uid: bytes) -> None:
        self.point = check_range("Band.point", point, 0, U8_MAX)
        self.flags = check_range("Band.flags", flags, 0, BAND_BITS_MAX)
        check_range("Band.uid length", len(uid), 1, UID_MAX_BYTES)
        self.uid = bytes(uid)

    def pack(self) -> bytes:
        return bytes((self.point, self.flags)) + self.uid

    @classmethod
    def unpack(cls, payload: bytes) -> "Band":
        if len(payload) < 3:
            raise FieldError("Band payload: expected 3..18 bytes, found %d" % len(payload))
        return cls(payload[0], payload[1], payload[2:])


class Kept(Message):
    """What the node told in an earlier boot and was never acked: ``message``, as it was numbered and timed then."""

    KIND = 10
    NAMES = ("boot", "seq", "uptime_ms", "message")

    def __init__(self, boot: int, seq: int, uptime_ms: int, message: Message) -> None:
        self.boot = check_range("Kept.boot", boot, 0, U32_MAX)
        self.seq = check_range("Kept.seq", seq, 1, U32_MAX)
        self.uptime_ms = check_range("Kept.uptime_ms", uptime_ms, 0, U64_MAX)
        if message.KIND not in KEPT_KINDS:
            raise FieldError(
                "Kept.message: expected one of kind %r, found %d" % (sorted(KEPT_KINDS), message.KIND)
            )
        check_range("Kept.message length", len(message.pack()), 0, PAYLOAD_MAX_BYTES - KEPT_BYTES)
        self.message = message

    def pack(self) -> bytes:
        head = struct.pack(KEPT_LAYOUT, self.boot, self.seq, self.uptime_ms, self.message.KIND)
        return head + self.message.pack()

    @classmethod
    def unpack(cls, payload: bytes) -> "Kept":
        if len(payload) < KEPT_BYTES:
            raise FieldError("Kept payload: expected %d bytes or more, found %d" % (KEPT_BYTES, len(payload)))
        boot, seq, uptime_ms, kind = struct.unpack(KEPT_LAYOUT, payload[:KEPT_BYTES])
        if kind not in KEPT_KINDS:
            raise FieldError("Kept.kind: expected one of %r, found %d" % (sorted(KEPT_KINDS), kind))
        return cls(boot, seq, uptime_ms, KEPT_KINDS[kind].unpack(payload[KEPT_BYTES:]))


class Ack(Message):
    """The gateway holds message ``seq`` of the node's boot ``boot``, that one alone.

    seq 0 acks nothing: it is the gateway's own sign of life.
    """

    KIND = 16
    LAYOUT = ">II"
    NAMES = ("boot", "seq")
    MOST = (U32_MAX, U32_MAX)
    boot: int
    seq: int


class Command(Message):
    """Put output ``point`` into ``state``, if this is read within ``valid_ms``."""

    KIND = 17
    LAYOUT = ">BBII"
    NAMES = ("point", "state", "command_id", "valid_ms")
    MOST = (U8_MAX, ACTIVE, U32_MAX, U32_MAX)
    point: int
    state: int
    command_id: int
    valid_ms: int


class SnapshotRequest(Message):
    """Send a snapshot now."""

    KIND = 18
    LAYOUT = ">"


class Panel(Message):
    """What the panel ``point`` shows of its room, if this is read within ``valid_ms`` and for no longer; see casewire.marks."""

    KIND = 19
    LAYOUT = ">BBBBIHI"
    NAMES = ("point", "occupied", "marks", "flags", "remaining_s", "share_permille", "valid_ms")
    MOST = (U8_MAX, U8_MAX, U8_MAX, 3, U32_MAX, U16_MAX, U32_MAX)
    point: int
    occupied: int
    marks: int
    flags: int
    remaining_s: int
    share_permille: int
    valid_ms: int

    def __init__(self, *values: int) -> None:
        Message.__init__(self, *values)
        if self.share_permille != U16_MAX:
            check_range("Panel.share_permille", self.share_permille, 0, 1000)


KEPT_KINDS: "dict[int, type[Message]]" = {
    kind.KIND: kind for kind in (Contact, Tag, Feedback, Gap, Troubles, Band)
}
NODE_KINDS: "dict[int, type[Message]]" = {
    kind.KIND: kind for kind in (Heartbeat, Snapshot, Contact, Tag, Feedback, Gap, Boot, Troubles, Band, Kept)
}
GATEWAY_KINDS: "dict[int, type[Message]]" = {
    kind.KIND: kind for kind in (Ack, Command, SnapshotRequest, Panel)
}
