"""The tags on one reader. Each has its own time: a second tag does not send the first one away."""

TAGS_MAX = 32  # on one reader


class Presence:
    """Turns reads into "tag came" and "tag went": (present, uid, at_ms), appended to ``changes``.

    no_read_ms  a tag that was not read for this long has gone
    reads       so many reads, each within no_read_ms of the one before, and it has come, with the first of them:
                what noise makes of a read does not come twice
    tags        [uid, uptime of its last read] of each tag that lies there, first come first
    """

    def __init__(self, no_read_ms, reads) -> None:
        self.tags: list[list] = []
        self._no_read_ms = no_read_ms
        self._reads = reads
        self._fresh: list[list] = []  # [uid, first read, last read, reads] of those that have not come yet
        self._doubted: list[bytes] = []  # lay there before nobody looked, and were not read since
        self._since_ms = 0  # nobody looked before

    def has(self, uid):
        return any(tag[0] == uid for tag in self.tags)

    def has_fresh(self):
        """Return True while a read waits for the next one to bear it out."""
        return len(self._fresh) > 0

    def told(self):
        """Return [uid, last read] of the tags that lie there by a read of now."""
        return [tag for tag in self.tags if tag[0] not in self._doubted]

    def read(self, uid, now_ms, changes):
        """Take a read; return False if it is of a tag beyond TAGS_MAX."""
        for tag in self.tags:
            if tag[0] == uid:
                tag[1] = now_ms
                if uid in self._doubted:
                    self._doubted.remove(uid)
                    changes.append((1, uid, now_ms))
                return True
        if len(self.tags) == TAGS_MAX:
            return False
        first_ms = now_ms if self._reads == 1 else self._count(uid, now_ms)
        if first_ms is not None:
            self.tags.append([uid, now_ms])
            changes.append((1, uid, first_ms))
        return True

    def age(self, now_ms, changes) -> None:
        """The reader is heard: what it did not read for so long has gone."""
        index = 0
        while index < len(self.tags):
            uid, read_ms = self.tags[index]
            if now_ms - max(read_ms, self._since_ms) < self._no_read_ms:
                index += 1
                continue
            self.tags.pop(index)
            if uid in self._doubted:
                self._doubted.remove(uid)
            changes.append((0, uid, read_ms))
        index = 0
        while index < len(self._fresh):
            if now_ms - self._fresh[index][2] < self._no_read_ms:
                index += 1
            else:
                self._fresh.pop(index)

    def doubt(self, now_ms) -> None:
        """Nobody looked until now: what lay there is told again when it is read again, or goes."""
        self._since_ms = now_ms
        self._doubted = [tag[0] for tag in self.tags]
        self._fresh = []

    def _count(self, uid, now_ms):
        """Return when it was read first, if it has been read often enough."""
        for fresh in self._fresh:
            if fresh[0] == uid:
                fresh[2] = now_ms
                fresh[3] += 1
                if fresh[3] < self._reads:
                    return None
                self._fresh.remove(fresh)
                return fresh[1]
        if len(self._fresh) == TAGS_MAX:
            self._fresh.pop(0)
        self._fresh.append([uid, now_ms, now_ms, 1])
        return None
