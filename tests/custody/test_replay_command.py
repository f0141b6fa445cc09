"""`caseward replay`: the public interface, its exit codes and its errors."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseward.cli import main
from custody.player import Player
from custody.scenario import ScenarioError, parse_scenario
from tests.custody.support import area, rulebook

GOOD = '{"at": "2026-03-18T09:00:00+08:00", "fact": "person.arrived", "stay": "s-1"}'


def run(tmp_path, capsys, text, *options):
    file = tmp_path / "story.jsonl"
    file.write_text(text, encoding="utf-8")
    code = main(["replay", str(file), "--rulebook", "cn-2026", *options])
    return code, *capsys.readouterr()


def error_of(texts) -> ScenarioError | None:
    """The error of a scenario, None when it plays through; nothing else may come out."""
    try:
        scenario = parse_scenario(texts)
    except ScenarioError as error:
        return error
    for _ in Player(area(), rulebook()).play(scenario):
        pass
    return None


def test_prints_one_json_object_a_line(tmp_path, capsys):
    until = ("--until", "2026-03-18T09:20:00+08:00", "--json")
    code, out, _ = run(tmp_path, capsys, GOOD + "\n", *until)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(r["event"], r["rule"], r["severity"]) for r in rows] == [
        ("pre-warning", "M1", "S3"),
        ("alarm", "M1", "S3"),
        ("alarm", "M1", "S2"),
    ]
    assert rows[1]["time"] == "2026-03-18T09:05:00.000+08:00"
    assert (rows[1]["basis"], rows[1]["number_basis"]) == ("law", "local")
    assert rows[1]["article"] == "AREA 4"


def test_the_plain_form_says_the_same_for_people(tmp_path, capsys):
    code, out, _ = run(tmp_path, capsys, GOOD, "--until", "2026-03-18T09:20:00+08:00")
    assert code == 0
    assert out.count("alarm ") == 2


@pytest.mark.parametrize(
    ("line", "expected", "found"),
    [
        ("not json", "one JSON object a line", "Expecting value"),
        ("[1]", "one JSON object a line", "[1]"),
        ('{"fact": "person.arrived", "stay": "s"}', "the key at", "nothing"),
        ('{"at": "2026-03-18T09:00:00", "fact": "person.arrived", "stay": "s"}', "with its offset", "2026"),
        ('{"at": "2026-03-18T09:00:00+08:00", "fact": "person.flew", "stay": "s"}', "a fact type", "flew"),
        ('{"at": "2026-03-18T09:00:00+08:00", "fact": "person.arrived"}', "stay", "nothing"),
        ('{"at": "2026-03-18T09:00:00+08:00", "fact": "person.arrived", "stay": "s", "x": 1}', "x", "field"),
        ('{"at": "2026-03-18T09:00:00+08:00", "fact": "person.arrived", "stay": "s p"}', "reference", "s p"),
        ('{"at": "2026-03-18T09:00:00+08:00", "env": "flood"}', "env: one of", "flood"),
        ('{"at": "2026-03-18T09:00:00+08:00", "env": "node.down"}', "node.down with node", "none"),
        ('{"at": "2026-03-18T09:00:00+08:00", "env": "clock.step", "by": "soon"}', "a duration", "soon"),
        ('{"at": "2026-03-18T09:00:00+08:00", "fact": "deadline.reached", "env": "boot"}', "one of the keys", "both"),
        ('{"at": "2026-03-18T09:00:00+08:00", "at": "x", "env": "boot"}', "JSON", "twice"),
        ('{"at": "2026-03-18T09:00:00+08:00", "fact": "wristband.battery", "band": "b", "percent": 1.5}',
         "a whole number", "1.5"),
    ],
)  # fmt: skip
def test_a_bad_line_names_file_line_expected_and_found(tmp_path, capsys, line, expected, found):
    code, out, err = run(tmp_path, capsys, f"{GOOD}\n\n{line}\n", "--json")
    assert (code, out) == (2, "")
    assert "story.jsonl: line 3: expected" in err
    assert expected in err.split("found")[0]
    assert found in err


@pytest.mark.parametrize(
    "options", [("--rulebook", "cn-1900"), ("--area", "nowhere.toml"), ("--until", "noon")]
)
def test_bad_options_end_with_2(tmp_path, capsys, options):
    code, out, err = run(tmp_path, capsys, GOOD, *options)
    assert (code, out) == (2, "")
    assert "expected" in err or "No such file" in err


def test_an_empty_scenario_is_an_error(tmp_path, capsys):
    assert run(tmp_path, capsys, "# nothing\n")[0] == 2


@given(st.lists(st.text(max_size=80) | st.binary(max_size=40).map(lambda b: b.decode("latin-1")), max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_text_is_played_or_refused_with_a_line_number(texts):
    error = error_of(texts)
    assert error is None or (error.line >= 1 and error.expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["at", "fact", "env", "stay", "id", "by", "arrives", "node", "from_node", "measure",
                        "arrived_at", "scenario", "initial", "roles", "officer", "service"])  # fmt: skip
VALUES = JSON | st.sampled_from(["2026-03-18T09:00:00+08:00", "person.arrived", "stay.registered", "boot",
                                 "node.down", "clock.step", "officer.registered", "9999-12-31T23:59:59-23:59"])  # fmt: skip


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6).map(json.dumps), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_json_is_played_or_refused_with_a_line_number(lines):
    error = error_of(lines)
    assert error is None or (error.line >= 1 and error.expected)
