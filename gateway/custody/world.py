"""The state of one area as the facts tell it: immutable records in journaled tables.

Every change is written to an undo journal, so that the engine can go back to an earlier
moment when a fact arrives late, insert it in order of occurrence, and go forward again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

R = TypeVar("R")

ENDED_MAX: Final = 20_000  # forgotten stays remembered by reference; the oldest go first


@dataclass(frozen=True, slots=True)
class Approval:
    """An extension that counts: which clock, which tier, given when, by whom, which fact."""

    rule: str
    limit_us: int
    approved_us: int
    approver: str
    fact: int


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's time in the area. Times microseconds UTC; facts are log indices."""

    ref: str
    opened_us: int
    opened_fact: int
    arrived_us: int | None = None  # by person.arrived
    arrived_fact: int = -1
    certificate_us: int | None = None  # 到案时间 on the certificate, by stay.registered
    entered_us: int | None = None
    entered_fact: int = -1
    registered_us: int | None = None
    registered_fact: int = -1
    measure: str | None = None
    measure_us: int | None = None  # start of the measure's clock
    measure_fact: int = -1
    case: str | None = None
    sex: str | None = None
    minor: bool | None = None
    band: str | None = None
    band_fact: int = -1
    band_cut_fact: int | None = None
    band_battery_pct: int | None = None
    battery_fact: int = -1
    room: str | None = None  # where the band was last read
    room_us: int | None = None
    room_fact: int = -1
    read_us: int | None = None  # last known reading
    silent_us: int | None = None  # set when no reader sees the band any more
    silent_fact: int = -1
    searched_us: int | None = None
    search_fact: int = -1
    past_measures: tuple[tuple[str, tuple[int, int]], ...] = ()  # measure -> (start, fact)
    approvals: tuple[Approval, ...] = ()
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


Undo = tuple[Callable[[object, object], None], object, object]
_ABSENT: Final = object()


class Journal:
    """A list of undo steps with absolute positions; the oldest can be forgotten."""

    def __init__(self) -> None:
        """Start empty at position 0."""
        self._steps: list[Undo] = []
        self._base = 0

    def mark(self) -> int:
        """Position to come back to."""
        return self._base + len(self._steps)

    def note(self, step: Undo) -> None:
        """Remember how to undo one change."""
        self._steps.append(step)

    def rollback(self, mark: int) -> None:
        """Undo everything since `mark`. A forgotten mark is a programmer's error."""
        if mark < self._base:
            raise ValueError(f"expected a mark of at least {self._base}, found {mark}")
        while self._base + len(self._steps) > mark:
            restore, key, old = self._steps.pop()
            restore(key, old)

    def forget(self, mark: int) -> None:
        """Drop the undo steps before `mark`: what happened before it is final."""
        count = mark - self._base
        if count > 0:
            del self._steps[:count]
            self._base = mark


class Table(Generic[R]):
    """A dict of records that notes each change in the journal and which table was touched."""

    def __init__(self, name: str, journal: Journal, touched: set[str]) -> None:
        """An empty table named `name`; `touched` collects names of tables that changed."""
        self.name = name
        self.touched_keys: set[str] = set()
        self.version = 0  # rises with each change, so that answers can be kept while it stands
        self._rows: dict[str, R] = {}
        self._journal = journal
        self._touched = touched

    def get(self, key: str) -> R | None:
        """The record, or None."""
        return self._rows.get(key)

    def __contains__(self, key: object) -> bool:
        """Whether a record has this key."""
        return key in self._rows

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        """Keys in order of first insertion."""
        return iter(self._rows)

    def values(self) -> list[R]:
        """All records, in order of first insertion."""
        return list(self._rows.values())

    def items(self) -> list[tuple[str, R]]:
        """All keys with their records."""
        return list(self._rows.items())

    def put(self, key: str, record: R) -> None:
        """Insert or replace; nothing is noted when nothing changes."""
        old = self._rows.get(key, _ABSENT)
        if old is not _ABSENT and old == record:
            return
        self._journal.note((self._restore, key, old))
        self._touch(key)
        self._rows[key] = record

    def drop(self, key: str) -> None:
        """Remove a record if it is there."""
        old = self._rows.pop(key, _ABSENT)
        if old is not _ABSENT:
            self._journal.note((self._restore, key, old))
            self._touch(key)

    def purge(self, key: str) -> None:
        """Remove a record for good: only what no later step may bring back."""
        self._rows.pop(key, None)
        self.version += 1

    def _touch(self, key: str) -> None:
        self.version += 1
        self._touched.add(self.name)
        self.touched_keys.add(key)

    def _restore(self, key: object, old: object) -> None:
        assert isinstance(key, str)
        self._touch(key)
        if old is _ABSENT:
            self._rows.pop(key, None)
        else:
            self._rows[key] = old  # type: ignore[assignment]


class World:
    """All tables of one area. Read freely; only the engine writes."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.journal = Journal()
        self.touched: set[str] = set()
        self.stays: Table[Stay] = Table("stays", self.journal, self.touched)
        self.officers: Table[Officer] = Table("officers", self.journal, self.touched)
        self.doors: Table[DoorState] = Table("doors", self.journal, self.touched)
        self.recorders: Table[RecorderState] = Table("recorders", self.journal, self.touched)
        self.nodes: Table[NodeState] = Table("nodes", self.journal, self.touched)
        self.sources: Table[SourceState] = Table("sources", self.journal, self.touched)
        # tag -> "stay:<ref>" or "officer:<ref>"; strays: tag -> room
        self.tags: Table[str] = Table("tags", self.journal, self.touched)
        self.strays: Table[str] = Table("strays", self.journal, self.touched)
        self.ended: dict[str, int] = {}  # stays already forgotten -> when they ended
        self._open: list[Stay] = []
        self._by_room: dict[str | None, list[Stay]] = {}
        self._open_at = -1
        self._officers: dict[str | None, list[Officer]] = {}
        self._officers_at = -1

    def forget_stay(self, stay: Stay) -> None:
        """Drop an ended stay that no late fact can change any more; keep its reference."""
        self.stays.purge(stay.ref)
        self.ended[stay.ref] = stay.released_us or 0
        while len(self.ended) > ENDED_MAX:
            del self.ended[next(iter(self.ended))]

    def open_stays(self) -> list[Stay]:
        """Stays that have not ended, in order of opening."""
        if self._open_at != self.stays.version:
            self._open_at = self.stays.version
            self._open = [stay for stay in self.stays.values() if stay.is_open]
            self._by_room = {}
            for stay in self._open:
                self._by_room.setdefault(stay.room, []).append(stay)
        return self._open

    def stays_in(self, room: str) -> list[Stay]:
        """Open stays whose band was last read in this room."""
        self.open_stays()
        return self._by_room.get(room, [])

    def officers_in(self, rooms: tuple[str, ...]) -> list[Officer]:
        """Officers whose badge is now in one of the rooms."""
        if self._officers_at != self.officers.version:
            self._officers_at = self.officers.version
            self._officers = {}
            for officer in self.officers.values():
                self._officers.setdefault(officer.room, []).append(officer)
        return [officer for room in rooms for officer in self._officers.get(room, ())]
