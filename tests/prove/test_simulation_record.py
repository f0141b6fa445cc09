"""The record of simulated room-days: a line for each run, seeds that go on, plans that are kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.prove import simulation
from tests.simulation import coverage
from tests.simulation.plan import Fault, Plan


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything is written there; the page is left alone."""
    monkeypatch.setattr(simulation, "TABLE", tmp_path / "simulation.csv")
    monkeypatch.setattr(simulation, "REACHED", tmp_path / "reached.json")
    monkeypatch.setattr(simulation, "CORPUS", tmp_path / "corpus")
    monkeypatch.setattr(simulation.generate, "main", lambda: 0)
    return tmp_path


def report(first: int, last: int, in_all: float, violating: list[dict[str, Any]]) -> dict[str, Any]:
    """As tests.prove makes it."""
    figures = {
        "seeds_first": first, "seeds_last": last, "runs": last - first + 1, "processor_minutes": 60.1, "room_days": 2.5,
        "room_hours_per_processor_s": 0.8, "facts": 10, "leaves": 20, "violations": len(violating), "python": "3.11.7",
        "room_days_in_all": in_all, "violating": violating, "reached": {k: {"x": 1} for k in coverage.KINDS},
    }  # fmt: skip
    return {"commit": "c" * 40, "made": "2026-11-26T00:00:00Z", "figures": figures}


def test_each_run_is_one_line_and_the_next_can_go_on_from_it(folder: Path) -> None:
    simulation.record(report(1, 4, 2.5, []))
    simulation.record(report(5, 9, 5.0, []))
    assert [(row["seeds_first"], row["seeds_last"], row["room_days_in_all"]) for row in simulation.table()] == [
        ("1", "4", "2.5"), ("5", "9", "5.0"),
    ]  # fmt: skip
    assert tuple(simulation.table()[0]) == simulation.COLUMNS


def test_what_was_reached_and_what_not_is_kept_beside_it(folder: Path) -> None:
    simulation.record(report(1, 4, 2.5, []))
    kept = json.loads((folder / "reached.json").read_text(encoding="utf-8"))
    assert kept["seeds"] == [1, 4]
    assert "node.booted" in kept["never"]["facts"]


def test_what_was_reached_is_the_sum_over_all_runs(folder: Path) -> None:
    simulation.record(report(1, 4, 2.5, []))
    simulation.record(report(5, 9, 5.0, []))
    kept = json.loads((folder / "reached.json").read_text(encoding="utf-8"))
    assert (kept["runs"], kept["seeds"]) == (9, [1, 9])
    assert kept["reached"]["facts"] == {"x": 2}


def test_the_plan_of_a_seed_that_violated_is_kept_and_read_back(folder: Path) -> None:
    plan = Plan("sim-3", 1, 2, (), (Fault(1, "gateway_kill"),), {"ppm": {}})
    simulation.record(
        report(1, 4, 2.5, [{"seed": 3, "violations": ["I1: lost"], "plan": json.loads(plan.dumps())}])
    )
    assert Plan.loads((folder / "corpus" / "seed-3.json").read_text(encoding="utf-8")) == plan
