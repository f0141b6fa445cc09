"""The engine and its timeline by small histories: what is told once, taken back, kept in memory, changed by a new law."""

from dataclasses import replace
from datetime import date

import pytest

from custody.affected import RuleIndex
from custody.effects import AlarmCleared, AlarmRaised, PreWarning, Refusal
from custody.obligation import HEAP_SLACK, DueTable, stay_of
from custody.reader import join_rulebooks
from custody.rules import Rulebook
from custody.tables import Journal
from custody.times import parse_instant_us
from custody.view import Condition, Silence, Unit, View, the_only
from custody.world import Stay, World
from tests.custody.against_oracle import area as fitted_area
from tests.custody.books import book, rule_text
from tests.custody.support import area, at, engine, fact, rulebook
from tests.custody.telling import HOUR_US, MINUTE_US, Told, held, running, silent

MIDNIGHT_US = parse_instant_us("2026-01-01T00:00:00+08:00")
DAY_US = 24 * HOUR_US
WITHIN = 'since = "entered", until = ["rights.told"]'
TIER = '[[rule.tier]]\nlimit = "{0}"\nbasis = "law"\napprovers = ["station_head"]\n'


def after(span: str, more: str = "") -> str:
    return f'{more}\nlevel = [{{ after = "{span}", severity = "S2", number = "local" }}]'


def joined(old: list[str], new: list[str], straddle: str = "at_moment") -> Rulebook:
    """A book until the end of 2025 and another from then on."""
    before = book(*old, name="old", since="2020-01-01")
    before = replace(before, in_force_until=date(2025, 12, 31))
    return join_rulebooks([before, book(*new, name="new")], fitted_area().zone, straddle)


def questioned(told: Told, when: str = "09:00") -> Told:
    told.say("area.entered", when, stay="s")
    told.say("stay.registered", when, stay="s", measure="public_order_questioning", case="c")
    return told.say("officer.registered", when, officer="h", service="sworn", roles=["station_head"])


def longer(told: Told, when: str, recorded: str | None = None, limit: str = "12h") -> Told:
    told.count += 1
    body = {"stay": "s", "rule": "T5", "limit": limit, "approver": "h", "ground": "identity_unknown"}
    told.effects = told.engine.step(
        fact("extension.approved", told.count, at(when), at(recorded or when), **body)
    )
    return told


def cleared(told: Told, rule: str) -> list[tuple[str, str, str]]:
    """(of, stage, reason) of what the last fact cleared."""
    found = [e for e in told.effects if isinstance(e, AlarmCleared) and f"{e.rule}/{e.variant}" == rule]
    return [(e.of, e.stage, e.reason) for e in found]


# --- what a fact says once -------------------------------------------------------------------------


def test_the_clock_is_heard_each_time_though_its_word_has_the_same_name() -> None:
    built = engine()
    built.step(fact("person.arrived", 1, at("09:00"), stay="s"))
    assert built.step(replace(fact("deadline.reached", 2, at("09:01")), id="tick")) == []
    later = built.step(replace(fact("deadline.reached", 3, at("09:30")), id="tick"))
    assert [e.rule for e in later if isinstance(e, AlarmRaised)]


def test_two_facts_of_one_number_and_one_moment_are_both_taken() -> None:
    built = engine()
    built.step(fact("person.arrived", 1, at("09:00"), stay="s"))
    built.step(replace(fact("person.arrived", 1, at("09:00"), stay="t"), id="another"))
    assert {stay.ref for stay in built.world.open_stays()} == {"s", "t"}


def test_a_refusal_says_by_which_article_of_whom_and_what_was_expected() -> None:
    told = questioned(Told())
    longer(told, "10:00", limit="13h")
    (refused,) = [effect for effect in told.effects if isinstance(effect, Refusal)]
    assert (refused.stay, refused.basis) == ("s", told.engine.rulebook.rule_of("T5").basis)
    assert refused.article == told.engine.rulebook.rule_of("T5").article.as_dict()
    (malformed,) = told.engine.step(fact("door.opened", 900, at("11:00"), at("10:59"), door="gate"))
    assert isinstance(malformed, Refusal)
    assert malformed.expected == "an occurrence not after its recording"
    told.say("extension.approved", "11:00", stay="s", rule="T99", limit="12h", approver="h")
    (unheard_of,) = [effect for effect in told.effects if isinstance(effect, Refusal)]
    assert (unheard_of.article, unheard_of.basis) == ({}, "local")


def test_nothing_told_is_kept_to_be_told_again() -> None:
    told = questioned(Told())
    assert told.engine._timeline.changes == []
    assert told.engine._timeline.refusals == {}


# --- lateness --------------------------------------------------------------------------------------


def test_two_seconds_after_the_limit_are_in_time() -> None:
    for late_us, wanted in ((2_000_000, 0), (2_000_001, 2_000_001)):
        built = engine()
        built.step(fact("person.arrived", 1, at("09:00"), stay="s"))
        due_us = built.next_deadline_us()
        assert due_us is not None
        effects = built.step(fact("deadline.reached", 2, due_us + late_us))
        assert {e.late_us for e in effects if isinstance(e, AlarmRaised | PreWarning)} == {wanted}


# --- stages that the facts no longer bear out ------------------------------------------------------


def test_of_an_alarm_and_a_later_warning_taken_back_the_alarm_is_told() -> None:
    """The limit passed, the clock stood still, was made longer and warned again; and all was after the release."""
    told = questioned(Told()).say("deadline.reached", "17:10")
    told.say("restraint.started", "17:30", stay="s", device="strap", ground="drunk")
    longer(told, "18:00").say("restraint.ended", "18:10", stay="s")
    told.say("deadline.reached", "20:45")
    row = told.row("T5/questioning")
    assert list(told.engine._told[row.id].stages) == ["limit@8h", "pre-2h@12h", "pre-1h@12h"]
    told.count += 1
    late = fact("stay.released", told.count, at("15:00"), at("20:46"), stay="s", reason="released")
    told.effects = told.engine.step(late)
    assert cleared(told, "T5/questioning") == [("alarm", "limit@8h", "late_evidence")]


def test_a_warning_that_a_longer_limit_ends_at_its_own_moment_was_no_mistake() -> None:
    told = questioned(Told()).say("deadline.reached", "16:00")
    longer(told, "16:00")
    assert cleared(told, "T5/questioning") == [("pre-warning", "pre-1h@8h", "extension.approved")]


def test_a_record_names_each_stage_once_when_one_falls_and_another_rises() -> None:
    told = questioned(Told()).say("deadline.reached", "20:40")
    alarm = told.row("T5/questioning").id
    longer(told, "15:30", "20:41")
    assert told.engine.alarms[alarm].stages == ("pre-2h@12h", "pre-1h@12h", "pre-30min@12h")


def test_an_alarm_that_came_stays_while_its_clock_stands_still() -> None:
    told = questioned(Told()).say("deadline.reached", "17:30")
    told.say("restraint.started", "18:00", stay="s", device="strap", ground="drunk")
    assert [stage.name for stage in told.row("T5/questioning").fired] == ["limit@8h"]
    assert not [row for row in cleared(told, "T5/questioning") if row[0] == "alarm"]
    found = running(told.why("T5/questioning", "stay:s", "18:00"))
    assert found.params == (("limit", "8h"), ("suspended", 1), ("measure", "public_order_questioning"))


def test_an_alarm_of_a_duty_that_was_over_before_a_late_fact_showed_it_late_is_over_as_it_is_told() -> None:
    """The row, entered late, states that they went in two hours earlier: what was to be done was late, and was done."""
    told = Told(book(rule_text("required_within", WITHIN, top=after("10min"))))
    told.say("area.entered", "09:00", stay="s").say("rights.told", "09:05", stay="s")
    assert told.rows("A1/one") == [("stay:s", at("09:00"), at("09:05"))]
    row = {"stay": "s", "measure": "public_order_questioning", "case": "c", "entered_at_us": at("07:00")}
    told.effects = told.engine.step(fact("stay.registered", 99, at("09:04"), at("09:30"), **row))
    assert [e.time_us for e in told.effects if isinstance(e, AlarmRaised)] == [at("07:10")]
    assert cleared(told, "A1/one") == [("alarm", "10min", "rights.told")]
    assert not [record for record in told.engine.alarms.values() if record.is_active]


def test_only_what_was_reached_beyond_the_trusted_time_is_taken_back() -> None:
    told = Told(book(rule_text("required_within", WITHIN, top=after("10min"))))
    told.say("area.entered", "09:00", stay="s")
    doubted = replace(fact("clock.doubted", 90, at("09:05"), reason="rtc"), recorded_latest_us=None)
    assert [e.time_us for e in told.engine.step(doubted) if isinstance(e, AlarmRaised)] == [at("09:10")]
    told.count = 91
    told.say("deadline.reached", "09:07")
    assert cleared(told, "A1/one") == [("alarm", "10min", "late_evidence")]


def test_an_alarm_taken_back_in_doubt_is_a_warning_when_its_warning_comes() -> None:
    told = questioned(Told())
    told.engine.step(replace(fact("clock.doubted", 90, at("09:05"), reason="rtc"), recorded_latest_us=None))
    told.count = 91
    told.say("deadline.reached", "09:07")
    alarm = told.row("T5/questioning").id
    assert (told.engine.alarms[alarm].is_active, told.engine.alarms[alarm].is_prewarning) == (False, False)
    told.say("deadline.reached", "16:00")
    record = told.engine.alarms[alarm]
    first, *_ = [e for e in told.effects if isinstance(e, PreWarning) and e.alarm == alarm]
    assert not any(isinstance(e, AlarmRaised) and e.alarm == alarm for e in told.effects)
    assert (record.is_active, record.is_prewarning, record.raised_us) == (True, True, first.time_us)
    told.say("deadline.reached", "17:00")
    assert (record.is_active, record.is_prewarning, record.raised_us) == (True, False, at("17:00"))


def test_an_alarm_taken_back_keeps_its_end_when_the_duty_ends() -> None:
    told = questioned(Told())
    told.engine.step(replace(fact("clock.doubted", 90, at("09:05"), reason="rtc"), recorded_latest_us=None))
    told.count = 91
    told.say("deadline.reached", "09:07")
    record = told.engine.alarms[told.row("T5/questioning").id]
    told.say("stay.released", "09:30", stay="s", reason="released")
    assert not [e for e in told.effects if isinstance(e, AlarmCleared) and e.alarm == record.id]
    assert (record.cleared_us, record.clear_reason) == (at("09:07"), "late_evidence")


def test_an_alarm_that_is_over_and_not_handled_does_not_stand_again_because_a_limit_is_near() -> None:
    told = questioned(Told()).say("deadline.reached", "17:10")
    row, desk = told.row("T5/questioning"), told.engine._desk
    desk.clear(row.id, at("17:20"), "interview.ended")
    record = told.engine.alarms[row.id]
    [*_, warning] = [stage for stage in row.stages if stage.is_prewarning]
    desk.enter(row, row.rule, warning, late_us=0, is_certain=True)
    assert (record.is_active, record.is_prewarning, record.clear_reason) == (False, False, "interview.ended")
    assert record.history[-1] == (warning.due_us, "prewarned", warning.severity)


def test_a_warning_beside_an_alarm_that_stands_does_not_make_it_milder() -> None:
    told = questioned(Told()).say("deadline.reached", "17:10")
    told.say("restraint.started", "17:30", stay="s", device="strap", ground="drunk")
    longer(told, "18:00").say("restraint.ended", "18:10", stay="s")
    alarm = told.row("T5/questioning").id
    severity = told.engine.alarms[alarm].severity
    told.say("deadline.reached", "20:45")
    assert [s.name for s in told.row("T5/questioning").fired][-1].startswith("pre-")
    assert told.engine.alarms[alarm].severity == severity


# --- suspensions -----------------------------------------------------------------------------------


def test_what_stood_still_before_the_clock_began_is_not_counted() -> None:
    told = Told().say("area.entered", "09:00", stay="s")
    told.say("stay.registered", "09:00", stay="s", measure="voluntary", case="c")
    told.say("restraint.started", "09:30", stay="s", device="strap", ground="drunk")
    told.say("measure.changed", "10:00", stay="s", measure="public_order_questioning")
    told.say("restraint.ended", "10:30", stay="s")
    assert told.row("T5/questioning").due_us == at("10:00") + 8 * HOUR_US + 30 * MINUTE_US


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ((("hearing.opened", 2), ("appraisal.started", 5), ("hearing.closed", 7), ("appraisal.ended", 9)), 7),
        ((("appraisal.started", 2), ("hearing.opened", 5), ("appraisal.ended", 7), ("hearing.closed", 9)), 7),
        ((("appraisal.started", 2), ("hearing.opened", 2), ("appraisal.ended", 5)), None),
        ((("appraisal.started", 2), ("hearing.opened", 3), ("hearing.closed", 5)), None),
        ((("hearing.opened", 2), ("appraisal.started", 3), ("appraisal.ended", 5)), None),
    ],
)
def test_a_case_stands_still_while_any_reason_lasts_and_counts_each_day_once(
    steps: tuple[tuple[str, int], ...], wanted: int | None
) -> None:
    told = Told().say("case.filed", "10:00", case="c", kind="public_order")
    for name, day in steps:
        told.say(name, at("10:00") + day * DAY_US, case="c")
    due_us = told.row("T21/case", "case:c").due_us
    assert due_us == (None if wanted is None else at("00:00") + (30 + wanted) * DAY_US)


def test_a_clock_from_a_moment_that_no_calendar_knows_has_no_limit() -> None:
    told = Told().say("case.filed", 2**62, case="c", kind="public_order")
    assert running(told.why("T21/case", "case:c", 2**62)).stages == ()


# --- a new law -------------------------------------------------------------------------------------

SOURCES = {
    "DOOR": 'source = "door_held"', "NODE": 'source = "node"', "REC": 'source = "recorder"', "SERVER": 'source = "server"',
    "PORT": 'source = "port"',
}  # fmt: skip


def test_what_is_wrong_with_a_source_at_midnight_is_judged_by_the_new_law() -> None:
    old, new = (
        [rule_text("supervision", params, top=after(span), rule_id=name) for name, params in SOURCES.items()]
        for span in ("1h", "2h")
    )
    begun_us = MIDNIGHT_US - 30 * MINUTE_US
    told = Told(joined(old, new), begin=begun_us - HOUR_US)
    for recorder in fitted_area().recorders:
        told.say("recorder.started", begun_us - HOUR_US, recorder=recorder)
    told.say("door.opened", begun_us, door="gate").say("node.lost", begun_us, node="n2")
    told.say("recorder.lost", begun_us, recorder="rec-west").say("server.lost", begun_us)
    told.say("port.lost", begun_us, port="p1").say("deadline.reached", MIDNIGHT_US)
    due = [(row.rule.id, row.due_us) for row in told.engine.obligations() if row.closed_us is None]
    assert sorted(due) == [(name, begun_us + 2 * HOUR_US) for name in sorted(SOURCES)]


def test_a_duty_that_the_new_law_does_not_know_ends_with_the_old_one() -> None:
    other = rule_text("required_within", 'since = "searched", until = ["rights.told"]', rule_id="B")
    told = Told(
        joined([rule_text("required_within", WITHIN, top=after("1h"))], [other]), begin=MIDNIGHT_US - HOUR_US
    )
    told.say("area.entered", MIDNIGHT_US - 10 * MINUTE_US, stay="s").say("deadline.reached", MIDNIGHT_US + 1)
    assert told.rows("A1/one") == [("stay:s", MIDNIGHT_US - 10 * MINUTE_US, MIDNIGHT_US)]
    assert [row.close_reason for row in told.engine.obligations()] == ["law.changed"]


def test_what_the_new_law_finds_wrong_hangs_on_the_last_fact_that_makes_it_so() -> None:
    old = rule_text("required_within", WITHIN, rule_id="B")
    apart = rule_text("separation", 'apart = "anyone"', top=after("0s"))
    told = Told(joined([old], [apart]), begin=MIDNIGHT_US - 3 * HOUR_US)
    reads = []
    for stay in ("a", "b"):
        told.say("wristband.bound", MIDNIGHT_US - HOUR_US, stay=stay, band=stay.upper())
        told.say("tag.read", MIDNIGHT_US - HOUR_US, tag=stay.upper(), room="waiting-1")
        reads.append(told.count)
    told.say("deadline.reached", MIDNIGHT_US)
    found = [row for row in told.engine.obligations() if row.rule.id == "A1"]
    assert [(row.since_us, row.anchor) for row in found] == [(MIDNIGHT_US, reads[1])] * 2


def test_at_the_stroke_of_midnight_the_new_law_comes_before_the_limit_of_the_old() -> None:
    old, new = (rule_text("required_within", WITHIN, top=after(span)) for span in ("1h", "2h"))
    told = Told(joined([old], [new]), begin=MIDNIGHT_US - 3 * HOUR_US)
    told.say("area.entered", MIDNIGHT_US - HOUR_US, stay="s").say("deadline.reached", MIDNIGHT_US)
    assert not [effect for effect in told.effects if isinstance(effect, AlarmRaised)]
    assert told.row("A1/one").due_us == MIDNIGHT_US + HOUR_US


def test_a_stay_is_under_the_law_of_its_arrival_and_a_room_under_that_of_today() -> None:
    told = Told(
        joined(
            [
                rule_text("required_within", WITHIN, top=after("1h")),
                rule_text("required_within", 'since = "room.inspected", until = ["patrol.tapped"]', rule_id="B",
                          top=after("1h", 'unit = "room"')),
            ],
            [
                rule_text("required_within", WITHIN, top=after("2h")),
                rule_text("required_within", 'since = "room.inspected", until = ["patrol.tapped"]', rule_id="B",
                          top=after("2h", 'unit = "room"')),
            ],
            "at_start",
        ),
        begin=MIDNIGHT_US - 10 * DAY_US,
    )  # fmt: skip
    told.say("room.inspected", MIDNIGHT_US - 9 * DAY_US, room="waiting-1", result="accepted")
    told.say("area.entered", MIDNIGHT_US + MINUTE_US, stay="s")
    view = told.engine._timeline.view

    def level(key: str, subject: str) -> str:
        rule = view.in_force(key, view.unit(subject))
        assert rule is not None
        return rule.levels[0].name

    assert (level("A1/one", "stay:s"), level("B/one", "room:waiting-1")) == ("2h", "2h")
    told.say(
        "certificate.written", MIDNIGHT_US + 2 * MINUTE_US, stay="s", arrived_at_us=MIDNIGHT_US - MINUTE_US
    )
    assert (level("A1/one", "stay:s"), level("B/one", "room:waiting-1")) == ("1h", "2h")


def test_a_form_is_refused_by_the_rule_that_is_in_force_and_by_no_other() -> None:
    refusing = 'refuse = true\nlevel = [{ after = "0s", severity = "S2", number = "local" }]'
    told_of, of_old, of_new = (
        rule_text("forbidden_act", f'act = ["{act}"]', rule_id=name, top=refusing)
        for name, act in (("B", "meal.offered"), ("OLD", "bedding.given"), ("NEW", "bedding.given"))
    )
    old = joined([told_of, of_old], [told_of, of_new])
    for when_us, wanted in ((MIDNIGHT_US - HOUR_US, "OLD"), (MIDNIGHT_US + HOUR_US, "NEW")):
        told = Told(old, begin=when_us - MINUTE_US).say("area.entered", when_us, stay="s")
        told.say("bedding.given", when_us, stay="s")
        assert [e.rule for e in told.effects if isinstance(e, Refusal)] == [wanted]


def test_a_rule_about_refusals_tells_of_them_while_it_is_in_force() -> None:
    params = 'act = "refused", reasons = ["no_such_clock"], facts = ["extension.approved"]'
    first, second = (rule_text("forbidden_act", params, rule_id=name) for name in ("OLD", "NEW"))
    law = joined([first], [second])
    for when_us, wanted in ((MIDNIGHT_US - HOUR_US, "OLD"), (MIDNIGHT_US + HOUR_US, "NEW")):
        told = Told(law, begin=when_us - MINUTE_US).say("area.entered", when_us, stay="s")
        told.say("extension.approved", when_us, stay="s", rule="T5", limit="12h", approver="h")
        assert [row.rule.id for row in told.engine.obligations()] == [wanted]


def test_a_clock_that_is_not_yet_law_is_given_no_longer_limit() -> None:
    clock = rule_text("clock", 'since = "entered"', top="", body=TIER.format("8h") + TIER.format("12h"))
    told = Told(
        joined([rule_text("required_within", WITHIN, rule_id="B")], [clock]), begin=MIDNIGHT_US - DAY_US
    )
    when_us = MIDNIGHT_US - HOUR_US
    told.say("officer.registered", when_us, officer="h", service="sworn", roles=["station_head"])
    told.say("area.entered", when_us, stay="s")
    told.say("extension.approved", when_us, stay="s", rule="A1", limit="12h", approver="h")
    assert [e.reason for e in told.effects if isinstance(e, Refusal)] == ["no_such_clock"]


# --- approvals -------------------------------------------------------------------------------------


def asked(told: Told, when: str, limit: str) -> str:
    told.say("extension.approved", when, stay="s", rule="A1", limit=limit, approver="h")
    refused = [e.reason for e in told.effects if isinstance(e, Refusal)]
    return refused[0] if refused else "given"


def test_the_first_tier_can_be_given_once_in_each_run_of_the_clock() -> None:
    params = 'since = "entered", restarted_by = ["jurisdiction.transferred"]'
    told = Told(book(rule_text("clock", params, top="", body=TIER.format("8h") + TIER.format("12h"))))
    told.say("officer.registered", "08:30", officer="h", service="sworn", roles=["station_head"])
    told.say("area.entered", "09:00", stay="s")
    assert (asked(told, "10:00", "8h"), asked(told, "10:05", "8h")) == ("given", "not_longer")
    told.say("jurisdiction.transferred", "11:00", stay="s", document="d")
    assert (asked(told, "11:05", "8h"), asked(told, "11:06", "8h")) == ("given", "not_longer")
    told.say("jurisdiction.transferred", "12:00", stay="s", document="d")
    assert (asked(told, "12:00", "8h"), asked(told, "12:05", "8h")) == ("given", "not_longer")


def test_an_approval_for_a_stay_that_nobody_opened_names_it() -> None:
    told = questioned(Told()).say(
        "extension.approved", "10:00", stay="x", rule="T5", limit="12h", approver="h"
    )
    (refused,) = [effect for effect in told.effects if isinstance(effect, Refusal)]
    assert (refused.subject, refused.found) == ("stay:x", "x")


def test_of_an_ended_stay_a_clock_that_may_go_on_does_not_run_rather_than_not_be_open() -> None:
    body = TIER.format("8h") + TIER.format("12h")
    one = rule_text("clock", 'since = "entered"', top="", body=body)
    two = rule_text("clock", 'since = "complaint.received"', top="outlives = true", body=body, variant="two")
    told = Told(book(one, two)).say("area.entered", "09:00", stay="s")
    told.say("stay.released", "10:00", stay="s", reason="released")
    assert asked(told, "10:30", "12h") == "no_such_clock"


# --- units, and what is shown of them --------------------------------------------------------------


def unit(subject: str, stay: Stay | None = None) -> Unit:
    kind, _, ref = subject.partition(":")
    return Unit(kind, ref, subject, stay, {})


def test_names_that_two_things_share_do_not_mix_them_up() -> None:
    """A stay, a case and a room of one name: each is shown as what it is."""
    told = held(Told(), "waiting-1", "W", "09:00", "waiting-1")
    view, world = told.engine._timeline.view, told.engine.world
    assert view.unit("case:waiting-1").stay is None
    assert stay_of(unit("case:waiting-1"), world) is None
    assert stay_of(unit("room:waiting-1"), world) == "waiting-1"
    assert stay_of(unit("stay:elsewhere", Stay("elsewhere", 0, 0)), world) == "elsewhere"
    held(told, "other", "O", "09:01", "waiting-1")
    told.say("meal.offered", "09:02", stay="waiting-1")
    assert told.engine._timeline._affected._found == {"stay:waiting-1": {"meal.offered"}}


def test_a_view_of_a_new_world_has_no_fact_in_hand() -> None:
    made = View(World(), area(), rulebook())
    assert (made.fact, made.now_us) == (None, 0)


def test_the_only_one_is_none_of_many() -> None:
    assert [the_only([]), the_only(["a"]), the_only(["a", "b"])] == [None, "a", None]


def test_the_room_s_only_person_is_no_more_when_a_second_comes_in() -> None:
    told = Told(book(rule_text("coverage", "", top=after("1h"))))
    told.say("recorder.stopped", "08:30", recorder="rec-east")
    held(told, "a", "A", "09:00", "waiting-1")
    assert told.row("A1/one", "room:waiting-1").stay == "a"
    held(told, "b", "B", "09:01", "waiting-1")
    assert told.row("A1/one", "room:waiting-1").stay is None


def test_an_unknown_node_that_is_lost_and_back_is_refused_whichever_comes_first() -> None:
    told = Told().say("node.restored", "09:10", node="n99")
    assert [e.reason for e in told.effects if isinstance(e, Refusal)] == ["unknown_place"]
    told.count += 1
    lost = told.engine.step(fact("node.lost", told.count, at("09:00"), at("09:11"), node="n99"))
    assert [e.reason for e in lost if isinstance(e, Refusal)] == ["unknown_place"]


# --- what is remembered ----------------------------------------------------------------------------


def test_a_loss_that_was_seen_after_all_is_taken_back_no_further_than_itself() -> None:
    told = Told().say("area.entered", "09:00", stay="s").say("node.lost", "10:00", node="n2")
    first = told.engine._timeline._entries[0]
    told.say("node.restored", "10:10", node="n2")
    assert told.engine._timeline._entries[0] is first


def test_the_list_of_what_is_due_grows_with_what_runs_and_not_with_its_changes() -> None:
    due = DueTable(Journal())
    sizes = []
    for moment in range(60):
        due.put("one", (moment, 0))
        sizes.append(len(due._heap))
    assert max(sizes) == HEAP_SLACK * (1 + HEAP_SLACK)
    assert sizes[: max(sizes) + 1] == [*range(1, max(sizes) + 1), 1]
    assert due.first() == (59, "one")


def small(monkeypatch: pytest.MonkeyPatch, law: Rulebook) -> Told:
    from custody import timeline

    monkeypatch.setattr(timeline, "TRIM_STEP", 20)
    monkeypatch.setattr(timeline, "ENTRIES_MAX", 40)
    return Told(law)


def test_what_is_due_is_reached_though_all_before_it_is_final() -> None:
    told = Told(book(rule_text("required_within", WITHIN))).say("area.entered", "09:00", stay="s")
    timeline = told.engine._timeline
    timeline._entries.clear()
    timeline.reach(at("09:10"), is_inclusive=True)
    assert [stage.name for stage in told.row("A1/one").fired] == ["10min"]


def test_what_is_final_cannot_be_undone_and_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    told = small(monkeypatch, book(rule_text("required_within", WITHIN)))
    for number in range(60):
        told.say("tag.read", at("09:00") + number * MINUTE_US, tag=f"t{number}", room="corridor")
    with pytest.raises(ValueError, match="expected a mark of at least"):
        told.engine.world.journal.rollback(0)
    late = fact("door.opened", 900, at("08:00"), at("11:00"), door="gate")
    (refused,) = told.engine.step(late)
    assert isinstance(refused, Refusal)
    assert refused.expected == "an occurrence within the window of late facts"


def test_a_stay_that_ended_at_the_moment_that_is_still_open_is_kept() -> None:
    told = Told(book(rule_text("required_within", WITHIN))).say("area.entered", "09:00", stay="s")
    told.say("stay.released", "10:00", stay="s", reason="released")
    timeline = told.engine._timeline
    for base_us, is_kept in ((at("10:00"), True), (at("10:00") + 1, False)):
        timeline._base_us = base_us
        timeline._purge()
        assert ("s" in told.engine.world.stays) == is_kept


def test_only_what_outlives_a_stay_keeps_its_steps_and_one_of_several_is_enough() -> None:
    def lasting(name: str, rule_id: str, top: str) -> str:
        during = f'during = {{ start = ["{name}.started"], end = ["{name}.ended"] }}\n{top}'
        params = 'since = "data.exported", until = ["complaint.traced"]'
        return rule_text("required_within", params, top=after("1h", during), rule_id=rule_id)

    law = book(lasting("restraint", "A", "outlives = true"), lasting("interview", "B", "outlives = true"),
               lasting("act", "C", ""))  # fmt: skip
    assert [between.start for between in RuleIndex(law).lasting] == [
        ("restraint.started",),
        ("interview.started",),
    ]
    told = Told(law).say("area.entered", "09:00", stay="s")
    told.say("restraint.started", "09:10", stay="s", device="strap", ground="drunk")
    timeline = told.engine._timeline
    assert timeline._lasts(timeline.view.unit("stay:s"))
    told.say("restraint.ended", "09:20", stay="s")
    assert not timeline._lasts(timeline.view.unit("stay:s"))


def test_what_is_said_between_two_facts_is_of_the_moment_that_is_asked() -> None:
    told = questioned(Told())
    assert isinstance(told.why("T5/questioning", "stay:s", "10:00"), Condition)
    said = told.why("T5/questioning", "stay:nobody", "10:00")
    assert isinstance(said, Silence)
    assert silent(said) == "stay_over"
