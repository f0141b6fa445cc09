"""Rules against scenarios worked by hand from the articles: what is told, and when."""

import pytest

from custody.effects import AlarmRaised
from custody.scenario import parse_scenario
from tests.custody.support import OFFICERS, admitted, at, engine, fact, json_line, play, told

PUBLIC_ORDER = [*OFFICERS, *admitted("public_order_questioning")]
CRIMINAL = [*OFFICERS, *admitted("criminal_summons")]


def alarms(effects, rule):
    return [row for row in told(effects, rule) if row[0] == "alarm"]


class TestM1StraightIn:
    def test_warns_at_3_alarms_at_5_and_15_minutes_and_clears_on_entry(self):
        lines = [*OFFICERS, "09:00 person.arrived stay=s-1", "09:20 area.entered stay=s-1"]
        assert told(play(lines), "M1") == [
            ("pre", "M1", "S3", "09:03:00"),
            ("alarm", "M1", "S3", "09:05:00"),
            ("alarm", "M1", "S2", "09:15:00"),
            ("clear", "M1", "S2", "09:20:00"),
        ]

    def test_entry_exactly_at_five_minutes_is_within(self):
        lines = [*OFFICERS, "09:00 person.arrived stay=s-1", "09:05 area.entered stay=s-1"]
        assert alarms(play(lines, "09:30"), "M1") == []

    def test_a_band_read_inside_counts_as_entry(self):
        lines = [
            "09:00 person.arrived stay=s-1",
            "09:01 tag.read tag=B1 room=reception",
            "09:04 wristband.bound stay=s-1 band=B1",
        ]
        assert alarms(play(lines, "09:30"), "M1") == []

    def test_a_band_outside_the_area_is_critical_at_once(self):
        lines = [*PUBLIC_ORDER, "10:00 tag.read tag=B07 room=outside"]
        assert alarms(play(lines), "M1") == [("alarm", "M1", "S1", "10:00:00")]

    def test_a_late_row_tells_how_long_the_person_was_kept_out(self):
        lines = [
            *OFFICERS,
            "09:01 area.entered stay=s-1",
            "09:04 stay.registered stay=s-1 measure=voluntary case=c arrived_at=08:30",
        ]
        assert told(play(lines), "M1") == [
            ("alarm", "M1", "S3", "08:35:00"),
            ("alarm", "M1", "S2", "08:45:00"),
            ("clear", "M1", "S2", "09:01:00"),
        ]

    def test_a_register_row_alone_is_no_entry(self):
        lines = ["09:00 stay.registered stay=s-1 measure=voluntary case=c"]
        assert alarms(play(lines, "09:30"), "M1") == [
            ("alarm", "M1", "S3", "09:05:00"),
            ("alarm", "M1", "S2", "09:15:00"),
        ]


class TestM2aSearchFirst:
    def test_waiting_room_before_search_alarms_at_once_until_signed(self):
        lines = [
            *OFFICERS,
            "09:00 area.entered stay=s-1",
            "09:01 wristband.bound stay=s-1 band=B1",
            "09:02 tag.read tag=B1 room=waiting-1",
            "09:06 search.signed stay=s-1 officers=0312",
        ]
        assert told(play(lines), "M2a") == [
            ("alarm", "M2a", "S2", "09:02:00"),
            ("pre", "M2a", "S3", "09:05:00"),
            ("clear", "M2a", "S2", "09:06:00"),
            ("clear", "M2a", "S3", "09:06:00"),
        ]

    def test_search_room_before_search_is_lawful(self):
        lines = [
            *OFFICERS,
            "09:00 area.entered stay=s-1",
            "09:01 wristband.bound stay=s-1 band=B1",
            "09:01:30 tag.read tag=B1 room=search",
            "09:04 search.signed stay=s-1 officers=0312",
            "09:05 tag.read tag=B1 room=waiting-1",
        ]
        assert told(play(lines), "M2a") == []

    def test_no_search_ten_minutes_after_entry_is_a_warning(self):
        lines = ["09:00 area.entered stay=s-1"]
        assert alarms(play(lines, "09:30"), "M2a") == [("alarm", "M2a", "S3", "09:10:00")]

    def test_an_auxiliary_alone_cannot_sign_a_search(self):
        lines = [*OFFICERS, "09:00 area.entered stay=s-1",
                 "09:01 search.signed stay=s-1 officers=A901"]  # fmt: skip
        effects = play(lines, "09:30")
        assert ("refusal", "M2a", "", "09:01:00") in told(effects)
        assert alarms(effects, "M2a") == [("alarm", "M2a", "S3", "09:10:00")]

    def test_a_search_signed_by_nobody_known_is_refused(self):
        lines = ["09:00 area.entered stay=s-1", "09:01 search.signed stay=s-1 officers=ghost"]
        effects = play(lines, "09:30")
        assert ("refusal", "M2a", "", "09:01:00") in told(effects)
        assert alarms(effects, "M2a") == [("alarm", "M2a", "S3", "09:10:00")]


class TestM3Guarded:
    WITH_GUARD = [
        *PUBLIC_ORDER,
        "09:10 tag.read tag=0415 room=guard",
        "09:10 tag.read tag=B07 room=waiting-1",
    ]

    def test_guard_in_the_adjoining_guard_room_counts(self):
        assert told(play(self.WITH_GUARD, "12:00"), "M3") == []

    def test_absence_warns_30s_alarms_60s_and_180s(self):
        lines = [*self.WITH_GUARD, "10:00 tag.gone tag=0415 room=guard",
                 "10:05 tag.read tag=0415 room=waiting-1"]  # fmt: skip
        assert told(play(lines), "M3") == [
            ("pre", "M3", "S3", "10:00:30"),
            ("alarm", "M3", "S2", "10:01:00"),
            ("alarm", "M3", "S1", "10:03:00"),
            ("clear", "M3", "S2", "10:05:00"),
            ("clear", "M3", "S1", "10:05:00"),
        ]

    def test_back_at_exactly_sixty_seconds_is_within(self):
        lines = [*self.WITH_GUARD, "10:00 tag.gone tag=0415 room=guard",
                 "10:01 tag.read tag=0415 room=guard"]  # fmt: skip
        assert alarms(play(lines, "11:00"), "M3") == []

    def test_only_an_auxiliary_is_not_enough(self):
        lines = [*self.WITH_GUARD, "10:00 tag.read tag=A901 room=guard",
                 "10:00 tag.gone tag=0415 room=guard"]  # fmt: skip
        assert alarms(play(lines, "11:00"), "M3") == [("alarm", "M3", "S2", "10:01:00")]

    def test_auxiliary_and_nobody_by_turns_do_not_restart_the_minute(self):
        lines = [
            *self.WITH_GUARD,
            "10:00 tag.gone tag=0415 room=guard",
            "10:00:50 tag.read tag=A901 room=guard",
            "10:01:40 tag.gone tag=A901 room=guard",
            "10:02 tag.read tag=0415 room=guard",
        ]
        assert alarms(play(lines), "M3") == [("alarm", "M3", "S2", "10:01:00")]

    def test_a_person_led_through_unguarded_rooms_takes_the_minute_along(self):
        lines = [
            *self.WITH_GUARD,
            "10:00 tag.read tag=B07 room=corridor",
            "10:00:50 tag.read tag=B07 room=sobering",
            "10:01:30 tag.read tag=B07 room=waiting-1",
        ]
        assert told(play(lines), "M3") == [
            ("pre", "M3", "S3", "10:00:30"),
            ("alarm", "M3", "S2", "10:01:00"),
            ("clear", "M3", "S2", "10:01:30"),
        ]

    def test_what_a_node_kept_while_its_cable_was_out_is_judged_when_it_comes(self):
        lines = [
            *self.WITH_GUARD,
            "10:00 env:node.down node=n3",
            "10:05 tag.gone tag=0415 room=guard",
            "10:07 tag.read tag=0415 room=guard",
            "10:20 env:node.up node=n3",
        ]
        assert told(play(lines, "11:00"), "M3") == [
            ("pre", "M3", "S3", "10:05:30"),
            ("alarm", "M3", "S2", "10:06:00"),
            ("clear", "M3", "S2", "10:07:00"),
        ]

    def test_a_node_that_lost_messages_stays_blind_for_the_time_it_was_away(self):
        gap = "10:19:59 node.gap node=n3 node_boot=1 first_seq=5 last_seq=9"
        lines = [
            *self.WITH_GUARD,
            "10:00 env:node.down node=n3",
            "10:05 tag.gone tag=0415 room=guard",
            "10:07 tag.read tag=0415 room=guard",
            "10:20 env:node.up node=n3",
            gap,
        ]
        assert told(play(lines, "11:00"), "M3") == []

    def test_a_blind_reader_keeps_what_stood_and_is_itself_an_alarm(self):
        lines = [*self.WITH_GUARD, "10:00 env:node.down node=n3", "10:10 env:node.up node=n3"]
        effects = play(lines, "11:00")
        assert alarms(effects, "M3") == []
        assert told(effects, "SYS") == [
            ("alarm", "SYS", "S2", "10:00:05"),
            ("clear", "SYS", "S2", "10:10:00"),
        ]


class TestM4R3Recorded:
    def test_interview_room_in_use_and_recorder_stopped(self):
        lines = [
            *PUBLIC_ORDER,
            "09:10 tag.read tag=0312 room=interview-1",
            "09:10 tag.read tag=0415 room=interview-1",
            "09:10 tag.read tag=B07 room=interview-1",
            "10:00 recorder.stopped recorder=rec-interview-1",
            "10:01 recorder.started recorder=rec-interview-1",
        ]
        effects = play(lines)
        assert told(effects, "M4") == [
            ("alarm", "M4", "S1", "10:00:05"),
            ("clear", "M4", "S1", "10:01:00"),
        ]
        assert told(effects, "R3") == [
            ("alarm", "R3", "S1", "10:00:05"),
            ("clear", "R3", "S1", "10:01:00"),
        ]

    def test_r3_does_not_speak_of_a_criminal_suspect(self):
        lines = [
            *CRIMINAL,
            "09:10 tag.read tag=B07 room=interrogation-1",
            "10:00 recorder.stopped recorder=rec-interrogation-1",
        ]
        effects = play(lines, "10:30")
        assert alarms(effects, "R3") == []
        assert alarms(effects, "M4") == [("alarm", "M4", "S1", "10:00:05")]

    def test_a_stop_of_five_seconds_is_within(self):
        lines = [
            *CRIMINAL,
            "09:10 tag.read tag=B07 room=interrogation-1",
            "10:00 recorder.stopped recorder=rec-interrogation-1",
            "10:00:05 recorder.started recorder=rec-interrogation-1",
        ]
        assert told(play(lines, "10:30"), "M4") == []

    def test_an_empty_room_needs_no_recording(self):
        lines = [*CRIMINAL, "10:00 recorder.stopped recorder=rec-interview-1"]
        assert told(play(lines, "10:30"), "M4") == []

    def test_unknown_recording_is_an_alarm_of_the_recorder(self):
        lines = [
            *CRIMINAL,
            "09:10 tag.read tag=B07 room=interrogation-1",
            "10:00 recorder.lost recorder=rec-interrogation-1",
        ]
        assert alarms(play(lines, "10:30"), "SYS") == [("alarm", "SYS", "S2", "10:00:30")]


class TestM5Register:
    def test_fifteen_minutes_without_a_row(self):
        lines = ["09:00 area.entered stay=s-1"]
        assert alarms(play(lines, "10:00"), "M5") == [("alarm", "M5", "S3", "09:15:00")]

    def test_a_second_row_is_refused_and_changes_nothing(self):
        lines = [
            *PUBLIC_ORDER,
            "09:30 stay.registered stay=s-1 measure=voluntary case=c-2",
        ]
        effects = play(lines, "18:00")
        assert ("refusal", "M5", "", "09:30:00") in told(effects)
        assert alarms(effects, "T5") == [("alarm", "T5", "S1", "17:00:00")]


class TestT5Questioning:
    def test_eight_hours_from_arrival_with_its_ladder(self):
        assert told(play(PUBLIC_ORDER, "17:30"), "T5") == [
            ("pre", "T5", "S3", "15:30:00"),
            ("pre", "T5", "S3", "16:00:00"),
            ("pre", "T5", "S3", "16:30:00"),
            ("pre", "T5", "S3", "16:50:00"),
            ("alarm", "T5", "S1", "17:00:00"),
        ]

    def test_release_at_the_limit_is_within_it(self):
        lines = [*PUBLIC_ORDER, "17:00 stay.released stay=s-1 reason=released"]
        assert alarms(play(lines, "20:00"), "T5") == []

    def test_release_one_second_later_is_not(self):
        lines = [*PUBLIC_ORDER, "17:00:01 stay.released stay=s-1 reason=released"]
        assert alarms(play(lines, "20:00"), "T5") == [("alarm", "T5", "S1", "17:00:00")]

    @pytest.mark.parametrize("ground", ["many_persons_involved", "identity_unknown"])
    def test_twelve_hours_on_either_ground(self, ground):
        lines = [
            *PUBLIC_ORDER,
            f"12:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground={ground}",
        ]
        assert alarms(play(lines, "22:00"), "T5") == [("alarm", "T5", "S1", "21:00:00")]

    def test_twenty_four_hours_needs_its_own_ground(self):
        wrong = "12:00 extension.approved stay=s-1 rule=T5 limit=24h approver=0866 ground=identity_unknown"
        effects = play([*PUBLIC_ORDER, wrong], "18:00")
        assert ("refusal", "T5", "", "12:00:00") in told(effects)
        assert alarms(effects, "T5") == [("alarm", "T5", "S1", "17:00:00")]

    def test_approval_at_the_limit_counts_and_after_it_does_not(self):
        line = "{} extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown"
        in_time = play([*PUBLIC_ORDER, line.format("17:00")], "20:00")
        assert alarms(in_time, "T5") == []
        too_late = play([*PUBLIC_ORDER, line.format("17:00:01")], "20:00")
        assert ("refusal", "T5", "", "17:00:01") in told(too_late)
        assert alarms(too_late, "T5") == [("alarm", "T5", "S1", "17:00:00")]

    def test_approval_given_in_time_but_known_late_withdraws_the_alarm(self):
        line = (
            "16:50 extension.approved stay=s-1 rule=T5 limit=12h approver=0866"
            " ground=identity_unknown arrives=17:20"
        )
        effects = play([*PUBLIC_ORDER, line], "22:00")
        assert alarms(effects, "T5") == [
            ("alarm", "T5", "S1", "17:00:00"),
            ("alarm", "T5", "S1", "21:00:00"),
        ]
        cleared = [e for e in effects if getattr(e, "reason", "") == "late_evidence"]
        assert [(e.rule, e.time_us) for e in cleared] == [("T5", at("17:20"))]


class TestMeasures:
    def test_naming_the_same_measure_again_is_refused_and_starts_no_new_clock(self):
        lines = [*PUBLIC_ORDER, "16:59 measure.changed stay=s-1 measure=public_order_questioning"]
        effects = play(lines, "18:00")
        assert ("refusal", "M5", "", "16:59:00") in told(effects)
        assert alarms(effects, "T5") == [("alarm", "T5", "S1", "17:00:00")]

    def test_going_back_to_a_measure_goes_on_from_its_first_start(self):
        lines = [
            *PUBLIC_ORDER,
            "16:55 measure.changed stay=s-1 measure=voluntary",
            "16:56 measure.changed stay=s-1 measure=public_order_questioning",
        ]
        assert alarms(play(lines, "18:00"), "T5") == [("alarm", "T5", "S1", "17:00:00")]


class TestT1Summons:
    APPROVAL = "{} extension.approved stay=s-1 rule=T1 limit=24h approver={} ground={}"
    GROUND = "grave_or_complex_custody_needed"

    def test_twelve_hours(self):
        assert alarms(play(CRIMINAL, "22:00"), "T1") == [("alarm", "T1", "S1", "21:00:00")]

    def test_twenty_four_by_the_head_of_the_case_department(self):
        lines = [*CRIMINAL, self.APPROVAL.format("20:00", "0866", self.GROUND)]
        assert alarms(play(lines, "23:59"), "T1") == []

    @pytest.mark.parametrize("approver", ["0312", "0001", "A901", "nobody"])
    def test_no_other_role_can_give_it(self, approver):
        lines = [*CRIMINAL, self.APPROVAL.format("20:00", approver, self.GROUND)]
        effects = play(lines, "22:00")
        assert ("refusal", "T1", "", "20:00:00") in told(effects)
        assert alarms(effects, "T1") == [("alarm", "T1", "S1", "21:00:00")]

    def test_another_measure_ends_the_clock(self):
        lines = [*CRIMINAL, "20:59 measure.changed stay=s-1 measure=criminal_detention"]
        assert alarms(play(lines, "23:00"), "T1") == []

    def test_the_extension_of_another_clock_is_refused(self):
        lines = [*CRIMINAL, "10:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866"]
        assert ("refusal", "T5", "", "10:00:00") in told(play(lines))


class TestI1I2Officers:
    def test_one_officer_with_a_criminal_suspect(self):
        lines = [
            *CRIMINAL,
            "09:10 tag.read tag=0312 room=interrogation-1",
            "09:10 tag.read tag=0415 room=interrogation-1",
            "09:10 tag.read tag=B07 room=interrogation-1",
            "10:00 tag.gone tag=0415 room=interrogation-1",
            "10:15 tag.read tag=0415 room=interrogation-1",
        ]
        assert told(play(lines), "I1") == [
            ("pre", "I1", "S3", "10:00:30"),
            ("alarm", "I1", "S2", "10:01:00"),
            ("alarm", "I1", "S1", "10:10:00"),
            ("clear", "I1", "S1", "10:15:00"),
        ]

    def test_an_auxiliary_is_not_the_second_officer(self):
        lines = [
            *CRIMINAL,
            "09:10 tag.read tag=0312 room=interrogation-1",
            "09:10 tag.read tag=A901 room=interrogation-1",
            "09:10 tag.read tag=B07 room=interrogation-1",
        ]
        assert alarms(play(lines, "09:15"), "I1") == [("alarm", "I1", "S2", "09:11:00")]

    def test_one_officer_in_a_public_order_case_is_lawful_while_recorded(self):
        lines = [
            *PUBLIC_ORDER,
            "09:10 tag.read tag=0312 room=interview-1",
            "09:10 tag.read tag=B07 room=interview-1",
            "10:00 recorder.stopped recorder=rec-interview-1",
            "10:05 recorder.started recorder=rec-interview-1",
        ]
        assert told(play(lines, "12:00"), "I2") == [
            ("pre", "I2", "S3", "10:00:30"),
            ("alarm", "I2", "S1", "10:01:00"),
            ("clear", "I2", "S1", "10:05:00"),
        ]

    def test_nobody_in_the_interview_room(self):
        lines = [*PUBLIC_ORDER, "09:10 tag.read tag=B07 room=interview-1"]
        assert alarms(play(lines, "09:15"), "I2") == [("alarm", "I2", "S2", "09:11:00")]


class TestBandsAndDoors:
    def test_a_cut_band_is_critical_until_another_is_bound(self):
        lines = [*CRIMINAL, "10:00 wristband.cut band=B07", "10:05 wristband.bound stay=s-1 band=B08"]
        assert told(play(lines), "WB") == [
            ("alarm", "WB", "S1", "10:00:00"),
            ("clear", "WB", "S1", "10:05:00"),
        ]

    def test_a_silent_band(self):
        lines = [*CRIMINAL, "09:10 tag.read tag=B07 room=waiting-1",
                 "10:00 tag.gone tag=B07 room=waiting-1",
                 "10:03 tag.read tag=B07 room=waiting-2"]  # fmt: skip
        assert told(play(lines), "WB") == [
            ("alarm", "WB", "S2", "10:00:30"),
            ("alarm", "WB", "S1", "10:02:00"),
            ("clear", "WB", "S1", "10:03:00"),
        ]

    def test_a_band_that_no_reader_has_seen_since_it_was_bound_is_silent(self):
        lines = [
            "09:00 area.entered stay=s-1",
            "09:01 wristband.bound stay=s-1 band=B07",
            "09:02 tag.read tag=B07 room=search",
        ]
        assert told(play(lines), "WB") == [
            ("alarm", "WB", "S2", "09:01:30"),
            ("clear", "WB", "S2", "09:02:00"),
        ]

    def test_a_weak_battery(self):
        lines = [*CRIMINAL, "10:00 wristband.battery band=B07 percent=15",
                 "11:00 wristband.battery band=B07 percent=14"]  # fmt: skip
        assert told(play(lines), "WB") == [("alarm", "WB", "S3", "11:00:00")]

    def test_one_band_two_persons_is_refused(self):
        lines = [*CRIMINAL, "10:00 wristband.bound stay=s-2 band=B07"]
        assert ("refusal", "WB", "", "10:00:00") in told(play(lines))

    def test_gate_opened_without_release_is_forced_and_with_it_is_not(self):
        lines = ["10:00 door.released door=gate", "10:00:03 door.opened door=gate",
                 "10:00:12 door.closed door=gate", "11:00 door.opened door=gate",
                 "11:00:08 door.closed door=gate"]  # fmt: skip
        assert told(play(lines), "DR") == [
            ("alarm", "DR", "S1", "11:00:00"),
            ("clear", "DR", "S1", "11:00:08"),
        ]

    def test_a_contact_that_cannot_be_read_clears_nothing_and_is_itself_an_alarm(self):
        lines = ["10:00 door.opened door=gate", "10:00:05 door.unknown door=gate",
                 "10:01 door.opened door=gate", "10:02 door.closed door=gate"]  # fmt: skip
        effects = play(lines)
        assert told(effects, "DR") == [
            ("alarm", "DR", "S1", "10:00:00"),
            ("pre", "DR", "S3", "10:00:10"),
            ("alarm", "DR", "S2", "10:00:15"),
            ("clear", "DR", "S1", "10:02:00"),
            ("clear", "DR", "S2", "10:02:00"),
        ]
        assert told(effects, "SYS") == [
            ("alarm", "SYS", "S2", "10:00:35"),
            ("clear", "SYS", "S2", "10:01:00"),
        ]

    def test_a_weak_band_is_replaced_by_another(self):
        lines = [*CRIMINAL, "10:00 wristband.battery band=B07 percent=5",
                 "10:05 wristband.bound stay=s-1 band=B08", "10:05 tag.read tag=B08 room=waiting-1",
                 "10:05:30 wristband.returned band=B07 state=whole", "10:05:40 wristband.cleaned band=B07",
                 "10:06 wristband.bound stay=s-2 band=B07"]  # fmt: skip
        effects = play(lines)
        assert told(effects, "WB") == [
            ("alarm", "WB", "S3", "10:00:00"),
            ("clear", "WB", "S3", "10:05:00"),
        ]

    def test_gate_held_open(self):
        lines = ["10:00 door.released door=gate", "10:00 door.opened door=gate",
                 "10:00:40 door.closed door=gate"]  # fmt: skip
        assert told(play(lines), "DR") == [
            ("pre", "DR", "S3", "10:00:10"),
            ("alarm", "DR", "S2", "10:00:15"),
            ("clear", "DR", "S2", "10:00:40"),
        ]


class TestEnvironment:
    def test_a_deadline_passed_while_off_is_alarmed_first_and_marked_late(self):
        lines = [*PUBLIC_ORDER, "16:55 env:power.cut", "17:30 env:boot",
                 "17:30 tag.read tag=B07 room=waiting-1"]  # fmt: skip
        effects = play(lines, "17:31")
        late = [e for e in effects if getattr(e, "late_us", 0)]
        assert (late[0].rule, late[0].time_us, late[0].late_us) == ("T5", at("17:00"), 1_800_000_000)
        booted = max(e.fact for e in effects if e.rule == "T5")
        silent = [e for e in effects if isinstance(e, AlarmRaised) and e.rule == "SYS"]
        assert silent
        assert all(e.fact > booted for e in silent)

    def test_a_forgotten_guard_during_an_outage_is_found_from_what_nodes_kept(self):
        lines = [
            *TestM3Guarded.WITH_GUARD,
            "10:00 env:power.cut",
            "10:01 tag.gone tag=0415 room=guard",
            "10:10 tag.read tag=0415 room=guard",
            "10:20 env:boot",
        ]
        assert told(play(lines), "M3") == [
            ("pre", "M3", "S3", "10:01:30"),
            ("alarm", "M3", "S2", "10:02:00"),
            ("alarm", "M3", "S1", "10:04:00"),
            ("clear", "M3", "S2", "10:10:00"),
            ("clear", "M3", "S1", "10:10:00"),
        ]

    def test_a_clock_step_moves_no_deadline_and_is_an_alarm(self):
        lines = [*PUBLIC_ORDER, "12:00 env:clock.step by=-3h"]
        effects = play(lines, "18:00")
        assert alarms(effects, "T5") == [("alarm", "T5", "S1", "17:00:00")]
        assert alarms(effects, "SYS") == [("alarm", "SYS", "S2", "12:00:00")]

    def test_an_unknown_clock_raises_and_never_hides(self):
        lines = [*PUBLIC_ORDER, "12:00 env:clock.lost", "12:10 env:clock.trusted"]
        effects = play(lines, "16:00")
        raised = [e for e in effects if getattr(e, "is_certain", True) is False]
        assert {e.rule for e in raised} >= {"T5"}
        assert ("clear", "T5", "S1", "12:10:00") in told(effects, "T5")

    def test_forms_wait_for_the_network_and_are_judged_by_when_they_were_given(self):
        approval = "{} extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown"
        lines = [*PUBLIC_ORDER, "16:00 env:network.down", approval.format("16:30"),
                 "17:30 env:network.up"]  # fmt: skip
        effects = play(lines, "22:00")
        assert alarms(effects, "T5")[0] == ("alarm", "T5", "S1", "17:00:00")
        assert any(getattr(e, "reason", "") == "late_evidence" for e in effects)
        assert ("alarm", "SYS", "S3", "16:00:30") in told(effects, "SYS")

    def test_the_same_line_twice_is_one_fact(self):
        once = [*CRIMINAL, "10:00 wristband.cut band=B07"]
        assert told(play(once, "11:00")) == told(play([*once, once[-1]], "11:00"))


def test_an_alarm_whose_beginning_is_told_late_shows_the_moment_it_really_had():
    """Entered 09:01, questioned; at 18:00 it becomes known that the person was there at 09:00 already."""
    lines = [
        *OFFICERS,
        "09:01 area.entered stay=s-1",
        "09:03 stay.registered stay=s-1 measure=public_order_questioning case=c-1",
    ]
    built = engine()
    scenario = parse_scenario(list(map(json_line, lines)))
    for number, line in enumerate(scenario.lines, 1):
        built.step(fact(line.fact, number, line.at_us, **line.body))
    built.step(fact("deadline.reached", 50, at("18:00")))
    built.step(fact("person.arrived", 51, at("09:00"), at("18:00"), stay="s-1"))
    alarm = next(a for a in built.alarms.values() if a.rule == "T5")
    assert (alarm.since_us, alarm.due_us) == (at("09:00"), at("17:00"))
