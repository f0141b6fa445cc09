"""`caseward whatif`: the public interface on scenarios and real logs, its exit codes and errors, and its page in docs/."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from caseward.cli import main
from custody.facts import Fact
from custody.scenario import parse_scenario
from tests.custody.support import OFFICERS, START_US, admitted, fact, json_line
from tests.custody.test_replay_log import HOUR_US, write_log
from tests.tools.tree import ROOT

BOOKS = ("--from", "cn-2012", "--to", "cn-2026")
NINE_HOURS = [
    *OFFICERS,
    *admitted("public_order_questioning"),
    "16:00 extension.approved stay=s-1 rule=T5 limit=12h approver=0866 ground=many_persons_involved",
    "18:00 stay.released stay=s-1 reason=released",
]


@pytest.fixture
def story(tmp_path):
    file = tmp_path / "story.jsonl"
    file.write_text("\n".join(map(json_line, NINE_HOURS)), encoding="utf-8")
    return file


def run(capsys, *arguments: object):
    code = main(["whatif", *map(str, arguments)])
    return code, *capsys.readouterr()


def compared(capsys, *arguments: object):
    code, out, err = run(capsys, *arguments, *BOOKS, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def row(result, label):
    return next(rule for rule in result["rules"] if rule["rule"] == label)


def test_json_tells_rule_article_subject_and_stretches(story, capsys):
    result = compared(capsys, story)
    rule = row(result, "T5/questioning")
    assert (result["from"], result["to"]) == ("cn-2012", "cn-2026")
    assert (rule["basis"], rule["from_ms"], rule["to_ms"]) == ("law", 3_600_000, 0)
    assert [article["article"] for article in rule["articles"]["from"] + rule["articles"]["to"]] == [
        "83",
        "97",
    ]
    (subject,) = rule["subjects"]
    assert (subject["subject"], subject["change"]) == ("stay:s-1", "turns_lawful")
    assert subject["from"]["spans"] == [["2026-03-18T17:00:00.000+08:00", "2026-03-18T18:00:00.000+08:00"]]
    (refusal,) = result["refusals"]
    assert (refusal["fact"], refusal["refused_under"], refusal["found"]) == (
        "extension.approved",
        "from",
        "12h",
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "turns lawful",
                "1 h 00 min (1×) → –",
                "Administrative Procedure art. 69",
                "refused under cn-2012 only",
            ],
        ),
        ("zh", ["转为合法", "1 小时 00 分 (1次) → –", "治安管理处罚法 第97条", "只有 cn-2012 不予受理"]),
    ],
)
def test_the_table_says_the_same_for_people_in_both_languages(story, capsys, language, words):
    code, out, _ = run(capsys, story, *BOOKS, "--lang", language)
    assert code == 0
    assert [word for word in words if word not in out] == []
    if language == "en":
        assert not re.search("[一-鿿]", out)


def test_nothing_changes_between_a_book_and_itself(story, capsys):
    code, out, _ = run(capsys, story, "--from", "cn-2026", "--to", "cn-2026")
    assert code == 0
    assert "Nothing changes" in out
    assert "By stay" not in out


def test_until_goes_on_past_the_last_fact(tmp_path, capsys):
    file = tmp_path / "open.jsonl"
    file.write_text("\n".join(map(json_line, NINE_HOURS[:-1])), encoding="utf-8")
    result = compared(capsys, file, "--until", "2026-03-18T19:00:00+08:00")
    assert row(result, "T5/questioning")["from_ms"] == 7_200_000


def test_a_rulebook_may_be_a_file_of_ones_own(story, tmp_path, capsys):
    from custody.bundled import rulebook_text

    own = tmp_path / "stricter.toml"
    own.write_text(rulebook_text("cn-2026").replace('limit = "12h"', 'limit = "11h"'), encoding="utf-8")
    code, out, _ = run(capsys, story, "--from", "cn-2026", "--to", own, "--json")
    assert code == 0
    assert (
        row(json.loads(out), "T5/questioning")["to_ms"] == 3_600_000
    )  # 12 h no longer a limit: refused, 17:00 to 18:00


def test_folder_segment_and_exported_leaves_of_a_real_log_say_the_same(tmp_path, capsys):
    scenario = parse_scenario(list(map(json_line, NINE_HOURS)))
    facts: list[Fact] = [fact(line.fact, n, line.at_us, **line.body) for n, line in enumerate(scenario.lines)]
    write_log(tmp_path / "log", facts, START_US + 10 * HOUR_US)
    segment = next((tmp_path / "log").glob("*.seg"))
    exported = tmp_path / "leaves.jsonl"
    exported.write_text("".join(line[9:] for line in segment.open(encoding="utf-8")), encoding="utf-8")
    by_folder = compared(capsys, tmp_path / "log")
    assert row(by_folder, "T5/questioning")["from_ms"] == 3_600_000
    assert by_folder["stays"]["count"] == 1
    assert compared(capsys, segment) == by_folder == compared(capsys, exported)


def test_the_plot_is_written_beside_the_table(story, tmp_path, capsys):
    file = tmp_path / "plot.svg"
    code, out, _ = run(capsys, story, *BOOKS, "--svg", file, "--lang", "zh")
    assert code == 0
    assert "T5/questioning" in out
    assert ET.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "询问查证时限" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "expected", "found"),
    [
        (
            ("--from", "cn-1900", "--to", "cn-2026"),
            "expected a file or one of cn-2012, cn-2026, ew-pace",
            "cn-1900",
        ),
        (("--from", "cn-2012", "--to", "nowhere.toml"), "No such file", "nowhere.toml"),
        ((*BOOKS, "--area", "palace"), "expected a file or one of annex, standard", "palace"),
        ((*BOOKS, "--until", "noon"), "--until: expected an instant", "noon"),
        ((*BOOKS, "--svg", "/nowhere/plot.svg"), "No such file", "/nowhere/plot.svg"),
    ],
)
def test_bad_options_end_with_2_and_say_what_was_expected(story, capsys, options, expected, found):
    code, out, err = run(capsys, story, *options)
    assert (code, out) == (2, "")
    assert expected in err
    assert found in err


@pytest.mark.parametrize(
    ("content", "expected", "found"),
    [
        (b"not json\n", "line 1: expected one JSON object a line", "Expecting value"),
        (
            b'{"at": "2026-03-18T09:00:00+08:00", "fact": "person.flew"}',
            "line 1: expected a fact type",
            "person.flew",
        ),
        (b'{"prev":"00","class":"gossip"}\n', "line 1: expected class 'fact', 'output' or 'log'", "gossip"),
        (
            b'{"prev":"00","class":"output"}\n{"prev',
            "line 2: expected a leaf, one JSON object a line",
            "Unterminated",
        ),
        (b"\n\xff\xfe", "line 2: expected UTF-8", "invalid start byte"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, capsys, content, expected, found):
    file = tmp_path / "broken.jsonl"
    file.write_bytes(content)
    code, out, err = run(capsys, file, *BOOKS)
    assert (code, out) == (2, "")
    assert f"broken.jsonl: {expected}" in err
    assert found in err


def test_a_missing_file_and_a_folder_without_a_log_are_named(tmp_path, capsys):
    assert "No such file" in run(capsys, tmp_path / "gone.jsonl", *BOOKS)[2]
    assert "expected log segments (*.seg), found none" in run(capsys, tmp_path, *BOOKS)[2]


def test_both_rulebooks_have_to_be_named(story, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["whatif", str(story), "--from", "cn-2012"])
    assert ended.value.code == 2
    assert "--to" in capsys.readouterr().err


class TestThePageInTheDocuments:
    PAGE = ROOT / "docs" / "whatif.md"
    STORY = ROOT / "docs" / "whatif-example.jsonl"

    def test_its_table_is_what_the_command_prints(self, capsys):
        _, out, _ = run(capsys, self.STORY, *BOOKS)
        shown = re.search(r"```text\n(.*?)```", self.PAGE.read_text(encoding="utf-8"), re.DOTALL)
        assert shown is not None
        assert shown.group(1) == out

    def test_its_picture_is_what_the_command_draws(self, tmp_path, capsys):
        drawn = tmp_path / "plot.svg"
        assert run(capsys, self.STORY, *BOOKS, "--svg", drawn)[0] == 0
        picture = ROOT / "docs" / "img" / "whatif-example.svg"
        assert picture.read_text(encoding="utf-8") == drawn.read_text(encoding="utf-8")
        command = "caseward whatif docs/whatif-example.jsonl --from cn-2012 --to cn-2026 --svg docs/img/whatif-example.svg"
        assert command in self.PAGE.read_text(encoding="utf-8")
