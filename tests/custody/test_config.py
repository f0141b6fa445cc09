"""area.toml and rulebooks: what is wrong is named with file, key, expected, found; nothing crashes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseward.cli import main
from custody.area import load_area
from custody.bundled import area_names, area_text, rulebook_names, rulebook_text
from custody.config import ConfigError
from custody.name import Name
from custody.reader import load_rulebook
from tests.custody.books import WHOLE_TEXT, WITHIN, assert_named, book_text, problems_of, rule_text

AREA_TEXT = area_text("standard")
VALUES = ["1", "-1", '""', '"x y"', "true", "[]", "[1]", "{}", "1.5", '"99h"', "2026-01-01", '["a", 2]', "nan",
          '{ zh = 1, en = "x" }', '"law"', "[[1]]", "{ after = 1 }", "[{}]", '[{ after = "1h" }]', '"3d"', '"2mo"',
          '["rights.told"]', '{ start = ["entered"], end = 1 }', '"-1h"', "[[]]", "07:00:00", '"released"']  # fmt: skip


def mutate(text: str, seed: int) -> str:
    """A few lines dropped, doubled, or with another value."""
    rng = random.Random(seed)
    lines = text.splitlines()
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines))
        choice = rng.random()
        if choice < 0.2:
            del lines[at]
        elif choice < 0.3:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif "=" in lines[at]:
            key = lines[at].split("=")[0]
            lines[at] = f"{key}= {rng.choice(VALUES)}"
    return "\n".join(lines)


@pytest.mark.parametrize("name", area_names())
def test_the_bundled_areas_are_good(name, capsys):
    assert main(["config", "check", name]) == 0
    assert "good" in capsys.readouterr().out


@pytest.mark.parametrize("name", rulebook_names())
def test_the_bundled_rulebooks_are_good(name):
    book = load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)
    assert book.id == name
    assert book.rules


@given(seed=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_a_damaged_area_is_loaded_or_refused_with_reasons(seed):
    problems = problems_of(load_area, mutate(AREA_TEXT, seed))
    assert all(p.file == "x.toml" and p.key and p.expected and p.found for p in problems)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_a_damaged_rulebook_is_loaded_or_refused_with_reasons(seed):
    problems = problems_of(load_rulebook, mutate(WHOLE_TEXT, seed))
    assert all(p.file == "x.toml" and p.key and p.expected and p.found for p in problems)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_loaded(text):
    for load in (load_area, load_rulebook):
        with pytest.raises(ConfigError):
            load(text)


# --- areas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ('kind = "search"', 'kind = "kitchen"', "room[2].kind", "one of"),
        ('between = ["outside", "reception"]', 'between = ["outside"]', "door[0].between", "two room ids"),
        ("number = 2", "number = 1", "node n2.number", "used once"),
        ('timezone = "Asia/Shanghai"', 'timezone = "Mars/Olympus"', "area.timezone", "IANA"),
        ('of = "rd-reception"', 'of = "rd-nowhere"', "point[0].of", "the id of"),
        ('rooms = ["interview-1"]', 'rooms = ["interview-9"]', "recorder rec-interview-1.rooms", "[[room]]"),
        ("point = 2\n", "point = 1\n", "point", "used once"),
        ('rulebook = "cn-2026"', "rulebook = []", "area.rulebook", "the name of a rulebook, or a list"),
        ('rulebook = "cn-2026"', 'rulebook = ["a", "a"]', "area.rulebook", "the name of a rulebook, or a list"),
        ('rulebook = "cn-2026"', 'rulebook = "cn-2026"\nstraddle = "later"', "area.straddle", "at_start, at_moment"),
        ('rulebook = "cn-2026"', 'rulebook = "cn-2026"\nholidays = ["1 May"]', "area.holidays", "a list of dates"),
        ('rulebook = "cn-2026"', 'rulebook = "cn-2026"\nholidays = 2026-10-01', "area.holidays", "a list of dates"),
        ('rulebook = "cn-2026"', 'rulebook = "cn-2026"\nlaw = "x"', "area.law", "one of"),
        ('kind = "search"', 'kind = "search"\nfitted = ["camera"]', "room[2].fitted", "patrol_point, guard_motion"),
        ('kind = "search"', 'kind = "search"\ncolour = "x"', "room[2].colour", "one of"),
        ("[gateway]", "[[gateway]]", "gateway", "a table"),
        ('name = { zh = "随身物品柜", en = "Effects cabinet" }', 'name = "E"', "].name", 'a table { zh = "…", en = "…" }'),
        ('name = { zh = "随身物品柜", en = "Effects cabinet" }', 'name = { de = "E" }', "].name", "a table"),
        ("[[point]]", '[[input]]\nid = "smoke-1"\nkind = "smoke"\n[[point]]', "input smoke-1", "one [[point]] of kind input"),
        ("[[point]]", '[[input]]\nid = "i"\nkind = "fire"\n[[point]]', "].kind", "one of smoke, water"),
        ("[[point]]", '[[input]]\nid = "i"\nkind = "ups"\nroom = "attic"\n[[point]]', "input i.room", "the id of a [[room]]"),
        ('kind = "reader"\nof = "rd-reception"', 'kind = "input"\nof = "rd-reception"', "point[0].of", "of what a input"),
        ('[gateway]\nid = "gw-a1"', '[gateway]\nid = "gw-a1"\n[overlay]\nrule = "T1/summons"', "overlay", "an array of tables"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_in_an_area_is_named(old, new, key, expected):
    assert old in AREA_TEXT
    with pytest.raises(ConfigError) as caught:
        load_area(AREA_TEXT.replace(old, new, 1), "a.toml")
    assert_named(caught.value.problems, key, expected)
    assert {p.file for p in caught.value.problems} == {"a.toml"}


def test_a_language_in_which_a_thing_has_no_name_shows_its_id_never_the_other_languages_word():
    area = load_area(AREA_TEXT.replace('zh = "随身物品柜", en = "Effects cabinet"', 'zh = "随身物品柜"'))
    assert area.cabinets["effects-1"].name == Name("随身物品柜", "effects-1")
    assert area.compartments["E-1"].name == Name("E-1", "E-1")


def test_an_area_tells_its_books_its_straddle_its_holidays_and_what_is_fitted():
    text = AREA_TEXT.replace(
        'rulebook = "cn-2026"',
        'rulebook = ["cn-2012", "cn-2026"]\nstraddle = "at_moment"\nholidays = [2026-10-01, 2026-10-02]',
    ).replace('kind = "waiting"', 'kind = "waiting"\nfitted = ["patrol_point"]', 1)
    area = load_area(text)
    assert area.rulebooks == ("cn-2012", "cn-2026")
    assert area.rulebook == "cn-2012+cn-2026"
    assert area.straddle == "at_moment"
    assert sorted(day.isoformat() for day in area.holidays) == ["2026-10-01", "2026-10-02"]
    assert area.rooms["waiting-1"].fitted == ("patrol_point",)
    assert area.rooms["waiting-2"].fitted == ()


# --- the head of a rulebook ----------------------------------------------------------------------

GOOD = rule_text("required_within", WITHIN)


@pytest.mark.parametrize(
    ("text", "key", "expected", "found"),
    [
        ("x = [", "(file)", "TOML 1.0", ""),
        (GOOD, "rulebook", "a table [rulebook]", "None"),
        (book_text(GOOD, name="two words"), "rulebook.id", "an id", "two words"),
        (book_text(GOOD, since='"soon"'), "rulebook.in_force_from", "a date such as", "soon"),
        (book_text(GOOD, more="in_force_until = 3\n"), "rulebook.in_force_until", "a date such as", "3"),
        (book_text(GOOD, more='author = "x"\n'), "rulebook.author", "one of", "author"),
        (book_text(GOOD, more='include = "cn/way"\n'), "rulebook.include", "a list", "cn/way"),
        (
            book_text(GOOD, more='include = ["cn/way"]\n'),
            "rulebook.include",
            "the name of a shared part",
            "cn/way",
        ),
        (book_text(GOOD, more="include = [1]\n"), "rulebook.include", "the name of a shared part", "1"),
        (book_text(), "rule", "at least one [[rule]]", "None"),
        (book_text(GOOD, GOOD), "rule", "once", "A1/one"),
        (book_text(GOOD) + "[law]\n", "(file).law", "one of", "law"),
        ("rule = 1\n" + book_text(), "rule", "an array of tables", "1"),
        (book_text(GOOD).replace('zh = "试验"', 'zh = " "'), "rulebook.title.zh", "text", " "),
    ],
)
def test_each_kind_of_mistake_in_the_head_of_a_rulebook_is_named(text, key, expected, found):
    problems = problems_of(load_rulebook, text)
    assert_named(problems, key, expected, found)
    assert {p.file for p in problems} == {"x.toml"}


def test_a_mistake_in_a_shared_part_is_told_with_the_name_of_the_part():
    part = rule_text("required_within", 'since = "entered", until = ["rights.tolled"]', rule_id="B1")
    text = book_text(GOOD, more='include = ["cn/part", "cn/head", "cn/torn"]\n')
    parts = {"cn/part": part, "cn/head": book_text(part, name="no"), "cn/torn": "x = ["}
    with pytest.raises(ConfigError) as caught:
        load_rulebook(text, "main.toml", parts.__getitem__)
    told = {(p.file, p.key) for p in caught.value.problems}
    assert ("cn/part.toml", "rule[0] B1/one.with.until") in told
    assert ("cn/head.toml", "rulebook") in told
    assert ("cn/torn.toml", "(file)") in told


def test_what_a_shared_part_repeats_is_named():
    text = book_text(GOOD, more='include = ["cn/part"]\n')
    with pytest.raises(ConfigError) as caught:
        load_rulebook(text, "main.toml", {"cn/part": GOOD}.__getitem__)
    assert_named(caught.value.problems, "rule", "once", "A1/one")


# --- approvals and steps -------------------------------------------------------------------------

APPROVAL = '[[approval]]\nfact = "exit.approved"\napprovers = ["county_head"]\nrule = "E1"\n'
STEP = '[[step]]\nfact = "exit.departed"\nfrom = ["inside"]\nto = "out"\nneeds = ["search.signed"]\nrule = "E1"\n'


@pytest.mark.parametrize(
    ("table", "key", "expected"),
    [
        (APPROVAL.replace("exit.approved", "meal.offered"), "approval[0].fact", "one of"),
        (APPROVAL.replace("county_head", "mayor"), "approval[0].approvers", "a list out of duty_officer"),
        (APPROVAL.replace('rule = "E1"', ""), "approval[0].rule", "text"),
        (APPROVAL + 'ground = "x"\n', "approval[0].ground", "one of fact, approvers, rule"),
        (APPROVAL + APPROVAL, "approval", "once"),
        (STEP.replace("exit.departed", "door.opened"), "step[0].fact", "one of"),
        (STEP.replace('"inside"', '"abroad"'), "step[0].from", "a list out of arrived, inside"),
        (STEP.replace('"out"', '"away"'), "step[0].to", "one of arrived, inside, interviewing, out, ended"),
        (STEP.replace("search.signed", "searched.twice"), "step[0].needs", "a fact type"),
        (STEP + 'except_rooms = ["kitchen"]\n', "step[0].except_rooms", "a list out of reception"),
        (STEP.replace('rule = "E1"', "rule = 1"), "step[0].rule", "text"),
        (STEP + 'until = "x"\n', "step[0].until", "one of fact, from, to"),
        (STEP + STEP, "step", "once"),
    ],
)
def test_each_kind_of_mistake_in_an_approval_or_a_step_row_is_named(table, key, expected):
    assert_named(problems_of(load_rulebook, book_text(GOOD) + table), key, expected)


def test_approvals_and_steps_are_read():
    book = load_rulebook(book_text(GOOD) + APPROVAL + STEP)
    assert book.approvals["exit.approved"].approvers == ("county_head",)
    assert (book.steps["exit.departed"].phases, book.steps["exit.departed"].to) == (("inside",), "out")


LOCK = """
[[output]]
id = "lock"
kind = "lock"
door = "door-waiting-1"
[[point]]
node = "n4"
point = 203
kind = "output"
of = "lock"
"""


def test_a_lock_is_of_a_door_and_stays_as_it_is_when_nobody_is_heard():
    area = load_area(AREA_TEXT + LOCK)
    assert area.locks == {"door-waiting-1": "lock"}
    assert (area.outputs["lock"].door, area.outputs["lock"].on_lost) == ("door-waiting-1", "off")
    assert area.locked_doors_into("waiting-1") == ("door-waiting-1",)
    assert area.locked_doors_into("corridor") == ()  # the other side of it
    assert area.room_of_point(area.points_by_ref["n4.203"]) == "waiting-1"


def test_a_gate_leads_into_no_room_by_a_form():
    text = LOCK.replace("door-waiting-1", "gate")
    area = load_area(AREA_TEXT + text)
    assert area.locks == {"gate": "lock"}
    assert area.locked_doors_into("reception") == ()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('door = "door-waiting-1"\n', ""), "output lock.door"),
        (('"door-waiting-1"', '"nowhere"'), "output lock.door"),
        (('"door-waiting-1"', '"door-search"'), "controlled = true"),
        (('"lock"\ndoor', '"lock"\non_lost = "on"\ndoor'), "one of hold, off"),
        (('"lock"\ndoor', '"lock"\ngpio_line = 4\ndoor'), "output lock.gpio_line"),
        (('kind = "lock"', 'kind = "lamp"\non_lost = "off"'), "no door: a lock alone is of a door"),
        (('of = "lock"', 'of = "siren"'), "output lock: expected one [[point]] of kind output"),
        (("[[point]]", '[[output]]\nid = "two"\nkind = "lock"\ndoor = "door-waiting-1"\n[[point]]'), "a door with one lock"),
    ],
)  # fmt: skip
def test_a_lock_that_is_configured_wrongly_is_refused(change, named):
    problems = problems_of(load_area, AREA_TEXT + LOCK.replace(*change, 1))
    assert any(named in str(problem) for problem in problems), [str(problem) for problem in problems]
