"""What tests say to the pages: signing in, the token of a form, a request of every route."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from tests.web.house import PASSWORD, House


def client_of(house: House, badge: str = "") -> TestClient:
    """A browser without redirects, signed in as ``badge``."""
    client = TestClient(house.app, base_url="http://testserver", follow_redirects=False)
    if badge:
        answer = client.post("/sign-in", data={"badge": badge, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
    return client


def token(client: TestClient, path: str = "/alarms") -> str:
    """The token that this session's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def declared_routes(house: House) -> Iterator[tuple[str, str]]:
    """(method, path as it is declared) of every route of the application."""
    for route in iter_route_contexts(house.app.routes):
        for method in sorted(route.methods or ()):
            yield method, str(route.path)


def filled(path: str, **values: str) -> str:
    """A declared path with its parameters filled in; with `none` where there is no value."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values.get(found[1], "none"), path)


def entries(house: House, after: int = 0) -> list[dict[str, Any]]:
    """What the server's own log says from leaf ``after`` on."""
    log = house.program.own_log
    return [json.loads(data) for data in log.leaves(after, log.size - after)]
