"""M: the four musts, and the wristband by which the person is known to be there.

FOUR; AREA 4 (straight in) and its register; APR 53, CQ 31 (searched first); PSAPL 102, APR 83
(collection of samples); CQ 5, 29 (guarded); PSAPL 137 (recorded).
"""

from typing import Any

from tests.oracle.calendar import MINUTE
from tests.oracle.duty import (
    BLIND,
    S1,
    S2,
    S3,
    S4,
    Answer,
    Begin,
    Instant,
    Rule,
    Tables,
    at_once,
    counted,
    held,
    ladder,
    unrecorded,
    within,
)
from tests.oracle.state import Stay, World

INTERVIEW_ROOMS = ("interview", "interrogation")
OTHER_ROOMS = (
    "reception",
    "search",
    "booking",
    "waiting",
    "sobering",
    "property_store",
    "dossier",
    "guard",
    "handover",
    "corridor",
)


def _not_received(_world: World, stay: Stay) -> bool:
    return not stay.has("reception.allowed")


def _outside(world: World, stay: Stay) -> Answer:
    """M1/outside, AREA 4: the band was last read outside, and no approved exit goes on."""
    if not stay.open or stay.phase == "out" or stay.room is None:
        return None
    if world.kind(stay.room) != "outside":
        return None
    return Begin(None, at_once(S1)) if world.sees(stay.room) else BLIND


def _unguarded(nobody: bool) -> Any:
    """M3, CQ 5 and 29: nobody sworn (or nobody at all) in the room or where it is guarded from."""
    stages = ladder((3, "min", S1)) if nobody else ladder((60, "s", S2))

    def asks(world: World, stay: Stay) -> Answer:
        if not stay.open or stay.room is None:
            return None
        zone = world.zone_of(stay.room)
        if world.kind(stay.room) == "outside":
            return None
        guards = len(world.officers_in(*zone)) if nobody else world.sworn_in(*zone)
        if guards:
            return None
        return Begin(None, stages) if world.sees(*zone) else BLIND

    return asks


def _room_unrecorded(kinds: tuple[str, ...], severity: str) -> Any:
    """M4, PSAPL 137: somebody is held in the room and no recorder of it records."""
    stages = ladder((5, "s", severity))

    def asks(world: World, room: str) -> Answer:
        if world.kind(room) not in kinds:
            return None
        if not any(stay.open and stay.room == room for stay in world.stays.values()):
            return None
        recording = world.recording(room)
        if recording:
            return None
        return BLIND if recording is None or not world.sees(room) else Begin(None, stages)

    return asks


def _particulars(_world: World, stay: Stay) -> Answer:
    """M5/particulars: the row states not both, sex and whether a minor."""
    row = stay.last("registered")
    if not stay.open or row is None or (stay.sex is not None and stay.minor is not None):
        return None
    return counted(row.time, ((15 * MINUTE, S4),))


def _band_cut(_world: World, stay: Stay) -> Answer:
    """WB/cut: until another band (or the same, whole) is put on."""
    if not stay.open or stay.cut_since is None:
        return None
    return counted(stay.cut_since, at_once(S1))


def _band_silent(world: World, stay: Stay) -> Answer:
    """WB/silent: no reader sees the band, since it was put on, since a reader lost it, or since it was given back."""
    if not stay.open or stay.silent_since is None:
        return None
    return counted(stay.silent_since, ladder((30, "s", S2), (2, "min", S1)))


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    rules = [
        within(
            "M1",
            "entry",
            "stay",
            ["arrived"],
            ["entered"],
            ladder((5, "min", S3), (15, "min", S2)),
            ever=True,
            only=_not_received,
        ),
        Rule("M1", "outside", "stay", _outside, place=True),
        held(
            "M2a",
            "order",
            ("waiting", *INTERVIEW_ROOMS),
            at_once(S2),
            only=lambda _w, s: not s.has("search.signed"),
        ),
        within("M2a", "time", "stay", ["entered"], ["search.signed"], ladder((10, "min", S3)), ever=True),
        Rule("M3", "guard", "stay", _unguarded(nobody=False), place=True),
        Rule("M3", "nobody", "stay", _unguarded(nobody=True), place=True),
        Rule(
            "M4",
            "interview",
            "room",
            _room_unrecorded((*INTERVIEW_ROOMS, "identification"), S1),
            place=True,
        ),
        Rule("M4", "other", "room", _room_unrecorded(OTHER_ROOMS, S2), place=True),
        within("M5", "register", "stay", ["entered"], ["registered"], ladder((15, "min", S3)), ever=True),
        Rule("M5", "particulars", "stay", _particulars),
        Rule("WB", "cut", "stay", _band_cut),
        Rule("WB", "silent", "stay", _band_silent, place=True),
    ]
    if book == "cn-2026":  # R3, PSAPL 97: every questioning of a public-order offender
        rules.append(
            unrecorded(
                "R3",
                "questioning",
                INTERVIEW_ROOMS,
                ladder((5, "s", S1)),
                lambda _w, s: s.measure == "public_order_questioning",
            )
        )
    instants = [
        Instant(
            "M2b",
            "repeat",
            "sample.collected",
            "stay",
            S3,
            lambda _w, s, body: s.has(f"sample.collected:{body['kind']}"),
        ),
        Instant(
            "M2b",
            "interview",
            "interview.started",
            "stay",
            S4,
            lambda _w, s, _b: not s.has("interview.started") and not s.has("sample.collected"),
        ),
    ]
    if book == "cn-2026":  # PSAPL 102; before 2026 APR 83 alone, which wants no approval
        instants.append(
            Instant(
                "M2b",
                "approval",
                "sample.collected",
                "stay",
                S2,
                lambda _w, s, _b: s.measure == "public_order_questioning" and not s.has("sample.approved"),
            )
        )
    return Tables(rules, instants)
