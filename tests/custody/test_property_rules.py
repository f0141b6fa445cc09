"""Rules on things that are kept, worked by hand: each expected time is counted in the comment beside it, from the article."""

from typing import Any

import pytest

from custody.effects import Refusal
from custody.view import Condition
from tests.custody.support import at
from tests.custody.telling import HOUR_US, MINUTE_US, Told, silent

DAY_US = 24 * HOUR_US
BEGIN_US = at("09:00")  # 18 March 2026, a Wednesday
SIGNED = {"giver_signature": "1" * 64, "taker_signature": "2" * 64}


def store() -> Told:
    """Two who take things, two who keep them, heads who approve."""
    told = Told()
    for officer, roles in (
        ("t1", ["case_officer"]), ("t2", ["case_officer"]), ("k1", ["keeper"]), ("k2", ["keeper"]),
        ("head", ["case_department_head"]), ("county", ["county_head"]), ("both", ["keeper", "case_officer"]),
    ):  # fmt: skip
        told.say("officer.registered", "08:30", officer=officer, service="sworn", roles=roles)
    return told


def seized(told: Told, when: int = BEGIN_US, procedure: str = "public_order", **more: Any) -> Told:
    body = {
        "case": "c1",
        "seized_from": "person",
        "officers": ["t1", "t2"],
        "taken_by": "t1",
        "pieces": 3,
        "copies": 3,
    }
    return told.say("item.seized", when, item="i1", procedure=procedure, **(body | more))


def handed_over(told: Told, when: int, keeper: str = "k1", item: str = "i1") -> Told:
    return told.say("item.handed_over", when, item=item, giver="t1", keeper=keeper, **SIGNED)


def due(told: Told, rule: str, subject: str = "item:i1") -> list[int]:
    """The limits of the duty that runs, without its warnings; of none, none."""
    running = [
        row
        for row in told.engine.obligations()
        if (row.rule.key, row.subject, row.closed_us) == (rule, subject, None)
    ]
    return [stage.due_us for row in running for stage in row.stages if not stage.is_prewarning]


def refusals(told: Told) -> list[tuple[str, str]]:
    return [(effect.rule, effect.reason) for effect in told.effects if isinstance(effect, Refusal)]


# --- APR 190: a day to the keeper --------------------------------------------------------------------


def test_the_day_to_the_keeper_is_counted_from_the_seizure_the_return_or_the_end_of_an_approved_test():
    told = seized(store())
    assert due(told, "P1/handover") == [BEGIN_US + DAY_US, BEGIN_US + 2 * DAY_US]
    told.say("item.test_approved", BEGIN_US + HOUR_US, item="i1", approver="head")
    assert silent(told.why("P1/handover", "item:i1", BEGIN_US + DAY_US)) == "excepted"
    told.say("item.tested", BEGIN_US + 30 * HOUR_US, item="i1")
    assert due(told, "P1/handover")[0] == BEGIN_US + 30 * HOUR_US + DAY_US
    away = seized(store(), remote=True)
    assert silent(away.why("P1/handover", "item:i1", BEGIN_US + 3 * DAY_US)) == "trait"
    away.say("item.brought_in", BEGIN_US + 3 * DAY_US, item="i1")
    assert due(away, "P1/handover")[0] == BEGIN_US + 4 * DAY_US


def test_no_day_is_gained_by_a_return_from_nowhere_or_a_test_that_nobody_approved():
    told = seized(store())
    told.say("item.brought_in", BEGIN_US + 20 * HOUR_US, item="i1")  # it was never elsewhere
    told.say("item.tested", BEGIN_US + 23 * HOUR_US, item="i1")
    assert due(told, "P1/handover")[0] == BEGIN_US + DAY_US
    told.say("item.test_approved", BEGIN_US + 23 * HOUR_US, item="i1", approver="head")
    for hours in (30, 40):  # the approved test ends once
        told.say("item.tested", BEGIN_US + hours * HOUR_US, item="i1")
    assert due(told, "P1/handover")[0] == BEGIN_US + 54 * HOUR_US
    away = seized(store(), remote=True)
    for hours in (10, 30):  # and so does the way back
        away.say("item.brought_in", BEGIN_US + hours * HOUR_US, item="i1")
    assert due(away, "P1/handover")[0] == BEGIN_US + 34 * HOUR_US


def laboratory(told: Told, first: int) -> Told:
    """To the laboratory and back to the keeper, an hour each way."""
    for hour, (name, place, more) in enumerate(
        (("item.sent", "laboratory", {}), ("item.received", "laboratory", {}),
         ("item.sent", "keeper", {}), ("item.received", "keeper", {"keeper": "k1"}))
    ):  # fmt: skip
        told.say(name, first + hour * HOUR_US, item="i1", destination=place, carrier="t2", **more)
    return told


def test_what_comes_back_from_the_laboratory_to_the_keeper_is_with_him_and_lent_no_more():
    told = seized(store()).say("item.test_approved", BEGIN_US + HOUR_US, item="i1", approver="head")
    laboratory(told, BEGIN_US + 2 * HOUR_US).say("item.tested", BEGIN_US + 4 * HOUR_US, item="i1")
    assert silent(told.why("P1/handover", "item:i1", BEGIN_US + 3 * DAY_US)) == "done_in_time"
    lent = handed_over(seized(store()), BEGIN_US + HOUR_US)
    loan = {"item": "i1", "borrower": "t2", "return_by_at_us": BEGIN_US + DAY_US}
    lent.say("item.borrow_approved", BEGIN_US + 2 * HOUR_US, approver="head", purpose="appraisal", **loan)
    lent.say("item.lent", BEGIN_US + 2 * HOUR_US, keeper="k1", **loan, **SIGNED)
    laboratory(lent, BEGIN_US + 3 * HOUR_US)
    assert silent(lent.why("P5/overdue", "item:i1", BEGIN_US + 3 * DAY_US)) == "done_in_time"
    assert silent(lent.why("P5/case_head", "item:i1", BEGIN_US + 3 * DAY_US)) == "done_in_time"


def test_what_was_registered_and_preserved_is_due_at_the_keeper_too_and_seizing_it_later_gives_no_time():
    told = store()
    body = {"case": "c1", "officers": ["t1", "t2"], "taken_by": "t1", "pieces": 3}
    told.say("item.registered", BEGIN_US, item="i1", **body)
    assert due(told, "P1/registered")[0] == BEGIN_US + DAY_US
    seized(told, BEGIN_US + 20 * HOUR_US)
    assert due(told, "P1/registered")[0] == BEGIN_US + DAY_US
    told.say("item.found_unrelated", BEGIN_US + 21 * HOUR_US, item="i1")
    assert due(told, "P8/at_once")[0] == BEGIN_US + 23 * HOUR_US


def test_three_days_for_what_is_unrelated_are_counted_from_when_it_was_found_first():
    told = seized(store(), procedure="criminal")
    end = at("00:00") + 4 * DAY_US  # found on the 18th; the 21st is the last day
    for day in (0, 2):
        told.say("item.found_unrelated", BEGIN_US + day * DAY_US, item="i1")
        assert due(told, "P8/criminal") == [end]


def test_a_part_split_off_has_the_periods_of_the_whole():
    told = seized(store())
    told.say("item.split", BEGIN_US + 5 * HOUR_US, item="i1", part="i2", pieces=1, officers=["t1", "t2"])
    handed_over(told, BEGIN_US + 6 * HOUR_US)
    assert (
        due(told, "P1/handover", "item:i2")[0] == BEGIN_US + DAY_US
    )  # the whole was handed over, the part was not
    assert due(told, "P10/seizure", "item:i2") == due(told, "P10/seizure")


# --- APR 188, CPR 235: who keeps does no case work -----------------------------------------------------


@pytest.mark.parametrize(("keeper", "rule"), [("both", "P2/case_work"), ("k1", ""), ("t2", "P2/handler")])
def test_a_keeper_with_case_work_is_refused_and_told(keeper: str, rule: str):
    told = handed_over(seized(store()), BEGIN_US + HOUR_US, keeper)
    assert [row[0] for row in told.rows(rule)] == (["item:i1"] if rule else [])
    assert bool(refusals(told)) == bool(rule)


def test_who_questioned_in_the_case_keeps_nothing_of_it_though_he_is_a_keeper():
    told = store()
    told.say("person.arrived", "08:40", stay="s").say("search.signed", "08:45", stay="s", officers=["t1"])
    told.say("area.entered", "08:46", stay="s")
    told.say("stay.registered", "08:50", stay="s", measure="voluntary", case="c1")
    told.say(
        "interview.started", "08:55", stay="s", kind="questioning", room="interview-1", officers=["t1", "k1"]
    )
    handed_over(seized(told), BEGIN_US + HOUR_US)
    assert refusals(told) == [("P2", "forbidden")]
    handed_over(told, BEGIN_US + HOUR_US, "k2")
    assert refusals(told) == []
    other = handed_over(seized(store(), case="c2"), BEGIN_US + HOUR_US)  # of another case he may
    assert refusals(other) == []


# --- CP10 11: loans ------------------------------------------------------------------------------------


def test_a_loan_is_due_when_it_was_written_last_that_it_is():
    told = handed_over(seized(store()), BEGIN_US + HOUR_US)
    back_us, again_us, begin_us = BEGIN_US + DAY_US, BEGIN_US + 3 * DAY_US, BEGIN_US + 2 * HOUR_US
    loan = {"item": "i1", "borrower": "t2", "return_by_at_us": back_us}
    told.say("item.borrow_approved", begin_us, approver="head", purpose="evidence", **loan)
    told.say("item.lent", begin_us, keeper="k1", **loan, **SIGNED)
    assert due(told, "P5/overdue") == [back_us, back_us + DAY_US]
    told.say("loan.extended", begin_us + HOUR_US, item="i1", approver="head", return_by_at_us=again_us)
    assert due(told, "P5/overdue") == [again_us, again_us + DAY_US]
    back = {"item": "i1", "borrower": "t2", "keeper": "k1", "state": "whole"}
    told.say("item.given_back", begin_us + 2 * HOUR_US, **back, **SIGNED)
    loan = {"item": "i1", "borrower": "t2", "return_by_at_us": BEGIN_US + 10 * HOUR_US}
    told.say("item.borrow_approved", BEGIN_US + 5 * HOUR_US, approver="head", purpose="evidence", **loan)
    told.say("item.lent", BEGIN_US + 5 * HOUR_US, keeper="k1", **loan, **SIGNED)
    assert due(told, "P5/overdue")[0] == BEGIN_US + 10 * HOUR_US  # not the extension of the loan before


def test_heads_are_told_that_it_is_overdue_when_it_is():
    told = handed_over(seized(store()), BEGIN_US + HOUR_US)
    loan = {"item": "i1", "borrower": "t2", "return_by_at_us": BEGIN_US + DAY_US}
    told.say("item.borrow_approved", BEGIN_US + 2 * HOUR_US, approver="head", purpose="evidence", **loan)
    told.say("item.lent", BEGIN_US + 2 * HOUR_US, keeper="k1", **loan, **SIGNED)
    for when, running in ((BEGIN_US + DAY_US - 1, [BEGIN_US + 26 * HOUR_US]), (BEGIN_US + DAY_US, [])):
        told.say("loan.reported", when, item="i1", receiver="case_department_head")
        assert due(told, "P5/case_head") == running
    assert due(told, "P5/property_head") == [BEGIN_US + 26 * HOUR_US]


# --- CPR 230, CQ 32: who signs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "signer", "is_signed"),
    [("item.signed", "officer", False), ("item.signed", "holder", True), ("item.signed", "witness", True),
     ("item.refused_signature", "holder", False), ("item.refused_signature", "witness", True)],
)  # fmt: skip
def test_a_list_is_signed_by_whoever_has_to_or_a_witness_says_that_they_refused(
    fact: str, signer: str, is_signed: bool
):
    told = seized(store()).say(
        fact, BEGIN_US + 1, item="i1", of="seizure", signed_by=signer, signature="3" * 64
    )
    assert (due(told, "P6/signed") == []) == is_signed


# --- APR 112: thirty days, and thirty more -------------------------------------------------------------


def test_a_seizure_lasts_thirty_days_thirty_more_by_the_county_head_and_appraisal_is_not_counted():
    told = seized(store())
    end = at("00:00") + 30 * DAY_US  # the last day is 17 April; over at midnight
    assert due(told, "P10/seizure") == [end, end + DAY_US]
    told.say("seizure.extended", BEGIN_US + DAY_US, item="i1", approver="head")
    assert refusals(told) == [("P10", "wrong_approver")]
    told.say("seizure.extended", BEGIN_US + DAY_US, item="i1", approver="county")
    assert due(told, "P10/seizure") == [end + 30 * DAY_US, end + 31 * DAY_US]
    told.say("seizure.extended", BEGIN_US + 2 * DAY_US, item="i1", approver="county")
    assert refusals(told) == [("P10", "not_longer")]
    at_laboratory = BEGIN_US + 3 * DAY_US
    told.say("item.sent", at_laboratory, item="i1", destination="laboratory", carrier="t1")
    told.say("item.received", at_laboratory, item="i1", destination="laboratory", carrier="t1")
    assert told.row("P10/seizure", "item:i1").stages == ()
    told.say("item.sent", at_laboratory + 5 * DAY_US, item="i1", destination="keeper", carrier="t1")
    assert due(told, "P10/seizure")[0] == end + 35 * DAY_US


def test_an_extension_after_the_limit_or_of_a_criminal_seizure_is_refused():
    late = seized(store()).say("seizure.extended", BEGIN_US + 31 * DAY_US, item="i1", approver="county")
    assert refusals(late) == [("P10", "too_late")]
    criminal = seized(store(), procedure="criminal").say(
        "seizure.extended", BEGIN_US + 1, item="i1", approver="county"
    )
    assert refusals(criminal) == [("P10", "no_such_clock")]


# --- APR 193, CQ 32: nothing is forgotten --------------------------------------------------------------


def test_a_case_is_decided_with_each_of_its_exhibits():
    told = seized(store())
    told.say("case.decided", BEGIN_US + DAY_US, case="c1")
    found = told.why("P11/case", "case:c1", BEGIN_US + DAY_US)
    assert isinstance(found, Condition)
    assert dict(found.params) == {"items": "i1", "count": 1}
    told.say(
        "disposal.decided", BEGIN_US + 2 * DAY_US, item="i1", case="c1", disposal="restore", approver="county"
    )
    assert told.rows("P11/case") == [("case:c1", BEGIN_US + DAY_US, BEGIN_US + 2 * DAY_US)]


def test_effects_left_behind_are_told_until_they_are_back_and_what_was_seized_of_them_is_no_effect():
    told = store()
    told.say("person.arrived", "08:40", stay="s").say("search.signed", "08:45", stay="s", officers=["t1"])
    for item in ("e1", "e2"):
        told.say("item.found", "08:50", item=item, stay="s", taken_by="t1", pieces=1)
    body = {
        "case": "c1",
        "procedure": "criminal",
        "seized_from": "person",
        "officers": ["t1", "t2"],
        "copies": 3,
    }
    told.say("item.seized", BEGIN_US, item="e1", stay="s", taken_by="t1", pieces=1, **body)
    told.say("stay.released", BEGIN_US + HOUR_US, stay="s", reason="released")
    told.say("item.returned", BEGIN_US + 2 * HOUR_US, item="e2", stay="s", giver="t1", receiver="person")
    assert told.rows("P20/left") == [("stay:s", BEGIN_US + HOUR_US, BEGIN_US + 2 * HOUR_US)]


def test_effects_that_follow_the_person_are_not_left_behind_and_are_not_forgotten_on_the_way():
    told = (
        store()
        .say("person.arrived", "08:40", stay="s")
        .say("search.signed", "08:45", stay="s", officers=["t1"])
    )
    told.say("item.found", "08:50", item="e1", stay="s", taken_by="t1", pieces=1)
    told.say("item.handed_over", BEGIN_US, item="e1", stay="s", giver="t1", keeper="k1", **SIGNED)
    sent = {"item": "e1", "stay": "s", "destination": "detention_centre", "carrier": "t2"}
    told.say("item.sent", BEGIN_US + HOUR_US, **sent)
    told.say("stay.released", BEGIN_US + 2 * HOUR_US, stay="s", reason="detention_centre")
    assert silent(told.why("P20/left", "stay:s", BEGIN_US + 2 * HOUR_US)) == "state_excepted"
    assert due(told, "P22/arrived", "item:e1") == [BEGIN_US + 5 * HOUR_US]  # four hours after it left
    # Nobody there takes it in: it is left behind from the moment when the keeper has it again.
    back_us = BEGIN_US + 6 * HOUR_US
    told.say("item.received", back_us, **(sent | {"destination": "keeper", "keeper": "k1"}))
    assert told.rows("P22/arrived") == [("item:e1", BEGIN_US + HOUR_US, back_us)]
    assert told.rows("P20/left") == [("stay:s", back_us, None)]
    told.say("item.sent", back_us + HOUR_US, **sent)
    told.say("item.received", back_us + 5 * HOUR_US, **sent)  # at the limit: in time
    assert told.rows("P20/left") == [("stay:s", back_us, back_us + HOUR_US)]
    assert [row.fired != () for row in told.engine.obligations() if row.rule.key == "P22/arrived"] == [
        True,
        False,
    ]


def test_effects_that_were_announced_are_no_exhibit_that_falls_to_the_treasury():
    told = store().say("person.arrived", "08:40", stay="s")
    told.say("search.signed", "08:45", stay="s", officers=["t1"])
    told.say("item.found", "08:50", item="e1", stay="s", taken_by="t1", pieces=1)
    told.say("item.announced", BEGIN_US, item="e1", stay="s")
    assert due(told, "P9/due", "item:e1") == []


def test_the_keeper_who_questioned_in_the_case_takes_nothing_back_in_either():
    told = store().say("person.arrived", "08:40", stay="s")
    told.say("search.signed", "08:45", stay="s", officers=["t1"]).say("area.entered", "08:46", stay="s")
    told.say("stay.registered", "08:50", stay="s", measure="voluntary", case="c1")
    told.say(
        "interview.started", "08:55", stay="s", kind="questioning", room="interview-1", officers=["t1", "k1"]
    )
    laboratory(seized(told), BEGIN_US + HOUR_US)
    assert refusals(told) == [("P2", "forbidden")]


# --- each quarter ----------------------------------------------------------------------------------------


def test_a_quarter_ends_on_its_last_midnight_and_one_clear_up_settles_one_quarter():
    told = handed_over(seized(store()), BEGIN_US + HOUR_US)
    told.say("item.stored", BEGIN_US + 2 * HOUR_US, item="i1", keeper="k1", compartment="ca-1")
    march, june = at("00:00") + 14 * DAY_US, at("00:00") + 105 * DAY_US  # 1 April; 1 July
    held = {"room": "property", "year": 2026, "quarter": 1, "officers": ["k1", "k2"]}
    assert due(told, "P12/quarter", "room:property") == [march]
    told.say("clearup.held", BEGIN_US + 3 * HOUR_US, **held)
    assert due(told, "P12/quarter", "room:property") == [june]
    told.say("clearup.held", BEGIN_US + 4 * HOUR_US, **held)
    assert due(told, "P12/quarter", "room:property") == [june]
    # Held late for the second quarter: it is the third quarter's, and says so.
    told.say("clearup.held", june + MINUTE_US, **held | {"quarter": 2})
    assert refusals(told) == [("P12", "other_quarter")]
    told.say("clearup.held", june + MINUTE_US, **held | {"quarter": 3})
    assert due(told, "P12/quarter", "room:property") == [june + (92 + 92) * DAY_US]  # the end of the fourth


# --- compartments ----------------------------------------------------------------------------------------


def test_what_opens_by_nobodys_order_is_told_at_once_and_until_it_is_seen_shut():
    told = store()
    for fact in ("compartment.closed", "compartment.locked"):
        told.say(fact, "08:50", compartment="ca-1")
    told.say("compartment.opened", "09:00", compartment="ca-1")
    told.say("compartment.unknown", "09:01", compartment="ca-1")  # nobody can see that it was shut
    told.say("compartment.closed", "09:05", compartment="ca-1")
    assert told.rows("P15/unordered") == [("compartment:ca-1", at("09:00"), at("09:05"))]
    assert told.rows("LK/left_open") == []


def test_no_exhibit_is_put_to_the_effects_of_a_person_in_the_cabinet_for_dangerous_goods():
    told = store().say("person.arrived", "08:40", stay="s")
    told.say("search.signed", "08:45", stay="s", officers=["t1"])
    told.say("item.found", "08:50", item="e1", stay="s", taken_by="t1", pieces=1, dangerous=True)
    told.say("item.handed_over", BEGIN_US, item="e1", stay="s", giver="t1", keeper="k1", **SIGNED)
    told.say("item.stored", BEGIN_US, item="e1", stay="s", keeper="k1", compartment="cd-1")
    handed_over(seized(told, dangerous=True), BEGIN_US + HOUR_US)
    told.say("item.stored", BEGIN_US + HOUR_US, item="i1", keeper="k1", compartment="cd-1")
    assert refusals(told) == [("P21", "compartment_of_another")]


def test_goods_that_turn_out_to_be_dangerous_are_wrong_where_they_lie():
    told = handed_over(seized(store()), BEGIN_US + HOUR_US)
    told.say("item.stored", BEGIN_US + 2 * HOUR_US, item="i1", keeper="k1", compartment="ca-1")
    told.say(
        "item.corrected",
        BEGIN_US + 3 * HOUR_US,
        item="i1",
        reason="powder",
        officers=["k1", "k2"],
        dangerous=True,
    )
    assert told.rows("P14/dangerous") == [("item:i1", BEGIN_US + 3 * HOUR_US, None)]
    told.say("item.taken_out", BEGIN_US + 4 * HOUR_US, item="i1", keeper="k1", compartment="ca-1")
    told.say("item.stored", BEGIN_US + 4 * HOUR_US, item="i1", keeper="k1", compartment="ca-2")
    assert refusals(told) == [("P14", "wrong_cabinet")]
    assert told.rows("P14/attempt") != []
    told.say("item.stored", BEGIN_US + 4 * HOUR_US, item="i1", keeper="k1", compartment="cd-1")
    assert refusals(told) == []
