"""area.toml and rulebooks: what is wrong is named with file, key, expected, found; nothing crashes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseward.cli import main
from custody.bundled import area_names, area_text, rulebook_names, rulebook_text
from custody.area import load_area
from custody.config import ConfigError
from custody.reader import load_rulebook

AREA_TEXT, BOOK_TEXT = area_text("standard"), rulebook_text("cn-2026")
VALUES = ["1", "-1", '""', '"x y"', "true", "[]", "[1]", "{}", "1.5", '"99h"', "2026-01-01", '["a", 2]', "nan",
          '{ zh = 1, en = "x" }', '"law"', "[[1]]", "{ after = 1 }", "[{}]", '[{ after = "1h" }]']  # fmt: skip


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


def problems_of(load, text: str):
    """What is wrong with a text; nothing but ConfigError may come out."""
    try:
        load(text, "x.toml")
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize("name", area_names())
def test_the_bundled_areas_are_good(name, capsys):
    assert main(["config", "check", name]) == 0
    assert "good" in capsys.readouterr().out


@pytest.mark.parametrize("name", rulebook_names())
def test_the_bundled_rulebooks_are_good(name, capsys):
    assert main(["rulebook", "check", name]) == 0


@given(seed=st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_a_damaged_area_is_loaded_or_refused_with_reasons(seed):
    problems = problems_of(load_area, mutate(AREA_TEXT, seed))
    assert all(p.file == "x.toml" and p.key and p.expected and p.found for p in problems)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_a_damaged_rulebook_is_loaded_or_refused_with_reasons(seed):
    problems = problems_of(load_rulebook, mutate(BOOK_TEXT, seed))
    assert all(p.file == "x.toml" and p.key and p.expected and p.found for p in problems)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_loaded(text):
    for load in (load_area, load_rulebook):
        with pytest.raises(ConfigError):
            load(text)


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
    ],
)
def test_each_kind_of_mistake_in_an_area_is_named(old, new, key, expected):
    with pytest.raises(ConfigError) as caught:
        load_area(AREA_TEXT.replace(old, new, 1), "a.toml")
    assert any(key in p.key and expected in p.expected for p in caught.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('limit = "12h"', 'limit = "half a day"', "tier[0].limit"),
        ('severity = "S3"', 'severity = "S9"', "severity"),
        ('kind = "clock"', 'kind = "sundial"', "kind"),
        ('basis = "law"', 'basis = "habit"', "basis"),
        ('approvers = ["case_department_head"]', 'approvers = ["mayor"]', "approvers"),
        ('soon = "区门还开着"\n', "", "soon"),
        ("fewer_than = 2 }", 'fewer_than = "two" }', "fewer_than"),
        ('id = "M2a"\nvariant = "time"', 'id = "M2a"\nvariant = "order"', "rule"),
    ],
)
def test_each_kind_of_mistake_in_a_rulebook_is_named(old, new, key):
    assert old in BOOK_TEXT
    with pytest.raises(ConfigError) as caught:
        load_rulebook(BOOK_TEXT.replace(old, new, 1), "r.toml")
    assert any(key in p.key for p in caught.value.problems)
