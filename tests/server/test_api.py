"""The JSON API and the guards around it, through the real application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from caseserver.accounts import Officer
from caseserver.app import SECURITY_HEADERS, create_app
from caseserver.auth import safe_next
from caseserver.events import message
from caseserver.program import Program
from caseserver.settings import Settings
from caseserver.tokens import Tokens
from tests.server.station_kit import HOUR_US, Kit, morning

PASSWORD = "correct horse battery"
Call = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]


class Unstarted(SimpleNamespace):
    """The parts of a program that was never started; whether it is well is asked as the program asks."""

    is_well = Program.is_well


class Served(Kit):
    """The kit with the application on top; `start` of the program is never called, so there is no network."""

    app: FastAPI

    def start(self) -> None:
        super().start()
        self.settings = Settings()
        link = SimpleNamespace(strangers=0, dropped=0)
        program = Unstarted(
            settings=self.settings, station=self.station, accounts=self.accounts, inbox=self.inbox, link=link,
            factors=None, changes=None, tokens=Tokens(self.database), worker=self.worker, influx_queue=None, influx_writer=None, database=self.database, people=None,
            bundles=None, papers=None, pins=None, beat=None, notifier=SimpleNamespace(is_well=True, calls_open=0, messages_waiting=0),
        )  # fmt: skip
        self.app = create_app(cast(Program, program))
        if not self.accounts.listed():
            self.accounts.add("1001", ["duty_officer"], PASSWORD, "test")
            self.accounts.add("9001", ["inspector"], PASSWORD, "test")

    def run(self, call: Call) -> None:
        """Run `call` with a client of the application."""

        async def within() -> None:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 5000))
            async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
                await call(client)

        asyncio.run(within())


@pytest.fixture
def served(tmp_path: Path) -> Any:
    made = Served(tmp_path)
    made.clock.at_us = morning(made.gateway) + HOUR_US
    made.gateway.deadline(made.clock.at_us)
    made.take(made.gateway.batch())
    made.beat(1.0)
    yield made
    made.close()


async def signed_in(client: httpx.AsyncClient, number: str = "1001") -> str:
    answer = await client.post("/api/session", json={"number": number, "password": PASSWORD})
    assert answer.status_code == 200
    return str(answer.json()["csrf"])


def test_nothing_but_health_and_sign_in_is_answered_without_a_session(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        operations = served.app.openapi()["paths"]
        open_paths = {"/healthz", "/metrics", "/sign-in"}
        for path, methods in operations.items():
            for method in methods:
                filled = path.replace("{", "").replace("}", "")
                if (
                    path in open_paths
                    or (path == "/api/session" and method == "post")
                    or not path.startswith("/api")
                ):
                    continue
                answer = await client.request(method, filled, json={})
                # a call that changes something is already stopped for want of a form token
                assert answer.status_code in (401, 403), (method, path, answer.status_code)
        assert (await client.get("/api/openapi.json")).status_code == 401

    served.run(call)


def test_areas_alarms_stays_and_log_are_given_as_the_station_has_them(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        await signed_in(client)
        (area,) = (await client.get("/api/areas")).json()
        assert (area["id"], area["log_size"]) == ("a1", served.gateway.log.size)
        assert area["root"] == served.gateway.log.root().hex()
        alarms = (await client.get("/api/alarms")).json()
        assert {alarm["id"] for alarm in alarms} == {alarm.id for alarm in served.state.book.open()}
        (stay,) = (await client.get("/api/stays")).json()
        assert (stay["stay"], stay["measure"]) == ("S-1", "criminal_summons")
        assert (await client.get("/api/stays", params={"released": True})).json() == []
        log = await client.get("/api/log/gw-a1", params={"first": 3, "count": 4})
        assert log.content == b"".join(leaf + b"\n" for leaf in served.gateway.log.leaves(3, 4, 10**6))
        one = alarms[0]["id"].replace("/", "~")
        history = (await client.get(f"/api/alarms/a1/{one}/history")).json()
        assert history[0]["what"] in ("raised", "prewarned")
        assert (await client.get("/api/alarms/a1/none/history")).status_code == 404

    served.run(call)
    with served.database.reading() as connection:
        actions = connection.execute(text("SELECT action FROM audit ORDER BY id")).scalars().all()
    assert actions == ["log.begun", "account.logged_in", *["record.read"] * 4]


def test_the_openapi_document_tells_of_every_route_and_its_answer(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        await signed_in(client)
        document = (await client.get("/api/openapi.json")).json()
        for path in (
            "/api/areas",
            "/api/alarms",
            "/api/stays",
            "/api/log/{gateway}",
            "/api/areas/{area}/facts",
        ):
            for operation in document["paths"][path].values():
                assert operation["description"]
                assert operation["tags"]
        assert document["paths"]["/api/areas"]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]

    served.run(call)


def test_a_wrong_password_is_401_and_a_locked_account_429(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        codes = []
        for _ in range(6):
            answer = await client.post("/api/session", json={"number": "1001", "password": "wrong password"})
            codes.append(answer.status_code)
        assert codes == [401] * 4 + [429] * 2
        assert int(answer.headers["retry-after"]) > 0
        assert "caseward_session" not in answer.headers.get("set-cookie", "")

    served.run(call)


def test_the_session_cookie_is_for_our_own_pages_only(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/session", json={"number": "1001", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie

    served.run(call)


def test_a_fact_needs_the_form_token_of_this_very_session(served: Served) -> None:
    fact = {"type": "search.signed", "body": {"stay": "S-1", "officers": ["1001"]}}

    async def call(client: httpx.AsyncClient) -> None:
        stale = await signed_in(client)
        token = await signed_in(client)
        for headers in ({}, {"x-csrf-token": stale}, {"x-csrf-token": "x"}, {"x-csrf-token": ""}):
            answer = await client.post("/api/areas/a1/facts", json=fact, headers=headers)
            assert answer.status_code == 403
        foreign = {"x-csrf-token": token, "origin": "http://elsewhere"}
        assert (await client.post("/api/areas/a1/facts", json=fact, headers=foreign)).status_code == 403
        cross = {"x-csrf-token": token, "sec-fetch-site": "cross-site"}
        assert (await client.post("/api/areas/a1/facts", json=fact, headers=cross)).status_code == 403
        answer = await client.post("/api/areas/a1/facts", json=fact, headers={"x-csrf-token": token})
        assert answer.status_code == 202
        receipt = await client.get(f"/api/facts/{answer.json()['id']}")
        assert receipt.json()["text"] == "sent"

    served.run(call)
    assert [m.topic for m in served.sent] == ["fact"]


@pytest.mark.parametrize(
    "cause", [r'"\ud800"', "[" * 20_000 + "]" * 20_000, "1" * 6_000], ids=["half a character", "deep", "huge"]
)
def test_what_no_log_could_hold_is_refused_with_its_reason(served: Served, cause: str) -> None:
    body = (
        f'{{"type":"alarm.rectified","body":{{"alarm":"a","officer":"1001","action":"x","cause":{cause}}}}}'
    )

    async def call(client: httpx.AsyncClient) -> None:
        headers = {"x-csrf-token": await signed_in(client), "content-type": "application/json"}
        answer = await client.post("/api/areas/a1/facts", content=body, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["detail"]

    served.run(call)
    assert served.sent == []


def test_an_inspector_reads_and_may_state_nothing(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        token = await signed_in(client, "9001")
        assert (await client.get("/api/alarms")).status_code == 200
        fact = {"type": "stay.released", "body": {"stay": "S-1", "reason": "released"}}
        answer = await client.post("/api/areas/a1/facts", json=fact, headers={"x-csrf-token": token})
        assert answer.status_code == 422
        assert "role: expected one of" in answer.json()["detail"]

    served.run(call)
    assert served.sent == []


def test_a_session_that_was_signed_out_is_over_whoever_kept_the_cookie(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        token = await signed_in(client)
        kept = client.cookies["caseward_session"]
        assert (await client.delete("/api/session")).status_code == 403
        assert (await client.delete("/api/session", headers={"x-csrf-token": token})).status_code == 204
        client.cookies.set("caseward_session", kept, domain="station")
        assert (await client.get("/api/areas")).status_code == 401

    served.run(call)


def test_every_answer_carries_the_security_headers(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        for path in ("/healthz", "/api/areas", "/api/no/such/call"):
            answer = await client.get(path)
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name] == value
            assert answer.headers["cache-control"] == "no-store"

    served.run(call)


def test_a_large_body_is_refused_with_and_without_its_length(served: Served) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"x" * 1_000

    async def call(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/session", content=b"x" * 300_000)).status_code == 413
        assert (await client.post("/api/session", content=chunks())).status_code == 413

    served.run(call)


def test_health_is_bad_when_the_worker_has_failed_and_says_nothing_of_people(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        answer = await client.get("/healthz")
        assert answer.status_code == 503  # the worker's thread was never started here
        assert set(answer.json()) == {"status", "broker"}

    served.run(call)


def test_metrics_are_for_this_machine_and_count_what_was_taken(served: Served) -> None:
    async def call(client: httpx.AsyncClient) -> None:
        answer = await client.get("/metrics")
        assert answer.status_code == 200
        assert f'caseward_log_leaves{{area="a1"}} {float(served.gateway.log.size)}' in answer.text
        assert 'caseward_ingest_total{area="a1",event="batches"} 1.0' in answer.text
        transport = httpx.ASGITransport(served.app, client=("10.0.0.9", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://station") as stranger:
            assert (await stranger.get("/metrics")).status_code == 403

    served.run(call)


def test_coverage_is_given_in_seconds_seen_and_unseen(served: Served) -> None:
    first_us = served.clock.at_us
    for second in range(1, 61):
        served.clock.at_us = first_us + second * 1_000_000
        served.beat(1.0 + second)
    served.state.flush_samples(served.clock.now())

    async def call(client: httpx.AsyncClient) -> None:
        await signed_in(client)
        window = {"from_us": first_us, "to_us": served.clock.at_us + 1}
        series = {s["source"]: s for s in (await client.get("/api/coverage/a1", params=window)).json()}
        assert {"gateway", "node:n1"} <= set(series)
        cells = series["gateway"]["cells"]
        assert sum(cell["seen_s"] for cell in cells) == 60
        assert sum(cell["unseen_s"] for cell in cells) == 0

    served.run(call)


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("/stays/S-1?x=1", "/stays/S-1?x=1"),
        ("//elsewhere", "/"),
        ("https://elsewhere", "/"),
        ("/\\elsewhere", "/"),
        ("javascript:alert(1)", "/"),
        (None, "/"),
        ("", "/"),
    ],
)
def test_after_sign_in_only_our_own_pages_are_gone_to(target: str | None, safe: str) -> None:
    assert safe_next(target) == safe


def test_an_event_of_several_lines_stays_one_event() -> None:
    assert message("a", "one\ntwo\r\nthree") == b"event: a\ndata: one\ndata: two\ndata: three\n\n"
    assert message("a", "") == b"event: a\ndata: \n\n"


def test_ticks_are_coalesced_bounded_and_end_with_the_hub(served: Served) -> None:
    hub = served.station.hub

    async def within() -> None:
        ticks = served.station.subscribe()
        first = await anext(ticks)
        for _ in range(1_000):
            hub.tick()
        second = await asyncio.wait_for(anext(ticks), 20)
        assert second == first + 1_000
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(ticks), 0.3)
        assert hub.subscribers == 0  # the cancelled one has left
        again = served.station.subscribe()
        await anext(again)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(again), 20)

    asyncio.run(within())


def test_officers_may_what_their_roles_allow_and_no_more() -> None:
    assert Officer("1", frozenset({"duty_officer"})).may("alarm.taken")
    assert not Officer("1", frozenset({"inspector"})).may("alarm.taken")
    assert not Officer("1", frozenset({"system_administrator"})).may("stay.released")
    assert not Officer("1", frozenset({"duty_officer"})).may("door.opened")
