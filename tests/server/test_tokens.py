"""Tokens of programs: they read in their scopes until their day, act never, and say so in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from caseserver.access import ROUTES
from caseserver.accounts import AccountError
from caseserver.tokens import LIVE_MAX, SCOPES, Tokens
from tests.server.station_kit import HOUR_US, morning
from tests.server.test_api import Served
from tests.web.conversation import filled

VALUES = {"area": "a1", "gateway": "gw-a1", "alarm": "none", "fact_id": "none"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("tokens"))
    made.clock.at_us = morning(made.gateway) + HOUR_US
    made.take(made.gateway.batch())
    yield made
    made.close()


def client(served: Served, bearer: str) -> TestClient:
    return TestClient(served.app, headers={"authorization": f"Bearer {bearer}"})


def tokens(served: Served) -> Tokens:
    found: Tokens = served.app.state.tokens
    return found


def test_each_scope_opens_its_calls_and_no_other(served: Served) -> None:
    calls = {
        route: access for route, access in ROUTES.items() if route.startswith("GET /api/") and access.scope
    }
    assert {access.scope for access in calls.values()} == set(SCOPES)
    for scope in SCOPES:
        if scope == "events":
            continue  # a stream: it has no end to wait for
        program = client(served, tokens(served).make("9001", "reader", [scope], 1)[1])
        for route, access in calls.items():
            if access.scope == "events":
                continue
            path = filled(route.split(" ")[1], **VALUES)
            answer = program.get(path, params={"from_us": 0, "to_us": 60_000_000})
            if access.scope == scope:
                assert answer.status_code in (200, 404), (scope, route, answer.text)
            else:
                assert answer.status_code == 403, (scope, route)
                assert access.scope in answer.json()["detail"]
    for other in tokens(served).listed("9001"):
        tokens(served).revoke(other.id, None)


def test_no_token_acts_opens_a_page_or_signs_in(served: Served) -> None:
    program = client(served, tokens(served).make("1001", "all", SCOPES, 1)[1])
    size = len(served.sent)
    fact: dict[str, Any] = {"type": "meal.offered", "body": {"stay": "S-1"}}
    for headers in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "None"}):
        assert program.post("/api/areas/a1/facts", json=fact, headers=headers).status_code == 403
        assert program.delete("/api/session", headers=headers).status_code == 403
    assert program.get("/api/session").status_code == 403
    assert program.get("/stays", follow_redirects=False).status_code == 303
    assert len(served.sent) == size


def test_a_read_by_a_token_is_written_down_with_the_token(served: Served) -> None:
    token_id, bearer = tokens(served).make("9001", "reader", ["stays"], 1)
    assert client(served, bearer).get("/api/stays").status_code == 200
    with served.database.reading() as connection:
        query = "SELECT number, detail FROM audit WHERE action = 'record.read' ORDER BY id DESC LIMIT 1"
        number, detail = connection.execute(text(query)).one()
    assert (number, json.loads(detail)["token"]) == ("9001", token_id)


def test_a_token_ends_by_its_day_by_revocation_and_with_its_account(tmp_path: Path) -> None:
    served = Served(tmp_path)
    now_s = 1_000_000.0
    made = Tokens(served.database, lambda: now_s)
    served.accounts.add("7", ["inspector"], "correct horse battery", "test")
    first, second, third = (made.make("7", "t", ["areas"], days) for days in (1, 3, 3))
    assert made.of_text(first[1]) is not None
    assert made.revoke(second[0], "1001") is False, "somebody else's"
    assert made.revoke(second[0], "7") is True
    assert made.of_text(second[1]) is None
    now_s += 86_400
    assert made.of_text(first[1]) is None
    assert made.of_text(third[1]) is not None
    served.accounts.disable("7")
    assert made.of_text(third[1]) is None
    with served.database.reading() as connection:
        stored = str(connection.execute(text("SELECT * FROM api_token")).all())
    assert not any(bearer in stored for _, bearer in (first, second, third))
    served.close()


@pytest.mark.parametrize(
    ("label", "scopes", "days"), [("", ["areas"], 1), ("x", [], 1), ("x", ["acts"], 1), ("x", ["areas"], 0), ("x", ["areas"], 366), ("x" * 65, ["areas"], 1)],
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused(served: Served, label: str, scopes: list[str], days: int) -> None:
    with pytest.raises(AccountError, match="expected .* found"):
        tokens(served).make("1001", label, scopes, days)


def test_an_account_has_so_many_live_tokens_and_no_more(served: Served) -> None:
    for _ in range(LIVE_MAX):
        tokens(served).make("9001x", "t", ["areas"], 1)
    with pytest.raises(AccountError, match="fewer than"):
        tokens(served).make("9001x", "t", ["areas"], 1)
