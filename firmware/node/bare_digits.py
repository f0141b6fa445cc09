"""The EM-18: the twelve digits of node.reader alone, some with CR LF behind them.

With nothing around it, a read is what stands between two pauses. Thirteen digits are none: the first twelve of
a read with noise before it pass the check once in 256.
"""

PAUSE_MS = 30  # a read takes 13 ms; a USB adapter may hold part of it back for 16
_BYTES_MAX = 15  # with CR LF, and one more that shows a read that is too long


class BareDigits:
    """Finds the reads in a byte stream."""

    def __init__(self) -> None:
        self._digits = bytearray()
        self._byte_ms = 0

    def take(self, data, now_ms):
        """Take what came in one scan (or None); return (digits, when they came) if a pause has ended a read."""
        found = None
        if self._digits and now_ms - self._byte_ms >= PAUSE_MS:
            found = bytes(self._digits).rstrip(b"\r\n"), self._byte_ms
            self._digits = bytearray()
        if data:
            self._byte_ms = now_ms
            self._digits += data[: _BYTES_MAX - len(self._digits)]
        return found
