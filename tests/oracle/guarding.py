"""G: guarding, separation, welfare, incidents. CQ 10, 15, 23-31, 36 (waiting room, reports, death);
APR 58 (restraint); WEAP 8; SAFE09. The minutes are the product's own."""

from typing import Any

from tests.oracle.calendar import MINUTE
from tests.oracle.clocks import Clock, calendar
from tests.oracle.duty import (
    BLIND,
    S1,
    S2,
    S3,
    Answer,
    Begin,
    Instant,
    Ladder,
    Rule,
    Tables,
    at_once,
    counted,
    held,
    ladder,
    within,
)
from tests.oracle.limits import SPECIAL
from tests.oracle.state import Stay, Unit, World

WAITING = ("waiting",)
HARD = ("handcuffs", "leg_irons")
REPORT = ladder((15, "min", S2), (30, "min", S1))


# ---- watching and patrols -------------------------------------------------------------------------


def _repeated(act: str, fitted: str, stages: Ladder, only: Any = None) -> Any:
    """G3, G4: since the later of entering the waiting room and the last such act in it."""

    def asks(world: World, stay: Stay) -> Answer:
        if not stay.open or stay.room is None or (only is not None and not only(world, stay)):
            return None
        if world.kind(stay.room) != "waiting" or fitted not in world.rooms[stay.room].get("fitted", ()):
            return None
        if not world.sees(stay.room):
            return BLIND
        last = world.unit("room", stay.room).last(act)
        since = max(stay.room_since, last.time) if last else stay.room_since
        return counted(since, stages)

    return asks


def _at_risk(_world: World, stay: Stay) -> bool:
    return stay.flagged("at_risk")


# ---- separation -----------------------------------------------------------------------------------


def other_sex(stay: Stay, other: Stay) -> bool:
    """G5, CQ 30: both stated, and not the same."""
    return stay.sex is not None and other.sex is not None and stay.sex != other.sex


def same_case(stay: Stay, other: Stay) -> bool:
    """G6: both registered for one case."""
    return stay.case is not None and stay.case == other.case


def minor_with_adult(stay: Stay, other: Stay) -> bool:
    """G7, CPL 280: one is a minor, the other is stated not to be."""
    return {stay.minor, other.minor} == {True, False}


def barred_from_waiting(stay: Stay) -> bool:
    """G8, CQ 10: may not be put into a waiting room at all."""
    return stay.measure == "continued_questioning" and stay.flagged(*SPECIAL)


def _together(apart: Any) -> Any:
    return lambda world, stay, room: any(apart(stay, other) for other in world.held_with(stay, room))


# ---- restraint ------------------------------------------------------------------------------------


def _restraint(stay: Stay) -> Any:
    return stay.open_since(["restraint.started:drunk"], ["restraint.ended"])


def _restrained(act: str, stages: Ladder) -> Any:
    """G13: while restrained as drunk, since the later of its start and the last such act."""

    def asks(_world: World, stay: Stay) -> Answer:
        start = _restraint(stay)
        if not stay.open or start is None:
            return None
        last = stay.last(act)
        return counted(max(start.time, last.time) if last else start.time, stages)

    return asks


def _sober_since_restrained(_world: World, stay: Stay) -> bool:
    start, sober = _restraint(stay), stay.last("person.sobered")
    return start is not None and sober is not None and sober.position > start.position


# ---- rooms ----------------------------------------------------------------------------------------


def _room_number(field: str, wrong: Any, kinds: tuple[str, ...] | None) -> Any:
    """G15, G16: the number stated last of the room is on the wrong side."""

    def asks(world: World, room: Unit) -> Answer:
        if kinds is not None and world.kind(room.ref) not in kinds:
            return None
        numbers = [step.body[field] for step in room.all("room.inspected") if field in step.body]
        return Begin(None, at_once(S3)) if numbers and wrong(numbers[-1]) else None

    return asks


def _not_accepted(world: World, room: str) -> Answer:
    """G15/accepted, CQ 28: somebody is held in a waiting room that was inspected last as not accepted."""
    last = world.unit("room", room).last("room.inspected")
    if world.kind(room) != "waiting" or last is None or last.body["result"] != "not_accepted":
        return None
    if not any(stay.open and stay.room == room for stay in world.stays.values()):
        return None
    return Begin(None, at_once(S2)) if world.sees(room) else BLIND


def _dependants(_world: World, stay: Stay) -> Answer:
    """G17, CQ 15: after it is stated that somebody depends on the person, until that is arranged."""
    since = stay.dependants_since
    if not stay.open or since is None or not stay.flagged("dependants"):
        return None
    if stay.first_at(since, ["dependants.arranged"]) is not None:
        return None
    return counted(since, ladder((2, "h", S3)))


def _special(_world: World, stay: Stay) -> bool:
    return stay.flagged(*SPECIAL)


def clocks(_book: str) -> list[Clock]:
    """G12/family, CQ 25."""
    return [calendar("G12", "family", "incident", "3d", ["death.appraised"], ["death.family_told"], S2, S1)]


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    patrol = ladder((15, "min", S3), (30, "min", S2))
    closely = ladder((5, "min", S3), (10, "min", S2))
    health = ["supervision.informed:health"]
    rules = [
        *(clock.table() for clock in clocks(book)),
        Rule("G3", "still", "stay", _repeated("guard.moved", "guard_motion", closely), place=True),
        Rule(
            "G4",
            "patrol",
            "stay",
            _repeated("patrol.tapped", "patrol_point", patrol, lambda w, s: not _at_risk(w, s)),
            place=True,
        ),
        Rule(
            "G4", "at_risk", "stay", _repeated("patrol.tapped", "patrol_point", closely, _at_risk), place=True
        ),
        held("G5", "sexes", WAITING, at_once(S1), _together(other_sex)),
        held("G6", "case", WAITING, at_once(S1), _together(same_case)),
        held("G6", "corridor", ("corridor",), at_once(S2), _together(same_case)),
        held("G7", "minors", WAITING, at_once(S1), _together(minor_with_adult)),
        held("G8", "special", WAITING, at_once(S2), only=lambda _w, s: barred_from_waiting(s)),
        held("G9", "health", WAITING, at_once(S2), only=lambda _w, s: not s.has("health.checked")),
        within("G9", "told", "stay", ["health.checked:injured", "health.checked:ill"], health, REPORT),
        within("G9", "special", "stay", ["measure:continued_questioning"], health, REPORT, only=_special),
        *_incident_rules(),
        held("G13", "watch", ("sobering",), at_once(S1), only=lambda _w, s: not s.has("guard.named")),
        Rule("G13", "check", "stay", _restrained("restraint.checked", ladder((15, "min", S2)))),
        Rule("G13", "review", "stay", _restrained("restraint.reviewed", ladder((4, "h", S2)))),
        within(
            "G13",
            "sober",
            "stay",
            ["person.sobered"],
            ["restraint.ended"],
            ((15 * MINUTE, S2),),
            only=_sober_since_restrained,
        ),
        Rule("G15", "area", "room", _room_number("area_dm2", lambda n: n < 600, WAITING)),
        Rule("G15", "height", "room", _room_number("height_cm", lambda n: n < 255, WAITING)),
        Rule("G15", "accepted", "room", _not_accepted, place=True),
        within(
            "G15",
            "bedding",
            "stay",
            ["entered"],
            ["bedding.given"],
            ladder((12, "h", S3)),
            only=lambda _w, s: s.measure == "continued_questioning",
        ),
        Rule("G16", "floor", "room", _room_number("floor", lambda n: n > 2, None)),
        Rule("G17", "dependants", "stay", _dependants),
    ]
    instants = [
        Instant(
            "G13",
            "device",
            "restraint.started:drunk",
            "stay",
            S2,
            lambda _w, _s, body: body["device"] in HARD,
        ),
        Instant(
            "G14",
            "ground",
            "restraint.started:other",
            "stay",
            S2,
            lambda _w, _s, body: body["device"] in HARD,
        ),
    ]
    return Tables(rules, instants)


def _incident_rules() -> list[Rule]:
    """G10-G12: CQ 23, 24, 25, 36."""

    def after(rule: str, variant: str, kinds: tuple[str, ...], until: str, stages: Ladder) -> Rule:
        return within(
            rule, variant, "incident", [f"incident.occurred:{kind}" for kind in kinds], [until], stages
        )

    unwell, hurt = ("illness", "injury"), ("illness", "injury", "serious_injury")
    grave = ("serious_injury", "self_harm", "escape", "overrun")
    half_hour = ladder((30, "min", S2))
    return [
        after("G10", "treat", unwell, "incident.treated", at_once(S1)),
        after("G10", "family", hurt, "incident.reported:family", half_hour),
        after("G10", "head", hurt, "incident.reported:county_head", half_hour),
        after("G11", "report", grave, "incident.reported:supervision", REPORT),
        after("G11", "incident", grave, "incident.closed", at_once(S1)),
        after("G12", "procuratorate", ("death",), "incident.reported:procuratorate", REPORT),
        after("G12", "appraisal", ("death",), "death.appraised", ladder((24, "h", S1))),
    ]
