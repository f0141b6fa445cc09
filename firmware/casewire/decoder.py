"""Bytes in, frames out, whatever the bytes are.

The decoder raises nothing, holds at most one frame, and takes up again at the
first zero byte after any damage. What it refuses it counts: a counter that rises
is how a noisy cable, a wrong key or an attacker becomes visible.
"""

import struct

from casewire import cobs
from casewire.errors import FieldError, FrameError
from casewire.frame import CRC_BYTES, STUFFED_MAX_BYTES, WIRE_VERSION, Frame, check_raw, parse
from casewire.mac import MAC_BYTES, Signer, same

COUNTERS = (
    "frames",  # accepted
    "bad_cobs",  # no valid stuffing
    "bad_crc",  # wrong length or CRC
    "bad_version",  # CRC right, version not ours
    "unknown_node",  # no key for this node number
    "bad_mac",  # CRC right, MAC wrong: other key, other direction, or forged
    "bad_message",  # authentic, but a kind or payload that this direction does not have
    "overlong",  # more bytes without a zero than any frame has
    "bytes_dropped",  # bytes of all the refused, delimiters not counted
)


class Decoder:
    """Decodes what one direction of one line carries.

    keys       key (32 bytes) of each node that may be heard here
    direction  FROM_NODE to decode frames of nodes, FROM_GATEWAY to decode the gateway's
    counters   name (COUNTERS) to count since the decoder was made
    """

    def __init__(self, keys: "dict[int, bytes]", direction: bytes) -> None:
        self.counters: dict[str, int] = dict.fromkeys(COUNTERS, 0)
        self._direction = direction
        self._signers = {node: Signer(keys[node], direction) for node in keys}
        self._buffer = bytearray()
        self._skipping = False  # inside an overlong run: wait for its end

    @property
    def pending_bytes(self) -> int:
        """Bytes of an unfinished frame, 0..233."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they came from the line; return the frames they complete."""
        frames: list[Frame] = []
        at = 0
        end = len(data)
        while at < end:
            stop = data.find(b"\x00", at)
            last = stop if stop >= 0 else end
            self._take(data, at, last)
            if stop < 0:
                break
            frame = self._close()
            if frame is not None:
                frames.append(frame)
            at = stop + 1
        return frames

    def _take(self, data: bytes, start: int, stop: int) -> None:
        """Add data[start:stop], which has no zero byte, to the open frame."""
        count = stop - start
        if self._skipping:
            self.counters["bytes_dropped"] += count
        elif len(self._buffer) + count > STUFFED_MAX_BYTES:
            self.counters["overlong"] += 1
            self.counters["bytes_dropped"] += len(self._buffer) + count
            self._buffer = bytearray()
            self._skipping = True
        else:
            self._buffer += data[start:stop]

    def _close(self) -> "Frame | None":
        """End the open frame at a zero byte; return it, or None after counting why not."""
        stuffed = bytes(self._buffer)
        self._buffer = bytearray()
        if self._skipping:
            self._skipping = False
            return None
        if not stuffed:
            return None  # zeros between frames are allowed: a sender opens a line with one
        frame, refused = self._judge(stuffed)
        if frame is None:
            self.counters[refused] += 1
            self.counters["bytes_dropped"] += len(stuffed)
            return None
        self.counters["frames"] += 1
        return frame

    def _judge(self, stuffed: bytes) -> "tuple[Frame | None, str]":
        """Return (frame, "") or (None, name of the counter)."""
        try:
            raw = cobs.decode(stuffed)
        except FrameError:
            return None, "bad_cobs"
        try:
            check_raw(raw)
        except FrameError:
            return None, "bad_crc"
        if raw[0] != WIRE_VERSION:
            return None, "bad_version"
        signer = self._signers.get(struct.unpack(">H", raw[2:4])[0])
        if signer is None:
            return None, "unknown_node"
        signed = len(raw) - CRC_BYTES - MAC_BYTES
        if not same(signer.sign(raw[:signed]), raw[signed:-CRC_BYTES]):
            return None, "bad_mac"
        try:
            return parse(raw, self._direction), ""
        except FieldError:
            return None, "bad_message"
