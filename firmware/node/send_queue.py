"""Messages that wait for their ack: bounded, and clear about what is lost first.

When the queue is full the point with the most waiting messages loses its oldest
one. A contact that chatters pays for itself and can never push out the one message
of another door. Because the queue holds more places than there are points, the
newest message of every point always survives, however long the line is cut.
What was dropped is remembered as ranges of sequence numbers and told in GAP.
"""

OWNER_BOOT = -1
OWNER_SNAPSHOT = -2
OWNER_GAP = -3
OWNER_KEPT = -4  # owners below zero are never dropped
OWNER_TROUBLES = 256  # plus the point

GAPS_QUEUED_MAX = 4  # gap messages waiting at one time; further ranges wait in `lost`
LOST_RANGES_MAX = 16  # then the two nearest ranges become one


class Entry:
    """One message on its way: sent_ms is None until it was sent once."""

    def __init__(self, seq, owner, wire) -> None:
        self.seq = seq
        self.owner = owner  # point number, or OWNER_*
        self.wire = wire  # the frame to the byte: a resend is the same bytes
        self.sent_ms = None


class SendQueue:
    """At most ``most`` entries, oldest first."""

    def __init__(self, most) -> None:
        self._most = most
        self._entries: list[Entry] = []
        self.dropped = 0  # since boot
        self.lost: list[list[int]] = []  # [first_seq, last_seq] ranges dropped and not yet told

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self):
        """What waits, oldest first; not to be changed."""
        return self._entries

    def widen(self, count) -> None:
        """Hold ``count`` more: what was kept over a reset takes no room from what happens now."""
        self._most += count

    def waiting(self, owner):
        """Return how many messages of ``owner`` wait."""
        count = 0
        for entry in self._entries:
            if entry.owner == owner:
                count += 1
        return count

    def add(self, seq, owner, wire) -> None:
        self._entries.append(Entry(seq, owner, wire))
        if len(self._entries) > self._most:
            self._drop()

    def ack(self, seq):
        """Take message ``seq`` off; return whether it was waiting."""
        for index in range(len(self._entries)):
            if self._entries[index].seq == seq:
                self._entries.pop(index)
                return True
        return False

    def due(self, now_ms, resend_ms):
        """Return the next entry to send: the oldest unsent, else the oldest overdue, else None."""
        overdue = None
        for entry in self._entries:
            if entry.sent_ms is None:
                return entry
            if overdue is None and now_ms - entry.sent_ms >= resend_ms:
                overdue = entry
        return overdue

    def oldest(self):
        return self._entries[0] if self._entries else None

    def next_gap(self):
        """Return a lost range (first_seq, last_seq) to tell now, or None; it counts as told."""
        if not self.lost or len(self._entries) >= self._most:
            return None
        if self.waiting(OWNER_GAP) >= GAPS_QUEUED_MAX:
            return None
        first, last = self.lost.pop(0)
        return first, last

    def _drop(self) -> None:
        counts: dict[int, int] = {}
        for entry in self._entries:
            if entry.owner >= 0:
                counts[entry.owner] = counts.get(entry.owner, 0) + 1
        noisiest = max(counts.values())
        for index in range(len(self._entries)):
            if counts.get(self._entries[index].owner) == noisiest:
                self._remember(self._entries.pop(index).seq)
                self.dropped += 1
                return

    def _remember(self, seq) -> None:
        """Add ``seq`` to the lost ranges, which stay sorted, apart and bounded."""
        lost = self.lost
        at = 0
        while at < len(lost) and lost[at][0] <= seq:
            at += 1
        if at > 0 and seq <= lost[at - 1][1]:
            return  # in a range that became one with another
        lost.insert(at, [seq, seq])
        if at + 1 < len(lost) and lost[at + 1][0] == seq + 1:
            lost[at][1] = lost.pop(at + 1)[1]
        if at > 0 and lost[at - 1][1] == seq - 1:
            lost[at - 1][1] = lost.pop(at)[1]
        if len(lost) > LOST_RANGES_MAX:
            self._merge_nearest()

    def _merge_nearest(self) -> None:
        nearest = 0
        for at in range(len(self.lost) - 1):
            here = self.lost[at + 1][0] - self.lost[at][1]
            if here < self.lost[nearest + 1][0] - self.lost[nearest][1]:
                nearest = at
        # The merged range may name messages that did arrive: a gap says too much, never too little.
        self.lost[nearest][1] = self.lost.pop(nearest + 1)[1]
