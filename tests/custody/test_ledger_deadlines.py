"""Terms of a log: every limit has its end, and one that passed unjudged is named."""

import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.effects import Effect
from custody.engine import Engine
from custody.facts import Fact
from custody.ledger import deadlines
from custody.ledger.certificate import certificate
from custody.ledger.deadlines import Term, of_period, summary, terms
from tests.custody.station_log import HASHES, StationLog, told
from tests.custody.support import OFFICERS, admitted, at
from tests.custody.tales import random_tale
from tests.gateway.bench import Bench

HOUR_US = 3_600_000_000
CLOCK = "T5"  # eight hours of public-order questioning


class Asleep(Engine):
    """A gateway that writes facts and judges nothing."""

    def step(self, fact: Fact) -> list[Effect]:
        return []

    def next_deadline_us(self) -> int | None:
        return None


def history() -> StationLog:
    station = StationLog()
    station.say("config.loaded", at("08:00"), **HASHES)
    station.play([*OFFICERS, *admitted("public_order_questioning")])
    return station


def of(found: list[Term], rule: str) -> list[Term]:
    return [term for term in found if term.rule == rule]


def only(found: list[Term], rule: str, variant: str = "base") -> Term:
    [term] = [t for t in found if (t.rule, t.variant) == (rule, variant)]
    return term


def clock_term(station: StationLog) -> Term:
    clocks = [t for t in terms(station.leaves()) if t.rule == CLOCK and t.subject == "stay:s-1"]
    assert clocks, "the measure has its clock"
    return clocks[-1]


def test_a_limit_that_is_not_reached_yet_runs() -> None:
    term = clock_term(history())
    assert (term.outcome, term.judged, term.ended, term.late_us) == ("running", None, None, None)
    assert term.due_us == at("17:00")


def test_a_limit_that_is_reached_is_alarmed_by_the_very_leaf_that_says_so_and_in_time() -> None:
    station = history()
    station.wake(at("18:00"))
    term, leaves = clock_term(station), station.leaves()
    assert term.outcome == "fired"
    assert leaves[term.leaf or 0]["type"] == "alarm.raised/1"
    assert leaves[term.judged or 0]["type"] == "deadline.reached/1"
    assert (term.at_us, term.late_us, term.punctual) == (at("17:00"), 0, "in_time")


def test_a_duty_done_before_its_limit_is_lawfully_over() -> None:
    station = history()
    station.play(["16:59:59 stay.released stay=s-1 reason=released"], at("18:00"))
    term, leaves = clock_term(station), station.leaves()
    assert (term.outcome, term.judged) == ("closed", None)
    assert leaves[term.leaf or 0]["body"]["reason"] == "stay.released"
    assert term.ended == term.leaf


def test_an_extension_moves_the_limit_and_the_next_one_is_a_term_of_its_own() -> None:
    station = history()
    grounds = "ground=complex_and_detention_possible approver=0866"
    station.play([f"15:00 extension.approved stay=s-1 rule=T5 limit=24h {grounds}"])
    clocks = of(terms(station.leaves()), CLOCK)
    assert [(t.outcome, t.due_us) for t in clocks if t.subject == "stay:s-1"][:2] == [
        ("moved", at("17:00")),
        ("running", at("17:00") + 16 * HOUR_US),
    ]


def test_what_fell_due_while_the_gateway_stood_is_judged_at_its_start_and_blind_from_to() -> None:
    station = history()
    last_us = station.now_us
    station.restart(at("19:30"))
    term = clock_term(station)
    assert (term.outcome, term.punctual, term.late_us) == ("fired", "blind", at("19:30") - at("17:00"))
    assert term.blind == (last_us, at("19:30"))


def test_an_alarm_that_was_not_written_is_missed_and_named() -> None:
    station = history()
    station.wake(at("18:00"), leaves_out=["alarm.raised/1"])
    station.say("door.closed", at("18:30"), door="gate")
    term = clock_term(station)
    total = summary(terms(station.leaves()))
    assert (term.outcome, term.leaf) == ("missed", None)
    assert [term.obligation, term.stated] in total["missed_terms"]
    assert total["missed"] == len(total["missed_terms"]) > 0


def test_a_gateway_that_never_looked_is_missed_at_the_first_fact_after() -> None:
    station = history()
    station.engine = Asleep(station.engine.area, station.engine.rulebook)
    station.say("door.opened", at("17:30"), door="gate")
    station.say("door.closed", at("17:31"), door="gate")
    term, leaves = clock_term(station), station.leaves()
    assert term.outcome == "missed"
    assert leaves[term.judged or 0]["type"] == "door.opened/1"


def test_the_answer_to_the_last_moment_of_a_log_may_still_be_written() -> None:
    station = history()
    station.wake(at("16:59"))
    station.wake(at("17:00"), leaves_out=["alarm.raised/1", "alarm.prewarned/1"])
    assert clock_term(station).outcome == "running"


def test_a_doubted_clock_raises_early_and_a_sound_one_takes_it_back_and_judges_again() -> None:
    station = history()
    station.is_doubted = True
    station.say("clock.doubted", at("10:00"), reason="no source of time")
    early = clock_term(station)
    assert (early.outcome, early.at_us) == ("fired", at("17:00"))
    station.is_doubted = False
    station.say("clock.trusted", at("10:05"), source="server")
    assert clock_term(station).outcome == "running"
    station.wake(at("18:00"))
    again = clock_term(station)
    assert (again.outcome, again.punctual) == ("fired", "in_time")
    assert again.leaf != early.leaf


def test_a_duty_of_which_other_rules_say_nothing_more_has_ended_with_them() -> None:
    station = history()
    station.engine = type(station.engine)(
        station.engine.area, station.engine.rulebook
    )  # rules that know nothing of it
    station.boot += 1
    changed = {**HASHES, "rulebook_hash": "e" * 64}
    station.say("config.loaded", at("12:00"), **changed)
    station.say("door.opened", at("18:00"), door="gate")
    station.say("door.closed", at("18:01"), door="gate")
    term, leaves = clock_term(station), station.leaves()
    assert term.outcome == "law_changed"
    assert leaves[term.leaf or 0]["body"] == changed


def test_under_the_same_rules_silence_is_no_excuse() -> None:
    station = history()
    station.engine = type(station.engine)(station.engine.area, station.engine.rulebook)
    station.boot += 1
    station.say("config.loaded", at("12:00"), **HASHES)
    station.say("door.opened", at("18:00"), door="gate")
    station.say("door.closed", at("18:01"), door="gate")
    assert clock_term(station).outcome == "missed"


def test_a_fact_sent_twice_and_an_officers_acknowledgement_judge_no_limit() -> None:
    station = history()
    station.engine = Asleep(station.engine.area, station.engine.rulebook)
    station.say("alarm.taken", at("17:30"), alarm="x", officer="0312")
    first = station.facts[0]
    station.take(replace(first, recorded_us=at("17:31")))
    assert clock_term(station).outcome == "running"


@settings(max_examples=40)
@given(st.integers(min_value=0, max_value=10_000))
def test_no_history_has_a_missed_limit_and_each_leaf_named_is_what_the_row_says(seed: int) -> None:
    leaves = told(random_tale(seed, 60))
    found = terms(leaves)
    assert summary(found)["missed"] == 0
    stated = [leaf["index"] for leaf in leaves if leaf["type"] == "obligation.armed/1"]
    assert set(stated) <= {term.stated for term in found}
    for term in found:
        if term.leaf is None:
            assert term.outcome == "running"
            continue
        body, kind = leaves[term.leaf]["body"], leaves[term.leaf]["type"]
        assert term.obligation in (body.get("obligation"), body.get("alarm"))
        assert kind.startswith(
            {"fired": "alarm.raised", "closed": "obligation.closed"}.get(term.outcome, "oblig")
        )
        assert term.judged is None or leaves[term.judged]["class"] == "fact"


@settings(max_examples=40)
@given(st.integers(min_value=0, max_value=10_000), st.data())
def test_any_alarm_left_out_of_a_history_is_a_missed_limit_or_one_of_a_higher_stage(seed: int, data) -> None:
    leaves = told(random_tale(seed, 60))
    found = terms(leaves)
    last = max(leaf["index"] for leaf in leaves if leaf["class"] == "fact")
    alarms = [t for t in found if t.outcome == "fired" and t.judged not in (None, last)]
    if not alarms:
        return
    term = data.draw(st.sampled_from(alarms))
    kept = [
        leaf for leaf in leaves
        if leaf["type"] != "alarm.raised/1" or leaf["body"]["alarm"] != term.obligation
    ]  # fmt: skip
    again = {t.stated: t for t in terms(kept)}[term.stated]
    closed_in_time = again.outcome == "closed" and (again.at_us or sys.maxsize) <= (again.due_us or 0)
    assert again.outcome == "missed" or closed_in_time


def test_a_period_has_the_terms_that_ran_through_it_and_no_others() -> None:
    station = history()
    station.play(["16:00 stay.released stay=s-1 reason=released"], at("18:00"))
    found = terms(station.leaves())
    assert clock_term(station) in of_period(found, at("15:00"), at("15:01"))
    assert clock_term(station) not in of_period(found, at("16:01"), at("18:00"))
    assert clock_term(station) not in of_period(found, at("07:00"), at("08:30"))
    head, *rows, total = certificate(found, 7, "ab", 1, at("15:00"), at("15:01"))
    assert head == {
        "certificate": 1, "size": 7, "last": "ab", "suite": 1, "from_us": at("15:00"), "to_us": at("15:01"),
    }  # fmt: skip
    assert total["terms"] == len(rows)


def test_the_statement_of_a_stay_names_no_other_stay() -> None:
    station = history()
    other = admitted("criminal_summons", stay="s-2", band="B08")
    station.play([line.replace("09:", "10:") for line in other], at("20:00"))
    said = deadlines(station.leaves(), "s-1")
    assert said["summary"]["terms"] == len(said["terms"]) > 3
    assert "s-2" not in repr(said)
    assert {row["stay"] for row in said["terms"]} == {"s-1"}


@pytest.mark.parametrize("is_clock_lost", [False, True])
def test_the_log_of_a_real_gateway_with_crashes_and_a_silent_node_has_no_missed_limit(
    is_clock_lost: bool,
) -> None:
    bench = Bench()
    bench.open()
    bench.node.power_up()
    bench.run(3_000)
    bench.say("stay.registered", stay="s-1", measure="public_order_questioning", case="c-1")
    bench.node.level(1, 1)
    bench.run(40_000)
    bench.is_clock_lost = is_clock_lost
    bench.is_line_cut = True
    bench.run(12_000)
    bench.crash()
    bench.run(2_000)
    bench.is_clock_lost = bench.is_line_cut = False
    bench.run(20_000)
    bench.real_us += 9 * HOUR_US
    bench.crash()
    bench.run(2_000)
    total = summary(terms(bench.leaves()))
    assert total["missed"] == 0
    assert total["outcomes"]["fired"] > 3
    assert is_clock_lost or total["punctual"]["blind"] > 0
