"""From the log to the pages, over the afternoon of day.py: what the views say is what the facts say."""

import re
from pathlib import Path

import pytest

from caseserver.web.gather import Gatherer
from caseserver.web.present.alarm import alarm_page
from caseserver.web.present.coverage import coverage_plot
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.stay import stay_page
from caseserver.web.present.wall import alarm_list, stay_list, wall
from caseserver.web.views import Mark, StayPage, WallView
from caseserver.web.views_alarms import AlarmPage
from tests.web import day, scenes
from tests.web.house import MINUTE, House
from tests.web.scenes import at

MAY = frozenset(
    {
        "alarm.taken",
        "alarm.acknowledged",
        "alarm.rectified",
        "alarm.verified",
        "wristband.bound",
        "stay.released",
    }
)


def picture(house: House) -> AreaPicture:
    return Gatherer(house.station).pictures(scenes.reader())[0]


def wall_of(house: House, language: str = "zh") -> WallView:
    reader = scenes.reader(language, now_us=house.clock.now().earliest_us)
    return wall(Gatherer(house.station).pictures(reader), reader)


def alarm_of(house: House, rule: str, language: str = "zh", badge: str = "0312") -> AlarmPage:
    view = house.station.areas()[0]
    reader = scenes.reader(language, badge=badge, now_us=house.clock.now().earliest_us)
    alarm = next(a for a in (*view.alarms, *view.closed_alarms) if a.rule == rule)
    gatherer = Gatherer(house.station)
    leaves = gatherer.leaves_of(view, alarm.facts)
    return alarm_page(alarm, gatherer.picture(view, reader), leaves, view.history(alarm.id), reader, MAY)


def stay_of(house: House, ref: str) -> StayPage:
    view = house.station.areas()[0]
    reader = scenes.reader(now_us=house.clock.now().earliest_us)
    gatherer = Gatherer(house.station)
    own = view.stay_leaves(ref)
    near = gatherer.near(view, own[0]["index"], None)
    page = stay_page(
        ref,
        gatherer.picture(view, reader),
        own,
        near,
        view.alarms_of(ref),
        reader,
        view.health().log_size,
        MAY,
    )
    assert page is not None
    return page


def test_the_wall_has_a_row_for_everybody_held(afternoon: House) -> None:
    view = wall_of(afternoon)
    assert {row.stay for row in view.people.rows} == {
        "0403",
        "0409",
        "0412",
        "0414",
        "0415",
        "0418",
        "0419",
        "0420",
    }
    assert view.top.held == 8


def test_alarms_stand_above_the_quiet_and_the_quiet_by_time_left(afternoon: House) -> None:
    rows = wall_of(afternoon).people.rows
    levels = [row.mark.level if row.mark else "" for row in rows]
    assert levels == sorted(levels, key=["act", "blind", "soon", "know", ""].index)
    quiet = [row.count.at_us for row in rows if row.mark is None and row.count]
    assert quiet == sorted(quiet)


def test_a_stopped_recorder_shows_in_the_row_on_the_plan_and_as_a_card(afternoon: House) -> None:
    view = wall_of(afternoon)
    row = next(row for row in view.people.rows if row.stay == "0412")
    assert row.mark == Mark("act", "plug")
    assert row.musts == ("ok", "ok", "ok", "bad")
    assert row.count is not None
    assert (row.count.kind, row.count.at_us) == ("gone", at("14:21:56"))
    tile = next(tile for tile in view.plan[0].rooms if tile.name == "讯问室 2")
    assert (tile.level, tile.recorder) == ("act", "bad")
    card = next(card for card in view.alarms.cards if card.where == "讯问室 2")
    assert (card.who, card.seal, card.sound, card.state) == ("0412", "law", "equip-act", "new")


def test_the_legal_clock_of_a_row_is_the_law_s_own_limit(afternoon: House) -> None:
    row = next(row for row in wall_of(afternoon).people.rows if row.stay == "0403")
    assert row.bar is not None
    assert (row.bar.start_us, row.bar.end_us) == (at("7:00"), at("15:00"))
    assert row.bar.level == "soon"
    assert row.basis == "询问查证 8 小时"


def test_a_warning_is_no_alarm_yet(afternoon: House) -> None:
    card = next(card for card in wall_of(afternoon).alarms.cards if card.what == "询问查证时限将满")
    assert card.is_warning
    assert card.count is not None
    assert (card.count.kind, card.count.at_us) == ("left", at("15:00"))
    assert alarm_of(afternoon, "T5").moves == ()


def test_a_limit_is_where_the_person_is_now_not_where_its_clock_began(afternoon: House) -> None:
    card = next(card for card in wall_of(afternoon).alarms.cards if card.is_warning)
    assert card.where == "候问室 1"


def test_alarms_of_one_cause_are_one_card_on_the_wall_and_all_in_the_list(afternoon: House) -> None:
    reader = scenes.reader(now_us=day.NOW)
    on_wall = [card for card in wall_of(afternoon).alarms.cards if card.where == "候问室 2门"]
    in_list = [
        card
        for card in alarm_list(Gatherer(afternoon.station).pictures(reader), reader).open
        if card.where == "候问室 2门"
    ]
    assert (len(on_wall), len(in_list)) == (1, 2)
    assert on_wall[0].mark.level == "act"


def test_english_walls_hold_no_chinese(afternoon: House) -> None:
    from caseserver.web import render

    reader = scenes.reader("en")
    html = render.wall(wall_of(afternoon, "en"), reader)
    assert not re.search("[一-鿿]", html)


def test_neither_case_nor_sex_nor_a_name_reaches_the_wall(afternoon: House) -> None:
    from caseserver.web import render

    html = render.wall(wall_of(afternoon), scenes.reader())
    assert "c-0412" not in html
    assert not re.search("女(?!候)|男", html)


def test_a_node_that_is_lost_makes_its_rooms_and_people_unseen(house: House) -> None:
    day.blind(house)
    view = wall_of(house)
    row = next(row for row in view.people.rows if row.stay == "0419")
    assert row.mark == Mark("blind", "query")
    assert row.musts[2:] == ("blind", "blind")
    assert row.duty == "派人当面看守"
    tile = next(tile for tile in view.plan[0].rooms if tile.name == "醒酒室")
    assert (tile.level, tile.guard, tile.recorder) == ("blind", "blind", "blind")
    assert tile.blind_since_us == day.NOW + 10_000_000
    assert [s.name for s in view.health.sources if not s.fresh] == [
        "节点 n4", "录像 南侧",
        *(f"读卡器 rd-{room}" for room in ("waiting-f", "sobering", "property", "handover")),
        *(f"读卡器 rd-{kind}-1" for kind in ("effects", "exhibits", "dangerous")),
        "紧急开门", "涉案财物室水浸", "醒酒室温度",
    ]  # fmt: skip


def test_sources_that_were_never_heard_are_counted_as_unseen(tmp_path: Path) -> None:
    house = House(tmp_path, day.START)
    house.deliver()
    view = wall_of(house)
    house.close()
    assert {tile.level for tile in view.plan[0].rooms if not tile.passage} == {"blind"}
    assert not any(tile.note for tile in view.plan[0].rooms)
    assert view.alarms.cards == ()
    assert (view.alarms.sources, view.alarms.unseen) == (0, 33)


def test_a_gateway_that_is_late_freezes_its_figures_at_its_last_word(house: House) -> None:
    import time

    state = house.station.states()[0]
    heard_us = house.clock.now().earliest_us
    house.clock.tell(heard_us + 20 * MINUTE)
    state.tick(house.clock.now(), time.monotonic() + 10)
    view = wall_of(house)
    for row in view.people.rows:
        assert row.count is None or (row.count.frozen and row.count.until_us == heard_us)
        assert row.bar is None or row.bar.in_doubt
    assert not any(source.fresh for source in view.health.sources)
    assert all(tile.level in ("blind", "act") for tile in view.plan[0].rooms)


def test_a_limit_inside_the_clocks_interval_is_possible_with_its_width_and_then_certain(house: House) -> None:
    day.unsure(house, 10 * MINUTE)
    view = wall_of(house)
    assert (view.health.clock_doubt_us, view.health.is_clock_wide) == (10 * MINUTE, True)
    assert all(row.bar is None or row.bar.give_us == 10 * MINUTE for row in view.people.rows)
    assert [card.who for card in view.alarms.cards if card.is_possible] == ["0420"]
    page = alarm_of(house, "M2a")
    assert page.card.is_possible
    assert any(step.detail == "可能到点，时间不确定" for step in page.steps)
    assert stay_of(house, "0420").limit_give_us == 10 * MINUTE
    later_us = day.NOW + 16 * MINUTE  # by the earliest reading the search was due half a minute ago
    house.clock.tell(later_us)
    house.deliver()
    page = alarm_of(house, "M2a")
    assert not page.card.is_possible
    assert [(s.title, s.at_us) for s in page.steps if s.title == "确定已到点"] == [
        ("确定已到点", page.raised_us)
    ]


def test_a_clock_that_knows_nothing_freezes_the_wall_and_calls_what_runs_possible(house: House) -> None:
    day.unsure(house, None)
    view = wall_of(house)
    assert (view.health.clock_doubt_us, view.health.clock_half_us) == (None, None)
    assert all(row.bar is None or row.bar.in_doubt for row in view.people.rows)
    possible = [card for card in view.alarms.cards if card.is_possible]
    assert possible
    for card in possible:
        assert card.count is not None
        assert card.count.frozen
        assert card.count.kind == ("left" if card.count.at_us > day.NOW else "gone")


def test_a_gateway_that_is_sure_says_no_width_and_no_alarm_is_merely_possible(afternoon: House) -> None:
    view = wall_of(afternoon)
    assert not view.health.is_clock_wide
    assert not any(card.is_possible for card in view.alarms.cards)
    assert all(row.bar is None or row.bar.give_us == 0 for row in view.people.rows)


def test_an_alarm_page_shows_exactly_the_leaves_behind_it(afternoon: House) -> None:
    page = alarm_of(afternoon, "M4")
    log = afternoon.gateways["a1"].log
    assert [fact.text for fact in page.facts] == ["0412 在 讯问室 2", "录像 讯问室 2 停止录像"]
    for fact in page.facts:
        assert str(fact.at_us).encode() in log.leaf(fact.leaf)
    assert page.raised_us == at("14:22:01")
    assert [step for step, _ in page.todo] == ["停止讯（询）问", "重启录像"]
    assert page.moves == ("take", "acknowledge")


def test_law_is_named_but_never_paraphrased_as_its_words(afternoon: House) -> None:
    page = alarm_of(afternoon, "M4")
    assert page.law is not None
    assert page.law.words == ""
    assert "137" in page.law.source
    door = alarm_of(afternoon, "DR")
    assert door.law is None


def test_who_handled_an_alarm_may_not_verify_it(house: House) -> None:
    gateway = house.gateways["a1"]
    alarm = next(a for a in house.station.areas()[0].alarms if a.rule == "M4")
    gateway.say(
        "recorder.started", day.NOW + 60_000_000, by="node", source="n2", recorder="rec-interrogation-2"
    )
    gateway.say("alarm.taken", day.NOW + 61_000_000, alarm=alarm.id, officer="0312")
    gateway.say(
        "alarm.rectified",
        day.NOW + 62_000_000,
        alarm=alarm.id,
        officer="0312",
        cause="power",
        action="restarted",
    )
    house.clock.tell(day.NOW + 90_000_000)
    house.deliver()
    assert alarm_of(house, "M4", badge="0312").moves == ()
    page = alarm_of(house, "M4", badge="0100")
    assert page.moves == ("verify",)
    assert [step.title for step in page.steps][-4:-1] == ["情形结束", "0312 接单", "0312 处置"]
    assert page.steps[-2].detail == "断电 · 已重启录像"
    assert page.card.cleared


def test_the_record_counts_what_was_short_before_it_was_an_alarm(afternoon: House) -> None:
    page = stay_of(afternoon, "0409")
    brought, searched, guard, record = page.musts
    assert brought.seconds == 70
    assert searched.done is True
    assert (record.short_s, record.blind_s) == (38, 0)
    assert guard.short_s == 3  # the badge is read a moment after the band: three such moments of one second
    assert page.complete
    assert [room for _, room in page.drawing.way] == ["登记台", "安全检查室", "讯问室 1"]


def test_the_record_tells_unseen_from_short(house: House) -> None:
    day.blind(house)
    page = stay_of(house, "0419")
    guard = page.musts[2]
    assert guard.blind_s == 124
    spans = {span.kind for span in page.drawing.guard}
    assert "blind" in spans


def test_a_record_with_a_hole_says_that_it_is_not_complete(afternoon: House) -> None:
    view = afternoon.station.areas()[0]
    own = view.stay_leaves("0409")
    del own[2]
    page = stay_page("0409", picture(afternoon), own, [], [], scenes.reader(), 1)
    assert page is not None
    assert not page.complete


def test_what_may_be_done_with_a_stay_depends_on_what_is_missing(afternoon: House) -> None:
    assert [href.rpartition("/")[2] for href, _ in stay_of(afternoon, "0409").duties] == ["release", "record"]


def test_an_unknown_stay_has_no_page(afternoon: House) -> None:
    assert stay_page("nobody", picture(afternoon), [], [], [], scenes.reader(), 1) is None


def test_coverage_sums_to_the_hours_it_shows(afternoon: House) -> None:
    reader = scenes.reader(now_us=day.NOW)
    gatherer = Gatherer(afternoon.station)
    plot = coverage_plot(gatherer.pictures(reader), gatherer.coverage(reader), reader)
    rows = {row.source: row for row in plot.rows}
    assert sum(cell.unseen_s for cell in rows["节点 n2"].cells) == pytest.approx(14 * 60, abs=30)
    assert all(cell.seen_s + cell.unseen_s <= 3601 for row in plot.rows for cell in row.cells)


def test_those_who_left_are_listed_with_how_long_they_stayed(house: House) -> None:
    house.gateways["a1"].say(
        "stay.released", day.NOW + 1_000_000, by="server", stay="0418", reason="released", officer="0312"
    )
    house.clock.tell(day.NOW + 2_000_000)
    house.deliver()
    reader = scenes.reader(now_us=house.clock.now().earliest_us)
    found = stay_list(Gatherer(house.station).pictures(reader), reader)
    assert [entry[0] for entry in found.released] == ["0418"]
    assert "0418" not in {row.stay for row in found.held}
