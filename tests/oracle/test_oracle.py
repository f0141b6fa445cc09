"""Limits of time, worked by hand: each expected time is counted in the comment beside it, from the article."""

from typing import Any

import pytest

from tests.oracle.tale import CQ, PO, Tale, approval, us

T5 = "T5/questioning"


# ---- questioning: PSAPL 97 ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "raised"),
    [("18 17:00", set()), ("18 17:00:01", {(T5, "S1", "18 17:00")})],  # 09:00 + 8 h = 17:00, inclusive
)
def test_questioning_of_eight_hours(release: str, raised: set[Any]) -> None:
    tale = Tale().stay("18 09:00", PO).at(release, "stay.released", stay="s", reason="released")
    assert tale.alarms("18 23:00", T5) == raised
    assert tale.closings("18 23:00", T5) == ({release} if raised else set())


def test_the_limit_is_counted_from_the_certificate() -> None:
    tale = Tale().stay("18 09:00", PO, arrived_at_us=us("18 08:30"))
    assert tale.alarms("18 16:30", T5) == {(T5, "S1", "18 16:30")}  # 08:30 + 8 h; until is inclusive
    assert tale.alarms("18 16:29:59", T5) == set()


COMPLEX = {"ground": "complex_and_detention_possible"}


def test_twenty_four_hours_approved_in_time() -> None:
    tale = approval(Tale().stay("18 09:00", PO), "18 17:00", "T5", "24h", "head", **COMPLEX)
    assert tale.alarms("19 12:00", T5) == {(T5, "S1", "19 09:00")}  # at the limit itself; then 24 h
    assert tale.refused("19 12:00") == []


def test_approved_too_late_by_whom_and_on_what_ground() -> None:
    late = approval(Tale().stay("18 09:00", PO), "18 17:00:01", "T5", "24h", "head", **COMPLEX)
    assert late.refused("19 12:00") == ["too_late"]
    assert late.alarms("19 12:00", T5) == {(T5, "S1", "18 17:00")}
    for approver, ground, reason in (
        ("p1", "complex_and_detention_possible", "wrong_approver"),
        ("aux", "complex_and_detention_possible", "wrong_approver"),
        ("head", "identity_unknown", "wrong_ground"),
    ):
        tale = approval(Tale().stay("18 09:00", PO), "18 10:00", "T5", "24h", approver, ground=ground)
        assert tale.refused("18 10:00") == [reason]


def test_an_approval_given_in_time_and_told_late_counts() -> None:
    tale = Tale().stay("18 09:00", PO)
    tale.at("18 20:00", "rights.told", stay="s")
    more = {"stay": "s", "rule": "T5", "limit": "24h", "approver": "head", **COMPLEX}
    tale.at("18 16:00", "extension.approved", told="18 21:00", **more)
    assert tale.alarms("18 23:00", T5) == set()


def test_twelve_hours_are_of_2026_only() -> None:
    for book, refused, due in (("cn-2026", [], "18 21:00"), ("cn-2012", ["no_such_tier"], "18 17:00")):
        tale = approval(
            Tale(book=book).stay("18 09:00", PO), "18 10:00", "T5", "12h", "head", ground="identity_unknown"
        )
        assert tale.refused("18 23:00") == refused
        assert tale.alarms("18 23:00", T5) == {(T5, "S1", due)}  # 09:00 + 12 h, + 8 h


def test_no_longer_tier_twice_and_no_other_clock() -> None:
    tale = approval(Tale().stay("18 09:00", PO), "18 10:00", "T5", "24h", "head", **COMPLEX)
    approval(tale, "18 11:00", "T5", "12h", "head", ground="identity_unknown")
    approval(tale, "18 11:00", "T5", "13h", "head")
    approval(tale, "18 11:00", "T1", "24h", "head", ground="grave_or_complex_custody_needed")
    tale.at("18 12:00", "stay.released", stay="s", reason="released")
    approval(tale, "18 12:30", "T5", "24h", "head", **COMPLEX)
    assert tale.refused("18 13:00") == ["not_longer", "no_such_tier", "no_such_clock", "no_open_stay"]


def test_time_held_drunk_is_not_counted() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "sobering")
    tale.at("18 10:00", "restraint.started", stay="s", device="strap", ground="drunk")
    tale.at("18 13:00", "restraint.ended", stay="s")
    assert tale.alarms("19 12:00", T5) == {(T5, "S1", "18 20:00")}  # 09:00 + 8 h + 3 h held


def test_leaving_the_sobering_room_ends_the_pause_and_wants_the_restraint_off() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "sobering")
    tale.at("18 10:00", "restraint.started", stay="s", device="rope", ground="drunk")
    tale.at("18 12:00", "tag.read", tag="B1", room="corridor")
    tale.at("18 12:20", "restraint.ended", stay="s")
    # 09:00 + 8 h + 2 h; the restraint was off 20 min after leaving: 15 min are allowed
    found = tale.alarms("18 23:00", T5, "T6/stop")
    assert found == {(T5, "S1", "18 19:00"), ("T6/stop", "S3", "18 12:15")}
    assert tale.closings("18 23:00", "T6/stop") == {"18 12:20"}


def test_while_restrained_the_limit_waits() -> None:
    tale = Tale().stay("18 09:00", PO)
    tale.at("18 17:00", "restraint.started", stay="s", device="strap", ground="drunk")
    assert tale.alarms("19 12:00", T5) == set()  # begun at 17:00, at the limit itself: not yet over it


def test_a_transfer_of_jurisdiction_starts_again_with_its_document() -> None:
    tale = Tale().stay("18 09:00", PO).at("18 12:00", "jurisdiction.transferred", stay="s")
    assert tale.refused("18 13:00") == ["no_document"]
    assert tale.alarms("18 18:00", T5, "T7/undocumented") == {
        ("T7/undocumented", "S2", "18 12:00"),
        (T5, "S1", "18 17:00"),
    }
    tale.at("18 13:00", "jurisdiction.transferred", stay="s", document="d-7")
    assert tale.alarms("19 00:00", T5) == {(T5, "S1", "18 21:00")}  # 13:00 + 8 h


def test_a_measure_taken_up_again_goes_on() -> None:
    tale = Tale().stay("18 09:00", PO).at("18 12:00", "measure.changed", stay="s", measure="voluntary")
    tale.at("18 16:00", "measure.changed", stay="s", measure=PO)
    assert tale.alarms("18 23:00", T5) == {(T5, "S1", "18 17:00")}
    tale.at("18 16:30", "measure.changed", stay="s", measure=PO)
    assert tale.refused("18 23:00") == ["same_measure"]


# ---- summons: CPL 119 -----------------------------------------------------------------------------


def test_summons_of_twelve_and_twenty_four_hours() -> None:
    grave = {"ground": "grave_or_complex_custody_needed"}
    tale = approval(Tale().stay("18 09:00", "criminal_summons"), "18 12:00", "T1", "24h", "head", **grave)
    assert tale.alarms("20 09:00", "T1/summons") == {("T1/summons", "S1", "19 09:00")}
    tale = approval(Tale().stay("18 09:00", "coercive_summons"), "18 12:00", "T2", "24h", "head", **grave)
    assert tale.refused("18 12:00") == ["wrong_approver"]  # T2 wants the county head
    assert tale.alarms("20 09:00", "T2/summons") == {("T2/summons", "S1", "18 21:00")}


@pytest.mark.parametrize(("again", "raised"), [("19 07:59:59", True), ("19 08:00", False)])
def test_summoned_again_within_twelve_hours(again: str, raised: bool) -> None:
    tale = Tale().stay("18 09:00", "criminal_summons", person="x")
    tale.at("18 20:00", "stay.released", stay="s", reason="released")  # + 12 h = 19 08:00
    tale.stay(again, "coercive_summons", stay="s2", person="x")
    assert tale.alarms("19 09:00", "T3/gap") == ({("T3/gap", "S3", again)} if raised else set())


# ---- continued questioning: CQ --------------------------------------------------------------------


def test_the_ladder_of_continued_questioning() -> None:
    tale = approval(Tale().stay("18 09:00", CQ), "18 09:20", "T8", "12h", "station")
    approval(tale, "18 20:00", "T8", "24h", "duty")
    approval(tale, "19 08:00", "T8", "48h", "county", ground="identity_refused")
    assert tale.refused("20 12:00") == []
    assert tale.alarms("20 12:00", "T8/questioning", "T8/approved") == {("T8/questioning", "S1", "20 09:00")}
    # told to supervision after none of them: 15 and 30 min after each
    assert tale.alarms("18 12:00", "T19/copy") == {
        ("T19/copy", "S2", "18 09:35"),
        ("T19/copy", "S1", "18 09:50"),
    }


def test_no_tier_of_continued_questioning_is_skipped() -> None:
    tale = approval(Tale().stay("18 09:00", CQ), "18 09:20", "T8", "12h", "station")
    approval(tale, "18 10:00", "T8", "48h", "county", ground="identity_refused")
    assert tale.refused("18 22:00") == ["tier_skipped"]
    found = tale.alarms("18 22:00", "T8/questioning", "T8/skipped")
    assert found == {("T8/skipped", "S2", "18 10:00"), ("T8/questioning", "S1", "18 21:00")}


def test_continued_questioning_not_yet_approved() -> None:
    tale = Tale().stay("18 09:00", CQ)
    assert tale.alarms("18 21:00", "T8/questioning", "T8/approved") == {
        ("T8/approved", "S3", "18 09:30"),
        ("T8/questioning", "S1", "18 21:00"),
    }


def test_continued_questioning_counts_from_arrival_after_another_measure() -> None:
    tale = Tale().stay("18 09:00", "voluntary").at("18 15:00", "measure.changed", stay="s", measure=CQ)
    assert tale.alarms("19 12:00", "T8/questioning") == {("T8/questioning", "S1", "18 21:00")}


def test_four_hours_for_special_persons() -> None:
    tale = Tale().stay("18 09:00", CQ, flags=["aged_70"])
    assert tale.alarms("18 13:00", "T10/special") == {("T10/special", "S1", "18 13:00")}


def test_barred_from_continued_questioning() -> None:
    tale = Tale().at("18 09:00", "area.entered", stay="s")
    tale.at("18 09:01", "person.flagged", stay="s", flag="surrendered", value=True)
    tale.at("18 09:02", "stay.registered", stay="s", measure=CQ, case="c1")
    assert tale.refused("18 10:00") == ["forbidden"]
    assert tale.alarms("18 10:00", "T11/barred", "M5/register") == {
        ("T11/barred", "S2", "18 09:02"),
        ("M5/register", "S3", "18 09:15"),  # refused: it changed nothing, so the row is missing
    }
    other = Tale().stay("18 09:00", CQ)
    other.at("18 10:00", "person.flagged", stay="s", flag="fine_only", value=True)
    assert other.alarms("18 12:00", "T11/appeared") == {("T11/appeared", "S2", "18 10:30")}


@pytest.mark.parametrize(
    ("release", "raised"),
    [
        ("18 20:59:59", False),
        ("18 21:00:00", True),
        ("19 07:00:00", True),
        ("19 07:00:01", False),
    ],
)
def test_released_at_night(release: str, raised: bool) -> None:
    tale = Tale().stay("18 18:00", CQ, flags=["under_16"])
    tale.at(release, "stay.released", stay="s", reason="released")
    assert bool(tale.alarms("19 08:00", "E8/night")) == raised


def test_handed_over_at_night() -> None:
    tale = Tale().stay("18 18:00", CQ, flags=["under_16"])
    tale.at("18 21:00", "release.handed_over", stay="s", receiver="family")
    tale.at("18 22:00", "stay.released", stay="s", reason="released")
    assert tale.alarms("19 08:00", "E8/night") == set()


# ---- detention and arrest -------------------------------------------------------------------------


def test_what_has_to_follow_a_detention_outlives_the_stay() -> None:
    tale = Tale().stay("18 09:00", "criminal_summons")
    tale.at("18 15:00", "measure.changed", stay="s", measure="criminal_detention")
    tale.at("18 18:00", "stay.released", stay="s", reason="detention_centre")
    rules = ("T12/centre", "T13/interrogation", "T14/family", "T12/still_here", "E6/health")
    assert tale.alarms("19 15:00", *rules) == {
        ("T12/centre", "S1", "19 15:00"),
        ("T13/interrogation", "S1", "19 15:00"),
        ("T14/family", "S2", "19 15:00"),
        ("E6/health", "S3", "18 18:00"),
    }
    tale.at("19 16:00", "detention_centre.received", stay="s")
    assert tale.closings("19 17:00", "T12/centre") == {"19 16:00"}


def test_set_free_nothing_follows() -> None:
    tale = Tale().stay("18 09:00", "criminal_detention")
    tale.at("18 18:00", "stay.released", stay="s", reason="bail")
    assert tale.alarms("25 00:00", "T12/centre", "T13/interrogation", "T14/family", "T15/request") == set()


def test_arrest_is_requested_in_three_days() -> None:
    tale = Tale().stay("18 09:00", "criminal_detention")
    assert tale.alarms("25 00:00", "T15/request") == {  # the 18th is not counted: 21st, over at its end
        ("T15/request", "S2", "21 00:00"),
        ("T15/request", "S1", "22 00:00"),
    }
    special = {"ground": "special_circumstances"}
    approval(tale, "21 23:59:59", "T15", "7d", "county", **special)
    assert tale.alarms("26 00:00", "T15/request") == {
        ("T15/request", "S2", "21 00:00"),
        ("T15/request", "S2", "25 00:00"),
        ("T15/request", "S1", "26 00:00"),
    }


@pytest.mark.parametrize(
    ("arrest", "last", "over"),
    [
        ("2025-12-31 10:00", "2026-02-28 00:00", "1 00:00"),  # no 31 February: the month's last day
        ("2023-12-31 10:00", "2024-02-29 00:00", "2024-03-01 00:00"),  # a leap year
        ("2026-01-15 10:00", "15 00:00", "16 00:00"),  # the same day number
    ],
)
def test_two_months_of_custody(arrest: str, last: str, over: str) -> None:
    tale = Tale(begin=arrest.split(" ", maxsplit=1)[0] + " 08:00").stay(arrest, "arrest")
    found = tale.alarms("2026-06-01 00:00", "T18/custody")
    assert found == {("T18/custody", "S2", last), ("T18/custody", "S1", over)}


def test_longer_custody_is_the_procuratorates() -> None:
    begin = "2026-01-15 10:00"
    tale = Tale(begin="2026-01-15 08:00").stay(begin, "arrest")
    approval(tale, "10 09:00", "T18", "3mo", "county", ground="complex_case")
    approval(tale, "10 09:00", "T18", "5mo", "proc", ground="grave_area_or_gang")
    approval(tale, "10 09:00", "T18", "3mo", "proc", ground="complex_case")
    assert tale.refused("11 00:00") == ["wrong_approver", "tier_skipped"]
    assert tale.alarms("2026-04-15 00:00", "T18/custody") == {("T18/custody", "S2", "2026-04-15 00:00")}


def test_refused_by_the_procuratorate() -> None:
    tale = Tale().stay("18 09:00", "criminal_detention")
    tale.at("19 09:00", "arrest.requested", stay="s")
    tale.at("20 09:00", "arrest.decided", stay="s", decision="refused")
    tale.at("20 09:40", "person.freed", stay="s")
    found = tale.alarms("25 00:00", "T16/decision", "T16/release", "T16/receipt")
    assert found == {
        ("T16/release", "S2", "20 09:30"),
        ("T16/receipt", "S2", "23 00:00"),
        ("T16/receipt", "S1", "24 00:00"),
    }
    assert tale.closings("25 00:00", "T16/release") == {"20 09:40"}
