"""The check of rulebooks: every code is found in a small bad book, its story replays, and the bundled books are clean."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from caseward.cli import main
from custody.area import Area
from custody.bookcheck import FINDINGS, Finding, Member, Story, check_rulebook, play, story_for
from custody.bookcheck.approvals import roster
from custody.bundled import rulebook_names, rulebook_of_area, rulebook_text
from custody.effects import AlarmRaised, PreWarning, Refusal
from custody.reader import load_rulebook
from custody.rules import Rule, Rulebook
from tests.custody.against_oracle import area as fitted_area
from tests.custody.support import area
from tests.tools.tree import text

pytestmark = pytest.mark.slow

EVERYBODY = [
    Member("1", "sworn", ("case_department_head", "station_head", "county_duty_head", "county_head")),
    Member("2", "sworn", ("legal_reviewer", "supervisor", "station_leader")),
    Member("3", "external", ("procuratorate", "superintendent", "court")),
]


@cache
def fitted() -> Area:
    """The example area with everything a rule may look at."""
    rooms = {
        key: replace(room, fitted=("patrol_point", "guard_motion")) if room.kind == "waiting" else room
        for key, room in fitted_area().rooms.items()
    }
    return replace(fitted_area(), rooms=rooms)


@cache
def bundled(name: str) -> Rulebook:
    return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)


RULES = [(name, rule.key) for name in rulebook_names() for rule in bundled(name).rules]

# --- small books ---------------------------------------------------------------------------------


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def table(name: str, **keys: object) -> str:
    return f"[[{name}]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in keys.items())


def rule(key: str, kind: str, params: dict[str, object] | None = None, **keys: object) -> str:
    """A rule as TOML; `params` is [rule.with]."""
    rule_id, _, variant = key.partition("/")
    article = {"instrument": "X", "article": "1", "zh": "示例", "en": "Example"}
    text = {"soon": "soon", "what": "what", "do": "do"}
    level = [] if kind == "clock" else [{"after": "1h", "severity": "S3", "number": "local"}]
    given = {
        "id": rule_id, "variant": variant, "kind": kind, "title": {"zh": "示例", "en": "Example"}, "article": article,
        "basis": "local", "confidence": "local", "family": "person", "text": {"zh": text, "en": text},
        "with": params or {}, "level": level,
    }  # fmt: skip
    return table("rule", **(given | keys))


AT_ONCE = [{"after": "0s", "severity": "S2", "number": "local"}]
ALWAYS = ["arrived", "inside", "interviewing", "out"]
LEAVE = table("step", fact="stay.released", **{"from": ALWAYS}, to="ended", rule="A")


def book(*parts: str) -> Rulebook:
    head = '[rulebook]\nid = "small"\ntitle = { zh = "小", en = "small" }\n'
    return load_rulebook(head + "\n".join(parts), "small.toml")


def tier(limit: str, **keys: object) -> dict[str, object]:
    return {"limit": limit, "basis": "local", **keys}


def step(fact: str, phases: list[str], **keys: object) -> str:
    return table("step", fact=fact, **{"from": phases}, rule="A", **keys)


OTHER_WAY_ROUND = rule(
    "A/a", "forbidden_act", {"act": ["stay.registered"], "fields": {"measure": ["arrest"]}},
    measures=["voluntary"], level=AT_ONCE,
)  # fmt: skip
ONLY_OUT = step("interview.started", ["out"])
BAD: dict[str, tuple[str, ...]] = {
    "unreachable": (OTHER_WAY_ROUND,),
    "refused": (rule("A/a", "required_within", {"since": "interview.started", "until": ["interview.ended"]}), ONLY_OUT),
    "done_already": (
        rule("A/a", "required_before", {"step": ["search.signed"], "act": ["interview.started"]}, level=AT_ONCE),
        step("interview.started", ALWAYS, needs=["search.signed"]),
    ),
    "contradiction": (
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]},
             when={"minor": False, "flags_any": ["under_16"]}),
    ),
    "never_stated": (rule("A/a", "required_within", {"since": "case.reported", "until": ["meal.offered"]}),),
    "not_in_area": (rule("A/a", "required_before", {"step": ["rights.told"]}, rooms=["identification"], level=AT_ONCE),),
    "stage_never": (
        rule("A/a", "required_before", {"step": ["rights.told"], "act": ["interview.started"]},
             level=[*AT_ONCE, {"after": "10min", "severity": "S1", "number": "local"}]),
    ),
    "opposite": (
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]}, measures=["arrest", "voluntary"]),
        rule("B/b", "forbidden_act", {"act": ["meal.offered"]}, measures=["arrest"], when={"flags_any": ["drunk"]},
             level=AT_ONCE, refuse=True),
    ),
    "way_refuses": (
        rule("A/a", "required_within", {"since": "exit.departed", "until": ["meal.offered"]},
             during={"start": ["exit.departed"], "end": ["exit.returned"]}),
        step("exit.departed", ["inside"], to="out"), step("exit.returned", ["out"], to="inside"),
        step("meal.offered", ["inside"]),
    ),
    "tier_never": (
        rule("A/a", "clock", {"from": "measure"}, measures=["arrest"], tier=[tier("24h"), tier("48h", approvers=["court"])]),
        rule("A/b", "clock", {"from": "measure"}, measures=["arrest"], tier=[tier("12h"), tier("36h", approvers=["court"])]),
    ),
    "approval_idle": (
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]}),
        table("approval", fact="hold.lifted", approvers=["legal_reviewer"], rule="A"),
    ),
    "phase_without_end": (
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]}),
        step("exit.departed", ["inside"], to="out"), step("stay.released", ["arrived", "inside"], to="ended"),
    ),
    "step_stuck": (
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]}),
        step("effects.listed", ["arrived"]), step("sample.collected", ["inside"], needs=["effects.listed"]),
    ),
    "without_end": (rule("A/a", "required_within", {"since": "entered", "until": ["case.decided"]}),),
    "prewarning_late": (
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]},
             level=[{"after": "50min", "severity": "S3", "number": "local", "prewarning": True},
                    {"after": "1h", "severity": "S3", "number": "local"}]),
        rule("A/b", "required_within", {"since": "entered", "until": ["meal.offered"]}, measures=["arrest"],
             level=[{"after": "20min", "severity": "S2", "number": "local"}]),
    ),
    "prewarning_before_start": (
        rule("A/a", "clock", {"since": "arrest.requested", "until": ["arrest.decided"], "calendar": True},
             tier=[tier("1mo", prewarnings=["28d"])]),
    ),
}  # fmt: skip


def bad_book(code: str) -> Rulebook:
    return book(*BAD[code], *([] if "stay.released" in "".join(BAD[code]) else [LEAVE]))


def of_code(code: str) -> list[Finding]:
    return [finding for finding in check_rulebook(area(), bad_book(code)) if finding.code == code]


def alarms(effects: object, key: str) -> list[AlarmRaised]:
    return [e for e in effects if isinstance(e, AlarmRaised) and f"{e.rule}/{e.variant}" == key]  # type: ignore[attr-defined]


def refused(effects: object) -> list[str]:
    return [e.fact_type for e in effects if isinstance(e, Refusal)]  # type: ignore[attr-defined]


# --- each code -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", BAD)
def test_what_is_wrong_is_found_in_both_languages_with_a_story(code):
    found = of_code(code)
    assert found, [f.code for f in check_rulebook(area(), bad_book(code))]
    for finding in found:
        for said in (finding.says.zh, finding.says.en, finding.shows.zh, finding.shows.en):
            assert said
            assert "{" not in said
        assert finding.is_warning == (code == "not_in_area")


@pytest.mark.parametrize("code", BAD)
def test_a_small_bad_book_has_no_other_fault(code):
    assert {finding.code for finding in check_rulebook(area(), bad_book(code))} == {code}


SILENT = ["unreachable", "refused", "done_already", "never_stated", "not_in_area"]


@pytest.mark.parametrize("code", SILENT)
def test_the_story_of_a_rule_that_speaks_to_nobody_replays_in_silence(code):
    for finding in of_code(code):
        assert alarms(play(area(), bad_book(code), finding.story).effects, "A/a") == []
        assert "A/a is silent" in finding.shows.en


def test_the_story_of_a_refused_step_shows_who_refuses_it():
    (finding,) = of_code("refused")
    assert "interview.started" in refused(play(area(), bad_book("refused"), finding.story).effects)
    assert "interview.started is refused" in finding.shows.en


def test_a_rule_behind_another_that_refuses_is_unreachable_and_both_are_named():
    both = book(
        rule(
            "A/a",
            "required_within",
            {"since": "expedited.chosen", "until": ["penalty.decided"]},
            when={"minor": True},
        ),
        rule(
            "B/b",
            "forbidden_act",
            {"act": ["expedited.chosen"]},
            when={"minor": True},
            level=AT_ONCE,
            refuse=True,
        ),
        LEAVE,
    )
    (finding,) = check_rulebook(area(), both)
    assert (finding.code, finding.rules) == ("refused", ("A/a",))
    assert "B/b" in finding.says.en
    assert refused(play(area(), both, finding.story).effects) == ["expedited.chosen"]


def test_a_rule_about_a_case_cannot_ask_for_a_person():
    alone = book(
        rule(
            "A/a",
            "required_within",
            {"since": "case.reported", "until": ["case.filed"]},
            unit="case",
            when={"sex": "F"},
        ),
        LEAVE,
    )
    assert [finding.code for finding in check_rulebook(area(), alone)] == ["unreachable"]


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ({"flags_all": ["drunk"], "flags_none": ["drunk"]}, "drunk, not drunk"),
        ({"flags_any": ["drunk"], "flags_none": ["drunk", "ill"]}, "drunk, against"),
        ({"flags_all": ["under_16", "aged_70"]}, "under_16, aged_70"),
        ({"minor": True, "flags_all": ["aged_70"]}, "minor = true, aged_70"),
    ],
)
def test_nobody_is_what_a_contradicting_rule_asks_for(when, word):
    one = book(
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]}, when=when), LEAVE
    )
    found = [finding for finding in check_rulebook(area(), one) if finding.code == "contradiction"]
    assert len(found) == 1
    assert word in found[0].says.en


def test_the_level_that_is_never_reached_is_named_and_the_first_one_is_shown():
    (finding,) = of_code("stage_never")
    assert "10min" in finding.says.en
    assert [e.stage for e in alarms(play(area(), bad_book("stage_never"), finding.story).effects, "A/a")] == [
        "0s"
    ]


def test_the_opposite_rules_are_shown_by_doing_what_one_of_them_demands():
    (finding,) = of_code("opposite")
    assert finding.rules == ("A/a", "B/b")
    effects = play(area(), bad_book("opposite"), finding.story).effects
    assert alarms(effects, "B/b")
    assert alarms(effects, "A/a")
    assert refused(effects) == ["meal.offered"]


@pytest.mark.parametrize(
    "changed",
    [
        {"measures": ["voluntary"]},
        {"when": {"flags_none": ["ill"]}, "unless": ["rights.told"]},
    ],
)
def test_rules_that_never_meet_or_leave_a_way_out_are_not_opposite(changed):
    apart = book(
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered"]}, measures=["arrest"]),
        rule("B/b", "forbidden_act", {"act": ["meal.offered"]}, level=AT_ONCE, **changed),
        LEAVE,
    )
    assert check_rulebook(area(), apart) == []


def test_another_step_that_would_do_is_a_way_out():
    free = book(
        rule("A/a", "required_within", {"since": "entered", "until": ["meal.offered", "rest.recorded"]}),
        rule("B/b", "forbidden_act", {"act": ["meal.offered"]}, level=AT_ONCE),
        LEAVE,
    )
    assert check_rulebook(area(), free) == []


def test_what_the_way_refuses_while_it_is_demanded_is_shown_by_the_refusal_and_the_alarm():
    (finding,) = of_code("way_refuses")
    effects = play(area(), bad_book("way_refuses"), finding.story).effects
    assert refused(effects) == ["meal.offered"]
    assert "out" in finding.says.en


def test_a_duty_that_goes_on_after_leaving_needs_a_step_that_can_be_told_then():
    after = book(
        rule(
            "A/a",
            "required_within",
            {"since": "measure:arrest", "until": ["interview.started"]},
            outlives=True,
        ),
        step("interview.started", ["inside"], to="interviewing"),
        step("interview.ended", ["interviewing"], to="inside"),
        LEAVE,
    )
    (finding,) = check_rulebook(area(), after)
    assert finding.code == "way_refuses"
    effects = play(area(), after, finding.story).effects
    assert refused(effects) == ["interview.started"]


def test_the_tier_that_is_never_given_is_shown_by_the_refusal_of_a_right_approval():
    (finding,) = of_code("tier_never")
    assert finding.rules == ("A/b",)
    effects = play(area(), bad_book("tier_never"), finding.story).effects
    assert refused(effects) == ["extension.approved"]
    assert "36h" in finding.says.en


def test_a_ground_that_no_vocabulary_knows_is_no_ground():
    clock = book(rule("A/a", "clock", {"from": "measure"}, measures=["arrest"],
                      tier=[tier("24h"), tier("48h", approvers=["court"], grounds=["complex_case"])]), LEAVE)  # fmt: skip
    first = clock.rules[0]
    spoilt = replace(first, tiers=(first.tiers[0], replace(first.tiers[1], grounds=("because",))))
    assert [f.code for f in check_rulebook(area(), clock)] == []
    assert [f.code for f in check_rulebook(area(), replace(clock, rules=(spoilt,)))] == ["ground_unknown"]


@pytest.mark.parametrize("code", ["phase_without_end", "step_stuck"])
def test_a_dead_end_of_the_way_is_shown_by_what_is_refused_there(code):
    (finding,) = of_code(code)
    effects = play(area(), bad_book(code), finding.story).effects
    wanted = {"phase_without_end": ["stay.released"], "step_stuck": ["effects.listed", "sample.collected"]}
    assert refused(effects) == wanted[code]


def test_a_duty_that_nothing_can_end_stands_in_its_story():
    (finding,) = of_code("without_end")
    effects = play(area(), bad_book("without_end"), finding.story).effects
    assert "case.decided" in finding.says.en
    assert alarms(effects, "A/a")


def test_a_late_prewarning_comes_after_the_alarm_in_its_story():
    (finding,) = of_code("prewarning_late")
    effects = play(area(), bad_book("prewarning_late"), finding.story).effects
    warned = [e.time_us for e in effects if isinstance(e, PreWarning)]
    assert [alarm.time_us < warned[0] for alarm in alarms(effects, "A/b")] == [True]


def test_a_prewarning_before_the_start_is_told_of_a_day_before_the_story_begins():
    (finding,) = of_code("prewarning_before_start")
    effects = play(area(), bad_book("prewarning_before_start"), finding.story).effects
    (warned,) = [e for e in effects if isinstance(e, PreWarning)]
    requested = next(json.loads(line) for line in finding.story if "arrest.requested" in line)
    assert warned.stage == "pre-28d@1mo"
    assert "2027-02-28" in finding.shows.en or requested["at"][:10] in finding.shows.en


# --- the roster ----------------------------------------------------------------------------------


def test_a_roster_with_every_role_leaves_nothing_to_find():
    assert list(roster(fitted(), bundled("cn-2026"), EVERYBODY)) == []


def test_without_a_role_on_the_roster_nobody_gives_what_needs_it_nor_what_comes_after():
    found = list(roster(fitted(), bundled("cn-2026"), [
        Member("1", "sworn", ("case_department_head", "station_head", "county_head")),
        Member("2", "sworn", ("legal_reviewer", "supervisor")),
        Member("3", "external", ("procuratorate",)),
        Member("4", "auxiliary", ("county_duty_head",)),
    ]))  # fmt: skip
    assert [(f.code, f.rules) for f in found] == [("approver_nobody", ("T8/questioning",))] * 2
    assert "24h" in found[0].says.en
    assert "24h first" in found[1].says.en
    for finding in found:
        effects = play(fitted(), bundled("cn-2026"), finding.story).effects
        assert refused(effects) == ["extension.approved"]


def test_an_approval_that_nobody_on_the_roster_may_state_is_shown_refused():
    found = list(roster(fitted(), bundled("cn-2026"), [m for m in EVERYBODY if m.officer != "2"]))
    assert {finding.rules for finding in found} == {("X8", "hold.lifted"), ("X7", "data_export.approved")}
    for finding in found:
        assert finding.rules[1] in refused(play(fitted(), bundled("cn-2026"), finding.story).effects)


# --- bundled books -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rulebook_names())
def test_a_bundled_book_is_clean(name):
    found = check_rulebook(fitted(), bundled(name))
    assert [(finding.code, finding.rules) for finding in found] == []


def test_in_the_example_area_only_the_equipment_it_lacks_is_told():
    found = check_rulebook(area(), bundled("cn-2026"))
    kinds = {item.kind for item in area().inputs.values()}
    assert {(finding.code, finding.rules) for finding in found} == {
        ("not_in_area", (rule.key,))
        for rule in bundled("cn-2026").rules
        if "fitted" in rule.params
        or (rule.unit == "input" and kinds.isdisjoint(rule.params.get("kinds", kinds)))
        or rule.key == "P15/missing"  # no compartment there has a reader of tags in it
    }


@pytest.mark.parametrize(("name", "key"), RULES)
def test_a_story_is_told_in_which_the_rule_speaks(name, key):
    book_, about = bundled(name), bundled(name).versions[key][0]
    story = story_for(fitted(), book_, about)
    assert story.trouble is None
    assert story.raised
    again = play(fitted(), book_, story.lines)
    assert [(e.time_us, e.stage, e.severity) for e in again.alarms(about, story.subject)] == list(
        story.raised
    )
    assert not again.refusals() or about.refuses or about.params.get("act") == "refused"
    expected = expected_moments(about, story)
    if expected is not None:
        assert [at for at, _, _ in story.raised] == expected


def expected_moments(rule_: Rule, story: Story) -> list[int] | None:
    """When the limits fall due, by the rulebook and the beginning of the duty alone; None: by the calendar."""
    assert story.since_us is not None
    if rule_.params.get("calendar"):
        return None
    if rule_.tiers:
        return [story.since_us + rule_.tiers[0].limit.us]
    return [story.since_us + level.after_us for level in rule_.levels if not level.is_prewarning]


@pytest.mark.parametrize(
    ("name", "key"),
    [(name, key) for name, key in RULES if bundled(name).versions[key][0].params.get("calendar")],
)
def test_the_story_of_a_calendar_clock_reaches_its_last_day_and_the_end_of_it(name, key):
    about = bundled(name).versions[key][0]
    story = story_for(fitted(), bundled(name), about)
    stages = [stage.partition("@")[0] for _, stage, _ in story.raised]
    assert stages == (["due"] if about.tiers[0].due else []) + ["limit"]


TIERS = [
    (name, rule.key, number)
    for name in rulebook_names()
    for rule in bundled(name).rules
    for number, given in enumerate(rule.tiers)
    if given.approvers
]


@pytest.mark.parametrize(("name", "key", "number"), TIERS)
def test_each_longer_limit_can_be_given_and_is_reached(name, key, number):
    about = bundled(name).versions[key][0]
    story = story_for(fitted(), bundled(name), about, number)
    assert story.played.refusals() == []
    assert story.raised[-1][1] == f"limit@{about.tiers[number].limit.text}"


def test_each_rule_of_joined_books_has_a_story_in_its_own_time():
    joined, _ = rulebook_of_area(replace(fitted(), rulebooks=("cn-2012", "cn-2026")))
    dated = [about for about in joined.rules if about.from_us is not None or about.until_us is not None]
    assert dated
    for about in dated:
        story = story_for(fitted(), joined, about)
        assert story.raised, about.key


def test_every_code_has_its_bad_book():
    assert set(FINDINGS) == {*BAD, "ground_unknown", "approver_nobody"}


def test_every_code_is_explained_in_the_document():
    page = text(Path("docs/rulebook.md"))
    assert [code for code in FINDINGS if f"| `{code}` |" not in page] == []


# --- the command ---------------------------------------------------------------------------------


def bad_file(tmp_path, code):
    rules = "\n".join([*BAD[code], *([] if "stay.released" in "".join(BAD[code]) else [LEAVE])])
    file = tmp_path / "small.toml"
    file.write_text(
        f'[rulebook]\nid = "small"\ntitle = {{ zh = "小", en = "small" }}\n{rules}', encoding="utf-8"
    )
    return str(file)


def test_the_command_says_that_a_bundled_book_is_good(capsys):
    assert main(["rulebook", "check", "ew-pace"]) == 0
    assert capsys.readouterr().out.startswith("ew-pace: good. Rulebook ew-pace, 3 rules: 3 by law, 0 local.")


@pytest.mark.parametrize("code", BAD)
def test_the_command_writes_stories_that_the_replay_plays(tmp_path, capsys, code):
    ends = main(["rulebook", "check", bad_file(tmp_path, code), "--stories", str(tmp_path / "stories")])
    out = capsys.readouterr().out
    assert ends == (0 if code == "not_in_area" else 1)
    assert f" {code} " in out
    stories = sorted((tmp_path / "stories").iterdir())
    assert any(f"-{code}-" in story.name for story in stories)
    for story in stories:
        assert main(["replay", str(story), "--json"]) == 0


def test_the_command_gives_findings_as_json(tmp_path, capsys):
    assert main(["rulebook", "check", bad_file(tmp_path, "opposite"), "--json"]) == 1
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["code"], row["rules"], row["warning"]) == ("opposite", ["A/a", "B/b"], False)
    assert set(row["says"]) == set(row["shows"]) == {"zh", "en"}
    assert row["story"]


def test_the_command_reads_a_roster_of_officers(tmp_path, capsys):
    roster = tmp_path / "officers.jsonl"
    lines = [
        {"at": "2026-03-18T08:00:00+08:00", "fact": "officer.registered", "officer": "1", "service": "external",
         "roles": ["court", "superintendent"]},
        {"at": "2026-03-18T09:00:00+08:00", "fact": "officer.registered", "officer": "2", "service": "sworn",
         "roles": ["guard"]},
    ]  # fmt: skip
    roster.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert main(["rulebook", "check", "ew-pace", "--roster", str(roster)]) == 0
    roster.write_text(json.dumps(lines[1]), encoding="utf-8")
    assert main(["rulebook", "check", "ew-pace", "--roster", str(roster)]) == 1
    assert capsys.readouterr().out.count("approver_nobody") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["cn-1900"],
        ["ew-pace", "--area", "nowhere.toml"],
        ["ew-pace", "--roster", "nowhere.jsonl"],
        ["nowhere.toml"],
    ],
)
def test_what_cannot_be_read_ends_with_2(capsys, arguments):
    assert main(["rulebook", "check", *arguments]) == 2
    assert capsys.readouterr().err


def test_a_roster_that_is_none_ends_with_2(tmp_path, capsys):
    roster = tmp_path / "officers.jsonl"
    roster.write_text("not json", encoding="utf-8")
    assert main(["rulebook", "check", "ew-pace", "--roster", str(roster)]) == 2
    assert "line 1" in capsys.readouterr().err
