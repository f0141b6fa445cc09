"""What readers that answer share: the configuration of one with a line of its own, and its point."""

from casewire import ACTIVE, INACTIVE, UNKNOWN
from node.config import known, whole, wrong
from node.presence import Presence


class ReaderConfig:
    """A reader with a serial line of its own. Attributes: bus, point, and those of ``limits``."""

    def __init__(self, where, table, limits) -> None:
        known(where, table, ["kind", "bus", "point"] + list(limits))
        self.bus = table.get("bus")
        if not isinstance(self.bus, str) or not self.bus:
            raise wrong(where + ".bus", "the terminal or path of a serial port", self.bus)
        self.point = whole(where + ".point", table.get("point"), 0, 255)
        for key, (default, least, most) in limits.items():
            setattr(self, key, whole(where + "." + key, table.get(key, default), least, most))
        self.pins = [self.bus]
        self.points = [self.point]


class TagSight:
    """The point of a reader that answers, as node.polled has its points.

    state  ACTIVE while a tag lies there, UNKNOWN while the reader is not heard
    """

    kind = "contact"

    def __init__(self, point, no_read_ms, reads) -> None:
        self.point = point
        self.presence = Presence(no_read_ms, reads)
        self.state = UNKNOWN
        self.is_unsure = False  # a tag waits for its second read: ask again at once
        self._changed_ms = 0

    def see(self, uids, now_ms, changes) -> None:
        """The reader answered, and read these."""
        if self.state == UNKNOWN:
            self.presence.doubt(now_ms)
            self._become(ACTIVE if self.presence.tags else INACTIVE, now_ms)
            changes.append(self.change())
        found: list[tuple] = []
        for uid in uids:
            self.presence.read(uid, now_ms, found)
        self.presence.age(now_ms, found)
        self.is_unsure = self.presence.has_fresh()
        self._become(ACTIVE if self.presence.tags else INACTIVE, now_ms)
        for present, uid, at_ms in found:
            changes.append(("tag", self.point, present, uid, at_ms))

    def miss(self, now_ms):
        """It did not; return True if that is new."""
        self.is_unsure = False
        return self._become(UNKNOWN, now_ms)

    def change(self):
        return (self.kind, self.point, self.state, self._changed_ms)

    def tags(self):
        return [(self.point, uid, read_ms) for uid, read_ms in self.presence.told()]

    def _become(self, state, now_ms):
        if state == self.state:
            return False
        self.state = state
        self._changed_ms = now_ms
        return True
