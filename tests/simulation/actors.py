"""People: detained persons with bands, officers with badges and forms, a careless guard. What they can do, not when."""

import random
from typing import TYPE_CHECKING, Any

from casewire import ACTIVE, INACTIVE
from custody.area import Point
from tests.custody.property_chance import random_fact
from tests.simulation.cabinets import THINGS
from tests.simulation.plain_server import PlainServer

if TYPE_CHECKING:
    from tests.simulation.world import World

PULSE_US = 300_000
SECOND_US = 1_000_000


class Actors:
    """Each method is an act that a plan may name."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._points: dict[tuple[str, str], Point] = {(p.kind, p.of): p for p in world.area.points}

    def begin(self) -> None:
        """Recorders run, doors are shut."""
        for recorder in self.world.area.recorders:
            self.recorder(recorder, is_on=True)

    def say(self, type: str, body: dict[str, Any], shift_us: int = 0, by: str = "server") -> None:  # noqa: A002
        """An officer fills in a form. `shift_us`: how long ago it was, by his word (zero or below)."""
        at_us = self.world.now_us + shift_us
        if self.world.settings.get("whole_minutes") and type != "compartment.requested":
            at_us -= at_us % 60_000_000  # as people write times down; then limits are met to the microsecond
        self.world.server.state_fact(type, body, at_us, by)

    def handle(self, pick: float, action: str, officer: str) -> None:
        """An officer does something about one of the alarms on the page."""
        alarms = sorted(alarm.id for alarm in self._alarms())
        if not alarms:
            return
        body: dict[str, Any] = {"alarm": alarms[int(pick * len(alarms))], "officer": officer}
        if action == "rectified":
            body |= {"cause": "wear", "action": "mended"}
        self.say(f"alarm.{action}", body)

    def put_aside(
        self,
        pick: float,
        action: str,
        officer: str,
        reason: str,
        minutes: int,
        hours: int,
        *,
        is_device: bool,
    ) -> None:
        """An officer puts the source of an alarm on the page aside, or takes it back. `is_device`: he knows what may be."""
        wanted = {"unshelved": "shelved", "returned_to_service": "out_of_service"}.get(action, "")
        alarms = sorted(
            alarm.id for alarm in self._alarms()
            if alarm.aside == wanted and (not is_device or alarm.family == "equipment")
        )  # fmt: skip
        if not alarms:
            return
        body: dict[str, Any] = {"alarm": alarms[int(pick * len(alarms))], "officer": officer}
        more = {"shelved": {"minutes": minutes}, "removed_from_service": {"hours": hours}}.get(action)
        self.say(f"alarm.{action}", body | (more | {"reason": reason} if more else {}))

    def item(self, draw: str) -> None:
        """Somebody does something to a thing in the store, mostly what its page allows now. `draw`: seed of the choice."""
        server = self.world.server
        if isinstance(server, PlainServer) or not server.is_on:
            return
        rng = random.Random(draw)
        name, body = random_fact(rng, server.state.evaluator.world, self.world.now_us, THINGS)
        late_us = rng.choice((0,) * 12 + (20, 1_200)) * SECOND_US
        self.say(name, body, -late_us, rng.choice(("server", "server", "server", "paper")))

    def _alarms(self) -> list[Any]:
        """What the page of alarms shows; nothing while it does not open."""
        server = self.world.server
        if isinstance(server, PlainServer) or not server.is_on:
            return []
        return [alarm for alarm in server.state.book.open() if not alarm.is_prewarning]

    def door(self, door: str, *, is_open: bool) -> None:
        """A door is opened or shut."""
        self._level("door_contact", door, ACTIVE if is_open else INACTIVE)

    def recorder(self, recorder: str, *, is_on: bool) -> None:
        """A recorder starts or stops, by its dry contact."""
        self._level("recorder_contact", recorder, ACTIVE if is_on else INACTIVE)

    def input(self, input: str, *, is_active: bool) -> None:  # noqa: A002
        """A detector or a button of the house trips, or falls back."""
        self._level("input", input, ACTIVE if is_active else INACTIVE)

    def button(self, door: str) -> None:
        """Somebody presses the exit button."""
        self._pulse("exit_request", door)

    def release(self, door: str) -> None:
        """The lock of a door lets go."""
        self._pulse("lock_feedback", door)

    def tag(self, reader: str, tag: str, *, is_there: bool) -> None:
        """A band or badge comes near a reader, or goes."""
        point = self._points.get(("reader", reader))
        if point is not None:
            self.world.boards[point.node].put_tag(point.point, tag, is_there=is_there)

    def compartment(self, name: str, hand: str) -> None:
        """A hand at a compartment: it pulls or pushes the door, forces the hook, jams it or mends that."""
        board = next(board for board in self.world.boards.values() if name in board.locks.points)
        locks = board.locks
        match hand:
            case "pull":
                locks.pull(name)
            case "push":
                locks.push(name)
            case "force":
                locks.force(name)
            case "jam":
                locks.jammed.add(name)
            case "free":
                locks.jammed.discard(name)

    def walk(self, tag: str, room: str) -> None:
        """Whoever wears this tag is now in that room, and in no other."""
        for reader in self.world.area.readers.values():
            self.tag(reader.id, tag, is_there=reader.room == room)

    def _level(self, kind: str, of: str, level: int) -> None:
        point = self._points.get((kind, of))
        if point is not None:
            self.world.boards[point.node].set_level(point.point, level)

    def _pulse(self, kind: str, of: str) -> None:
        self._level(kind, of, ACTIVE)
        self.world.kernel.after(PULSE_US, self._level, kind, of, INACTIVE)
