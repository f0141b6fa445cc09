"""The API fuzzed out of its own OpenAPI document: every call, valid and not; each answer held to what the document says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from tests.web.conversation import client_of
from tests.web.house import House

LEFT_OUT = (("GET", "/api/events"), ("DELETE", "/api/session"))
"""A stream has no end to wait for; signing out would end the fuzzing."""
CHECKED = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip
VIOLATIONS_SHOWN = 400
"""Characters of what a check says."""


@dataclass
class Fuzzed:
    """What came of it: answers by call and status, and what did not hold."""

    cases: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    violations: dict[str, str] = field(default_factory=dict)


def fuzz(house: House, examples: int, badge: str = "0312") -> Fuzzed:
    """``examples`` valid and as many broken requests of every operation, as an officer who is signed in."""
    client = client_of(house, badge)
    csrf = client.get("/api/session").json()["csrf"]
    cookies = dict(client.cookies)
    own = {"headers": {"x-csrf-token": csrf}, "cookies": cookies}
    load_all_checks()
    said = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", house.app, headers=said)
    schema.config.generation.update(with_security_parameters=False)  # we send our own session
    result = Fuzzed()
    there = known(house)
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        names = re.findall(r"{(\w+)}", operation.path)
        # what is there, what is not, and what cannot be
        if names:
            _run(
                operation,
                GenerationMode.POSITIVE,
                own,
                examples,
                result,
                {name: there[name] for name in names},
            )
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _run(operation, mode, own, examples, result)
    return result


def known(house: House) -> dict[str, str]:
    """Parameters of paths that name something of the house."""
    alarm = house.station.area("a1").alarms[0]
    return {"area": "a1", "alarm": alarm.ref, "gateway": "gw-a1", "fact_id": "none"}


def _run(
    operation: Any, mode: GenerationMode, own: dict[str, Any], examples: int, result: Fuzzed,
    named: dict[str, str] | None = None,
) -> None:  # fmt: skip
    checks = CHECKS.get_by_names(list(CHECKED))

    @seed(1)
    @settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(mode, path_parameters=named))
    def one(case: Any) -> None:
        answer = case.call(**own)
        result.cases += 1
        result.statuses[f"{operation.method.upper()} {operation.path}", answer.status_code] += 1
        try:
            case.validate_response(answer, checks=checks)
        except FailureGroup as failed:
            for each in failed.exceptions:
                key = f"{operation.method.upper()} {operation.path}: {type(each).__name__}"
                result.violations.setdefault(key, f"{answer.status_code} {each}"[:VIOLATIONS_SHOWN])

    try:
        one()
    except Unsatisfiable:
        # a call without parameters cannot be called wrongly
        assert mode is GenerationMode.NEGATIVE
