"""The state of one area as the facts tell it: immutable records in journaled tables."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from custody.compartments import CompartmentState
from custody.items import Count, ItemTable
from custody.tables import Change, Journal, Table

TIMES_MAX: Final = 64  # occurrences of one step kept; the oldest go first, the very first stays
SUBJECTS_MAX: Final = 50_000  # cases, dossiers, recordings, incidents remembered; the oldest go first
OF_THE_AREA: Final = ("room", "officer", "recorder", "cabinet", "compartment")
PEOPLE_MAX: Final = 20_000  # persons of whom ended measures are remembered; the first brought in go first
ENDED_MAX: Final = 20_000  # forgotten stays remembered by reference; the oldest go first
STRAYS_MAX: Final = 256  # tags that nobody bears and that a reader sees; the oldest go first
BANDS_MAX: Final = 1_000  # wristbands remembered that nobody wears; clean ones go first, then the oldest
SEEN_MAX: Final = 8  # readers that see one wristband at once; the oldest go first


@dataclass(frozen=True, slots=True)
class Approval:
    """An extension that counts: which clock, which tier, given when, by whom, which fact."""

    rule: str
    limit: str
    approved_us: int
    approver: str
    fact: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A step that was done for a subject: when and by which fact, first, last and each time.

    `times`: (moment, fact) of the last TIMES_MAX occurrences, oldest first; `body` is the last fact's.
    """

    first_us: int
    first_fact: int
    count: int
    times: tuple[tuple[int, int], ...]
    body: Mapping[str, object]
    stated: Mapping[str, object]  # each field as it was stated last

    @property
    def last_us(self) -> int:
        """When it was done last."""
        return self.times[-1][0]

    @property
    def last_fact(self) -> int:
        """The fact that says so."""
        return self.times[-1][1]


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps done for one subject, by name; `new` are those of the last fact."""

    marks: Mapping[str, Mark]
    new: tuple[str, ...] = ()


NO_STEPS: Final = Steps({})


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a measure in a stay of a person: for rules about being summoned again."""

    measure: str
    next_measure: str  # what followed it in the same stay at that moment; empty: the release
    stay: str
    ended_us: int
    fact: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A reader that sees a wristband: in which room, since when, by which fact."""

    reader: str
    room: str
    since_us: int
    fact: int


@dataclass(frozen=True, slots=True)
class Leap:
    """A wristband read in a room after another reader lost it: where that was, and the longest time that can
    lie between (None: no bound is known).
    """

    room: str
    left_fact: int
    fact: int
    longest_us: int | None


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's time in the area. Times microseconds UTC; facts are log indices."""

    ref: str
    opened_us: int
    opened_fact: int
    arrived_us: int | None = None  # by person.arrived
    arrived_fact: int = -1
    certificate_us: int | None = None  # 到案时间 on the certificate: the earliest value written
    written_us: int | None = None  # when an arrival time first became known
    written_fact: int = -1
    certificate_fact: int = -1  # the fact that states the earliest value
    entered_us: int | None = None
    entered_fact: int = -1
    registered_us: int | None = None
    registered_fact: int = -1
    measure: str | None = None
    measure_us: int | None = None  # start of the measure's clock
    measured_us: int | None = None  # when it was stated to be in force
    measure_fact: int = -1
    case: str | None = None
    person: str | None = None
    sex: str | None = None
    minor: bool | None = None
    flags: frozenset[str] = frozenset()
    phase: str = ""  # where the person stands on the way: a phase of the rulebook's steps
    assigned: str | None = None  # room the person is to be kept in
    band: str | None = None
    band_fact: int = -1
    band_cut_fact: int | None = None
    band_battery_pct: int | None = None
    battery_fact: int = -1
    band_weak_fact: int | None = None  # it said that its battery is low, without a number
    band_pressed_fact: int | None = None  # the newest press of its button
    room: str | None = None  # where the band was last read
    room_us: int | None = None
    room_fact: int = -1
    silent_us: int | None = None  # set when no reader sees the band any more
    silent_fact: int = -1
    seen_by: tuple[Seen, ...] = ()  # readers that see the band now, as far as facts name them
    left: tuple[str, int, int] | None = (
        None  # room, moment, fact: where it was seen last before it was read anew
    )
    leap: Leap | None = None  # its newest change of rooms
    searched_us: int | None = None
    search_fact: int = -1
    past_measures: tuple[tuple[str, tuple[int, int]], ...] = ()  # measure -> (start, fact)
    released_us: int | None = None
    released_fact: int = -1
    release_reason: str | None = None

    @property
    def is_open(self) -> bool:
        """The person is still held by this stay."""
        return self.released_us is None

    @property
    def is_inside(self) -> bool:
        """The person has entered the area and not left it."""
        return self.is_open and self.entered_us is not None

    @property
    def arrival_us(self) -> int:
        """到案时间: by the certificate, else the earliest sign that the person was there."""
        if self.certificate_us is not None:
            return self.certificate_us
        known = (self.opened_us, self.arrived_us, self.entered_us)
        return min(value for value in known if value is not None)


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer as far as rules ask: service, roles, sex, badge, where the badge is."""

    ref: str
    service: str
    roles: tuple[str, ...]
    sex: str | None
    badge: str
    fact: int
    room: str | None = None
    room_us: int | None = None
    room_fact: int = -1
    left_room: str | None = None  # where the badge was before


@dataclass(frozen=True, slots=True)
class DoorState:
    """A door: open, shut or unknown (None); the release that went before its opening."""

    id: str
    is_open: bool | None = None
    since_us: int = 0
    fact: int = -1
    released_us: int | None = None  # last release by right or request to exit
    opened_us: int | None = None  # the present opening, kept while the contact cannot be read
    opening_release_us: int | None = None  # the release before the present opening


@dataclass(frozen=True, slots=True)
class RecorderState:
    """A recorder: recording, stopped or unknown."""

    id: str
    state: str = "unknown"
    since_us: int = 0
    fact: int = -1


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader that was told of apart from its node: ok or lost. One that was not is heard as its node is."""

    id: str
    state: str
    since_us: int
    fact: int


@dataclass(frozen=True, slots=True)
class InputState:
    """A detector, button or contact of the house: active, clear or unknown (None)."""

    id: str
    is_active: bool | None = None
    since_us: int = 0
    fact: int = -1
    active_us: int | None = None  # since when it is active, kept while it cannot be read


@dataclass(frozen=True, slots=True)
class TroubleState:
    """One trouble that a point has now. Kept by point and trouble: `n3.7:line_open`."""

    point: str
    of: str
    trouble: str
    since_us: int
    fact: int


@dataclass(frozen=True, slots=True)
class StrayState:
    """A tag that nobody bears: the room of the reader that sees it, and since when. `reader` is empty when no fact names it."""

    tag: str
    room: str
    since_us: int
    fact: int
    reader: str = ""


@dataclass(frozen=True, slots=True)
class BandState:
    """A wristband on its way: worn, out (taken off or left with, not given back), returned, free (cleaned), withdrawn.

    `stay`: who wore it last. `condition`: as it was given back. `room`, `seen_us`: where it was read last on
    that person. A band that was never told of is free, and has no record.
    """

    id: str
    state: str
    since_us: int
    fact: int
    stay: str = ""
    condition: str = ""
    reason: str = ""
    room: str | None = None
    seen_us: int | None = None


@dataclass(frozen=True, slots=True)
class PointState:
    """What was told last of a point. Kept by kind and owner, which is what facts name: `door_contact:gate`.

    `moved`: its newest change out of a known state, as a hand makes one; a state told anew after
    silence is none. Of a button, a release and a reader only the events are told, never the rest.
    """

    state: str
    since_us: int
    fact: int
    moved: str | None = None
    moved_us: int = 0
    moved_fact: int = -1


@dataclass(frozen=True, slots=True)
class Walked:
    """The newest walk test of a point, kept by its ref. `seen`: what the system saw of it, and when."""

    of: str
    result: str
    seen: str
    seen_us: int | None
    note: str
    officer: str
    at_us: int
    fact: int


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node: heard, lost, or not yet heard (unknown).

    `is_blind`: what its points saw meanwhile is not known. False for a loss after which the
    node told everything it had kept: then its late facts are judged as if it had been heard.
    """

    id: str
    state: str = "unknown"
    since_us: int = 0
    fact: int = -1
    is_blind: bool = True


@dataclass(frozen=True, slots=True)
class SourceState:
    """Any other supervised source: a port, the server, the clock. `state` is ok or doubtful."""

    id: str
    state: str
    since_us: int
    fact: int
    detail: str = ""


class StayTable(Table[Stay]):
    """Stays, with an index of the open ones by the room they were last read in."""

    def __init__(self, name: str, journal: Journal, changes: list[Change]) -> None:
        """No stay yet."""
        super().__init__(name, journal, changes)
        self.open: dict[str, Stay] = {}
        self.by_room: dict[str, dict[str, Stay]] = {}

    def changed(self, key: str, old: Stay | None, new: Stay | None) -> None:
        """Keep the index."""
        if old is not None and old.is_open:
            self.open.pop(key, None)
            if old.room is not None:
                self.by_room[old.room].pop(key, None)
        if new is not None and new.is_open:
            self.open[key] = new
            if new.room is not None:
                self.by_room.setdefault(new.room, {})[key] = new


class OfficerTable(Table[Officer]):
    """Officers, with an index by the room their badge is in."""

    def __init__(self, name: str, journal: Journal, changes: list[Change]) -> None:
        """No officer yet."""
        super().__init__(name, journal, changes)
        self.by_room: dict[str, dict[str, Officer]] = {}

    def changed(self, key: str, old: Officer | None, new: Officer | None) -> None:
        """Keep the index."""
        if old is not None and old.room is not None:
            self.by_room[old.room].pop(key, None)
        if new is not None and new.room is not None:
            self.by_room.setdefault(new.room, {})[key] = new


def _in_order(stays: Iterable[Stay]) -> list[Stay]:
    return sorted(stays, key=lambda stay: (stay.opened_us, stay.opened_fact, stay.ref))


class World:
    """All tables of one area. Read freely; only the engine writes."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.journal = Journal()
        self.changes: list[Change] = []  # since the engine last cleared it
        journal, changes = self.journal, self.changes
        self.stays = StayTable("stays", journal, changes)
        self.officers = OfficerTable("officers", journal, changes)
        self.doors: Table[DoorState] = Table("doors", journal, changes)
        self.recorders: Table[RecorderState] = Table("recorders", journal, changes)
        self.readers: Table[ReaderState] = Table("readers", journal, changes)
        self.inputs: Table[InputState] = Table("inputs", journal, changes)
        self.troubles: Table[TroubleState] = Table("troubles", journal, changes)
        # for pages alone: no rule reads them
        self.told: Table[PointState] = Table("told", journal)
        self.walks: Table[Walked] = Table("walks", journal)
        self.nodes: Table[NodeState] = Table("nodes", journal, changes)
        self.sources: Table[SourceState] = Table("sources", journal, changes)
        # steps done, by subject: "stay:…", "case:…", "room:…"
        self.steps: Table[Steps] = Table("steps", journal, changes)
        self.approvals: Table[tuple[Approval, ...]] = Table("approvals", journal, changes)
        self.people: Table[tuple[Ended, ...]] = Table("people", journal, changes)
        self.hands: Table[Mapping[str, frozenset[str]]] = Table("hands", journal)  # case -> officer -> steps
        # tag -> "stay:<ref>" or "officer:<ref>"; strays: tags that nobody bears
        self.tags: Table[str] = Table("tags", journal)
        self.strays: Table[StrayState] = Table("strays", journal, changes)
        self.bands: Table[BandState] = Table("bands", journal, changes)
        self.compartments: Table[CompartmentState] = Table("compartments", journal, changes)
        self.items = ItemTable("items", journal, changes)
        self.counts: Table[Count] = Table("counts", journal, changes)
        # not undone: what was decided of a fact about an item stands (ADR 0036)
        self.firm: set[int] = set()  # facts that were let in, by index
        self.moved_us: dict[str, int] = {}  # item -> when its newest movement happened
        self.gone_items: OrderedDict[str, None] = OrderedDict()  # items disposed of and forgotten
        self.ended: OrderedDict[str, int] = OrderedDict()  # stays already forgotten -> when they ended

    def forget_stay(self, stay: Stay, *, keeps_steps: bool = False) -> None:
        """Drop an ended stay that no late fact can change any more; keep its reference, and its steps while asked for."""
        self.stays.purge(stay.ref)
        if not keeps_steps:
            self.steps.purge(f"stay:{stay.ref}")
        self.approvals.purge(f"stay:{stay.ref}")
        self.ended[stay.ref] = stay.released_us or 0
        while len(self.ended) > ENDED_MAX:
            self.ended.popitem(last=False)

    def forget_subjects(self, running: Collection[str], count_max: int) -> None:
        """Drop what is known longest beyond a number, unless a duty runs: people, and the steps of cases, dossiers,
        recordings, incidents and of stays already forgotten.
        """
        for person in list(self.people)[: max(0, len(self.people) - PEOPLE_MAX)]:
            self.people.purge(person)
        for case in list(self.hands)[: max(0, len(self.hands) - count_max)]:
            self.hands.purge(case)
        extra = len(self.steps) - count_max
        if extra <= 0:
            return
        old = [key for key in self.steps if key not in running and not self._is_at_hand(key)]
        for key in old[:extra]:
            self.steps.purge(key)
            self.approvals.purge(key)

    def forget_bands(self, before_us: int) -> None:
        """Drop wristbands beyond a number that nobody wears and of which nothing is told any more: the clean ones first."""
        extra = len(self.bands) - BANDS_MAX
        if extra <= 0:
            return
        idle = [band for band in self.bands.values() if band.state != "worn" and band.since_us < before_us]
        for band in sorted(idle, key=lambda band: (band.state != "free", band.since_us, band.fact))[:extra]:
            self.bands.purge(band.id)

    def _is_at_hand(self, subject: str) -> bool:
        """Of the area itself, its officers, a stay not yet forgotten or a thing that is kept: as many as there are."""
        kind, _, ref = subject.partition(":")
        return (
            kind in OF_THE_AREA
            or (kind == "stay" and ref in self.stays)
            or (kind == "item" and ref in self.items)
        )

    def mark(
        self, subject: str, names: tuple[str, ...], at_us: int, fact: int, body: Mapping[str, object]
    ) -> None:
        """Note steps done for a subject."""
        marks = dict((self.steps.get(subject) or NO_STEPS).marks)
        for name in names:
            known = marks.get(name)
            if known is None:
                marks[name] = Mark(at_us, fact, 1, ((at_us, fact),), body, body)
            else:
                times = (*known.times[-TIMES_MAX + 1 :], (at_us, fact))
                stated = body if body.keys() >= known.stated.keys() else {**known.stated, **body}
                marks[name] = Mark(known.first_us, known.first_fact, known.count + 1, times, body, stated)
        self.steps.renew(subject, Steps(marks, names))

    def steps_of(self, subject: str) -> Mapping[str, Mark]:
        """The steps done for a subject, by name."""
        return (self.steps.get(subject) or NO_STEPS).marks

    def open_stays(self) -> list[Stay]:
        """Stays that have not ended, in order of opening."""
        return _in_order(self.stays.open.values())

    def stays_in(self, room: str) -> list[Stay]:
        """Open stays whose band was last read in this room, in order of opening."""
        return _in_order(self.stays.by_room.get(room, {}).values())

    def officers_in(self, rooms: tuple[str, ...]) -> list[Officer]:
        """Officers whose badge is now in one of the rooms."""
        by_room = self.officers.by_room
        return [officer for room in rooms for _, officer in sorted(by_room.get(room, {}).items())]
