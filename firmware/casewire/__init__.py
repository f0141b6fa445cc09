"""The wire between nodes and gateway: frames of docs/wire.md, and nothing else.

A pure codec, bytes to messages and back. It runs unchanged on CPython and
MicroPython; it imports struct, binascii and hashlib only.
"""

from casewire.decoder import COUNTERS, Decoder
from casewire.errors import FieldError, FrameError, WireError
from casewire.frame import (
    DELIMITER,
    RAW_MAX_BYTES,
    STUFFED_MAX_BYTES,
    WIRE_VERSION,
    Frame,
    encode,
)
from casewire.mac import FROM_GATEWAY, FROM_NODE, KEY_BYTES, Signer
from casewire.messages import (
    ACTIVE,
    BOOT_OTHER,
    BOOT_POWER_UP,
    BOOT_RESET,
    BOOT_WATCHDOG,
    INACTIVE,
    PAYLOAD_MAX_BYTES,
    SNAPSHOT_POINTS_MAX,
    UID_MAX_BYTES,
    UNKNOWN,
    Ack,
    Boot,
    Command,
    Contact,
    Feedback,
    Gap,
    Heartbeat,
    Message,
    Snapshot,
    SnapshotRequest,
    Tag,
)

__all__ = (
    "ACTIVE",
    "BOOT_OTHER",
    "BOOT_POWER_UP",
    "BOOT_RESET",
    "BOOT_WATCHDOG",
    "COUNTERS",
    "DELIMITER",
    "FROM_GATEWAY",
    "FROM_NODE",
    "INACTIVE",
    "KEY_BYTES",
    "PAYLOAD_MAX_BYTES",
    "RAW_MAX_BYTES",
    "SNAPSHOT_POINTS_MAX",
    "STUFFED_MAX_BYTES",
    "UID_MAX_BYTES",
    "UNKNOWN",
    "WIRE_VERSION",
    "Ack",
    "Boot",
    "Command",
    "Contact",
    "Decoder",
    "Feedback",
    "FieldError",
    "Frame",
    "FrameError",
    "Gap",
    "Heartbeat",
    "Message",
    "Signer",
    "Snapshot",
    "SnapshotRequest",
    "Tag",
    "WireError",
    "encode",
)
