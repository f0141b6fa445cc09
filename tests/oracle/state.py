"""What the facts amount to so far: stays, cases and other units, officers, rooms, nodes, recorders.

Plain records. Every fact that was accepted leaves a step in the history of each unit it names; what
the person's place, measure and particulars are is kept beside it because many rules ask for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle.shapes import STEP_FIELD

SUBJECT_FIELDS = (
    "stay", "case", "dossier", "recording", "incident", "room", "recorder", "item", "stocktaking", "cabinet",
)  # fmt: skip
OFFICER_FACTS = ("officer.registered", "officer.withdrawn", "officer.qualified", "training.recorded")
BUILT_IN = ("arrived", "entered", "registered", "arrival_written")


class Step(NamedTuple):
    """A step that was done: when, at which place in the order of all facts, and what it said.

    `position` is where it became known: a time of arrival or entry may be told later than it was.
    """

    time: int
    position: int
    body: dict[str, Any]


class Unit:
    """Anything that has a history: a case, a dossier, a recording, an incident, a room, an officer."""

    def __init__(self, kind: str, ref: str) -> None:
        self.kind = kind
        self.ref = ref
        self.subject = f"{kind}:{ref}"
        self.steps: dict[str, list[Step]] = {}
        self.approved: dict[str, tuple[int, int]] = {}  # of a clock: tier, position of its approval
        self.ended: int | None = None

    def all(self, name: str) -> list[Step]:
        """Every time this step was done, in order."""
        return self.steps.get(name, [])

    def last(self, *names: str) -> Step | None:
        """The last time one of these steps was done."""
        latest = None
        for name in names:
            steps = self.all(name)
            if steps and (latest is None or steps[-1].position > latest.position):
                latest = steps[-1]
        return latest

    def has(self, *names: str) -> bool:
        """One of these steps was done."""
        return any(self.all(name) for name in names)

    def first_at(self, since: int, names: Iterable[str]) -> int | None:
        """When one of these steps was first done at this time or later."""
        times = [step.time for name in names for step in self.all(name) if step.time >= since]
        return min(times) if times else None

    def first_after(self, position: int, names: Iterable[str]) -> int | None:
        """When one of these steps was first done after this place in the order of facts."""
        times = [step.time for name in names for step in self.all(name) if step.position > position]
        return min(times) if times else None

    def open_since(self, starts: Iterable[str], ends: Iterable[str]) -> Step | None:
        """The first of the starts after the last of the ends: something that still goes on."""
        over = self.last(*ends)
        after = over.position if over else -1
        running = [step for name in starts for step in self.all(name) if step.position > after]
        return min(running, key=lambda step: step.position) if running else None

    def add(self, name: str, time: int, position: int, body: dict[str, Any]) -> None:
        """The step was done."""
        self.steps.setdefault(name, []).append(Step(time, position, body))


class Stay(Unit):
    """One person's time in the area."""

    def __init__(self, ref: str, opened: int) -> None:
        super().__init__("stay", ref)
        self.opened = opened
        self.phase = "arrived"  # arrived | inside | interviewing | out | ended
        self.person_arrived: int | None = None
        self.certificate: int | None = None
        self.entered: int | None = None
        self.known: dict[str, Step] = {}  # the built-in steps
        self.measure: str | None = None
        self.measure_position = -1
        self.first_measure: str | None = None
        self.measures: dict[str, Step] = {}  # each that ever came into force, by the start of its clock
        self.case: str | None = None
        self.person: str | None = None
        self.sex: str | None = None
        self.minor: bool | None = None
        self.flags: dict[str, bool] = {}
        self.dependants_since: int | None = None
        self.band: str | None = None
        self.room: str | None = None
        self.room_since = opened
        self.silent_since: int | None = None
        self.cut_since: int | None = None
        self.seen_by: dict[str, tuple[str, int]] = {}  # reader that sees the band now: room, since when
        self.left: tuple[str, int] | None = None  # the room that lost the band last, and when
        self.summons_over: int | None = None  # when the last summons of this stay ended
        self.gap_since: int | None = None  # this summons came too soon after another stay's
        self.disagree_since: int | None = None

    def all(self, name: str) -> list[Step]:
        """Every time this step was done; the built-in ones happen once."""
        if name in BUILT_IN:
            return [self.known[name]] if name in self.known else []
        if name.startswith("measure:"):
            measure = name[8:]
            return [self.measures[measure]] if measure in self.measures else []
        return self.steps.get(name, [])

    @property
    def open(self) -> bool:
        """Not released."""
        return self.ended is None

    @property
    def inside(self) -> bool:
        """Entered, not released, not on an approved exit."""
        return self.phase in ("inside", "interviewing")

    def flagged(self, *flags: str) -> bool:
        """One of these is stated to be so."""
        return any(self.flags.get(flag) for flag in flags)

    def earliest_sign(self) -> int:
        """Arrival, entry or whatever first spoke of this person."""
        return min(
            moment for moment in (self.opened, self.person_arrived, self.entered) if moment is not None
        )

    def clock_start(self) -> int:
        """The certificate's arrival time, else the earliest sign of the person (T4, T9; CPR 199, CQ 11)."""
        return self.certificate if self.certificate is not None else self.earliest_sign()


@dataclass
class Officer:
    """An officer as registered now, and where the badge was last read."""

    ref: str
    service: str
    roles: tuple[str, ...]
    sex: str | None
    badge: str
    room: str | None = None


class BandLife(NamedTuple):
    """Where a band stands: worn, out, returned, free, withdrawn; who wore it last; how it came back."""

    state: str
    since: int
    position: int
    stay: str = ""
    condition: str = ""


@dataclass
class World:
    """Everything; `area` is the caller's table of rooms, readers, recorders and nodes."""

    area: dict[str, Any]
    book: str
    time: int = 0
    latest: int | None = 0  # the latest moment at which the fact in hand can have happened
    position: int = -1
    stays: dict[str, Stay] = field(default_factory=dict)
    units: dict[tuple[str, str], Unit] = field(default_factory=dict)
    officers: dict[str, Officer] = field(default_factory=dict)
    bands: dict[str, Stay] = field(default_factory=dict)
    nodes_heard: set[str] = field(default_factory=set)
    readers_lost: set[str] = field(default_factory=set)  # that are not heard though their node may be
    active_since: dict[str, int] = field(default_factory=dict)  # of an input, kept while it cannot be read
    unread: set[str] = field(default_factory=set)  # inputs that cannot be read
    troubles: dict[str, dict[str, int]] = field(default_factory=dict)  # of a point (`n1.4`): since when
    recorders: dict[str, bool] = field(default_factory=dict)  # recording or not; missing: not known
    node_of: dict[str, str] = field(default_factory=dict)  # of a reader or recorder
    readers_in: dict[str, list[str]] = field(default_factory=dict)
    recorders_in: dict[str, list[str]] = field(default_factory=dict)
    # tags that nobody bears: where they are read, and since when
    strays: dict[str, tuple[str, int]] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)  # that are kept, by reference (keeping.py)
    band_lives: dict[str, BandLife] = field(default_factory=dict)  # missing: free, as far as anybody knows

    def __post_init__(self) -> None:
        self.zone = self.area.get("zone", "Asia/Shanghai")
        self.holidays = frozenset(str(day) for day in self.area.get("holidays", ()))
        self.rooms = self.area["rooms"]
        for point in self.area.get("points", ()):
            self.node_of[point["of"]] = point["node"]
        for reader, row in self.area.get("readers", {}).items():
            self.readers_in.setdefault(row["room"], []).append(reader)
        for recorder, row in self.area.get("recorders", {}).items():
            for room in row["rooms"]:
                self.recorders_in.setdefault(room, []).append(recorder)

    # ---- units ----------------------------------------------------------------------------------

    def unit(self, kind: str, ref: str) -> Unit:
        """The unit, made when it is named for the first time."""
        if (kind, ref) not in self.units:
            self.units[kind, ref] = Unit(kind, ref)
        return self.units[kind, ref]

    def named(self, fact_type: str, body: dict[str, Any]) -> list[Unit]:
        """The units that a fact names. A stay must be known, or the fact must have opened it."""
        found: list[Unit] = []
        for name in SUBJECT_FIELDS:
            ref = body.get(name)
            if ref is None:
                continue
            if name != "stay":
                found.append(self.unit(name, ref))
            elif ref in self.stays:
                found.append(self.stays[ref])
        if fact_type in OFFICER_FACTS:
            found.append(self.unit("officer", body["officer"]))
        return found

    def record(self, fact_type: str, body: dict[str, Any]) -> list[Unit]:
        """Leave the step in the history of each unit that the fact names."""
        units = self.named(fact_type, body)
        names = [fact_type]
        told_by = STEP_FIELD.get(fact_type)
        if told_by and told_by in body:
            names.append(f"{fact_type}:{body[told_by]}")
        for unit in units:
            for name in names:
                unit.add(name, self.time, self.position, body)
        return units

    # ---- places ---------------------------------------------------------------------------------

    def kind(self, room: str | None) -> str | None:
        """The kind of a room of the area."""
        return self.rooms[room]["kind"] if room in self.rooms else None

    def zone_of(self, room: str) -> list[str]:
        """The room and the rooms it is guarded from."""
        return [room, *self.rooms[room].get("guarded_from", ())]

    def held_with(self, stay: Stay, room: str) -> list[Stay]:
        """The other open stays whose band was last read in this room."""
        return [
            other for other in self.stays.values() if other is not stay and other.open and other.room == room
        ]

    def officers_in(self, *rooms: str) -> list[Officer]:
        """Whose badge was last read in one of these rooms."""
        return [officer for officer in self.officers.values() if officer.room in rooms]

    def sworn_in(self, *rooms: str) -> int:
        """How many people's police officers are in these rooms."""
        return sum(officer.service == "sworn" for officer in self.officers_in(*rooms))

    def heard(self, source: str) -> bool:
        """The node of this reader or recorder is heard; one without a node needs none."""
        node = self.node_of.get(source)
        return node is None or node in self.nodes_heard

    def sees(self, *rooms: str) -> bool:
        """Every reader in these rooms is heard."""
        return all(
            self.heard(reader) and reader not in self.readers_lost
            for room in rooms
            for reader in self.readers_in.get(room, ())
        )

    def near(self, one: str, other: str) -> bool:
        """The same room, or a door between, or side by side on the plan."""
        if one == other:
            return True
        doors = [set(door["between"]) for door in self.area.get("doors", {}).values()]
        plans = [self.rooms[room].get("plan") for room in (one, other)]
        if {one, other} in doors:
            return True
        if plans[0] is None or plans[1] is None:
            return False
        (left, top, wide, high), (x, y, width, height) = plans
        return x <= left + wide and left <= x + width and y <= top + high and top <= y + height

    def recording(self, room: str) -> bool | None:
        """One recorder of the room records; None when that cannot be seen. Without a recorder: no."""
        unseen = False
        for recorder in self.recorders_in.get(room, ()):
            state = self.recorders.get(recorder) if self.heard(recorder) else None
            if state:
                return True
            unseen = unseen or state is None
        return None if unseen else False
