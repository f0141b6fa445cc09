"""`caseward explain`: which alarm is meant, both languages, logs and scenarios, and what it says to a mistake."""

import json

import pytest

from caselog.filedisk import FileDisk
from caselog.log import Log
from caseward.cli import main
from custody.codec import fact_entry
from custody.scenario import parse_scenario
from tests.custody.support import OFFICERS, admitted, fact, json_line

LINES = [
    *OFFICERS,
    *admitted("public_order_questioning"),
    "09:10 tag.read tag=0415 room=guard",
    "09:10 tag.read tag=B07 room=waiting-1",
    "10:00 tag.gone tag=0415 room=guard",
    "10:05 tag.read tag=0415 room=waiting-1",
    "12:00 tag.gone tag=0415 room=waiting-1",
    "12:05 tag.read tag=0415 room=waiting-1",
    "17:30 stay.released stay=s-1 reason=released",
]


@pytest.fixture
def story(tmp_path):
    """A scenario in a file."""
    file = tmp_path / "story.jsonl"
    file.write_text("".join(json_line(line) + "\n" for line in LINES), encoding="utf-8")
    return str(file)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["explain", *arguments])
    return code, *capsys.readouterr()


def test_rule_and_variant_suffice_where_they_name_one_alarm(story, capsys):
    code, out, _ = run(capsys, story, "T5/questioning/stay:s-1")
    assert code == 0
    assert "时限 8 小时，于 2026-03-18 17:00:00 届满（这个数字由法律规定）。" in out
    assert "The limit of 8 h ended at 2026-03-18 17:00:00 (this number is set by law)." in out
    assert run(capsys, story, "T5")[1] == out == run(capsys, story, "a1/T5/questioning/")[1]


def test_one_language_is_printed_when_one_is_asked_for(story, capsys):
    chinese, english = (run(capsys, story, "T5", "--lang", lang)[1] for lang in ("zh", "en"))
    assert "登记台账" in chinese
    assert "Registered" not in chinese
    assert "Registered" in english
    assert "登记台账" not in english


def test_as_json_it_carries_facts_and_sentences_in_both_languages(story, capsys):
    code, out, _ = run(capsys, story, "T5", "--stage", "pre-30min@8h", "--json")
    row = json.loads(out)
    assert (code, row["stage"], row["prewarning"], row["minimal"]) == (0, "pre-30min@8h", True, True)
    assert [item["type"] for item in row["facts"]] == ["stay.registered"]
    assert row["facts"][0]["time"] == "2026-03-18T09:04:00.000+08:00"
    assert all(sentence["zh"] and sentence["en"] for sentence in row["sentences"])
    assert (row["end"], row["ended_by"]["type"]) == ("fact", "stay.released")


def test_a_name_that_fits_several_lists_them_and_ends_with_2(story, capsys):
    code, out, err = run(capsys, story, "M3/guard")
    assert (code, out) == (2, "")
    assert "expected the name of one alarm, found 2 that fit 'M3/guard'" in err
    assert err.count("a1/M3/guard/stay:s-1/") == 2
    again = err.rpartition("a1/M3/guard/stay:s-1/")[2].split()[0]
    assert run(capsys, story, f"M3/guard/stay:s-1/{again}")[0] == 0


def test_without_a_name_the_alarms_are_listed(story, capsys):
    code, out, _ = run(capsys, story)
    assert code == 0
    assert "2026-03-18T15:30:00.000+08:00  S1  a1/T5/questioning/stay:s-1/" in out
    assert "pre-10min@8h, limit@8h" in out


def test_a_silent_rule_is_explained(story, capsys):
    asked = ("--why-not", "T8/questioning", "--subject", "stay:s-1", "--at", "2026-03-18T12:00:00+08:00")
    code, out, _ = run(capsys, story, *asked)
    assert code == 0
    assert "规则只管这些措施：继续盘问；当时是：询问查证。" in out
    assert "in force was: Public-order questioning" in out
    row = json.loads(run(capsys, story, *asked, "--json")[1])
    assert (row["verdict"], row["code"]) == ("silent", "measure")
    assert row["found"] == {"zh": "询问查证", "en": "Public-order questioning"}


def test_a_log_is_explained_as_the_scenario_is(story, tmp_path, capsys):
    log, _ = Log.open(FileDisk(tmp_path / "log"))
    for number, line in enumerate(parse_scenario([json_line(text) for text in LINES]).lines):
        log.append(fact_entry(fact(line.fact, number, line.at_us, **line.body)))
    log.commit()
    found, expected = (
        json.loads(run(capsys, file, "T24/exit", "--json")[1]) for file in (str(tmp_path / "log"), story)
    )
    assert found["sentences"] == expected["sentences"]
    assert [item["en"] for item in found["facts"]] == [item["en"] for item in expected["facts"]]


def test_an_alarm_after_the_last_line_is_reached_with_until(story, capsys, tmp_path):
    short = tmp_path / "short.jsonl"
    short.write_text("".join(json_line(line) + "\n" for line in LINES[:-1]), encoding="utf-8")
    assert run(capsys, str(short), "T5")[0] == 2
    code, out, _ = run(capsys, str(short), "T5", "--until", "2026-03-18T20:00:00+08:00")
    assert code == 0
    assert "It still stands at the end of the record." in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("X9",), "expected the name of one alarm, found none that fits 'X9'"),
        (("T5", "--stage", "limit@9d"), "expected a stage of a1/T5/questioning"),
        (("T5", "--rulebook", "cn-1900"), "expected a file or one of"),
        (("T5", "--area", "nowhere"), "expected a file or one of"),
        (("T5", "--until", "noon"), "--at, --until: expected an instant"),
        (("--why-not", "T99/none", "--subject", "stay:s-1", "--at", "2026-03-18T12:00:00+08:00"), "expected a rule of"),
        (("--why-not", "T5/questioning", "--subject", "room:x", "--at", "2026-03-18T12:00:00+08:00"),
         "expected a subject of T5/questioning: stay:…, found room:x"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_was_expected_and_ends_with_2(story, capsys, arguments, expected):
    code, out, err = run(capsys, story, *arguments)
    assert (code, out) == (2, "")
    assert expected in err


@pytest.mark.parametrize(
    "arguments", [("--why-not", "T5/questioning"), ("T5", "--why-not", "T5/questioning")]
)
def test_half_a_question_is_refused(story, capsys, arguments):
    with pytest.raises(SystemExit) as left:
        run(capsys, story, *arguments)
    assert left.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_names_line_expected_and_found(tmp_path, capsys):
    file = tmp_path / "broken.jsonl"
    file.write_text("not json\n", encoding="utf-8")
    code, out, err = run(capsys, str(file), "T5")
    assert (code, out) == (2, "")
    assert "broken.jsonl: line 1: expected one JSON object a line" in err
    assert run(capsys, str(tmp_path / "nowhere.jsonl"), "T5")[0] == 2
