"""All the facts in order of occurrence, one by one: refused or taken in, and every rule asked after each."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tests.oracle import (
    equipment,
    guarding,
    intake,
    interviewing,
    keeping,
    leaving,
    limits,
    musts,
    oversight,
    personnel,
    recording,
)
from tests.oracle.calendar import SECOND
from tests.oracle.clocks import Clock
from tests.oracle.duty import Duties, Instant, Rule
from tests.oracle.place import apply
from tests.oracle.refusals import refusal, unknown_place
from tests.oracle.shapes import PERSONAL, STEP_FIELD, fault
from tests.oracle.state import Stay, Unit, World

# What no verdict speaks of: sight itself, batteries, doors, what is done about alarms, pre-warnings.
LEFT_OUT = (
    "SYS", "WB/battery", "DR", "LK", "P15/unordered", "P15/wrong_door", "P15/missing", "P15/attempt",
    # what the ledger refuses, and who may not have a hand in it: only what was let in is judged here
    "P2", "P4", "P11/undecided", "P13/sum", "P14/attempt", "P18", "P21", "P22/astray",
)  # fmt: skip
BOOKS = ("cn-2012", "cn-2026")
GAP_TOLD = 60 * SECOND  # a gap told so long after the return still leaves the loss unseen


@dataclass
class Verdict:
    """What all the facts together amount to.

    alarms: (rule, variant, subject, severity, at_us); closings: (rule, variant, subject, since_us,
    closed_us) of duties that had raised one; refusals: (index, reason).
    """

    alarms: set[tuple[str, str, str, str, int]] = field(default_factory=set)
    closings: set[tuple[str, str, str, int, int]] = field(default_factory=set)
    refusals: set[tuple[int, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Book:
    """The rules of one book, by what they are asked about."""

    own: dict[str, list[Rule]]  # asked when the unit is named by a fact, by kind of unit
    of_stays: list[Rule]  # asked after every fact of every stay
    of_rooms: list[Rule]  # asked after every fact of every room
    instants: dict[str, list[Instant]]
    clocks: list[Clock]


@lru_cache(maxsize=4)
def book_of(name: str) -> Book:
    """Its tables, sorted."""
    if name not in BOOKS:
        raise ValueError(f"expected one of {BOOKS}, found {name!r}")
    families = (
        musts,
        limits,
        recording,
        interviewing,
        guarding,
        leaving,
        intake,
        keeping,
        personnel,
        oversight,
        equipment,
    )
    found = [family.tables(name) for family in families]
    rules = [rule for tables in found for rule in tables.rules]
    own: dict[str, list[Rule]] = {}
    for rule in rules:
        if not rule.place:
            own.setdefault(rule.unit, []).append(rule)
    instants: dict[str, list[Instant]] = {}
    for tables in found:
        for instant in tables.instants:
            instants.setdefault(instant.fact, []).append(instant)
    clocks = [
        clock for family in (limits, guarding, intake, keeping, oversight) for clock in family.clocks(name)
    ]
    return Book(
        own,
        [rule for rule in rules if rule.place and rule.unit == "stay"],
        [rule for rule in rules if rule.place and rule.unit == "room"],
        instants,
        clocks,
    )


def judge(facts: list[dict[str, Any]], area: dict[str, Any], book: str, until_us: int) -> Verdict:
    """The verdict on these facts up to and including this moment."""
    tables = book_of(book)
    verdict = Verdict()
    good = _in_order(facts, area, verdict)
    seen_through = _mended(good)
    world = World(area, book)
    duties = Duties(until_us)
    for fact in good:
        if fact["occurred_us"] > until_us:
            break
        if fact["index"] in seen_through:
            continue
        world.position += 1
        world.time = fact["occurred_us"]
        world.latest = fact.get("occurred_latest_us", world.time)
        _judge_one(world, duties, tables, fact, verdict)
    duties.finish()
    verdict.alarms = {alarm for alarm in duties.alarms if alarm[4] <= until_us}
    verdict.closings = duties.closings
    return verdict


def _in_order(facts: list[dict[str, Any]], area: dict[str, Any], verdict: Verdict) -> list[dict[str, Any]]:
    """The facts that are well formed and not heard before, in order of occurrence."""
    ids: set[str] = set()
    good = []
    for fact in sorted(facts, key=lambda fact: fact["index"]):
        if fact.get("id"):
            if fact["id"] in ids:
                continue
            ids.add(fact["id"])
        reason = fault(fact["type"], fact["body"])
        if reason is None and fact["occurred_us"] > fact["recorded_us"]:
            reason = "in_the_future"
        if reason is None:
            reason = unknown_place(area, fact["type"], fact["body"])
        if reason is None:
            good.append(fact)
        else:
            verdict.refusals.add((fact["index"], reason))
    return sorted(good, key=lambda fact: (fact["occurred_us"], fact["index"]))


def _mended(good: list[dict[str, Any]]) -> set[int]:
    """The losses of nodes after which nothing was missing: that time counts as seen (ADR 0012)."""
    mended: set[int] = set()
    away: dict[str, list[int]] = {}  # node: the losses told since it was last heard
    spoiled: set[str] = set()
    for number, fact in enumerate(good):
        node = fact["body"].get("node")
        if fact["type"] == "node.lost":
            if node not in away:
                spoiled.discard(node)
            away.setdefault(node, []).append(fact["index"])
        elif fact["type"] in ("node.gap", "node.booted"):
            spoiled.add(node)
        elif fact["type"] == "node.restored":
            losses = away.pop(node, [])
            if node not in spoiled and not _gap_after(good, number):
                mended.update(losses)
    return mended


def _gap_after(good: list[dict[str, Any]], number: int) -> bool:
    """A gap of the node that is back was told within a minute."""
    back = good[number]
    return any(
        fact["type"] == "node.gap"
        and fact["body"]["node"] == back["body"]["node"]
        and fact["occurred_us"] <= back["occurred_us"] + GAP_TOLD
        for fact in good[number + 1 :]
    )


def _judge_one(world: World, duties: Duties, book: Book, fact: dict[str, Any], verdict: Verdict) -> None:
    fact_type, body = fact["type"], fact["body"]
    refused = refusal(world, fact_type, body, book.clocks)
    if refused is not None:
        verdict.refusals.add((fact["index"], refused.reason))
        for subject, severity in refused.attempts:
            duties.instant(subject, severity, world.time)
        return
    if fact_type in PERSONAL:  # no rule reads it
        return
    _acts(world, duties, book, fact_type, body)
    touched = apply(world, fact_type, body, book.clocks)
    for unit in touched:
        for rule in book.own.get(unit.kind, ()):
            duties.tell((rule.rule, rule.variant, unit.subject), rule.asks(world, unit), world.time)
    for stay in world.stays.values():
        if stay.open or stay in touched:
            for rule in book.of_stays:
                duties.tell((rule.rule, rule.variant, stay.subject), rule.asks(world, stay), world.time)
    for rule in book.of_rooms:
        for room in world.rooms:
            duties.tell((rule.rule, rule.variant, f"room:{room}"), rule.asks(world, room), world.time)


def _acts(world: World, duties: Duties, book: Book, fact_type: str, body: dict[str, Any]) -> None:
    """What is wrong with the act itself, by what was known before it."""
    names = [fact_type]
    told_by = STEP_FIELD.get(fact_type)
    if told_by:
        names.append(f"{fact_type}:{body[told_by]}")
    for name in names:
        for instant in book.instants.get(name, ()):
            about = _about(world, instant.unit, body)
            if about is not None and instant.broken(world, about, body):
                subject = (instant.rule, instant.variant, about.subject)
                duties.instant(subject, instant.severity, world.time)


def _about(world: World, kind: str, body: dict[str, Any]) -> Unit | Stay | None:
    ref = body.get(kind)
    band = body.get("band", body.get("tag"))
    if ref is None and kind == "stay" and band is not None:  # told by the band that the person wears
        return world.bands.get(band)
    if ref is None:
        return None
    return world.stays.get(ref) if kind == "stay" else world.unit(kind, ref)
