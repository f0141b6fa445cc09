"""A 125 kHz reader of the RDM6300 family on a UART.

9600 baud 8N1; while a tag lies on the reader it repeats 14 bytes: 0x02, ten
hexadecimal digits (5 bytes: the tag), two hexadecimal digits (their XOR), 0x03.
It says nothing when the tag goes, and nothing when it is broken: "gone" is a time
without a read, and a dead reader cannot be told from an empty one.

Readers with anticollision speak the same bytes and tell the tags of a room in turn.
So every tag has its own time: a second tag does not send the first one away.
"""

_STX = 0x02
_ETX = 0x03
_DIGITS = 12
TAGS_MAX = 32  # on one reader; told in turn each 65 ms they are all read within no_read_ms
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

    tags      [uid (5 bytes), uptime of its last read] of each tag on the reader, first come first
    bad       reads refused since start: wrong check, wrong length, noise, a tag beyond TAGS_MAX
    """

    def __init__(self, config, port) -> None:
        self.point = config.point
        self.tags: list[list] = []
        self.bad = 0
        self._port = port
        self._no_read_ms = config.no_read_ms
        self._digits = bytearray()
        self._open = False  # between start and end byte

    def poll(self, now_ms):
        """Return a list of (present, uid, at_ms) changes, most often empty."""
        changes = []
        data = self._port.read(_READ_BYTES_MAX)
        if data:
            for byte in data:
                uid = self._take(byte)
                if uid is not None:
                    self._read_tag(uid, now_ms, changes)
        index = 0
        while index < len(self.tags):
            uid, read_ms = self.tags[index]
            if now_ms - read_ms >= self._no_read_ms:
                self.tags.pop(index)
                changes.append((0, uid, read_ms))
            else:
                index += 1
        return changes

    def _take(self, byte):
        """Take one byte; return the tag if it completes a good read."""
        if byte == _STX:
            if self._open:
                self.bad += 1
            self._open = True
            self._digits = bytearray()
        elif not self._open:
            pass  # noise between reads
        elif byte == _ETX:
            self._open = False
            uid = parse(self._digits)
            if uid is None:
                self.bad += 1
            return uid
        elif len(self._digits) == _DIGITS:
            self._open = False
            self.bad += 1
        else:
            self._digits.append(byte)
        return None

    def _read_tag(self, uid, now_ms, changes) -> None:
        for tag in self.tags:
            if tag[0] == uid:
                tag[1] = now_ms
                return
        if len(self.tags) == TAGS_MAX:
            self.bad += 1
            return
        self.tags.append([uid, now_ms])
        changes.append((1, uid, now_ms))
