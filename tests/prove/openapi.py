"""The API fuzzed out of its OpenAPI document by schemathesis, in full: no answer other than the document says, no 5xx.

House and fuzzing are those of tests/web/test_openapi.py, which runs a few examples of each call.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web import day
from tests.web.fuzzed import CHECKED, LEFT_OUT, fuzz
from tests.web.house import House
from tests.web.screenshots import accounts

EXAMPLES = 200


def run(say: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-openapi-") as folder:
        house = House(Path(folder), day.START)
        accounts(house)
        day.busy(house)
        result = fuzz(house, EXAMPLES)
        house.close()
    say(f"openapi: {result.cases} requests, {len(result.violations)} kinds of violation")
    broken = sum(count for (_, status), count in result.statuses.items() if status >= 500)
    return {
        "holds": not result.violations and not broken,
        "command": "python -m tests.prove openapi",
        "examples_of_each_kind": EXAMPLES,
        "requests": result.cases,
        "answers_5xx": broken,
        "violations": result.violations,
        "checks": list(CHECKED),
        "left_out": [" ".join(one) for one in LEFT_OUT],
        "answers": {f"{call}: {status}": count for (call, status), count in sorted(result.statuses.items())},
    }
