"""Whole stations by seed, a few minutes each: the part of the simulation that `make test` runs (docs/simulation.md)."""

import pytest

from tests.simulation.coverage import WHY, everything, never, nothing, pairs, seen
from tests.simulation.farm import Row, row_of, summed
from tests.simulation.plan import MINUTE_US, Fault, Plan
from tests.simulation.workload import plan_of
from tests.simulation.world import play

pytestmark = pytest.mark.slow

SEEDS = range(101, 106)
SPAN_US = 4 * MINUTE_US


@pytest.mark.parametrize("seed", SEEDS)
def test_a_station_keeps_its_promises_whatever_goes_wrong(seed: int) -> None:
    row = row_of(seed, SPAN_US)
    assert row.violations == [], f"python -m tests.simulation --seed {seed} --minutes 4 --shrink"
    assert row.leaves > 50


def test_the_plan_of_a_seed_is_the_same_each_time_and_another_for_another_seed() -> None:
    assert plan_of(7).dumps() == plan_of(7).dumps()
    assert plan_of(7).dumps() != plan_of(8).dumps()


def test_a_plan_is_read_back_as_it_was_written() -> None:
    plan = plan_of(7)
    assert Plan.loads(plan.dumps()) == plan


def test_what_a_run_reached_is_counted_and_the_rest_is_named() -> None:
    found = {}
    plan = plan_of(1, 4 * MINUTE_US, wants_faults=False)
    play(plan, lambda world: found.update(seen(world)))
    missing = never(found)
    assert found["facts"]["node.booted"] == 4
    assert found["acts"]["say"] > 0
    assert "node.booted" not in missing["facts"]
    assert "wristband.cut" in missing["facts"]
    assert missing["faults"] == everything()["faults"]
    assert missing["pairs"] == [], "a pair of what was never made is not named again"


def test_faults_that_are_in_force_together_are_a_pair() -> None:
    def plan(*faults: Fault) -> Plan:
        return Plan("pairs", 0, 100_000_000, (), faults)

    long, kill = Fault(10_000_000, "no_ntp", 30_000_000), Fault(39_000_000, "gateway_kill")
    assert pairs(plan(long, kill)) == {"gateway_kill + no_ntp": 1}
    assert pairs(plan(long, Fault(41_000_000, "gateway_kill"))) == {}
    assert pairs(plan(kill, Fault(39_000_000, "gateway_kill", 5))) == {}


def test_the_sums_of_rows_are_those_of_each() -> None:
    one, other = nothing(), nothing()
    one["facts"].update({"node.booted": 4, "door.opened": 1})
    other["facts"].update({"node.booted": 3})
    rows = [Row(8, 1.5, 70, 100, 90.0, "b", ["I1: lost"], other), Row(7, 0.5, 30, 50, 30.0, "a", [], one)]
    found = summed(rows)
    assert (found["seeds_first"], found["seeds_last"], found["runs"]) == (7, 8, 2)
    assert (found["processor_minutes"], found["room_days"], found["room_hours_per_processor_s"]) == (
        2.0,
        2.0,
        0.4,
    )
    assert (found["facts"], found["leaves"], found["violations"]) == (100, 150, 1)
    assert found["seen"]["facts"] == {"door.opened": 1, "node.booted": 7}


def test_a_reason_is_given_only_for_what_there_is() -> None:
    names = {name for names in everything().values() for name in names}
    assert set(WHY) - names == set()


def test_what_breaks_the_simulator_itself_is_a_violation_of_its_seed(monkeypatch) -> None:
    monkeypatch.setattr("tests.simulation.faults.Faults.heal", lambda self: 1 // 0)
    row = row_of(1, 4 * MINUTE_US, wants_faults=False)
    assert row.violations == ["raised ZeroDivisionError: integer division or modulo by zero"]
