"""What was told and not acked, kept on the flash over a reset or a loss of power.

While the gateway acks, nothing is written. What waits longer than CHECK_MS is written with all that waits, as one
file, aside and renamed, so a loss of power leaves the file before or the file after. An append would cost littlefs
the same: it copies the block it adds to. When all is acked the file goes. After a start its messages are told
first of all, as Kept: numbered and timed as in their own boot.

    record      length u8 | bytes | CRC-32 u32 over both; the file ends, for us, at the first that is damaged
    first       "kept1" and how often this file was written, u32
    others      the payload of a Kept
"""

import logging
import os
import struct
from binascii import crc32

from casewire import KEPT_BYTES, Gap, Kept, cobs
from node.send_queue import OWNER_BOOT, OWNER_KEPT, OWNER_SNAPSHOT

CHECK_MS = 1000  # so what is lost at most is what happened in the two seconds before a loss of power
QUICK_SAVES_MAX = 60  # since all was acked; then SLOW_MS lie between two, or chatter would wear the flash out
SLOW_MS = 30000
GAPS_MAX = 4  # boots of which it is remembered that older messages had no room

_MAGIC = b"kept1"
_HEAD_BYTES = 20  # of a frame before its payload
_TAIL_BYTES = 12  # its MAC and CRC

log = logging.getLogger("node")


class Keep:
    """The file at ``path``, of at most ``most`` messages; ``boot`` is the number of the present boot."""

    def __init__(self, path, boot, most) -> None:
        self.path = path
        self._boot = boot
        self._most = most
        self.saves, self._messages = load(path)
        self._is_there = bool(self.saves)
        self._saves_in_row = 0
        self._saved_seq = 0  # what has a higher number is not in the file
        self._checked_seq = 0  # the newest that waited at the last check
        self._due_ms = 0

    def tell(self, link, now_ms) -> None:
        """Queue what an earlier boot kept; called once, before the first snapshot."""
        if self._is_there:
            log.warning(
                "%d messages kept from before; the flash was written %d times",
                len(self._messages),
                self.saves,
            )
        link.queue.widen(len(self._messages))
        for message in self._messages:
            self._saved_seq = link.send(message, OWNER_KEPT, now_ms)
        self._messages = []

    def step(self, queue, now_ms) -> None:
        """Write, or remove, what is due."""
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + CHECK_MS
        oldest = newest = 0
        for entry in queue.entries:
            if _is_kept(entry):
                newest = entry.seq
                if not oldest and entry.seq > self._saved_seq:
                    oldest = entry.seq
        try:
            if not newest:
                self._remove()
            elif 0 < oldest <= self._checked_seq:
                self._save(queue, now_ms)
        except OSError as error:
            log.error("%s: expected to write what waits for its ack, found %r", self.path, error)
            self._due_ms = now_ms + SLOW_MS
        self._checked_seq = newest

    def save_now(self, queue, now_ms) -> None:
        """The node is about to reset: write what is not yet in the file. Raises OSError."""
        for entry in queue.entries:
            if _is_kept(entry) and entry.seq > self._saved_seq:
                self._save(queue, now_ms)
                return

    def _save(self, queue, now_ms) -> None:
        records = []
        newest = self._saved_seq
        for entry in queue.entries:
            if _is_kept(entry):
                records.append(record_of(entry.wire))
                newest = entry.seq
        for first, last in queue.lost:
            records.append(Kept(self._boot, first, now_ms, Gap(first, last)).pack())
        aside = self.path + ".new"
        with open(aside, "wb") as file:
            _write(file, _MAGIC + struct.pack(">I", self.saves + 1))
            for record in bounded(records, self._most):
                _write(file, record)
            file.flush()
            if hasattr(os, "fsync"):  # a board's file system writes all when the file is closed
                os.fsync(file.fileno())
        os.rename(aside, self.path)
        self._is_there = True
        self._saved_seq = newest
        self.saves += 1
        self._saves_in_row += 1
        if self._saves_in_row >= QUICK_SAVES_MAX:
            self._due_ms = now_ms + SLOW_MS

    def _remove(self) -> None:
        # A loss of power before this line has all of it told twice: the gateway knows each by its number.
        self._saves_in_row = 0
        if self._is_there:
            os.remove(self.path)
            self._is_there = False


def load(path):
    """Return how often the file was written and the messages (Kept) in it, up to the first damage."""
    messages = []
    saves = 0
    try:
        with open(path, "rb") as file:
            head = _read(file)
            if head is None or len(head) != len(_MAGIC) + 4 or head[: len(_MAGIC)] != _MAGIC:
                raise ValueError("expected what a node keeps, found something else")
            saves = struct.unpack(">I", head[len(_MAGIC) :])[0]
            record = _read(file)
            while record is not None:
                messages.append(Kept.unpack(record))
                record = _read(file)
    except OSError as error:
        if error.errno != 2:  # ENOENT: nothing was kept
            log.error("%s: expected to read what was kept, found %r", path, error)
    except ValueError as error:
        log.error("%s: %s; %d messages before it are good", path, error, len(messages))
    return saves, messages


def bounded(records, most):
    """Return the newest ``most`` records; instead of the oldest stand gaps, one a boot, of what they told."""
    if len(records) <= most:
        return records
    first_kept = len(records) - (most - GAPS_MAX)
    ranges: dict[int, tuple[int, int, int]] = {}  # boot -> first, last, uptime
    for record in records[:first_kept]:
        boot, first, uptime_ms, kind = struct.unpack(">IIQB", record[:KEPT_BYTES])
        last = first
        if kind == Gap.KIND:
            first, last = struct.unpack(">II", record[KEPT_BYTES:])
        before = ranges.get(boot, (first, last, 0))
        ranges[boot] = (min(first, before[0]), max(last, before[1]), uptime_ms)
    gaps = []
    for boot in sorted(ranges)[-GAPS_MAX:]:
        first, last, uptime_ms = ranges[boot]
        gaps.append(Kept(boot, first, uptime_ms, Gap(first, last)).pack())
    return gaps + records[first_kept:]


def record_of(wire):
    """Return the record of a frame as it stands on the line, closing zero byte included."""
    raw = cobs.decode(wire[:-1])
    if raw[1] == Kept.KIND:
        return raw[_HEAD_BYTES:-_TAIL_BYTES]
    return raw[4:_HEAD_BYTES] + raw[1:2] + raw[_HEAD_BYTES:-_TAIL_BYTES]


def _is_kept(entry):
    """Whether an entry tells of something that happened: a start and a state are told anew after any start."""
    return entry.owner not in (OWNER_BOOT, OWNER_SNAPSHOT)


def _write(file, data) -> None:
    framed = bytes((len(data),)) + data
    file.write(framed + struct.pack(">I", crc32(framed)))


def _read(file):
    """Return the next record, None at the end; raise ValueError for one that is torn or rotten."""
    size = file.read(1)
    if not size:
        return None
    data = file.read(size[0] + 4)
    if len(data) != size[0] + 4 or struct.unpack(">I", data[-4:])[0] != crc32(size + data[:-4]):
        raise ValueError("expected a whole record, found a damaged one")
    return data[:-4]
