"""What-if, against stays worked by hand: cn-2012 and cn-2026 over the same facts.

Each stay was worked from the articles before it was run. What differs between the two laws:

    PSAPL12 (Public Security Administration Punishments Law, 2012) to 31 December 2025; PSAPL (2025) from 1 January 2026.
    T5   PSAPL12 83: 8 h; 24 h if complex and detention is possible. PSAPL 97: 8 h; 12 h if many persons are involved or the
         identity is unknown; 24 h as before.
    R3   PSAPL 97: questioning in the area is recorded. PSAPL12: no such article.
    I2   APR 52: two officers. PSAPL 108: one may, where it is recorded.
    I5   PSAPL12 84: a guardian for who is under 16. PSAPL 98: under 18.
    M2b  PSAPL 102: collection is approved. Before, APR 83: no approval named.
    R5   PSAPL 105: a seizure on the spot is recorded.
    T21  PSAPL12 99: 30 d from acceptance, once 30 d more. PSAPL 118: 30 d from filing, twice 30 d more.
    D4   PSAPL 90: a report is filed at once.

Limits include their last moment (PSAPL 143, PSAPL12 118). Local tolerances, the same in both books: a room without the
officers it needs 60 s, a recorder that has stopped 5 s, a report not filed 24 h.
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.bundled import rulebook_text
from custody.codec import fact_entry
from custody.facts import Fact
from custody.reader import load_rulebook
from custody.rules import Rulebook
from custody.scenario import Scenario, ScenarioError, parse_scenario
from custody.times import SECOND_US, parse_instant_us
from custody.whatif import CHANGES, WhatIf, _merged, minutes, what_if
from tests.custody.support import OFFICERS, admitted, area, json_line

MINUTE_US = 60 * SECOND_US


def book(name: str) -> Rulebook:
    return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)


BEFORE, AFTER = book("cn-2012"), book("cn-2026")


def scenario(lines: list[str]) -> Scenario:
    """Lines as in support.py; a day other than 18 March 2026 stands first: '01-10 09:00 case.decided case=c-1'."""
    texts = []
    for line in lines:
        day, _, rest = line.partition(" ")
        is_dated = len(day) == 5 and day[2] == "-"
        text = json_line(rest if is_dated else line)
        text = text.replace('"flags": "under_16"', '"flags": ["under_16"]')
        texts.append(text.replace("2026-03-18", f"2026-{day}") if is_dated else text)
    return parse_scenario(texts)


def compare(
    lines: list[str], until: str | None = None, before: Rulebook = BEFORE, after: Rulebook = AFTER
) -> WhatIf:
    return what_if(area(), before, after, scenario(lines), parse_instant_us(until) if until else None)


def changed(result: WhatIf) -> dict[tuple[str, str], tuple[str, float, float]]:
    """(rule, subject) -> (change, minutes before, minutes after), of law, of all that changed."""
    return {
        (rule.label, row.subject): (row.change, row.before.us / MINUTE_US, row.after.us / MINUTE_US)
        for rule in result.rules
        for row in rule.subjects
        if row.change != "same"
    }


def of(result: WhatIf, label: str) -> list[tuple[str, str, float, float]]:
    rows = [rule for rule in result.rules if rule.label == label]
    return [
        (row.subject, row.change, row.before.us / MINUTE_US, row.after.us / MINUTE_US)
        for rule in rows
        for row in rule.subjects
    ]


def refused(result: WhatIf) -> list[tuple[str, str, bool]]:
    return [(row.refusal.fact_type, row.refusal.reason, row.refused_after) for row in result.refusals]


STAY = [*OFFICERS, *admitted("public_order_questioning")]


def in_interview(
    *, officers: tuple[str, ...] = ("0312", "0415"), until: str, begin: list[str] = STAY
) -> list[str]:
    """From 10:00 in the interview room, whose recorder records, with these officers; then back to the reception."""
    first, *others = officers
    return [
        *begin,
        f"09:58 tag.read tag={first} room=interview-1",
        *(f"09:59 tag.read tag={other} room=interview-1" for other in others),
        "10:00 tag.read tag=B07 room=interview-1",
        f"{until} tag.read tag=B07 room=reception",
        f"{until} tag.read tag={first} room=reception",
    ]


class TestStaysWorkedByHand:
    def test_one_nine_hours_with_twelve_approved_for_many_persons_turns_lawful(self):
        # Arrival 09:00. 2012: 12 h is no limit of art. 83, the approval is refused; 09:00 + 8 h = 17:00; 17:00 to 18:00
        # is 60 min too long. 2026: 09:00 + 12 h = 21:00; 18:00 is within.
        result = compare([
            *STAY,
            "16:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=many_persons_involved",
            "18:00 stay.released stay=s-1 reason=released",
        ])  # fmt: skip
        assert changed(result) == {("T5/questioning", "stay:s-1"): ("turns_lawful", 60, 0)}
        assert refused(result) == [("extension.approved", "no_such_tier", False)]

    def test_two_thirteen_hours_with_twelve_approved_are_unlawful_under_both_for_less_time(self):
        # 2012: 17:00 to 22:00 = 5 h = 300 min. 2026: 21:00 to 22:00 = 60 min.
        result = compare([
            *STAY,
            "16:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown",
            "22:00 stay.released stay=s-1 reason=released",
        ])  # fmt: skip
        assert changed(result) == {("T5/questioning", "stay:s-1"): ("otherwise", 300, 60)}

    def test_three_eight_hours_to_the_microsecond_are_lawful_under_both(self):
        # 09:00 + 8 h = 17:00, the last moment included.
        result = compare([*STAY, "17:00 stay.released stay=s-1 reason=released"])
        assert of(result, "T5/questioning") == []
        assert changed(result) == {}
        assert refused(result) == []

    def test_four_twenty_three_hours_with_twenty_four_approved_are_lawful_under_both(self):
        # Arrival 18 March 09:00, 24 h approved at 15:00 within the 8 h: until 19 March 09:00. Released 19 March 08:00.
        result = compare([
            *STAY,
            "15:00 extension.approved stay=s-1 rule=T5 limit=24h approver=0866 ground=complex_and_detention_possible",
            "03-19 08:00 stay.released stay=s-1 reason=released",
        ])  # fmt: skip
        assert of(result, "T5/questioning") == []
        assert changed(result) == {}
        assert refused(result) == []

    def test_five_seventeen_years_old_without_a_guardian_turns_unlawful(self):
        # In the interview room 10:00 to 10:30, minor, not under 16. 2012: art. 84 asks for nobody. 2026: art. 98, from the
        # first moment: 30 min.
        begin = [line.replace("arrived_at=", "minor=true arrived_at=") for line in STAY]
        result = compare(in_interview(until="10:30", begin=begin))
        assert changed(result) == {("I5", "stay:s-1"): ("turns_unlawful", 0, 30)}
        assert [article.article for rule in result.rules if rule.label == "I5" for article in rule.after] == [
            "98"
        ]

    def test_six_fifteen_years_old_without_a_guardian_stays_unlawful_for_the_same_minutes(self):
        # Under both from 10:00 to the guardian at 10:20: 20 min, by art. 84 and by art. 98. The same duty in another
        # article: nothing turns.
        begin = [line.replace("arrived_at=", "minor=true flags=under_16 arrived_at=") for line in STAY]
        lines = in_interview(until="11:00", begin=begin)
        result = compare([*lines, "10:20 guardian.attended stay=s-1 relation=legal_representative"])
        assert of(result, "I5") == [("stay:s-1", "same", 20, 20)]
        assert changed(result) == {}

    def test_seven_questioning_not_recorded_turns_unlawful_by_its_own_article(self):
        # Recorder stopped 10:10 to 10:40, two officers. 2026, art. 97: from 10:10:05 to 10:40 = 29 min 55 s. 2012: no
        # article on recording; the room is on video by the four musts under both (M4, the same stretch).
        lines = in_interview(until="11:00")
        result = compare([
            *lines, "10:10 recorder.stopped recorder=rec-interview-1", "10:40 recorder.started recorder=rec-interview-1"
        ])  # fmt: skip
        assert changed(result) == {("R3/questioning", "stay:s-1"): ("turns_unlawful", 0, 29 + 55 / 60)}
        assert [rule.before for rule in result.rules if rule.label == "R3/questioning"] == [()]
        assert [(row[1], row[2]) for row in of(result, "M4/interview")] == [("same", 29 + 55 / 60)]

    def test_eight_one_officer_while_it_is_recorded_turns_lawful(self):
        # One officer from 10:00 to 10:30. 2012: two (APR 52), from 10:01 on: 29 min. 2026: art. 108 lets one, recorded.
        result = compare(in_interview(officers=("0312",), until="10:30"))
        assert changed(result) == {("I2", "stay:s-1"): ("turns_lawful", 29, 0)}

    def test_nine_one_officer_and_no_recording_stays_unlawful_and_gains_a_rule(self):
        # The recorder stopped at 09:50, one officer 10:00 to 10:30. I2 under both from 10:01: 29 min (2026: one only while
        # recorded). R3, 2026 alone: from 10:00:05: 29 min 55 s.
        lines = in_interview(officers=("0312",), until="10:30")
        result = compare([*lines, "09:50 recorder.stopped recorder=rec-interview-1"])
        assert of(result, "I2") == [("stay:s-1", "same", 29, 29)]
        assert changed(result) == {("R3/questioning", "stay:s-1"): ("turns_unlawful", 0, 29 + 55 / 60)}

    def test_ten_collection_without_an_approval_turns_unlawful_in_one_moment(self):
        # Fingerprints at 09:30, nothing approved. 2012: APR 83 names no approval; a local rule of this product asks for one.
        # 2026: art. 102. An act: 0 min.
        result = compare([*STAY, "09:30 sample.collected stay=s-1 kind=fingerprints"])
        assert changed(result) == {("M2b/approval", "stay:s-1"): ("turns_unlawful", 0, 0)}
        assert "M2b/approval" not in [rule.label for rule in result.local]

    def test_eleven_a_seizure_by_two_officers_not_recorded_turns_unlawful(self):
        # In the booking room 10:00 to 10:20, two officers, recorder stopped before. 2012: two officers are there, nothing is
        # said of recording. 2026: art. 105, recorded, from 10:00:05: 19 min 55 s; art. 108 is not touched, there are two.
        result = compare([
            *STAY,
            "09:50 recorder.stopped recorder=rec-west",
            "09:55 tag.read tag=0312 room=booking",
            "09:55 tag.read tag=0415 room=booking",
            "09:55 tag.read tag=B07 room=booking",
            "10:00 act.started stay=s-1 act=seizure room=booking officers=0312,0415",
            "10:20 act.ended stay=s-1",
            "10:30 stay.released stay=s-1 reason=released",
        ])  # fmt: skip
        assert changed(result) == {("R5/act", "stay:s-1"): ("turns_unlawful", 0, 19 + 55 / 60)}

    def test_twelve_a_case_of_eighty_days_with_a_second_extension_turns_lawful(self):
        # Accepted 10 January, filed 12 January, 60 d approved 5 February, 90 d approved 5 March, decided 1 April 10:00.
        # The day of the start is not counted. 2012: 10 January + 60 d = 11 March (21 + 28 + 11), over with 12 March 00:00;
        # a second extension is refused; 12 to 31 March are 20 days and 10 h more: 480 + 10 = 490 h = 29,400 min.
        # 2026: 12 January + 90 d = 12 April (19 + 28 + 31 + 12); 1 April is within.
        result = compare([
            "01-10 08:00 officer.registered officer=0001 service=sworn roles=county_head",
            "01-10 09:00 case_review.started case=c-1 kind=administrative",
            "01-12 09:00 case_review.ended case=c-1",
            "01-12 09:00 case.filed case=c-1 kind=public_order",
            "02-05 09:00 extension.approved case=c-1 rule=T21 limit=60d approver=0001 ground=complex_case",
            "03-05 09:00 extension.approved case=c-1 rule=T21 limit=90d approver=0001 ground=complex_case",
            "04-01 10:00 case.decided case=c-1",
        ])  # fmt: skip
        assert changed(result) == {("T21/case", "case:c-1"): ("turns_lawful", 29_400, 0)}
        assert refused(result) == [("extension.approved", "no_such_tier", False)]

    def test_thirteen_a_case_decided_on_the_last_day_was_never_too_long(self):
        # Accepted and filed 10 January, + 30 d = 9 February: the last day, alarmed from its first minute, and in time.
        result = compare([
            "01-10 09:00 case_review.started case=c-1 kind=administrative",
            "01-10 09:10 case_review.ended case=c-1",
            "01-10 09:10 case.filed case=c-1 kind=public_order",
            "02-09 23:59:59 case.decided case=c-1",
        ])  # fmt: skip
        assert of(result, "T21/case") == []

    def test_fourteen_a_report_filed_after_twenty_five_hours_turns_unlawful(self):
        # Reported 09:00, filed the next day 10:00. 2012: accepted and reviewed, no such duty. 2026: art. 90, local tolerance
        # of 24 h: 09:00 to 10:00 = 60 min.
        result = compare([
            "09:00 case.reported case=c-1 kind=public_order",
            "09:10 case.registered case=c-1",
            "03-19 10:00 case.filed case=c-1 kind=public_order",
        ])  # fmt: skip
        assert changed(result) == {("D4/filed", "case:c-1"): ("turns_unlawful", 0, 60)}


class TestAFewStaysTogether:
    DAYS = [
        *(f"03-18 {line}" for line in OFFICERS),
        # 18 March: 9 h, 12 h approved (lawful since 2026). 19 March: 8 h. 20 March: 9 h, nothing approved: 60 min under both.
        "03-18 09:00 area.entered stay=s-1",
        "03-18 09:04 stay.registered stay=s-1 measure=public_order_questioning case=c-1 arrived_at=09:00",
        "03-18 16:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown",
        "03-18 18:00 stay.released stay=s-1 reason=released",
        "03-19 09:00 area.entered stay=s-2",
        "03-19 09:04 stay.registered stay=s-2 measure=public_order_questioning case=c-2 arrived_at=09:00",
        "03-19 17:00 stay.released stay=s-2 reason=released",
        "03-20 09:00 area.entered stay=s-3",
        "03-20 09:04 stay.registered stay=s-3 measure=public_order_questioning case=c-3 arrived_at=09:00",
        "03-20 18:00 stay.released stay=s-3 reason=released",
    ]

    def test_each_stay_is_compared_by_itself(self):
        result = compare(self.DAYS)
        assert of(result, "T5/questioning") == [
            ("stay:s-1", "turns_lawful", 60, 0),
            ("stay:s-3", "same", 60, 60),
        ]
        (rule,) = [rule for rule in result.rules if rule.label == "T5/questioning"]
        assert (minutes(rule.before_us), minutes(rule.after_us)) == (120, 60)
        assert [article.article for article in (*rule.before, *rule.after)] == ["83", "97"]

    def test_the_counts_of_the_totals_add_up(self):
        result = compare(self.DAYS)
        stays = result.stays
        parts = (stays.lawful, stays.turn_unlawful, stays.turn_lawful, stays.otherwise, stays.same)
        assert stays.count == sum(parts) == 3
        assert len(result.verdicts) == stays.count - stays.lawful + result.others.count

    def test_time_of_a_stay_counts_once_however_many_rules_stand(self):
        lines = in_interview(
            officers=("0312",), until="10:30"
        )  # nine: R3 10:00:05, I2 10:01, M4 10:00:05, to 10:30
        result = compare(
            [*lines, "09:50 recorder.stopped recorder=rec-interview-1"], "2026-03-18T10:30:00+08:00"
        )
        (verdict,) = [verdict for verdict in result.verdicts if verdict.subject == "stay:s-1"]
        union = sum(to_us - from_us for from_us, to_us in verdict.after.spans)
        assert verdict.after.us == union < sum(rule.after_us for rule in result.rules)
        assert verdict.change == "otherwise"  # one more rule, though not one more minute of I2 or M4
        assert ("R3/questioning", "turns_unlawful") in verdict.rules

    def test_the_other_way_round_says_the_contrary(self):
        there, back = compare(self.DAYS), compare(self.DAYS, before=AFTER, after=BEFORE)
        contrary = {"turns_unlawful": "turns_lawful", "turns_lawful": "turns_unlawful"}
        assert {
            key: (contrary.get(change, change), later, earlier)
            for key, (change, earlier, later) in changed(there).items()
        } == changed(back)
        assert [not row.refused_after for row in there.refusals] == [
            row.refused_after for row in back.refusals
        ]
        assert (there.stays.before_us, there.stays.after_us) == (back.stays.after_us, back.stays.before_us)

    def test_a_book_against_itself_changes_nothing(self):
        result = compare(self.DAYS, before=AFTER)
        assert [rule for rule in (*result.rules, *result.local) if rule.is_changed] == []
        assert {verdict.change for verdict in result.verdicts} == {"same"}
        assert result.refusals == ()

    def test_the_same_comparison_twice_is_the_same(self):
        assert compare(self.DAYS) == compare(self.DAYS)

    def test_rules_stand_in_the_order_of_a_reader(self):
        labels = [rule.label for rule in compare(self.DAYS).rules]
        numbers = [
            int("".join(c for c in label.partition("/")[0] if c.isdigit()))
            for label in labels
            if label[0] == "T"
        ]
        assert numbers == sorted(numbers)
        assert len(numbers) >= 2

    def test_what_has_not_ended_counts_up_to_the_end_of_the_comparison(self):
        # 8 h from 09:00; nobody is released; until 19:30 that are 150 min, until the last fact (09:04) none.
        lines = [*STAY]
        assert of(compare(lines, "2026-03-18T19:30:00+08:00"), "T5/questioning") == [
            ("stay:s-1", "same", 150, 150)
        ]
        assert of(compare(lines), "T5/questioning") == []

    def test_what_lies_after_the_end_of_the_comparison_is_not_counted(self):
        early = compare(self.DAYS, "2026-03-18T17:30:00+08:00")
        assert early.stays.count == 1
        assert of(early, "T5/questioning") == [("stay:s-1", "turns_lawful", 30, 0)]

    def test_a_limit_reached_only_because_the_clock_was_in_doubt_is_not_counted(self):
        # Without a trusted clock the engine tells every limit at once; the last fact is of 10:05.
        lines = [*STAY, "10:00 env:clock.lost", "10:05 meal.offered stay=s-1"]
        assert of(compare(lines), "T5/questioning") == []

    def test_what_only_a_local_value_forbids_stands_apart(self):
        # First interview with nothing collected before: a local rule under both.
        lines = [
            *in_interview(until="10:30"),
            "10:05 interview.started stay=s-1 kind=questioning room=interview-1 officers=0312",
        ]
        result = compare(lines)
        assert "M2b/interview" in [rule.label for rule in result.local]
        assert "M2b/interview" not in [rule.label for rule in result.rules]
        assert all("M2b/interview" not in dict(verdict.rules) for verdict in result.verdicts)

    def test_a_local_rule_that_the_other_book_makes_law_is_told_once_as_law(self):
        head, mark, rest = rulebook_text("cn-2026").partition('variant = "approval"')
        rest = rest.replace('basis = "law"', 'basis = "local"', 1).replace(
            'number = "law"', 'number = "local"', 1
        )
        rest = rest.replace('confidence = "verified"', 'confidence = "local"', 1)
        loose = load_rulebook(head + mark + rest, "loose.toml", rulebook_text)
        result = compare([*STAY, "09:30 sample.collected stay=s-1 kind=fingerprints"], before=loose)
        assert changed(result) == {("M2b/approval", "stay:s-1"): ("turns_unlawful", 0, 0)}
        assert "M2b/approval" not in [rule.label for rule in result.local]


class TestLogs:
    def test_the_leaves_of_a_log_say_what_the_scenario_says(self):
        lines = [
            *STAY,
            "16:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=many_persons_involved",
            "18:00 stay.released stay=s-1 reason=released",
        ]
        parsed = scenario(lines)
        told = [
            Fact(
                type=line.fact, body=line.body, index=number, occurred_us=line.at_us, occurred_latest_us=line.at_us,
                recorded_us=line.at_us, recorded_latest_us=line.at_us, id=f"f{number}",
            )
            for number, line in enumerate(parsed.lines)
        ]  # fmt: skip
        leaves = [{**fact_entry(fact), "index": fact.index} for fact in told]
        by_log = what_if(area(), BEFORE, AFTER, leaves)
        by_scenario = compare(lines)
        assert (
            changed(by_log)
            == changed(by_scenario)
            == {("T5/questioning", "stay:s-1"): ("turns_lawful", 60, 0)}
        )
        assert refused(by_log) == refused(by_scenario)
        assert by_log.stays.count == 1

    def test_a_leaf_that_is_no_leaf_is_named(self):
        with pytest.raises(ScenarioError, match="line 1: expected class 'fact', 'output' or 'log', found"):
            what_if(area(), BEFORE, AFTER, [{"class": "gossip"}])

    def test_leaves_that_can_be_read_once_only_are_our_mistake(self):
        with pytest.raises(AssertionError, match="read twice"):
            what_if(area(), BEFORE, AFTER, iter([]))

    def test_what_the_engine_has_long_forgotten_is_counted(self):
        # 400 days of one stay each, 9 h, 60 min too long each; the engine keeps 72 hours and some thousand entries.
        leaves = []
        start_us = parse_instant_us("2026-01-01T09:00:00+08:00")
        for day in range(400):
            at_us = start_us + day * 24 * 60 * MINUTE_US
            ref = {"stay": f"d-{day}"}
            row = {**ref, "measure": "public_order_questioning", "case": f"c-{day}", "arrived_at_us": at_us}
            for name, body, minute in [
                ("area.entered", ref, 0), ("stay.registered", row, 1), ("meal.offered", ref, 60), ("meal.offered", ref, 300),
                ("rights.told", ref, 5), ("effects.listed", ref, 6), ("stay.released", {**ref, "reason": "released"}, 540),
            ]:  # fmt: skip
                moment_us = at_us + minute * MINUTE_US
                fact = Fact(
                    type=name, body=body, index=len(leaves), occurred_us=moment_us, occurred_latest_us=moment_us,
                    recorded_us=moment_us, recorded_latest_us=moment_us, id=f"f{len(leaves)}",
                )  # fmt: skip
                leaves.append({**fact_entry(fact), "index": fact.index})
        result = what_if(area(), BEFORE, AFTER, leaves)
        rows = of(result, "T5/questioning")
        assert [row[1:] for row in rows] == [("same", 60, 60)] * 400
        assert result.stays.count == 400


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1])), max_size=12
    )
)
def test_stretches_put_together_cover_the_same_time_and_lie_apart(spans):
    whole = _merged(spans)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(whole))
    covered = {second for from_us, to_us in spans for second in range(from_us, to_us)}
    assert covered == {second for from_us, to_us in whole for second in range(from_us, to_us)}
    assert {span[0] for span in whole} <= {span[0] for span in spans}
    assert all(any(a <= span[0] and span[1] <= b for a, b in whole) for span in spans)


def test_the_list_of_changes_is_whole():
    assert set(CHANGES) == {"turns_unlawful", "turns_lawful", "otherwise", "same"}
