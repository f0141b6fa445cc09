"""The page of blind time, and the four musts on the record of a stay: by the real application, over a real log."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from caseserver.web import ledgering, render
from caseserver.web.drawing import blind as drawn_blind
from caseserver.web.drawing import musts as drawn_musts
from caseserver.web.ledgering import Ledgers
from caseserver.web.present.blind import source_words
from caseserver.web.present.musts import LOOKS, four_musts
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_ledger import BlindLane, BlindPage
from custody.ledger.coverage import STATES
from tests.web import day
from tests.web.house import House
from tests.web.test_pages import client_of

HOUR_US = 3_600_000_000
READER = Reader(day.NOW, "Asia/Shanghai")


@pytest.fixture
def blinded(house: House) -> House:
    day.blind(house)
    return house


def page(**changes: object) -> BlindPage:
    empty = BlindPage("A", "d", day.NOW - 3 * HOUR_US, day.NOW, (), (), (), 0, (), "/blind?day=x", "")
    return replace(empty, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "words"), [
    ("zh", ("盲区时长", "醒酒室", "节点 n4", "节点失联", "还没恢复", "M3 一律有人负责看管", "没有装的")),
    ("en", ("Blind time", "Sobering room", "n4", "node lost", "not back yet", "Not fitted")),
])  # fmt: skip
def test_a_lost_node_is_shown_with_rooms_rules_reason_and_seconds(
    blinded: House, language: str, words: tuple[str, ...]
) -> None:
    text = client_of(blinded, "0312").get(f"/blind?lang={language}").text
    for said in words:
        assert said in text, said
    assert '<svg class="coverage"' in text
    assert 'class="unseen"' in text


def test_a_day_on_which_everything_was_seen_says_so(afternoon: House) -> None:
    text = client_of(afternoon, "0312").get("/blind?lang=zh").text
    assert "这一天没有一秒盲区" in text
    assert 'class="unseen"' not in text


def test_a_day_before_the_log_has_nothing_and_a_day_that_is_none_is_refused(afternoon: House) -> None:
    client = client_of(afternoon, "0312")
    assert client.get("/blind?day=2026-03-17").status_code == 200
    assert client.get("/blind?day=2099-01-01&area=nowhere").status_code == 200
    refused = client.get("/blind?day=2026-13-01&lang=en")
    assert refused.status_code == 404
    assert "found 2026-13-01" in refused.text


def test_only_who_is_signed_in_sees_it(afternoon: House) -> None:
    assert client_of(afternoon).get("/blind").status_code == 303


def test_the_record_of_a_stay_has_the_four_musts_and_each_adds_up_to_the_stay(afternoon: House) -> None:
    view = afternoon.station.area("a1")
    own = view.stay_leaves("0409")
    found = Ledgers(afternoon.station).of_stay(view, "0409", own[0]["index"], None, day.NOW)
    shown = four_musts(found, Words(view.area, view.engine_world, READER))
    assert shown is not None
    assert [bar.must for bar in shown.bars] == ["in", "search", "guard", "record"]
    for bar in shown.bars:
        assert sum(us for _, _, us in bar.sums) == shown.to_us - shown.from_us
        assert sum(part.to_us - part.from_us for part in bar.parts) == shown.to_us - shown.from_us
    stopped = next(us for _, look, us in shown.bars[3].sums if look == "short")
    assert stopped == 38_000_000  # the recorder of its room stopped at 10:02 for so long
    text = client_of(afternoon, "0312").get("/stays/a1/0409?lang=zh").text
    assert "四个一律，逐秒" in text
    assert re.search(r"没有录像 <b>38 秒", text)


def test_every_state_has_its_look_and_nothing_known_is_nothing_drawn(afternoon: House) -> None:
    assert {state for states in STATES.values() for state in states} == LOOKS.keys()
    view = afternoon.station.area("a1")
    assert four_musts(None, Words(view.area, view.engine_world, READER)) is None


def test_a_stay_that_has_ended_is_counted_to_its_end_and_made_once(house: House, monkeypatch) -> None:
    now_us = house.clock.now().earliest_us
    house.gateways["a1"].say("stay.released", now_us, stay="0409", reason="released", officer="1187")
    house.deliver()
    view = house.station.area("a1")
    own, ledgers = view.stay_leaves("0409"), Ledgers(house.station)
    first, last = own[0]["index"], own[-1]["index"]
    found = ledgers.of_stay(view, "0409", first, last, now_us + HOUR_US)
    assert found is not None
    assert (found["is_over"], found["to_us"]) == (True, now_us)
    monkeypatch.setattr(ledgering, "coverage", lambda *_: pytest.fail("it was made again"))
    assert ledgers.of_stay(view, "0409", first, last, now_us + HOUR_US) is found


def test_a_log_longer_than_is_looked_at_says_from_when_on(blinded: House, monkeypatch) -> None:
    monkeypatch.setattr(ledgering, "LEAVES_MAX", 40)
    text = client_of(blinded, "0312").get("/blind?lang=zh").text
    assert "只看得到" in text
    assert "节点失联" in text


def test_a_second_of_blindness_is_drawn_and_a_day_without_rooms_draws() -> None:
    lane = BlindLane("R", ((day.NOW - HOUR_US, day.NOW - HOUR_US + 1_000_000),), 1_000_000)
    picture = ET.fromstring(drawn_blind.blind(page(lanes=(lane,)), READER).replace("&nbsp;", " "))
    [hatch] = [box for box in picture.iter("rect") if box.get("class") == "unseen"]
    assert float(hatch.get("width", "0")) >= 3
    ET.fromstring(drawn_blind.blind(page(to_us=day.NOW - 3 * HOUR_US), READER))


def test_what_is_missing_lies_on_top_and_says_on_touch_what_it_is(afternoon: House) -> None:
    view = afternoon.station.area("a1")
    own = view.stay_leaves("0409")
    found = Ledgers(afternoon.station).of_stay(view, "0409", own[0]["index"], None, day.NOW)
    shown = four_musts(found, Words(view.area, view.engine_world, READER))
    assert shown is not None
    picture = ET.fromstring(drawn_musts.musts(shown, READER))
    groups = picture.findall("g")
    classes = [str(g.find("rect").get("class")) for g in groups]  # type: ignore[union-attr]
    assert classes[-1] == "gap"
    assert "没有录像" in str(groups[-1].find("title").text)  # type: ignore[union-attr]


def test_every_source_has_a_name_in_both_languages(afternoon: House) -> None:
    view = afternoon.station.area("a1")
    sources = ["node:n1", "gateway:gw-a1", "recorder:rec-west", "door:gate", "band:B09", "clock", "log", "room:search",
               "patrol_point:waiting-1", "guard_motion:waiting-1"]  # fmt: skip
    for language in ("zh", "en"):
        words = Words(view.area, view.engine_world, Reader(day.NOW, "Asia/Shanghai", language))  # type: ignore[arg-type]
        said = [source_words(source, words) for source in sources]
        assert len(set(said)) == len(said)
        assert all(said)


def test_names_from_a_configuration_are_written_as_text() -> None:
    poison = "<script>x</script>"
    lane = BlindLane(poison, (), 0)
    shown = render.blind(page(title=poison, lanes=(lane,), missing=((poison, poison, (poison,)),)), READER)
    assert "<script>x" not in shown
