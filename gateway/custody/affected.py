"""What a fact changed, unit by unit, and the rules that read it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from custody.area import Area
from custody.cabinets import COMPARTMENT_POINTS
from custody.facts import Fact
from custody.items import Item
from custody.kinds import KINDS
from custody.rules import Between, Rulebook
from custody.tables import Change
from custody.world import NodeState, Officer, Stay, Steps, World

# Which fields of a stay tell of which aspect.
_STAY_ASPECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "arrived": ("opened_us", "arrived_us", "entered_us", "certificate_us", "registered_us"),
    "entered": ("entered_us",),
    "registered": ("registered_us",),
    "searched": ("searched_us",),
    "released": ("released_us",),
    "arrival_written": ("written_us",),
    "measure": ("measure", "measure_us", "measured_us"),
    "particulars": ("sex", "minor", "flags", "person"),
    "case": ("case",),
    "place": ("room", "room_us"),
    "band": (
        "band", "silent_us", "seen_by", "leap", "band_cut_fact", "band_battery_pct", "band_weak_fact", "band_pressed_fact",
    ),
}  # fmt: skip
KNOWN_MAX: Final = (
    4_096  # sets of aspects whose rules are kept at hand; a year of a busy area has some hundreds
)
# What others in the room have to know of somebody.
_FELT_BY_NEIGHBOURS: Final = frozenset({"place", "particulars", "case", "released"})


class RuleIndex:
    """The rules by the kind of unit and the aspects they read."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Read once from the rulebook; holds no state."""
        self._order = {key: number for number, key in enumerate(rulebook.versions)}
        # Keys of rules, in the order of the rulebook: dicts without values, so that each stands once.
        self._by: dict[tuple[str, str], dict[str, None]] = {}
        self._dated: dict[str, dict[str, None]] = {}
        self.refusing: dict[str, dict[str, None]] = {}  # fact type -> rules that may refuse it
        self._found = lru_cache(KNOWN_MAX)(self._find)
        self.on_refusal: list[str] = []
        self.lengthening: set[str] = set()  # forms that give a clock its next limit
        # stretches of a stay that rules still ask for when the person has left
        self.lasting: list[Between] = []
        for key, versions in rulebook.versions.items():
            for rule in versions:
                for aspect in KINDS[rule.kind].reads(rule):
                    self._by.setdefault((rule.unit, aspect), {})[key] = None
                if rule.from_us is not None or rule.until_us is not None:
                    self._dated.setdefault(rule.unit, {})[key] = None
                if rule.refuses:
                    for fact_type in _refused_types(rule.params.get("act"), rule.params.get("form")):
                        self.refusing.setdefault(fact_type, {})[key] = None
                self.lengthening |= set(rule.params.get("longer_by", ()))
                if rule.params.get("act") == "refused":
                    self.on_refusal.append(key)
                if rule.outlives and rule.during is not None:
                    self.lasting.append(rule.during)

    def __deepcopy__(self, memo: object) -> "RuleIndex":
        """Nothing in it depends on an engine: a copy of one shares it."""
        return self

    def keys(self, kind: str, aspects: Iterable[str]) -> list[str]:
        """Rules of a kind of unit that read any of the aspects, in the order of the rulebook."""
        return self._found(kind, frozenset(aspects))

    def _find(self, kind: str, aspects: frozenset[str]) -> list[str]:
        return self.in_order({key for aspect in aspects for key in self._by.get((kind, aspect), ())})

    def in_order(self, keys: Iterable[str]) -> list[str]:
        """Keys in the order of the rulebook."""
        return sorted(keys, key=self._order.__getitem__)

    def dated(self, kind: str) -> list[str]:
        """Rules of a kind of unit that do not hold throughout."""
        return list(self._dated.get(kind, ()))


def _refused_types(act: object, form: object) -> list[str]:
    """The fact types at which a refusing rule is asked: its acts, or the two that name a room to come."""
    steps = form if act is None else act
    if isinstance(steps, tuple):
        return [step.partition(":")[0] for step in steps]
    return ["room.assigned", "entry.requested"]


class Affected:
    """Turns the changes of the world since the last fact into units with the aspects that changed."""

    def __init__(self, world: World, area: Area) -> None:
        """Looks at `world.changes`: of places that the area has, since a fact of another is refused."""
        self._world = world
        self._area = area
        self._guarded_from: dict[str, list[str]] = {}  # room -> rooms guarded from it, itself too
        for room in area.rooms.values():
            for seen_from in (room.id, *room.guarded_from):
                self._guarded_from.setdefault(seen_from, []).append(room.id)
        self._found: dict[str, set[str]] = {}

    def by(self, fact: Fact) -> dict[str, set[str]]:
        """Subjects with the aspects that changed for them, in a fixed order."""
        self._found.clear()
        for change in self._world.changes:
            _HANDLERS[change.table](self, change)
        return dict(sorted(self._found.items()))

    # --- tables ----------------------------------------------------------------------------

    def _note(self, subject: str, *aspects: str) -> None:
        self._found.setdefault(subject, set()).update(aspects)

    def _stay(self, change: Change) -> None:
        old, new = change.old, change.new
        assert old is None or isinstance(old, Stay)
        assert new is None or isinstance(new, Stay)
        aspects = {
            aspect
            for aspect, names in _STAY_ASPECTS.items()
            if any(getattr(old, name, None) != getattr(new, name, None) for name in names)
        }
        self._note(f"stay:{change.key}", *aspects)
        if aspects & _FELT_BY_NEIGHBOURS:
            rooms = {stay.room for stay in (old, new) if stay is not None and stay.room is not None}
            for room in sorted(rooms):
                self._occupants(room)

    def _occupants(self, room: str) -> None:
        self._note(f"room:{room}", "occupants")
        for other in self._world.stays_in(room):
            self._note(f"stay:{other.ref}", "neighbours")
        for node in self._world.nodes.values():
            if node.state != "ok":
                self._note(f"node:{node.id}", "occupants")

    def _in_rooms(self, rooms: Iterable[str], aspect: str) -> None:
        for room in sorted(set(rooms)):
            self._note(f"room:{room}", aspect)
            for stay in self._world.stays_in(room):
                self._note(f"stay:{stay.ref}", aspect)

    def _officer(self, change: Change) -> None:
        rooms: set[str] = set()
        for officer in (change.old, change.new):
            if isinstance(officer, Officer) and officer.room is not None:
                rooms.update(self._guarded_from[officer.room])
        self._in_rooms(rooms, "badges")
        self._note(f"officer:{change.key}", "officer")

    def _door(self, change: Change) -> None:
        self._note(f"door:{change.key}", "door")

    def _recorder(self, change: Change) -> None:
        self._in_rooms(self._area.recorders[change.key].rooms, "recorders")
        self._note(f"recorder:{change.key}", "recorder")

    def _reader(self, change: Change) -> None:
        """Who is in its room, and in the rooms guarded from there, is seen again or no longer."""
        self._in_rooms(self._guarded_from[self._area.readers[change.key].room], "nodes")
        self._seen_by({change.key})
        self._note(f"reader:{change.key}", "reader")

    def _seen_by(self, readers: set[str]) -> None:
        """Stays whose band one of the readers sees beside another reader."""
        for stay in self._world.stays.open.values():
            if len(stay.seen_by) > 1 and any(seen.reader in readers for seen in stay.seen_by):
                self._note(f"stay:{stay.ref}", "nodes")

    def _input(self, change: Change) -> None:
        self._note(f"input:{change.key}", "input")

    def _trouble(self, change: Change) -> None:
        self._note(f"point:{change.key.partition(':')[0]}", "point")

    def _stray(self, change: Change) -> None:
        self._note(f"tag:{change.key}", "stray")

    def _band(self, change: Change) -> None:
        self._note(f"band:{change.key}", "band_life")

    def _compartment(self, change: Change) -> None:
        self._note(f"compartment:{change.key}", "compartment")

    def _item(self, change: Change) -> None:
        """The thing itself, the stay whose things they are, and their case."""
        self._note(f"item:{change.key}", "item")
        for record in (change.old, change.new):
            if isinstance(record, Item) and record.stay is not None:
                self._note(f"stay:{record.stay}", "effects")
            if isinstance(record, Item) and record.case is not None:
                self._note(f"case:{record.case}", "exhibits")

    def _count(self, change: Change) -> None:
        self._note(f"stocktaking:{change.key}", "count")

    def _node(self, change: Change) -> None:
        assert isinstance(change.new, NodeState) or isinstance(change.old, NodeState)
        self._note(f"node:{change.key}", "node")
        rooms: set[str] = set()
        for room in self._area.rooms_of_node(change.key):
            rooms.update(self._guarded_from[room])
        self._in_rooms(rooms, "nodes")
        points = self._area.points_by_node.get(change.key, ())
        self._seen_by({point.of for point in points if point.kind == "reader"})
        for point in points:
            if point.kind == "door_contact":
                self._note(f"door:{point.of}", "nodes")
            elif point.kind == "recorder_contact":
                self._note(f"recorder:{point.of}", "nodes")
            elif point.kind in COMPARTMENT_POINTS:
                self._note(f"compartment:{point.of}", "nodes")
            elif point.kind in ("reader", "input"):
                self._note(f"{point.kind}:{point.of}", "nodes")

    def _source(self, change: Change) -> None:
        subject = change.key if ":" in change.key else f"{change.key}:{self._area.gateway}"
        self._note(subject, "source")

    def _steps(self, change: Change) -> None:
        assert isinstance(change.new, Steps), "what was done is not undone by a fact"
        new = change.new.new
        self._note(change.key, *new)
        kind, _, ref = change.key.partition(":")
        if kind == "room":
            for stay in self._world.stays_in(ref):
                self._note(f"stay:{stay.ref}", *new)

    def _approvals(self, change: Change) -> None:
        self._note(change.key, "approvals")

    def _people(self, change: Change) -> None:
        """Ended measures of a person concern stays that begin later."""


_HANDLERS: Final = {
    "approvals": Affected._approvals,
    "bands": Affected._band,
    "compartments": Affected._compartment,
    "counts": Affected._count,
    "doors": Affected._door,
    "inputs": Affected._input,
    "items": Affected._item,
    "nodes": Affected._node,
    "officers": Affected._officer,
    "people": Affected._people,
    "readers": Affected._reader,
    "recorders": Affected._recorder,
    "sources": Affected._source,
    "stays": Affected._stay,
    "steps": Affected._steps,
    "strays": Affected._stray,
    "troubles": Affected._trouble,
}


def subjects_known(world: World, area: Area) -> list[str]:
    """Everything a rule may be judged for now."""
    known = dict.fromkeys(f"stay:{stay.ref}" for stay in world.open_stays())
    known |= dict.fromkeys(world.steps)
    tables: Mapping[str, Iterable[str]] = {
        "room": area.rooms, "door": world.doors, "node": world.nodes, "recorder": world.recorders,
        "reader": world.readers, "input": world.inputs, "tag": world.strays, "band": world.bands,
        "compartment": world.compartments,
        "item": world.items, "stocktaking": world.counts,
    }  # fmt: skip
    for kind, refs in tables.items():
        known |= dict.fromkeys(f"{kind}:{ref}" for ref in refs)
    known |= dict.fromkeys(f"point:{state.point}" for state in world.troubles.values())
    known |= dict.fromkeys(
        source if ":" in source else f"{source}:{area.gateway}" for source in world.sources
    )
    return list(known)
