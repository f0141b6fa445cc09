"""Ten and more wrong-role, wrong-order or forged attempts on every form: refused, written down, nothing changed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from caseserver.auth import COOKIE
from custody.vocabulary import ROLES
from tests.web import day
from tests.web.attempts import Attempt, Cast, attempts, forms
from tests.web.conversation import client_of, entries, token
from tests.web.house import House
from tests.web.screenshots import accounts

pytestmark = pytest.mark.slow

ATTEMPTS_MIN = 10
EVERYTHING = [role for role in ROLES if role not in ("procuratorate", "court")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # Thousands of forms in seconds by one account: how many a minute are let in is tests/server/test_rates.py's.
    unlimited = "\n[limits]\nrequests_per_minute_max = 0\naccount_requests_per_minute_max = 0\n"
    made = House(tmp_path_factory.mktemp("attempts"), day.START, more=unlimited)
    accounts(made)
    for number, role in enumerate(EVERYTHING, 5000):
        made.account(str(number), role)
    made.account("6000", *EVERYTHING)
    day.busy(made)
    yield made
    made.close()


def session(client: TestClient) -> str:
    return client.cookies[COOKIE]


@pytest.fixture(scope="module")
def cast(house: House) -> Cast:
    by_role = {role: client_of(house, str(number)) for number, role in enumerate(EVERYTHING, 5000)}
    tokens = {role: token(client) for role, client in by_role.items()}
    everything, over = client_of(house, "6000"), client_of(house, "6000")
    tokens |= {"everything": token(everything), "ended": token(over)}
    over.post("/sign-out", data={"csrf": tokens["ended"]})
    bearer = house.program.tokens.make("6000", "t", ["areas", "stays", "log", "alarms"], 1)[1]
    sessions = {role: session(client) for role, client in by_role.items()}
    return Cast(sessions, session(everything), tokens, bearer)


def test_every_attempt_on_every_form_is_refused_with_a_reason_written_down_and_changes_nothing(
    house: House, cast: Cast
) -> None:
    size, accounts_before = house.gateways["a1"].log.size, house.program.accounts.rows()
    tried: Counter[str] = Counter()
    wrong: list[str] = []

    async def all_of_them() -> None:
        transport = httpx.ASGITransport(house.app)
        alarm = house.station.area("a1").alarms[0].ref
        values = {
            "area": "a1",
            "ref": "0403",
            "post": "duty",
            "change": "none",
            "alarm": alarm,
            "number": "1",
        }
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            for form in forms(house.station.area("a1").rulebook, values):
                for attempt in attempts(form, cast):
                    problem = await one(house, client, attempt)
                    tried[form.path] += 1
                    wrong.extend([f"{attempt.name} at {attempt.path}: {problem}"] if problem else [])

    asyncio.run(all_of_them())
    assert wrong == []
    log = house.gateways["a1"].log
    added = [json.loads(log.leaf(index))["type"] for index in range(size, log.size)]
    refused = added.count("fact.refused/1")
    assert len(added) == 2 * refused, (
        "a gateway that was asked has the fact and its refusal, and nothing else"
    )
    assert house.program.accounts.rows() == accounts_before
    assert min(tried.values()) >= ATTEMPTS_MIN, tried.most_common()[-3:]
    assert len(tried) > 150


async def one(house: House, client: httpx.AsyncClient, attempt: Attempt) -> str:
    """What is wrong with how an attempt was answered; "" when it was refused, with a reason, and written down."""
    before = house.program.own_log.size
    headers = {**attempt.headers, "cookie": f"{COOKIE}={attempt.session}"}
    answer = await client.post(attempt.path, data=dict(attempt.data), headers=headers)
    if answer.status_code not in attempt.allowed:
        return f"answered {answer.status_code}"
    if answer.status_code != 303 and 'role="alert"' not in answer.text:
        return "no reason"
    told = {entry["type"] for entry in entries(house, before)}
    is_told = bool(told & {"request.refused/1", "fact.refused/1"})
    return "" if is_told or not attempt.session else f"written down: {sorted(told)}"
