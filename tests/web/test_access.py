"""One table of all routes: each is declared, guarded and headed, and what is personal is written down before it is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from caseserver import app as application
from caseserver.access import ROUTES, access_of
from tests.web import day
from tests.web.conversation import client_of, declared_routes, entries, filled, token
from tests.web.house import House
from tests.web.screenshots import accounts

READER = (
    "inspector",
    "supervisor",
    "legal_reviewer",
    "case_officer",
    "area_administrator",
    "county_duty_head",
)
SECOND_QUERY = {"/whatif": "?area=a1&from=cn-2012&to=cn-2026"}
NO_STREAM = ("/events", "/events/alarms", "/api/events", "/events/areas/{area}/walk")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("access"), day.START)
    accounts(made)
    made.account("0999", *READER)
    day.busy(made)
    made.gateways["a1"].say(
        "item.seized", day.NOW, item="x-1", case="c-1", procedure="criminal", seized_from="place", officers=["1187", "0921"],
        taken_by="1187", pieces=1, copies=3,
    )  # fmt: skip
    made.deliver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def reader(house: House) -> TestClient:
    return client_of(house, "0999")


@pytest.fixture(scope="module")
def values(house: House) -> dict[str, str]:
    """What the parameters of paths are filled with: things that are there."""
    view = house.station.area("a1")
    return {
        "area": "a1", "ref": "0403", "post": "duty_officer", "alarm": view.alarms[0].id.replace("/", "~"), "index": "12", "gateway": "gw-a1",
        "case": "c-1", "fact": "meal.offered", "fact_id": "none", "asked": "x", "name": "base.css", "number": "0",
    }  # fmt: skip


def test_every_route_is_declared_and_every_declaration_is_a_route(house: House) -> None:
    """A new route needs its line in caseserver.access.ROUTES."""
    there = {f"{method} {path}" for method, path in declared_routes(house)}
    assert sorted(there - ROUTES.keys()) == []
    assert sorted(ROUTES.keys() - there) == []


def test_a_route_that_nobody_declared_counts_as_personal() -> None:
    assert access_of("GET", "/nobody/declared/this").kind == "personal"


def test_every_read_of_personal_data_is_written_down_once_and_plain_ones_are_not(
    house: House, reader: TestClient, values: dict[str, str]
) -> None:
    alarm = house.station.area("a1").alarms[0].id.replace("/", "~")
    unseen: set[str] = set()
    for route, access in ROUTES.items():
        method, path = route.split(" ")
        if (
            access.kind not in ("personal", "written", "plain")
            or path in NO_STREAM
            or path.startswith("/events/")
        ):
            continue
        chosen = values | ({"ref": alarm} if path.startswith("/alarms/") else {})
        if path.endswith("/band"):
            chosen = values | {"ref": "0420"}
        if "/items/" in path:
            chosen = values | {"ref": "x-1"}
        form = (
            {"csrf": token(reader), "text": "nobody", "paper": "handover", "item": "x-1"}
            if method == "POST"
            else None
        )
        before = house.program.own_log.size
        answer = reader.request(method, filled(path, **chosen) + SECOND_QUERY.get(path, ""), data=form)
        told = [entry for entry in entries(house, before) if entry["type"] == "record.read/1"]
        wanted = 0 if access.kind == "plain" or answer.status_code >= 400 else 1
        assert len(told) == wanted, (route, answer.status_code)
        assert all(entry["body"]["officer"] == "0999" for entry in told), route
        if access.kind != "plain" and answer.status_code != 200:
            unseen.add(route)
    assert unseen == {"GET /stays/{area}/{ref}/person/erasure"}  # 409: the person is still held


def test_nothing_is_shown_when_the_read_cannot_be_written_down(
    house: House, reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_said: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(house.station, "record_read", fails)
    for path in ("/stays/a1/0403", "/log/a1/12", "/stays", "/api/stays"):
        with pytest.raises(OSError, match="no room"):
            reader.get(path)


def test_without_a_session_every_route_but_the_open_ones_gives_nothing(
    house: House, values: dict[str, str]
) -> None:
    nobody = client_of(house)
    for route, access in ROUTES.items():
        method, path = route.split(" ")
        if access.kind == "open":
            continue
        answer = nobody.request(method, filled(path, **values))
        wanted = {401, 403} if path.startswith("/api/") else {303, 403}
        assert answer.status_code in wanted, (route, answer.status_code)
        assert answer.headers.get("location", "/sign-in").startswith("/sign-in"), route


def test_every_answer_of_every_route_has_the_security_headers(
    house: House, reader: TestClient, values: dict[str, str]
) -> None:
    asked = [route.split(" ") for route in ROUTES if "/events" not in route]
    asked += [["GET", "/nothing/here"], ["PUT", "/stays"], ["TRACE", "/"]]
    for method, path in asked:
        answer = reader.request(method, filled(path, **values))
        for name, value in application.SECURITY_HEADERS.items():
            wanted = {value, "same-origin"} if name == "Referrer-Policy" else {value}
            assert answer.headers.get(name) in wanted, (method, path, name)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        if not path.startswith("/static/"):
            assert answer.headers["cache-control"] == "no-store", (method, path)


def test_every_changing_route_refuses_a_foreign_origin_a_foreign_site_and_a_wrong_token(
    house: House, reader: TestClient, values: dict[str, str]
) -> None:
    own = token(reader)
    sizes = house.gateways["a1"].log.size
    tried = 0
    for route in ROUTES:
        method, path = route.split(" ")
        if method == "GET" or access_of(method, path).kind == "open":
            continue
        for headers, sent in (
            ({"origin": "https://evil.example"}, own),
            ({"sec-fetch-site": "cross-site"}, own),
            ({}, "A" * 43),
            ({}, ""),
        ):
            before = house.program.own_log.size
            form = {"headers": {"x-csrf-token": sent, **headers}} if path.startswith("/api/") else {
                "headers": headers, "data": {"csrf": sent},
            }  # fmt: skip
            answer = reader.request(method, filled(path, **values), **form)
            assert answer.status_code == 403, (route, headers, sent)
            (told,) = entries(house, before)
            assert (told["type"], told["body"]["subject"]) == ("request.refused/1", route)
            tried += 1
    assert tried >= 80
    assert house.gateways["a1"].log.size == sizes
