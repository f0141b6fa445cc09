"""Questions that rule kinds ask of the world: what is known, what is blind, what was done when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from custody.area import Area
from custody.facts import Fact
from custody.items import Item
from custody.rules import Between, Rule, Rulebook
from custody.times import FAR_PAST_US
from custody.world import Approval, Mark, NodeState, Officer, Stay, World

T = TypeVar("T")

At = tuple[int, int]  # a moment, microseconds UTC, and the fact that says so


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
    """What a rule finds wrong (or running) now for its unit.

    `since_us` None: since the fact that made it so. `is_hold`: it cannot be seen at the
    moment; what stood before stands. `stages` None: the rule's own levels. `until_us`: it is
    over already, but lasted from `since_us` until then. `is_instant`: an act, over as it is told.
    """

    facts: tuple[int, ...]
    room: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    anchor: int | None = None
    stages: tuple[Stage, ...] | None = None
    group: str = ""
    params: tuple[tuple[str, str | int], ...] = ()
    is_hold: bool = False
    is_instant: bool = False
    basis: str | None = None

    def since(self, otherwise_us: int) -> int:
        """Since when; `otherwise_us` where it does not say."""
        return self.since_us if self.since_us is not None else otherwise_us


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a rule has nothing to say of its unit: the condition that failed, expected and found."""

    code: str
    expected: str = ""
    found: str = ""


Judgement = Condition | Silence


@dataclass(frozen=True, slots=True)
class Unit:
    """What a rule is judged for: a stay, a case, a room …, with the steps done for it."""

    kind: str
    ref: str
    subject: str
    stay: Stay | None
    marks: Mapping[str, Mark]

    @property
    def room(self) -> str | None:
        """Where the person of a stay was last read."""
        return self.stay.room if self.stay is not None else None


def the_only(items: list[T]) -> T | None:
    """The one there is; None when there is none, or more than one."""
    return next(iter(items)) if len(items) == 1 else None


def _at(at_us: int | None, fact: int) -> At | None:
    return None if at_us is None else (at_us, fact)


def _arrival(stay: Stay) -> At | None:
    """The earliest word of the arrival: reported, on the certificate, or the register row itself."""
    known = (_at(stay.arrived_us, stay.arrived_fact), _at(stay.certificate_us, stay.certificate_fact))
    told = [at for at in known if at is not None]
    if told:
        return min(told)
    return (stay.arrival_us, stay.opened_fact) if stay.registered_us is not None else None


_STAY_STEPS: Final[Mapping[str, Callable[[Stay], At | None]]] = {
    "arrived": _arrival,
    "entered": lambda s: _at(s.entered_us, s.entered_fact),
    "registered": lambda s: _at(s.registered_us, s.registered_fact),
    "searched": lambda s: _at(s.searched_us, s.search_fact),
    "released": lambda s: _at(s.released_us, s.released_fact),
    "arrival_written": lambda s: _at(s.written_us, s.written_fact),
}
"""Steps that the stay itself knows; the others are forms."""


class View:
    """The world with the area's configuration: what rule kinds may read."""

    def __init__(self, world: World, area: Area, rulebook: Rulebook) -> None:
        """A window on the world; `fact` is the one just applied, `now_us` its place in time."""
        self.world = world
        self.area = area
        self.rulebook = rulebook
        self.fact: Fact | None = None
        self.now_us = 0

    # --- steps -----------------------------------------------------------------------------

    def unit(self, subject: str) -> Unit:
        """The unit with this subject, as far as anything is known of it."""
        kind, _, ref = subject.partition(":")
        stay = self.world.stays.get(ref) if kind == "stay" else None
        return Unit(kind, ref, subject, stay, self.world.steps_of(subject))

    def step(self, unit: Unit, name: str, *, is_first: bool = False) -> At | None:
        """When a step was done last (or first) and the fact that says so; None: not done."""
        base, _, field = name.partition("@")
        if unit.stay is not None:
            if base in _STAY_STEPS:
                return _STAY_STEPS[base](unit.stay)
            kind, _, measure = base.partition(":")
            if kind == "measure":
                return _measure_start(unit.stay, measure)
        mark = unit.marks.get(base)
        if mark is None:
            return None
        if field:
            value = mark.body.get(f"{field}_at_us")
            return (value, mark.last_fact) if isinstance(value, int) else None
        return (mark.first_us, mark.first_fact) if is_first else (mark.last_us, mark.last_fact)

    def latest(self, unit: Unit, names: tuple[str, ...], *, is_first: bool = False) -> At | None:
        """The last of several steps (or the first time any was done); None: none was done."""
        found = [at for name in names if (at := self.step(unit, name, is_first=is_first)) is not None]
        if not found:
            return None
        return min(found) if is_first else max(found)

    def act_in_hand(self, unit: Unit, names: tuple[str, ...]) -> At | None:
        """The last of these steps when it is what the fact in hand did; None: it is another matter now."""
        act = self.latest(unit, names)
        return act if act is not None and self.fact is not None and act[1] == self.fact.index else None

    def times(self, unit: Unit, names: tuple[str, ...]) -> list[At]:
        """Each time one of the steps was done, in order."""
        found = {at for name in names if (mark := unit.marks.get(name)) is not None for at in mark.times}
        return sorted(found)

    def open_between(self, unit: Unit, between: Between) -> At | None:
        """The start of the stretch that is open now; None: none is."""
        end = self.latest(unit, between.end)
        starts = self.times(unit, between.start)
        return next((start for start in starts if end is None or start > end), None)

    # --- the law in force ------------------------------------------------------------------

    def in_force(self, key: str, unit: Unit) -> Rule | None:
        """The version of a rule that holds for a unit; None when none does."""
        versions = self.rulebook.versions[key]
        if versions[0].from_us is None and versions[0].until_us is None:
            return versions[0]
        at_us = self.law_us(unit)
        return next((rule for rule in versions if rule.is_in_force(at_us)), None)

    def law_us(self, unit: Unit) -> int:
        """The instant whose law a unit is under: its beginning, or now, as the area is set."""
        if self.rulebook.straddle == "at_start":
            if unit.stay is not None:
                return unit.stay.arrival_us
            begun = [mark.first_us for mark in unit.marks.values()]
            if begun and unit.kind != "room":
                return min(begun)
        return self.now_us

    # --- what a rule speaks about ------------------------------------------------------------

    def silence(self, rule: Rule, unit: Unit) -> Silence | None:
        """Why the rule does not speak about this unit at all; None when it does."""
        stay = unit.stay
        is_over = unit.kind == "stay" and (stay is None or not stay.is_open) and not rule.outlives
        if is_over and (stay is None or self.fact is None or not _is_of_release(rule)):
            return Silence("stay_over", "a stay that has not ended", "ended" if stay else "not opened")
        if rule.measures:
            assert stay is not None, "measures are of a stay that is open"
            if stay.measure not in rule.measures:
                return Silence("measure", " ".join(rule.measures), stay.measure or "no measure")
        if not rule.when.is_empty:
            is_of_item = rule.when.is_of_item
            unmet = _unlike(rule, self.world.items.get(unit.ref)) if is_of_item else _unmet(rule, stay)
            if unmet is not None:
                return unmet
        for name in rule.after:
            if self.step(unit, name) is None:
                return Silence("not_after", name, "not done")
        for name in rule.unless:
            if self.step(unit, name) is not None:
                return Silence("unless", f"without {name}", "done")
        if rule.during is not None and self.open_between(unit, rule.during) is None:
            return Silence("not_during", " ".join(rule.during.start), "not now")
        if rule.not_during is not None and self.open_between(unit, rule.not_during) is not None:
            return Silence("excepted", f"not during {' '.join(rule.not_during.start)}", "now")
        return None

    # --- places and sources ----------------------------------------------------------------

    def room_kind(self, room: str | None) -> str | None:
        """Kind of a room; None when the room is unknown."""
        known = self.area.rooms.get(room) if room is not None else None
        return known.kind if known is not None else None

    def is_of(self, rule: Rule, room: str) -> bool:
        """The room is inside the area, and of the rule's kinds."""
        kind = self.room_kind(room)
        return kind != "outside" and (not rule.rooms or kind in rule.rooms)

    def held_place(self, rule: Rule, unit: Unit) -> str | Silence:
        """The room of the rule's kinds, inside the area, that the person is held in."""
        stay = unit.stay
        room = stay.room if stay is not None and stay.is_open else None
        if room is None:
            return Silence("no_room", "in a room", "no reading")
        if not self.is_of(rule, room):
            expected = " ".join(rule.rooms) or "inside the area"
            return Silence("room", expected, f"{room} ({self.room_kind(room)})")
        return room

    def is_unseen(self, room: str | None) -> bool:
        """Who is in the room cannot be seen now: neither begins nor ends by being there."""
        return room is not None and self.presence_is_blind((room,))

    def _node_of(self, kind: str, owner: str) -> NodeState | None:
        node = self.area.node_of(kind, owner)
        return self.world.nodes.get(node) if node is not None else None

    def is_unheard(self, node: str) -> bool:
        """What the node's points see is not known."""
        return _is_blind(self.world.nodes.get(node))

    def is_node_lost(self, kind: str, owner: str) -> bool:
        """The node that carries this point is not heard: the point cannot be seen."""
        return _is_blind(self._node_of(kind, owner))

    def is_reader_lost(self, reader: str) -> bool:
        """Nothing is heard of a reader: of itself, or of its node."""
        state = self.world.readers.get(reader)
        return self.is_node_lost("reader", reader) or (state is not None and state.state != "ok")

    def seen_since_us(self, kind: str, owner: str) -> int:
        """Since when the node that carries this point is heard; far past when no node is named."""
        state = self._node_of(kind, owner)
        return state.since_us if state is not None and state.state == "ok" else FAR_PAST_US

    def presence_is_blind(self, rooms: tuple[str, ...]) -> bool:
        """A reader of one of these rooms cannot be seen."""
        return any(
            self.is_reader_lost(reader) for room in rooms for reader in self.area.readers_by_room[room]
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
        return (room, *self.area.rooms[room].guarded_from)

    def sworn_in(self, rooms: tuple[str, ...]) -> list[Officer]:
        """People's police officers whose badge is in one of the rooms."""
        return [o for o in self.world.officers_in(rooms) if o.service == "sworn"]

    def departure(self, zone: tuple[str, ...]) -> tuple[int, ...]:
        """The fact by which the last people's police officer left a zone where none is now; empty when none was there."""
        left = [
            (o.room_us, o.room_fact)
            for o in self.world.officers.values()
            if o.service == "sworn" and o.left_room in zone
        ]
        return (max(left)[1],) if left else ()

    def held_in(self, room: str) -> list[Stay]:
        """Open stays whose person is in the room by the last reading."""
        return self.world.stays_in(room)

    def approvals(self, unit: Unit, rule_id: str) -> list[Approval]:
        """Longer limits of a clock that were given to this unit."""
        return [a for a in self.world.approvals.get(unit.subject) or () if a.rule == rule_id]


def _is_blind(node: NodeState | None) -> bool:
    """The node is known and not heard, and what it saw meanwhile is not known."""
    return node is not None and node.state != "ok" and node.is_blind


def _measure_start(stay: Stay, measure: str) -> At | None:
    """Since when the stay is, or was last, under a measure."""
    if stay.measure == measure:
        return _at(stay.measure_us, stay.measure_fact)
    return dict(stay.past_measures).get(measure)


def _is_of_release(rule: Rule) -> bool:
    """The rule is about the act of release: its kind asks whether the fact in hand is that act."""
    acts = rule.params.get("act")
    return isinstance(acts, tuple) and any(act.partition(":")[0] == "stay.released" for act in acts)


def _unmet(rule: Rule, stay: Stay | None) -> Silence | None:
    """The first particular that the rule asks for and that is not stated."""
    when = rule.when
    if stay is None:
        return Silence("particulars", "a stay that is known", "none")
    if when.sex is not None and stay.sex != when.sex:
        return Silence("sex", when.sex, stay.sex or "not stated")
    if when.minor is not None and stay.minor != when.minor:
        found = "not stated" if stay.minor is None else str(stay.minor).lower()
        return Silence("minor", str(when.minor).lower(), found)
    if when.flags_any and not stay.flags.intersection(when.flags_any):
        return Silence("flags", " | ".join(when.flags_any), " ".join(sorted(stay.flags)) or "none stated")
    if not stay.flags.issuperset(when.flags_all):
        return Silence("flags", " ".join(when.flags_all), " ".join(sorted(stay.flags)) or "none stated")
    if stay.flags.intersection(when.flags_none):
        return Silence("flags", f"none of {' '.join(when.flags_none)}", " ".join(sorted(stay.flags)))
    return None


def _unlike(rule: Rule, item: Item | None) -> Silence | None:
    """What the rule asks for of a thing and that is not stated of it."""
    when = rule.when
    if item is None:
        return Silence("no_item", "a thing that is known", "none")
    if when.kinds and item.kind not in when.kinds:
        return Silence("item_kind", " ".join(when.kinds), item.kind)
    stated = item.traits
    if not stated.issuperset(when.traits):
        return Silence("traits", " ".join(when.traits), " ".join(sorted(stated)) or "none stated")
    barred = stated.intersection(when.traits_none)
    return Silence("trait", f"not {' '.join(sorted(barred))}", " ".join(sorted(barred))) if barred else None
