"""The area, cases and officers, worked by hand: each expected time is counted beside it."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.oracle import LEFT_OUT
from tests.oracle.tale import PO, Tale, us


def only(found: Iterable[Any]) -> Any:
    """The single one."""
    (one,) = found
    return one


# ---- the musts ------------------------------------------------------------------------------------


def test_not_taken_in_at_once() -> None:
    tale = Tale().at("18 09:00", "person.arrived", stay="s").at("18 09:15", "area.entered", stay="s")
    # S3 at 09:05; entered at 09:15, at the second limit itself: in time
    assert tale.alarms("18 10:00", "M1/entry") == {("M1/entry", "S3", "18 09:05")}
    assert tale.closings("18 10:00", "M1/entry") == {"18 09:15"}


def test_told_late_on_paper_with_the_end_it_had() -> None:
    tale = Tale().at(
        "18 09:30",
        "stay.registered",
        stay="s",
        measure=PO,
        case="c1",
        arrived_at_us=us("18 09:00"),
        entered_at_us=us("18 09:10"),
    )
    found = tale.alarms("18 09:30", "M1/entry", "M5/register", "M2a/time", "M5/particulars")
    assert found == {
        ("M1/entry", "S3", "18 09:05"),
        ("M5/register", "S3", "18 09:25"),  # entered 09:10, the row at 09:30
        ("M2a/time", "S3", "18 09:20"),
    }
    assert tale.closings("18 09:30", "M1/entry") == {"18 09:10"}
    assert tale.closings("18 09:30", "M5/register") == {"18 09:30"}
    assert tale.alarms("18 09:45", "M5/particulars") == {("M5/particulars", "S4", "18 09:45")}


def test_in_the_waiting_room_before_the_search() -> None:
    tale = Tale().held("18 09:00", "wait").guarded("18 09:00", "guard", "p1")
    tale.at("18 09:02", "search.signed", stay="s", officers=["aux"])
    tale.at("18 09:03", "search.signed", stay="s", officers=["p1"])
    assert tale.alarms("18 09:10", "M2a/order", "M3/guard") == {("M2a/order", "S2", "18 09:00")}
    assert tale.closings("18 09:10", "M2a/order") == {"18 09:03"}
    assert tale.refused("18 09:10") == ["no_police"]


def test_samples_with_approval_and_once() -> None:
    tale = Tale().stay("18 09:00", PO)
    tale.at("18 09:10", "sample.collected", stay="s", kind="blood")
    tale.at("18 09:11", "sample.approved", stay="s", approver="p1")
    tale.at("18 09:12", "sample.approved", stay="s", approver="head")
    tale.at("18 09:13", "sample.collected", stay="s", kind="blood")
    assert tale.refused("18 10:00") == ["wrong_approver"]
    assert tale.alarms("18 10:00", "M2b/approval", "M2b/repeat") == {
        ("M2b/approval", "S2", "18 09:10"),
        ("M2b/repeat", "S3", "18 09:13"),
    }


def test_unguarded_from_room_to_room() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "reception").guarded("18 09:00", "reception", "p1")
    tale.at("18 09:10", "tag.read", tag="B1", room="corridor")
    tale.guarded("18 09:10:20", "corridor", "aux")
    tale.at("18 09:10:40", "tag.read", tag="B1", room="wait")  # nobody in the guard room
    tale.guarded("18 09:13:40", "guard", "p1")
    # no police since 09:10; nobody at all since 09:10:40 for exactly 3 min
    assert tale.alarms("18 10:00", "M3/guard", "M3/nobody") == {("M3/guard", "S2", "18 09:11")}
    assert tale.closings("18 10:00", "M3/guard") == {"18 09:13:40"}


def lost_guard(*between: tuple[str, str, dict[str, Any]]) -> Tale:
    """Guarded; the node of the readers is away from 09:10 to 09:30; the guard went at 09:15."""
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "wait").guarded("18 09:00", "guard", "p1")
    tale.at("18 09:10", "node.lost", node="n1")
    tale.at("18 09:15", "tag.gone", told="18 09:31", tag="p1", room="guard")
    for moment, fact, body in between:
        tale.at(moment, fact, **body)
    return tale.at("18 09:30", "node.restored", node="n1")


def test_what_a_silent_node_kept_is_judged() -> None:
    assert lost_guard().alarms("18 09:40", "M3/guard") == {("M3/guard", "S2", "18 09:16")}
    seen_again = {("M3/guard", "S2", "18 09:31")}  # unseen until 09:30
    booted = lost_guard(("18 09:20", "node.booted", {"node": "n1"}))
    assert booted.alarms("18 09:40", "M3/guard") == seen_again
    gap = {"node": "n1", "node_boot": 1, "first_seq": 2, "last_seq": 3}
    assert lost_guard().at("18 09:30:59", "node.gap", **gap).alarms("18 09:40", "M3/guard") == seen_again


def test_recording_stops_in_the_interview_room() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "talk").guarded("18 09:00", "talk", "p1", "p2")
    tale.at("18 09:10", "recorder.stopped", recorder="rec-talk")
    tale.at("18 09:10:05", "recorder.lost", recorder="rec-talk")  # unseen: what stood stands
    tale.at("18 09:20", "recorder.started", recorder="rec-talk")
    assert tale.alarms("18 10:00", "M4/interview", "R3/questioning", "I2/single") == {
        ("M4/interview", "S1", "18 09:10:05"),
        ("R3/questioning", "S1", "18 09:10:05"),
    }
    assert tale.closings("18 10:00", "M4/interview") == {"18 09:20"}


def test_a_recorder_that_cannot_be_seen_begins_nothing() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "talk").guarded("18 09:00", "talk", "p1")
    tale.at("18 09:10", "recorder.lost", recorder="rec-talk").at("18 09:20", "node.lost", node="n2")
    tale.at("18 09:30", "recorder.stopped", recorder="rec-talk")  # told by a node that is away
    rules = ("M4/interview", "R3/questioning", "I2/single")
    # one officer may question alone only where it is known to record
    assert tale.alarms("18 10:00", *rules) == {("I2/single", "S1", "18 09:11")}
    tale.at("18 10:00", "node.booted", node="n2").at("18 10:00", "node.restored", node="n2")
    assert {alarm[2] for alarm in tale.alarms("18 11:00", *rules)} == {"18 09:11", "18 10:00:05"}


def test_one_officer_is_lawful_only_since_2026_and_recorded() -> None:
    for book, raised in (
        ("cn-2026", set()),
        ("cn-2012", {("I2/single", "S2", "18 09:01"), ("I2/single", "S1", "18 09:10")}),
    ):
        tale = Tale(book=book).stay("18 09:00", PO).held("18 09:00", "talk").guarded("18 09:00", "talk", "p1")
        assert tale.alarms("18 09:30", "I2/single", "I2/nobody", "I2/single") == raised
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "talk").guarded("18 09:00", "talk", "p1")
    tale.at("18 09:05", "recorder.stopped", recorder="rec-talk")
    assert tale.alarms("18 09:30", "I2/single") == {("I2/single", "S1", "18 09:06")}


def test_two_investigators_interrogate() -> None:
    tale = (
        Tale()
        .stay("18 09:00", "criminal_summons")
        .held("18 09:00", "ask")
        .guarded("18 09:00", "ask", "p1", "aux")
    )
    tale.guarded("18 09:01", "ask", "p2")  # at the limit itself
    assert tale.alarms("18 10:00", "I1/criminal") == set()


# ---- separation, welfare, leaving -----------------------------------------------------------------


def test_kept_apart_in_the_waiting_room() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "wait")
    tale.stay("18 09:00", PO, stay="t", sex="F", minor=True)
    tale.at("18 09:05", "entry.requested", stay="t", room="wait")
    assert tale.refused("18 09:05") == ["forbidden"]
    variants = ("G5/sexes", "G6/case", "G7/minors")
    assert tale.alarms("18 09:05", *variants) == {(rule, "S1", "18 09:05") for rule in variants}
    tale.held("18 09:06", "wait", stay="t", band="B2")
    found = tale.judged("18 09:06").alarms
    assert {(a[0], a[2]) for a in found if a[0] in ("G5", "G7") and a[4] == us("18 09:06")} == {
        ("G5", "stay:s"),
        ("G5", "stay:t"),
        ("G7", "stay:s"),
        ("G7", "stay:t"),
    }


def test_patrols_of_the_waiting_room() -> None:
    tale = Tale().stay("18 09:00", PO).held("18 09:00", "wait").guarded("18 09:00", "guard", "p1")
    tale.at("18 09:15", "patrol.tapped", room="wait").at("18 09:10", "guard.moved", room="wait")
    # tapped at the limit; then 09:30 and 09:45. moved at 09:10: late since 09:05
    assert tale.alarms("18 09:44", "G4/patrol", "G4/at_risk") == {("G4/patrol", "S3", "18 09:30")}
    assert tale.alarms("18 09:12", "G3/still") == {("G3/still", "S3", "18 09:05")}
    tale.at("18 09:40", "person.flagged", stay="s", flag="at_risk", value=True)
    assert tale.alarms("18 09:40", "G4/at_risk") == {
        ("G4/at_risk", "S3", "18 09:20"),
        ("G4/at_risk", "S2", "18 09:25"),
    }


def test_meals_rest_and_the_family() -> None:
    tale = Tale().stay("18 09:00", "criminal_summons").at("18 14:00", "meal.offered", stay="s")
    assert tale.alarms("19 09:00", "T23/meal", "T23/rest", "T24/family") == {
        ("T23/meal", "S3", "18 20:00"),
        ("T23/meal", "S2", "18 22:00"),
        ("T23/rest", "S2", "19 09:00"),
        ("T24/family", "S3", "18 11:00"),
    }


def test_out_only_approved_and_checked_and_back_in_time() -> None:
    tale = Tale().stay("18 09:00", "criminal_summons")
    back = {"return_by_at_us": us("18 12:00")}
    tale.at("18 10:00", "exit.departed", stay="s", **back)
    tale.at("18 10:01", "exit.approved", stay="s", approver="head", ground="hospital")
    tale.at("18 10:02", "exit.departed", stay="s", **back)
    tale.at("18 10:03", "escort.checked", stay="s").at("18 10:04", "exit.departed", stay="s", **back)
    tale.at("18 11:00", "escort.recording_stopped", stay="s")
    tale.at("18 12:15", "exit.returned", stay="s")
    assert tale.refused("18 13:00") == ["forbidden", "forbidden"]
    assert tale.alarms("18 13:00", "E1/approval", "E3/check", "E5/recording", "E7/return") == {
        ("E1/approval", "S1", "18 10:00"),
        ("E3/check", "S2", "18 10:00"),
        ("E3/check", "S2", "18 10:02"),
        ("E5/recording", "S2", "18 10:04"),  # it was never said to record
        ("E5/recording", "S2", "18 11:00"),  # said again not to
        ("E7/return", "S2", "18 12:00"),  # back at 12:15, at the second limit itself
    }


def test_back_before_the_planned_time_is_no_alarm() -> None:
    tale = Tale().stay("18 09:00", "criminal_summons")
    tale.at("18 10:00", "exit.approved", stay="s", approver="head", ground="hospital")
    tale.at("18 10:00", "escort.checked", stay="s")
    tale.at("18 10:00", "exit.departed", stay="s", return_by_at_us=us("18 12:00"))
    tale.at("18 12:00", "exit.returned", stay="s")
    assert tale.alarms("18 13:00", "E7/return") == set()


def test_the_order_of_the_way() -> None:
    tale = Tale().at("18 09:00", "person.arrived", stay="s")
    tale.at("18 09:01", "interview.started", stay="s", kind="questioning", room="talk", officers=["p1"])
    tale.at("18 09:02", "area.entered", stay="s").at("18 09:03", "effects.listed", stay="s")
    tale.at("18 09:04", "room.assigned", stay="s", room="wait")
    tale.at("18 09:05", "room.assigned", stay="s", room="sobering")
    tale.at("18 09:06", "measure.changed", stay="s", measure=PO)
    tale.at("18 09:07", "person.arrived", stay="s").at("18 09:08", "meal.offered", stay="nobody")
    tale.at("18 09:09", "tag.read", tag="B1", room="nowhere")
    tale.at("18 09:10", "stay.released", stay="s", reason="other").at("18 09:11", "meal.offered", stay="s")
    tale.at("18 09:12", "family.notified", stay="s", of="summons")
    # the place is looked at first, whatever the stay is; reasons come in the order of the facts
    assert tale.refused("18 10:00") == [
        "out_of_order",
        "out_of_order",
        "out_of_order",
        "not_registered",
        "already_arrived",
        "unknown_stay",
        "unknown_place",
        "stay_ended",
    ]
    assert tale.alarms("18 10:00", "E2/reason") == {("E2/reason", "S2", "18 09:10")}


def test_malformed_duplicate_and_future_facts() -> None:
    tale = (
        Tale()
        .at("18 09:00", "person.arrived", stay="s", id="f1")
        .at("18 09:01", "area.entered", stay="t", id="f1")
    )
    tale.at("18 09:02", "health.checked", stay="s", result="excellent")
    tale.at("18 09:03", "rest.recorded", stay="s", minutes=True)
    tale.at("18 09:04", "person.vanished", stay="s")
    tale.at("18 09:06", "rights.told", told="18 09:05", stay="s")
    assert [reason.split(":")[0] for reason in tale.refused("18 10:00")] == [
        "malformed",
        "malformed",
        "malformed",
        "in_the_future",
    ]
    assert not [alarm for alarm in tale.judged("18 10:00").alarms if alarm[2] == "stay:t"]


# ---- cases, recordings, officers ------------------------------------------------------------------


def test_a_public_order_case_of_thirty_days() -> None:
    tale = Tale(begin="1 08:00").at("1 09:00", "case.filed", case="c", kind="public_order")
    tale.at("10 12:00", "appraisal.started", case="c").at("15 12:00", "appraisal.ended", case="c")
    found = tale.alarms("2026-05-01 00:00", "T21/case")
    # 1 March + 30 d = 31 March; 5 days of appraisal later: 5 April
    assert found == {("T21/case", "S2", "2026-04-05 00:00"), ("T21/case", "S1", "2026-04-06 00:00")}
    old = Tale(begin="1 08:00", book="cn-2012")
    old.at("1 09:00", "case_review.started", case="c", kind="administrative")
    old.at("3 09:00", "case.filed", case="c", kind="public_order")
    assert ("T21/case", "S2", "31 00:00") in old.alarms("2026-05-01 00:00", "T21/case")


def test_a_recording_deleted_within_half_a_year() -> None:
    for moment, raised in (("2026-09-18 23:59:59", True), ("2026-09-19 00:00", False)):
        tale = Tale().at("18 09:00", "recording.made", recording="r", kind="body_camera")
        tale.at(moment, "recording.deleted", recording="r")
        assert bool(tale.alarms("2026-12-01 00:00", "R11/kept")) == raised  # kept through 18 September


@pytest.mark.parametrize(("decided", "raised"), [("2026-05-07 23:59:59", True), ("2026-05-08 00:00", False)])
def test_a_penalty_before_the_hearing_could_be_asked_for(decided: str, raised: bool) -> None:
    # told on Wed 29 April; Thu 30 (1), Fri 1 May is a holiday, Mon 4 (2), Tue 5 (3), Wed 6 (4), Thu 7 (5)
    tale = Tale(begin="2026-04-29 08:00").stay("2026-04-29 09:00", PO)
    tale.at("2026-04-29 10:00", "hearing.informed", stay="s")
    tale.at("2026-04-29 11:00", "stay.released", stay="s", reason="released")
    tale.at(decided, "penalty.decided", stay="s")
    assert bool(tale.alarms("2026-06-01 00:00", "X5/early")) == raised


def test_a_qualification_runs_out() -> None:
    tale = Tale().at("18 09:00", "officer.qualified", officer="p1", kind="basic", until_at_us=us("20 00:00"))
    alarm = only(a for a in tale.judged("20 00:00").alarms if a[0] == "Q1")
    assert alarm == ("Q1", "expired", "officer:p1", "S2", us("20 00:00"))
    tale.at("20 09:00", "officer.withdrawn", officer="p1")
    assert tale.closings("21 00:00", "Q1/expired") == {"20 09:00"}


def test_an_incident_is_reported_at_once() -> None:
    tale = Tale().at("18 09:00", "incident.occurred", incident="i", kind="self_harm")
    tale.at("18 09:20", "incident.reported", incident="i", receiver="supervision")
    assert tale.alarms("18 10:00", "G11/report", "G11/incident") == {
        ("G11/report", "S2", "18 09:15"),
        ("G11/incident", "S1", "18 09:00"),
    }
    assert tale.alarms("18 12:00", "X4/on_site") == {("X4/on_site", "S3", "18 11:20")}


def test_what_is_left_out_is_said() -> None:
    of_the_ledger = {"P2", "P4", "P11/undecided", "P13/sum", "P14/attempt", "P18", "P21", "P22/astray"}
    of_compartments = {"LK", "P15/unordered", "P15/wrong_door", "P15/missing", "P15/attempt"}
    assert set(LEFT_OUT) == {"SYS", "WB/battery", "DR"} | of_the_ledger | of_compartments
