"""One stay as a log tells it: its beginning and end, the rooms, and what was known of guard and record at each moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from custody.area import Area
from custody.ledger.walk import Step
from custody.rules import Rulebook
from custody.view import View
from custody.world import Stay, World


@dataclass(frozen=True, slots=True)
class Piece:
    """From `from_us` on, until the next piece: the room, and the states of guard and record with the reason of `unknown`."""

    from_us: int
    room: str | None
    guard: tuple[str, str]
    record: tuple[str, str]


@dataclass(slots=True)
class Person:
    """A stay; times microseconds UTC. `pieces` in order of time."""

    ref: str
    stay: Stay | None = None
    pieces: list[Piece] = field(default_factory=list)

    @property
    def from_us(self) -> int:
        """Brought to the area: reported, or else the first sign of the person there."""
        stay = self.stay
        assert stay is not None, "asked of a stay that the log knows"
        return min(at for at in (stay.opened_us, stay.arrived_us, stay.entered_us) if at is not None)

    def to_us(self, until_us: int) -> int:
        """Its end, or `until_us` while it lasts; never before its beginning."""
        assert self.stay is not None, "asked of a stay that the log knows"
        released_us = self.stay.released_us
        return max(self.from_us, until_us if released_us is None else min(released_us, until_us))


def person_of(steps: Iterable[Step], area: Area, rulebook: Rulebook, ref: str) -> Person:
    """Follow one stay through a log. `stay` stays None when the log does not know it."""
    person = Person(ref)
    view: View | None = None
    for fact, world, _ in steps:
        view = View(world, area, rulebook) if view is None else view
        stay = world.stays.get(ref)
        if stay is None:
            continue
        person.stay = stay
        if not stay.is_open and person.pieces:
            continue
        piece = Piece(fact.occurred_us, stay.room, _guard(view, world, stay), _record(view, stay))
        if not person.pieces or _differs(piece, person.pieces[-1]):
            person.pieces.append(piece)
    return person


def _differs(piece: Piece, last: Piece) -> bool:
    return (piece.room, piece.guard, piece.record) != (last.room, last.guard, last.record)


def _place(view: View, stay: Stay) -> tuple[str, str] | None:
    """What is known without asking for guard or record: outside, or nobody can tell where; None: ask."""
    if stay.room is None:
        return "unknown", "no_reading"
    if view.room_kind(stay.room) == "outside":
        return "away", ""
    if stay.silent_us is not None:
        return "unknown", "band_silent"
    return _unseen(view, (stay.room,))


def _unseen(view: View, rooms: tuple[str, ...]) -> tuple[str, str] | None:
    """A reader of the rooms is not heard: for want of its node, or of itself."""
    if not view.presence_is_blind(rooms):
        return None
    readers = [reader for room in rooms for reader in view.area.readers_by_room[room]]
    is_node = any(view.is_node_lost("reader", reader) for reader in readers)
    return "unknown", "node_lost" if is_node else "reader_lost"


def _guard(view: View, world: World, stay: Stay) -> tuple[str, str]:
    """A sworn officer's badge in the guard zone of the room, or not, or it cannot be seen."""
    known = _place(view, stay)
    if known is not None or stay.room is None:
        return known or ("unknown", "no_reading")
    zone = view.guard_zone(stay.room)
    unseen = _unseen(view, zone)
    if unseen is not None:
        return unseen
    if not any(view.area.readers_by_room.get(room) for room in zone):
        return "unknown", "not_fitted"
    return ("guarded", "") if view.sworn_in(zone) else ("unguarded", "")


def _record(view: View, stay: Stay) -> tuple[str, str]:
    """A recorder of the room records, or none does, or it is not known."""
    known = _place(view, stay)
    if known is not None or stay.room is None:
        return known or ("unknown", "no_reading")
    state = view.recording(stay.room)
    if state == "unknown":
        return "unknown", "recorder_unknown"
    return ("recorded", "") if state == "recording" else ("unrecorded", "")
