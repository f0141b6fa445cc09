"""Local overlays and books of several periods: an area may be stricter than the law and never milder."""

from zoneinfo import ZoneInfo

import pytest

from custody.area import load_area
from custody.bundled import area_text, rulebook_of_area
from custody.config import ConfigError
from custody.overlay import overlaid
from custody.reader import join_rulebooks
from custody.times import parse_instant_us
from tests.custody.books import WITHIN, book, rule_text

ZONE = ZoneInfo("Asia/Shanghai")
LADDER = """level = [
  { after = "1min", severity = "S3", number = "local", prewarning = true },
  { after = "2min", severity = "S2", number = "law" },
  { after = "10min", severity = "S1", number = "local" },
]"""
TIERS = """[[rule.tier]]
limit = "12h"
basis = "law"
prewarnings = ["1h"]
[[rule.tier]]
limit = "24h"
basis = "law"
approvers = ["county_head", "station_head"]
prewarnings = ["2h", "1h"]
"""
DAYS = '[[rule.tier]]\nlimit = "7d"\nbasis = "law"\nprewarnings = ["2d"]\ndue = "S2"\n'
MONTHS = '[[rule.tier]]\nlimit = "2mo"\nbasis = "law"\nprewarnings = ["10d"]\ndue = "S2"\n'


def the_book():
    """A ladder, a clock in hours, one in days, one in months, and a ladder without words for a pre-warning."""
    silent = (
        rule_text("required_within", WITHIN, rule_id="Q")
        .replace('soon = "将满"\n', "")
        .replace('soon = "Near"\n', "")
    )
    return book(
        rule_text("required_within", WITHIN, top=LADDER, rule_id="L"),
        rule_text("clock", 'from = "measure"', top='measures = ["arrest"]', body=TIERS, rule_id="H"),
        rule_text("clock", 'since = "entered", calendar = true', top="", body=DAYS, rule_id="D"),
        rule_text("clock", 'since = "entered", calendar = true', top="", body=MONTHS, rule_id="M"),
        silent,
    )


def level(after: str, severity: str, number: str = "local", **more: object) -> dict[str, object]:
    return {"after": after, "severity": severity, "number": number, **more}


def pre(after: str) -> dict[str, object]:
    return level(after, "S3", prewarning=True)


def rule_with(table: dict[str, object], key: str):
    return next(rule for rule in overlaid(the_book(), (table,)).rules if rule.key == key)


def problems_of(table: dict[str, object]):
    with pytest.raises(ConfigError) as caught:
        overlaid(the_book(), (table,), "area.toml")
    return caught.value.problems


# --- what tightens is taken ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "ladder",
    [
        [pre("1min"), level("2min", "S2", "law"), level("10min", "S1")],
        [pre("30s"), level("90s", "S2"), level("5min", "S1")],
        [pre("1min"), level("2min", "S1")],
        [pre("10s"), pre("20s"), level("1min", "S3"), level("2min", "S2", "law"), level("9min", "S1")],
    ],
)
def test_a_ladder_that_is_as_strict_or_stricter_is_taken_and_the_rule_is_marked(ladder):
    rule = rule_with({"rule": "L/one", "level": ladder, "reason": "a narrow room"}, "L/one")
    assert [(r.severity, r.is_prewarning) for r in rule.levels] == [
        (row["severity"], bool(row.get("prewarning"))) for row in ladder
    ]
    assert rule.is_overlaid


def test_an_overlay_marks_its_own_rule_and_no_other():
    found = overlaid(the_book(), ({"rule": "H/one", "limit": "10h"},))
    assert [rule.key for rule in found.rules if rule.is_overlaid] == ["H/one"]
    assert [rule for rule in found.rules if rule.key != "H/one"] == [
        rule for rule in the_book().rules if rule.key != "H/one"
    ]


@pytest.mark.parametrize(
    ("key", "limit", "expected"),
    [
        ("H/one", "10h", [("10h", "local")]),
        ("H/one", "12h", [("12h", "local")]),
        ("H/one", "18h", [("12h", "law"), ("18h", "local")]),
        ("H/one", "24h", [("12h", "law"), ("24h", "local")]),
        ("D/one", "5d", [("5d", "local")]),
        ("M/one", "1mo", [("1mo", "local")]),
    ],
)
def test_a_shorter_limit_is_taken_and_is_local(key, limit, expected):
    rule = rule_with({"rule": key, "limit": limit}, key)
    assert [(tier.limit.text, tier.basis) for tier in rule.tiers] == expected
    assert rule.is_overlaid


def test_a_shorter_limit_keeps_who_approves_it_and_the_warnings_that_fit():
    rule = rule_with({"rule": "H/one", "limit": "18h"}, "H/one")
    assert rule.tiers[1].approvers == ("county_head", "station_head")
    assert [w.text for w in rule.tiers[1].prewarnings] == ["2h", "1h"]
    assert [w.text for w in rule_with({"rule": "H/one", "limit": "1h"}, "H/one").tiers[0].prewarnings] == []


def test_fewer_approvers_are_taken():
    rule = rule_with({"rule": "H/one", "approvers": ["county_head"]}, "H/one")
    assert [tier.approvers for tier in rule.tiers] == [(), ("county_head",)]
    assert rule.is_overlaid


def test_more_prewarnings_are_taken_beside_those_of_the_book():
    rule = rule_with({"rule": "H/one", "prewarnings": ["3h", "1h"]}, "H/one")
    assert [[w.text for w in tier.prewarnings] for tier in rule.tiers] == [["3h", "1h"], ["3h", "2h", "1h"]]
    assert [w.text for w in rule_with({"rule": "M/one", "prewarnings": ["20d"]}, "M/one").tiers[0].prewarnings] == [
        "20d", "10d",
    ]  # fmt: skip


# --- what loosens, or says nothing, is refused ---------------------------------------------------


@pytest.mark.parametrize(
    ("table", "key", "expected"),
    [
        ({"rule": "L/one", "level": [pre("1min"), level("3min", "S2"), level("10min", "S1")]}, "L/one.level", "S2 by 2min"),
        ({"rule": "L/one", "level": [pre("1min"), level("2min", "S3"), level("10min", "S1")]}, "L/one.level", "S2 by 2min"),
        ({"rule": "L/one", "level": [pre("1min"), level("2min", "S2", "law")]}, "L/one.level", "S1 by 10min"),
        ({"rule": "L/one", "level": [pre("1min"), level("2min", "S2", "law"), level("11min", "S1")]}, "L/one.level", "S1 by 10min"),
        ({"rule": "L/one", "level": [level("1min", "S2"), level("10min", "S1")]}, "L/one.level", "a pre-warning by pre-1min"),
        ({"rule": "L/one", "level": [pre("90s"), level("2min", "S1")]}, "L/one.level", "a pre-warning by pre-1min"),
        ({"rule": "L/one", "level": []}, "L/one.level", "S2 by 2min"),
        ({"rule": "L/one", "level": [pre("1min"), level("90s", "S1", "law")]}, "L/one.level", "local as the number"),
        ({"rule": "L/one", "level": 3}, "L/one.level", "an array of tables"),
        ({"rule": "Q/one", "level": [pre("1min"), level("10min", "S2")]}, "Q/one.level", "no words for one"),
        ({"rule": "Q/one", "level": [level("11min", "S2")]}, "Q/one.level", "S2 by 10min"),
        ({"rule": "H/one", "level": [level("1h", "S1")]}, "H/one.level", "limit, approvers or prewarnings for a clock"),
        ({"rule": "L/one", "limit": "1min"}, "L/one", "limit, approvers, prewarnings for a clock alone"),
        ({"rule": "L/one", "approvers": ["county_head"]}, "L/one", "for a clock alone"),
        ({"rule": "H/one", "limit": "25h"}, "H/one.limit", "at most 24h"),
        ({"rule": "H/one", "limit": "1mo"}, "H/one.limit", "hours for another"),
        ({"rule": "H/one", "limit": "2wd"}, "H/one.limit", "hours for another"),
        ({"rule": "H/one", "limit": "0h"}, "H/one.limit", "more than nothing"),
        ({"rule": "D/one", "limit": "8d"}, "D/one.limit", "at most 7d"),
        ({"rule": "D/one", "limit": "5wd"}, "D/one.limit", "at most 7d"),
        ({"rule": "D/one", "limit": "100h"}, "D/one.limit", "days or months for a calendar clock"),
        ({"rule": "M/one", "limit": "3mo"}, "M/one.limit", "at most 2mo"),
        ({"rule": "M/one", "limit": "30d"}, "M/one.limit", "at most 2mo"),
        ({"rule": "M/one", "limit": "100d"}, "M/one.limit", "at most 2mo"),
        ({"rule": "H/one", "approvers": ["county_head", "court"]}, "H/one.approvers", "some of county_head, station_head"),
        ({"rule": "H/one", "approvers": ["court"]}, "H/one.approvers", "some of county_head, station_head"),
        ({"rule": "H/one", "approvers": []}, "H/one.approvers", "some of county_head, station_head"),
        ({"rule": "H/one", "approvers": ["mayor"]}, "H/one.approvers", "a list out of"),
        ({"rule": "D/one", "approvers": ["county_head"]}, "D/one.approvers", "a longer limit that somebody approves"),
        ({"rule": "H/one", "prewarnings": ["soon"]}, "H/one.prewarnings", "a duration"),
        ({"rule": "H/one", "prewarnings": ["30h"]}, "H/one.prewarnings", "shorter than the limit"),
        ({"rule": "D/one", "prewarnings": ["5h"]}, "D/one.prewarnings", "in its unit"),
        ({"rule": "H/one", "prewarnings": "1h"}, "H/one.prewarnings", "a list"),
        ({"rule": "H/two", "limit": "1h"}, "H/two.rule", "id/variant of a rule"),
        ({"rule": ["H/one"], "limit": "1h"}, ".rule", "id/variant of a rule"),
        ({"limit": "1h"}, ".rule", "id/variant of a rule"),
        ({"rule": "H/one"}, "H/one", "one of level, limit, approvers, prewarnings"),
        ({"rule": "H/one", "limit": "1h", "reason": 1}, "H/one.reason", "text"),
        ({"rule": "H/one", "limit": "1h", "severity": "S4"}, "H/one.severity", "one of rule, level"),
    ],
)  # fmt: skip
def test_what_would_loosen_a_rule_is_refused_with_the_reason(table, key, expected):
    problems = problems_of(table)
    assert all(p.file == "area.toml" and p.expected and p.found for p in problems)
    assert any(key in p.key and expected in p.expected for p in problems), [str(p) for p in problems]


def test_a_second_overlay_cannot_take_back_the_first():
    tables = ({"rule": "H/one", "limit": "10h"}, {"rule": "H/one", "limit": "11h"})
    with pytest.raises(ConfigError, match="at most 10h"):
        overlaid(the_book(), tables)


def test_all_problems_of_all_overlays_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        overlaid(
            the_book(),
            ({"rule": "H/one", "limit": "25h"}, {"rule": "none"}, {"rule": "D/one", "limit": "9d"}),
        )
    assert {p.key.partition("]")[0] for p in caught.value.problems} == {"overlay[0", "overlay[1", "overlay[2"}


def test_a_local_value_is_held_like_the_laws():
    """Both steps of M2a/time are this product's own; an area may not stretch them all the same."""
    with pytest.raises(ConfigError, match=r"M2a/time.*S3 by 10min"):
        area_with(
            '[[overlay]]\nrule = "M2a/time"\nlevel = [{ after = "20min", severity = "S3", number = "local" }]'
        )


# --- in area.toml --------------------------------------------------------------------------------


def area_with(more: str, rulebook: str = '"cn-2026"'):
    """The rulebook of the example area with more in its file. Raises ConfigError."""
    text = area_text("standard").replace('rulebook = "cn-2026"', f"rulebook = {rulebook}") + "\n" + more
    return rulebook_of_area(load_area(text, "area.toml"))[0]


def test_an_overlay_of_an_area_file_makes_its_rulebook_stricter():
    found = area_with(
        '[[overlay]]\nrule = "T1/summons"\nlimit = "10h"\nprewarnings = ["3h"]\nreason = "a long way"'
    )
    rule = next(rule for rule in found.rules if rule.key == "T1/summons")
    assert [tier.limit.text for tier in rule.tiers] == ["10h"]
    assert rule.tiers[0].prewarnings[0].text == "3h"
    assert rule.is_overlaid


def test_an_overlay_speaks_of_the_rule_in_every_period_that_has_it():
    found = area_with('[[overlay]]\nrule = "T5/questioning"\nlimit = "20h"', '["cn-2012", "cn-2026"]')
    versions = found.versions["T5/questioning"]
    assert len(versions) == 2
    assert all(rule.is_overlaid and rule.tiers[-1].limit.text == "20h" for rule in versions)


def test_a_rulebook_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"area.rulebook: expected a bundled rulebook, found .*xx-1999"):
        area_with("", '["cn-2026", "xx-1999"]')


# --- books that follow each other ----------------------------------------------------------------

RULE = rule_text("required_within", WITHIN)
OTHER = rule_text("required_within", WITHIN, rule_id="B1")


def period(name: str, since: str, until: str = "", *rules: str):
    more = f"in_force_until = {until}\n" if until else ""
    return book(*(rules or (RULE,)), name=name, since=since, more=more)


def test_books_that_follow_each_other_are_joined_at_the_midnight_of_the_area():
    found = join_rulebooks([period("new", "2026-01-01"), period("old", "2013-01-01", "2025-12-31")], ZONE)
    assert found.id == "old+new"
    assert found.changes_us == (parse_instant_us("2026-01-01T00:00:00+08:00"),)
    assert set(found.titles) == {"old", "new"}
    assert (found.in_force_from.year, found.in_force_until) == (2013, None)


def test_a_rule_that_does_not_change_holds_throughout_and_one_that_does_holds_in_its_period():
    old, new = period("old", "2013-01-01", "2025-12-31", RULE, OTHER), period("new", "2026-01-01", "", RULE)
    found = join_rulebooks([old, new], ZONE)
    change = found.changes_us[0]
    assert [(rule.from_us, rule.until_us) for rule in found.versions["A1/one"]] == [(None, None)]
    assert [(rule.from_us, rule.until_us) for rule in found.versions["B1/one"]] == [(None, change)]
    changed = rule_text(
        "required_within", WITHIN, top='level = [{ after = "5min", severity = "S1", number = "law" }]'
    )
    found = join_rulebooks(
        [period("old", "2013-01-01", "2025-12-31"), period("new", "2026-01-01", "", changed)], ZONE
    )
    assert [(rule.from_us, rule.until_us) for rule in found.versions["A1/one"]] == [
        (None, change),
        (change, None),
    ]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (("2013-01-01", "2025-12-30"), ("2026-01-01", ""), "2025-12-30, 2026-01-01"),
        (("2013-01-01", "2026-01-01"), ("2026-01-01", ""), "2026-01-01, 2026-01-01"),
        (("2013-01-01", ""), ("2026-01-01", ""), "None, 2026-01-01"),
        (("2013-01-01", ""), ("2013-01-01", ""), "None, 2013-01-01"),
    ],
)
def test_a_hole_an_overlap_and_an_open_period_in_the_middle_are_refused(first, second, found):
    with pytest.raises(ConfigError) as caught:
        join_rulebooks([period("a", *first), period("b", *second)], ZONE)
    problem = caught.value.problems[0]
    assert (problem.file, problem.key) == ("area.toml", "area.rulebook")
    assert "to begin the day after" in problem.expected
    assert found in problem.found


def test_a_setting_for_the_stay_over_midnight_that_is_none_is_refused():
    books = [period("old", "2013-01-01", "2025-12-31"), period("new", "2026-01-01")]
    with pytest.raises(
        ConfigError, match=r"area.straddle: expected one of at_start, at_moment, found 'sometime'"
    ):
        join_rulebooks(books, ZONE, "sometime")


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(ConfigError, match=r"in_force_until: expected a day not before 2026-01-01"):
        period("odd", "2026-01-01", "2025-12-31")
