"""R: recording. CPL 123, CPR 208, REC14 4, 6 (interrogations); PSAPL 100, 103, 105, 108, 120 (acts);
APR 52, 263; JUV 112; PSAPL 137, 139 (equipment, damage); ONS16 13, REC14 12-18 (keeping)."""

from typing import Any

from tests.oracle.calendar import due_and_past
from tests.oracle.duty import (
    S1,
    S2,
    S3,
    Answer,
    Begin,
    Instant,
    Rule,
    Tables,
    at_once,
    held,
    ladder,
    unrecorded,
    within,
)
from tests.oracle.musts import INTERVIEW_ROOMS
from tests.oracle.state import Stay, Unit, World

CRIMINAL = ("criminal_summons", "coercive_summons", "criminal_detention", "arrest")
DIFFICULT = (  # REC14 6
    "blind",
    "deaf_mute",
    "mentally_impaired",
    "foreign_language",
    "may_retract",
    "denies_guilt",
    "disputed",
    "public_attention",
)
FIVE_SECONDS = (5, "s")


def interviewed(_world: World, stay: Stay) -> bool:
    """Between interview.started and interview.ended."""
    return stay.open_since(["interview.started"], ["interview.ended"]) is not None


def _interrogated(world: World, stay: Stay) -> bool:
    return stay.measure in CRIMINAL and interviewed(world, stay)


def _during_act(*acts: str) -> Any:
    """Between the start of one of these acts and act.ended."""
    starts = [f"act.started:{act}" for act in acts]

    def only(_world: World, stay: Stay) -> bool:
        return stay.open_since(starts, ["act.ended"]) is not None

    return only


def _alone_and_unrecorded(world: World, stay: Stay, room: str) -> bool | None:
    """R4, PSAPL 108: fewer than two sworn in the room, and it is not being recorded."""
    if world.sworn_in(room) >= 2:
        return False
    recording = world.recording(room)
    return None if recording is None else not recording


def _public_order_act(world: World, stay: Stay) -> bool:
    return stay.measure == "public_order_questioning" and _during_act(
        "seizure", "identification", "mediation"
    )(world, stay)


def _stated(field: str, wrong: Any, severity: str) -> Any:
    """R6: the number stated last of the recorder is on the wrong side."""

    def asks(_world: World, recorder: Unit) -> Answer:
        numbers = [step.body[field] for step in recorder.all("recorder.measured") if field in step.body]
        return Begin(None, at_once(severity)) if numbers and wrong(numbers[-1]) else None

    return asks


def _kept_too_short(kind: str, days: int, months: int) -> Any:
    """Deleted before the time of keeping after its making was over."""

    def broken(world: World, recording: Unit, _body: dict[str, Any]) -> bool:
        made = recording.last(f"recording.made:{kind}")
        return made is not None and world.time < due_and_past(made.time, days, months, world.zone)[1]

    return broken


def _on_hold(_world: World, stay: Stay, _body: dict[str, Any]) -> bool:
    """R14/hold: a complaint was received and the hold has not been lifted since."""
    return stay.open_since(["complaint.received"], ["hold.lifted"]) is not None


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    five_s1, five_s2 = ladder((*FIVE_SECONDS, S1)), ladder((*FIVE_SECONDS, S2))
    rules = [
        unrecorded(
            "R1",
            "interrogation",
            INTERVIEW_ROOMS,
            five_s1,
            lambda w, s: s.flagged("major_crime") and _interrogated(w, s),
        ),
        unrecorded(
            "R2",
            "person",
            INTERVIEW_ROOMS,
            five_s2,
            lambda w, s: s.flagged(*DIFFICULT) and _interrogated(w, s),
        ),
        unrecorded(
            "R2", "minor", INTERVIEW_ROOMS, five_s2, lambda w, s: bool(s.minor) and _interrogated(w, s)
        ),
        within(
            "R5",
            "upload",
            "stay",
            ["act.ended"],
            ["bodycam.uploaded"],
            ladder((24, "h", S3)),
            outlives=True,
        ),
        Rule("R6", "disk", "recorder", _stated("disk_free_percent", lambda n: n < 10, S3)),
        Rule("R6", "full", "recorder", _stated("disk_free_percent", lambda n: n < 3, S2)),
        Rule("R6", "days", "recorder", _stated("days_left", lambda n: n < 7, S3)),
        Rule("R6", "drift", "recorder", _stated("drift_ms", lambda n: n > 2_000, S3)),
        Rule("R6", "clock", "recorder", _stated("drift_ms", lambda n: n > 60_000, S2)),
        unrecorded("R8", "assisted", None, five_s2, _during_act("assisted")),
        unrecorded("R9", "signature", None, five_s2, _during_act("electronic_signature")),
        unrecorded(
            "R10",
            "recorded",
            None,
            five_s1,
            lambda w, s: s.flagged("protected_witness") and interviewed(w, s),
        ),
        within("R12", "gap", "stay", ["bodycam.stopped"], ["entered"], ladder((60, "s", S3)), ever=True),
        within(
            "R13",
            "copy",
            "recording",
            ["recording.made:interview"],
            ["recording.copied"],
            ladder((24, "h", S2)),
        ),
    ]
    if book == "cn-2026":
        acts = ("place_inspection", "seizure", "remote_questioning", "on_the_spot_penalty")
        rules += [
            held("R4", "single", None, five_s1, _alone_and_unrecorded, _public_order_act),
            unrecorded("R5", "act", None, five_s1, _during_act(*acts)),
        ]
    instants = [
        Instant("R7", "damaged", "recording.damaged", "recording", S1, lambda _w, _u, _b: True),
        Instant(
            "R10",
            "once",
            "interview.started",
            "stay",
            S3,
            lambda _w, s, _b: s.flagged("protected_witness") and s.has("interview.started"),
        ),
        Instant("R11", "kept", "recording.deleted", "recording", S1, _kept_too_short("body_camera", 0, 6)),
        Instant(
            "R11",
            "evidence",
            "recording.deleted",
            "recording",
            S1,
            lambda _w, u, _b: u.has("recording.marked_evidence"),
        ),
        Instant(
            "R13",
            "opened",
            "recording.exported",
            "recording",
            S2,
            lambda _w, u, body: body["by_case_team"] and not u.has("recording.export_approved"),
        ),
        Instant("R14", "kept", "recording.deleted", "recording", S1, _kept_too_short("area", 180, 0)),
        Instant("R14", "hold", "recording.deleted", "stay", S1, _on_hold),
    ]
    return Tables(rules, instants)
