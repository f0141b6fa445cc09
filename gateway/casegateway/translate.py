"""Wire messages to facts, by the points of area.toml.

One message gives at most one fact, a snapshot one for each point that differs from what the log
already says, one of troubles or of a wristband one for each that is new. A message that says nothing new gives none and is acked all the same.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass

from casegateway.drafts import Draft, from_node
from casegateway.events import Moment
from casegateway.limits import TAG_RECHECK_MS, TAGS_ORDERED_MAX
from casegateway.memory import Memory
from casegateway.troubles import PointTroubles
from casewire import (
    ACTIVE,
    BAND_BATTERY_LOW,
    BAND_BUTTON,
    BAND_CUT,
    BOOT_OTHER,
    BOOT_POWER_UP,
    BOOT_RESET,
    BOOT_WATCHDOG,
    INACTIVE,
    UNKNOWN,
    Band,
    Boot,
    Contact,
    Feedback,
    Frame,
    Gap,
    Snapshot,
    Tag,
    Troubles,
)
from custody.area import Area, Point
from custody.facts import BodyValue

BOOT_REASONS = {
    BOOT_POWER_UP: "power_on",
    BOOT_WATCHDOG: "watchdog",
    BOOT_RESET: "software",
    BOOT_OTHER: "unknown",
}
_DOOR_FACTS = {ACTIVE: "door.opened", INACTIVE: "door.closed", UNKNOWN: "door.unknown"}
_RECORDER_FACTS = {
    ACTIVE: "recorder.started",
    INACTIVE: "recorder.stopped",
    UNKNOWN: "recorder.lost",
}
_BOLT_FACTS = {ACTIVE: "bolt.withdrawn", INACTIVE: "bolt.thrown", UNKNOWN: "bolt.unknown"}
_COMPARTMENT_FACTS = {
    ACTIVE: "compartment.opened", INACTIVE: "compartment.closed", UNKNOWN: "compartment.unknown",
}  # fmt: skip
_HOOK_FACTS = {
    ACTIVE: "compartment.unlocked", INACTIVE: "compartment.locked", UNKNOWN: "compartment.bolt_unknown",
}  # fmt: skip
_INPUT_FACTS = {ACTIVE: "input.activated", INACTIVE: "input.cleared", UNKNOWN: "input.lost"}
_BAND_FACTS = {
    BAND_CUT: "wristband.cut",
    BAND_BATTERY_LOW: "wristband.weakened",
    BAND_BUTTON: "wristband.pressed",
}
_THINGS = {
    "door_contact": "door",
    "lock_bolt": "bolt",
    "compartment_door": "compartment",
    "compartment_lock": "hook",
    "recorder_contact": "recorder",
    "input": "input",
    "output": "output",
}
"""Kinds of points whose newest report the memory knows by (boot, seq)."""


Found = tuple[str, dict[str, BodyValue]]


@dataclass(slots=True)
class _Recheck:
    """Tags that the log has on a reader and that a snapshot has put in question."""

    node: str
    point: Point
    frame: Frame
    tags: set[str]
    since_us: int  # station time since when nobody saw them
    was_away: bool  # the node was silent or started anew: what lies there is told as a new reading
    due_us: int | None  # real time at which the rest is gone; None until the first look at it


class Translator:
    """Facts of the nodes of one area. `counters` tells what had no meaning here."""

    def __init__(self, area: Area, memory: Memory) -> None:
        """`memory` is what the log says; the core keeps it up to date."""
        self.counters: Counter[str] = Counter()
        self._area = area
        self._memory = memory
        self._points: dict[tuple[str, int], Point] = {(p.node, p.point): p for p in area.points}
        self._troubles = PointTroubles(memory, area.points_by_ref)
        self._pulses: dict[tuple[str, int], int] = {}  # last state of locks and exit buttons
        # Readers that were away and must tell again -> since when nobody watched them.
        self._unwatched: dict[str, int] = {}
        self._rechecks: dict[str, _Recheck] = {}
        # Number and earliest of the newest fact of a point, for readers of a tag on it.
        self._newest: OrderedDict[tuple[str, int, str], tuple[tuple[int, int], int]] = OrderedDict()
        self._newest_max = len(area.points) + TAGS_ORDERED_MAX

    def doubt(self, node: str, since_us: int) -> None:
        """The node was away since `since_us`: what its readers told before must be told again."""
        for point in self._area.points:
            if point.node == node and point.kind == "reader":
                self._unwatched.setdefault(point.of, since_us)
        self._troubles.doubt(node)
        self._pulses = {key: state for key, state in self._pulses.items() if key[0] != node}

    def drafts(self, node: str, frame: Frame, occurred: tuple[int, int | None]) -> list[Draft]:
        """Facts of one authentic frame of `node` that happened at `occurred` (earliest, latest)."""
        message = frame.message
        if isinstance(message, Contact | Feedback):
            found = self._contact(node, frame, occurred, message.point, message.state)
            return self._finish(node, frame, occurred, message.point, found)
        if isinstance(message, Tag):
            return self._finish(node, frame, occurred, message.point, self._tag(node, frame, message))
        if isinstance(message, Troubles):
            return self._troubled(node, frame, occurred, message)
        if isinstance(message, Band):
            return self._band(node, frame, occurred, message)
        if isinstance(message, Snapshot):
            return self._snapshot(node, frame, occurred, message)
        if isinstance(message, Gap):
            body: dict[str, BodyValue] = {
                "node": node,
                "node_boot": frame.boot,
                "first_seq": message.first_seq,
                "last_seq": message.last_seq,
            }
            return [from_node(node, frame, occurred, "", "node.gap", body)]
        if isinstance(message, Boot):
            reason = BOOT_REASONS.get(message.reason, "unknown")
            body = {"node": node, "reason": reason}
            return [from_node(node, frame, occurred, "", "node.booted", body)]
        return []

    def overdue(self, now: Moment) -> list[Draft]:
        """Tags and troubles put in question by a snapshot and not told again in time: gone, over."""
        drafts = self._troubles.overdue(now)
        for reader, recheck in list(self._rechecks.items()):
            if recheck.due_us is None:
                recheck.due_us = now.real_us + TAG_RECHECK_MS * 1_000
            if now.real_us < recheck.due_us:
                continue
            del self._rechecks[reader]
            occurred = recheck.since_us, now.latest_us
            point = recheck.point
            for tag in sorted(recheck.tags):
                found = "tag.gone", self._tag_body(reader, tag)
                drafts += self._finish(recheck.node, recheck.frame, occurred, point.point, found, f"|{tag}")
        return drafts

    def _finish(
        self,
        node: str,
        frame: Frame,
        occurred: tuple[int, int | None],
        point: int,
        found: Found | None,
        suffix: str = "",
    ) -> list[Draft]:
        if found is None:
            return []
        earliest, latest = occurred
        # Reports of one thing follow each other; the jitter of the clock estimate must not turn them.
        key = node, point, str(found[1].get("tag", ""))
        number, since_us = self._newest.get(key, ((0, 0), earliest))
        if (frame.boot, frame.seq) < number:  # overtaken by a newer report: it stays before it
            return [from_node(node, frame, (min(earliest, since_us - 1), latest), suffix, *found)]
        earliest = max(earliest, since_us)
        # What may be an order's doing is not told to be before it: that would be an opening without one.
        ordered_us = self._memory.ordered_us.get(str(found[1].get("compartment")), 0)
        if latest is None or ordered_us <= latest:
            earliest = max(earliest, ordered_us)
        self._newest[key] = (frame.boot, frame.seq), earliest
        self._newest.move_to_end(key)
        if len(self._newest) > self._newest_max:
            self._newest.popitem(last=False)
        return [from_node(node, frame, (earliest, latest), suffix, *found)]

    def _contact(
        self, node: str, frame: Frame, occurred: tuple[int, int | None], number: int, state: int
    ) -> Found | None:
        point = self._points.get((node, number))
        if point is None:
            self.counters["unknown_point"] += 1
            return None
        match point.kind:
            case "door_contact":
                return _DOOR_FACTS[state], {"door": point.of}
            case "recorder_contact":
                return _RECORDER_FACTS[state], {"recorder": point.of}
            case "lock_bolt":
                return _BOLT_FACTS[state], {"door": point.of}
            case "compartment_door":
                return _COMPARTMENT_FACTS[state], {"compartment": point.of}
            case "compartment_lock":
                return _HOOK_FACTS[state], {"compartment": point.of}
            case "input":
                return _INPUT_FACTS[state], {"input": point.of}
            case "reader":
                return self._reader(node, frame, occurred[0], point, state)
            case "lock_feedback" | "exit_request":
                return self._pulse(point, state)
            case "output" if state == UNKNOWN:
                return "output.unknown", {"output": point.of}
            case "output":
                return "output.confirmed", {"output": point.of, "active": state == ACTIVE}
        self.counters["unfitting_message"] += 1
        return None

    def _pulse(self, point: Point, state: int) -> Found | None:
        """A release or a pressed button is a fact; its end is not."""
        key = (point.node, point.point)
        before = self._pulses.get(key)
        self._pulses[key] = state
        if state != ACTIVE or before == ACTIVE:
            return None
        fact_type = "door.released" if point.kind == "lock_feedback" else "door.exit_requested"
        return fact_type, {"door": point.of}

    def _reader(self, node: str, frame: Frame, at_us: int, point: Point, state: int) -> Found | None:
        """A reader that is not heard, or is again: then what lies there has to be told anew."""
        reader, is_lost = point.of, self._memory.readers.get(point.of) == UNKNOWN
        is_overtaken = self._memory.has_newer(f"reader:{reader}", frame.boot, frame.seq)
        if state == UNKNOWN:
            if not is_overtaken:
                self._unwatched.setdefault(reader, at_us)
                self._rechecks.pop(reader, None)  # nobody can see what is gone
            return None if is_lost else ("reader.lost", {"reader": reader})
        if not is_lost:
            return None
        if not is_overtaken:
            self._question(node, frame, at_us, point)
        return "reader.restored", {"reader": reader}

    def _troubled(
        self, node: str, frame: Frame, occurred: tuple[int, int | None], message: Troubles
    ) -> list[Draft]:
        drafts: list[Draft] = []
        for number, bits in message.points:
            point = self._points.get((node, number))
            if point is None:
                self.counters["unknown_point"] += 1
            else:
                drafts += self._troubles.told(point, bits, frame, occurred)
        return drafts

    def _band(self, node: str, frame: Frame, occurred: tuple[int, int | None], message: Band) -> list[Draft]:
        """What an active wristband tells of itself; each press anew, the rest once until it is bound again."""
        point = self._points.get((node, message.point))
        if point is None or point.kind != "reader":
            self.counters["unknown_point" if point is None else "unfitting_message"] += 1
            return []
        band = message.uid.hex().upper()
        return [
            from_node(node, frame, occurred, f"|{name}", name, {"band": band})
            for flag, name in _BAND_FACTS.items()
            if message.flags & flag and (flag == BAND_BUTTON or not self._memory.has_told(band, name))
        ]

    def _tag(self, node: str, frame: Frame, message: Tag) -> Found | None:
        point = self._points.get((node, message.point))
        if point is None or point.kind != "reader":
            self.counters["unknown_point" if point is None else "unfitting_message"] += 1
            return None
        tag = message.uid.hex().upper()
        is_known = tag in self._memory.tags.get(point.of, ())
        recheck = self._rechecks.get(point.of)
        if recheck is not None and (frame.boot, frame.seq) < (recheck.frame.boot, recheck.frame.seq):
            recheck = None  # from before the question: no answer to it
        is_again = recheck is not None and recheck.was_away and tag in recheck.tags
        if recheck is not None:
            recheck.tags.discard(tag)
        if not message.present:
            # Also of a tag that is not known: its coming may still be on the way, and does not undo this.
            return "tag.gone", self._tag_body(point.of, tag)
        if is_known and not is_again and point.of not in self._unwatched:
            return None
        return "tag.read", self._tag_body(point.of, tag)

    def _tag_body(self, reader: str, tag: str) -> dict[str, BodyValue]:
        return {"tag": tag, "room": self._area.readers[reader].room, "reader": reader}

    def _snapshot(
        self, node: str, frame: Frame, occurred: tuple[int, int | None], message: Snapshot
    ) -> list[Draft]:
        drafts: list[Draft] = []
        self._troubles.snapshot(node, frame, occurred[0])
        for number, state in message.points:
            point = self._points.get((node, number))
            if point is not None and self._is_overtaken(node, frame, point):
                continue
            if (
                point is not None
                and point.kind == "reader"
                and state != UNKNOWN != self._memory.readers.get(point.of)
            ):
                self._question(node, frame, occurred[0], point)
            if point is None or self._differs(point, state):
                found = self._contact(node, frame, occurred, number, state)
                drafts += self._finish(node, frame, occurred, number, found, f"|{number}")
        return drafts

    def _is_overtaken(self, node: str, frame: Frame, point: Point) -> bool:
        """Whether what a snapshot says of a point is older than what the log says: it came late, or again."""
        thing = _THINGS.get(point.kind)
        if thing is not None:
            return self._memory.has_newer(f"{thing}:{point.of}", frame.boot, frame.seq)
        seen = self._memory.seen_of(node)
        return frame.boot == seen.boot and frame.seq < seen.top

    def _differs(self, point: Point, state: int) -> bool:
        memory = self._memory
        match point.kind:
            case "door_contact":
                return memory.doors.get(point.of) != state
            case "recorder_contact":
                return memory.recorders.get(point.of) != state
            case "lock_bolt":
                return memory.bolts.get(point.of) != state
            case "compartment_door":
                return memory.compartments.get(point.of) != state
            case "compartment_lock":
                return memory.hooks.get(point.of) != state
            case "input":
                return memory.inputs.get(point.of) != state
            case "output":
                told = memory.confirmed.get(point.of)
                return (
                    told != (None if state == UNKNOWN else state == ACTIVE)
                    or point.of not in memory.confirmed
                )
        return True  # releases and buttons: _pulse compares; readers: _reader

    def _question(self, node: str, frame: Frame, at_us: int, point: Point) -> None:
        """The tags that still lie there follow the snapshot as TAG messages; the others are gone."""
        was_away = point.of in self._unwatched
        since_us = min(self._unwatched.pop(point.of, at_us), at_us)
        known = self._memory.tags.get(point.of)
        if known:
            self._rechecks[point.of] = _Recheck(node, point, frame, set(known), since_us, was_away, None)
