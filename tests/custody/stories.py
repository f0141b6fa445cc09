"""For every rule of a rulebook, a short history that breaks it, made from the rule's own table.

The law's numbers are not here: a story reads them from the rule and says when the alarm has to come. Days
are counted on a calendar of its own (`due_us`). Everything else in a story is lawful where it can be.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from custody.area import Area, load_area
from custody.bookcheck.store import Store
from custody.bundled import area_text, rulebook_text
from custody.catalogue import FACT_TYPES
from custody.fields import BOOL, DURATION, HASH, INSTANT, INT, REFS, TEXT
from custody.reader import load_rulebook
from custody.rules import Rule, Rulebook
from custody.times import Limit, parse_instant_us
from custody.vocabulary import ROLES
from tests.custody.against_oracle import CABINETS, INPUTS

ZONE = ZoneInfo("Asia/Shanghai")
START_US = parse_instant_us("2026-03-18T09:00:00+08:00")  # a Wednesday
MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
# When the prologue does what a rule puts first (`after`), and begins the stretch it speaks of (`during`).
AFTER_US, DURING_US = START_US + 40 * MINUTE_US, START_US + 50 * MINUTE_US
BREAK_US = START_US + HOUR_US  # where a story is free to choose, it breaks the rule then
STAY, BAND, ROOMS = (
    "s-1",
    "B1",
    {"waiting": "waiting-1", "interview": "interview-1", "interrogation": "interrogation-1"},
)
MEASURE = "public_order_questioning"  # where the rule does not say which


@cache
def area() -> Area:
    """The example area with everything fitted that a rule may rest on."""
    text = area_text("standard").replace(
        'kind = "waiting"', 'kind = "waiting"\nfitted = ["patrol_point", "guard_motion"]'
    )
    return load_area(text + INPUTS + CABINETS, "area.toml")


@dataclass(frozen=True)
class Said:
    """One fact of a story: when it occurred, its type, its body."""

    at_us: int
    type: str
    body: dict[str, object]


Ending = Callable[[int], list[Said]]


@dataclass
class Story:
    """How a rule is broken: the facts, when it begins, what has to be told, and what ends it."""

    rule: Rule
    subject: str
    facts: list[Said]
    begin_us: int
    expected: list[tuple[int, str]]
    is_instant: bool = False
    is_placed: bool = False  # rests on readers or recorders
    endings: dict[str, Ending] = field(default_factory=dict)
    innocent: list[Said] | None = None  # the same history, just on the right side
    lawful_before: list[Said] | None = None  # the same history with the step done before the act
    refused: list[Said] | None = None  # the same history up to a form that has to be refused

    def __post_init__(self) -> None:
        """In order of time, and as they were said where the time is the same."""
        self.facts = sorted(self.facts, key=lambda said: said.at_us)


# --- the calendar, counted apart -----------------------------------------------------------------


def day_of(at_us: int) -> date:
    return datetime.fromtimestamp(at_us // 1_000_000, ZONE).date()


def midnight_us(day: date) -> int:
    return int(datetime.combine(day, time(), ZONE).timestamp()) * 1_000_000


def due_day(start_us: int, limit: Limit) -> date:
    """The last day by the calendar: the day of the start is not counted."""
    day = day_of(start_us)
    for _ in range(limit.months):  # the day of the same number, else the month's last day
        first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        last = ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
        day = first.replace(day=min(day_of(start_us).day, last))
    for _ in range(limit.working_days):
        day += timedelta(days=1)
        while day.isoweekday() > 5:
            day += timedelta(days=1)
    return day + timedelta(days=limit.days)


def moments(rule: Rule, begin_us: int, tier: int = 0) -> list[tuple[int, str]]:
    """The alarms that have to come after a beginning, by the rule's table."""
    if not rule.tiers:
        return [
            (begin_us + level.after_us, level.severity) for level in rule.levels if not level.is_prewarning
        ]
    chosen = rule.tiers[tier]
    if not rule.params.get("calendar"):
        return [(begin_us + chosen.limit.us, chosen.severity)]
    last = due_day(begin_us, chosen.limit)
    due = [(midnight_us(last), chosen.due)] if chosen.due is not None else []
    return [*due, (midnight_us(last + timedelta(days=1)), chosen.severity)]


# --- things that are kept ------------------------------------------------------------------------

LED_US = START_US + 20 * MINUTE_US  # when a thing is led to where a story begins
_CAST = {
    "": {"M": "0312", "F": "0415"},
    "keeper": {"M": "0718", "F": "0719"},
    "guard": {"M": "0601", "F": "0415"},
}


class Ledger:
    """Leads the thing of a story through the ledger, as the check of rulebooks does it, and says so by its teller."""

    def __init__(self, teller: "Teller") -> None:
        self.teller = teller
        self.store = Store(self)  # type: ignore[arg-type]
        rule = teller.rule
        self.store.kinds = rule.when.kinds or rule.params.get("kinds", ())
        self.store.traits = rule.when.traits
        self.store.avoided = rule.unless
        self.area, self.book, self.now_us = area(), _book(), LED_US
        self.rows: list[object] = []
        self.is_aside = False

    def take(self, other: "Ledger") -> None:
        """Go on from where another stands; all that is needed first is said at the same moment."""
        self.store.things, self.store.due_us = deepcopy(other.store.things), other.store.due_us
        self.is_aside = True

    def do(self, name: str, value: str, at_us: int, written: str, body: dict[str, object]) -> None:
        """A fact of the thing at a moment; with `written`, one that writes the moment, some time before."""
        told_us = min(at_us, START_US + 55 * MINUTE_US) if written and not self.is_aside else at_us
        if written and name == "item.lent":
            self.store.due_us = at_us
        unit = next(u for u in ("stocktaking", "cabinet", "item", "room") if u in FACT_TYPES[name].fields)
        ref = "property" if unit == "room" else _UNIT_REFS[unit]
        if unit == "item" and not self.is_aside:
            self.now_us = min(told_us, LED_US)
            self.store.lead(name, value, self.store.thing())
        self.now_us = told_us
        self.store.do(name, value, ref, unit, {**({f"{written}_at_us": at_us} if written else {}), **body})

    # --- what the store asks of a script ---------------------------------------------------

    def officer(self, roles: Iterable[str] = (), *, service: str = "sworn", sex: str = "M") -> str:
        """One of those whom `place` registers."""
        return "boss" if "case_officer" in roles else _CAST[next(iter(roles), "")][sex]

    def approver(self, roles: tuple[str, ...]) -> str:
        """Somebody with every role."""
        return "boss"

    def instant(self, at_us: int) -> int:
        """As facts hold it."""
        return at_us

    def open(self, stay: str) -> "Ledger":
        """The prologue has seen to it; the store asks for the reference alone."""
        self.ref = stay
        return self

    @property
    def held(self) -> dict[str, "Ledger"]:
        """Everybody was searched."""
        return defaultdict(lambda: self)

    done = ("search.signed",)

    def tell(self, fact: str, **body: object) -> None:
        """Say it now."""
        self.teller.say(
            self.now_us, fact, **{f"{k}_us" if k.endswith("_at") else k: v for k, v in body.items()}
        )


@cache
def _book() -> Rulebook:
    return load_rulebook(rulebook_text("cn-2026"), "cn-2026.toml", rulebook_text)


# --- telling -------------------------------------------------------------------------------------

_UNIT_REFS = {"stay": STAY, "case": "c-1", "dossier": "d-1", "recording": "r-1", "incident": "i-1", "item": "i-1",
              "stocktaking": "n-1", "cabinet": "ca", "compartment": "ca-1"}  # fmt: skip
_NUMBERS = {"count": 20, "sworn": 8, "detained": 1, "female": 1, "hours": 40, "missing": 0, "exhibit_lists": 2,
            "minutes": 30, "year": 2025, "percent": 80, "point": 1}  # fmt: skip


# Doors, inputs and compartments are looked at by rules of theirs alone: told in each story they would be most of it.
_LOOKED_AT_BY = defaultdict(
    tuple, door=("door",), input=("input",), compartment=("compartment",), cabinet=("compartment",)
)


@cache
def house(at_us: int) -> list[Said]:
    """Every door and compartment of the area shut, every input clear."""
    return [
        *(Said(at_us, "door.closed", {"door": door}) for door in area().doors),
        *(Said(at_us, "input.cleared", {"input": name}) for name in area().inputs),
        *(
            Said(at_us, what, {"compartment": name})
            for name in area().compartments
            for what in ("compartment.closed", "compartment.locked")
        ),
    ]


class Teller:
    """Says facts, each with a body that may stand, and keeps what was said."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.said: list[Said] = []
        self.ledger = Ledger(self)
        kind = next((kind for kind in rule.rooms if kind in _kinds()), "interview")
        self.room = ROOMS.get(kind) or next(r.id for r in area().rooms.values() if r.kind == kind)

    def say(self, at_us: int, name: str, /, **body: object) -> Said:
        filled = {**self._body(name, at_us), **body}
        fact = Said(at_us, name, {key: value for key, value in filled.items() if value is not None})
        self.said.append(fact)
        return fact

    def _body(self, name: str, at_us: int) -> dict[str, object]:
        body: dict[str, object] = {}
        for key, spec in FACT_TYPES[name].fields.items():
            is_unit = key == self.rule.unit
            if not spec.required and not is_unit:
                continue
            if key in _UNIT_REFS:
                body[key] = _UNIT_REFS[key]
            elif spec.kind == REFS:
                body[key] = ["0312", "0415"] if key == "officers" else []
            elif key in ("officer", "keeper", "handler", "approver"):
                body[key] = {"approver": "boss", "keeper": "0415"}.get(key, "0312")
            elif key in ("room", "recorder", "node", "door"):
                body[key] = {"room": self.room, "recorder": "rec-interview-1", "node": "n1", "door": "gate"}[
                    key
                ]
            elif spec.choices:
                body[key] = next(iter(spec.choices))
            else:
                body[key] = {
                    BOOL: True,
                    INT: _NUMBERS.get(key, 1),
                    INSTANT: at_us,
                    DURATION: "24h",
                    TEXT: "x",
                    HASH: "0" * 64,
                }.get(spec.kind, "x")
        return body

    def do(self, step: str, at_us: int, **body: object) -> None:
        """Do a step at a moment; `step@field` writes the moment into the field, some time before."""
        base, _, written = step.partition("@")
        name, _, value = base.partition(":")
        if self.ledger.store.knows(name):
            self.ledger.do(name, value, at_us, written, body)
        elif written:
            key = f"{written}_at_us"
            self.say(
                min(at_us, START_US + 55 * MINUTE_US),
                name,
                **{key: at_us, **self._apart(name, value), **body},
            )
        elif name in _STAY_STEPS:
            _STAY_STEPS[name](self, at_us)
        elif name == "measure":
            self.say(at_us, "measure.changed", measure=value)
        elif name in ("in", "left"):
            room = next(
                r.id
                for r in area().rooms.values()
                if (r.kind == value) == (name == "in") and r.kind != "outside"
            )
            self.read(at_us, room)
        elif name == "extension.approved":
            rule, limit = value or self.rule.id, "12h" if value == "T8" else "24h"
            self.say(at_us, name, stay=STAY, rule=rule, limit=limit)
        else:
            self.say(at_us, name, **{**self._apart(name, value), **body})

    def _apart(self, name: str, value: str) -> dict[str, object]:
        key = FACT_TYPES[name].step_field
        return {key: value} if key is not None and value else {}

    def read(self, at_us: int, room: str, tag: str = BAND) -> None:
        self.say(at_us, "tag.read", tag=tag, room=room)

    # --- the lawful beginning --------------------------------------------------------------

    def place(self, at_us: int) -> None:
        """Everything the rule may look at is heard, records, is shut and clear; the officers are known, and nowhere."""
        self.say(at_us, "config.loaded", config_hash="x", rulebook="x", rulebook_hash="x")
        for node in area().nodes:
            self.say(at_us, "node.restored", node=node)
        for recorder in area().recorders:
            self.say(at_us, "recorder.started", recorder=recorder)
        self.said += [said for said in house(at_us) if next(iter(said.body)) in _LOOKED_AT_BY[self.rule.unit]]
        for officer, service, sex in (
            ("0312", "sworn", "M"),
            ("0415", "sworn", "M"),
            ("0601", "sworn", "F"),
            ("A901", "auxiliary", "M"),
        ):
            self.say(
                at_us, "officer.registered", officer=officer, service=service, roles=["case_officer"], sex=sex
            )
        for keeper in ("0718", "0719"):
            self.say(at_us, "officer.registered", officer=keeper, service="sworn", roles=["keeper"])
        self.say(at_us, "officer.registered", officer="boss", service="sworn", roles=list(ROLES))

    def admit(self, without: Iterable[str], **row: object) -> None:
        """Arrived, entered and read, searched, registered: a minute each, less what the rule is about."""
        without = set(without)
        if "arrived" not in without:
            self.say(START_US, "person.arrived")
        if "entered" not in without:
            self.say(START_US + MINUTE_US, "area.entered")
            self.say(START_US + MINUTE_US, "wristband.bound", band=BAND)
            self.read(START_US + MINUTE_US, "corridor", "0312")
            self.read(START_US + MINUTE_US, "corridor")
        if not {"searched", "search.signed"} & without:
            self.say(START_US + 2 * MINUTE_US, "search.signed")
        if "registered" not in without:
            self.register(START_US + 3 * MINUTE_US, **row)

    def register(self, at_us: int, **more: object) -> None:
        when, since = self.rule.when, self.rule.params.get("since", ())
        is_flagged_later = any(str(step).startswith("person.flagged") for step in since)
        flags = [*when.flags_any[:1], *when.flags_all] if not is_flagged_later else []
        started = next((s.partition(":")[2] for s in _of(since, "measure")), None)
        if any(str(step).startswith("extension.approved:T8") for step in since):
            measure = "continued_questioning"
        else:
            known = (*self.rule.measures, MEASURE, "criminal_summons")
            measure = next((m for m in known if m != started), MEASURE)
        row = {"measure": measure, "case": "c-1", "person": "p-1", "sex": when.sex or "M",
               "minor": bool(when.minor), "flags": flags}  # fmt: skip
        row.update(more)
        self.say(at_us, "stay.registered", **{key: value for key, value in row.items() if value is not None})


_STAY_STEPS: dict[str, Callable[[Teller, int], object]] = {
    "arrived": lambda t, at_us: t.say(at_us, "person.arrived"),
    "entered": lambda t, at_us: t.say(at_us, "area.entered"),
    "searched": lambda t, at_us: t.say(at_us, "search.signed"),
    "registered": lambda t, at_us: t.register(at_us),
    "released": lambda t, at_us: t.say(at_us, "stay.released", reason="released"),
    "arrival_written": lambda t, at_us: t.say(at_us, "certificate.written", arrived_at_us=START_US),
}
_BASELINE_US = {"arrived": START_US, "entered": START_US + MINUTE_US, "searched": START_US + 2 * MINUTE_US,
                "registered": START_US + 3 * MINUTE_US}  # fmt: skip


def _kinds() -> set[str]:
    return {room.kind for room in area().rooms.values()}


def _of(steps: Iterable[object], name: str) -> list[str]:
    return [str(step) for step in steps if str(step).partition(":")[0] == name]


# What has to be done before a step may be taken, by the way or by a rule that refuses.
_FIRST = {
    "exit.departed": ("exit.approved", "escort.checked"),
    "exit.returned": ("exit.approved", "escort.checked", "exit.departed"),
    "interview.ended": ("interview.started",),
    "restraint.ended": (),
}


def prologue(t: Teller, without: Iterable[str] = (), **row: object) -> None:
    """All that is done before: the lawful beginning, `after`, the stretch of `during`."""
    rule = t.rule
    t.place(START_US - HOUR_US)
    if rule.unit in ("stay", "item") or rule.kind == "hands":
        t.admit(without, **row)
    elif rule.unit == "room":
        t.admit((), **row)
    at_us, since = AFTER_US, rule.params.get("since", ()) if rule.kind in ("required_within", "clock") else ()
    for step in rule.after:
        if step not in _BASELINE_US and step not in since:
            t.do(step, at_us)
    if rule.not_during is not None and set(rule.not_during.end) & set(since):
        t.do(rule.not_during.start[0], at_us)  # it is excepted until then
    if rule.during is not None:
        step = rule.during.start[0]
        for first in _FIRST.get(step.partition(":")[0], ()):
            t.do(first, at_us + 5 * MINUTE_US)
        t.do(step, DURING_US)


def ended(t: Teller, step: str, **body: object) -> Ending:
    """A way to do a step at a moment to be chosen, without it becoming part of the story."""

    def end(at_us: int) -> list[Said]:
        aside = Teller(t.rule)
        aside.room = t.room
        aside.ledger.take(t.ledger)
        aside.do(step, at_us, **body)
        return aside.said

    return end


def release(t: Teller) -> dict[str, Ending]:
    rule = t.rule
    return {} if rule.unit != "stay" or rule.outlives else {"released": ended(t, "released")}


def made(t: Teller, begin_us: int, **more: object) -> Story:
    """The story as told so far."""
    rule = t.rule
    subject = f"{rule.unit}:{_UNIT_REFS.get(rule.unit, '')}"
    story = Story(rule, subject, list(t.said), begin_us, moments(rule, begin_us))
    return replace(story, **more)  # type: ignore[arg-type]


def gone(t: Teller, room: str = "corridor") -> Callable[[int], list[Said]]:
    return lambda at_us: [Said(at_us, "tag.read", {"tag": BAND, "room": room})]
