"""Explanations: the set of facts is smallest, the words are complete, silence names the condition that failed."""

import ast
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from caseward.history import scenario_history
from custody.bundled import rulebook_names, rulebook_of_area, rulebook_text
from custody.catalogue import FACT_TYPES
from custody.effects import AlarmRaised, PreWarning
from custody.explain import ExplainError, Explanation, SilenceExplanation, Wording, explain, why_silent
from custody.explain import sentences as say
from custody.explain.minimal import Reduction, rules_about, taken
from custody.explain.remedy import KINDS_WORDED
from custody.explain.scope import in_scope
from custody.explain.silences import PHRASES, SILENCE
from custody.explain.words import FIELDS, UNSPOKEN
from custody.facts import Fact
from custody.fields import HASH
from custody.kinds import KINDS
from custody.reader import load_rulebook
from custody.rules import Between, Rulebook
from custody.scenario import parse_scenario
from custody.times import parse_instant_us
from tests.custody.support import OFFICERS, START_US, admitted, area, at, fact, json_line, rulebook
from tests.custody.tales import MINUTE_US, in_time, random_tale, told

SOURCE = Path(__file__).parents[2] / "gateway" / "custody"
PUBLIC_ORDER = [*OFFICERS, *admitted("public_order_questioning")]
GUARDED = [*PUBLIC_ORDER, "09:10 tag.read tag=0415 room=guard", "09:10 tag.read tag=B07 room=waiting-1"]
BOOKS = {name: load_rulebook(rulebook_text(name), name, rulebook_text) for name in rulebook_names()}


def lived(
    lines: Iterable[str], until: str | None = None
) -> tuple[list[Fact], list[AlarmRaised | PreWarning]]:
    """The facts of a scenario in log order, and what was raised."""
    scenario = parse_scenario(list(map(json_line, lines)))
    history = scenario_history(scenario, area(), rulebook(), at(until) if until else None)
    effects = list(history.effects)
    return history.facts, [effect for effect in effects if isinstance(effect, AlarmRaised | PreWarning)]


def explained(
    lines: Iterable[str], rule: str, until: str | None = None, stage: str | None = None
) -> Explanation:
    """Why the last alarm of a rule was raised."""
    facts, raised = lived(lines, until)
    alarm = [e.alarm for e in raised if f"{e.rule}/{e.variant}" == rule and stage in (None, e.stage)][-1]
    return explain(area(), rulebook(), facts, alarm, stage)


def asked(lines: Iterable[str], rule: str, when: str, subject: str = "stay:s-1") -> SilenceExplanation:
    return why_silent(area(), rulebook(), lived(lines, "18:00")[0], rule, subject, at(when))


def types(found: Explanation) -> list[str]:
    return [item.type for item in found.facts]


def english(found: Explanation | SilenceExplanation) -> str:
    return "\n".join(sentence.en for sentence in found.sentences)


# --- smallest --------------------------------------------------------------------------------------


def last_us(facts: list[Fact], due_us: int) -> int:
    return max([due_us, *(item.occurred_us for item in facts)])


@pytest.mark.parametrize(("seed", "count"), [(1, 60), (4, 60), (8, 60), (39, 60), (203, 90)])
def test_the_facts_of_every_alarm_raise_it_and_none_of_them_can_be_left_out(seed, count):
    tale = random_tale(seed, count)
    end_us = START_US + 900 * MINUTE_US
    log = sorted(tale, key=lambda item: (item.recorded_us, item.index))
    by_index = {item.index: item for item in tale}
    raised = {(alarm, stage): due_us for alarm, stage, due_us in told(tale, end_us)}
    assert len(raised) > 10
    for (alarm, stage), due_us in raised.items():
        why = explain(area(), rulebook(), [*log, fact("deadline.reached", 10**8, end_us)], alarm, stage)
        assert (why.alarm, why.stage, why.due_us, why.is_minimal) == (alarm, stage, due_us, True)
        behind = in_time([by_index[item.index] for item in why.facts])
        assert (alarm, stage, due_us) in told(behind, last_us(behind, due_us)), alarm
        for left_out in behind:
            rest = [item for item in behind if item is not left_out]
            assert (alarm, stage, due_us) not in told(rest, last_us(rest, due_us)), (alarm, left_out)


def test_an_absent_guard_is_explained_by_person_badge_and_departure():
    lines = [*GUARDED, "10:00 tag.gone tag=0415 room=guard", "10:05 tag.read tag=0415 room=waiting-1"]
    why = explained(lines, "M3/guard")
    assert types(why) == ["officer.registered", "wristband.bound", "tag.read", "tag.read", "tag.gone"]
    assert [item.is_named for item in why.facts] == [False, False, False, True, True]
    assert why.facts[-1].text.en == "officer 0415 left Guard room"
    assert why.facts[-1].text.zh == "民警 0415 离开 看管值班室"
    assert (
        "It lasted 1 min: the limit was reached at 2026-03-18 10:01:00 (this number is a local setting)."
        in english(why)
    )
    assert "people's police officer is in: Waiting room 1 or Guard room" in english(why)
    assert why.ended_by is not None
    assert (why.end, why.ended_by.text.en) == ("fact", "officer 0415 is in Waiting room 1")


def test_a_legal_clock_names_its_start_who_set_the_limit_and_what_a_longer_one_needs():
    why = explained([*PUBLIC_ORDER, "17:30 stay.released stay=s-1 reason=released"], "T5/questioning")
    assert types(why) == ["stay.registered"]
    assert "arrival 2026-03-18 09:00:00" in why.facts[0].text.en
    assert "到案时间 2026-03-18 09:00:00" in why.facts[0].text.zh
    assert (why.stage, why.basis, why.number_basis) == ("limit@8h", "law", "law")
    assert "The limit of 8 h ended at 2026-03-18 17:00:00 (this number is set by law)." in english(why)
    assert "12 h (by head of the case-handling department" in english(why)
    assert "It ended at 2026-03-18 17:30:00: Left: Released." in english(why)


def test_a_limit_given_by_approval_has_approval_and_approver_behind_it():
    given = "12:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown"
    why = explained([*PUBLIC_ORDER, given], "T5/questioning", "23:00")
    assert why.stage == "limit@12h"
    assert types(why) == ["officer.registered", "stay.registered", "extension.approved"]
    assert "given by approval: Extension to 12 h approved by 0866" in english(why)
    assert "ground: Identity unknown" in why.facts[-1].text.en


def test_a_warning_that_a_longer_limit_ended_is_explained_as_it_was():
    given = "16:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=identity_unknown"
    why = explained([*PUBLIC_ORDER, given], "T5/questioning", "18:00", "pre-1h30min@8h")
    assert types(why) == ["stay.registered"]
    assert "A pre-warning 1 h 30 min before the end of 8 h" in english(why)


def test_an_alarm_that_late_facts_took_back_is_explained_by_what_was_known():
    lines = [*OFFICERS, "09:00 person.arrived stay=s-1", "09:02 area.entered stay=s-1"]
    scene = [json_line(line) for line in lines]
    scene[-1] = scene[-1].replace("}", ', "arrives": "2026-03-18T09:30:00+08:00"}')
    history = scenario_history(parse_scenario(scene), area(), rulebook(), None)
    raised = [e for e in history.effects if isinstance(e, AlarmRaised) and e.rule == "M1"]
    why = explain(area(), rulebook(), history.facts, raised[-1].alarm, raised[-1].stage)
    assert types(why) == ["person.arrived"]
    assert why.end == "late"
    assert why.ended_by is not None
    assert why.ended_by.type == "area.entered"
    assert "recorded only at 2026-03-18 09:30:00" in why.ended_by.text.en
    assert "A later fact shows that it never was" in english(why)


def test_what_only_says_what_could_be_seen_is_told_apart():
    lines = [
        *GUARDED,
        "10:00 env:node.down node=n3",
        "10:05 tag.gone tag=0415 room=guard",
        "10:19:59 node.gap node=n3 node_boot=1 first_seq=5 last_seq=9",
        "10:20 env:node.up node=n3",
    ]
    why = explained(lines, "M3/guard", "11:00")
    seeing = [item.type for item in why.facts if item.is_sight]
    assert "node.lost" in seeing
    assert why.facts[-1].type == "node.restored"
    assert f"{len(seeing)} of the facts only say what could be seen" in english(why)


def test_an_alarm_of_a_doubted_clock_says_so():
    why = explained(
        [*PUBLIC_ORDER, "10:00 env:clock.lost", "11:00 env:clock.trusted"], "T5/questioning", "12:00"
    )
    assert not why.is_certain
    assert types(why) == ["stay.registered"]
    assert "could not be trusted at the time" in english(why)


def test_an_act_is_over_as_it_is_told_and_the_missing_step_is_named():
    why = explained([*PUBLIC_ORDER, "10:00 stay.released stay=s-1 reason=released"], "T24/exit")
    assert (why.end, why.since_us) == ("moment", why.due_us)
    assert "The missing step is: Family told or Family not told, before: Left." in english(why)
    assert "缺少的一步是：通知家属或者不通知家属" in "".join(sentence.zh for sentence in why.sentences)


def test_persons_to_be_kept_apart_are_both_behind_it():
    second = [
        "09:30 wristband.bound stay=s-2 band=B08",
        "09:31 stay.registered stay=s-2 measure=public_order_questioning case=c-1",
        "09:40 tag.read tag=B08 room=waiting-1",
    ]
    why = explained([*GUARDED, *second], "G6/case", "10:00")
    assert {item.text.en for item in why.facts} >= {
        "B07 (stay s-1) is in Waiting room 1", "B08 (stay s-2) is in Waiting room 1",
    }  # fmt: skip
    assert sum(item.type == "stay.registered" for item in why.facts) == 2
    assert re.search(r"is not in the room with stay s-[12]\.", english(why))


def test_a_duty_that_a_change_of_the_law_armed_is_explained_by_its_own_facts():
    two = replace(area(), rulebooks=("cn-2012", "cn-2026"), straddle="at_moment")
    book, begin_us = rulebook_of_area(two)[0], parse_instant_us("2025-12-31T23:00:00+08:00")
    facts = [
        fact(name, index, begin_us + index * MINUTE_US, **body)
        for index, (name, body) in enumerate(
            [
                ("wristband.bound", {"stay": "s1", "band": "b1"}),
                ("stay.registered", {"stay": "s1", "measure": "public_order_questioning", "case": "c"}),
                ("tag.read", {"tag": "b1", "room": "interview-1"}),
            ],
            1,
        )
    ]
    until = fact("deadline.reached", 99, begin_us + 120 * MINUTE_US)
    why = explain(two, book, [*facts, until], f"{two.id}/I2/nobody/stay:s1/3")
    assert [item.index for item in why.facts] == [1, 2, 3]
    assert why.time == "2026-01-01T00:10:00.000+08:00"


def test_a_long_history_is_cut_to_what_matters_before_anything_is_played():
    begin = START_US
    facts = [fact("officer.registered", 1, begin, officer="o1", service="sworn", roles=["guard"])]
    for number in range(66):
        start, stay, band = begin + number * 120 * MINUTE_US, f"s{number}", f"b{number}"
        rows = [
            ("area.entered", {"stay": stay}),
            ("wristband.bound", {"stay": stay, "band": band}),
            ("stay.registered", {"stay": stay, "measure": "public_order_questioning", "case": stay}),
        ]
        for step in range(148):
            rows.append(
                ("tag.read", {"tag": band, "room": ("waiting-1", "interview-1", "reception")[step % 3]})
            )
            rows.append(("tag.read", {"tag": "o1", "room": ("guard", "interview-1", "reception")[step % 3]}))
        rows.append(("stay.released", {"stay": stay, "reason": "released"}))
        facts += [
            fact(name, len(facts) + place + 1, start + place * 110_000_000, **body)
            for place, (name, body) in enumerate(rows)
        ]
    facts.sort(key=lambda item: item.occurred_us)
    assert len(facts) > 19_500
    registered = next(f for f in facts if f.type == "stay.registered" and f.stay == "s60")
    alarm = f"a1/T5/questioning/stay:s60/{registered.index}"
    assert len(in_scope(rulebook(), "T5/questioning", "stay:s60", facts)) < 310
    begun = time.process_time()
    why = explain(area(), rulebook(), facts, alarm)
    assert time.process_time() - begun < 2
    assert types(why) == ["area.entered", "stay.registered"]
    assert why.stage == "limit@8h"


def test_the_smallest_set_is_found_in_few_plays():
    lines = [
        *GUARDED,
        *(f"{hour}:{minute:02} patrol.tapped room=waiting-1" for hour in (11, 12) for minute in range(60)),
    ]
    lines += ["13:00 tag.gone tag=0415 room=guard"]
    facts, raised = lived(lines, "13:30")
    alarm = next(e for e in raised if (e.rule, e.variant, e.stage) == ("M3", "guard", "1min"))
    acts = taken(facts)
    reduction = Reduction(
        area(), rules_about(rulebook(), "M3/guard", acts), alarm.alarm, "1min", alarm.time_us
    )
    row = next(r for r in _obligations(facts) if r.id == alarm.alarm)
    assert len(reduction.smallest(acts, row) or ()) == 5
    assert reduction.plays < 80


def _obligations(facts):
    from custody.engine import Engine

    built = Engine(area(), rulebook())
    for item in facts:
        built.step(item)
    return built.obligations()


@pytest.mark.parametrize(
    ("alarm", "stage", "expected"),
    [
        ("gossip", None, "an alarm's id: a1/rule/variant/subject/index"),
        ("a1/T99/none/stay:s-1/3", None, "a rule of cn-2026"),
        ("a1/T5/questioning/stay:s-1/99999", None, "an alarm that this history raises"),
        ("a1/M1/entry/stay:s-1/29", "limit@8h", "an alarm that this history raises"),
    ],
)
def test_an_alarm_that_is_not_there_is_refused_with_what_was_expected(alarm, stage, expected):
    with pytest.raises(ExplainError) as refused:
        explain(area(), rulebook(), lived(PUBLIC_ORDER)[0], alarm, stage)
    assert refused.value.expected == expected
    assert str(refused.value.found)


# --- words -----------------------------------------------------------------------------------------


def test_every_field_of_every_fact_is_spoken_or_said_to_explain_nothing():
    silent = {
        f"{item.name}.{key}"
        for item in FACT_TYPES.values()
        for key in item.fields
        if f"{{{key}}}" not in item.text.zh
        and key not in FIELDS
        and key not in UNSPOKEN
        and item.fields[key].kind != HASH
    }
    assert silent == set()


def steps_of(book: Rulebook) -> set[str]:
    """Every step that a rulebook names."""
    found: set[str] = set()
    for rule in book.rules:
        spans = [rule.during, rule.not_during, *rule.params.get("suspended", ())]
        found |= {s for b in spans if isinstance(b, Between) for s in (*b.start, *b.end)} | {
            *rule.after,
            *rule.unless,
        }
        for key in ("since", "until", "step", "act", "acts", "not_before", "restarted_by", "form"):
            value = rule.params.get(key)
            found |= set(value) if isinstance(value, tuple) else set()
    return found


@pytest.mark.parametrize("name", BOOKS)
def test_every_step_of_a_rulebook_has_words_in_both_languages(name):
    words = Wording(area())
    for step in steps_of(BOOKS[name]):
        named = words.step(step)
        assert not re.search(r"[a-z_]{3,}|[{}]", named.zh), (step, named.zh)
        assert "{" not in named.en, (step, named.en)
        assert ":" not in named.en[-1:], (step, named.en)


def test_every_kind_says_what_would_have_ended_it():
    assert set(KINDS_WORDED) == set(KINDS)


def codes_of_silence() -> set[str]:
    """The code of each Silence that the kinds, the view and the timeline give."""
    found = set()
    for path in [*(SOURCE / "kinds").glob("*.py"), SOURCE / "view.py", SOURCE / "timeline.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Silence":
                assert isinstance(node.args[0], ast.Constant), ast.unparse(node)
                found.add(node.args[0].value)
    return found


def phrases_of_silence() -> set[str]:
    """Fixed English texts that a Silence carries and that a template shows."""
    found = set()
    for path in [*(SOURCE / "kinds").glob("*.py"), SOURCE / "view.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Silence":
                code = ast.literal_eval(node.args[0])
                for name, arg in zip(("expected", "found"), node.args[1:], strict=False):
                    if f"{{{name}}}" in SILENCE[code].zh and isinstance(arg, ast.Constant):
                        found.add(arg.value)
    return found


def test_every_code_of_silence_has_words_and_no_word_is_left_over():
    assert codes_of_silence() == set(SILENCE)


def test_every_fixed_text_of_a_silence_has_words():
    assert {text for text in phrases_of_silence() if " " in text} <= set(PHRASES)


def test_every_rule_can_be_asked_about_anything_and_answers_in_chinese_too():
    tale = random_tale(5, 70)
    refs = {"stay": ["s1"], "room": ["waiting-1"], "door": ["gate"], "node": ["n3"], "recorder": ["rec-east"],
            "case": ["c1"], "officer": ["o1"]}  # fmt: skip
    for key, versions in rulebook().versions.items():
        for ref in refs.get(versions[0].unit, ["x1"]):
            why = why_silent(area(), rulebook(), tale, key, f"{versions[0].unit}:{ref}", tale[-1].occurred_us)
            spoken = " ".join(sentence.zh for sentence in why.sentences).replace(key, "")
            assert not re.search(r"[a-z_]{4,}", spoken), (key, spoken)
            assert why.verdict in say.VERDICTS
            assert (why.verdict == "silent") == bool(why.code)


# --- silence ---------------------------------------------------------------------------------------

WAY = [*GUARDED, "10:00 tag.gone tag=0415 room=guard", "12:00 meal.offered stay=s-1",
       "13:00 interview.started stay=s-1 kind=questioning room=waiting-1 officers=0312"]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "when", "verdict", "code", "said"),
    [
        (
            "M3/guard",
            "09:30",
            "silent",
            "guarded",
            "It is guarded: officer 0415 is in Waiting room 1 or Guard room.",
        ),
        (
            "M3/guard",
            "10:00:10",
            "running",
            "",
            "warns at 2026-03-18 10:00:30 and alarms at 2026-03-18 10:01:00",
        ),
        ("M3/guard", "10:02", "sounding", "", "It reached after 1 min (S2) at 2026-03-18 10:01:00."),
        ("M3/guard", "08:30", "silent", "stay_over", "nothing is known of it"),
        (
            "T5/questioning",
            "12:00",
            "running",
            "",
            "warns at 2026-03-18 15:30:00 and alarms at 2026-03-18 17:00:00",
        ),
        ("T8/questioning", "12:00", "silent", "measure", "in force was: Public-order questioning"),
        ("M1/entry", "12:00", "silent", "done_in_time", "It was done: entered the area; 2026-03-18 09:01:00"),
        ("I5/guardian", "12:00", "silent", "minor", "The rule asks for minor: yes; stated is: not stated."),
        ("I6/female", "12:00", "silent", "sex", "The rule asks for sex: Female; stated is: not stated."),
        (
            "I8/rights",
            "12:00",
            "silent",
            "no_act",
            "by then there was none: Interrogation or Questioning began",
        ),
        ("G5/sexes", "12:00", "silent", "alone", "Nobody in the room has to be kept apart"),
        ("G3/still", "12:00", "silent", "not_fitted", "Waiting room 1 has no guard motion sensor."),
        ("WB/silent", "12:00", "silent", "seen", "the wristband is read"),
        ("T4/disagree", "12:00", "silent", "on_the_right_side", "certificate later than the gate"),
        ("E8/night", "12:00", "silent", "no_act", "by then there was none: Left"),
    ],
)
def test_a_silent_rule_names_the_condition_that_failed(rule, when, verdict, code, said):
    why = asked(WAY, rule, when)
    assert (why.verdict, why.code) == (verdict, code)
    assert said in english(why)
    assert all(sentence.zh for sentence in why.sentences)


def test_a_rule_on_an_act_is_asked_about_the_last_time_it_was_done():
    lines = [
        *PUBLIC_ORDER,
        "10:00 family.notified stay=s-1 of=summons",
        "11:00 stay.released stay=s-1 reason=released",
    ]
    why = asked(lines, "T24/exit", "12:00")
    assert (why.verdict, why.code) == ("silent", "done_before")
    assert "The last time: 2026-03-18 11:00:00 Left: Released." in english(why)
    assert (
        "The step asked for was done: Family told or Family not told; 2026-03-18 10:00:00, Family told: Summons."
        in english(why)
    )
    held = [*OFFICERS, *admitted("continued_questioning"), lines[-1]]
    facts = [
        replace(item, body={**item.body, "flags": ["aged_70"]}) if item.type == "stay.registered" else item
        for item in lived(held)[0]
    ]
    night = why_silent(area(), rulebook(), facts, "E8/night", "stay:s-1", at("12:00"))
    assert night.code == "not_at_night"
    assert "21:00 to 07:00" in english(night)


def test_what_cannot_be_seen_is_named():
    why = asked(
        [*GUARDED, "10:00 env:node.down node=n3", "10:01 tag.read tag=0415 room=reception"],
        "M3/guard",
        "10:30",
    )
    assert why.verdict == "held"
    assert "the reader of Waiting room 1 (node n3 is not heard)" in english(why)


def test_a_rule_of_another_period_is_not_in_force():
    two = replace(area(), rulebooks=("cn-2012", "cn-2026"))
    facts = lived(PUBLIC_ORDER)[0]
    why = why_silent(two, rulebook_of_area(two)[0], facts, "I5/criminal", "stay:s-1", at("12:00"))
    assert why.code == "not_in_force"


@pytest.mark.parametrize(
    ("rule", "subject", "expected"),
    [
        ("T99/none", "stay:s-1", "a rule of cn-2026"),
        ("T5/questioning", "room:waiting-1", "a subject of T5/questioning: stay:…"),
        ("T5/questioning", "stay:", "a subject of T5/questioning: stay:…"),
    ],
)
def test_a_question_about_nothing_is_refused_with_what_was_expected(rule, subject, expected):
    with pytest.raises(ExplainError) as refused:
        why_silent(area(), rulebook(), [], rule, subject, at("12:00"))
    assert refused.value.expected.startswith(expected)
