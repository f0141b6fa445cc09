"""The rooms, doors and readers of the area: who is free when, and what sensors see when somebody walks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from custody.area import Area
from custody.times import SECOND_US
from tests.prove.busy.diary import MINUTE_US, Diary
from tests.prove.busy.dice import Dice

HELD_OPEN, FORCED, UNSEEN = 0.004, 0.0008, 0.05
BOOKED_BETWEEN_US = 4 * MINUTE_US
INTERVIEW_ROOMS = ("interrogation-1", "interrogation-2", "interview-1")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who is in a waiting room from when until when, as far as others must be kept apart."""

    room: str
    from_us: int
    to_us: int
    sex: str
    minor: bool
    case: str

    def bears(self, other: "Waiting") -> bool:
        """The two may be in one room, or are not there together."""
        if self.room != other.room or self.from_us >= other.to_us or other.from_us >= self.to_us:
            return True
        return (self.sex, self.minor) == (other.sex, other.minor) and self.case != other.case


class Place:
    """The area as its sensors see it."""

    def __init__(self, area: Area, diary: Diary, dice: Dice) -> None:
        self.area, self._diary, self._dice = area, diary, dice
        self._door_between = {frozenset(door.between): door for door in area.doors.values()}
        self._reader = {
            reader.room: reader.id for reader in reversed(list(area.readers.values()))
        }  # the first of a room
        self._booked: dict[str, list[tuple[int, int]]] = {room: [] for room in INTERVIEW_ROOMS}
        self._waiting: list[Waiting] = []

    # --- who is free when ------------------------------------------------------------------

    def book(self, rooms: Sequence[str], from_us: int, length_us: int) -> tuple[str, int]:
        """The room that is free first and from when."""
        found = min((self._free_from(room, from_us, length_us), room) for room in rooms)
        at_us, room = found
        self._booked[room] = sorted([*self._booked[room], (at_us, at_us + length_us + BOOKED_BETWEEN_US)])
        return room, at_us

    def _free_from(self, room: str, from_us: int, length_us: int) -> int:
        at_us = from_us
        for begin_us, end_us in self._booked[room]:
            if at_us + length_us + BOOKED_BETWEEN_US <= begin_us:
                break
            at_us = max(at_us, end_us)
        return at_us

    def waiting_room(self, from_us: int, to_us: int, sex: str, case: str, *, minor: bool) -> str:
        """A waiting room where nobody is who must be kept apart; the first one when there is none."""
        order = (
            ("waiting-f", "waiting-2", "waiting-1") if sex == "F" else ("waiting-1", "waiting-2", "waiting-f")
        )
        wanted = [Waiting(room, from_us, to_us, sex, minor, case) for room in order]
        found = next((w for w in wanted if all(w.bears(other) for other in self._waiting)), wanted[0])
        self._waiting.append(found)
        return found.room

    def is_occupied(self, room: str, at_us: int) -> bool:
        """Somebody waits there."""
        return any(w.room == room and w.from_us <= at_us < w.to_us for w in self._waiting)

    def forget_before(self, at_us: int) -> None:
        """What is over is not looked at again."""
        self._waiting = [w for w in self._waiting if w.to_us > at_us]
        for room, slots in self._booked.items():
            self._booked[room] = [slot for slot in slots if slot[1] > at_us]

    # --- what sensors see ------------------------------------------------------------------

    def read(self, at_us: int, tag: str, room: str) -> None:
        """The reader of a room sees a tag."""
        reader = self._reader[room]
        self._diary.sensor(at_us, "tag.read", self._node("reader", reader), tag=tag, room=room, reader=reader)

    def gone(self, at_us: int, tag: str, room: str) -> None:
        """The reader of a room no longer sees a tag."""
        reader = self._reader[room]
        self._diary.sensor(at_us, "tag.gone", self._node("reader", reader), tag=tag, room=room, reader=reader)

    def _node(self, kind: str, owner: str) -> str:
        node = self.area.node_of(kind, owner)
        assert node is not None, f"expected a node for {kind} {owner}, found none"
        return node

    def recorder(self, at_us: int, name: str, recorder: str) -> None:
        """A recorder's contact speaks: recorder.started, .stopped, .lost."""
        self._diary.sensor(at_us, name, self._node("recorder_contact", recorder), recorder=recorder)

    def pass_door(self, at_us: int, one: str, other: str, badge: str, *, inside: bool = False) -> None:
        """Through the door between two places, if there is one; `inside`: by the handle inside."""
        door = self._door_between.get(frozenset((one, other)))
        if door is None:
            return
        node, dice = self._node("door_contact", door.id), self._dice
        if door.controlled and not dice.chance(FORCED):
            if inside:
                self._diary.sensor(at_us, "door.exit_requested", node, door=door.id)
            else:
                self._diary.sensor(at_us, "door.released", node, door=door.id, badge=badge)
        open_us = dice.between(4, 9) if not dice.chance(HELD_OPEN) else dice.between(12, 150)
        self._diary.sensor(at_us + SECOND_US, "door.opened", node, door=door.id)
        self._diary.sensor(at_us + SECOND_US + open_us * SECOND_US, "door.closed", node, door=door.id)

    def walk(self, at_us: int, band: str, badges: Sequence[str], here: str, there: str) -> int:
        """A person and officers from one room to another by the corridor; gives when they are there."""
        tags = (badges[0], band, *badges[1:])
        if here == there:
            return at_us
        route = [here, there] if "corridor" in (here, there) else [here, "corridor", there]
        seen = (band,)  # in passing: the badges hang under the jackets
        for left, entered in pairwise(route):
            self.pass_door(at_us, left, entered, badges[0])
            at_us += 2 * SECOND_US
            for tag in seen if entered == "corridor" and there != "corridor" else tags:
                at_us += self._dice.between(300, 900) * 1_000
                self.read(at_us, tag, entered)
            for tag in seen if left == "corridor" and here != "corridor" else tags:
                self.gone(at_us + self._dice.between(100, 700) * 1_000, tag, left)
            at_us += self._dice.between(5, 12) * SECOND_US
        return at_us

    def linger(self, tag: str, room: str, from_us: int, to_us: int, every_min: int) -> None:
        """A tag lies badly now and then: not read for seconds, seldom for a minute and more."""
        at_us = from_us + self._dice.between(1, 2 * every_min * 60) * SECOND_US
        while at_us < to_us - 5 * MINUTE_US:
            unread_s = (
                self._dice.between(3, 24) if not self._dice.chance(UNSEEN) else self._dice.between(30, 200)
            )
            self.gone(at_us, tag, room)
            self.read(at_us + unread_s * SECOND_US, tag, room)
            at_us += self._dice.between(60, 2 * every_min * 60) * SECOND_US
