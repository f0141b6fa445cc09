"""The comparison of two rulebooks over the station's own log: who may ask, what it says, and that it holds nobody up."""

from __future__ import annotations

import time
from concurrent.futures import Future

import pytest
from fastapi.testclient import TestClient

from caseserver.web import comparing
from caseserver.web.comparing import Comparing, TooMany
from tests.web import day
from tests.web.house import House
from tests.web.test_pages import client_of

ASKED = "/whatif?area=a1&from=cn-2012&to=cn-2026"


@pytest.fixture
def reviewer(afternoon: House) -> TestClient:
    return client_of(afternoon, "0100")


def shown(client: TestClient, path: str = ASKED) -> str:
    """The page with its answer, however long that takes."""
    for _ in range(1_200):
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        if "refresh" not in answer.headers:
            return answer.text
        time.sleep(0.05)
    raise AssertionError("expected an answer within a minute, found none")


def test_only_those_who_check_the_station_may_ask(afternoon: House) -> None:
    assert client_of(afternoon, "0312").get(ASKED).status_code == 403
    assert client_of(afternoon).get(ASKED).status_code == 303


@pytest.mark.parametrize(("language", "words"), [
    ("zh", ("转为合法", "询问不得少于二人", "行政案件程序规定 第52条", "到日志第")),
    ("en", ("Turn lawful", "Two officers to question", "Administrative Procedure art. 52", "up to leaf")),
])  # fmt: skip
def test_it_says_which_rule_changes_for_how_many_and_how_far_it_looked(
    reviewer: TestClient, language: str, words: tuple[str, ...]
) -> None:
    text = shown(reviewer, f"{ASKED}&lang={language}")
    for said in words:
        assert said in text, said
    assert '<svg class="whatif"' in text
    assert 'href="/stays/a1/0418"' in text


def test_the_same_book_twice_changes_nothing(reviewer: TestClient) -> None:
    text = shown(reviewer, "/whatif?from=cn-2026&to=cn-2026&lang=zh")
    assert "没有一条法律规定的结果不同" in text


def test_before_it_is_asked_there_is_only_the_question(reviewer: TestClient) -> None:
    text = reviewer.get("/whatif").text
    assert 'value="cn-2012"' in text
    assert '<svg class="whatif"' not in text


def test_a_book_that_does_not_exist_is_refused(reviewer: TestClient) -> None:
    assert reviewer.get("/whatif?from=cn-2012&to=../secrets").status_code == 422


def test_asking_anew_leads_back_to_the_question_without_asking_for_ever(reviewer: TestClient) -> None:
    answer = reviewer.get(f"{ASKED}&anew=1")
    assert answer.status_code == 303
    assert "anew" not in answer.headers["location"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "PATIENCE_S", 0.0)
    return


def test_a_long_comparison_runs_in_its_own_thread_and_the_page_asks_again(
    afternoon: House, impatient: None
) -> None:
    made = Comparing(afternoon.station)
    view = afternoon.station.area("a1")
    made._one.acquire()  # another comparison is under way
    try:
        assert made.of(view, "cn-2012", "cn-2026") is None
        for after in ("cn-2012", "ew-pace"):
            assert made.of(view, "cn-2026", after) is None
        assert made.of(view, "ew-pace", "cn-2026") is None
        with pytest.raises(TooMany):
            made.of(view, "ew-pace", "cn-2012")
        assert made.of(view, "cn-2012", "cn-2026") is None  # the same question waits with the first
    finally:
        made._one.release()
    end_s = time.monotonic() + 60
    while (found := made.of(view, "cn-2012", "cn-2026")) is None and time.monotonic() < end_s:
        time.sleep(0.02)
    assert found is not None
    assert 0 <= day.NOW - found.result.until_us < 10_000_000  # the last fact of the log
    assert found.end == view.health().log_size


def test_only_the_newest_leaves_are_played_and_what_stands_is_taken_along(
    afternoon: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "LEAVES_MAX", 60)
    made = Comparing(afternoon.station)
    view = afternoon.station.area("a1")
    end_s = time.monotonic() + 60
    while (found := made.of(view, "cn-2012", "cn-2026")) is None and time.monotonic() < end_s:
        time.sleep(0.02)
    assert found is not None
    assert found.first == found.end - 60
    assert found.result.stays.count == 8  # those who are held were all there before


def test_what_went_wrong_is_the_asker_s_to_hear(afternoon: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Comparing(afternoon.station)
    failed: Future[object] = Future()
    failed.set_exception(ValueError("no"))
    monkeypatch.setattr(made, "_begun", lambda *_: failed)
    with pytest.raises(ValueError, match="no"):
        made.of(afternoon.station.area("a1"), "cn-2012", "cn-2026")
