"""X: review, supervision, appeal. CPR 179; ARL 62; CPL 97; CQ 36; APL 64, 85; PSAPL 116, 136, 138."""

from typing import Any

from tests.oracle.calendar import end_of_working_days
from tests.oracle.clocks import Clock, calendar
from tests.oracle.duty import S2, S3, Instant, Tables, ladder, within
from tests.oracle.state import Stay, World


def _too_early(world: World, stay: Stay, _body: dict[str, Any]) -> bool:
    """X5: within five working days of being told, and the hearing neither asked for nor waived."""
    told = stay.last("hearing.informed")
    if told is None or stay.has("hearing.requested", "hearing.waived"):
        return False
    return world.time < end_of_working_days(told.time, 5, world.holidays, world.zone)


def clocks(_book: str) -> list[Clock]:
    """The calendar limits of this family."""
    accepted, decided = "administrative_review.accepted", ["administrative_review.decided"]
    return [
        calendar("X1", "review", "case", "30d", ["filing_review.applied"], ["filing_review.decided"], S3, S2),
        calendar(
            "X1", "rereview", "case", "30d", ["filing_rereview.applied"], ["filing_rereview.decided"], S3, S2
        ),
        calendar("X2", "ordinary", "stay", "60d", [f"{accepted}:ordinary"], decided, S3, S2),
        calendar("X2", "simplified", "stay", "30d", [f"{accepted}:simplified"], decided, S3, S2),
        calendar(
            "X3", "answer", "stay", "3d", ["measure_change.requested"], ["measure_change.answered"], S3, S2
        ),
        calendar("X6", "delivery", "stay", "2d", ["penalty.decided"], ["decision.delivered"], S3, S2),
        calendar("X8", "trace", "stay", "7d", ["complaint.received"], ["complaint.traced"], S3, S2),
    ]


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    rules = [
        *(clock.table() for clock in clocks(book)),
        within(
            "X4",
            "on_site",
            "incident",
            ["incident.reported:supervision"],
            ["supervision.on_site"],
            ladder((2, "h", S3)),
        ),
    ]
    instants = [
        Instant("X5", "early", "penalty.decided", "stay", S2, _too_early),
        Instant(
            "X7",
            "export",
            "data.exported",
            "stay",
            S2,
            lambda _w, s, _b: not s.has("data_export.approved"),
        ),
    ]
    return Tables(rules, instants)
