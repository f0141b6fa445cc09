"""Writes a story of facts: each step is told with all that the rulebook puts before it.

The way table, the rules that refuse and the approvers are read from the rulebook under check, so a story
shows what the book itself allows. Pure: no clock; the story's own time starts on a day on which
the book is in force.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from custody.area import Area, Room
from custody.bookcheck.people import NOTHING, Particulars
from custody.bookcheck.store import Store
from custody.bookcheck.telling import HOUR_US, MINUTE_US, STAY, Impossible
from custody.bookcheck.way import way_between
from custody.catalogue import FACT_TYPES, OPENING, OUTLIVING, SUBJECTS
from custody.fields import BOOL, DURATION, HASH, INSTANT, INT, REFS, TEXT, Field
from custody.name import Name
from custody.reader import STAY_STEPS
from custody.rules import Rule, Rulebook
from custody.times import SECOND_US, format_instant, local_date, midnight_us

DAYS_IN: Final = 76  # a story begins so many days after its book: clear of any change of the law
BEGINS_AT: Final = 9  # o'clock
ROLES_NONE: Final[tuple[str, ...]] = ()
_PLACES: Final = (
    "waiting", "interview", "interrogation", "reception", "search", "booking", "corridor", "sobering",
    "identification", "handover", "property_store", "guard", "dossier",
)  # fmt: skip
_INTERVIEW_ROOMS: Final[Mapping[str, tuple[str, ...]]] = {
    "interrogation": ("interrogation", "interview"),
    "questioning": ("interview", "interrogation"),
}
_ON_THE_ROW: Final = frozenset({"measure.changed", "certificate.corrected"})  # they change what the row says
_STAY_FACTS: Final[Mapping[str, str]] = {
    "arrived": "person.arrived",
    "entered": "area.entered",
    "registered": "stay.registered",
    "searched": "search.signed",
    "released": "stay.released",
    "arrival_written": "certificate.written",
}


@dataclass(slots=True)
class Held:
    """One person of the story, as far as it has been told."""

    ref: str
    particulars: Particulars = NOTHING
    measure: str | None = None
    person: str | None = None
    case: str = "c-1"
    phase: str = ""
    band: str | None = None
    room: str | None = None
    is_entered: bool = False
    done: dict[str, int] = field(default_factory=dict)  # step -> its number in the story


class Script:
    """A story in the making."""

    def __init__(
        self, area: Area, book: Rulebook, start_us: int, *, opens_with: str = "person.arrived", but: str = ""
    ) -> None:
        """`opens_with`: the fact that opens a stay. `but`: the rule whose own demand is left out."""
        self.area = area
        self.book = book
        self.start_us = start_us
        self.now_us = start_us
        self.rows: list[tuple[int, dict[str, Any]]] = []
        self.held: dict[str, Held] = {}
        self._opens_with = opens_with
        self._but = but
        self._doing: list[tuple[str, str]] = []
        self._cast: dict[tuple[object, ...], str] = {}
        self._done: dict[str, dict[str, int]] = {}  # subjects that are no stay
        self._count = 0
        self.store = Store(self)

    # --- lines -----------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """The story so far, one JSON object a line, in order of time."""
        rows = sorted(self.rows, key=lambda row: row[0])
        zone = self.area.zone
        return [
            json.dumps({"at": format_instant(at_us, zone), **row}, ensure_ascii=False) for at_us, row in rows
        ]

    def wait(self, span_us: int) -> None:
        """Let time pass."""
        self.now_us += span_us

    def wait_until(self, hour: int, minute: int) -> None:
        """Let time pass until this local time of day."""
        local = datetime.fromtimestamp(self.now_us / SECOND_US, UTC).astimezone(self.area.zone)
        then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if then < local:
            then += timedelta(days=1)
        self.now_us = int(then.timestamp()) * SECOND_US

    def tell(self, fact: str, gap_us: int = MINUTE_US, **body: Any) -> None:
        """One fact, so long after the one before."""
        self.now_us += gap_us if self.rows else 0
        self.rows.append((self.now_us, {"fact": fact, **{k: v for k, v in body.items() if v is not None}}))

    def happen(self, env: str, gap_us: int = MINUTE_US, **body: str) -> None:
        """One act of the environment."""
        self.now_us += gap_us if self.rows else 0
        self.rows.append((self.now_us, {"env": env, **body}))

    def instant(self, at_us: int) -> str:
        """An instant as a scenario writes it."""
        return format_instant(at_us, self.area.zone)

    # --- the cast --------------------------------------------------------------------------

    def officer(self, roles: Iterable[str] = (), *, service: str = "sworn", sex: str = "M") -> str:
        """An officer of this kind, registered before the story begins."""
        kind = (tuple(roles), service, sex)
        known = self._cast.get(kind)
        if known is None:
            known = self._cast[kind] = f"o-{len(self._cast) + 1}"
            row = {
                "fact": "officer.registered",
                "officer": known,
                "service": service,
                "roles": list(kind[0]),
                "sex": sex,
            }
            self.rows.append((self.start_us - HOUR_US, row))
        return known

    def approver(self, roles: tuple[str, ...]) -> str:
        """An officer who may approve."""
        return self.officer(roles[:1])

    # --- places ----------------------------------------------------------------------------

    def room(self, kinds: Iterable[str] = (), fitted: str | None = None) -> Room:
        """A room of the area of one of these kinds, with this equipment."""
        wanted = tuple(kinds) or _PLACES
        for kind in wanted:
            for room in self.area.rooms.values():
                if room.kind == kind and (fitted is None or fitted in room.fitted):
                    return room
        what = " | ".join(wanted) + (f" + {fitted}" if fitted else "")
        raise Impossible("not_in_area", what, Name(f"{self.area.id} 没有", f"{self.area.id} has none"))

    def place(self, room: str, stay: str = STAY) -> None:
        """The wristband is read in this room."""
        person = self.open(stay)
        if person.band is None:
            person.band = f"b-{stay}"
            self._state("wristband.bound", stay, {"stay": stay, "band": person.band})
        before = self.area.rooms[person.room].kind if person.room is not None else None
        self.tell("tag.read", SECOND_US, tag=person.band, room=room)
        person.room = room
        kind = self.area.rooms[room].kind
        if kind != before:
            self._note(person.done, *([f"left:{before}"] if before else []), f"in:{kind}")

    def badge(self, officer: str, room: str) -> None:
        """An officer's badge is read in this room."""
        self.tell("tag.read", SECOND_US, tag=officer, room=room)

    # --- the stay --------------------------------------------------------------------------

    def open(self, stay: str = STAY) -> Held:
        """A person whose stay has begun."""
        person = self.meet(stay)
        if not person.phase:
            self._state(self._opens_with, stay, {"stay": stay})
        return person

    def meet(self, stay: str, **known: Any) -> Held:
        """A person, before anything is told of them; `known` sets what will be stated."""
        person = self.held.setdefault(stay, Held(stay))
        for key, value in known.items():
            setattr(person, key, value)
        return person

    def register(self, stay: str = STAY) -> None:
        """The row of the register, with all that is to be stated of the person."""
        if "registered" not in self.meet(stay).done:
            self.do("stay.registered", stay)

    def _row(self, person: Held) -> dict[str, Any]:
        stated = person.particulars
        return {
            "measure": person.measure or "voluntary",
            "case": person.case,
            "person": person.person,
            "sex": stated.sex,
            "minor": stated.minor,
            "flags": list(stated.flags) or None,
        }

    # --- steps -----------------------------------------------------------------------------

    def do(self, step: str, ref: str = STAY, unit: str = "stay", **fields: Any) -> None:
        """Tell a step of a unit, and before it what the book puts first. Raises Impossible."""
        base = step.partition("@")[0]
        name, _, value = base.partition(":")
        if name in ("in", "left", "measure") or base in STAY_STEPS:
            if unit != "stay":
                raise self._never(step, unit)
            self._do_of_stay(name, value, ref, fields)
            return
        is_store = name == "item.stored" and unit in ("cabinet", "room")
        if unit not in SUBJECTS.get(name, ()) and not is_store:
            raise self._never(step, unit)
        if self.store.knows(name):
            self.store.do(name, value, ref, unit, fields)
            return
        if FACT_TYPES[name].origin == "server":
            raise self._never(step, unit)
        self._do_fact(name, value, ref, unit, fields)

    def _never(self, step: str, unit: str) -> Impossible:
        return Impossible(
            "never_stated", step, Name(f"没有这样关于 {unit} 的事实", f"no fact states it of a {unit}")
        )

    def _do_of_stay(self, name: str, value: str, stay: str, fields: Mapping[str, Any]) -> None:
        person = self.meet(stay)
        if name == "in":
            self.place(self.room([value]).id, stay)
        elif name == "left":
            self.place(self.room([value]).id, stay)
            self.place(self.room([kind for kind in _PLACES if kind != value]).id, stay)
        elif name != "measure":
            self.do(_STAY_FACTS[name], stay, **fields)
        elif "registered" not in person.done:
            person.measure = value
            self.do("stay.registered", stay, **fields)
        else:
            self.do("measure.changed", stay, measure=value, **fields)
            person.measure = value

    def _do_fact(self, name: str, value: str, ref: str, unit: str, fields: Mapping[str, Any]) -> None:
        doing = (ref, name)
        if doing in self._doing:
            again = " → ".join([*(n for _, n in self._doing), name])
            raise Impossible(
                "refused", name, Name(f"步骤互为前提：{again}", f"each needs the other first: {again}")
            )
        self._doing.append(doing)
        try:
            stay = ref if unit == "stay" else None
            body = self._body(name, value, ref, unit, fields)
            if stay is not None:
                self._lead_to(name, value, stay, body)
            self._state(name, stay, body, value, f"{unit}:{ref}")
        finally:
            self._doing.pop()

    def _lead_to(self, name: str, value: str, stay: str, body: Mapping[str, Any]) -> None:
        """All that comes before: an open stay, the needs and phases of the way, what rules demand."""
        if name in OPENING:
            return
        person = self.open(stay)
        if name in _ON_THE_ROW:
            self.register(stay)
        step = self.book.steps.get(name)
        if step is not None:
            room = self.area.rooms.get(str(body.get("room")))
            if room is None or room.kind not in step.except_rooms:
                for need in step.needs:
                    if need not in person.done:
                        self.do(need, stay)
            is_after = person.phase == "ended" and name in OUTLIVING
            if (person.phase or "arrived") not in step.phases and not is_after:
                self._go(step.phases, name, stay)
        elif person.phase == "ended" and name not in OUTLIVING:
            raise Impossible("refused", name, Name("离区后不能再填", "not after the stay has ended"))
        for rule in self.book.rules:
            if rule.key != self._but and _demands(rule, name, value):
                self._meet_demand(rule, stay)

    def _meet_demand(self, rule: Rule, stay: str) -> None:
        done = self.meet(stay).done
        since = max((done.get(step, -1) for step in rule.params.get("since", ())), default=-1)
        if not any(done.get(step, -2) > since for step in rule.params["step"]):
            self.do(rule.params["step"][0], stay)

    def _go(self, phases: tuple[str, ...], name: str, stay: str) -> None:
        """Steps that lead to one of these phases."""
        person = self.meet(stay)
        path = way_between(self.book, person.phase or "arrived", phases, is_entered=person.is_entered)
        if path is None:
            found = person.phase or "arrived"
            zh = f"只能在 {' | '.join(phases) or '—'} 阶段填，{found} 之后到不了"
            en = f"only in phase {' | '.join(phases) or 'none'}, which does not follow {found}"
            raise Impossible("refused", name, Name(zh, en))
        for fact in path:
            self.do(fact, stay)

    def attempt(self, step: str, ref: str = STAY, unit: str = "stay") -> None:
        """Tell the step as it is, with nothing put before it: replay shows who refuses it."""
        base = step.partition("@")[0]
        name, _, value = base.partition(":")
        name = _STAY_FACTS.get(name, "stay.registered" if name == "measure" else name)
        if name in FACT_TYPES:
            self.tell(name, **self._body(name, value, ref, unit, {}))

    # --- bodies ----------------------------------------------------------------------------

    def _body(self, name: str, value: str, ref: str, unit: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        item = FACT_TYPES[name]
        body: dict[str, Any] = {}
        if unit in item.fields:
            body[unit] = ref
        if name == "stay.registered":
            body |= self._row(self.meet(ref))
        if value and item.step_field:
            body[item.step_field] = value
        if name == "extension.approved":
            body |= self._approval(value, ref, unit)
        for key, spec in item.fields.items():
            if key in fields:
                body[key] = fields[key]
            elif spec.required and key not in body:
                body[key] = self._value(name, key, spec, value, ref)
        return {key.removesuffix("_us") if FACT_TYPES[name].fields[key].kind == INSTANT else key: v
                for key, v in body.items() if v is not None}  # fmt: skip

    def _value(self, name: str, key: str, spec: Field, value: str, ref: str) -> Any:
        if key in ("officer", "handler", "keeper"):
            return self.officer(sex="F" if key == "keeper" else "M")
        if key == "approver":
            approval = self.book.approvals.get(name)
            return self.approver(approval.approvers if approval is not None else ROLES_NONE)
        if key == "room":
            person = self.held.get(ref)
            kinds = _INTERVIEW_ROOMS.get(value, ())
            return person.room if person is not None and person.room else self.room(kinds).id
        if spec.choices:
            return [next(iter(spec.choices))] if spec.kind == REFS else next(iter(spec.choices))
        if spec.kind == REFS:
            return [self.officer(), self.officer(sex="F")]
        if spec.kind == INSTANT:
            is_ahead = key in ("return_by_at_us", "until_at_us")
            return self.instant(self.now_us + (24 * HOUR_US if is_ahead else 0))
        if spec.kind == INT:
            return spec.span[0] if spec.span is not None else 1
        plain = {BOOL: True, TEXT: "story", DURATION: "24h", HASH: "0" * 64}
        return plain.get(spec.kind, f"{key[0]}-1")

    def _approval(self, rule_id: str, ref: str, unit: str) -> dict[str, Any]:
        """The first longer limit of a clock of this id."""
        for rule in self.book.clock_rules(rule_id):
            tier = next((tier for tier in rule.tiers if tier.approvers), None)
            if tier is not None and rule.unit == unit:
                person = self.meet(ref)
                if unit == "stay" and "registered" not in person.done:
                    person.measure = person.measure or next(iter(rule.measures), None)
                    self.register(ref)
                return {
                    "limit": tier.limit.text,
                    "approver": self.approver(tier.approvers),
                    "ground": next(iter(tier.grounds), None),
                }
        raise Impossible(
            "never_stated", f"extension.approved:{rule_id}", Name("没有可延长的时限", "no clock to extend")
        )

    # --- what is told ----------------------------------------------------------------------

    def _state(
        self, name: str, stay: str | None, body: Mapping[str, Any], value: str = "", subject: str = ""
    ) -> None:
        self.tell(name, **body)
        names = [name, *([f"{name}:{value}"] if value and body.get("value") is not False else [])]
        if stay is None:
            self._note(self._done.setdefault(subject, {}), *names)
            return
        person = self.meet(stay)
        names += [f"person.flagged:{flag}" for flag in body.get("flags") or ()]
        names += [step for step, fact in _STAY_FACTS.items() if fact == name]
        if name == "stay.registered":
            names.append(f"measure:{body['measure']}")
        self._note(person.done, *names)
        self._move_on(name, person)

    def _note(self, done: dict[str, int], *names: str) -> None:
        self._count += 1
        done.update(dict.fromkeys(names, self._count))

    def _move_on(self, name: str, person: Held) -> None:
        step = self.book.steps.get(name)
        if name in ("area.entered", "wristband.bound") and not person.is_entered:
            person.is_entered, person.phase = True, "inside"
        elif step is not None and step.to:
            person.phase = step.to
        elif name == "stay.released":
            person.phase = "ended"
        elif not person.phase:
            person.phase = "arrived"
        if name == "exit.departed":
            person.room = None


def _demands(rule: Rule, name: str, value: str) -> bool:
    """The rule refuses this step unless another was done before."""
    acts = rule.params.get("act", ()) if rule.refuses and rule.kind == "required_before" else ()
    return any(act in (name, f"{name}:{value}") for act in acts)


def starts_us(area: Area, book: Rulebook, rule: Rule | None = None) -> int:
    """A morning on which the book (and the rule) is in force."""
    day = book.in_force_from or date(2026, 1, 1)
    if rule is not None and rule.from_us is not None:
        day = local_date(rule.from_us, area.zone)
    return midnight_us(day + timedelta(days=DAYS_IN), area.zone) + BEGINS_AT * HOUR_US
