"""What a fact has to be to count: known places, an open stay, the order of the way, the right approver.

A rule that forbids an act beforehand (E1, E3, T7, T8, T11, T20, R13, I4, G5-G8) refuses it and is told
as an attempt: an alarm that is over in the same moment.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.clocks import Clock, extension, may_approve
from tests.oracle.duty import S1, S2, Subject
from tests.oracle.guarding import barred_from_waiting, minor_with_adult, other_sex, same_case
from tests.oracle.limits import BARRED, NOT_EXPEDITED
from tests.oracle.musts import INTERVIEW_ROOMS
from tests.oracle.shapes import COURSE, OPTIONAL_STAY, PERSONAL
from tests.oracle.state import Stay, World

FORBIDDEN = "forbidden"  # the reason when a rule forbids the act

OPENS_STAY = ("person.arrived", "area.entered", "stay.registered", "wristband.bound")
AFTER_END = (  # forms of the way that may come after the release
    "family.notified",
    "family.notice_excused",
    "bodycam.uploaded",
    "interview_record.signed",
    "certificate.ended",
    "effects.returned",
    "release.handed_over",
    "supervision.informed",
    "extension.approved",
)
NEEDS_SEARCH = (
    "effects.listed",
    "sample.collected",
    "interview.started",
    "act.started",
    "identification.held",
)
BEFORE_SEARCH = ("search", "reception", "sobering")  # room.assigned to these needs no search
FROM_PHASE = {
    "interview.started": "inside",
    "interview.ended": "interviewing",
    "exit.departed": "inside",
    "exit.returned": "out",
}
APPROVERS = {
    "sample.approved": ("case_department_head",),  # M2b
    "exit.approved": ("case_department_head",),  # E1
    "coercion.approved": ("case_department_head", "station_head", "county_head"),  # T22
    "hold.lifted": ("legal_reviewer", "supervisor"),  # X8
    "data_export.approved": ("legal_reviewer", "supervisor", "station_leader"),  # X7
    "recording.export_approved": ("case_department_head", "legal_reviewer"),  # R13
    "dossier.borrow_approved": ("legal_reviewer", "case_department_head"),  # D10
}
OFFICER_KNOWN = ("officer.withdrawn", "officer.qualified", "training.recorded", "officer.recused")


class Refusal(NamedTuple):
    """Why a fact changes nothing, and the attempts that it was."""

    reason: str
    attempts: tuple[tuple[Subject, str], ...] = ()


def refusal(world: World, fact_type: str, body: dict[str, Any], clocks: Sequence[Clock]) -> Refusal | None:
    """Why the fact is refused, or None."""
    reason = unknown_place(world.area, fact_type, body) or _stay_fault(world, fact_type, body)
    if (
        reason is None
        and fact_type in APPROVERS
        and not (fact_type == "sample.approved" and world.book == "cn-2012")  # APR 83 names nobody
        and not may_approve(world, body["approver"], APPROVERS[fact_type])
    ):
        reason = "wrong_approver"
    if reason is None and fact_type in OFFICER_KNOWN and body["officer"] not in world.officers:
        reason = "unknown_officer"
    if reason is not None:
        return Refusal(reason)
    stay = world.stays.get(body["stay"]) if "stay" in body else None
    if fact_type == "extension.approved":
        return _extension(world, body, clocks)
    if fact_type in ("officer.registered", "recording.copied"):
        return _officer_or_copy(world, fact_type, body)
    if fact_type in ("wristband.returned", "wristband.cleaned", "wristband.withdrawn"):
        return _band(world, fact_type, body["band"])
    if fact_type == "clearup.held":
        day = datetime.fromtimestamp(world.time // 1_000_000, ZoneInfo(world.zone))
        is_held = (body["year"], body["quarter"]) == (day.year, (day.month + 2) // 3)
        return None if is_held else Refusal("other_quarter")
    if fact_type == "door.release_ordered":
        return _door_order(world, body)
    if fact_type in OPENS_STAY:
        return _opening(world, stay, fact_type, body)
    return _of_stay(world, stay, fact_type, body) if stay is not None else None


def unknown_place(area: dict[str, Any], fact_type: str, body: dict[str, Any]) -> str | None:
    """A room, door, recorder, node or input that the area does not have; of what tells of readers and points, those."""
    tables = (
        ("room", "rooms"),
        ("door", "doors"),
        ("recorder", "recorders"),
        ("node", "nodes"),
        ("input", "inputs"),
        ("compartment", "compartments"),
    )
    for name, table in tables:
        if name == "compartment" and not area.get(table) and not fact_type.startswith("compartment."):
            continue
        if name in body and body[name] not in area.get(table, ()):
            return "unknown_place"
    if fact_type.startswith("reader.") and body["reader"] not in area.get("readers", ()):
        return "unknown_place"
    if fact_type.startswith("point."):
        known = {(point["node"], point.get("point")): point["of"] for point in area.get("points", ())}
        owner = known.get((body["node"], body["point"]))
        is_wrong = owner is None or (fact_type == "point.walked" and owner != body["of"])
        return "unknown_place" if is_wrong else None
    return None


def _stay_fault(world: World, fact_type: str, body: dict[str, Any]) -> str | None:
    if body.get("stay") is None or fact_type == "extension.approved" or fact_type in PERSONAL:
        return None
    stay = world.stays.get(body["stay"])
    if stay is None:
        return None if fact_type in OPENS_STAY else "unknown_stay"
    lasting = fact_type in AFTER_END or fact_type in COURSE or fact_type in OPTIONAL_STAY
    return None if stay.open or lasting else "stay_ended"


def _extension(world: World, body: dict[str, Any], clocks: Sequence[Clock]) -> Refusal | None:
    reason, clock, _ = extension(world, body, clocks)
    if reason is None:
        return None
    if reason == "tier_skipped" and clock is not None and clock.rule == "T8":
        return Refusal(reason, ((("T8", "skipped", f"stay:{body['stay']}"), S2),))
    return Refusal(reason)


def _officer_or_copy(world: World, fact_type: str, body: dict[str, Any]) -> Refusal | None:
    if fact_type == "recording.copied":  # R13/keeper: kept by somebody else than the handler
        if body["keeper"] != body["handler"]:
            return None
        return Refusal(FORBIDDEN, ((("R13", "keeper", f"recording:{body['recording']}"), S2),))
    badge = body.get("badge", body["officer"])
    taken = badge in world.bands or any(
        officer.badge == badge and officer.ref != body["officer"] for officer in world.officers.values()
    )
    return Refusal("badge_in_use") if taken else None


def _door_order(world: World, body: dict[str, Any]) -> Refusal | None:
    """A door that has a lock, and an officer of the police."""
    if body["door"] not in world.area.get("locks", ()):
        return Refusal("no_lock")
    officer = world.officers.get(body["officer"])
    if officer is None:
        return Refusal("unknown_officer")
    return None if officer.service == "sworn" else Refusal("no_police")


def _opening(world: World, stay: Stay | None, fact_type: str, body: dict[str, Any]) -> Refusal | None:
    if fact_type == "person.arrived":
        return Refusal("already_arrived") if stay and stay.person_arrived is not None else None
    if fact_type == "wristband.bound":
        wearer = world.bands.get(body["band"])
        badges = {officer.badge for officer in world.officers.values()}
        taken = (wearer is not None and wearer is not stay) or body["band"] in badges
        return Refusal("band_in_use") if taken else _unfit(world, stay, body)
    if fact_type == "stay.registered":
        if stay and stay.has("registered"):
            return Refusal("already_registered")
        if max(body.get("arrived_at_us", 0), body.get("entered_at_us", 0)) > world.time:
            return Refusal("in_the_future")
        stated = set(body.get("flags", ())) | (
            {flag for flag in BARRED if stay.flagged(flag)} if stay else set()
        )
        return _barred(body["stay"], body["measure"], stated)
    return None


def _unfit(world: World, stay: Stay | None, body: dict[str, Any]) -> Refusal | None:
    """A band goes from one person to the next when it was cleaned; whoever wore it may put it on again while it is whole."""
    life = world.band_lives.get(body["band"])
    if life is None or (stay is not None and stay.band == body["band"]):
        return None
    if life.state == "withdrawn":
        return Refusal("band_withdrawn")
    return (
        None if life.stay == body["stay"] and life.condition in ("", "whole") else Refusal("band_not_cleaned")
    )


def _band(world: World, fact_type: str, band: str) -> Refusal | None:
    """Given back: any band. Cleaned or withdrawn: one that nobody wears."""
    is_badge = any(officer.badge == band for officer in world.officers.values())
    if fact_type == "wristband.returned":
        return Refusal("not_a_band") if is_badge else None
    if is_badge or band in world.bands:
        return Refusal("band_in_use")
    life = world.band_lives.get(band)
    is_gone = fact_type == "wristband.cleaned" and life is not None and life.state == "withdrawn"
    return Refusal("band_withdrawn") if is_gone else None


def _barred(ref: str, measure: str, stated: set[str]) -> Refusal | None:
    """T11/barred, CQ 9: continued questioning may not be chosen."""
    if measure == "continued_questioning" and stated & set(BARRED):
        return Refusal(FORBIDDEN, ((("T11", "barred", f"stay:{ref}"), S2),))
    return None


def _of_stay(world: World, stay: Stay, fact_type: str, body: dict[str, Any]) -> Refusal | None:
    if fact_type in FROM_PHASE and stay.phase != FROM_PHASE[fact_type]:
        return Refusal("out_of_order")
    if fact_type in NEEDS_SEARCH and not stay.has("search.signed"):
        return Refusal("out_of_order")
    special = {
        "measure.changed": _measure_changed,
        "certificate.written": _certificate,
        "certificate.corrected": _certificate,
        "certificate.ended": _certificate,
        "search.signed": _search,
        "room.assigned": _room,
        "entry.requested": _room,
        "exit.departed": _departure,
        "jurisdiction.transferred": _transfer,
        "expedited.chosen": _expedited,
        "person.erased": _erasure,
    }
    check = special.get(fact_type)
    return check(world, stay, fact_type, body) if check else None


def _erasure(_world: World, stay: Stay, _type: str, _body: dict[str, Any]) -> Refusal | None:
    """Not of somebody who is held, and not while a complaint keeps the record whole."""
    if stay.open:
        return Refusal("still_held")
    held = stay.open_since(["complaint.received"], ["hold.lifted"])
    return Refusal("under_hold") if held is not None else None


def _measure_changed(_world: World, stay: Stay, _type: str, body: dict[str, Any]) -> Refusal | None:
    if not stay.has("registered"):
        return Refusal("not_registered")
    if body["measure"] == stay.measure:
        return Refusal("same_measure")
    return _barred(stay.ref, body["measure"], {flag for flag in BARRED if stay.flagged(flag)})


def _certificate(world: World, stay: Stay, fact_type: str, body: dict[str, Any]) -> Refusal | None:
    if fact_type == "certificate.corrected" and not stay.has("registered"):
        return Refusal("not_registered")
    written = body["ended_at_us"] if fact_type == "certificate.ended" else body["arrived_at_us"]
    return Refusal("in_the_future") if written > world.time else None


def _search(world: World, _stay: Stay, _type: str, body: dict[str, Any]) -> Refusal | None:
    if not body["officers"] or any(ref not in world.officers for ref in body["officers"]):
        return Refusal("unknown_officer")
    officers = [world.officers.get(ref) for ref in body["officers"]]
    sworn = any(officer is not None and officer.service == "sworn" for officer in officers)
    return None if sworn else Refusal("no_police")


def _room(world: World, stay: Stay, fact_type: str, body: dict[str, Any]) -> Refusal | None:
    """Taken into a room, or asked to be: searched first, and apart from whom the law wants apart."""
    room = body["room"]
    kind = world.kind(room)
    free = BEFORE_SEARCH if fact_type == "room.assigned" else (*BEFORE_SEARCH, "corridor")
    if kind not in free and not stay.has("search.signed"):
        return Refusal("out_of_order")
    others = world.held_with(stay, room)
    broken: list[tuple[str, str, str]] = []
    if kind in INTERVIEW_ROOMS and others:
        broken.append(("I4", "alone", S1))
    if kind == "waiting":
        if any(other_sex(stay, other) for other in others):
            broken.append(("G5", "sexes", S1))
        if any(same_case(stay, other) for other in others):
            broken.append(("G6", "case", S1))
        if any(minor_with_adult(stay, other) for other in others):
            broken.append(("G7", "minors", S1))
        if barred_from_waiting(stay):
            broken.append(("G8", "special", S2))
    if not broken:
        return None
    return Refusal(
        FORBIDDEN, tuple(((rule, variant, stay.subject), severity) for rule, variant, severity in broken)
    )


def _departure(_world: World, stay: Stay, _type: str, _body: dict[str, Any]) -> Refusal | None:
    """E1, AREA 4: approved since the last return; E3: checked since the last return."""
    returned = ["exit.returned"]
    attempts = []
    if stay.open_since(["exit.approved"], returned) is None:
        attempts.append((("E1", "approval", stay.subject), S1))
    if stay.open_since(["escort.checked"], returned) is None:
        attempts.append((("E3", "check", stay.subject), S2))
    return Refusal(FORBIDDEN, tuple(attempts)) if attempts else None


def _transfer(_world: World, stay: Stay, _type: str, body: dict[str, Any]) -> Refusal | None:
    """T7/undocumented, APR 62."""
    if "document" in body:
        return None
    return Refusal("no_document", ((("T7", "undocumented", stay.subject), S2),))


def _expedited(_world: World, stay: Stay, _type: str, _body: dict[str, Any]) -> Refusal | None:
    """T20/barred, APR 41."""
    why = {"minor": bool(stay.minor), "barred": stay.flagged(*NOT_EXPEDITED)}
    attempts = tuple((("T20", variant, stay.subject), S2) for variant, is_so in why.items() if is_so)
    return Refusal(FORBIDDEN, attempts) if attempts else None
