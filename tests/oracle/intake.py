"""D: intake, filing and dossiers. INT15, INT24 (registration, review); CPR 175, 178, 180; APR 61;
PSAPL 90; CPR 288; borrowing of dossiers is local."""

from typing import Any

from tests.oracle.clocks import Clock, Tier, calendar, from_step
from tests.oracle.duty import S2, S3, S4, Instant, Tables, ladder, returned, within
from tests.oracle.state import Unit, World


def _not_approved(_world: World, dossier: Unit, _body: dict[str, Any]) -> bool:
    """D10/borrow: no approval since the dossier last came back."""
    return dossier.open_since(["dossier.borrow_approved"], ["dossier.returned"]) is None


def clocks(_book: str) -> list[Clock]:
    """The calendar limits of a case."""
    ended = ["case_review.ended"]
    criminal = ["case_review.started:criminal", "case_review.started:from_administrative"]
    return [
        calendar(
            "D2", "complex", "case", "3d", ["case_review.started:administrative_complex"], ended, S3, S2
        ),
        calendar("D3", "criminal", "case", "3d", criminal, ended, S3, S2),
        Clock(
            "D3",
            "clue",
            "case",
            (Tier("7d"), Tier("30d", ("county_head",), ("major_clue",))),
            from_step(["case_review.started:clue"], ended),
            calendar=True,
            due=S3,
            past=S2,
        ),
        calendar("D6", "notice", "case", "3d", ["case.not_filed"], ["accuser.notified"], S3, S2),
    ]


def tables(book: str) -> Tables:
    """The rules of this family in the book."""
    two_days = ladder((24, "h", S3), (48, "h", S2))
    day_s2, day_s3, day_s4 = (ladder((24, "h", severity)) for severity in (S2, S3, S4))
    rules = [
        *(clock.table() for clock in clocks(book)),
        within("D1", "register", "case", ["case.reported"], ["case.registered"], two_days),
        within("D1", "receipt", "case", ["case.registered"], ["case.receipted"], day_s4),
        within(
            "D2",
            "ordinary",
            "case",
            ["case_review.started:administrative"],
            ["case_review.ended"],
            two_days,
        ),
        within("D5", "pass_on", "case", ["jurisdiction.found_wrong"], ["case.passed_on"], day_s2),
        returned(
            "D10", "return", "dossier", "dossier.taken", "return_by_at_us", ["dossier.returned"], ((0, S3),)
        ),
    ]
    if book == "cn-2026":
        settled = ["case.filed", "case.not_filed", "case.passed_on"]
        rules.append(within("D4", "filed", "case", ["case.reported:public_order"], settled, day_s3))
    instants = [
        Instant("D7", "complete", "dossier.closed", "dossier", S3, lambda _w, _u, body: body["missing"] > 0),
        Instant("D8", "lists", "case.sent", "case", S3, lambda _w, _u, body: body["exhibit_lists"] < 2),
        Instant("D10", "borrow", "dossier.taken", "dossier", S2, _not_approved),
    ]
    return Tables(rules, instants)
