"""Questions that several rule kinds ask of the world: what is known, what is blind."""

from dataclasses import dataclass

from custody.area import Area
from custody.rules import Rule, Rulebook
from custody.world import Officer, Stay, World


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of an obligation with its moment, microseconds UTC."""

    name: str
    due_us: int
    severity: str
    is_prewarning: bool
    number_basis: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule finds wrong (or running) now for one subject.

    `since_us` None: since the fact that made it so. `is_hold`: it cannot be seen at the
    moment; what stood before stands. `stages` empty: the rule's own levels. `until_us`: it is
    over already, but lasted from `since_us` until then.
    """

    subject: str
    facts: tuple[int, ...] = ()
    stay: str | None = None
    room: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    anchor: int | None = None
    stages: tuple[Stage, ...] = ()
    group: str = ""
    params: tuple[tuple[str, str | int], ...] = ()
    is_hold: bool = False
    basis: str | None = None


class View:
    """The world with the area's configuration: what rule kinds may read."""

    def __init__(self, world: World, area: Area, rulebook: Rulebook) -> None:
        """A window on the world; holds no state of its own."""
        self.world = world
        self.area = area
        self.rulebook = rulebook

    def room_kind(self, room: str | None) -> str | None:
        """Kind of a room; None when the room is unknown."""
        known = self.area.rooms.get(room) if room is not None else None
        return known.kind if known is not None else None

    def is_node_lost(self, kind: str, owner: str) -> bool:
        """The node that carries this point is not heard: the point cannot be seen."""
        node = self.area.node_of(kind, owner)
        state = self.world.nodes.get(node) if node is not None else None
        return state is not None and state.state != "ok" and state.is_blind

    def seen_since_us(self, kind: str, owner: str) -> int:
        """Since when the node that carries this point is heard; far past when no node is named."""
        node = self.area.node_of(kind, owner)
        state = self.world.nodes.get(node) if node is not None else None
        return state.since_us if state is not None and state.state == "ok" else -(2**62)

    def presence_is_blind(self, rooms: tuple[str, ...]) -> bool:
        """A reader of one of these rooms cannot be seen."""
        return any(
            self.is_node_lost("reader", reader)
            for room in rooms
            for reader in self.area.readers_by_room.get(room, ())
        )

    def recording(self, room: str) -> str:
        """recording | stopped | unknown | none, for the recorders that cover a room."""
        states = [self.recorder_state(r) for r in self.area.recorders_of(room)]
        if not states:
            return "none"
        for state in ("recording", "unknown"):
            if state in states:
                return state
        return "stopped"

    def recorder_state(self, recorder: str) -> str:
        """recording | stopped | unknown; unknown while its node is not heard."""
        known = self.world.recorders.get(recorder)
        if known is None or self.is_node_lost("recorder_contact", recorder):
            return "unknown"
        return known.state

    def recorder_fact(self, room: str) -> tuple[int, ...]:
        """Facts that last told of the recorders of a room."""
        known = [self.world.recorders.get(r) for r in self.area.recorders_of(room)]
        return tuple(state.fact for state in known if state is not None)

    def guard_zone(self, room: str) -> tuple[str, ...]:
        """The room and the rooms from which it is guarded."""
        known = self.area.rooms.get(room)
        return (room, *known.guarded_from) if known is not None else (room,)

    def sworn_in(self, rooms: tuple[str, ...]) -> list[Officer]:
        """People's police officers whose badge is in one of the rooms."""
        return [o for o in self.world.officers_in(rooms) if o.service == "sworn"]

    def departure(self, zone: tuple[str, ...]) -> tuple[int, ...]:
        """The fact by which the last people's police officer left the zone; empty when none was there."""
        left = [
            (o.room_us, o.room_fact)
            for o in self.world.officers.values()
            if o.service == "sworn" and o.left_room in zone and o.room not in zone and o.room_us is not None
        ]
        return (max(left)[1],) if left else ()

    def held_in(self, room: str) -> list[Stay]:
        """Open stays whose person is in the room by the last reading."""
        return self.world.stays_in(room)

    def held_rooms(self, kinds: tuple[str, ...]) -> list[str]:
        """Rooms inside the area, of these kinds (any when empty), with a person in them."""
        rooms: dict[str, None] = {}
        for stay in self.world.open_stays():
            kind = self.room_kind(stay.room)
            if stay.room is not None and kind != "outside" and (not kinds or kind in kinds):
                rooms[stay.room] = None
        return list(rooms)


def applies(rule: Rule, stay: Stay) -> bool:
    """Whether a rule limited to certain measures speaks about this stay."""
    return not rule.measures or stay.measure in rule.measures
