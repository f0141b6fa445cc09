"""The life of alarms on the pages: state in words, what lies under a cause, shelf and silence through the log, rates."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.web import day, faults
from tests.web.conversation import client_of, token
from tests.web.house import MINUTE, House
from tests.web.screenshots import accounts


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For reading only."""
    made = House(Path(tmp_path_factory.mktemp("broken")), day.START)
    accounts(made)
    faults.equipment(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def duty(broken: House) -> TestClient:
    return client_of(broken, "0312")


def post(client: TestClient, house: House, path: str, move: str, **sent: str) -> int:
    return client.post(f"{path}/{move}", data={"csrf": token(client), **sent}).status_code


def words(client: TestClient, path: str) -> list[str]:
    """The states that a page shows, from its signs."""
    return re.findall(r'class="st st-(\w+)"', client.get(f"{path}?lang=en").text)


def test_the_list_has_one_card_for_a_dead_line_and_one_for_a_source_that_chatters(
    broken: House, duty: TestClient
) -> None:
    text = duty.get("/alarms?lang=en").text
    line, node = sorted(
        re.findall(r'<details class="a-under">.*?</details>', text, re.S), key=len, reverse=True
    )
    assert (line.count("<li>"), node.count("<li>")) == (5, 1)
    assert "Under its cause" in node
    assert re.search(r'class="flood".*?Flood: \d+ alarms in 10 minutes', text, re.S)
    assert "st-shelved" in line


def test_the_page_of_a_cause_names_what_cannot_be_seen_and_that_of_its_node_the_cause(
    broken: House, duty: TestClient
) -> None:
    cause, node = faults.path_of(broken, "SYS/port"), faults.path_of(broken, "SYS/node")
    text = duty.get(f"{cause}?lang=en").text
    assert "What cannot be seen now" in text
    assert "Silence the siren for 180 s" in text  # less grave itself, it sounds for its node
    assert f'href="{node}"' in text
    assert f'href="{cause}"' in duty.get(f"{node}?lang=en").text
    assert words(duty, node)[0] == "suppressed_by_design"


def test_a_chattering_source_is_shown_as_one_and_shelved_with_what_is_left(
    broken: House, duty: TestClient
) -> None:
    path = faults.path_of(broken, "PT/line")
    text = duty.get(f"{path}?lang=en").text
    assert "chattering, 6 times" in text
    assert words(duty, path)[0] == "shelved"
    assert "Unshelve now" in text


@pytest.mark.parametrize(("days", "language"), [(1, "zh"), (7, "en"), (99, "en")])
def test_the_rates_page_counts_and_says_what_the_standards_say(
    broken: House, duty: TestClient, days: int, language: str
) -> None:
    text = duty.get(f"/alarms/rates?days={days}&lang={language}").text
    assert "EEMUA 191" in text
    assert '<svg class="rates"' in text
    assert ("ISA-18.2-2016 dropped" if language == "en" else "ISA-18.2-2016 已不用此数") in text


@pytest.fixture
def acted(tmp_path: Path) -> Iterator[House]:
    """The same for the one test that acts."""
    made = House(tmp_path, day.START)
    accounts(made)
    faults.equipment(made)
    yield made
    made.close()


def test_shelf_silence_and_handling_go_through_the_log_and_what_may_not_be_is_refused_there(
    acted: House,
) -> None:
    duty = client_of(acted, "0312")
    line, law = faults.path_of(acted, "PT/line"), _law(acted)
    _shelve(duty, acted, line)
    assert "/shelve" not in duty.get(law).text
    refused = duty.post(
        f"{law}/shelve?lang=en", data={"csrf": token(duty), "reason": "works", "minutes": "5"}
    )
    assert refused.status_code == 409
    assert "never set aside" in refused.text.lower()
    _silence(duty, acted, line)
    _see_through(duty, acted, faults.path_of(acted, "SYS/port"))
    (view,) = acted.station.areas()
    assert view.health().differences == ()  # the second evaluator found the same
    assert not [alarm for alarm in view.alarms if alarm.variant == "difference"]
    _answer_while_away(duty, acted, law)


def _answer_while_away(duty: TestClient, house: House, path: str) -> None:
    """A gateway that is not heard knows of no answer; the desk does, says so, and asks nobody to take it again."""
    assert words(duty, path)[0] == "unacknowledged"
    house.station.connect(lambda _message: None)
    for state in house.station.states():
        state.tick(house.clock.now(), time.monotonic() + 5)
    assert post(duty, house, path, "take") == 303
    text = duty.get(f"{path}?lang=en").text
    assert "Answered, nobody more is called" in text
    assert f'action="{path}/take"' not in text
    assert "0312 has answered; logged when the gateway is back" in duty.get("/alarms?lang=en").text


def _shelve(duty: TestClient, house: House, path: str) -> None:
    """Ended by hand, refused when too long, without a known reason or by the wrong role, and ended by itself."""
    assert post(duty, house, path, "unshelve") == 303
    assert words(duty, path)[0] == "unacknowledged"
    assert post(duty, house, path, "shelve", reason="repair", minutes="31") == 409
    assert post(duty, house, path, "shelve", reason="nothing", minutes="5") == 409
    assert post(duty, house, path, "out-of-service", reason="repair", hours="1") == 409
    assert words(duty, path)[0] == "unacknowledged"
    assert post(duty, house, path, "shelve", reason="repair", minutes="10") == 303
    assert words(duty, path)[0] == "shelved"
    house.clock.tell(house.clock.now_us + 10 * MINUTE)
    house.deliver(lost=("n1",))
    assert "The shelf ended by itself" in duty.get(f"{path}?lang=en").text


def _silence(duty: TestClient, house: House, path: str) -> None:
    engine = house.gateways["a1"].engine
    sounders = [o.id for o in engine.area.outputs.values() if o.kind == "sounder"]
    assert all(engine.outputs()[name] for name in sounders)
    assert post(duty, house, path, "silence") == 303
    assert not any(engine.outputs()[name] for name in sounders)
    assert "Siren silenced: 0312" in duty.get(f"{path}?lang=en").text


def _see_through(duty: TestClient, house: House, cause: str) -> None:
    """A cause is handled with what lies under it, and checked by another."""
    gateway, now = house.gateways["a1"], house.clock.now_us
    assert post(duty, house, cause, "take") == 303
    _take_over(duty, house, cause)
    gateway.say("port.restored", now, port="ttyA1")
    gateway.say("node.restored", now, node="n1")
    house.deliver()
    assert post(duty, house, cause, "rectify", cause="wiring", action="repaired") == 303
    assert post(duty, house, cause, "verify") == 409
    assert post(client_of(house, "0100"), house, cause, "verify") == 303
    left = [f"{alarm.rule}/{alarm.variant}" for alarm in gateway.engine.alarms.values()]
    assert not {"SYS/port", "SYS/node"} & set(left)


def _take_over(duty: TestClient, house: House, path: str) -> None:
    """Whoever stands nearer takes it from who has it, which stays in the record; nobody takes it from himself."""
    house.account("1187", "guard")
    guard, offer = client_of(house, "1187"), f'action="{path}/take"'
    assert [offer in client.get(path).text for client in (duty, guard)] == [False, True]
    assert (
        post(guard, house, path, "take") == 409
    )  # pressed on a page of the moment before: it says who has it
    assert [offer in client.get(path).text for client in (duty, guard)] == [False, True]
    assert post(guard, house, path, "take", had="0312") == 303
    assert [offer in client.get(path).text for client in (duty, guard)] == [True, False]
    assert "1187 took over from 0312" in duty.get(f"{path}?lang=en").text


def _law(house: House) -> str:
    alarm = next(
        a
        for a in house.gateways["a1"].engine.alarms.values()
        if a.basis == "law" and not a.is_prewarning and a.is_active
    )
    return f"/alarms/a1/{alarm.id.replace('/', '~')}"
