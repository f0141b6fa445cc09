"""Requests in a minute: a bucket for each address and account, 429 with Retry-After beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from caseserver.problems import MEDIA_TYPE
from caseserver.rates import KEYS_MAX, Rate
from tests.server.test_api import PASSWORD, Served


def test_a_minute_s_requests_may_come_at_once_and_then_evenly() -> None:
    rate = Rate(60)
    assert [rate.take("a", 0.0) for _ in range(61)] == [0] * 60 + [1]
    assert rate.take("b", 0.0) == 0, "others are counted apart"
    assert rate.take("a", 0.5) == 1, "what is refused costs nothing, and half a request is none"
    assert [rate.take("a", 1.01), rate.take("a", 1.02)] == [0, 1]
    assert [rate.take("a", 100.0) for _ in range(61)].count(0) == 60, "never more than a minute's in hand"
    slow = Rate(1)
    assert [slow.take("a", 0.0), slow.take("a", 1.0)] == [0, 59]


def test_none_counts_nothing_and_the_longest_silent_is_forgotten_first() -> None:
    assert not any(Rate(0).take("a", 0.0) for _ in range(100))
    rate = Rate(1)
    for number in range(KEYS_MAX + 1):
        assert rate.take(str(number), 0.0) == 0
    assert rate.take("0", 0.0) == 0, "forgotten"
    assert rate.take(str(KEYS_MAX), 0.0) > 0, "remembered"


@pytest.mark.parametrize("whose", ["account", "address"])
def test_beyond_it_a_call_is_told_when_to_come_again_and_health_is_answered(
    tmp_path: Path, whose: str
) -> None:
    served = Served(tmp_path)
    client = TestClient(served.app)
    assert client.post("/api/session", json={"number": "1001", "password": PASSWORD}).status_code == 200
    if whose == "account":
        served.app.state.account_rate = Rate(5)
    else:
        served.app.state.address_rate._max = 5
        served.app.state.address_rate._left.clear()
    codes = [client.get("/api/areas").status_code for _ in range(8)]
    assert codes == [200] * 5 + [429] * 3
    answer = client.get("/api/areas")
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert 1 <= int(answer.headers["retry-after"]) <= 12
    assert "content-security-policy" in answer.headers
    assert client.get("/healthz").status_code != 429
    if whose == "account":
        other = TestClient(served.app)
        assert other.post("/api/session", json={"number": "9001", "password": PASSWORD}).status_code == 200
        assert other.get("/api/areas").status_code == 200
    served.close()
