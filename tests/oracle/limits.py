"""T: limits of time. Numbers from CPL 85-97, 119, 156-159; CPR 80, 129, 140-150, 200; PSAPL 97, 118
(2012: 83, 99); APR 41, 47, 56, 58, 62, 69, 165; CQ 9-17, 19, 36; CPR 47; COER 19, 20."""

from typing import Any

from tests.oracle.calendar import HOUR, MINUTE
from tests.oracle.clocks import (
    Clock,
    Pauses,
    Start,
    Tier,
    calendar,
    from_step,
    spans,
    union,
)
from tests.oracle.duty import (
    S1,
    S2,
    S3,
    S4,
    Answer,
    Instant,
    Rule,
    Tables,
    at_once,
    counted,
    ladder,
    within,
)
from tests.oracle.state import Stay, Unit, World

SUMMONS = ("criminal_summons", "coercive_summons")
SPECIAL = ("under_16", "aged_70", "pregnant_or_nursing")  # CQ 10
BARRED = (  # CQ 9
    "not_checked_on_spot",
    "cleared_on_spot",
    "fine_only",
    "caught_at_home_or_work",
    "surrendered",
    "case_already_filed",
    "other_jurisdiction",
    "mentally_impaired",
    "acute_infectious",
    "grave_illness",
)
NOT_EXPEDITED = (
    "blind",
    "deaf_mute",
    "mentally_impaired",
    "hearing_case",
    "detention_from_ten_days",
)  # APR 41
FREED = (
    "stay.released:released",
    "stay.released:bail",
    "stay.released:residential_surveillance",
    "person.freed",
)
GRAVE = ("grave_or_complex_custody_needed",)
QUESTIONING_APPROVERS = ("case_department_head", "station_head", "county_head")
SUMMONS_GAP = 12 * HOUR
DISAGREES = 5 * MINUTE


# ---- the clocks of the measures -------------------------------------------------------------------


def _in_force(measure: str) -> Any:
    """Runs from the measure's own start while it is in force (T1, T2: CPL 119)."""

    def begins(_world: World, stay: Stay) -> Start | None:
        return Start(stay.measures[measure].time) if stay.measure == measure else None

    return begins


def _questioning(_world: World, stay: Stay) -> Start | None:
    """T5, restarted by a transfer of jurisdiction (T7, APR 62)."""
    if stay.measure != "public_order_questioning":
        return None
    start = stay.measures["public_order_questioning"].time
    transfer = stay.last("jurisdiction.transferred")
    if transfer and transfer.time >= start:
        return Start(transfer.time, transfer.position)
    return Start(start)


def _continued(_world: World, stay: Stay) -> Start | None:
    """T8 counts from arrival whatever the measure was before (T9, CQ 11)."""
    return Start(stay.clock_start()) if stay.measure == "continued_questioning" else None


def _continued_special(world: World, stay: Stay) -> Start | None:
    return _continued(world, stay) if stay.flagged(*SPECIAL) else None


def _drunk(_world: World, stay: Stay) -> Pauses:
    """T6, APR 58: time held drunk under restraint is not counted."""
    return spans(stay, ["restraint.started:drunk"], ["restraint.ended", "left:sobering"])


def _appraised_or_heard(world: World, case: Unit) -> Pauses:
    """T21, PSAPL 118: appraisal and hearing are not counted; before 2026 (art. 99) appraisal alone."""
    if world.book == "cn-2012":
        return spans(case, ["appraisal.started"], ["appraisal.ended"])
    return union(
        spans(case, ["appraisal.started"], ["appraisal.ended"]),
        spans(case, ["hearing.opened"], ["hearing.closed"]),
    )


def clocks(book: str) -> list[Clock]:
    """The clocks of this family."""
    department, county = ("case_department_head",), ("county_head",)
    questioning = [Tier("8h")]
    if book == "cn-2026":
        questioning.append(Tier("12h", QUESTIONING_APPROVERS, ("many_persons_involved", "identity_unknown")))
    questioning.append(Tier("24h", QUESTIONING_APPROVERS, ("complex_and_detention_possible",)))
    continued = (
        Tier("12h", ("station_head",)),
        Tier("24h", ("county_duty_head",)),
        Tier("48h", county, ("identity_refused",)),
    )
    custody = (
        Tier("2mo"),
        Tier("3mo", ("procuratorate",), ("complex_case",)),
        Tier("5mo", ("procuratorate",), ("grave_area_or_gang",)),
        Tier("7mo", ("procuratorate",), ("ten_years_or_more",)),
    )
    request = (
        Tier("3d"),
        Tier("7d", county, ("special_circumstances",)),
        Tier("30d", county, ("roaming_repeated_or_gang",)),
    )
    detained, arrested = ["measure:criminal_detention"], ["measure:arrest"]
    found = [
        Clock("T1", "summons", "stay", (Tier("12h"), Tier("24h", department, GRAVE)), _in_force(SUMMONS[0])),
        Clock("T2", "summons", "stay", (Tier("12h"), Tier("24h", county, GRAVE)), _in_force(SUMMONS[1])),
        Clock("T5", "questioning", "stay", tuple(questioning), _questioning, pauses=_drunk),
        Clock("T8", "questioning", "stay", continued, _continued, sequential=True),
        Clock("T10", "special", "stay", (Tier("4h"),), _continued_special),
        Clock(
            "T15",
            "request",
            "stay",
            request,
            from_step(detained, ["arrest.requested", "measure:arrest", *FREED]),
            calendar=True,
            due=S2,
            past=S1,
            outlives=True,
        ),
        calendar("T16", "decision", "stay", "7d", ["arrest.requested"], ["arrest.decided"], S2, S1),
        calendar("T16", "receipt", "stay", "3d", ["arrest.decided:refused"], ["release.reported"], S2, S1),
        Clock(
            "T18",
            "custody",
            "stay",
            custody,
            from_step(arrested, ["investigation.ended", *FREED]),
            calendar=True,
            due=S2,
            past=S1,
            sequential=True,
            outlives=True,
        ),
        calendar("T25", "family", "stay", "3d", ["legal_aid.requested"], ["legal_aid.family_told"], S2, S1),
    ]
    found.append(_case_length(book))
    return found


def _case_length(book: str) -> Clock:
    """T21: PSAPL 118 from filing, two extensions; before 2026 (art. 99, APR 165) from acceptance, one."""
    longer = [Tier("60d", ("county_head",), ("complex_case",))]
    since = ["case_review.started:administrative", "case_review.started:administrative_complex"]
    if book == "cn-2026":
        longer.append(Tier("90d", ("county_head",), ("complex_case",)))
        since = ["case.filed:public_order"]
    return Clock(
        "T21",
        "case",
        "case",
        (Tier("30d"), *longer),
        from_step(since, ["case.decided"]),
        calendar=True,
        due=S2,
        past=S1,
        sequential=True,
        pauses=_appraised_or_heard,
    )


# ---- what else has to happen in time --------------------------------------------------------------


def _gap(_world: World, stay: Stay) -> Answer:
    """T3, CPL 119: the same person summoned again less than 12 h after the last summons."""
    return counted(stay.gap_since, at_once(S3)) if stay.open and stay.gap_since is not None else None


def _disagree(_world: World, stay: Stay) -> Answer:
    """T4/disagree: the certificate's arrival time is more than 5 min after the entry."""
    if not stay.open or stay.disagree_since is None:
        return None
    return counted(stay.disagree_since, at_once(S3))


def _not_stopped(world: World, stay: Stay) -> Answer:
    """T6/stop: still restrained as drunk, and out of the sobering room."""
    running = stay.open_since(["restraint.started:drunk"], ["restraint.ended"])
    left = stay.last("left:sobering")
    if not stay.open or running is None or left is None or left.position < running.position:
        return None
    if world.kind(stay.room) == "sobering":
        return None
    return counted(left.time, ladder((15, "min", S3)))


def _barred_appeared(_world: World, stay: Stay) -> Answer:
    """T11/appeared, CQ 19: a ground of CQ 9 was stated after the measure came into force."""
    if not stay.open or stay.measure != "continued_questioning":
        return None
    stated = [
        step
        for flag in BARRED
        for step in stay.all(f"person.flagged:{flag}")
        if step.body["value"] and step.position > stay.measure_position
    ]
    if not stated:
        return None
    return counted(max(step.time for step in stated), ladder((30, "min", S2)))


def _liberty(_world: World, stay: Stay) -> Answer:
    """T22/liberty, COER 20: at once on return, so counted from the entry when that is later."""
    applied = stay.last("coercion.applied:liberty")
    if not stay.open or applied is None or stay.first_at(applied.time, ["coercion.approved"]) is not None:
        return None
    since = max(applied.time, stay.entered if stay.entered is not None else applied.time)
    return counted(since, ladder((30, "min", S3)), applied.position)


def _since_last(act: str, *stages: tuple[float, str, str]) -> Any:
    """T23, CPL 119: while inside, since the later of the entry and the last such act."""
    steps = ladder(*stages)

    def asks(_world: World, stay: Stay) -> Answer:
        if not stay.open or not stay.inside or stay.entered is None:
            return None
        last = stay.last(act)
        return counted(max(stay.entered, last.time) if last else stay.entered, steps)

    return asks


def _bound(_world: World, stay: Stay) -> bool:
    """Under a measure other than a voluntary stay."""
    return stay.measure not in (None, "voluntary")


def _expedited(_world: World, stay: Stay) -> bool:
    return stay.has("expedited.chosen")


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    detained, arrested = ["measure:criminal_detention"], ["measure:arrest"]
    day = 24
    leave = ladder((30, "min", S2), (2, "h", S1))
    told_detention = ["family.notified:criminal_detention", "family.notice_excused:criminal_detention"]
    told_arrest = ["family.notified:arrest", "family.notice_excused:arrest"]
    told_lock_up = [
        "family.notified:administrative_detention",
        "family.notice_excused:administrative_detention",
    ]
    rules = [
        *(clock.table() for clock in clocks(book)),
        Rule("T3", "gap", "stay", _gap),
        within("T4", "arrival", "stay", ["entered"], ["arrival_written"], ladder((10, "min", S4)), ever=True),
        Rule("T4", "disagree", "stay", _disagree),
        Rule("T6", "stop", "stay", _not_stopped),
        within(
            "T8",
            "approved",
            "stay",
            ["measure:continued_questioning"],
            ["extension.approved:T8"],
            ladder((30, "min", S3)),
            only=lambda _w, s: s.measure == "continued_questioning",
        ),
        Rule("T11", "appeared", "stay", _barred_appeared),
        *_after_custody("T12", detained, told_detention),
        within("T12", "still_here", "stay", detained, [], ladder((4, "h", S3))),
        *_after_custody("T17", arrested, told_arrest),
        within(
            "T16",
            "release",
            "stay",
            ["arrest.decided:refused"],
            ["stay.released", "person.freed"],
            leave,
            outlives=True,
        ),
        within(
            "T19",
            "copy",
            "stay",
            ["extension.approved:T8"],
            ["supervision.informed:approval"],
            ladder((15, "min", S2), (30, "min", S1)),
        ),
        within(
            "T20",
            "time",
            "stay",
            ["arrived"],
            ["penalty.decided", "outcome.decided"],
            ladder((48, "h", S2)),
            outlives=True,
            only=_expedited,
        ),
        within(
            "T22",
            "approval",
            "stay",
            ["coercion.applied"],
            ["coercion.approved"],
            ladder((day, "h", S2)),
            outlives=True,
        ),
        Rule("T22", "liberty", "stay", _liberty),
        Rule("T23", "meal", "stay", _since_last("meal.offered", (6, "h", S3), (8, "h", S2))),
        Rule("T23", "rest", "stay", _since_last("rest.recorded", (day, "h", S2))),
        within(
            "T24",
            "family",
            "stay",
            ["entered"],
            ["family.notified", "family.notice_excused"],
            ladder((2, "h", S3)),
            ever=True,
            only=_bound,
        ),
        within(
            "T25",
            "forward",
            "stay",
            ["legal_aid.requested"],
            ["legal_aid.forwarded"],
            ladder((day, "h", S2)),
            outlives=True,
        ),
        within(
            "T26",
            "delivery",
            "stay",
            ["measure:administrative_detention"],
            ["stay.released", "lock_up.received"],
            leave,
        ),
        within(
            "T26",
            "family",
            "stay",
            ["measure:administrative_detention"],
            told_lock_up,
            ladder((2, "h", S3)),
            outlives=True,
        ),
        within("T27", "outcome", "stay", ["outcome.decided"], ["stay.released"], leave),
    ]
    instants = [
        Instant(
            "T4",
            "edited",
            "certificate.corrected",
            "stay",
            S3,
            lambda _w, s, _b: s.entered is not None,
        ),
        Instant(
            "T4",
            "end",
            "stay.released",
            "stay",
            S4,
            lambda w, s, _b: _bound(w, s) and not s.has("certificate.ended"),
        ),
        Instant(
            "T17",
            "executed",
            "arrest.executed",
            "stay",
            S2,
            lambda w, _s, body: len(sworn_among(w, body["officers"])) < 2,
        ),
        Instant(
            "T24",
            "exit",
            "stay.released",
            "stay",
            S4,
            lambda w, s, _b: _bound(w, s) and not s.has("family.notified", "family.notice_excused"),
        ),
    ]
    return Tables(rules, instants)


def _after_custody(rule: str, since: list[str], told: list[str]) -> list[Rule]:
    """T12-T14 of detention (CPL 85, 86), T17 of arrest (CPL 93, 94): centre, interrogation, family in 24 h."""
    numbers = ("T12", "T13", "T14") if rule == "T12" else ("T17", "T17", "T17")
    rows = (
        ("centre", ["detention_centre.received"], S1),
        ("interrogation", ["interview.started:interrogation", "detention_centre.interrogated"], S1),
        ("family", told, S2),
    )
    return [
        within(
            number,
            variant,
            "stay",
            since,
            [*until, *FREED],
            ladder((24, "h", severity)),
            outlives=True,
        )
        for number, (variant, until, severity) in zip(numbers, rows, strict=True)
    ]


def sworn_among(world: World, refs: list[str]) -> set[str]:
    """The registered people's police officers in a list."""
    return {ref for ref in refs if ref in world.officers and world.officers[ref].service == "sworn"}
