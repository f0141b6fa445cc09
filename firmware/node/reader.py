"""A 125 kHz reader of the RDM6300 family on a UART.

9600 baud 8N1; while a tag lies on the reader it repeats 14 bytes: 0x02, ten
hexadecimal digits (5 bytes: the tag), two hexadecimal digits (their XOR), 0x03.
It says nothing when the tag goes, and nothing when it is broken: "gone" is a time
without a read, and a dead reader cannot be told from an empty one. What can be seen
is that the adapter it hangs on has been pulled out.

The EM-18 sends the twelve digits alone (node/bare_digits.py). Readers with
anticollision speak the same bytes and tell the tags of a room in turn.
"""

from casewire import ACTIVE, INACTIVE, UNKNOWN
from node.presence import Presence

_STX = 0x02
_ETX = 0x03
_DIGITS = 12
_READ_BYTES_MAX = 64  # per scan; a reader sends 14 bytes each 65 ms


def parse(digits):
    """Return the 5-byte tag in 12 hexadecimal digits (bytes), or None if the check fails."""
    try:
        numbers = bytes.fromhex(str(digits, "ascii"))
    except (ValueError, UnicodeError):
        return None
    if len(numbers) != _DIGITS // 2:  # fromhex lets spaces pass
        return None
    check = 0
    for number in numbers[:-1]:
        check ^= number
    return numbers[:-1] if check == numbers[-1] else None


class Reader:
    """Turns the byte stream of one reader into "tag came" and "tag went".

    config    point, no_read_ms, reads, model "rdm6300" or "em18"
    port      read(n), never waiting; is_open False while its adapter is unplugged
    bad       reads refused since start: wrong check, wrong length, noise, a tag beyond TAGS_MAX
    """

    def __init__(self, config, port) -> None:
        self.point = config.point
        self.bad = 0
        self._port = port
        self._bare = None
        if config.model == "em18":
            from node.bare_digits import BareDigits  # here: a board that has none keeps the memory

            self._bare = BareDigits()
        self._presence = Presence(config.no_read_ms, config.reads)
        self._is_plugged = getattr(port, "is_open", True)
        self._digits = bytearray()
        self._open = False  # between start and end byte

    @property
    def state(self):
        """ACTIVE while a tag lies there, UNKNOWN while the port is gone."""
        if not self._is_plugged:
            return UNKNOWN
        return ACTIVE if self._presence.tags else INACTIVE

    @property
    def tags(self):
        """[uid (5 bytes), uptime of its last read] of each tag that lies there."""
        return self._presence.told()

    def poll(self, now_ms):
        """Return a list of (present, uid, at_ms) changes, most often empty."""
        changes = []
        data = self._port.read(_READ_BYTES_MAX)
        is_plugged = getattr(self._port, "is_open", True)
        if is_plugged and not self._is_plugged:
            self._presence.doubt(now_ms)
        self._is_plugged = is_plugged
        if self._bare is not None:
            found = self._bare.take(data, now_ms)
            if found is not None:
                self._end(found[0], found[1], changes)
        elif data:
            for byte in data:
                digits = self._take(byte)
                if digits is not None:
                    self._end(digits, now_ms, changes)
        if is_plugged:
            self._presence.age(now_ms, changes)
        return changes

    def _take(self, byte):
        """Take one byte; return the digits if it ends a read."""
        if byte == _STX:
            if self._open:
                self.bad += 1
            self._open = True
            self._digits = bytearray()
        elif not self._open:
            pass  # noise between reads
        elif byte == _ETX:
            self._open = False
            return self._digits
        elif len(self._digits) == _DIGITS:
            self._open = False
            self.bad += 1
        else:
            self._digits.append(byte)
        return None

    def _end(self, digits, at_ms, changes) -> None:
        uid = parse(digits)
        if uid is None or not self._presence.read(uid, at_ms, changes):
            self.bad += 1
