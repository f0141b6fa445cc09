"""P: things that are kept. APR 52, 110-112, 115, 187-197; CPR 187, 229-235, 250; CPL 145; PSAPL 105, 108; CQ 32; PE12 4, 5; CP10 11.

What the ledger itself refuses (docs/property.md) is not judged here: only facts that it let in come to these rules.
"""

from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.calendar import due_and_past
from tests.oracle.clocks import Clock, Start, Tier, calendar, from_step, grant, spans
from tests.oracle.duty import (
    S1,
    S2,
    S3,
    S4,
    Answer,
    Begin,
    Instant,
    Ladder,
    Rule,
    Tables,
    at_once,
    counted,
    ladder,
    within,
)
from tests.oracle.state import Stay, Unit, World

ENDS = ["item.restored", "item.transferred", "item.destroyed", "item.auctioned", "item.forfeited"]
OVER = [*ENDS, "item.returned"]
ENTERING = {
    "item.found": "effects",
    "item.seized": "exhibit",
    "item.registered": "exhibit",
    "item.collected": "specimen",
}
TRAITS = ("valuable", "dangerous", "cash")


class Thing(NamedTuple):
    """What rules ask of a thing: what it is, whose, where it lies, whether anybody still answers for it."""

    kind: str
    stay: str | None
    case: str | None
    traits: frozenset[str]
    remote: bool = False
    compartment: str | None = None
    over: bool = False
    on_the_way: bool = False


def move(world: World, fact_type: str, body: dict[str, Any], clocks: list[Clock]) -> list[Unit]:
    """Take a fact about a thing in; the units besides it whose rules have to be asked again."""
    ref = body.get("item")
    if ref is None:
        return []
    if fact_type == "seizure.extended":
        _extend(world, world.unit("item", ref), clocks)
    if fact_type in ENTERING:
        _enter(world, fact_type, ref, body)
    known = world.things.get(ref)
    if known is None:
        return []
    thing = _changed(known, fact_type, body)
    world.things[ref] = thing
    touched: list[Unit] = []
    if fact_type == "item.split":
        part = world.unit("item", body["part"])
        world.things[body["part"]] = thing
        part.steps = {name: list(steps) for name, steps in world.unit("item", ref).steps.items()}
        part.approved = dict(world.unit("item", ref).approved)
        touched.append(part)
    if fact_type == "item.stored" and body["compartment"] in world.area.get("compartments", {}):
        cabinet = world.area["compartments"][body["compartment"]]
        for kind, place in (("cabinet", cabinet), ("room", world.area["cabinets"][cabinet]["room"])):
            unit = world.unit(kind, place)
            unit.add(fact_type, world.time, world.position, body)
            touched.append(unit)
    if thing.stay is not None and thing.stay in world.stays:
        touched.append(world.stays[thing.stay])
    if thing.case is not None:
        touched.append(world.unit("case", thing.case))
    return touched


SIGNERS = {
    "listing": ("person", "holder", "family"),
    "seizure": ("person", "holder", "owner", "family", "witness"),
    "receipt": ("receiver", "person", "owner", "family"),
    "returning": ("person", "owner", "family", "receiver"),
}


def counts(world: World, fact_type: str, body: dict[str, Any]) -> bool:
    """Whether it is a step at all: a signature by whoever has to sign, an end of what had begun, a finding that is new."""
    if "item" not in body or body["item"] not in world.things:
        return True
    item = world.unit("item", body["item"])
    if fact_type == "item.brought_in":
        return bool(world.things[body["item"]].remote)
    if fact_type == "item.tested":
        return item.open_since(["item.test_approved"], ["item.tested"]) is not None
    if fact_type == "item.found_unrelated":
        return not item.has("item.found_unrelated")
    if fact_type == "loan.reported":
        lent = item.last("item.lent", "loan.extended")
        return lent is not None and lent.body["return_by_at_us"] <= world.time
    if fact_type == "item.signed":
        return body["signed_by"] in SIGNERS[body["of"]]
    return fact_type != "item.refused_signature" or body["signed_by"] in ("witness", "officer")


def _enter(world: World, fact_type: str, ref: str, body: dict[str, Any]) -> None:
    old = world.things.get(ref)
    traits = old.traits if old is not None else frozenset()
    world.things[ref] = Thing(
        ENTERING[fact_type],
        old.stay if old is not None else body.get("stay"),
        body.get("case") or (old.case if old is not None else None),
        traits,
        remote=body.get("remote") is True,
    )


def _changed(thing: Thing, fact_type: str, body: dict[str, Any]) -> Thing:
    if fact_type in (*ENTERING, "item.corrected"):
        stated = {trait: body[trait] for trait in TRAITS if trait in body}
        kept = {trait for trait in thing.traits if stated.get(trait, True)}
        thing = thing._replace(traits=frozenset(kept | {trait for trait, so in stated.items() if so}))
    if fact_type == "item.brought_in":
        thing = thing._replace(remote=False)
    if fact_type in ("item.sent", "item.received"):
        thing = thing._replace(on_the_way=fact_type == "item.sent")
    if fact_type == "item.stored" or (fact_type == "item.corrected" and "compartment" in body):
        return thing._replace(compartment=body["compartment"])
    if fact_type == "item.taken_out":
        return thing._replace(compartment=None)
    ended = fact_type in OVER or (
        fact_type == "item.received" and thing.kind == "effects" and body["destination"] != "keeper"
    )
    return thing._replace(over=True) if ended else thing


def _extend(world: World, item: Unit, clocks: list[Clock]) -> None:
    """APR 112: the second period."""
    for clock in clocks:
        state = clock.running(world, item) if clock.key == "P10/seizure" else None
        if state is not None and state.tier + 1 < len(clock.tiers):
            grant(world, item, clock, state.tier + 1)


# ---- what a rule asks of a thing ------------------------------------------------------------------


def _is(*kinds: str, trait: str = "") -> Any:
    def only(world: World, item: Unit) -> bool:
        thing = world.things.get(item.ref)
        return thing is not None and thing.kind in kinds and (not trait or trait in thing.traits)

    return only


def _not_criminal(world: World, item: Unit) -> bool:
    return _is("exhibit")(world, item) and not item.has("item.seized:criminal")


def _administrative(_world: World, item: Unit) -> bool:
    return item.has("item.seized") and not item.has("item.seized:criminal")


def _criminal(_world: World, item: Unit) -> bool:
    return item.has("item.seized:criminal")


WITH_KEEPER = ["item.handed_over", "item.received:keeper", *ENDS]


def _handover(world: World, item: Unit) -> Answer:
    """P1, APR 190: a day from the seizure, the return, or the end of an approved test."""
    thing = world.things.get(item.ref)
    return (
        None
        if thing is None or thing.remote
        else _day_to_keeper(world, item, "item.seized", "item.brought_in")
    )


def _registered(world: World, item: Unit) -> Answer:
    """P1, APR 190: what was registered and preserved was taken too."""
    return _day_to_keeper(world, item, "item.registered")


def _day_to_keeper(world: World, item: Unit, taken: str, *later_than: str) -> Answer:
    thing = world.things.get(item.ref)
    begin = item.last(taken)
    if thing is None or thing.kind != "exhibit" or begin is None:
        return None
    if item.open_since(["item.test_approved"], ["item.tested"]) is not None:
        return None
    later = [step.time for name in ("item.tested", *later_than) if (step := item.last(name)) is not None]
    since = max([begin.time, *later])
    stages = counted(since, ladder((24, "h", S2), (48, "h", S1)), begin.position)
    end = item.first_at(begin.time, WITH_KEEPER)
    return stages if end is None else stages._replace(done=end)


def _due(stages: Ladder, *reported: str) -> Any:
    """P5, CP10 11: counted from the return that was written last."""

    def asks(_world: World, item: Unit) -> Answer:
        begin = item.last("item.lent", "loan.extended")
        if (
            begin is None
            or item.first_after(begin.position, ["item.given_back", "item.received:keeper", *reported])
            is not None
        ):
            return None
        return counted(begin.body["return_by_at_us"], stages, begin.position)

    return asks


def _left(world: World, stay: Stay) -> Answer:
    """P20, CQ 32: effects that are still here when the person has left; DET 11, LOCK 11: those on their way follow him."""
    effects = [t for t in world.things.values() if t.stay == stay.ref and t.kind == "effects" and not t.over]
    is_left = stay.ended is not None and any(not t.on_the_way for t in effects)
    return Begin(None, at_once(S2)) if is_left else None


def _undecided(world: World, case: Unit) -> Answer:
    """P11, APR 193."""
    begin = case.last("case.decided")
    if begin is None:
        return None
    left = [
        ref
        for ref, t in world.things.items()
        if t.case == case.ref and t.kind == "exhibit" and not t.over
        and not world.unit("item", ref).has("disposal.decided")
    ]  # fmt: skip
    return counted(begin.time, at_once(S3), begin.position) if left else None


def _misplaced(world: World, item: Unit) -> Answer:
    """P14, APR 191."""
    thing = world.things.get(item.ref)
    cabinet = world.area.get("compartments", {}).get(thing.compartment) if thing is not None else None
    if thing is None or cabinet is None or "dangerous" not in thing.traits:
        return None
    return Begin(None, at_once(S1)) if world.area["cabinets"][cabinet]["kind"] != "dangerous" else None


def _each(act: str, months: int) -> Any:
    """By the end of the month or quarter in which it began to be needed, then of the one after the last time."""

    def asks(world: World, unit: Unit) -> Answer:
        stored = unit.all("item.stored")
        if not stored:
            return None
        done = unit.last(act)
        is_done = done is not None and done.position >= stored[0].position
        begun = done if is_done and done is not None else stored[0]
        day = datetime.fromtimestamp(begun.time // 1_000_000, ZoneInfo(world.zone)).date()
        for _ in range(2 if is_done else 1):
            count = day.month - 1 - (day.month - 1) % months + months
            day = date(day.year + count // 12, count % 12 + 1, 1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(world.zone))
        return counted(int(midnight.timestamp()) * 1_000_000, at_once(S3), begun.position)

    return asks


# ---- acts -----------------------------------------------------------------------------------------


def _few(least: int, *, recorded: int | None = None) -> Any:
    def broken(world: World, _item: Unit, body: dict[str, Any]) -> bool:
        officers = {ref: world.officers.get(ref) for ref in body["officers"]}
        sworn = sum(officer is not None and officer.service == "sworn" for officer in officers.values())
        is_recorded = "room" in body and world.recording(body["room"]) is True
        return sworn < (recorded if is_recorded and recorded is not None else least)

    return broken


def _early(world: World, item: Unit, _body: dict[str, Any]) -> bool:
    """P9, APR 197, CPR 233: not before six months after the notice."""
    notice = item.last("item.announced")
    return notice is not None and world.time < due_and_past(notice.time, 0, 6, world.zone)[1]


def _state(*states: str) -> Any:
    return lambda _w, _u, body: body.get("state") in states


def _unsigned(world: World, item: Unit, _body: dict[str, Any]) -> bool:
    return _is("effects")(world, item) and not item.has(
        "item.signed:listing", "item.refused_signature:listing"
    )


def clocks(_book: str) -> list[Clock]:
    """The calendar limits of a thing."""

    def back(world: World, item: Unit) -> Start | None:
        return from_step(["item.found_unrelated"], ["item.restored", "item.announced"], _criminal)(
            world, item
        )

    return [
        Clock("P8", "criminal", "item", (Tier("3d"),), back, calendar=True, due="", past=S2, outlives=True),
        Clock("P9", "due", "item", (Tier("6mo"),), from_step(["item.announced"], ENDS, _is("exhibit", "specimen")), calendar=True, due="", past=S3),
        Clock(
            "P10", "seizure", "item", (Tier("30d"), Tier("60d", ("county_head",))),
            from_step(["item.seized"], ["disposal.decided", *ENDS], _administrative),
            calendar=True, due=S2, past=S1, sequential=True,
            pauses=lambda _w, item: spans(item, ["item.received:laboratory"], ["item.sent"]),
        ),
        calendar("P10", "registered", "item", "7d", ["item.registered"], ["item.seized", "disposal.decided", *ENDS], S2, S1),
    ]  # fmt: skip


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    day_s2, day_s3 = ladder((24, "h", S2)), ladder((24, "h", S3))
    back = ["item.restored", "item.announced"]
    rules = [
        *(clock.table() for clock in clocks(book)),
        Rule("P1", "handover", "item", _handover),
        Rule("P1", "registered", "item", _registered),
        within("P3", "described", "item", list(ENTERING), ["item.described"], ladder((24, "h", S4)), ever=True),
        within("P3", "transit", "item", ["item.sent"], ["item.received"], day_s3, only=_is("exhibit")),
        Rule("P5", "overdue", "item", _due(ladder((0, "h", S2), (24, "h", S1)))),
        Rule("P5", "case_head", "item", _due(ladder((2, "h", S3)), "loan.reported:case_department_head")),
        Rule("P5", "property_head", "item", _due(ladder((2, "h", S3)), "loan.reported:property_department_head")),
        within("P6", "signed", "item", ["item.seized"], ["item.signed:seizure", "item.refused_signature:seizure"],
               ladder((1, "h", S3))),
        within("P7", "photo", "item", ["item.seized"], ["item.photographed"], ladder((2, "h", S3)), ever=True,
               only=_is("exhibit", trait="valuable")),
        within("P8", "at_once", "item", ["item.found_unrelated"], back, ladder((2, "h", S3), (24, "h", S2)),
               only=_not_criminal),
        Rule("P11", "case", "case", _undecided),
        Rule("P12", "quarter", "room", _each("clearup.held", 3)),
        Rule("P13", "monthly", "cabinet", _each("count.started", 1)),
        within("P13", "ended", "stocktaking", ["count.started"], ["count.ended"], day_s3),
        Rule("P14", "dangerous", "item", _misplaced),
        within("P19", "returned", "item", ["item.returned"], ["item.signed:returning", "item.refused_signature:returning"],
               ladder((10, "min", S2)), ever=True, only=_is("effects")),
        Rule("P20", "left", "stay", _left),
        within("P22", "signed", "item", ["item.received:detention_centre", "item.transferred"],
               ["item.signed:receipt", "item.refused_signature:receipt"], ladder((2, "h", S2)), ever=True),
        within("P22", "arrived", "item", ["item.sent"], ["item.received"], ladder((4, "h", S2)), only=_is("effects")),
        within("P23", "arrived", "item", ["item.sent"], ["item.received"], day_s2, only=_is("specimen")),
        within("P23", "sent", "item", ["item.collected"], ["item.sent", "item.handed_over"], day_s3),
    ]  # fmt: skip
    in_2026 = _few(2, recorded=1) if book == "cn-2026" else _few(2)
    copies = [
        ("criminal", 3, "lists"),
        ("public_order", 2, "lists_public"),
        ("administrative", 2, "lists_public"),
    ]
    instants = [
        Instant("P6", "criminal", "item.seized:criminal", "item", S2, _few(2)),
        Instant("P6", "administrative", "item.seized:administrative", "item", S2, _few(2)),
        Instant("P6", "public_order", "item.seized:public_order", "item", S2, in_2026),
        *(
            Instant("P6", variant, f"item.seized:{procedure}", "item", S3, lambda _w, _u, body, least=least: body["copies"] < least)
            for procedure, least, variant in copies
        ),
        Instant("P7", "none", "item.photographed", "item", S3,
                lambda w, u, body: "photo" not in body and _is("exhibit", trait="valuable")(w, u)),
        Instant("P9", "early", "item.auctioned", "item", S2, _early),
        Instant("P9", "early", "item.forfeited", "item", S2, _early),
        Instant("P13", "match", "count.ended", "stocktaking", S1, lambda _w, _u, body: body["missing"] > 0),
        *(Instant("P15", "swapped", fact, "item", S1, _state("swapped", "short")) for fact in ("item.given_back", "item.inspected")),
        *(Instant("P15", "damaged", fact, "item", S2, _state("damaged")) for fact in ("item.given_back", "item.inspected")),
        Instant("P15", "arrived", "item.received", "item", S1, _state("damaged", "short", "swapped")),
        Instant("P16", "screened", "item.found", "stay", S3, lambda _w, stay, _b: not stay.has("search.signed")),
        Instant("P17", "reason", "item.found", "item", S4, lambda _w, _u, body: "kept_because" not in body),
        Instant("P19", "listed", "item.stored", "item", S3, _unsigned),
    ]  # fmt: skip
    return Tables(rules, instants)
