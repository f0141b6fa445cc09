"""Each rule kind by small histories of its own: what it counts, what it does not, and what it names."""

import pytest

from custody.view import Condition
from tests.custody.against_oracle import area as fitted_area
from tests.custody.books import LEVEL, rule_text
from tests.custody.books import book as book_of
from tests.custody.support import at
from tests.custody.telling import HOUR_US, Told, held, silent

# --- chain -----------------------------------------------------------------------------------------


def summoned(
    told: Told, stay: str, when: str | int, measure: str = "coercive_summons", person: str | None = "p"
) -> Told:
    more = {"person": person} if person else {}
    return told.say("stay.registered", when, stay=stay, measure=measure, case="c", **more)


def test_a_summons_too_soon_after_the_last_names_both():
    told = summoned(Told(), "a", "09:00")
    told.say("stay.released", "10:00", stay="a", reason="released")
    summoned(told, "b", "14:00", "criminal_summons")
    found = told.why("T3/gap", "stay:b", "14:00")
    assert isinstance(found, Condition)
    assert found.params == (("earlier", "a"), ("gap_us", 4 * HOUR_US))
    assert found.facts == (told.count - 1, told.count)
    assert told.rows("T3/gap") == [("stay:b", at("14:00"), None)]


def test_after_the_whole_gap_a_summons_is_no_chain():
    told = summoned(Told(), "a", "08:30")
    told.say("stay.released", "09:00", stay="a", reason="released")
    summoned(told, "b", "21:00")
    assert silent(told.why("T3/gap", "stay:b", "21:00")) == "long_ago"
    summoned(told, "c", "21:00", person="q")
    assert silent(told.why("T3/gap", "stay:c", "21:00")) == "no_earlier"
    summoned(told, "d", "21:00", person=None)
    assert silent(told.why("T3/gap", "stay:d", "21:00")) == "not_stated"
    assert told.rows("T3/gap") == []
    summoned(told, "e", at("21:00") - 1)
    assert told.rows("T3/gap") == [("stay:e", at("21:00") - 1, None)]


def test_only_a_measure_of_the_kind_in_another_stay_counts_and_by_its_end():
    told = summoned(Told(), "a", "09:00", "voluntary")
    told.say("stay.released", "09:30", stay="a", reason="released")
    summoned(told, "b", "10:00")
    assert silent(told.why("T3/gap", "stay:b", "10:00")) == "no_earlier"  # to come by oneself is no summons
    told.say("measure.changed", "10:30", stay="b", measure="criminal_summons")
    assert silent(told.why("T3/gap", "stay:b", "10:30")) == "no_earlier"  # its own earlier measure
    summoned(told, "c", "11:00")
    assert (
        silent(told.why("T3/gap", "stay:c", "11:00")) == "no_earlier"
    )  # of b one summons goes on in the other
    told.say("stay.released", "11:30", stay="b", reason="released")
    assert told.rows("T3/gap") == []  # b ended after c had begun
    summoned(told, "d", "12:00")
    found = told.why("T3/gap", "stay:d", "12:00")
    assert isinstance(found, Condition)
    assert dict(found.params) == {"earlier": "b", "gap_us": HOUR_US // 2}


def test_the_last_of_several_counts_and_a_change_of_the_measure_is_judged():
    told = Told()
    for stay, hour in (("a", "08"), ("b", "09")):
        summoned(told, stay, f"{hour}:10")
        told.say("stay.released", f"{hour}:30", stay=stay, reason="released")
    summoned(told, "c", "10:00", "voluntary")
    assert silent(told.why("T3/gap", "stay:c", "10:00")) == "measure"
    told.say("measure.changed", "10:30", stay="c", measure="coercive_summons")
    found = told.why("T3/gap", "stay:c", "10:30")
    assert isinstance(found, Condition)
    assert dict(found.params) == {"earlier": "b", "gap_us": HOUR_US}
    assert ("stay:c", at("10:30"), None) in told.rows("T3/gap")


# --- clock: time that does not count ---------------------------------------------------------------


def test_stretches_that_overlap_are_counted_once_and_each_end_ends_its_own():
    """T5: while somebody is drunk; strapped at 10 and again at 11, loosed at 12; again from 13 to 14."""
    told = Told()
    told.say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:00", stay="s", measure="public_order_questioning", case="c")
    for name, when in (
        ("started", "10:00"),
        ("started", "11:00"),
        ("ended", "12:00"),
        ("started", "13:00"),
        ("ended", "14:00"),
    ):
        more = {"device": "strap", "ground": "drunk"} if name == "started" else {}
        told.say(f"restraint.{name}", when, stay="s", **more)
        (duty,) = [d for d in told.engine.obligations() if d.rule.key == "T5/questioning"]
        assert (duty.due_us is None) == (name == "started"), when
    assert duty.due_us == at("09:00") + (8 + 3) * HOUR_US


def test_a_clock_of_a_measure_follows_the_measure():
    told = Told()
    told.say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:00", stay="s", measure="voluntary", case="c")
    assert silent(told.why("T5/questioning", "stay:s", "09:00")) == "measure"
    told.say("measure.changed", "10:00", stay="s", measure="public_order_questioning")
    assert told.rows("T5/questioning") == [("stay:s", at("10:00"), None)]
    told.say("measure.changed", "11:00", stay="s", measure="voluntary")
    assert told.rows("T5/questioning") == [("stay:s", at("10:00"), at("11:00"))]


# --- what a place and a board can show -------------------------------------------------------------


def test_two_of_one_case_are_kept_apart_from_when_it_is_known_to_be_one():
    told = held(Told(), "a", "A", "09:00", "waiting-1")
    told.say("area.entered", "09:01", stay="b").say("wristband.bound", "09:01", stay="b", band="B")
    told.say("tag.read", "09:02", tag="B", room="waiting-1")
    assert told.rows("G6/case") == []
    told.say("stay.registered", "09:05", stay="b", measure="voluntary", case="a")
    assert {(subject, since) for subject, since, _ in told.rows("G6/case")} == {
        ("stay:a", at("09:05")), ("stay:b", at("09:05")),
    }  # fmt: skip


def test_who_is_in_a_room_of_women_s_facts_names_each():
    told = held(held(Told(), "a", "A", "09:00", "waiting-1"), "b", "B", "09:01", "waiting-1")
    told.say("room.inspected", "09:02", room="waiting-1", result="not_accepted")
    found = [
        row for row in told.engine.obligations() if row.subject == "room:waiting-1" and row.closed_us is None
    ]
    facts = {row.rule.key: row.facts for row in found}
    both = tuple(stay.room_fact for stay in told.engine.world.stays_in("waiting-1"))
    assert len(both) == 2
    assert both in facts.values(), facts


def test_a_door_whose_contact_is_lost_while_open_is_held_and_not_forgotten():
    told = Told()
    door = next(d.id for d in fitted_area().doors.values() if d.controlled and d.kind == "area_gate")
    told.say("door.released", "09:00", door=door).say("door.opened", "09:00:01", door=door)
    told.say("door.unknown", "09:01", door=door)
    held_open = told.why("DR/held-gate", f"door:{door}", "09:02")
    assert isinstance(held_open, Condition)
    assert held_open.is_hold
    assert told.rows("DR/held-gate") == [(f"door:{door}", at("09:00:01"), None)]
    told.say("door.closed", "09:03", door=door)
    assert told.rows("DR/held-gate") == [(f"door:{door}", at("09:00:01"), at("09:03"))]


def test_a_source_of_the_gateway_is_told_since_when_and_by_what():
    told = Told().say("port.lost", "09:00", port="ttyUSB0").say("server.lost", "09:05")
    found = {
        row.subject: (row.since_us, row.facts, row.group)
        for row in told.engine.obligations()
        if row.rule.id == "SYS"
    }
    gateway = fitted_area().gateway
    assert found["port:ttyUSB0"] == (at("09:00"), (told.count - 1,), "port:ttyUSB0")
    assert found[f"server:{gateway}"] == (at("09:05"), (told.count,), "server")


def test_the_room_of_a_node_that_serves_one_room_is_named():
    told = Told()
    served = {node: sorted(fitted_area().rooms_of_node(node)) for node in fitted_area().nodes}
    for node, rooms in served.items():
        told.say("node.lost", "09:00", node=node)
        (row,) = [r for r in told.engine.obligations() if r.subject == f"node:{node}" and r.closed_us is None]
        assert row.room == (rooms[0] if len(rooms) == 1 else None)
        assert dict(row.params)["rooms"] == " ".join(rooms)


# --- forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", [-(2**63) + 1, 2**62])
def test_a_moment_that_no_calendar_knows_is_at_no_time_of_day(when):
    told = Told()
    told.say("area.entered", when, stay="s")
    told.say("stay.registered", when, stay="s", measure="continued_questioning", case="c", flags=["aged_70"])
    told.say("stay.released", when, stay="s", reason="released")
    assert told.rows("E8/night") == []


def test_a_span_of_a_moment_that_no_calendar_knows_is_over():
    """X5: the penalty is not decided within five working days of the hearing notice."""
    for when, is_early in ((at("09:00"), True), (2**62, False)):
        told = Told().say("area.entered", "09:00", stay="s")
        told.say("hearing.informed", when, stay="s").say("penalty.decided", when, stay="s")
        assert bool(told.rows("X5/early")) == is_early, when


# --- more of the clock -----------------------------------------------------------------------------


def questioned(told: Told, when: str = "10:00") -> Told:
    told.say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:00", stay="s", measure="voluntary", case="c")
    return told.say("measure.changed", when, stay="s", measure="public_order_questioning")


def due_us(told: Told, rule: str, subject: str = "stay:s") -> int | None:
    (found,) = [
        row
        for row in told.engine.obligations()
        if row.rule.key == rule and row.subject == subject and row.closed_us is None
    ]
    return found.due_us


def test_a_transfer_before_the_measure_does_not_begin_it_earlier_nor_anew():
    told = Told().say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:00", stay="s", measure="voluntary", case="c")
    told.say("jurisdiction.transferred", "09:30", stay="s", document="d")
    told.say("measure.changed", "10:00", stay="s", measure="public_order_questioning")
    assert due_us(told, "T5/questioning") == at("10:00") + 8 * HOUR_US
    told.say("jurisdiction.transferred", "11:00", stay="s", document="d")
    assert due_us(told, "T5/questioning") == at("11:00") + 8 * HOUR_US


def test_two_reasons_that_stop_a_case_at_once_stop_it_once():
    """T21: an appraisal from the 2nd to the 7th day and a hearing from the 5th to the 9th: seven days do not count."""
    told, day_us = Told().say("case.filed", "10:00", case="c", kind="public_order"), 24 * HOUR_US
    for name, day in (
        ("appraisal.started", 2),
        ("hearing.opened", 5),
        ("appraisal.ended", 7),
        ("hearing.closed", 9),
    ):
        told.say(name, at("10:00") + day * day_us, case="c")
        assert (due_us(told, "T21/case", "case:c") is None) == (day < 9)
    assert due_us(told, "T21/case", "case:c") == at("00:00") + (30 + 7) * day_us


def test_a_clock_that_stands_still_hides_no_other():
    told = questioned(Told())
    told.say("restraint.started", "10:10", stay="s", device="strap", ground="drunk")
    told.say("case_review.started", "10:20", case="c", kind="criminal")
    shown = {duty.rule for duty in told.engine.duties()}
    assert "T5" not in shown
    assert "D3" in shown


def test_an_approval_is_among_the_facts_of_the_alarm_that_follows():
    told = questioned(Told())
    told.say("officer.registered", "10:05", officer="h", service="sworn", roles=["station_head"])
    told.say(
        "extension.approved",
        "10:10",
        stay="s",
        rule="T5",
        limit="12h",
        approver="h",
        ground="identity_unknown",
    )
    (row,) = [row for row in told.engine.obligations() if row.rule.key == "T5/questioning"]
    assert row.facts[-1] == told.count


# --- required within: the first time counts --------------------------------------------------------


def test_what_was_done_in_time_and_again_later_was_done_in_time():
    """T24: the family is told within two hours; told again in the afternoon changes nothing."""
    told = Told().say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:00", stay="s", measure="public_order_questioning", case="c")
    told.say("family.notified", "10:00", stay="s", of="summons")
    told.say("family.notified", "15:00", stay="s", of="summons")
    told.say("deadline.reached", "16:00")
    assert [closed for _, _, closed in told.rows("T24/family")] == [at("10:00")]


def test_a_time_left_out_of_a_form_begins_nothing():
    rule = rule_text("required_within", 'since = "stay.registered@entered", until = ["rights.told"]')
    told = Told(book_of(rule)).say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:05", stay="s", measure="voluntary", case="c")
    assert silent(told.why("A1/one", "stay:s", "09:06")) == "not_begun"


# --- separation, guards ----------------------------------------------------------------------------


def test_two_of_the_same_sex_may_share_a_room_and_one_unknown_too():
    told = held(
        held(Told(), "a", "A", "09:00", "waiting-1", sex="M"), "b", "B", "09:01", "waiting-1", sex="M"
    )
    held(told, "c", "C", "09:02", "waiting-1")
    assert told.rows("G5/sexes") == []
    held(told, "d", "D", "09:03", "waiting-1", sex="F")
    assert {subject for subject, _, _ in told.rows("G5/sexes")} == {"stay:a", "stay:b", "stay:d"}


def test_the_guard_who_left_last_is_named_and_no_assistant():
    told = Told()
    for officer, service in (("o1", "sworn"), ("o2", "sworn"), ("a1", "auxiliary")):
        told.say("officer.registered", "08:10", officer=officer, service=service, roles=["guard"])
    held(told, "s", "S", "09:00", "waiting-1")
    indices = {}
    for officer, came in (("o1", "09:01"), ("o2", "09:02"), ("a1", "09:03")):
        told.say("tag.read", came, tag=officer, room="waiting-1")
    for officer, went in (("o2", "09:05"), ("o1", "09:06"), ("a1", "09:07")):
        told.say("tag.read", went, tag=officer, room="corridor")
        indices[officer] = told.count
    (row,) = [r for r in told.engine.obligations() if r.rule.key == "M3/guard" and r.since_us == at("09:06")]
    assert row.facts[-1] == indices["o1"]


# --- custom rules: what no bundled table asks ------------------------------------------------------


def test_a_list_in_a_form_counts_as_how_many_it_names():
    rule = rule_text("threshold", 'step = "search.signed", field = "officers", below = 2, act = true')
    told = Told(book_of(rule)).say("area.entered", "09:00", stay="s")
    for officer in ("o1", "o2"):
        told.say("officer.registered", "09:00", officer=officer, service="sworn", roles=["guard"])
    told.say("search.signed", "09:01", stay="s", officers=["o1"])
    assert told.rows("A1/one") == [("stay:s", at("09:01"), at("09:01"))]
    told.say("search.signed", "09:02", stay="s", officers=["o1", "o2"])
    assert len(told.rows("A1/one")) == 1


def test_an_act_reaches_only_what_is_due_at_once():
    ladder = 'level = [{ after = "0s", severity = "S3", number = "local" }, { after = "1h", severity = "S2", number = "local" }]'
    told = Told(book_of(rule_text("forbidden_act", 'act = ["meal.offered"]', top=ladder)))
    told.say("area.entered", "09:00", stay="s").say("meal.offered", "09:01", stay="s").say(
        "deadline.reached", "12:00"
    )
    (row,) = told.engine.obligations()
    assert [stage.name for stage in row.fired] == ["0s"]


def test_a_rule_of_other_steps_is_not_of_this_act():
    """Of two acts of a form only the one that is named is counted, though both are one form."""
    rule = rule_text(
        "head_count", 'form = ["act.started:seizure"], fewer_than = 2', top=f"{LEVEL}\nrefuse = true"
    )
    told = Told(book_of(rule)).say(
        "officer.registered", "08:30", officer="o", service="sworn", roles=["guard"]
    )
    told.say("area.entered", "09:00", stay="s")
    act = {"stay": "s", "room": "interview-1", "officers": ["o"]}
    told.say("act.started", "09:01", act="mediation", **act)
    assert told.rows("A1/one") == []
    told.say("act.started", "09:02", act="seizure", **act)
    assert told.rows("A1/one") == [("stay:s", at("09:02"), at("09:02"))]
    told.say("act.started", "09:03", act="mediation", **act)
    assert len(told.rows("A1/one")) == 1


def test_a_rule_about_the_release_says_nothing_of_a_stay_that_is_not_known():
    """Whatever fact is in hand: a rule with measures asks no stay that is not there."""
    rule = rule_text("forbidden_act", 'act = ["stay.released"]', top=f'measures = ["arrest"]\n{LEVEL}')
    told = Told(book_of(rule)).say("stay.released", "09:00", stay="nobody", reason="released")
    view = told.engine._timeline.view
    assert view.fact is not None
    (known,) = told.engine.rulebook.rules
    found = view.silence(known, view.unit("stay:nobody"))
    assert found is not None
    assert (found.code, found.found) == ("stay_over", "not opened")
