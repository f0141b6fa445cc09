"""The alarm page tells why: the fewest facts behind an alarm, in sentences; made once, and from a part of a long log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from caseserver.alarms import SERVER, Alarm
from caseserver.area_view import AreaView
from caseserver.web import explaining, pages
from caseserver.web.explaining import Explaining
from custody.explain import Explanation
from tests.web import day
from tests.web.house import PASSWORD, House
from tests.web.test_pages import client_of


def test_every_alarm_of_the_afternoon_is_explained_by_facts_that_hold_it(afternoon: House) -> None:
    view = afternoon.station.area("a1")
    made = Explaining(afternoon.station)
    for alarm in (*view.alarms, *view.closed_alarms):
        why = made.of(view, alarm)
        assert why is not None, alarm.id
        assert why.is_minimal
        assert any(fact.is_named for fact in why.facts)


@pytest.mark.parametrize(("language", "said"), [
    ("zh", ("最少的 3 条事实", "持续满 5 秒", "这个数字是本地设定", "录像恢复即结束")),
    ("en", ("The fewest facts, 3", "It lasted 5 s", "this number is a local setting", "is recorded again")),
])  # fmt: skip
def test_the_page_says_it_in_both_languages_with_each_fact_s_place_in_the_log(
    afternoon: House, language: str, said: tuple[str, ...]
) -> None:
    alarm = next(a for a in afternoon.station.area("a1").alarms if a.rule == "M4")
    text = client_of(afternoon, "0312").get(f"/alarms/a1/{alarm.ref}?lang={language}").text
    for words in said:
        assert words in text, words
    for index in alarm.facts:
        assert f"/log/a1/{index}" in text


def test_an_explanation_is_made_once_while_the_alarm_stays_what_it_was(
    afternoon: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = afternoon.station.area("a1")
    alarm = view.alarms[0]
    made = Explaining(afternoon.station)
    first = made.of(view, alarm)
    monkeypatch.setattr(made, "_made", lambda *_: pytest.fail("expected no second explanation"))
    assert made.of(view, alarm) is first


def test_of_a_long_log_a_part_is_played_with_what_stood_before_it(
    afternoon: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = afternoon.station.area("a1")
    alarm = next(a for a in view.alarms if a.rule == "M3" and a.variant == "guard")
    whole = Explaining(afternoon.station).of(view, alarm)
    monkeypatch.setattr(explaining, "LEAVES_BEFORE_MAX", 20)
    part = Explaining(afternoon.station).of(view, alarm)
    assert whole is not None
    assert part is not None
    assert [fact.index for fact in part.facts] == [fact.index for fact in whole.facts]


def test_what_only_the_server_knows_and_what_no_fact_bears_out_is_not_explained(afternoon: House) -> None:
    view = afternoon.station.area("a1")
    alarm = view.alarms[0]
    made = Explaining(afternoon.station)
    assert made.of(view, replace(alarm, origin=SERVER)) is None
    assert made.of(view, replace(alarm, id="a1/M4/interview/room:nowhere/7")) is None
    assert client_of(afternoon, "0312").get(f"/alarms/a1/{alarm.ref}").status_code == 200


def test_an_alarm_that_is_over_says_how_it_ended(afternoon: House) -> None:
    view = afternoon.station.area("a1")
    over = next(a for a in view.closed_alarms if a.rule == "M4")
    text = client_of(afternoon, "0312").get(f"/alarms/a1/{over.ref}?lang=zh").text
    assert "10:02:38 结束" in text
    assert (over.closed_us or 0) < day.NOW


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No explanation is made before this is set (or ten seconds are over)."""
    event, real = threading.Event(), Explaining._made

    def held_up(self: Explaining, view: AreaView, alarm: Alarm) -> Explanation | None:
        event.wait(10)
        return real(self, view, alarm)

    monkeypatch.setattr(Explaining, "_made", held_up)
    yield event
    event.set()


def test_a_page_does_not_wait_for_a_long_explanation_and_shows_it_when_it_is_made(
    afternoon: House, monkeypatch: pytest.MonkeyPatch, go_on: threading.Event
) -> None:
    """In a flood the facts around an alarm are thousands: who is called takes it first."""
    monkeypatch.setattr(pages, "WAIT_S", 0.01)
    alarm = next(a for a in afternoon.station.area("a1").alarms if a.rule == "M3" and a.variant == "guard")
    client = client_of(afternoon, "0312")
    early = client.get(f"/alarms/a1/{alarm.ref}?lang=zh").text
    assert "正在从记录中核对缘由" in early
    assert "最少的" not in early
    assert f"/log/a1/{alarm.facts[0]}" in early, "what it stands on is shown meanwhile"
    assert "接单" in early
    go_on.set()
    monkeypatch.setattr(pages, "WAIT_S", 30)
    late = client.get(f"/alarms/a1/{alarm.ref}?lang=zh").text
    assert "最少的" in late
    assert "正在从记录中核对缘由" not in late


@pytest.mark.usefixtures("go_on")
def test_a_live_picture_does_not_wait_for_reasons_at_all(
    afternoon: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages but the walls wait for it meanwhile."""
    monkeypatch.setattr(pages, "WAIT_S", 30)
    alarm = afternoon.station.area("a1").alarms[0]
    with afternoon.served() as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post("/sign-in", data={"badge": "0312", "password": PASSWORD})
        with client.stream("GET", f"/events/alarms/a1/{alarm.ref}") as answer:
            first = next(line for line in answer.iter_lines() if line.startswith("data: "))
    assert "正在从记录中核对缘由" in first


def test_an_explanation_that_failed_is_tried_again(afternoon: House, monkeypatch: pytest.MonkeyPatch) -> None:
    view = afternoon.station.area("a1")
    made, real = Explaining(afternoon.station), Explaining._made
    monkeypatch.setattr(Explaining, "_made", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        made.of(view, view.alarms[0])
    monkeypatch.setattr(Explaining, "_made", real)
    assert made.of(view, view.alarms[0]) is not None
