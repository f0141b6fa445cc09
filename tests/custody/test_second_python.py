"""The engine under another Python: CPython's WebAssembly build tells what this Python tells, effect by effect."""

import platform

import pytest

from tests.prove.busy import second

FACTS = 4_000
SECONDS_MAX = 120

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        not second.can_be_had(),
        reason="SECOND PYTHON NOT RUN: expected npm and node on the path, found not both",
    ),
]


def test_the_same_facts_lead_to_the_same_effects_on_another_python() -> None:
    here = second.here(FACTS, SECONDS_MAX)
    there = second.in_webassembly(FACTS, SECONDS_MAX)
    assert here["python"].endswith(platform.python_version())
    assert there["python"] != here["python"]
    assert there["system"] == "emscripten"
    assert there["facts_digest"] == here["facts_digest"], "the two made up different facts"
    assert (there["digest"], there["alarms"]) == (here["digest"], here["alarms"])
    assert sum(here["alarms"].values()) > 20
