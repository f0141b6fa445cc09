"""An administrator's way in, over the real pages: password, second factor, recovery code, lock-out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from caselog import canonical
from caseserver.pins import digest_of
from tests.web import day
from tests.web.conversation import client_of, entries
from tests.web.guarded import Guarded, secret_of
from tests.web.house import PASSWORD


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = Guarded(tmp_path_factory.mktemp("factor"), day.START)
    made.guard()
    made.account("0800", "system_administrator")
    made.account("0801", "system_administrator")
    yield made
    made.close()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def begun(house: Guarded, number: str, where: str) -> tuple[TestClient, str]:
    client = client_of(house)
    answer = client.post("/sign-in", data={"badge": number, "password": PASSWORD, "next": "/own-log"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{where}?next=%2Fown-log")
    return client, client.get(answer.headers["location"]).text


@pytest.fixture(scope="module")
def set_up(house: Guarded) -> tuple[bytes, list[str]]:
    """The secret and the recovery codes of 0800, set up at his first sign-in."""
    client, page = begun(house, "0800", "/sign-in/enrol")
    assert '<figure class="qr" role="img"' in page
    drawn = page[page.index('<figure class="qr"') :]
    assert 'viewBox="0 0 ' in drawn[:300], (
        "one with a size of its own is cut on a phone, its quiet zone first"
    )
    secret = secret_of(page)
    form = {"csrf": hidden(page, "csrf"), "next": hidden(page, "next")}
    for path in ("/", "/own-log", "/api/areas", "/sign-in/code"):
        assert client.get(path).status_code in (303, 401), "a password alone opens nothing"
    assert client.post("/sign-in/enrol", data={**form, "csrf": "x", "code": "1"}).status_code == 403
    assert client.post("/sign-in/enrol", data={**form, "code": "000000"}).status_code == 401
    done = client.post("/sign-in/enrol", data={**form, "code": house.code_at(secret)})
    assert done.status_code == 200
    codes = re.findall(r"<li><code>([0-9a-f-]{23})</code>", done.text)
    assert len(codes) == 10
    assert client.get("/own-log").status_code == 200
    assert client.get("/account/second-factor").headers["location"] == "/account", "it is shown only once"
    house.now_s += 60
    return secret, codes


def test_the_code_opens_the_session_once(house: Guarded, set_up: tuple[bytes, list[str]]) -> None:
    house.now_s += 60
    client, page = begun(house, "0800", "/sign-in/code")
    code = house.code_at(set_up[0])
    form = {"csrf": hidden(page, "csrf"), "next": hidden(page, "next"), "code": code}
    answer = client.post("/sign-in/code", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/own-log")
    assert client.get("/own-log").status_code == 200
    again, page = begun(house, "0800", "/sign-in/code")
    answer = again.post("/sign-in/code", data={**form, "csrf": hidden(page, "csrf")})
    assert answer.status_code == 401
    assert "动态码不对" in answer.text
    assert again.get("/own-log").status_code == 303


def test_a_recovery_code_stands_for_a_code_once_and_the_log_says_which_it_was(
    house: Guarded, set_up: tuple[bytes, list[str]]
) -> None:
    before = house.program.own_log.size
    for wanted in (303, 401):
        client, page = begun(house, "0800", "/sign-in/code")
        form = {"csrf": hidden(page, "csrf"), "next": "/", "code": set_up[1][0]}
        assert client.post("/sign-in/code", data=form).status_code == wanted
    told = [(entry["type"], entry["body"]["detail"]) for entry in entries(house, before)]
    assert told == [
        ("account.logged_in/1", {"factor": "recovery"}),
        ("account.login_refused/1", {"problem": "wrong", "what": "code"}),
    ]


def test_the_api_asks_for_the_code_in_the_same_call(house: Guarded, set_up: tuple[bytes, list[str]]) -> None:
    client = client_of(house)
    body = {"number": "0800", "password": PASSWORD}
    refused = client.post("/api/session", json=body)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert "second factor" in refused.json()["detail"]
    assert client.get("/api/areas").status_code == 401
    house.now_s += 60
    code = house.code_at(set_up[0])
    assert client.post("/api/session", json={**body, "code": code}).status_code == 200
    assert client.get("/api/areas").status_code == 200


def test_a_pin_for_kiosks_asks_for_password_and_code_again_and_is_told_to_gateways_as_a_hash_alone(
    house: Guarded, set_up: tuple[bytes, list[str]]
) -> None:
    house.now_s += 60
    client, page = begun(house, "0800", "/sign-in/code")
    form = {"csrf": hidden(page, "csrf"), "next": "/", "code": house.code_at(set_up[0])}
    assert client.post("/sign-in/code", data=form).status_code == 303
    house.now_s += 60
    before, code = house.program.own_log.size, house.code_at(set_up[0])
    csrf = hidden(client.get("/account").text, "csrf")
    good = {"csrf": csrf, "pin": "271828", "again": "271828", "password": PASSWORD, "code": code}
    for wrong, status, told in (
        ({"again": "271829"}, 422, "两遍新 PIN 不一样"),
        ({"pin": "123456", "again": "123456"}, 422, "连号"),
        ({"password": "not-this-one"}, 409, "口令不对"),
        ({"code": "000000"}, 409, "动态码不对"),
        ({"code": ""}, 409, "动态码不对"),
    ):
        answer = client.post("/account/pin", data={**good, **wrong})
        assert (answer.status_code, told in answer.text) == (status, True), wrong
        assert not house.program.pins.has("0800")
    answer = client.post("/account/pin", data=good)
    assert (answer.status_code, "PIN 已设置" in answer.text) == (200, True)
    assert "271828" not in answer.text + client.get("/account").text
    for number in (1, 2):  # set anew, the old one is void: one entry, another hash, a later word
        words = house.station.provision(house.program.pins, None)
        told_pins = canonical.loads(words[0].payload)["kiosk"]["pins"]
        salt = bytes.fromhex(told_pins["0800"]["salt"])
        pin = "271828" if number == 1 else "314159"
        assert told_pins["0800"]["digest"] == digest_of(pin, salt).hex()
        house.program.pins.change("0800", "314159", 0)
    assert {entry["type"] for entry in entries(house, before)} >= {
        "kiosk.pin_set/1",
        "request.refused/1",
    }
    assert "271828" not in repr(entries(house, before))


def test_wrong_codes_lock_the_account_and_end_what_was_begun(house: Guarded) -> None:
    client, page = begun(house, "0801", "/sign-in/enrol")
    form = {"csrf": hidden(page, "csrf"), "next": "/", "code": "000000"}
    tried = [client.post("/sign-in/enrol", data=form).status_code for _ in range(6)]
    assert tried == [401] * 5 + [303]
    answer = client.post("/sign-in", data={"badge": "0801", "password": PASSWORD})
    assert answer.status_code == 401
    assert house.program.accounts.begun(client.cookies.get("caseward_session") or "") is None
