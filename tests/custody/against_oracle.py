"""Random histories judged twice: by the engine, and by the naive oracle that imports nothing of ours.

`python -m tests.custody.against_oracle --count 1000 --seed 1` prints each difference with the
smallest history that shows it.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from custody import vocabulary
from custody.area import Area, load_area
from custody.bundled import rulebook_text
from custody.catalogue import FACT_TYPES
from custody.effects import AlarmCleared, AlarmEffect, AlarmRaised, Refusal
from custody.engine import Engine
from custody.facts import Fact
from custody.fields import BOOL, DURATION, HASH, INSTANT, INT, REF, REFS, TEXT, Field
from custody.reader import load_rulebook
from custody.rules import Rulebook
from custody.times import DAY_US, SECOND_US, parse_instant_us
from tests.oracle import LEFT_OUT, Verdict, judge
from tests.tools.tree import ROOT

MINUTE_US, HOUR_US = 60 * SECOND_US, 3_600 * SECOND_US
BOOKS = ("cn-2026", "cn-2012")


INPUTS = "".join(
    f"""
[[input]]
id = "{kind}-1"
kind = "{kind}"
{'room = "corridor"' if kind in ("smoke", "water") else ""}
[[point]]
node = "n1"
point = {200 + number}
kind = "input"
of = "{kind}-1"
"""
    for number, kind in enumerate(kind for kind in vocabulary.INPUTS if kind != "silence")
)
"""One input of each kind that a rule watches on node n1, as area.toml has them; not all of them in a room."""


def _cabinet(name: str, kind: str, first: int) -> str:
    """A cabinet of two compartments in the property store, the first with a reader of tags in it."""
    doors = "".join(
        f"""
[[compartment]]
id = "{name}-{number}"
cabinet = "{name}"
{f'reader = "rd-{name}-1"' if number == 1 else ""}
[[point]]
node = "n1"
point = {first + 2 * number}
kind = "compartment_lock"
of = "{name}-{number}"
[[point]]
node = "n1"
point = {first + 2 * number + 1}
kind = "compartment_door"
of = "{name}-{number}"
"""
        for number in (1, 2)
    )
    readers = "".join(
        f"""
[[reader]]
id = "rd-{name}{end}"
room = "property"
[[point]]
node = "n1"
point = {first + number}
kind = "reader"
of = "rd-{name}{end}"
"""
        for number, end in enumerate(("", "-1"))
    )
    return f"""
[[cabinet]]
id = "{name}"
kind = "{kind}"
room = "property"
reader = "rd-{name}"
recorder = "rec-south"
{doors}{readers}"""


CABINETS = _cabinet("ca", "property", 100) + _cabinet("cb", "effects", 110) + _cabinet("cd", "dangerous", 120)
"""A cabinet of each kind that rules tell apart, on node n1, as area.toml has them."""


@cache
def area_v1_text() -> str:
    """area.toml of random histories and of the stories in vectors: the standard area as it was when they were told first."""
    return (ROOT / "tests" / "vectors" / "custody" / "standard-v1.toml").read_text(encoding="utf-8")


@cache
def area() -> Area:
    """That area, with a patrol point and a guard sensor in one waiting room, inputs, cabinets, and a holiday."""
    text = area_v1_text()
    text = text.replace(
        'id = "waiting-1"\n', 'id = "waiting-1"\nfitted = ["patrol_point", "guard_motion"]\n', 1
    )
    text = text.replace("[area]\n", "[area]\nholidays = [2026-03-02, 2026-10-01]\n", 1) + INPUTS + CABINETS
    return load_area(text, "standard.toml")


@cache
def plain_area() -> dict[str, Any]:
    """The same as the oracle takes it."""
    known = area()
    return {
        "zone": known.timezone,
        "holidays": sorted(day.isoformat() for day in known.holidays),
        "rooms": {
            r.id: {
                "kind": r.kind,
                "guarded_from": list(r.guarded_from),
                "fitted": list(r.fitted),
                "plan": r.plan,
            }
            for r in known.rooms.values()
        },
        "doors": {
            d.id: {"kind": d.kind, "between": list(d.between), "controlled": d.controlled}
            for d in known.doors.values()
        },
        "locks": sorted(known.locks),
        "cabinets": {c.id: {"kind": c.kind, "room": c.room} for c in known.cabinets.values()},
        "compartments": {c.id: c.cabinet for c in known.compartments.values()},
        "recorders": {r.id: {"rooms": list(r.rooms)} for r in known.recorders.values()},
        "readers": {r.id: {"room": r.room} for r in known.readers.values()},
        "inputs": {i.id: {"kind": i.kind} for i in known.inputs.values()},
        "points": [{"node": p.node, "point": p.point, "kind": p.kind, "of": p.of} for p in known.points],
        "nodes": list(known.nodes),
        "gateway": known.gateway,
    }


@cache
def book(name: str) -> Rulebook:
    """A bundled rulebook."""
    return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)


# --- random histories ----------------------------------------------------------------------------

STAYS, CASES, PEOPLE = ("s1", "s2", "s3"), ("c1", "c2"), ("p1", "p2")
BANDS = {"s1": "b1", "s2": "b2", "s3": "b3"}
ROLES = {
    "o1": ("sworn", ["case_officer"], "M"),
    "o2": ("sworn", ["guard"], "F"),
    "o3": ("sworn", ["case_department_head", "legal_reviewer"], "M"),
    "o4": ("sworn", ["county_head", "station_head", "supervisor"], "F"),
    "o5": ("sworn", ["county_duty_head", "station_leader"], None),
    "a1": ("auxiliary", ["guard"], "F"),
    "x1": ("external", ["procuratorate"], None),
}
ROOMS = ("waiting-1", "waiting-2", "interview-1", "interrogation-1", "search", "sobering", "corridor", "outside",
         "booking", "guard", "reception")  # fmt: skip
STEPS_US = (
    0, 1, SECOND_US, 5 * SECOND_US, 30 * SECOND_US, 59 * SECOND_US, 60 * SECOND_US, 60 * SECOND_US + 1, 3 * MINUTE_US,
    5 * MINUTE_US, 10 * MINUTE_US, 15 * MINUTE_US, 15 * MINUTE_US + 1, 30 * MINUTE_US, HOUR_US, 2 * HOUR_US, 4 * HOUR_US,
    6 * HOUR_US, 8 * HOUR_US, 8 * HOUR_US + 1, 12 * HOUR_US, DAY_US - 1, DAY_US, DAY_US + 1, 2 * DAY_US,
)  # fmt: skip
LONG_US = (*STEPS_US, 3 * DAY_US, 5 * DAY_US, 7 * DAY_US, 30 * DAY_US, 61 * DAY_US)
STARTS = (
    "2026-03-18T09:00:00+08:00", "2026-02-27T14:30:00+08:00", "2026-12-31T23:30:00+08:00",
    "2026-09-30T08:00:00+08:00", "2026-06-05T20:59:00+08:00", "2028-02-29T12:00:00+08:00",
)  # fmt: skip

FAMILIES: dict[str, tuple[str, ...]] = {
    "way": (
        "person.arrived", "area.entered", "stay.registered", "wristband.bound", "search.signed", "health.checked",
        "effects.listed", "sample.approved", "sample.collected", "room.assigned", "entry.requested", "interview.started",
        "interview.ended", "exit.approved", "escort.checked", "exit.departed", "exit.returned", "stay.released",
        "measure.changed", "person.flagged", "rights.told", "interview_record.signed", "reception.allowed",
        "certificate.written", "certificate.corrected", "certificate.ended", "release.handed_over",
    ),
    "place": (
        "tag.read", "tag.read", "tag.read", "tag.read", "tag.gone", "recorder.started", "recorder.stopped",
        "recorder.lost", "node.lost", "node.restored", "node.gap", "node.booted", "wristband.cut", "wristband.bound",
        "wristband.returned", "wristband.cleaned", "wristband.withdrawn", "tag.gone",
        "reader.lost", "reader.restored", "wristband.pressed", "input.activated", "input.cleared", "input.lost",
        "point.troubled", "point.troubled", "point.cleared",
        "guardian.attended", "guardian.excused", "interpreter.attended", "juvenile_officer.assigned", "officer.recused",
        "guard.named", "guard.moved", "patrol.tapped", "room.inspected", "interview.started", "interview.ended",
        "act.started", "act.ended", "identification.held", "health.checked", "officer.registered", "officer.withdrawn",
    ),
    "clocks": (
        "extension.approved", "extension.approved", "extension.approved", "restraint.started", "restraint.ended",
        "restraint.checked", "restraint.reviewed", "person.sobered", "jurisdiction.transferred", "measure.changed",
        "expedited.chosen", "outcome.decided", "penalty.decided", "stay.released", "supervision.informed", "tag.read",
        "custody.reviewed", "person.flagged", "coercion.applied", "coercion.approved",
    ),
    "course": (
        "family.notified", "family.notice_excused", "legal_aid.requested", "legal_aid.forwarded",
        "legal_aid.family_told", "detention_centre.received", "lock_up.received", "person.freed", "arrest.requested",
        "arrest.decided", "arrest.executed", "release.reported", "custody_extension.requested", "investigation.ended",
        "measure_change.requested", "measure_change.answered", "hearing.informed", "hearing.requested",
        "hearing.waived", "penalty.reviewed", "penalty.decided", "decision.delivered", "administrative_review.accepted",
        "administrative_review.decided", "complaint.received", "complaint.traced", "hold.lifted", "person.identified",
        "person.erased",
        "data_export.approved", "data.exported", "measure.changed", "interview.started", "extension.approved",
        "stay.released",
    ),
    "welfare": (
        "meal.offered", "rest.recorded", "bedding.given", "dependants.arranged", "person.flagged", "bodycam.stopped",
        "bodycam.uploaded", "act.started", "act.ended", "escort.formed", "escort.recording_started",
        "escort.recording_stopped", "exit.approved", "escort.checked", "exit.departed", "exit.returned",
        "delivery.health_checked", "effects.returned", "stay.released",
    ),
    "matters": (
        "case.reported", "case.registered", "case.receipted", "case_review.started", "case_review.ended", "case.filed",
        "case.not_filed", "accuser.notified", "jurisdiction.found_wrong", "case.passed_on", "appraisal.started",
        "appraisal.ended", "hearing.opened", "hearing.closed", "case.decided", "filing_review.applied",
        "filing_review.decided", "filing_rereview.applied", "filing_rereview.decided", "case.sent", "dossier.closed",
        "dossier.borrow_approved", "dossier.taken", "dossier.returned", "extension.approved", "recording.made",
        "recording.marked_evidence", "recording.copied", "recording.export_approved", "recording.exported",
        "recording.deleted", "recording.damaged", "incident.occurred", "incident.treated", "incident.reported",
        "supervision.on_site", "death.appraised", "death.family_told", "incident.closed", "officer.qualified",
        "training.recorded", "recorder.measured", "complaint.received", "hold.lifted",
    ),
}  # fmt: skip

EQUIPMENT = (
    "door.opened", "door.opened", "door.closed", "door.closed", "door.released", "door.exit_requested", "door.unknown",
    "wristband.battery", "wristband.cut", "wristband.bound", "tag.read", "tag.read", "tag.gone", "port.lost",
    "port.restored", "server.lost", "server.restored", "gateway.booted", "gateway.lost", "gateway.heard", "clock.stepped",
    "clock.doubted", "clock.trusted", "clock.differed", "gateway.stalled", "node.lost", "node.restored", "node.gap", "node.booted", "recorder.started",
    "recorder.stopped", "recorder.lost", "output.commanded", "output.confirmed", "output.unknown", "officer.registered", "stay.released",
    "bolt.withdrawn", "bolt.thrown", "bolt.unknown", "input.activated", "input.activated", "input.cleared", "input.lost",
    "point.troubled", "point.troubled", "point.cleared", "reader.lost", "reader.restored", "wristband.weakened",
    "wristband.pressed", "wristband.returned", "wristband.cleaned", "wristband.withdrawn",
)  # fmt: skip
"""What nothing but the product itself watches: the oracle, which has the law alone, says nothing of it."""


@dataclass
class _Teller:
    rng: random.Random
    now_us: int
    facts: list[Fact]

    def add(self, name: str, body: dict[str, Any], at_us: int | None = None) -> None:
        index = len(self.facts) + 1
        at = self.now_us if at_us is None else at_us
        self.facts.append(
            Fact(
                type=name, body=body, index=index, occurred_us=at, occurred_latest_us=at, recorded_us=at,
                recorded_latest_us=at, id=f"f{index}",
            )
        )  # fmt: skip

    def body(self, name: str) -> dict[str, Any]:
        fields = FACT_TYPES[name].fields
        return {
            key: self.value(name, key, spec)
            for key, spec in fields.items()
            if spec.required or self.rng.random() < 0.5
        }

    def value(self, name: str, key: str, spec: Field) -> Any:
        rng = self.rng
        known: dict[str, Callable[[], Any]] = {
            "stay": lambda: rng.choice(STAYS[:2] if rng.random() < 0.9 else STAYS),
            "case": lambda: rng.choice(CASES),
            "person": lambda: rng.choice(PEOPLE),
            "officer": lambda: rng.choice(list(ROLES)),
            "approver": lambda: rng.choice(list(ROLES)),
            "keeper": lambda: rng.choice(("o1", "o2")),
            "handler": lambda: rng.choice(("o1", "o2")),
            "badge": lambda: rng.choice(list(ROLES)),
            "band": lambda: rng.choice(list(BANDS.values())),
            "tag": lambda: rng.choice([*BANDS.values(), "b1", *ROLES, "o1", "stray"]),
            "room": lambda: rng.choice(ROOMS),
            "node": lambda: rng.choice(list(area().nodes)),
            "recorder": lambda: rng.choice(list(area().recorders)),
            "reader": lambda: rng.choice(list(area().readers)),
            "door": lambda: rng.choice(list(area().doors)),
            "input": lambda: rng.choice(list(area().inputs)),
            "point": lambda: rng.choice((1, 2, 200)),
            "rule": lambda: rng.choice(
                ("T1", "T2", "T5", "T5", "T8", "T8", "T15", "T18", "T21", "D3", "T10", "X9")
            ),
            "limit": lambda: rng.choice(
                ("12h", "24h", "24h", "48h", "7d", "30d", "60d", "3mo", "5mo", "8h", "1d")
            ),
            "ground": lambda: self.ground(name, spec),
            "officers": lambda: rng.sample(list(ROLES), rng.randint(0, 3)),
            "roles": lambda: rng.sample(["case_officer", "guard", "county_head"], rng.randint(0, 2)),
            "flags": lambda: rng.sample(list(spec.choices), rng.choice((0, 0, 1, 2))),
            "year": lambda: 2026,
            "hours": lambda: rng.choice((0, 23, 24, 40)),
            "area_dm2": lambda: rng.choice((599, 600, 900)),
            "height_cm": lambda: rng.choice((254, 255, 280)),
            "floor": lambda: rng.choice((1, 2, 3)),
            "sworn": lambda: rng.choice((0, 1, 2, 3, 6)),
            "detained": lambda: rng.choice((1, 2, 3, 4)),
            "female": lambda: rng.choice((0, 1)),
            "count": lambda: rng.choice((4, 5, 6, 7, 9, 10)),
            "missing": lambda: rng.choice((0, 1)),
            "exhibit_lists": lambda: rng.choice((1, 2)),
            "percent": lambda: rng.randint(0, 100),
            "disk_free_percent": lambda: rng.choice((2, 3, 9, 10, 50)),
            "days_left": lambda: rng.choice((6, 7, 30)),
            "drift_ms": lambda: rng.choice((0, 2_000, 2_001, 60_000, 60_001)),
            "minutes": lambda: rng.choice((10, 480)),
            "document": lambda: "doc-1",
        }
        if key in known:
            return known[key]()
        if spec.choices:
            return rng.choice(list(spec.choices))
        return self.plain(spec)

    def ground(self, name: str, spec: Field) -> Any:
        if spec.choices:
            return self.rng.choice(list(spec.choices))
        return self.rng.choice(
            ("grave_or_complex_custody_needed", "many_persons_involved", "identity_unknown", "identity_refused",
             "complex_and_detention_possible", "special_circumstances", "roaming_repeated_or_gang", "complex_case",
             "ten_years_or_more", "major_clue")
        )  # fmt: skip

    def plain(self, spec: Field) -> Any:
        rng = self.rng
        return {
            BOOL: lambda: rng.random() < 0.6,
            INT: lambda: rng.randint(0, 10),
            INSTANT: lambda: (
                self.now_us + rng.choice((-HOUR_US, -10 * MINUTE_US, 0, HOUR_US, 12 * HOUR_US, DAY_US))
            ),
            DURATION: lambda: "12h",
            TEXT: lambda: "t",
            HASH: lambda: "0123456789abcdef" * 4,
            REF: lambda: rng.choice(("r1", "r2")),
            REFS: lambda: ["r1"],
        }[spec.kind]()


GARBAGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("nonsense", {}), ("tag.read", {"tag": 7, "room": "corridor"}), ("stay.registered", {"stay": "s1"}),
    ("stay.released", {"stay": "s1", "reason": "because"}), ("tag.read", {"tag": "b1", "room": "nowhere"}),
    ("meal.offered", {"stay": ["s1"]}), ("interview.started", {"stay": "s1", "kind": "chat"}),
    ("extension.approved", {"stay": "s1", "rule": "T5", "limit": "soon", "approver": "o3"}),
    ("person.arrived", {"stay": "s1", "name": "somebody"}),
)  # fmt: skip


def history(
    seed: int, *, heard: float = 0.95, starts: tuple[str, ...] = STARTS, names: tuple[str, ...] = ()
) -> tuple[list[Fact], int]:
    """Facts in log order, some late, doubled or garbage; and the moment up to which they are judged.

    `heard`: how likely each node is heard at the start; below one half the places are in the fore.
    `names`: fact types to draw from, instead of some of the families.
    """
    rng = random.Random(seed)
    teller = _Teller(rng, parse_instant_us(rng.choice(starts)), [])
    _begin(teller, heard)
    families = rng.sample(list(FAMILIES), rng.choice((1, 1, 2, 3)))
    if heard <= 0.5:
        families = ["place", "way"]
    drawn = names or [name for family in families for name in FAMILIES[family]]
    steps = LONG_US if {"course", "matters", "clocks"} & set(families) and rng.random() < 0.5 else STEPS_US
    for _ in range(rng.randint(3, 18)):
        teller.now_us += rng.choice(steps)
        if rng.random() < 0.04:
            teller.add(*rng.choice(GARBAGE))
            continue
        name = rng.choice(drawn)
        teller.add(name, teller.body(name))
    facts = teller.facts
    until_us = teller.now_us + rng.choice((0, HOUR_US, DAY_US, 40 * DAY_US))
    facts = _disordered(facts, rng, until_us)
    if rng.random() < 0.3:
        facts += [replace(rng.choice(facts), index=len(facts) + 1)]  # the same id again
    return facts, until_us


def _begin(teller: _Teller, heard: float) -> None:
    rng = teller.rng
    teller.add("config.loaded", {"config_hash": "x", "rulebook": "cn", "rulebook_hash": "y"})
    for officer, (service, roles, sex) in ROLES.items():
        body = {"officer": officer, "service": service, "roles": roles}
        teller.add("officer.registered", body | ({"sex": sex} if sex else {}))
    for node in area().nodes:
        if rng.random() < heard:
            teller.add("node.restored", {"node": node})
    for recorder in area().recorders:
        if rng.random() < 0.9:
            teller.add("recorder.started", {"recorder": recorder})
    for stay in STAYS[: rng.choice((1, 1, 2, 3))]:
        if rng.random() < 0.9:
            _admit(teller, stay)


def _admit(teller: _Teller, stay: str) -> None:
    """A beginning, more or less lawful."""
    rng = teller.rng
    for name, odds in (
        ("person.arrived", 0.7), ("area.entered", 0.8), ("wristband.bound", 0.8), ("search.signed", 0.8),
        ("health.checked", 0.6), ("stay.registered", 0.9), ("rights.told", 0.5), ("tag.read", 0.7),
    ):  # fmt: skip
        if rng.random() >= odds:
            continue
        teller.now_us += rng.choice((0, SECOND_US, MINUTE_US, 3 * MINUTE_US))
        body = teller.body(name)
        for key, value in (("stay", stay), ("band", BANDS[stay]), ("tag", BANDS[stay])):
            if key in body:
                body[key] = value
        if name == "search.signed":
            body["officers"] = rng.choice((["o1", "o2"], ["o1"], ["o1", "o3"]))
        for key in ("arrived_at_us", "entered_at_us"):
            if key in body:
                body[key] = teller.now_us - rng.choice((0, MINUTE_US, 7 * MINUTE_US, HOUR_US))
        teller.add(name, body)


def _disordered(facts: list[Fact], rng: random.Random, until_us: int) -> list[Fact]:
    """Some facts reach the gateway late; the log is in order of arrival."""
    if rng.random() < 0.5:
        return facts
    arrived = [
        (fact.occurred_us + (rng.choice(STEPS_US) if rng.random() < 0.25 else 0), number, fact)
        for number, fact in enumerate(facts)
    ]
    return [
        replace(fact, index=index, recorded_us=min(at, until_us), recorded_latest_us=min(at, until_us))
        for index, (at, _, fact) in enumerate(sorted(arrived, key=lambda row: row[:2]), 1)
    ]


# --- two verdicts --------------------------------------------------------------------------------


def by_engine(facts: list[Fact], name: str, until_us: int) -> tuple[Verdict, Engine]:
    """What the engine makes of it: told fact by fact, as a gateway would."""
    engine = Engine(area(), book(name))
    for fact in facts:
        engine.step(fact)
    ordered, other = in_order(facts, name, until_us)
    last = Fact("deadline.reached", {}, len(facts) + 1, until_us, until_us, until_us, until_us)
    engine.step(last)
    assert outcome(engine) == outcome(other), "the order of arrival changed what the facts amount to"
    return ordered, engine


def outcome(engine: Engine) -> list[tuple[object, ...]]:
    """What the facts amount to: every obligation with the stages it reached."""
    rows = [(r.id, r.closed_us, tuple((s.name, s.due_us) for s in r.fired)) for r in engine.obligations()]
    return sorted(rows, key=repr)


def in_order(
    facts: list[Fact], name: str, until_us: int, where: Area | None = None
) -> tuple[Verdict, Engine]:
    """What is refused, raised and told to be over, when everything is known in time. `where`: None is `area()`."""
    first = {fact.id: fact for fact in reversed(facts)}
    engine, verdict = Engine(where or area(), book(name)), Verdict()
    ordered = [_in_time(fact) for fact in sorted(first.values(), key=lambda f: (f.occurred_us, f.index))]
    last = Fact("deadline.reached", {}, len(facts) + 1, until_us, until_us, until_us, until_us)
    for fact in (*ordered, last):
        for effect in engine.step(fact):
            if isinstance(effect, Refusal):
                verdict.refusals.add((effect.fact, effect.reason))
            elif isinstance(effect, AlarmRaised) and _is_judged(effect):
                row = (effect.rule, effect.variant, effect.subject)
                verdict.alarms.add((*row, effect.severity, effect.time_us))
            elif isinstance(effect, AlarmCleared) and effect.of == "alarm" and _is_judged(effect):
                verdict.closings.add((effect.rule, effect.variant, effect.subject, effect.time_us))  # type: ignore[arg-type]
    return verdict, engine


def _in_time(fact: Fact) -> Fact:
    """The same fact, known when it occurred."""
    if fact.recorded_us < fact.occurred_us:
        return fact  # from the future: refused as such
    return replace(fact, recorded_us=fact.occurred_us, recorded_latest_us=fact.occurred_us)


def _is_judged(effect: AlarmEffect) -> bool:
    return effect.rule not in LEFT_OUT and f"{effect.rule}/{effect.variant}" not in LEFT_OUT


def by_oracle(facts: list[Fact], name: str, until_us: int) -> Verdict:
    """What the oracle makes of it."""
    plain = [
        {
            "index": fact.index, "type": fact.type, "body": dict(fact.body), "occurred_us": fact.occurred_us,
            "occurred_latest_us": fact.occurred_latest_us,
            "recorded_us": fact.recorded_us, "id": fact.id, "by": fact.by,
        }
        for fact in facts
    ]  # fmt: skip
    verdict = judge(plain, plain_area(), name, until_us)
    closings = {(rule, variant, subject, closed) for rule, variant, subject, _, closed in verdict.closings}
    return Verdict(verdict.alarms, closings, verdict.refusals)  # type: ignore[arg-type]


def differences(facts: list[Fact], name: str, until_us: int) -> list[str]:
    """One line for each thing that one says and the other does not; empty when they agree."""
    ours, _ = by_engine(facts, name, until_us)
    return unlike(ours, by_oracle(facts, name, until_us))


def unlike(ours: Verdict, theirs: Verdict) -> list[str]:
    """One line for each thing that one verdict says and the other does not."""
    lines = []
    for what in ("alarms", "closings", "refusals"):
        mine, other = getattr(ours, what), getattr(theirs, what)
        if what == "refusals":
            mine, other = _in_words(mine), _in_words(other)
        lines += [f"engine only {what}: {row}" for row in sorted(mine - other)]
        lines += [f"oracle only {what}: {row}" for row in sorted(other - mine)]
    return lines


def _in_words(refusals: set[tuple[int, str]]) -> set[tuple[int, str]]:
    return {(index, reason.partition(" ")[0].rstrip(":")) for index, reason in refusals}


def smallest(facts: list[Fact], name: str, until_us: int, key: str) -> list[Fact]:
    """Facts that are needed for this difference to show (indices kept)."""
    kept = list(facts)
    size = max(1, len(kept) // 2)
    while size:
        at = 0
        while at < len(kept):
            fewer = kept[:at] + kept[at + size :]
            if any(_kind(line) == key for line in differences(fewer, name, until_us)):
                kept = fewer
            else:
                at += size
        size //= 2
    return kept


def _kind(line: str) -> str:
    """A difference without its numbers: who says what of which rule."""
    who, _, row = line.partition(": ")
    return (
        f"{who}:{','.join(row.strip('()').split(', ')[:2]) if 'refusals' not in who else row.split(', ')[1]}"
    )


def show(facts: list[Fact], until_us: int) -> str:
    """A history to read."""
    start = facts[0].occurred_us if facts else until_us
    rows = [
        f"  {fact.index:>3} +{(fact.occurred_us - start) / 60e6:.7g}min {fact.type} {dict(fact.body)}"
        for fact in facts
    ]
    return "\n".join([f"  start {start}", *rows, f"  until +{(until_us - start) / 60e6:.7g}min"])


SEEDS_MAX = 50  # differing histories named in the tally


@dataclass
class Tally:
    """What a search went through and what it found."""

    histories: int = 0
    facts: int = 0
    differing: int = 0
    alarms: int = 0
    closings: int = 0
    refusals: int = 0
    differences: dict[str, int] = field(default_factory=dict)
    alarms_by_rule: dict[str, int] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)  # of the first histories that differ

    def take(self, seed: int, facts: list[Fact], verdict: Verdict, found: list[str]) -> None:
        """Count one history."""
        self.histories += 1
        self.facts += len(facts)
        self.differing += bool(found)
        self.alarms += len(verdict.alarms)
        self.closings += len(verdict.closings)
        self.refusals += len(verdict.refusals)
        for rule, variant, *_ in verdict.alarms:
            self.alarms_by_rule[f"{rule}/{variant}"] = self.alarms_by_rule.get(f"{rule}/{variant}", 0) + 1
        if found and len(self.seeds) < SEEDS_MAX:
            self.seeds.append(seed)
        for line in found:
            self.differences[_kind(line)] = self.differences.get(_kind(line), 0) + 1


def compare(seed: int) -> tuple[list[Fact], str, int, Verdict, list[str]]:
    """One history under one book: the facts, the book, the end, the engine's verdict, the differences."""
    facts, until_us = history(seed)
    name = BOOKS[seed % len(BOOKS)]
    ours, _ = by_engine(facts, name, until_us)
    return facts, name, until_us, ours, unlike(ours, by_oracle(facts, name, until_us))


Compared = tuple[list[Fact], str, int, Verdict, list[str]]


def main(compared: Callable[[int], Compared] = compare) -> int:
    """Search for differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", type=int, default=25, help="show so many kinds of difference")
    parser.add_argument("--json", action="store_true", help="the tally as one line")
    options = parser.parse_args()
    tally = Tally()
    for seed in range(options.seed, options.seed + options.count):
        facts, name, until_us, verdict, found = compared(seed)
        shown = set(tally.differences)
        tally.take(seed, facts, verdict, found)
        for line in found:
            kind = _kind(line)
            if kind not in shown and len(shown) < options.kinds and not options.json:
                shown.add(kind)
                sys.stdout.write(f"--- seed {seed} {name}: {line}\n")
                sys.stdout.write(show(smallest(facts, name, until_us, kind), until_us) + "\n")
                sys.stdout.flush()
    if options.json:
        sys.stdout.write(json.dumps(asdict(tally)) + "\n")
    else:
        for kind, count in sorted(tally.differences.items(), key=lambda item: -item[1]):
            sys.stdout.write(f"{count:>6} {kind}\n")
        sys.stdout.write(f"{tally.histories} histories, {tally.differing} with a difference\n")
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
