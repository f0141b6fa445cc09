"""The OpenAPI document: complete, and true of every answer that a fuzzer gets out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from caseserver.access import ROUTES
from caseserver.problems import MEDIA_TYPE
from tests.web import day
from tests.web.conversation import client_of
from tests.web.fuzzed import LEFT_OUT, fuzz
from tests.web.house import House
from tests.web.screenshots import accounts

pytestmark = pytest.mark.slow

EXAMPLES = 3
"""Of each kind for each call; `python -m tests.prove openapi` runs the full number."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("openapi"), day.START)
    accounts(made)
    day.busy(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = client_of(house, "0312").get("/api/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_every_call_under_api_stands_in_the_document_with_words_and_a_model(document: dict[str, Any]) -> None:
    told = {f"{method} {path}" for method, path, _ in operations(document)}
    there = {route for route in ROUTES if " /api/" in route} - {"GET /api/openapi.json"}
    assert told - {"GET /healthz", "GET /metrics"} == there
    for method, path, operation in operations(document):
        assert operation["description"], path
        assert operation["tags"], path
        good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        if "204" not in operation["responses"]:
            assert good.get("content"), (method, path)
            assert all(kind["schema"] for kind in good["content"].values()), (method, path)


def test_what_goes_wrong_is_told_as_a_problem(document: dict[str, Any]) -> None:
    assert {"Problem", "FieldError"} <= document["components"]["schemas"].keys()
    for method, path, operation in operations(document):
        if path.startswith("/api/witness") or not path.startswith("/api/"):
            continue
        wrong = {s: a for s, a in operation["responses"].items() if s.startswith(("4", "5"))}
        assert {"401", "429"} <= wrong.keys(), (method, path)
        assert all(MEDIA_TYPE in answer["content"] for answer in wrong.values()), (method, path)
        assert "HTTPValidationError" not in str(operation)


def test_who_may_call_is_in_the_document(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        access = ROUTES[f"{method} {path}"]
        wanted: list[dict[str, list[str]]] = [{"session": []}]
        if access.kind == "open":
            wanted = []
        elif method != "GET":
            wanted = [{"session": [], "form": []}]
        elif access.scope:
            wanted = [{"session": []}, {"token": []}]
        assert operation["security"] == wanted, (method, path)


def test_no_answer_to_a_fuzzer_is_other_than_the_document_says(
    house: House, document: dict[str, Any]
) -> None:
    result = fuzz(house, EXAMPLES)
    assert result.violations == {}
    called = {call for call, _ in result.statuses}
    left_out = {f"{method} {path}" for method, path in LEFT_OUT}
    assert called == {f"{method} {path}" for method, path, _ in operations(document)} - left_out
    assert {status for _, status in result.statuses} >= {200, 401, 404, 422}
    assert result.cases >= 60
