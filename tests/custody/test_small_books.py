"""Each rule kind by rulebooks of one rule or two: what they may be asked and no bundled table asks."""

from functools import cache

import pytest

from custody.area import Area, load_area
from custody.bundled import area_text
from custody.effects import AlarmRaised, Refusal
from custody.rules import Rulebook
from tests.custody.books import LEVEL, book, rule_text
from tests.custody.support import at
from tests.custody.telling import HOUR_US, Told, held, running, silent

DAY_US = 24 * HOUR_US
LADDER = (
    'level = [{ after = "5min", severity = "S3", number = "local" },'
    ' { after = "10min", severity = "S2", number = "local" }]'
)
TIERS = (
    '[[rule.tier]]\nlimit = "8h"\nbasis = "law"\n'
    '[[rule.tier]]\nlimit = "12h"\nbasis = "local"\napprovers = ["station_head"]\n'
)


def law(kind: str, params: str, top: str = "", *, body: str = "") -> Rulebook:
    """A book of one rule, A1/one; a ladder of its own in `top` stands instead of ten minutes."""
    ladder = "" if kind == "clock" or "level =" in top else LEVEL
    return book(rule_text(kind, params, top=f"{top}\n{ladder}", body=body))


@cache
def other_area() -> Area:
    """A reader outside, a node of the search room alone, waiting rooms seen by two nodes, one room without a
    recorder, an exit without a contact.
    """
    text = area_text("standard")
    for before, after in (
        ('rooms = ["waiting-1", "waiting-2", ', 'rooms = ["waiting-2", '),
        ('node = "n1"\npoint = 2\nkind = "reader"', 'node = "n5"\npoint = 2\nkind = "reader"'),
        ('node = "n3"\npoint = 4\nkind = "reader"', 'node = "n4"\npoint = 90\nkind = "reader"'),
        ('[[point]]\nnode = "n4"\npoint = 5\nkind = "door_contact"\nof = "exit"\n', ""),
    ):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    text += (
        '\n[[node]]\nid = "n5"\nnumber = 5\nport = "ttyA4"\n'
        '\n[[reader]]\nid = "rd-outside"\nroom = "outside"\n'
        '\n[[point]]\nnode = "n1"\npoint = 30\nkind = "reader"\nof = "rd-outside"\n'
    )
    return load_area(text, "other.toml")


def entered(told: Told, when: str | int = "09:00", stay: str = "s") -> Told:
    return told.say("area.entered", when, stay=stay)


def officer(told: Told, ref: str, service: str = "sworn", role: str = "guard") -> Told:
    return told.say("officer.registered", "08:30", officer=ref, service=service, roles=[role])


# --- clock -----------------------------------------------------------------------------------------


def test_a_clock_ends_by_what_the_stay_itself_knows() -> None:
    told = entered(Told(law("clock", 'since = "entered", until = ["registered"]', body=TIERS)))
    told.say("stay.registered", "10:00", stay="s", measure="voluntary", case="c")
    assert told.rows("A1/one") == [("stay:s", at("09:00"), at("10:00"))]
    assert silent(told.why("A1/one", "stay:s", "10:01")) == "done_in_time"


def test_a_clock_that_ends_as_it_begins_does_not_run() -> None:
    told = entered(Told(law("clock", 'since = "entered", until = ["rights.told"]', body=TIERS)))
    told.say("rights.told", "09:00", stay="s")
    assert silent(told.why("A1/one", "stay:s", "09:00")) == "done_in_time"


def test_what_would_begin_a_clock_anew_begins_none_that_has_not_begun() -> None:
    params = 'since = "rights.told", restarted_by = ["jurisdiction.transferred"]'
    told = entered(Told(law("clock", params, body=TIERS)))
    told.say("jurisdiction.transferred", "09:30", stay="s", document="d")
    said = told.why("A1/one", "stay:s", "09:30")
    assert silent(said) == "not_begun"
    assert said.expected == "rights.told"


def test_a_tier_of_another_clock_of_the_same_id_is_none_of_this_one() -> None:
    params = 'since = "entered"'
    one = rule_text("clock", params, top="", body=TIERS)
    two = rule_text("clock", params, top="", body=TIERS.replace("12h", "24h"), variant="two")
    told = entered(officer(Told(book(one, two)), "h", role="station_head"))
    told.say("extension.approved", "10:00", stay="s", rule="A1", limit="12h", approver="h")
    assert told.row("A1/one").due_us == at("09:00") + 12 * HOUR_US
    assert told.row("A1/two").due_us == at("09:00") + 8 * HOUR_US


def test_an_approval_of_one_clock_makes_no_other_longer() -> None:
    one = rule_text("clock", 'since = "entered"', top="", body=TIERS)
    two = rule_text("clock", 'since = "entered"', top="", body=TIERS, rule_id="A2")
    told = entered(officer(Told(book(one, two)), "h", role="station_head"))
    told.say("extension.approved", "10:00", stay="s", rule="A1", limit="12h", approver="h")
    assert told.row("A1/one").due_us == at("09:00") + 12 * HOUR_US
    assert told.row("A2/one").due_us == at("09:00") + 8 * HOUR_US


def test_a_limit_of_local_practice_is_told_as_such_once_it_is_in_force() -> None:
    told = entered(officer(Told(law("clock", 'since = "entered"', body=TIERS)), "h", role="station_head"))
    (duty,) = told.engine.duties("s")
    assert duty.basis == "law"
    told.say("extension.approved", "10:00", stay="s", rule="A1", limit="12h", approver="h")
    assert told.row("A1/one").basis == "local"
    (duty,) = told.engine.duties("s")
    assert duty.basis == "local"
    told.say("deadline.reached", "21:00")
    (alarm,) = told.effects
    assert isinstance(alarm, AlarmRaised)
    assert alarm.basis == "local"


def test_the_second_start_of_what_suspends_ends_the_first() -> None:
    params = (
        'since = "case.filed", suspended = [{ start = ["appraisal.started"],'
        ' end = ["appraisal.ended", "appraisal.started"] }]'
    )
    told = Told(law("clock", params, 'unit = "case"', body=TIERS))
    told.say("case.filed", "09:00", case="c", kind="public_order")
    for name, when in (("started", "10:00"), ("started", "12:00"), ("ended", "13:00")):
        told.say(f"appraisal.{name}", when, case="c")
    assert told.row("A1/one", "case:c").due_us == at("09:00") + (8 + 3) * HOUR_US


def test_a_calendar_limit_without_a_last_day_s_alarm_has_its_end_alone() -> None:
    tier = '[[rule.tier]]\nlimit = "3d"\nbasis = "law"\n'
    told = Told(law("clock", 'since = "case.filed", calendar = true', 'unit = "case"', body=tier))
    told.say("case.filed", "09:00", case="c", kind="public_order")
    found = told.row("A1/one", "case:c")
    assert [(stage.name, stage.due_us) for stage in found.stages] == [("limit@3d", at("00:00") + 4 * DAY_US)]


# --- coverage --------------------------------------------------------------------------------------


def test_of_two_in_a_room_that_is_not_recorded_each_has_its_own_facts() -> None:
    told = Told(law("coverage", "", 'measures = ["voluntary"]'))
    told.say("recorder.stopped", "08:30", recorder="rec-east")
    stopped = told.count
    held(told, "a", "A", "09:00", "waiting-1")
    read = told.count
    held(told, "b", "B", "09:01", "waiting-1")
    found = running(told.why("A1/one", "stay:a", "09:02"))
    assert found.facts == (read, stopped)
    assert (found.group, found.is_hold) == ("recorder:rec-east", False)


def test_a_room_without_any_recorder_is_told_by_the_room() -> None:
    told = held(Told(law("coverage", ""), other_area()), "s", "S", "09:00", "waiting-1")
    found = told.row("A1/one", "room:waiting-1")
    assert (found.group, found.params) == ("room:waiting-1", (("recording", "none"),))


def test_who_is_not_seen_is_not_known_to_be_unrecorded() -> None:
    told = Told(law("coverage", ""), other_area()).say("recorder.stopped", "08:30", recorder="rec-east")
    held(told, "s", "S", "09:00", "waiting-2")
    assert not running(told.why("A1/one", "room:waiting-2", "09:01")).is_hold
    told.say("node.lost", "09:02", node="n4")  # the reader; the recorder is on another node
    found = running(told.why("A1/one", "room:waiting-2", "09:03"))
    assert found.is_hold
    assert dict(found.params) == {"recording": "stopped"}


@pytest.mark.parametrize(("second", "is_wrong"), [("auxiliary", True), ("sworn", False)])
def test_an_auxiliary_is_none_of_the_two_officers_that_are_enough(second: str, is_wrong: bool) -> None:
    told = Told(law("coverage", "only_if_fewer_than = 2", 'measures = ["voluntary"]'))
    officer(officer(told, "o1"), "o2", second).say("recorder.stopped", "08:30", recorder="rec-interview-1")
    for ref in ("o1", "o2"):
        told.say("tag.read", "08:40", tag=ref, room="interview-1")
    held(told, "s", "S", "09:00", "interview-1")
    assert bool(told.rows("A1/one")) == is_wrong


# --- forbidden act ---------------------------------------------------------------------------------


def test_whoever_was_read_outside_is_not_told_again_by_a_reader_that_is_lost() -> None:
    told = held(
        Told(law("forbidden_act", 'act = "outside_area"'), other_area()), "s", "S", "09:00", "outside"
    )
    assert not running(told.why("A1/one", "stay:s", "09:01")).is_hold
    told.say("node.lost", "09:02", node="n1")
    assert running(told.why("A1/one", "stay:s", "09:03")).is_hold


@pytest.mark.parametrize(("top", "subject"), [("", "stay:s"), ('unit = "room"', "room:waiting-1")])
def test_a_room_that_is_not_seen_is_held(top: str, subject: str) -> None:
    told = Told(law("forbidden_act", 'act = "in_room"', f'rooms = ["waiting"]\n{top}'))
    held(told, "s", "S", "09:00", "waiting-1")
    assert not running(told.why("A1/one", subject, "09:01")).is_hold
    told.say("node.lost", "09:02", node="n3")
    assert running(told.why("A1/one", subject, "09:03")).is_hold


def test_nobody_is_in_a_room_when_the_stay_is_over_or_unknown() -> None:
    told = Told(law("forbidden_act", 'act = "in_room"', 'rooms = ["waiting"]\noutlives = true'))
    held(told, "s", "S", "09:00", "waiting-1")
    assert len(told.rows("A1/one")) == 1
    told.say("stay.released", "09:30", stay="s", reason="released")
    assert silent(told.why("A1/one", "stay:s", "09:31")) == "no_room"
    assert silent(told.why("A1/one", "stay:nobody", "09:31")) == "no_room"


@pytest.mark.parametrize(
    ("kind", "params"),
    [("forbidden_act", 'act = "door_forced", window = "10s"'), ("supervision", 'source = "door_held"')],
)
def test_a_rule_of_doors_that_names_none_is_of_every_controlled_door(kind: str, params: str) -> None:
    told = Told(law(kind, params))
    for door in ("gate", "door-waiting-1", "door-search"):
        told.say("door.opened", "09:00", door=door)
    assert {subject for subject, _, _ in told.rows("A1/one")} == {"door:gate", "door:door-waiting-1"}


def test_a_release_just_within_the_window_is_one_and_a_door_lost_from_sight_stays_forced() -> None:
    told = Told(law("forbidden_act", 'act = "door_forced", window = "10s"'))
    told.say("door.released", "09:00:00", door="gate").say("door.opened", "09:00:10", door="gate")
    assert silent(told.why("A1/one", "door:gate", "09:00:10")) == "released"
    told.say("door.closed", "09:01", door="gate").say("door.released", "09:02", door="gate")
    told.say("door.opened", at("09:02:10") + 1, door="gate")
    assert not running(told.why("A1/one", "door:gate", "09:03")).is_hold
    told.say("door.unknown", "09:03", door="gate")
    assert running(told.why("A1/one", "door:gate", "09:03")).is_hold


@pytest.mark.parametrize(("days", "is_early"), [(0, True), (7, True), (8, False)])
def test_the_last_of_five_working_days_is_within_them(days: int, is_early: bool) -> None:
    """Wednesday 18 March: the fifth working day after it is Wednesday the 25th."""
    told = entered(
        Told(
            law(
                "forbidden_act",
                'act = ["penalty.decided"], within = { step = "hearing.informed", span = "5wd" }',
            )
        )
    )
    told.say("hearing.informed", "09:00", stay="s").say(
        "penalty.decided", at("23:00") + days * DAY_US, stay="s"
    )
    assert bool(told.rows("A1/one")) == is_early


def test_a_rule_about_another_act_says_nothing_once_the_person_has_left() -> None:
    told = entered(Told(law("forbidden_act", 'act = ["data.exported"]')))
    told.say("data.exported", "09:10", stay="s", kind="video")
    assert len(told.rows("A1/one")) == 1
    told.say("stay.released", "09:30", stay="s", reason="released")
    told.say("data.exported", "09:40", stay="s", kind="video")
    assert len(told.rows("A1/one")) == 1
    assert silent(told.in_hand()) == "stay_over"


def test_a_rule_about_the_release_or_another_act_is_asked_at_the_release() -> None:
    told = entered(Told(law("forbidden_act", 'act = ["exit.departed", "stay.released"]')))
    told.say("stay.released", "09:30", stay="s", reason="released")
    assert told.rows("A1/one") == [("stay:s", at("09:30"), at("09:30"))]


# --- head count ------------------------------------------------------------------------------------


def test_an_officer_whom_nobody_registered_counts_for_none() -> None:
    told = entered(Told(law("head_count", 'form = ["act.started"], fewer_than = 1')))
    told.say("act.started", "09:01", stay="s", act="seizure", room="interview-1", officers=["ghost"])
    (row,) = told.engine.obligations()
    assert (row.params, row.facts) == ((("officers", 0), ("required", 1)), (told.count,))


def test_a_form_that_names_no_officers_has_none() -> None:
    told = entered(Told(law("head_count", 'form = ["meal.offered"], fewer_than = 1')))
    told.say("meal.offered", "09:01", stay="s")
    assert told.rows("A1/one") == [("stay:s", at("09:01"), at("09:01"))]


def test_an_act_that_was_right_is_not_counted_again_with_the_next() -> None:
    top = 'refuse = true\nlevel = [{ after = "0s", severity = "S2", number = "local" }]'
    told = Told(law("head_count", 'form = ["act.started:seizure"], fewer_than = 2', top))
    entered(officer(officer(told, "o1"), "o2"))
    told.say("act.started", "09:01", stay="s", act="seizure", room="interview-1", officers=["o1", "o2"])
    told.say("act.started", "09:02", stay="s", act="mediation", room="interview-1", officers=["o1"])
    assert told.rows("A1/one") == []
    assert "act.started:mediation" in told.engine.world.steps_of("stay:s")


# --- interval --------------------------------------------------------------------------------------


def test_a_patrol_of_a_room_is_of_whoever_is_in_it_and_nothing_has_to_be_fitted() -> None:
    told = Told(law("interval", 'acts = ["patrol.tapped"], of = "room", from = "room"'))
    held(told, "s", "S", "09:00", "waiting-2")
    assert told.row("A1/one").since_us == at("09:00")
    told.say("patrol.tapped", "09:05", room="waiting-2")
    assert told.row("A1/one").since_us == at("09:05")
    told.say("node.lost", "09:06", node="n3").say("patrol.tapped", "09:07", room="waiting-2")
    assert told.row("A1/one").since_us == at("09:05")  # nobody can see that the person is still there


# --- presence --------------------------------------------------------------------------------------


def test_the_first_who_guards_is_named_and_among_those_who_left_the_last_sworn_one() -> None:
    told = officer(
        officer(officer(Told(law("presence", 'when = "no_police"')), "o1"), "o2"), "a1", "auxiliary"
    )
    held(told, "s", "S", "09:00", "waiting-1")
    for ref in ("o2", "o1", "a1"):
        told.say("tag.read", "09:01", tag=ref, room="waiting-1")
    said = told.why("A1/one", "stay:s", "09:02")
    assert silent(said) == "guarded"
    assert said.found == "o1"
    told.say("tag.gone", "09:03", tag="o2", room="waiting-1").say(
        "tag.gone", "09:04", tag="o1", room="waiting-1"
    )
    last = told.count
    told.say("tag.gone", "09:05", tag="a1", room="waiting-1")
    assert running(told.why("A1/one", "stay:s", "09:06")).facts[-1] == last


# --- required before -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("between", "moments", "inside"),
    [
        ('["09:00", "17:00"]', ("08:59:59", "09:00:00", "12:00:00", "17:00:00", "17:00:01"), (1, 2, 3)),
        ('["12:00", "12:00"]', ("11:59:59", "12:00:00", "12:00:01"), (1,)),
    ],
)
def test_a_time_of_day_is_both_its_ends_and_what_is_between(
    between: str, moments: tuple[str, ...], inside: tuple[int, ...]
) -> None:
    told = Told(law("required_before", f'step = "rights.told", act = ["meal.offered"], between = {between}'))
    entered(told, "08:30")
    for moment in moments:
        told.say("meal.offered", moment, stay="s")
    assert [since for _, since, _ in told.rows("A1/one")] == [at(moments[n]) for n in inside]
    said = told.in_hand()
    assert silent(said) == "not_at_night"
    assert said.expected == " to ".join(
        f"{time}:00" for time in between.strip("[]").replace('"', "").split(", ")
    )


def test_what_is_needed_anew_is_done_when_it_was_done_since() -> None:
    told = Told(
        law("required_before", 'step = "rights.told", act = ["meal.offered"], since = "bedding.given"')
    )
    entered(told)
    for name, when in (("rights.told", "09:05"), ("bedding.given", "09:10"), ("meal.offered", "09:15")):
        told.say(name, when, stay="s")
    assert told.rows("A1/one") == [("stay:s", at("09:15"), at("09:15"))]
    told.say("rights.told", "09:20", stay="s").say("meal.offered", "09:25", stay="s")
    assert len(told.rows("A1/one")) == 1


def test_a_form_that_is_itself_the_new_need_is_done_since() -> None:
    told = Told(
        law(
            "required_before",
            'step = "certificate.written", act = ["meal.offered"], since = "arrival_written"',
        )
    )
    entered(told).say("certificate.written", "09:10", stay="s", arrived_at_us=at("09:00"))
    told.say("meal.offered", "09:20", stay="s")
    assert told.rows("A1/one") == []


# --- required within -------------------------------------------------------------------------------


def test_where_the_first_time_counts_nothing_that_follows_moves_the_beginning() -> None:
    told = Told(
        law(
            "required_within",
            'since = ["rights.told", "meal.offered"], until = ["bedding.given"], first = true',
        )
    )
    entered(told)
    for name, when in (("rights.told", "09:01"), ("meal.offered", "09:05"), ("rights.told", "09:08")):
        told.say(name, when, stay="s")
    assert told.rows("A1/one") == [("stay:s", at("09:01"), None)]
    assert running(told.why("A1/one", "stay:s", "09:09")).since_us == at("09:01")


def test_what_was_done_before_something_began_to_last_begins_nothing_in_it() -> None:
    during = 'during = { start = ["restraint.started"], end = ["restraint.ended"] }'
    told = Told(law("required_within", 'since = "rights.told", until = ["meal.offered"]', during))
    entered(told).say("rights.told", "09:01", stay="s")
    told.say("restraint.started", "09:10", stay="s", device="strap", ground="violence")
    said = told.why("A1/one", "stay:s", "09:10")
    assert silent(said) == "not_begun"
    assert said.found == "before what lasts now"
    told.say("rights.told", "09:11", stay="s")
    assert told.row("A1/one").since_us == at("09:11")


def test_what_is_done_at_the_same_instant_is_done_in_time_whichever_was_told_first() -> None:
    told = entered(Told(law("required_within", 'since = "rights.told", until = ["meal.offered"]')))
    told.say("meal.offered", "09:05", stay="s").say("rights.told", "09:05", stay="s")
    assert silent(told.why("A1/one", "stay:s", "09:05")) == "done_in_time"


def test_of_two_beginnings_the_one_that_was_stated_counts() -> None:
    params = 'since = ["dossier.taken@return_by", "dossier.borrow_approved"], until = ["dossier.returned"]'
    told = officer(Told(law("required_within", params, 'unit = "dossier"')), "h", role="county_head")
    told.say("dossier.borrow_approved", "09:00", dossier="d", approver="h")
    assert told.row("A1/one", "dossier:d").since_us == at("09:00")


def test_the_fact_in_which_the_instant_is_written_says_from_when_on_the_next_counts() -> None:
    params = 'since = ["exit.departed@return_by", "certificate.ended@ended"], until = ["meal.offered"]'
    told = entered(Told(law("required_within", params)))
    told.say("exit.departed", "09:00", stay="s", return_by_at_us=at("09:10"))
    told.say("meal.offered", "09:15", stay="s")
    told.say("certificate.ended", "09:30", stay="s", ended_at_us=at("09:20"))
    found = running(told.why("A1/one", "stay:s", "09:30"))
    assert (found.since_us, found.until_us) == (at("09:20"), None)


def test_a_dossier_taken_again_is_not_brought_back_by_its_return_before() -> None:
    params = 'since = "dossier.taken@return_by", until = ["dossier.returned"]'
    told = Told(law("required_within", params, 'unit = "dossier"'))
    told.say("dossier.taken", "09:00", dossier="d", return_by_at_us=at("10:00"))
    told.say("dossier.returned", "09:30", dossier="d")
    told.say("dossier.taken", "09:40", dossier="d", return_by_at_us=at("11:00"))
    found = running(told.why("A1/one", "dossier:d", "09:45"))
    assert (found.since_us, found.until_us) == (at("11:00"), None)


def test_a_form_does_not_end_the_duty_that_it_begins() -> None:
    params = 'since = "dossier.taken@return_by", until = ["dossier.taken", "dossier.returned"]'
    told = Told(law("required_within", params, 'unit = "dossier"'))
    told.say("dossier.taken", "09:00", dossier="d", return_by_at_us=at("10:00"))
    assert told.rows("A1/one") == [("dossier:d", at("10:00"), None)]


def test_what_begins_and_ends_in_one_form_does_not_last() -> None:
    during = (
        'during = { start = ["restraint.started"], end = ["restraint.ended", "restraint.started:drunk"] }'
    )
    told = entered(Told(law("forbidden_act", 'act = ["meal.offered"]', during)))
    for ground, when in (("drunk", "09:10"), ("violence", "09:20")):
        told.say("restraint.started", when, stay="s", device="strap", ground=ground)
        told.say("meal.offered", when, stay="s")
    assert [since for _, since, _ in told.rows("A1/one")] == [at("09:20")]


def test_what_was_done_once_in_time_is_done_for_ever() -> None:
    told = entered(Told(law("required_within", 'since = "entered", until = ["rights.told"], ever = true')))
    told.say("rights.told", "09:05", stay="s").say("rights.told", "11:00", stay="s")
    assert told.rows("A1/one") == [("stay:s", at("09:00"), at("09:05"))]
    assert silent(told.why("A1/one", "stay:s", "11:00")) == "done_in_time"


def test_what_the_stay_itself_knows_ends_a_duty() -> None:
    told = entered(Told(law("required_within", 'since = "entered", until = ["registered"]')))
    told.say("stay.registered", "09:05", stay="s", measure="voluntary", case="c")
    assert told.rows("A1/one") == [("stay:s", at("09:00"), at("09:05"))]
    assert silent(told.why("A1/one", "stay:s", "09:06")) == "done_in_time"


def test_a_duty_may_begin_with_the_release() -> None:
    told = Told(law("required_within", 'since = "released", until = ["release.reported"]', "outlives = true"))
    entered(told).say("stay.released", "09:30", stay="s", reason="released")
    assert told.rows("A1/one") == [("stay:s", at("09:30"), None)]


@pytest.mark.parametrize("is_known_late", [False, True])
def test_what_is_done_at_the_very_limit_of_a_step_does_not_reach_it(is_known_late: bool) -> None:
    """Five minutes are over, ten are not: whether the duty runs, or is known only when it is over."""
    top = f'{LADDER}\nafter = ["bedding.given"]' if is_known_late else LADDER
    told = entered(Told(law("required_within", 'since = "entered", until = ["rights.told"]', top)))
    told.say("rights.told", "09:10", stay="s").say("bedding.given", "09:30", stay="s")
    (row,) = told.engine.obligations()
    assert (row.since_us, row.closed_us) == (at("09:00"), at("09:10"))
    assert [stage.name for stage in row.fired] == ["5min"]


# --- separation ------------------------------------------------------------------------------------


def test_two_whose_case_is_not_known_are_not_of_one_case() -> None:
    told = Told(law("separation", 'apart = "case"'))
    for stay in ("a", "b"):
        told.say("wristband.bound", "09:00", stay=stay, band=stay.upper())
        told.say("tag.read", "09:01", tag=stay.upper(), room="waiting-1")
    assert silent(told.why("A1/one", "stay:a", "09:02")) == "alone"


def test_only_a_minor_and_an_adult_are_of_another_age() -> None:
    told = Told(law("separation", 'apart = "age"'))
    held(held(told, "a", "A", "09:00", "waiting-1", minor=False), "b", "B", "09:01", "waiting-1", minor=False)
    assert told.rows("A1/one") == []
    held(told, "c", "C", "09:02", "waiting-1", minor=True)
    assert {subject for subject, _, _ in told.rows("A1/one")} == {"stay:a", "stay:b", "stay:c"}


# --- supervision -----------------------------------------------------------------------------------


def test_a_lost_node_is_told_with_its_room_when_it_has_one() -> None:
    told = Told(law("supervision", 'source = "node"'), other_area())
    for node in ("n5", "n2"):
        told.say("node.lost", "09:00", node=node)
    assert told.row("A1/one", "node:n5").room == "search"
    assert told.row("A1/one", "node:n2").room is None


def test_a_door_that_no_node_carries_is_unknown_since_it_was_expected() -> None:
    told = Told(law("supervision", 'source = "door"'), other_area())
    assert told.row("A1/one", "door:exit").since_us == at("08:00")


# --- threshold -------------------------------------------------------------------------------------


def test_a_number_stated_of_a_person_is_judged_in_whatever_room() -> None:
    told = Told(
        law("threshold", 'step = "rest.recorded", field = "minutes", below = 60', 'rooms = ["waiting"]')
    )
    entered(told).say("rest.recorded", "10:00", stay="s", minutes=59)
    assert told.row("A1/one").params == (("minutes", 59), ("bound", 60))


def test_of_several_forms_the_last_that_was_entered_states_the_number() -> None:
    params = 'step = ["family.notified", "rest.recorded"], field = "minutes", below = 60'
    told = entered(Told(law("threshold", params))).say("rest.recorded", "10:00", stay="s", minutes=30)
    assert told.row("A1/one").facts == (told.count,)


@pytest.mark.parametrize(("act", "since"), [("", [("09:00", None)]), (", act = true", [("09:00", "09:00")])])
def test_a_number_left_out_stands_as_it_was_and_an_act_is_what_it_says(
    act: str, since: list[tuple[str, str | None]]
) -> None:
    params = f'step = "recorder.measured", field = "disk_free_percent", below = 10{act}'
    told = Told(law("threshold", params, 'unit = "recorder"'))
    told.say("recorder.measured", "09:00", recorder="rec-east", disk_free_percent=5)
    told.say("recorder.measured", "09:10", recorder="rec-east", days_left=3)
    wanted = [("recorder:rec-east", at(begun), at(over) if over else None) for begun, over in since]
    assert told.rows("A1/one") == wanted
    assert (
        silent(told.in_hand("recorder:rec-east")) == "not_stated"
        if act
        else running(told.in_hand("recorder:rec-east"))
    )


@pytest.mark.parametrize(
    "params",
    [
        'step = "recorder.measured", field = "disk_free_percent", below = 2, per = "days_left"',
        'step = "recorder.measured", field = "recorder", below = 2',
    ],
)
def test_what_is_no_number_or_has_nothing_to_be_measured_by_is_not_stated(params: str) -> None:
    told = Told(law("threshold", params, 'unit = "recorder"'))
    told.say("recorder.measured", "09:00", recorder="rec-east", disk_free_percent=1)
    assert silent(told.why("A1/one", "recorder:rec-east", "09:01")) == "not_stated"


def test_the_register_row_is_not_judged_before_it_is_written() -> None:
    told = entered(Told(law("threshold", 'quantity = "particulars_missing"')))
    assert silent(told.why("A1/one", "stay:s", "09:01")) == "not_begun"
    told.say("stay.registered", "09:10", stay="s", measure="voluntary", case="c")
    assert told.rows("A1/one") == [("stay:s", at("09:10"), None)]


# --- rules that tell of refusals, and rules that refuse ----------------------------------------------


def refused_rule(reason: str, fact_type: str, **more: str) -> str:
    return rule_text(
        "forbidden_act", f'act = "refused", reasons = ["{reason}"], facts = ["{fact_type}"]', **more
    )


def test_a_rule_about_a_refusal_is_about_the_form_it_names_and_the_unit_it_is_of() -> None:
    case = refused_rule("no_such_clock", "extension.approved", rule_id="A", top=f'unit = "case"\n{LEVEL}')
    other = refused_rule("no_such_clock", "exit.approved", rule_id="B")
    stay = refused_rule("no_such_clock", "extension.approved", rule_id="C")
    told = entered(Told(book(case, other, stay)))
    told.say("extension.approved", "09:10", stay="s", rule="A1", limit="12h", approver="h")
    assert [row.rule.id for row in told.engine.obligations()] == ["C"]


AT_ONCE = 'refuse = true\nlevel = [{ after = "0s", severity = "S2", number = "local" }]'


def test_a_form_that_is_refused_is_told_in_the_room_where_the_person_is() -> None:
    for params, name, more in (
        (
            'act = ["act.started:seizure"]',
            "act.started",
            {"act": "seizure", "room": "interview-1", "officers": ["o"]},
        ),
        ('form = ["search.signed"], fewer_than = 2', "search.signed", {"officers": ["o"]}),
    ):
        kind = "head_count" if "form" in params else "forbidden_act"
        told = held(officer(Told(law(kind, params, AT_ONCE)), "o"), "s", "S", "09:00", "waiting-1")
        told.say(name, "09:10", stay="s", **more)
        (row,) = told.engine.obligations()
        assert (row.room, row.facts) == ("waiting-1", (told.count,))


def test_a_room_that_is_asked_for_is_judged_as_if_the_person_were_in_it() -> None:
    told = held(
        Told(law("forbidden_act", 'act = "in_room"', f'rooms = ["sobering"]\n{AT_ONCE}')),
        "s",
        "S",
        "09:00",
        "waiting-1",
    )
    told.say("entry.requested", "09:10", stay="s", room="sobering")
    (row,) = told.engine.obligations()
    assert (row.room, row.since_us, row.closed_us) == ("sobering", at("09:10"), at("09:10"))


def test_a_form_about_a_room_moves_nobody() -> None:
    told = Told(law("head_count", 'form = ["room.inspected"], fewer_than = 1', f'unit = "room"\n{AT_ONCE}'))
    told.say("room.inspected", "09:10", room="waiting-1", result="accepted")
    assert told.rows("A1/one") == [("room:waiting-1", at("09:10"), at("09:10"))]


def test_a_form_that_leaves_the_unit_of_a_rule_out_is_not_judged_by_it() -> None:
    told = Told(law("forbidden_act", 'act = ["incident.occurred"]', AT_ONCE))
    told.say("incident.occurred", "09:10", incident="i", kind="illness")
    assert told.engine.obligations() == []
    assert "incident:i" in told.engine.world.steps
    of_stay, of_incident = (
        rule_text(
            "forbidden_act", 'act = ["incident.occurred"]', rule_id=name, top=f'unit = "{unit}"\n{AT_ONCE}'
        )
        for name, unit in (("A", "stay"), ("B", "incident"))
    )
    told = Told(book(of_stay, of_incident)).say("incident.occurred", "09:10", incident="i", kind="illness")
    assert [effect.rule for effect in told.effects if isinstance(effect, Refusal)] == ["B"]
    told = entered(Told(law("supervision", 'source = "server"', AT_ONCE))).say("server.lost", "09:10")
    told.say("room.assigned", "09:20", stay="s", room="waiting-1")
    assert "room.assigned" in told.engine.world.steps_of("stay:s")


def test_a_duty_that_refuses_is_told_as_an_attempt_of_its_own_moment() -> None:
    told = Told(
        law("required_within", 'since = "entered", until = ["rights.told"]', AT_ONCE.replace("0s", "30min"))
    )
    entered(told).say("room.assigned", "09:10", stay="s", room="waiting-1")
    attempt = told.engine.obligations()[-1]
    assert (attempt.anchor, attempt.since_us, attempt.closed_us) == (told.count, at("09:10"), at("09:10"))


# --- stays, particulars ------------------------------------------------------------------------------


def test_a_person_s_own_summons_before_is_no_chain_nor_is_one_that_ended_later() -> None:
    told = Told(law("chain", 'gap = "12h"', 'measures = ["coercive_summons"]'))

    def summoned(stay: str, when: str, measure: str = "coercive_summons") -> None:
        told.say("stay.registered", when, stay=stay, measure=measure, case="c", person="p")

    summoned("a", "09:00")
    told.say("measure.changed", "10:00", stay="a", measure="voluntary")
    told.say("measure.changed", "10:30", stay="a", measure="coercive_summons")
    assert silent(told.why("A1/one", "stay:a", "10:30")) == "no_earlier"
    told.say("wristband.bound", "10:45", stay="b", band="B").say(
        "tag.read", "10:45", tag="B", room="waiting-1"
    )
    told.say("measure.changed", "10:50", stay="a", measure="voluntary")
    summoned("b", "10:50")
    found = running(told.why("A1/one", "stay:b", "11:00"))
    assert (found.room, found.since_us, dict(found.params)) == (
        "waiting-1", at("10:50"), {"earlier": "a", "gap_us": 0},
    )  # fmt: skip
    summoned("c", "11:00", "voluntary")
    told.say("measure.changed", "12:00", stay="a", measure="coercive_summons")
    told.say("stay.released", "12:30", stay="a", reason="released")
    assert dict(running(told.why("A1/one", "stay:b", "12:31")).params)["gap_us"] == 0
