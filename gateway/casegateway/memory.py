"""What the log's facts have told about inputs, links and officers; rebuilt from the log at start.

The core asks it three things: is this message a double, does this report say anything new, and
what was the last word about a link. Bounded by the area's size and the limits named below.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict

from casegateway.limits import (
    BANDS_TOLD_MAX,
    EARLIER_BOOTS_MAX,
    NODE_SILENT_MS,
    OFFICER_IDS_MAX,
    SEEN_SEQS_MAX,
    TAGS_ORDERED_MAX,
)
from casewire import ACTIVE, INACTIVE, UNKNOWN
from custody.facts import Fact

# Fact type -> what kind of thing it tells of, the field that names it, its state.
STATES = {
    "door.opened": ("door", "door", ACTIVE),
    "door.closed": ("door", "door", INACTIVE),
    "door.unknown": ("door", "door", UNKNOWN),
    "bolt.withdrawn": ("bolt", "door", ACTIVE),
    "bolt.thrown": ("bolt", "door", INACTIVE),
    "bolt.unknown": ("bolt", "door", UNKNOWN),
    "compartment.opened": ("compartment", "compartment", ACTIVE),
    "compartment.closed": ("compartment", "compartment", INACTIVE),
    "compartment.unknown": ("compartment", "compartment", UNKNOWN),
    "compartment.unlocked": ("hook", "compartment", ACTIVE),
    "compartment.locked": ("hook", "compartment", INACTIVE),
    "compartment.bolt_unknown": ("hook", "compartment", UNKNOWN),
    "input.activated": ("input", "input", ACTIVE),
    "input.cleared": ("input", "input", INACTIVE),
    "input.lost": ("input", "input", UNKNOWN),
    "reader.lost": ("reader", "reader", UNKNOWN),
    "reader.restored": ("reader", "reader", ACTIVE),
    "recorder.started": ("recorder", "recorder", ACTIVE),
    "recorder.stopped": ("recorder", "recorder", INACTIVE),
    "recorder.lost": ("recorder", "recorder", UNKNOWN),
}
OFFICER_WITNESSES = ("server", "kiosk", "paper")


class SeenSeqs:
    """Sequence numbers already taken of one node: of its newest boot, and of the few before for what it kept."""

    def __init__(self) -> None:
        """Nothing taken."""
        self.boot = 0
        self.top = 0  # highest taken of this boot
        self._recent: OrderedDict[int, None] = OrderedDict()
        self._earlier: dict[int, array[int]] = {}  # boot -> numbers, rising

    def has(self, boot: int, seq: int) -> bool:
        """Whether this message was taken, or is so old that it must have been."""
        if boot != self.boot:
            return boot < self.boot
        return seq in self._recent or seq <= self.top - SEEN_SEQS_MAX

    def has_kept(self, boot: int, seq: int) -> bool:
        """Whether a message of a boot before the newest was taken, then or later as a kept one."""
        numbers = self._earlier.get(boot)
        if numbers is None:
            # A boot that took no message is not in the list; one from before the list is over.
            return len(self._earlier) >= EARLIER_BOOTS_MAX and boot < min(self._earlier)
        at = bisect_left(numbers, seq)
        return (at < len(numbers) and numbers[at] == seq) or seq <= numbers[-1] - SEEN_SEQS_MAX

    def _add_kept(self, boot: int, seq: int) -> None:
        numbers = self._earlier.setdefault(boot, array("I"))
        at = bisect_left(numbers, seq)
        if at == len(numbers) or numbers[at] != seq:
            numbers.insert(at, seq)
        while len(numbers) > SEEN_SEQS_MAX:
            numbers.pop(0)
        while len(self._earlier) > EARLIER_BOOTS_MAX:
            del self._earlier[min(self._earlier)]

    def add(self, boot: int, seq: int) -> None:
        """Take a message; a newer boot begins anew."""
        if boot < self.boot:
            self._add_kept(boot, seq)
            return
        if boot > self.boot:
            if self._recent:
                self._earlier[self.boot] = array("I", sorted(self._recent))
                self._add_kept(self.boot, self.top)
            self.boot, self.top = boot, 0
            self._recent.clear()
        self._recent[seq] = None
        self.top = max(self.top, seq)
        while len(self._recent) > SEEN_SEQS_MAX:
            self._recent.popitem(last=False)


class Memory:
    """Last known state of everything the gateway must not report twice."""

    def __init__(self) -> None:
        """An empty log."""
        self.doors: dict[str, int] = {}
        self.recorders: dict[str, int] = {}
        self.bolts: dict[str, int] = {}  # by their door
        self.compartments: dict[str, int] = {}  # their doors
        self.hooks: dict[str, int] = {}  # their bolts
        self.ordered_us: dict[str, int] = {}  # compartment -> when it was last ordered to open
        self.inputs: dict[str, int] = {}
        self.readers: dict[
            str, int
        ] = {}  # that were lost once: UNKNOWN, or ACTIVE since they are heard again
        self.troubles: dict[str, set[str]] = {}  # point (n3.7) -> what it suffers from
        self.tags: dict[str, set[str]] = {}  # reader -> tags on it
        # output -> state a node reported, None while the node cannot read it
        self.confirmed: dict[str, bool | None] = {}
        self.commanded: dict[str, bool] = {}  # output -> last order in the log
        self.nodes: dict[str, str] = {}  # node -> ok | lost; absent = never complete
        self.lost_ports: set[str] = set()
        self.is_server_lost = False
        self.is_clock_doubted = False
        self.is_storage_lost = False
        self.seen: dict[str, SeenSeqs] = {}
        self.config: dict[str, object] = {}
        self.recorded_us = 0  # earliest of the newest record
        self._begun_us = self._last_us = 0  # first and last record of the newest run
        self._vouched_us = 0  # by the runs before it
        self._told_us: dict[str, int] = {}  # node -> when its newest fact was recorded
        self._lost_us: dict[str, int] = {}  # node -> last heard before it was lost
        self._officer_ids: OrderedDict[str, None] = OrderedDict()
        self._newest: dict[str, tuple[int, int]] = {}  # door, recorder … -> (boot, seq) of its newest report
        self._states = {
            "door": self.doors, "bolt": self.bolts, "input": self.inputs, "reader": self.readers,
            "recorder": self.recorders, "compartment": self.compartments, "hook": self.hooks,
        }  # fmt: skip
        self._newest_tags: OrderedDict[str, tuple[int, int]] = OrderedDict()  # the same of a tag at a reader
        self._bands: OrderedDict[tuple[str, str], None] = OrderedDict()  # band, what it told of itself

    def knows_id(self, fact_id: str) -> bool:
        """Whether an officer's fact of this id is in the log (or was refused)."""
        return fact_id in self._officer_ids

    def keep_id(self, fact_id: str) -> None:
        """Remember an officer's fact; the oldest of too many is forgotten."""
        self._officer_ids[fact_id] = None
        while len(self._officer_ids) > OFFICER_IDS_MAX:
            self._officer_ids.popitem(last=False)

    def vouched_us(self, node: str = "") -> int:
        """Until when a node that does not count as lost was surely heard, 0 in an empty log.

        By what it told; or by a run that would have missed it: a short one misses nobody.
        """
        heard_us = self._last_us - NODE_SILENT_MS * 1_000
        by_runs = heard_us if heard_us >= self._begun_us > 0 else self._vouched_us
        return max(by_runs, self._told_us.get(node, 0))

    def complete_us(self, node: str) -> int:
        """Until when all that the node told is surely in the log, 0 where that is not known.

        A node that does not count as lost has told its whole state since, and what it had kept before that.
        """
        state = self.nodes.get(node)
        if state == "lost":
            return self._lost_us[node]
        return self.vouched_us(node) if state == "ok" else 0

    def seen_of(self, node: str) -> SeenSeqs:
        """The sequence numbers taken of a node."""
        return self.seen.setdefault(node, SeenSeqs())

    def observe(self, fact: Fact) -> None:
        """Take in one fact of the log, in log order."""
        if fact.type == "gateway.booted":
            self._vouched_us = self.vouched_us() or fact.recorded_us
            self._begun_us = fact.recorded_us
        self._last_us = fact.recorded_us
        self.recorded_us = max(self.recorded_us, fact.recorded_us)
        if fact.source_name:
            self._told_us[fact.source_name] = fact.recorded_us
            self.seen_of(fact.source_name).add(fact.source_boot, fact.source_seq)
        if fact.by in OFFICER_WITNESSES:
            self.keep_id(fact.id)
        body = fact.body
        if fact.type in STATES:
            thing, key, state = STATES[fact.type]
            if self._is_newest(fact, f"{thing}:{body[key]}"):
                self._states[thing][str(body[key])] = state
        elif fact.type.startswith("point."):
            self._observe_trouble(fact)
        elif fact.type.startswith("wristband."):
            self._observe_band(fact)
        elif fact.type in ("tag.read", "tag.gone"):
            self._observe_tag(fact)
        elif fact.type == "output.commanded":
            self.commanded[str(body["output"])] = bool(body["active"])
        elif fact.type in ("output.confirmed", "output.unknown"):
            if self._is_newest(fact, f"output:{body['output']}"):
                self.confirmed[str(body["output"])] = bool(body["active"]) if "active" in body else None
        else:
            self._observe_source(fact)

    def has_newer(self, thing: str, boot: int, seq: int) -> bool:
        """Whether the log has a later report of the thing than message `seq` of `boot`."""
        return (boot, seq) < self._newest.get(thing, (0, 0))

    def _is_newest(self, fact: Fact, thing: str) -> bool:
        """Whether no later report of the thing is in the log: one that was overtaken does not undo it."""
        number = fact.source_boot, fact.source_seq
        if number < self._newest.get(thing, (0, 0)):
            return False
        self._newest[thing] = number
        return True

    def has_told(self, band: str, fact_type: str) -> bool:
        """Whether a wristband has told this of itself since it was bound."""
        return (band, fact_type) in self._bands

    def _observe_band(self, fact: Fact) -> None:
        band = str(fact.body["band"])
        if fact.type == "wristband.bound":
            for told in ("wristband.cut", "wristband.weakened"):
                self._bands.pop((band, told), None)
            return
        self._bands[band, fact.type] = None
        while len(self._bands) > BANDS_TOLD_MAX:
            self._bands.popitem(last=False)

    def _observe_trouble(self, fact: Fact) -> None:
        standing = self.troubles.setdefault(f"{fact.body['node']}.{fact.body['point']}", set())
        if fact.type == "point.troubled":
            standing.add(str(fact.body["trouble"]))
        else:
            standing.discard(str(fact.body["trouble"]))

    def _observe_tag(self, fact: Fact) -> None:
        reader, tag = fact.body.get("reader"), str(fact.body["tag"])
        if not isinstance(reader, str):
            return
        tags = self.tags.setdefault(reader, set())
        thing, number = f"{reader} {tag}", (fact.source_boot, fact.source_seq)
        if number < self._newest_tags.get(thing, (0, 0)):
            return  # it was overtaken
        self._newest_tags[thing] = number
        self._newest_tags.move_to_end(thing)
        while len(self._newest_tags) > TAGS_ORDERED_MAX:
            self._newest_tags.popitem(last=False)
        if fact.type == "tag.read":
            tags.add(tag)
        else:
            tags.discard(tag)

    def _observe_source(self, fact: Fact) -> None:
        body = fact.body
        match fact.type:
            case "node.lost":
                self.nodes[str(body["node"])] = "lost"
                self._lost_us[str(body["node"])] = fact.occurred_us
            case "node.restored":
                self.nodes[str(body["node"])] = "ok"
            case "port.lost":
                self.lost_ports.add(str(body["port"]))
            case "port.restored":
                self.lost_ports.discard(str(body["port"]))
            case "server.lost":
                self.is_server_lost = True
            case "server.restored":
                self.is_server_lost = False
            case "storage.lost":
                self.is_storage_lost = True
            case "storage.restored":
                self.is_storage_lost = False
            case "clock.doubted" | "clock.stepped":
                self.is_clock_doubted = True
            case "clock.trusted":
                self.is_clock_doubted = False
            case "compartment.ordered":
                self.ordered_us[str(body["compartment"])] = fact.occurred_us
            case "config.loaded":
                self.config = dict(body)
