"""Duty and calling on the pages: who holds a post, what was called, what a machine took and what a human answered."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from caseserver.notify.duty import Turn
from tests.web import day
from tests.web.conversation import client_of, entries, token
from tests.web.house import MINUTE, House
from tests.web.screenshots import accounts

POST = "duty_officer"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One afternoon for all; 0312 and 0313 are duty officers, 0312 is on duty."""
    made = House(tmp_path_factory.mktemp("duty"), day.START)
    accounts(made)
    made.account("0313", "duty_officer")
    day.busy(made)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def on_duty_again(house: House) -> Iterator[None]:
    """Each test leaves 0312 on duty."""
    yield
    holder = house.station.duty.running()
    if not holder or holder[0].number != "0312":
        house.station.duty.take(POST, "0312", {POST}, [], house.clock.now_us)


def act(house: House, badge: str, move: str, post: str = POST, **fields: str) -> httpx.Response:
    client = client_of(house, badge)
    return client.post(f"/duty/{post}/{move}", data={"csrf": token(client), **fields})


def holder(house: House) -> Turn | None:
    return next((turn for turn in house.station.duty.running() if turn.post == POST), None)


def urgent(house: House) -> str:
    """The page of an alarm that the second step hears of and that nobody has taken."""
    alarms = [a for view in house.station.areas() for a in view.alarms]
    found = next(
        a
        for a in alarms
        if a.severity in ("S1", "S2") and a.state == "unacknowledged" and not a.is_prewarning
    )
    return f"/alarms/{found.area}/{found.ref}"


def test_duty_is_handed_over_with_what_stands_open_and_both_hands_are_written_down(house: House) -> None:
    before = house.program.own_log.size
    assert act(house, "0312", "offer", to="0313").status_code == 303
    page = client_of(house, "0313").get("/duty?lang=en").text
    assert "Offered to 0313" in page
    assert holder(house) is not None
    assert holder(house).number == "0312", "who offers stays on duty"  # type: ignore[union-attr]
    assert act(house, "0313", "take").status_code == 303
    turn = holder(house)
    assert turn is not None
    assert (turn.number, turn.taken_from) == ("0313", "0312")
    open_now = [a.id for v in house.station.areas() for a in v.alarms if not a.is_prewarning]
    assert open_now
    assert list(turn.stood_open) == open_now[:50]
    said = [
        (e["type"], e["body"]["officer"]) for e in entries(house, before) if e["type"].startswith("duty.")
    ]
    assert said == [("duty.offered/1", "0312"), ("duty.taken/1", "0313")]
    ended = house.station.duty.ended()[0]
    assert (ended.number, ended.ended) == ("0312", "handed")


def test_nobody_on_duty_is_said_in_red_on_wall_and_desk_and_the_next_step_is_called_at_once(
    house: House,
) -> None:
    reader = client_of(house, "0100")
    assert "Nobody on duty" not in reader.get("/?lang=en").text
    assert act(house, "0312", "leave").status_code == 303
    assert 'data-urgent data-alarm="duty">Nobody on duty</a>' in reader.get("/?lang=en").text
    assert 'class="unmanned">Nobody on duty' in reader.get("/alarms?lang=en").text
    before = house.program.own_log.size
    house.program.notifier.turn()
    called = [e["body"]["detail"] for e in entries(house, before) if e["type"] == "alarm.called/1"]
    assert {"nobody_on_duty"} == {d["why"] for d in called if d["step"] == 2}
    path = urgent(house)
    assert "escalated to: Shift leader" in reader.get(f"{path}?lang=en").text


def test_the_page_of_an_alarm_tells_the_machine_that_took_it_from_the_human_who_answered(
    house: House,
) -> None:
    path = urgent(house)
    house.program.notifier.turn()
    reader = client_of(house, "0312")
    before = reader.get(f"{path}?lang=en").text
    assert "Nobody has answered" in before
    assert "No page of this post is open" in before
    with house.station.watchers.watching({"duty_officer"}):
        house.clock.tell(house.clock.now_us + MINUTE)
        house.program.notifier.turn()
    shown = reader.get(f"{path}?lang=en").text
    assert "Shown on an open page" in shown
    assert "Nobody has answered" in shown
    answer = reader.post(f"{path}/take", data={"csrf": token(reader)})
    assert answer.status_code == 303
    house.program.notifier.turn()
    after = reader.get(f"{path}?lang=en").text
    assert "Answered by 0312" in after
    assert "Nobody has answered" not in after


def test_a_sound_that_was_not_heard_is_an_alarm_until_somebody_hears_it(house: House) -> None:
    def alarms() -> list[bool]:
        return [a.is_active for v in house.station.areas() for a in v.alarms if a.variant == "sound_test"]

    act(house, "0312", "sound", heard="no")
    house.program.notifier.turn()
    assert alarms() == [True]
    act(house, "0312", "sound", heard="yes")
    house.program.notifier.turn()
    assert alarms() == [False], "it is over, and still to be handled"


@pytest.mark.parametrize(
    ("badge", "move", "post", "fields", "told"),
    [
        ("0100", "take", POST, {}, "Your roles cannot hold this post"),
        ("0312", "take", POST, {}, "is on duty there already"),
        ("0313", "leave", POST, {}, "Only who is on duty can do this; you are 0313"),
        ("0313", "sound", POST, {"heard": "yes"}, "Only who is on duty"),
        ("0312", "offer", POST, {"to": "9999"}, "There is no account 9999"),
        ("0312", "offer", POST, {"to": "0312"}, "is on duty there already"),
        ("0312", "leave", "station_leader", {}, "Nobody is on duty there"),
        ("0312", "take", "emperor", {}, "Your roles cannot hold this post"),
    ],
)
def test_a_move_that_is_not_in_the_table_is_refused_with_its_reason_and_changes_nothing(
    house: House, badge: str, move: str, post: str, fields: dict[str, str], told: str
) -> None:
    before = house.station.duty.running()
    client = client_of(house, badge)
    client.get("/duty?lang=en")
    answer = client.post(f"/duty/{post}/{move}", data={"csrf": token(client), **fields})
    assert answer.status_code == 409
    assert told in answer.text
    assert house.station.duty.running() == before


def test_who_is_not_signed_in_or_sends_no_token_is_turned_away(house: House) -> None:
    assert client_of(house).get("/duty").status_code == 303
    assert client_of(house, "0312").post(f"/duty/{POST}/leave").status_code == 403
    assert holder(house) is not None
