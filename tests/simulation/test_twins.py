"""Twins of a plan that must tell the same (docs/simulation.md): some in `make test`, all of them in `make prove`."""

from dataclasses import replace

import pytest

from tests.simulation.plan import Fault
from tests.simulation.small import play
from tests.simulation.twins import KINDS, SCENES, Twin, differences, plans, walk

pytestmark = pytest.mark.slow

EVERY_US = 1_300_000
STRIDE = 17


def test_restarts_a_bad_network_and_a_set_clock_change_no_alarm_and_no_fact() -> None:
    kinds: set[str] = set()
    alarms = 0
    for number, plan in enumerate(plans()):
        tally = walk(plan, EVERY_US, STRIDE, offset=number)
        assert tally.differences == [], f'python -m tests.simulation.twins --scene "{SCENES[number]}"'
        kinds |= set(tally.twins)
        alarms += tally.alarms
    assert kinds == set(KINDS)
    assert alarms > 50


def test_a_twin_to_which_something_else_happened_is_told_apart() -> None:
    plan = plans()[SCENES.index("gate held")]
    base, twin = play(plan), Twin("step", 5_000_000, 3_600_000_000)
    assert differences(base, play(twin.of(plan)), twin) == []
    longer = replace(plan, faults=(Fault(6_000_000, "gateway_power", 15_000_000),))
    found = differences(base, play(longer), twin)
    assert any("with the step after" in text for text in found)
    shut = replace(plan, acts=plan.acts[:1])
    assert any(text.startswith("alarm missing") for text in differences(base, play(shut), twin))
