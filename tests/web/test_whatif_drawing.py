"""The what-if plot: two true bars a rule, readable without colour, in both languages, and as a file of its own."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseserver.web.drawing.whatif import whatif, whatif_file
from caseserver.web.reader import Reader
from custody.name import Name
from custody.rules import Article
from custody.times import parse_instant_us
from custody.whatif import RuleChange, Side, SubjectChange, Totals, WhatIf

NOW = parse_instant_us("2026-03-18T18:00:00+08:00")
MINUTE = 60_000_000
ZH, EN = (Reader(now_us=NOW, zone="Asia/Shanghai", language=language) for language in ("zh", "en"))
OLD = Article("OLD", "83", "旧法 第83条", "Old Law art. 83")
TOTALS = Totals(3, 0, 1, 1, 1, 0, 0, 0)


def side(*lengths: int) -> Side:
    """Stretches of so many minutes, an hour apart in the morning of some day each."""
    spans = tuple((n * 1_440 * MINUTE, (n * 1_440 + length) * MINUTE) for n, length in enumerate(lengths))
    return Side(spans, len(lengths), ("T5/questioning",) if lengths else ())


def rule(label: str, *subjects: tuple[Side, Side], title: Name | None = None) -> RuleChange:
    rows = tuple(SubjectChange(f"stay:s-{n}", *sides) for n, sides in enumerate(subjects))
    return RuleChange(label, "law", title or Name("询问查证时限", "Questioning limit"), (OLD,), (), rows)


def result(*rules: RuleChange) -> WhatIf:
    return WhatIf(
        area="a1", before="cn-2012", after="cn-2026", before_title=Name("旧", "old"), after_title=Name("新", "new"),
        from_us=NOW - 540 * MINUTE, until_us=NOW, rules=rules, local=(), verdicts=(), refusals=(), stays=TOTALS, others=TOTALS,
    )  # fmt: skip


def parse(markup: str) -> ET.Element:
    return ET.fromstring(markup)


def words(markup: str) -> list[str]:
    return [
        text for element in parse(markup).iter() if element.tag.endswith("text") and (text := element.text)
    ]


def bars(markup: str, label: str) -> list[tuple[str, float, float]]:
    """(class, x, width) of the bars of a rule."""
    (row,) = [group for group in parse(markup).iter() if group.get("data-rule") == label]
    rects = [element for element in row if element.tag.endswith("rect")]
    return [(r.attrib["fill"], float(r.attrib["x"]), float(r.attrib["width"])) for r in rects]


LESS = rule("T5/questioning", (side(60), side()), (side(300), side(60)))
MORE = rule("R3/questioning", (side(), side(30)))


def test_lengths_stand_in_the_ratio_of_the_minutes() -> None:
    drawn = str(whatif(result(LESS, MORE), EN))
    before, after, less = bars(drawn, "T5/questioning")
    assert before[0] == "url(#wi-before)"
    assert (after[0], less[0]) == ("#3d4449", "none")
    assert before[2] == pytest.approx(6 * after[2], abs=0.5)
    assert after[2] + less[2] == pytest.approx(before[2], abs=0.5)
    assert after[1] + after[2] == pytest.approx(less[1], abs=0.5)
    (_, solid, more) = (("", 0, 0), *bars(drawn, "R3/questioning"))
    assert (solid[0], more[0]) == ("#3d4449", "url(#wi-more)")
    assert more[2] == pytest.approx(before[2] / 12, abs=0.5)


def test_the_axis_has_round_numbers_and_holds_the_longest_bar() -> None:
    drawn = str(whatif(result(LESS), EN))
    ticks = [word for word in words(drawn) if re.fullmatch(r"\d+ h", word)]
    assert ticks == ["0 h", "1 h", "2 h", "3 h", "4 h", "5 h", "6 h"]
    days = rule("T21/case", (side(29_400), side()))
    assert [word for word in words(str(whatif(result(days), ZH))) if word.endswith(" 天")][:3] == [
        "0 天",
        "5 天",
        "10 天",
    ]


def test_a_bar_that_would_dwarf_the_others_is_broken_and_keeps_its_figure() -> None:
    giant = rule("T21/case", (side(29_400), side()))
    drawn = str(whatif(result(LESS, MORE, giant), EN))
    assert drawn.count('class="wi-brk"') == 2
    assert bars(drawn, "T21/case")[0][2] == bars(drawn, "T5/questioning")[0][2]
    assert "490 h 00 m · 1×" in words(drawn)
    assert 'class="wi-brk"' not in str(whatif(result(LESS, MORE), EN))


def test_an_act_of_no_length_still_shows() -> None:
    act = rule("M2b/approval", (side(), side(0)))
    drawn = str(whatif(result(act, LESS), EN))
    assert [width for _, _, width in bars(drawn, "M2b/approval")] == [2.0]
    assert "0 s · 1×" in words(drawn)


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (
            ZH,
            [
                "询问查证时限",
                "6 小时 00 分 · 2 次",
                "1 小时 00 分 · 1 次",
                "转为合法：1",
                "仍违法，有变化：1",
                "多出的时长",
            ],
        ),
        (
            EN,
            [
                "Questioning limit",
                "6 h 00 m · 2×",
                "1 h 00 m · 1×",
                "to lawful: 1",
                "unlawful, not alike: 1",
                "more time",
            ],
        ),
    ],
)
def test_names_figures_and_changes_stand_in_the_language_of_the_reader(
    reader: Reader, expected: list[str]
) -> None:
    shown = words(str(whatif(result(LESS, MORE), reader)))
    assert [word for word in expected if word not in shown] == []
    if reader is EN:
        assert not re.search("[一-鿿]", "".join(shown))


def test_every_change_has_a_form_of_its_own_beside_its_colour() -> None:
    drawn = str(whatif(result(LESS, MORE), ZH))
    forms = {
        name: set(re.findall(rf'd="([^"]*)"[^>]*class="wi-{name}"', drawn)) for name in ("up", "down", "same")
    }
    assert all(forms.values())
    shapes = {re.sub(r"M[\d.]+ [\d.]+", "", form) for found in forms.values() for form in found}
    assert len(shapes) == 3
    assert 'fill="url(#wi-before)"' in drawn  # hatched
    assert "stroke-dasharray" in drawn  # dashed
    assert 'fill="url(#wi-more)"' in drawn  # striped


def test_rules_that_say_the_same_are_not_drawn_and_nothing_at_all_is_said_in_words() -> None:
    same = rule("T5/questioning", (side(60), side(60)))
    assert words(str(whatif(result(same), ZH)))[-1] == "没有一条规则的结果不同"
    assert "No rule says another thing" in words(whatif_file(result(), EN))


def test_the_file_is_whole_by_itself() -> None:
    drawn = whatif_file(result(LESS), EN)
    root = parse(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "style" not in root.attrib
    assert "cn-2012 → cn-2026: time against the law, rule by rule" in words(drawn)
    assert "Area a1, 18 Mar 09:00 to 18 Mar 18:00, stays: 3" in words(drawn)
    painted = [e for e in root.iter() if e.tag.rpartition("}")[2] in ("rect", "path", "text")]
    assert all("fill" in e.attrib or "stroke" in e.attrib for e in painted)


def test_a_long_name_is_broken_into_lines_and_never_cut() -> None:
    long = Name(
        "扣押、辨认和调解由一名人民警察进行的须全程同步录音录像",
        "Seizure, identification and mediation by one officer recorded throughout",
    )
    for reader in (ZH, EN):
        drawn = str(whatif(result(rule("R4", (side(30), side()), title=long), LESS), reader))
        (row,) = [g for g in parse(drawn).iter() if g.get("data-rule") == "R4"]
        lines = [e.text or "" for e in row if e.tag.endswith("text") and e.get("x") == "16"][1:]
        assert len(lines) > 1
        assert ("" if reader is ZH else " ").join(lines) == reader.name(long)


def test_words_of_a_rulebook_are_escaped() -> None:
    nasty = rule('<b>&"', (side(30), side()), title=Name("<script>", "</svg><script>alert(1)</script>"))
    sly = replace(result(nasty), before='"><x>')
    for drawn in (str(whatif(sly, EN)), whatif_file(sly, ZH)):
        parse(drawn)
        assert "<script" not in drawn
        assert "<x>" not in drawn


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 500_000), max_size=3), st.lists(st.integers(0, 500_000), max_size=3)
        ),
        max_size=6,
    )
)
def test_any_lengths_stay_on_the_paper(pairs: list[tuple[list[int], list[int]]]) -> None:
    rules = [rule(f"T{n}", (side(*before), side(*after))) for n, (before, after) in enumerate(pairs)]
    drawn = whatif_file(result(*rules), ZH)
    root = parse(drawn)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for element in root.iter():
        if element.tag.endswith("rect"):
            x, y, w = (float(element.attrib[key]) for key in ("x", "y", "width"))
            assert 0 <= x <= x + w <= width
            assert 0 <= y <= height
