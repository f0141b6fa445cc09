"""I: interviewing. CPL 118, CPR 202 (two investigators); PSAPL 108, APR 52 (one officer with recording);
CPR 198 (place); CPR 202, APR 72 (individually); CPL 281, PSAPL 98, JUV 110 (minors); CPR 204, PSAPL 101;
CPR 203; CPR 206, APR 77; CPR 223, 225, PSAPL 103, APR 84 (women, searches); APR 104 (line-ups)."""

from typing import Any

from tests.oracle.calendar import MINUTE, SECOND
from tests.oracle.duty import S1, S2, S3, Instant, Rule, Tables, at_once, held, ladder
from tests.oracle.musts import INTERVIEW_ROOMS
from tests.oracle.recording import CRIMINAL
from tests.oracle.state import Stay, World

TWO = ((60 * SECOND, S2), (10 * MINUTE, S1))
PUBLIC_ORDER = "public_order_questioning"


def _fewer_sworn(number: int) -> Any:
    """Fewer people's police than this in the room."""
    return lambda world, _stay, room: world.sworn_in(room) < number


def _single_unrecorded(world: World, stay: Stay, room: str) -> bool | None:
    """I2/single, PSAPL 108: fewer than two sworn is lawful only while the room is recorded."""
    return world.sworn_in(room) < 2 and not world.recording(room)  # not known to record is not recorded


def _public_order(_world: World, stay: Stay) -> bool:
    return stay.measure == PUBLIC_ORDER


def _criminal(_world: World, stay: Stay) -> bool:
    return stay.measure in CRIMINAL


def _no_guardian(stay: Stay) -> bool:
    return not stay.has("guardian.attended", "guardian.excused")


def _female_in(world: World, room: str, *, sworn: bool) -> bool:
    """A woman's badge (of a sworn officer) is in the room."""
    return any(
        officer.sex == "F" and (officer.service == "sworn" or not sworn)
        for officer in world.officers_in(room)
    )


def _after_receipt(_world: World, stay: Stay) -> bool:
    """I3/centre: the detention centre received the person, who has not been freed since."""
    return stay.open_since(["detention_centre.received"], ["person.freed"]) is not None


def _none_female(world: World, stay: Stay, body: dict[str, Any]) -> bool:
    """I11/signed: none of the officers who searched a woman is one."""
    found = [world.officers[ref] for ref in body["officers"] if ref in world.officers]
    return stay.sex == "F" and not any(officer.sex == "F" for officer in found)


def _unsigned(_world: World, stay: Stay, _body: dict[str, Any]) -> bool:
    """I9: no record was signed at or after the last interview began."""
    started = stay.last("interview.started")
    return started is not None and stay.first_at(started.time, ["interview_record.signed"]) is None


def _guardian_rules(book: str) -> list[Rule]:
    """I5: PSAPL 98 and CPL 281 under 18; before 2026 under 16 in public-order cases (2012 art. 84)."""
    if book == "cn-2026":
        return [
            held(
                "I5",
                "guardian",
                INTERVIEW_ROOMS,
                at_once(S2),
                only=lambda _w, s: bool(s.minor) and _no_guardian(s),
            )
        ]
    return [
        held(
            "I5",
            "public_order",
            INTERVIEW_ROOMS,
            at_once(S2),
            only=lambda w, s: s.flagged("under_16") and _public_order(w, s) and _no_guardian(s),
        ),
        held(
            "I5",
            "criminal",
            INTERVIEW_ROOMS,
            at_once(S2),
            only=lambda w, s: bool(s.minor) and _criminal(w, s) and _no_guardian(s),
        ),
    ]


def _officer_rules(book: str) -> list[Rule]:
    """I1 and I2: how many sworn officers."""
    found = [held("I1", "criminal", INTERVIEW_ROOMS, TWO, _fewer_sworn(2), _criminal)]
    if book == "cn-2026":
        found += [
            held("I2", "nobody", INTERVIEW_ROOMS, TWO, _fewer_sworn(1), _public_order),
            held("I2", "single", INTERVIEW_ROOMS, ladder((60, "s", S1)), _single_unrecorded, _public_order),
        ]
    else:
        found.append(held("I2", "single", INTERVIEW_ROOMS, TWO, _fewer_sworn(2), _public_order))
    return found


def _line_up(kind: str, least: int) -> Instant:
    """I12, APR 104."""
    return Instant(
        "I12",
        kind,
        f"identification.held:{kind}",
        "stay",
        S3,
        lambda _w, _s, body: body["count"] < least,
    )


def _two_at_acts(world: World, stay: Stay) -> bool:
    """Before 2026 (APR 52) two officers seize and identify, always."""
    starts = ["act.started:seizure", "act.started:identification"]
    return _public_order(world, stay) and stay.open_since(starts, ["act.ended"]) is not None


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    minute_s1, minute_s2, minute_s3 = (ladder((60, "s", severity)) for severity in (S1, S2, S3))
    rules = [
        *_officer_rules(book),
        held("I3", "centre", None, at_once(S1), only=_after_receipt),
        held(
            "I4",
            "alone",
            INTERVIEW_ROOMS,
            at_once(S1),
            lambda w, s, room: bool(w.held_with(s, room)),
        ),
        *_guardian_rules(book),
        held(
            "I6",
            "female",
            INTERVIEW_ROOMS,
            minute_s2,
            lambda w, _s, room: not _female_in(w, room, sworn=True),
            lambda _w, s: s.sex == "F" and bool(s.minor),
        ),
        held(
            "I7",
            "interpreter",
            INTERVIEW_ROOMS,
            at_once(S2),
            only=lambda _w, s: (
                s.flagged("deaf_mute", "foreign_language") and not s.has("interpreter.attended")
            ),
        ),
        *([held("R4", "single", None, TWO, _fewer_sworn(2), _two_at_acts)] if book == "cn-2012" else []),
        held("I10", "two", ("search",), minute_s3, lambda w, _s, room: len(w.officers_in(room)) < 2),
        held(
            "I11",
            "female",
            ("search",),
            minute_s1,
            lambda w, _s, room: not _female_in(w, room, sworn=False),
            lambda _w, s: s.sex == "F",
        ),
    ]
    instants = [
        Instant(
            "I3",
            "room",
            "interview.started:interrogation",
            "stay",
            S2,
            lambda w, s, body: s.measure in CRIMINAL and w.kind(body["room"]) != "interrogation",
        ),
        Instant(
            "I8",
            "rights",
            "interview.started",
            "stay",
            S2,
            lambda _w, s, _b: not s.has("interview.started") and not s.has("rights.told"),
        ),
        Instant("I9", "signed", "stay.released", "stay", S3, _unsigned),
        Instant("I11", "signed", "search.signed", "stay", S1, _none_female),
        _line_up("persons", 7),
        _line_up("photos", 10),
        _line_up("objects", 5),
    ]
    return Tables(rules, instants)
