"""The nightly ghost: through gateway, log, rule, alarm and receiver, and on no page and in no count meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from caseserver.accounts import AccountError
from caseserver.notify.ghost import FAIL, Sight, next_act
from caseserver.notify.ghost_watch import is_held
from tests.tools.receivers import SECRET_TEXT, Hook
from tests.web import day
from tests.web.conversation import client_of, entries, token
from tests.web.house import MINUTE, PASSWORD, SECOND, House
from tests.web.scenes import at
from tests.web.screenshots import accounts

REF = "ghost-a1-2026-03-18"
SEEN = ("/", "/stays", "/alarms", "/duty", "/blind", "/api/alarms", "/api/stays", "/api/areas", "/metrics")


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def house(tmp_path: Path, hook: Hook) -> Iterator[House]:
    """A calm morning; the drill is at 11:40."""
    hook.taken.clear()
    hook.mode = "accept"
    (tmp_path / "secret").write_text(SECRET_TEXT, encoding="ascii")
    made = House(
        tmp_path, day.START,
        more=f'[notify]\nretry_s_min = 0.05\nretry_s_max = 0.1\n[notify.ghost]\nat = "11:40"\nreceivers = ["phone"]\n'
        f'[notify.receivers.phone]\nkind = "webhook"\nurl = "{hook.url}"\nsecret_file = "secret"\ntimeout_s = 30\nlanguage = "en"\n'
        '[[notify.steps]]\npost = "duty_officer"\nafter_s = { S1 = 0, S2 = 0, S3 = 0 }\nneeds_turn = true\n'
        'receivers = ["page", "phone"]\n',
    )  # fmt: skip
    accounts(made)
    day.calm(made)
    yield made
    made.close()


def go_on(house: House, at_us: int, is_enough: Callable[[], bool] = lambda: True) -> None:
    """Station time is `at_us`; the notifier turns until `is_enough`. Nothing of the ghost may show on any page."""
    house.clock.tell(at_us)
    house.deliver()
    until_s = time.monotonic() + 60
    house.program.notifier.turn()
    while not is_enough():
        assert time.monotonic() < until_s, said(house)
        time.sleep(0.01)
        house.deliver()
        house.program.notifier.turn()
    reader = client_of(house, "0312")
    for path in SEEN:
        assert "ghost" not in reader.get(path).text, path


def said(house: House) -> list[tuple[str, dict[str, Any]]]:
    return [
        (e["type"].removesuffix("/1"), e["body"]["detail"])
        for e in entries(house)
        if e["type"].startswith("ghost.")
    ]


def alarms(house: House) -> list[Any]:
    """The ghost's alarms as the server knows them, which no page shows."""
    return [
        a for s in house.station.states() for a in s.open_alarms() if a.stay == REF and not a.is_prewarning
    ]


def is_gone(house: House) -> bool:
    return not alarms(house) and not any(is_held(s, REF) for s in house.station.states())


def test_a_ghost_goes_through_the_whole_chain_once_a_night_and_leaves_no_trace_on_any_page(
    house: House, hook: Hook
) -> None:
    begin_us = at("11:40") + 5 * SECOND
    go_on(house, at("11:39"))
    assert said(house) == []
    go_on(house, begin_us)
    assert [is_held(s, REF) for s in house.station.states()] == [True]
    go_on(house, begin_us + 2 * MINUTE)
    assert hook.taken == [], "told before any rule did"
    go_on(house, begin_us + 3 * MINUTE + 2 * SECOND, lambda: len(said(house)) == 2)
    (told,) = hook.taken
    assert told.is_signed
    assert told.body["data"]["synthetic"] is True
    assert told.body["data"]["rule"] == "M1/entry"
    assert told.body["data"]["title"].startswith("[DRILL]")
    assert "nobody is held" in told.body["data"]["text"]
    go_on(house, begin_us + 4 * MINUTE, lambda: is_gone(house))
    begun, passed = said(house)
    assert begun[1]["stay"] == REF
    assert passed == ("ghost.passed", {"night": "2026-03-18", "seconds": 182})
    go_on(house, begin_us + 20 * MINUTE)
    assert len(said(house)) == 2, "twice in one night"
    assert len(hook.taken) == 1
    stated = [e["body"] for e in entries(house) if e["type"] == "fact.stated/1"]
    assert [(b["officer"], b["detail"]["type"]) for b in stated] == [
        ("ghost-1", "person.arrived"), ("ghost-1", "stay.released"),
    ]  # fmt: skip


def test_a_drill_whose_receiver_takes_nothing_is_an_alarm_and_is_cleared_away_all_the_same(
    house: House, hook: Hook
) -> None:
    hook.mode = "refuse"
    begin_us = at("11:40") + 5 * SECOND
    go_on(house, begin_us)
    go_on(house, begin_us + 3 * MINUTE + 2 * SECOND, lambda: bool(hook.taken))
    house.clock.tell(begin_us + 4 * MINUTE + SECOND)
    house.deliver()
    house.program.notifier.turn()
    assert said(house)[-1] == ("ghost.failed", {"night": "2026-03-18", "seconds": 241, "missing": "phone"})
    house.program.notifier.turn()
    (alarm,) = [a for s in house.station.states() for a in s.open_alarms() if a.variant == "ghost"]
    assert alarm.params == {"area": "a1", "missing": "phone"}
    until_s = time.monotonic() + 60
    while not is_gone(house):
        assert time.monotonic() < until_s, alarms(house)
        house.program.notifier.turn()
        house.deliver()


def test_no_officer_can_use_the_mark_and_who_was_let_in_under_it_is_shown_as_a_person(house: House) -> None:
    desk = client_of(house, "0312")
    answer = desk.post(
        "/api/areas/a1/facts", json={"type": "person.arrived", "body": {"stay": REF}},
        headers={"x-csrf-token": token(desk)},
    )  # fmt: skip
    assert answer.status_code >= 400
    assert "does not begin with ghost-" in answer.text
    with pytest.raises(AccountError, match="no name of the drill"):
        house.program.accounts.add("ghost-1", ["duty_officer"], PASSWORD, "tests")
    gateway = house.gateways["a1"]
    gateway.say("person.arrived", at("11:41"), by="server", stay=REF)
    house.deliver()
    assert REF not in desk.get("/api/stays").text
    gateway.say("area.entered", at("11:42"), by="server", stay=REF)
    house.clock.tell(at("11:42:01"))
    house.deliver()
    assert REF in desk.get("/api/stays").text


@pytest.mark.parametrize(
    ("is_here", "is_alarmed", "missing"),
    [(False, False, "gateway"), (True, False, "alarm"), (True, True, "phone")],
)
def test_a_failed_drill_names_the_link_that_was_missing(
    is_here: bool, is_alarmed: bool, missing: str
) -> None:
    sight = Sight(241 * SECOND, False, 0, False, is_here, is_alarmed, {"phone"})
    assert next_act(sight, 240 * SECOND) == (FAIL, missing)
