"""Small statements of the engine and the kinds that no rule's story turns on: found by tests/prove/mutation.py."""

import copy
from dataclasses import replace
from datetime import date

import pytest

from custody.area import load_area
from custody.effects import AlarmChanged, AlarmCleared, AlarmRaised, ObligationChanged, PreWarning, Refusal
from custody.engine import Engine
from custody.reader import join_rulebooks
from custody.timeline import Timeline
from custody.times import parse_instant_us
from custody.view import Condition, Silence
from tests.custody.against_oracle import area as fitted_area
from tests.custody.against_oracle import book
from tests.custody.support import OFFICERS, START_US, admitted, area, at, engine, fact, play, rulebook, told

PUBLIC_ORDER = [*OFFICERS, *admitted("public_order_questioning")]


def run(lines, until=None):
    """Effects of scenario lines, alarms first to last."""
    return play(lines, until)


def alarms(effects, rule):
    return [e for e in effects if isinstance(e, AlarmRaised) and f"{e.rule}/{e.variant}" == rule]


# --- what cannot be seen begins nothing and ends nothing, kind by kind --------------------------------

BLIND = [*PUBLIC_ORDER, "09:10 env:node.down node=n2", "09:10 env:node.down node=n3"]


@pytest.mark.parametrize(
    ("room", "rule"),
    [
        ("interview-1", "M2a/order"),
        ("waiting-1", "M2a/order"),
        ("interview-1", "I4/alone"),
        ("waiting-1", "G6/case"),
    ],
)
def test_a_room_that_is_not_seen_begins_nothing(room, rule):
    built = engine()
    number = 0

    def tell(name, occurred, **body):
        nonlocal number
        number += 1
        return built.step(fact(name, number, at(occurred), **body))

    tell("config.loaded", "08:00", config_hash="x", rulebook="y", rulebook_hash="z")
    for stay, band in (("s-1", "B1"), ("s-2", "B2")):
        tell("area.entered", "09:00", stay=stay)
        tell("wristband.bound", "09:00", stay=stay, band=band)
        tell("stay.registered", "09:00", stay=stay, measure="voluntary", case="c-1")
        tell("tag.read", "09:01", tag=band, room=room)  # told by a node that was never heard to be whole
    key = rule
    judged = built.why(key, "stay:s-1", at("09:05"))
    assert isinstance(judged, Condition)
    assert judged.is_hold
    assert [o for o in built.obligations() if o.rule.key == rule] == []
    for node in area().nodes:
        tell("node.restored", "09:06", node=node)
    assert [o.since_us for o in built.obligations() if o.rule.key == rule and o.subject == "stay:s-1"] == [
        at("09:06")
    ]


def test_a_person_outside_is_not_told_by_a_reader_that_is_not_heard():
    built = engine()
    built.step(fact("config.loaded", 1, at("08:00"), config_hash="x", rulebook="y", rulebook_hash="z"))
    built.step(fact("area.entered", 2, at("09:00"), stay="s-1"))
    built.step(fact("wristband.bound", 3, at("09:00"), stay="s-1", band="B1"))
    assert isinstance(built.why("M1/outside", "stay:s-1", at("09:00")), Silence)  # no reading at all
    built.step(fact("tag.read", 4, at("09:01"), tag="B1", room="outside"))
    node = (
        area().node_of("reader", area().readers_by_room["outside"][0])
        if area().readers_by_room["outside"]
        else None
    )
    assert bool([o for o in built.obligations() if o.rule.key == "M1/outside"]) == (node is None)


# --- forms -------------------------------------------------------------------------------------------


def test_a_form_is_judged_at_its_own_moment_and_not_again():
    """I11: a woman searched by men, told once, however often the stay is judged again."""
    lines = [
        "08:00 officer.registered officer=m1 service=sworn roles=guard sex=M",
        "08:00 officer.registered officer=m2 service=sworn roles=guard sex=M",
        "09:00 area.entered stay=s",
        "09:01 stay.registered stay=s measure=voluntary case=c sex=F minor=false",
        "09:02 search.signed stay=s officers=m1,m2",
        "09:05 person.flagged stay=s flag=at_risk value=true",
        "09:06 search.signed stay=s officers=m1,m2",
    ]
    assert [e.time_us for e in alarms(run(lines), "I11/signed")] == [at("09:02"), at("09:06")]


def test_what_was_done_before_it_was_needed_anew_does_not_count():
    """E1: each departure wants its own approval."""
    heads = ["08:00 officer.registered officer=h service=sworn roles=case_department_head"]
    exit_ = [
        "{0}:00 exit.approved stay=s-1 approver=h ground=hospital", "{0}:01 escort.checked stay=s-1",
        "{0}:02 exit.departed stay=s-1 return_by_at=23:00",
    ]  # fmt: skip
    lines = [*PUBLIC_ORDER, *heads, *(line.format("10") for line in exit_), "10:30 exit.returned stay=s-1",
             "11:02 exit.departed stay=s-1 return_by_at=23:00"]  # fmt: skip
    refused = [e.rule for e in run(lines) if isinstance(e, Refusal)]
    assert refused == ["E1"]
    assert [e.time_us for e in alarms(run(lines), "E1/approval")] == [at("11:02")]
    assert [e.time_us for e in alarms(run(lines), "E3/check")] == [at("11:02")]


@pytest.mark.parametrize(
    ("moment", "is_night"), [("20:59:59", False), ("21:00:00", True), ("07:00:00", True), ("07:00:01", False)]
)
def test_the_night_is_both_its_ends(moment, is_night):
    day = "2026-03-19" if moment < "12" else "2026-03-18"
    built = Engine(area(), rulebook())
    base = at("12:00")
    for number, (name, body) in enumerate(
        (
            ("area.entered", {"stay": "s"}),
            (
                "stay.registered",
                {"stay": "s", "measure": "continued_questioning", "case": "c", "flags": ["aged_70"]},
            ),
        ),
        1,
    ):
        built.step(fact(name, number, base, **body))
    effects = built.step(
        fact("stay.released", 9, parse_instant_us(f"{day}T{moment}+08:00"), stay="s", reason="released")
    )
    assert bool(alarms(effects, "E8/night")) == is_night


def test_twenty_two_liberty_counts_from_the_entry_when_that_is_later():
    lines = [
        "08:00 person.arrived stay=s",
        "08:10 coercion.applied stay=s kind=liberty",
        "09:00 area.entered stay=s",
    ]
    assert [e.time_us for e in alarms(run(lines, "10:00"), "T22/liberty")] == [at("08:40")]
    lines[1], lines[2] = "08:10 coercion.applied stay=s kind=liberty", "08:30 area.entered stay=s"
    assert [e.time_us for e in alarms(run(lines, "10:00"), "T22/liberty")] == [at("09:00")]


def test_the_reader_of_a_log_is_told_the_room_of_what_is_missing_on_the_row():
    lines = [*OFFICERS, *admitted("voluntary")]
    told_ = alarms(run(lines, "09:30"), "M5/particulars")
    assert [(e.room, e.time_us) for e in told_] == [("reception", at("09:19"))]


# --- clocks ------------------------------------------------------------------------------------------


def test_time_that_is_not_counted_moves_the_last_day_later():
    """T21: filed on 18 March; an appraisal from 20 to 25 March (5 days) is not counted: the last day is 22 April."""
    day_us = 86_400_000_000
    built = Engine(area(), rulebook())
    built.step(fact("case.filed", 1, at("10:00"), case="c", kind="public_order"))
    built.step(fact("appraisal.started", 2, at("10:00") + 2 * day_us, case="c"))
    assert [d.due_us for d in built.duties() if d.rule == "T21"] == []  # stands still
    built.step(fact("appraisal.ended", 3, at("10:00") + 7 * day_us, case="c"))
    (clock,) = [d for d in built.duties() if d.rule == "T21"]
    assert clock.due_us == at("00:00") + 35 * day_us
    assert clock.next_us == at("00:00") + 33 * day_us


def test_a_longer_limit_must_be_one_that_somebody_gives():
    lines = [*PUBLIC_ORDER, "10:00 extension.approved stay=s-1 rule=T5 limit=8h approver=0866"]
    assert [(e.rule, e.reason) for e in run(lines) if isinstance(e, Refusal)] == [("T5", "no_such_tier")]


def test_the_duty_of_a_calendar_clock_shows_its_last_day():
    built = Engine(area(), rulebook())
    built.step(fact("area.entered", 1, at("09:00"), stay="s"))
    built.step(fact("stay.registered", 2, at("09:00"), stay="s", measure="criminal_detention", case="c"))
    (clock,) = [d for d in built.duties("s") if d.rule == "T15"]
    assert (clock.due_us, clock.severity, clock.basis) == (at("00:00") + 3 * 86_400_000_000, "S2", "law")
    assert [d.rule for d in built.duties("nobody")] == []


# --- the engine --------------------------------------------------------------------------------------


def test_a_fact_from_the_future_is_refused_and_one_of_now_is_not():
    built = engine()
    (refusal,) = built.step(fact("door.opened", 1, START_US + 1, START_US, door="gate"))
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.found) == ("in_the_future", "1 us after it")
    assert not [
        e
        for e in built.step(fact("door.opened", 2, START_US, START_US, door="gate"))
        if isinstance(e, Refusal)
    ]


def test_an_officer_s_act_is_told_and_a_wrong_one_refused():
    built = engine()
    built.step(
        fact("officer.registered", 1, at("08:00"), officer="o", service="sworn", roles=["duty_officer"])
    )
    built.step(fact("person.arrived", 2, at("09:00"), stay="s"))
    effects = built.step(fact("deadline.reached", 3, at("09:06")))
    (raised,) = alarms(effects, "M1/entry")
    (changed,) = built.step(fact("alarm.taken", 4, at("09:07"), alarm=raised.alarm, officer="o"))
    assert isinstance(changed, AlarmChanged)
    assert (changed.state, changed.action) == ("taken", "taken")
    (refused,) = built.step(fact("alarm.verified", 5, at("09:08"), alarm=raised.alarm, officer="o"))
    assert isinstance(refused, Refusal)


def test_a_fact_older_than_the_window_is_told_once(monkeypatch):
    from custody import timeline

    monkeypatch.setattr(timeline, "TRIM_STEP", 20)
    monkeypatch.setattr(timeline, "ENTRIES_MAX", 40)
    built = engine()
    for number in range(1, 120):
        built.step(fact("tag.read", number, START_US + number * 60_000_000, tag="x", room="corridor"))
    late = built.step(fact("door.opened", 500, START_US, START_US + 121 * 60_000_000, door="gate"))
    assert [e.reason for e in late if isinstance(e, Refusal)] == ["too_late_to_place"]
    after = built.step(fact("tag.read", 501, START_US + 122 * 60_000_000, tag="x", room="search"))
    assert [e for e in after if isinstance(e, Refusal)] == []
    assert len(built._timeline._entries) <= 41


def test_entries_are_trimmed_by_age_and_by_number(monkeypatch):
    from custody import timeline

    monkeypatch.setattr(timeline, "TRIM_STEP", 20)
    built = engine()
    day_us = 86_400_000_000
    for number in range(1, 60):
        built.step(fact("tag.read", number, START_US + number * day_us, tag="x", room="corridor"))
    assert len(built._timeline._entries) < 30
    assert built._timeline._entries[0].key[0] == built._timeline._base_us


def test_an_end_that_is_told_at_another_moment_is_told_again():
    """M1: entered 09:10 as first told; a form that arrives late says 09:08."""
    built = engine()
    built.step(fact("person.arrived", 1, at("09:00"), stay="s"))
    built.step(fact("area.entered", 2, at("09:10"), stay="s"))
    effects = built.step(fact("area.entered", 3, at("09:08"), at("09:20"), stay="s"))
    cleared = [(e.rule, e.time_us) for e in effects if isinstance(e, AlarmCleared)]
    assert cleared == [("M1", at("09:08"))]
    closed = [
        e for e in effects if isinstance(e, ObligationChanged) and e.rule == "M1" and e.state == "closed"
    ]
    assert [e.time_us for e in closed] == [at("09:08")]
    again = built.step(fact("rights.told", 4, at("09:30"), stay="s"))
    assert [e for e in again if isinstance(e, AlarmCleared) and e.rule == "M1"] == []


def test_the_highest_alarm_is_the_one_that_late_evidence_withdraws():
    built = engine()
    built.step(fact("person.arrived", 1, at("09:00"), stay="s"))
    built.step(fact("deadline.reached", 2, at("09:20")))
    effects = built.step(fact("area.entered", 3, at("09:02"), at("09:21"), stay="s"))
    cleared = [(e.severity, e.reason) for e in effects if isinstance(e, AlarmCleared) and e.rule == "M1"]
    assert cleared == [("S2", "late_evidence")]


def test_a_pre_warning_at_the_very_moment_of_the_beginning_is_told():
    """A duty that begins late warns of the nearest step only, and not when the limit is now."""
    effects = run(
        [
            *OFFICERS,
            "09:01 area.entered stay=s-1",
            "16:30 stay.registered stay=s-1 measure=public_order_questioning case=c arrived_at=09:00",
        ],
        "16:30",
    )
    warned = [(e.rule, e.stage) for e in effects if isinstance(e, PreWarning) and e.rule == "T5"]
    assert warned == [("T5", "pre-1h@8h"), ("T5", "pre-30min@8h")]


def test_a_source_without_a_name_is_that_of_the_gateway():
    built = engine()
    built.step(fact("clock.doubted", 1, at("09:00"), reason="rtc"))
    (duty,) = [o for o in built.obligations() if o.rule.key == "SYS/clock"]
    assert duty.subject == f"clock:{area().gateway}"
    built.step(fact("port.lost", 2, at("09:00"), port="p1"))
    assert [o.subject for o in built.obligations() if o.rule.key == "SYS/port"] == ["port:p1"]


def test_a_recording_is_shown_with_its_stay_and_a_room_with_the_only_person_in_it():
    lines = [*OFFICERS, *admitted("criminal_summons"), "09:05 tag.read tag=B07 room=interview-1",
             "09:06 recorder.stopped recorder=rec-interview-1",
             "10:00 recording.made recording=r stay=s-1 kind=interview", "11:00 recording.damaged recording=r how=cut"]  # fmt: skip
    effects = run(lines)
    assert [(e.subject, e.stay) for e in alarms(effects, "R7/damaged")] == [("recording:r", "s-1")]
    assert [(e.subject, e.stay) for e in alarms(effects, "M4/interview")] == [("room:interview-1", "s-1")]


def test_an_unknown_place_of_a_room_form_is_no_objection():
    effects = run(
        [
            *PUBLIC_ORDER,
            "09:10 health.checked stay=s-1 result=well",
            "09:20 room.assigned stay=s-1 room=waiting-1",
        ]
    )
    assert [e for e in effects if isinstance(e, Refusal)] == []


def test_a_duty_that_stands_keeps_the_steps_it_reached_when_its_limit_moves():
    lines = [*PUBLIC_ORDER,
             "16:55 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown"]  # fmt: skip
    effects = run(lines, "22:00")
    assert [row for row in told(effects, "T5") if row[0] == "alarm"] == [("alarm", "T5", "S1", "21:00:00")]
    moved = [e for e in effects if isinstance(e, ObligationChanged) and e.rule == "T5" and e.state == "moved"]
    assert [e.due_us for e in moved] == [at("21:00")]
    cleared = [e for e in effects if isinstance(e, AlarmCleared) and e.rule == "T5"]
    assert [(e.of, e.reason) for e in cleared] == [("pre-warning", "extension.approved")]


def test_stages_reached_under_a_lost_clock_are_taken_back_when_it_is_found():
    effects = run([*PUBLIC_ORDER, "12:00 env:clock.lost", "12:10 env:clock.trusted"], "12:30")
    back = [e for e in effects if isinstance(e, AlarmCleared) and e.rule == "T5"]
    assert [(e.time_us, e.reason) for e in back] == [(at("12:10"), "late_evidence")]


def test_a_timeline_is_empty_before_its_first_fact():
    empty = Timeline(area(), rulebook())
    assert empty.next_due_us() is None
    empty.reach(START_US, is_inclusive=True)
    empty.withdraw_after(0)
    assert empty.obligations.values() == []


def test_the_fitted_area_of_the_histories_is_read():
    assert load_area is not None
    assert fitted_area().rooms["waiting-1"].fitted == ("patrol_point", "guard_motion")
    assert book("cn-2026").versions


# --- more of the same --------------------------------------------------------------------------------


def test_a_copy_of_an_engine_goes_on_as_the_engine_does():
    built = engine()
    built.step(fact("person.arrived", 1, at("09:00"), stay="s"))
    copied = copy.deepcopy(built)
    for one in (built, copied):
        effects = one.step(fact("area.entered", 2, at("09:02"), stay="s"))
        assert {e.rule for e in effects if isinstance(e, ObligationChanged) and e.state == "armed"} >= {
            "M2a",
            "M5",
        }
    assert copied.next_deadline_us() == built.next_deadline_us()
    assert copied.rulebook.rules[0] is not None


def test_a_clock_of_a_case_is_not_extended_for_a_stay_nor_the_other_way_round():
    lines = [
        *PUBLIC_ORDER,
        "09:10 case.filed case=c-1 kind=public_order",
        "10:00 extension.approved stay=s-1 rule=T21 limit=60d approver=0001 ground=complex_case",
        "10:01 extension.approved case=c-1 rule=T5 limit=24h approver=0001 ground=complex_and_detention_possible",
        "10:02 extension.approved case=c-1 rule=T21 limit=60d approver=0001 ground=complex_case",
    ]
    assert [(e.rule, e.reason) for e in run(lines) if isinstance(e, Refusal)] == [
        ("T21", "no_such_clock"), ("T5", "no_such_clock"),
    ]  # fmt: skip


def test_the_certificate_can_show_that_the_person_waited_longer_outside_the_area():
    """Brought in 09:00; the certificate, written at 09:04, says 08:55: the fifth minute was 09:00."""
    lines = ["09:00 person.arrived stay=s", "09:04 certificate.written stay=s arrived_at=08:55"]
    assert [e.time_us for e in alarms(run(lines, "09:12"), "M1/entry")] == [at("09:00"), at("09:10")]


def test_an_alarm_carries_its_words_in_both_languages():
    (raised, *_) = alarms(run(["09:00 person.arrived stay=s"], "09:06"), "M1/entry")
    assert raised.text["zh"]["what"]
    assert raised.text["en"]["do"]
    assert raised.article["instrument"] == "AREA"


def test_a_seizure_becomes_unlawful_when_the_second_officer_leaves_and_nothing_records():
    lines = [
        *OFFICERS, *admitted("public_order_questioning"), "09:05 recorder.stopped recorder=rec-interview-1",
        "09:05 tag.read tag=0312 room=interview-1", "09:05 tag.read tag=0415 room=interview-1",
        "09:06 tag.read tag=B07 room=interview-1",
        "09:07 act.started stay=s-1 act=mediation room=interview-1 officers=0312,0415",
        "09:20 tag.gone tag=0415 room=interview-1",
    ]  # fmt: skip
    found = alarms(run(lines, "09:30"), "R4/single")
    assert [(e.time_us, e.severity) for e in found] == [(at("09:20:05"), "S1")]


def test_an_interrogation_in_its_own_room_is_right():
    lines = [*OFFICERS, *admitted("criminal_summons"), "09:05 rights.told stay=s-1",
             "09:06 interview.started stay=s-1 kind=interrogation room=interrogation-1 officers=0312,0415"]  # fmt: skip
    assert alarms(run(lines), "I3/room") == []
    lines[-1] = lines[-1].replace("interrogation-1", "interview-1")
    assert [e.time_us for e in alarms(run(lines), "I3/room")] == [at("09:06")]


def test_a_return_before_the_planned_time_ends_the_duty_to_return():
    heads = ["08:00 officer.registered officer=h service=sworn roles=case_department_head"]
    lines = [*PUBLIC_ORDER, *heads, "10:00 exit.approved stay=s-1 approver=h ground=hospital",
             "10:01 escort.checked stay=s-1", "10:02 exit.departed stay=s-1 return_by_at=12:00"]  # fmt: skip
    assert [(e.time_us, e.severity) for e in alarms(run(lines, "12:30"), "E7/return")] == [
        (at("12:00"), "S2"), (at("12:15"), "S1"),
    ]  # fmt: skip
    assert alarms(run([*lines, "11:00 exit.returned stay=s-1"], "12:30"), "E7/return") == []


def test_separation_is_decided_before_the_person_is_in_the_room():
    lines = [
        *OFFICERS, "08:10 area.entered stay=w", "08:11 wristband.bound stay=w band=B01",
        "08:12 search.signed stay=w officers=0312,0415",
        "08:13 stay.registered stay=w measure=voluntary case=c-9 sex=F minor=false",
        "08:14 tag.read tag=B01 room=waiting-1", "08:20 area.entered stay=m",
        "08:21 search.signed stay=m officers=0312,0415",
        "08:22 stay.registered stay=m measure=voluntary case=c-8 sex=M minor=false",
        "08:23 entry.requested stay=m room=waiting-1", "08:24 entry.requested stay=m room=waiting-2",
        "08:25 room.assigned stay=m room=waiting-1",
    ]  # fmt: skip
    effects = run(lines)
    refused = [(e.rule, e.reason, e.time_us) for e in effects if isinstance(e, Refusal)]
    assert refused == [("G5", "forbidden", at("08:23")), ("G5", "forbidden", at("08:25"))]
    attempts = alarms(effects, "G5/sexes")
    assert [(e.time_us, e.subject, len(e.facts)) for e in attempts] == [
        (at("08:23"), "stay:m", 1), (at("08:25"), "stay:m", 1),
    ]  # fmt: skip


def test_the_facts_of_a_missing_guard_are_the_person_s_coming_and_the_guard_s_going():
    lines = [*OFFICERS, *admitted("voluntary"), "09:05 tag.read tag=0415 room=guard",
             "09:06 tag.read tag=B07 room=waiting-1", "09:10 tag.gone tag=0415 room=guard"]  # fmt: skip
    effects = run(lines, "09:12")
    (raised,) = alarms(effects, "M3/guard")
    gone = next(e for e in effects if isinstance(e, ObligationChanged) and e.rule == "M3" and e.state == "armed"
                and e.time_us == at("09:10"))  # fmt: skip
    assert raised.facts[-1] == gone.fact
    assert len(raised.facts) == 2


def three_books():
    """The old law cut in two, so that there are two changes."""
    old, new = book("cn-2012"), book("cn-2026")
    first = replace(old, id="cn-a", in_force_until=date(2019, 12, 31))
    second = replace(old, id="cn-b", in_force_from=date(2020, 1, 1))
    return join_rulebooks([first, second, new], area().zone, "at_moment")


def test_each_change_of_the_law_is_taken_in_its_turn():
    built = Engine(area(), three_books())
    day_us = 86_400_000_000
    start_us = parse_instant_us("2019-12-31T12:00:00+08:00")
    for number, (name, body) in enumerate(
        [("config.loaded", {"config_hash": "x", "rulebook": "y", "rulebook_hash": "z"})]
        + [("node.restored", {"node": node}) for node in area().nodes]
        + [("recorder.stopped", {"recorder": "rec-interview-1"}), ("area.entered", {"stay": "s"}),
           ("wristband.bound", {"stay": "s", "band": "b"}), ("tag.read", {"tag": "b", "room": "interview-1"})],
        1,
    ):  # fmt: skip
        built.step(fact(name, number, start_us, **body))

    def article() -> str:
        (duty,) = [o for o in built.obligations() if o.rule.key == "M4/interview" and o.closed_us is None]
        return duty.rule.article.instrument

    assert article() == "FOUR"
    built.step(fact("deadline.reached", 90, start_us + 366 * day_us))
    assert article() == "FOUR"
    built.step(fact("deadline.reached", 91, parse_instant_us("2026-01-02T00:00:00+08:00")))
    assert article() == "PSAPL"
    assert built._timeline._next_change_us() is None


def test_what_a_refusal_rests_on_is_the_form_itself():
    lines = [*OFFICERS, *admitted("continued_questioning"),
             "09:10 extension.approved stay=s-1 rule=T8 limit=48h approver=0001 ground=identity_refused"]  # fmt: skip
    effects = run(lines)
    (refusal,) = [e for e in effects if isinstance(e, Refusal)]
    (skipped,) = alarms(effects, "T8/skipped")
    assert (refusal.reason, skipped.facts, skipped.severity) == ("tier_skipped", (refusal.fact,), "S2")


@pytest.mark.parametrize(
    ("rule", "code"), [("I11/signed", "no_act"), ("E8/night", "no_act"), ("X7/export", "no_act")]
)
def test_between_two_acts_a_rule_about_an_act_is_silent(rule, code):
    built = engine()
    built.step(fact("area.entered", 1, at("09:00"), stay="s"))
    built.step(fact("stay.registered", 2, at("09:00"), stay="s", measure="continued_questioning", case="c", sex="F",
                    flags=["aged_70"]))  # fmt: skip
    built.step(fact("data.exported", 3, at("09:01"), stay="s", kind="video"))
    said = built.why(rule, "stay:s", at("09:05"))
    assert isinstance(said, Silence)
    assert said.code == code


def test_a_room_that_was_never_accepted_is_told_with_who_is_in_it():
    lines = [*OFFICERS, *admitted("voluntary"), "09:05 tag.read tag=B07 room=waiting-1",
             "09:06 room.inspected room=waiting-1 result=not_accepted"]  # fmt: skip
    (raised,) = alarms(run(lines), "G15/accepted")
    assert (raised.subject, raised.stay, len(raised.facts)) == ("room:waiting-1", "s-1", 1)


def test_an_attempt_that_is_refused_leaves_the_alarm_that_stands_standing():
    """Two persons in one interview room; the request to take one into another's company is one more alarm."""
    lines = [*OFFICERS]
    for stay, band, room in (
        ("a", "B1", "interview-1"),
        ("b", "B2", "interview-1"),
        ("c", "B3", "interrogation-1"),
    ):
        lines += [f"09:00 area.entered stay={stay}", f"09:00 wristband.bound stay={stay} band={band}",
                  f"09:01 search.signed stay={stay} officers=0312", f"09:02 tag.read tag={band} room={room}"]  # fmt: skip
    lines += ["09:10 entry.requested stay=a room=interrogation-1"]
    effects = run(lines, "09:20")
    told_ = [(e.subject, e.time_us) for e in alarms(effects, "I4/alone")]
    assert sorted(told_) == [("stay:a", at("09:02")), ("stay:a", at("09:10")), ("stay:b", at("09:02"))]
    cleared = [(e.subject, e.time_us) for e in effects if isinstance(e, AlarmCleared) and e.rule == "I4"]
    assert cleared == [("stay:a", at("09:10"))]  # the attempt itself, over in its moment


def test_a_return_at_the_instant_of_the_departure_is_of_the_departure_before():
    built = engine()
    built.step(fact("dossier.returned", 1, at("09:00"), dossier="d"))
    built.step(fact("dossier.taken", 2, at("09:00"), dossier="d", return_by_at_us=at("08:00")))
    assert [o.closed_us for o in built.obligations() if o.rule.key == "D10/return"] == [None]


def test_a_second_correction_of_the_certificate_is_judged_as_the_first():
    """Entered 09:03. First the certificate says 08:57 (six minutes: S3), later 08:45 (eighteen: S2 as well)."""
    lines = ["09:00 person.arrived stay=s", "09:03 area.entered stay=s",
             "09:10 certificate.written stay=s arrived_at=08:57", "09:20 certificate.written stay=s arrived_at=08:45"]  # fmt: skip
    assert [(e.time_us, e.severity) for e in alarms(run(lines), "M1/entry")] == [
        (at("09:02"), "S3"), (at("08:50"), "S3"), (at("09:00"), "S2"),
    ]  # fmt: skip


def test_a_subject_of_a_malformed_fact_stays_short():
    (refusal,) = engine().step(fact("x" * 300, 1, START_US))
    assert isinstance(refusal, Refusal)
    assert refusal.subject == ("fact:" + "x" * 300)[:64]


def forgot(monkeypatch):
    """An engine that has made all before a moment final; and that moment."""
    from custody import timeline

    monkeypatch.setattr(timeline, "TRIM_STEP", 20)
    monkeypatch.setattr(timeline, "ENTRIES_MAX", 40)
    built = engine()
    for number in range(1, 60):
        built.step(fact("tag.read", number, START_US + number * 60_000_000, tag="x", room="corridor"))
    base_us = built._timeline._base_us
    assert base_us > START_US
    return built, base_us


def test_a_fact_of_the_very_moment_that_is_still_open_is_placed(monkeypatch):
    built, base_us = forgot(monkeypatch)
    now_us = START_US + 61 * 60_000_000
    late = built.step(fact("door.opened", 500, base_us, now_us, door="gate"))
    assert [e for e in late if isinstance(e, Refusal)] == []
    late = built.step(fact("door.closed", 501, base_us - 1, now_us, door="gate"))
    assert [e.reason for e in late if isinstance(e, Refusal)] == ["too_late_to_place"]


def test_the_clock_s_word_is_never_too_late(monkeypatch):
    built, base_us = forgot(monkeypatch)
    assert built.step(fact("deadline.reached", 500, base_us - 10, START_US + 61 * 60_000_000)) == []


def test_the_clock_alone_takes_back_what_was_reached_while_it_was_lost():
    built = engine()
    for number, (name, body) in enumerate(
        (("area.entered", {"stay": "s"}), ("stay.registered", {"stay": "s", "measure": "public_order_questioning", "case": "c"})), 1
    ):  # fmt: skip
        built.step(fact(name, number, at("09:00"), **body))
    lost = replace(fact("clock.doubted", 3, at("10:00"), reason="battery"), recorded_latest_us=None)
    assert alarms(built.step(lost), "T5/questioning")
    back = built.step(fact("deadline.reached", 4, at("10:05")))
    assert [e.reason for e in back if isinstance(e, AlarmCleared) and e.rule == "T5"] == ["late_evidence"]
    (clock,) = [d for d in built.duties("s") if d.rule == "T5"]
    assert clock.next_us is not None
    assert clock.next_us > at("10:05")


def test_the_law_of_a_case_is_that_of_its_first_step():
    area_ = fitted_area()
    both = join_rulebooks([book("cn-2012"), book("cn-2026")], area_.zone, "at_start")
    built = Engine(area_, both)
    before, after = (
        parse_instant_us("2025-12-30T09:00:00+08:00"),
        parse_instant_us("2026-01-02T09:00:00+08:00"),
    )
    built.step(fact("case_review.started", 1, before, case="c", kind="administrative"))
    built.step(fact("case.filed", 2, after, case="c", kind="public_order"))
    built.step(fact("case.filed", 3, after, case="d", kind="public_order"))
    texts = {row.subject: row.rule.article.zh for row in built.obligations() if row.rule.id == "T21"}
    old = book("cn-2012").rule_of("T21")
    new = book("cn-2026").rule_of("T21")
    assert old.article.zh != new.article.zh
    assert texts == {"case:c": old.article.zh, "case:d": new.article.zh}


def test_a_duty_withdrawn_is_told_with_the_stay_it_was_of():
    """M5: a registration that was made in time arrives after the alarm."""
    built = engine()
    built.step(fact("area.entered", 1, at("09:00"), stay="s"))
    raised = alarms(built.step(fact("deadline.reached", 2, at("12:00"))), "M5/register")
    assert raised
    effects = built.step(fact("stay.released", 3, at("08:59"), at("12:01"), stay="s", reason="released"))
    effects += built.step(fact("area.entered", 4, at("08:58"), at("12:02"), stay="s"))
    effects += built.step(fact("area.entered", 5, at("08:57"), at("12:03"), stay="t"))
    told_ = {(e.subject, e.stay) for e in effects if isinstance(e, AlarmCleared | ObligationChanged)}
    assert all(subject == f"stay:{stay}" for subject, stay in told_ if subject.startswith("stay:"))
    assert told_


def test_a_loss_makes_nothing_seen_that_was_not_seen_before():
    """A node that was never heard is lost, and back with nothing missing: till then its rooms were not seen."""
    built = engine()
    built.step(fact("config.loaded", 1, at("08:00"), config_hash="x", rulebook="y", rulebook_hash="z"))
    built.step(fact("area.entered", 2, at("09:00"), stay="s"))
    built.step(fact("wristband.bound", 3, at("09:00"), stay="s", band="B"))
    built.step(fact("tag.read", 4, at("09:01"), tag="B", room="corridor"))
    number = 4
    for name, moment in (("node.lost", "10:00"), ("node.restored", "12:00")):
        for node in area().nodes:
            number += 1
            built.step(fact(name, number, at(moment), node=node))
    begun = [row.since_us for row in built.obligations() if row.rule.key == "M3/guard"]
    assert begun == [at("12:00")]


def test_an_alarm_that_stands_is_cleared_as_an_alarm_though_a_warning_came_after_it():
    """T26: the alarm has come when the certificate moves the beginning; the warning of the new limit follows."""
    built = engine()
    built.step(fact("area.entered", 1, at("09:00"), stay="s"))
    built.step(
        fact("stay.registered", 2, at("10:00"), stay="s", measure="administrative_detention", case="c")
    )
    built.step(fact("deadline.reached", 3, at("10:40")))
    assert any(record.rule == "T26" and not record.is_prewarning for record in built.alarms.values())
    built.step(fact("certificate.written", 4, at("10:50"), stay="s", arrived_at_us=at("10:45")))
    effects = built.step(fact("stay.released", 5, at("11:10"), stay="s", reason="lock_up"))
    cleared = [
        e.of for e in effects if isinstance(e, AlarmCleared) and f"{e.rule}/{e.variant}" == "T26/delivery"
    ]
    assert cleared == ["alarm"]
