"""Who a person is, over the real pages: entered, shown on request, found, erased by two; and nowhere else to be found."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from caselog import leaf as leaves
from caseserver import logs
from caseserver.evaluator import Evaluator
from caseserver.people.people import People
from caseserver.web.catalogue import catalogue
from tests.server.markers import traces, traces_of
from tests.web import day
from tests.web.house import House
from tests.web.test_pages import client_of, last_leaf, token

NAME, NUMBER, PHONE = "欧阳试验", "11010119900307851X", "13800138765"
MARKERS = [NAME, NUMBER, PHONE]
VALUES = {"name": NAME, "identity_number": NUMBER, "phone": PHONE}
BASE = "/stays/a1/0403/person"
ROLES = {
    "0312": ("duty_officer",), "0100": ("legal_reviewer",), "0500": ("supervisor",), "0501": ("supervisor",),
    "0600": ("inspector",), "0700": ("guard",), "0800": ("system_administrator",),
}  # fmt: skip


def staffed(house: House) -> House:
    for number in ("0500", "0501", "0600", "0700", "0800"):
        house.account(number, *ROLES[number])
    return house


@pytest.fixture
def station(house: House) -> House:
    return staffed(house)


@pytest.fixture(scope="module")
def shared(shared_house: House) -> House:
    """For tests that enter anew what they look for, or keep nothing."""
    return staffed(shared_house)


def posted(client: TestClient, path: str, **values: str) -> Any:
    return client.post(path, data={"csrf": token(client), **values})


def entered(station: House) -> TestClient:
    duty = client_of(station, "0312")
    answer = posted(duty, BASE, **VALUES)
    assert answer.status_code == 200, answer.text
    return duty


def released(station: House) -> None:
    now_us = station.clock.now().earliest_us
    station.gateways["a1"].say("stay.released", now_us, by="server", stay="0403", reason="released")
    station.deliver()


def erased(station: House) -> Any:
    entered(station)
    released(station)
    first, second = client_of(station, "0100"), client_of(station, "0500")
    assert posted(first, f"{BASE}/erasure", ground="kept_long_enough").status_code == 200
    return posted(second, f"{BASE}/erasure", act="sign")


def people_of(station: House) -> People:
    people = station.program.people
    assert people is not None
    return people


# ---------------------------------------------------------------- who may see what


def test_what_is_entered_is_kept_unseen_until_it_is_asked_for(station: House) -> None:
    duty = entered(station)
    shown = duty.get(BASE)
    assert traces(MARKERS, shown.content) == []
    assert shown.text.count(catalogue().text("zh", "person.hidden")) == 3
    asked = posted(duty, f"{BASE}/show")
    assert all(marker in asked.text for marker in MARKERS)
    assert asked.headers["cache-control"] == "no-store"


def test_each_look_is_written_down_before_it_is_shown(
    station: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = entered(station)
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(station.station, "record_read", lambda *said: told.append(said))
    posted(duty, f"{BASE}/show")
    posted(duty, "/people", text=NAME)
    assert [(said[0], said[1], said[2]) for said in told] == [
        ("0312", "particulars", "a1/0403"), ("0312", "particulars_search", "stays"),
    ]  # fmt: skip
    assert sorted(told[0][3]["fields"]) == sorted(VALUES)
    assert traces(MARKERS, repr(told).encode()) == []

    def fails(*_said: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(station.station, "record_read", fails)
    with pytest.raises(OSError, match="no room"):
        posted(duty, f"{BASE}/show")


@pytest.mark.parametrize(
    ("badge", "page", "show", "enter", "erase"),
    [
        ("0312", 200, 200, 200, 403), ("0100", 200, 200, 403, 409), ("0500", 200, 200, 403, 409), ("0600", 200, 200, 403, 403),
        ("0700", 403, 403, 403, 403), ("0800", 200, 403, 403, 409),
    ],
)  # fmt: skip
def test_only_roles_that_may_see_enter_or_erase(
    shared: House, badge: str, page: int, show: int, enter: int, erase: int
) -> None:
    entered(shared)
    client = client_of(shared, badge)
    assert client.get(BASE).status_code == page
    assert posted(client, f"{BASE}/show").status_code == show
    assert posted(client, BASE, name="别人").status_code == enter
    assert client.get(f"{BASE}/erasure").status_code == erase  # 409: the person is still held
    if show != 200:
        assert traces(MARKERS, posted(client, f"{BASE}/show").content) == []
        assert client.get("/people").status_code == 403


def test_a_form_of_another_page_or_nobody_signed_in_gets_nothing(shared: House) -> None:
    duty, nobody = entered(shared), client_of(shared)
    assert duty.post(f"{BASE}/show", data={"csrf": "x"}).status_code == 403
    for path in (BASE, "/people", f"{BASE}/erasure"):
        assert nobody.get(path).status_code == 303
    assert duty.get("/stays/a1/none/person").status_code == 404


def test_a_wrong_value_is_told_by_its_field_and_nothing_is_kept(station: House) -> None:
    duty = client_of(station, "0312")
    size = station.gateways["a1"].log.size
    for values in ({}, {"name": "欧阳\u202e试验"}, {"phone": "1" * 201, "name": NAME}):
        answer = posted(duty, BASE, **values)
        assert answer.status_code == 422
        assert "aria-invalid" in answer.text
    assert station.gateways["a1"].log.size == size
    assert people_of(station).kept("a1", "0403") == []


def test_a_correction_is_a_second_version_and_both_are_in_the_log(station: House) -> None:
    duty = entered(station)
    posted(duty, BASE, name="欧阳更正")
    leaf = last_leaf(station, "person.identified")
    body = leaf["body"]
    assert isinstance(body, dict)
    assert leaf["stay"] == "0403"
    assert body.keys() == {"stay", "person", "name", "officer"}
    asked = posted(duty, f"{BASE}/show").text
    assert "欧阳更正" in asked
    assert NAME not in asked


@pytest.mark.parametrize(
    ("text", "is_found"), [(NAME, True), (NUMBER.lower(), True), (PHONE, True), ("欧阳", False)]
)
def test_somebody_is_found_by_what_is_exactly_theirs(shared: House, text: str, is_found: bool) -> None:
    answer = posted(entered(shared), "/people", text=text)
    assert answer.status_code == 200
    assert ('href="/stays/a1/0403"' in answer.text) is is_found
    assert traces([text], str(answer.url).encode()) == []


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/stays/new", {"stay": "0990", "measure": "arrest", "case": "c-1", "sex": "M", "person": "11010519491231002X"}),
        ("/stays/a1/0403/record/certificate.corrected", {"arrived_at_us": "9:00", "reason": "本人 11010519491231002X"}),
    ],
)  # fmt: skip
def test_a_form_takes_no_identity_number_in_clear(shared: House, path: str, values: dict[str, str]) -> None:
    size = shared.gateways["a1"].log.size
    answer = posted(client_of(shared, "0312"), path, **values)
    assert answer.status_code == 422
    assert catalogue().text("zh", "form.no_identity_number") in answer.text
    assert shared.gateways["a1"].log.size == size


def test_only_the_pages_state_such_facts(shared: House) -> None:
    client = client_of(shared, "0500")
    for name in ("person.identified", "person.erased"):
        answer = client.post(
            "/api/areas/a1/facts", json={"type": name, "body": {"stay": "0403", "name": NAME}},
            headers={"x-csrf-token": token(client)},
        )  # fmt: skip
        assert answer.status_code == 422
        assert traces(MARKERS, answer.content) == []


# ---------------------------------------------------------------- erasing


def test_one_signature_erases_nothing_and_the_same_or_a_wrong_second_neither(station: House) -> None:
    entered(station)
    released(station)
    first = client_of(station, "0100")
    assert posted(first, f"{BASE}/erasure", act="sign").status_code == 409  # nobody has signed first
    assert posted(first, f"{BASE}/erasure", ground="because").status_code == 422
    assert posted(first, f"{BASE}/erasure", ground="purpose_served").status_code == 200
    for badge in ("0100", "0800"):
        answer = posted(client_of(station, badge), f"{BASE}/erasure", act="sign")
        assert answer.status_code == 409
        assert catalogue().text("zh", "person.other_signer") in answer.text
    assert len(people_of(station).read("a1", "0403")) == 3
    assert posted(client_of(station, "0500"), f"{BASE}/erasure", act="withdraw").status_code == 200
    assert posted(client_of(station, "0500"), f"{BASE}/erasure", act="sign").status_code == 409


def test_two_signatures_destroy_the_key_and_every_page_says_so(station: House) -> None:
    answer = erased(station)
    assert answer.status_code == 200
    assert catalogue().text("zh", "person.erased_now") in answer.text
    body = last_leaf(station, "person.erased")["body"]
    assert isinstance(body, dict)
    assert (body["officers"], body["ground"], body["fields"]) == (["0100", "0500"], "kept_long_enough", 3)
    said = client_of(station, "0312").get(BASE).text
    assert "0100 · 0500" in said
    assert catalogue().text("zh", "person.hidden") not in said
    shown = posted(client_of(station, "0312"), f"{BASE}/show")
    assert traces(MARKERS, shown.content) == []
    own = people_of(station)
    stay_leaves = station.station.area("a1").stay_leaves("0403")
    assert own.disclosures("a1", "0403", stay_leaves, list(VALUES)) == []


def test_a_complaint_holds_the_particulars_and_the_page_says_why(station: House) -> None:
    entered(station)
    released(station)
    now_us = station.clock.now().earliest_us
    station.gateways["a1"].say("complaint.received", now_us, by="server", stay="0403")
    station.deliver()
    for badge in ("0100", "0500"):
        answer = client_of(station, badge).get(f"{BASE}/erasure")
        assert answer.status_code == 409
        assert catalogue().text("zh", "refused.under_hold") in answer.text
    assert posted(client_of(station, "0100"), f"{BASE}/erasure", ground="unlawful").status_code == 409


def test_a_complaint_that_the_area_has_and_the_server_not_yet_stops_the_second_signature(
    station: House,
) -> None:
    """The gateway puts both in order: the engine refuses, and the key stays."""
    entered(station)
    released(station)
    assert posted(client_of(station, "0100"), f"{BASE}/erasure", ground="unlawful").status_code == 200
    second = client_of(station, "0500")
    sent = token(second)
    now_us = station.clock.now().earliest_us
    station.gateways["a1"].say("complaint.received", now_us, by="server", stay="0403")  # not delivered
    answer = second.post(f"{BASE}/erasure", data={"csrf": sent, "act": "sign"})
    assert answer.status_code == 409
    assert catalogue().text("zh", "refused.under_hold") in answer.text
    assert len(people_of(station).read("a1", "0403")) == 3


# ---------------------------------------------------------------- nowhere else


def test_no_name_or_number_in_any_log_message_url_file_or_wall(
    station: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messages: list[bytes] = []
    way_out = station.station._publish

    def publish(message: Any) -> None:
        messages.append(message.payload)
        way_out(message)

    station.station.connect(publish)
    before = structlog.get_config()
    logs.configure("DEBUG")
    try:
        duty = entered(station)
        posted(duty, f"{BASE}/show")
        posted(duty, "/people", text=NAME)
        posted(duty, BASE, name=f"{NAME}\u202e")
        structlog.get_logger().info("seen")
        try:
            secret = NAME  # noqa: F841 - what a log of an error must not show
            raise ValueError("an error")
        except ValueError:
            structlog.get_logger().exception("failed")
    finally:
        structlog.configure(**before)
    said = capsys.readouterr()
    assert "failed" in said.err
    assert traces(MARKERS, (said.err + said.out).encode()) == []
    assert any(b"person.identified" in message for message in messages)
    assert traces(MARKERS, b"\n".join(messages)) == []
    for path in ("/", "/stays", "/stays/a1/0403", "/alarms", "/coverage", BASE, "/stays/a1/0403/record"):
        assert traces(MARKERS, duty.get(path).content) == [], path
    assert traces(MARKERS, station.station.log_bytes("gw-a1")) == []
    folder = Path(str(station.program.database.path)).parent
    assert traces_of(MARKERS, folder, folder.parent / f"{folder.name}-keys") == []


def test_after_erasure_and_after_an_old_copy_nothing_of_the_person_can_be_read(
    station: House, tmp_path: Path
) -> None:
    entered(station)
    folder = Path(str(station.program.database.path)).parent
    keys = folder.parent / f"{folder.name}-keys"
    copy = tmp_path / "copy"
    people_of(station)  # an old copy of both, made while the server runs
    shutil.copytree(folder, copy / "data", ignore=shutil.ignore_patterns("copy"))
    shutil.copytree(keys, copy / "keys")
    old = People(copy / "data", copy / "keys")
    assert len(old.read("a1", "0403")) == 3
    old.close()
    answer = erased(station)
    assert catalogue().text("zh", "person.erased_now") in answer.text
    assert traces_of(MARKERS, folder, keys) == []
    marks = [json.loads(data)["body"]["key"] for data in station.station.log_run("gw-a1", 0, 10**6)
             if json.loads(data)["type"] == "person.erased/1"]  # fmt: skip
    with_store = People(copy / "data", keys)  # the old store with the keys of today
    assert with_store.read("a1", "0403") == []
    with_store.close()
    both = People(copy / "data", copy / "keys")  # both old: readable until the gateway's log is there again
    assert len(both.read("a1", "0403")) == 3
    assert both.settle(marks) == 1
    assert both.read("a1", "0403") == []
    both.close()
    assert traces_of(MARKERS, copy, folder, keys) == []


def test_replay_gives_the_same_effects_and_the_log_the_same_proofs_before_and_after(station: House) -> None:
    def effects(size: int) -> list[str]:
        state = station.station.states()[0]
        again = Evaluator(state.area, state.rulebook)
        records = [leaves.parse(data) for data in station.station.log_run("gw-a1", 0, size)]
        return [repr(found.effect) for record in records for found in again.step(record)]

    entered(station)
    released(station)
    log = station.gateways["a1"].log
    size, root = log.size, log.root(log.size)
    before = effects(size)
    assert posted(client_of(station, "0100"), f"{BASE}/erasure", ground="ordered").status_code == 200
    posted(client_of(station, "0500"), f"{BASE}/erasure", act="sign")
    assert log.size > size
    assert log.root(size) == root
    assert effects(size) == before
    told = effects(log.size)
    assert told[: len(before)] == before
    assert not any("AlarmRaised" in effect for effect in told[len(before) :])


def test_without_a_key_directory_the_pages_say_that_nothing_is_kept(tmp_path: Path) -> None:
    from caseserver import app as application  # the same house, without keys

    house = House(tmp_path / "house" if (tmp_path / "house").mkdir() is None else tmp_path, day.START)
    people, house.program.people = house.program.people, None
    assert people is not None
    people.close()
    house.app = application.create_app(house.program)
    house.account("0312", "duty_officer")
    client = client_of(house, "0312")
    answer = client.get(BASE)
    assert answer.status_code == 404
    assert catalogue().text("zh", "person.absent") in answer.text
    assert re.search("密钥目录", client.get("/people").text)
    house.close()
