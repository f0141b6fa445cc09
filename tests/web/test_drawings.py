"""The plots: true to their data, never cheerful about what was not seen."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from caseserver.web.drawing import ahead, coverage, health, marks, plan, stay, why
from caseserver.web.drawing.svg import tag, text
from caseserver.web.views import AreaPlan, Count, LimitBar, Mark, Note, Pill, PlanDoor, RoomTile, Source, Stem
from caseserver.web.views_alarms import WhyFact
from caseserver.web.views_ledger import CoverageCell, CoveragePlot, CoverageRow
from tests.web import scenes
from tests.web.scenes import HOUR, MINUTE, NOW, SECOND

READER = scenes.reader()


def parse(markup: Markup) -> ET.Element:
    return ET.fromstring(str(markup))


def test_an_element_escapes_its_attributes_and_its_text() -> None:
    assert (
        str(tag("text", "<b>&", x=1.0, title='"><x>'))
        == '<text x="1" title="&#34;&gt;&lt;x&gt;">&lt;b&gt;&amp;</text>'
    )
    assert str(text("a", 1.25, 2)) == '<text x="1.2" y="2">a</text>'


@pytest.mark.parametrize("level", ["act", "soon", "know", "blind"])
@pytest.mark.parametrize("family", ["clock", "figure", "plug", "query"])
def test_every_mark_says_urgency_and_family_without_colour(level: str, family: str) -> None:
    picture = parse(marks.mark(Mark(level, family), READER))  # type: ignore[arg-type]
    assert READER.of("mark", level) in picture.attrib["aria-label"]


def test_a_running_count_carries_its_moment_and_one_that_is_over_does_not() -> None:
    assert f'data-due="{(NOW + HOUR) // 1000}"' in marks.duration(Count("left", NOW + HOUR), READER)
    assert f'data-since="{(NOW - HOUR) // 1000}"' in marks.duration(Count("gone", NOW - HOUR), READER)
    over = marks.duration(Count("gone", NOW - HOUR, NOW - HOUR + 38 * SECOND), READER)
    assert "data-" not in over
    assert ">38<small>秒" in over


def test_the_age_of_the_line_is_in_real_seconds_at_sixty_times_too() -> None:
    fast = scenes.reader(rate=60)
    assert ">2<small>秒" in marks.heard(NOW - 120 * SECOND, fast)


@given(st.integers(-10 * HOUR, 10 * HOUR), st.integers(1, 24))
def test_a_bar_is_as_long_as_its_share(offset_us: int, hours: int) -> None:
    bar = parse(marks.bar(LimitBar(NOW - offset_us, NOW - offset_us + hours * HOUR), READER))
    used = int(bar.findall("rect")[1].attrib["width"])
    assert used == min(1000, max(0, offset_us * 1000 // (hours * HOUR)))


def test_a_bar_in_doubt_is_hatched() -> None:
    assert 'class="frozen"' in marks.bar(LimitBar(NOW - HOUR, NOW + HOUR, in_doubt=True), READER)


def test_every_stem_is_drawn_and_abnormal_ones_keep_their_label() -> None:
    stems = tuple(Stem(f"{n:04d}", NOW + n * MINUTE, "soon" if n == 31 else "") for n in range(1, 60))
    picture = ahead.ahead(stems, READER)
    assert picture.count('class="stem') == 59
    assert ">0031<" in picture
    assert picture.count('class="no') < 59


def test_stems_outside_the_hour_are_not_drawn() -> None:
    picture = ahead.ahead((Stem("0001", NOW - SECOND), Stem("0002", NOW + HOUR + SECOND)), READER)
    assert 'class="stem' not in picture


def test_two_areas_share_the_sheet_and_have_their_names() -> None:
    area = scenes.plan()
    picture = plan.plan((area, replace(area, name="二号办案区")), READER)
    assert "一号办案区" in picture
    assert "二号办案区" in picture
    for rect in parse(picture).iter("rect"):
        if "x" in rect.attrib and "floor" in rect.attrib.get("class", ""):
            assert 0 <= float(rect.attrib["x"]) <= plan.WIDTH
            assert float(rect.attrib["y"]) + float(rect.attrib["height"]) <= plan.HEIGHT + 1


def test_no_room_at_all_is_an_empty_sheet() -> None:
    assert parse(plan.plan((AreaPlan("空", ()),), READER)).attrib["class"] == "plan"


def test_a_crowded_room_counts_whom_it_cannot_show() -> None:
    people = tuple(Pill(f"{n:04d}") for n in range(30))
    room = RoomTile("候问室", 0, 0, 20, 16, people=people)
    other = RoomTile("走廊", 20, 0, 80, 80)
    picture = plan.plan((AreaPlan("a", (room, other)),), READER)
    shown = picture.count('class="pill"')
    assert f">+{30 - shown}<" in picture


@pytest.mark.parametrize("state", ["open", "shut", "blind"])
def test_a_door_is_named_with_its_state(state: str) -> None:
    rooms = (RoomTile("甲", 0, 0, 50, 50), RoomTile("乙", 50, 0, 50, 50))
    picture = plan.plan((AreaPlan("a", rooms, (PlanDoor("甲门", (0, 1), state),)),), READER)  # type: ignore[arg-type]
    assert f"甲门: {READER.of('door', state)}" in picture


def test_what_is_kept_as_it_was_drawn_goes_with_state_moment_and_language() -> None:
    shut, open_ = PlanDoor("甲门", (0, 1), "shut"), PlanDoor("甲门", (0, 1), "open")
    blind = RoomTile("乙", 50, 0, 50, 50, level="blind", blind_since_us=NOW - HOUR)
    noted = RoomTile("丙", 0, 50, 50, 50, note=Note("在押", Count("gone", NOW - HOUR)))
    area = AreaPlan("a", (RoomTile("甲", 0, 0, 50, 50, people=(Pill("0403"),)), blind, noted), (shut,))
    first = plan.plan((area,), READER)
    assert plan.plan((area,), READER) == first
    later = plan.plan((area,), replace(READER, now_us=NOW + HOUR))
    assert first.count("1 小时 00 分") == 2
    assert later.count("2 小时 00 分") == 2
    assert f"甲门: {READER.of('door', 'open')}" in plan.plan((replace(area, doors=(open_,)),), READER)
    english = scenes.reader("en")
    assert f"甲门: {english.of('door', 'shut')}" in plan.plan((area,), english)
    assert plan.plan((area,), READER) == first


def test_why_draws_each_fact_once_in_order_of_time() -> None:
    page = scenes.alarm()
    picture = parse(why.why(page, READER))
    dots = [g for g in picture.iter("g") if g.attrib.get("class", "").startswith("fact")]
    xs = [float(re.findall(r"\((\S+) ", g.attrib["transform"])[0]) for g in dots]
    assert len(xs) == len(page.facts)
    assert xs == sorted(xs)


def test_why_breaks_a_long_quiet_stretch() -> None:
    assert 'class="brk"' in why.why(scenes.alarm(), READER)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=14), st.integers(0, 10**12))
def test_why_never_leaves_its_sheet(times: list[int], raised: int) -> None:
    facts = tuple(WhyFact(n, NOW - at_us, f"l{n % 3}", "x", "y") for n, at_us in enumerate(times))
    page = replace(scenes.alarm(), facts=facts, raised_us=NOW - raised)
    for line in parse(why.why(page, READER)).iter("g"):
        for x in re.findall(r"translate\((-?[\d.]+)", line.attrib.get("transform", "")):
            assert -20 <= float(x) <= 830


def test_a_second_that_was_not_seen_always_shows() -> None:
    row = CoverageRow("n1", (CoverageCell(NOW - HOUR, 3599, 1),))
    picture = parse(coverage.coverage(CoveragePlot(NOW - HOUR, NOW, (row,)), READER))
    unseen = [r for r in picture.iter("rect") if r.attrib.get("class") == "unseen"]
    seen = [r for r in picture.iter("rect") if r.attrib.get("class") == "seen"]
    assert float(unseen[0].attrib["height"]) >= 3
    assert float(seen[0].attrib["height"]) < 28
    assert "99.97 % · 看不见 1 秒" in "".join(picture.itertext())


@given(st.integers(0, 3600), st.integers(0, 3600))
def test_seen_and_unseen_fit_into_the_hour(seen: int, unseen: int) -> None:
    unseen = min(unseen, 3600 - seen)
    row = CoverageRow("n1", (CoverageCell(NOW, seen, unseen),))
    picture = parse(coverage.coverage(CoveragePlot(NOW, NOW + HOUR, (row,)), READER))
    heights = [
        float(r.attrib["height"]) for r in picture.iter("rect") if r.attrib.get("class") in ("seen", "unseen")
    ]
    assert sum(heights) <= 28.2


def test_an_hour_of_which_half_lies_in_the_window_is_half_as_wide() -> None:
    row = CoverageRow("n1", (CoverageCell(NOW - HOUR, 3600, 0), CoverageCell(NOW, 1800, 0)))
    picture = parse(coverage.coverage(CoveragePlot(NOW - HOUR, NOW + HOUR // 2, (row,)), READER))
    widths = [float(r.attrib["width"]) for r in picture.iter("rect") if r.attrib.get("class") == "seen"]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.2)


def test_alarms_at_one_time_stand_below_each_other() -> None:
    tail = scenes.stay().drawing.alarms[0]
    drawing = replace(scenes.stay().drawing, alarms=(tail, tail, tail))
    picture = str(stay.stay(drawing, READER))
    heights = set(re.findall(r'<path d="M[\d.]+ (\d+)H[\d.]+" class="tail', picture))
    assert len(heights) == 3


def test_the_stay_is_drawn_with_its_gaps_over_its_bars() -> None:
    picture = str(stay.stay(scenes.stay().drawing, READER))
    assert picture.index('class="guard0"') < picture.index('class="gap"')
    assert "停 38 秒" in picture
    assert "看不见 14 分 03 秒" in picture


@pytest.mark.parametrize("minutes", [0, 3, 50, 300, 3000, 20_000])
def test_a_stay_of_any_length_has_a_few_hour_lines(minutes: int) -> None:
    drawing = replace(scenes.stay().drawing, to_us=scenes.stay().drawing.from_us + minutes * MINUTE)
    assert str(stay.stay(drawing, READER)).count('class="hr') <= 16


def test_a_silent_source_is_a_hatched_box() -> None:
    picture = health.barcode((Source("n1", fresh=True), Source("n2", fresh=False)))
    assert picture.count('class="dead"') == 1
    assert "n2" in picture
