"""Whole stations under faults (docs/simulation.md): seeds go on where the last run ended, for so many processor-minutes.

Besides its report it appends a line to docs/proof/simulation.csv, adds what was reached to docs/proof/simulation-coverage.json
and from that the list in docs/simulation.md, and keeps the plan of each seed that violated something, made small, for
tests/simulation/test_corpus.py.
"""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.docs import generate
from tests.simulation import coverage, farm, second_python
from tests.simulation.plan import Plan
from tests.simulation.shrink import Shrinker
from tests.simulation.workload import plan_of
from tests.simulation.world import quiet
from tests.tools.tree import ROOT

MINUTES = 60.0
JOBS = 2
SHRUNK_MAX = 3
SHRINK_SECONDS = 240.0
TABLE = ROOT / "docs" / "proof" / "simulation.csv"
REACHED = ROOT / "docs" / "proof" / "simulation-coverage.json"
CORPUS = ROOT / "tests" / "simulation" / "corpus"
COLUMNS = (
    "commit", "made", "python", "seeds_first", "seeds_last", "processor_minutes", "room_days",
    "room_hours_per_processor_s", "facts", "leaves", "violations", "room_days_in_all",
)  # fmt: skip


def run(say: Callable[[str], None], minutes: float = MINUTES) -> dict[str, Any]:
    """Play for at least so many processor-minutes, shrink what violates, compare digests."""
    earlier = table()
    first = int(earlier[-1]["seeds_last"]) + 1 if earlier else 1
    played: list[farm.Row] = []
    jobs = min(JOBS, os.cpu_count() or 1)
    for row in farm.rows(first, jobs, lambda seconds, _: seconds < minutes * 60):
        played.append(row)
        if row.violations or len(played) % 10 == 0:
            say(f"simulation: {farm.told(row)}")
        for line in row.violations[:3]:
            say(f"simulation:    {line[:300]}")
    found = farm.summed(played)
    found["room_days_in_all"] = round(
        sum(float(line["room_days"]) for line in earlier) + found["room_days"], 2
    )
    say(f"simulation: {found['room_days']} room-days, {found['room_days_in_all']} in all")
    reached = found.pop("seen")
    violating = [row for row in played if row.violations]
    return {
        "command": "python -m tests.prove simulation",
        **found,
        "faults_struck": reached["faults"],
        "rules_that_alarmed": len(reached["rules"]),
        "reached": reached,
        "violating": [_small(say, row) for row in violating[:SHRUNK_MAX]],
        "violating_seeds": [row.seed for row in violating],
        "digests": {str(row.seed): row.digest for row in sorted(played, key=lambda row: row.seed)[:5]},
        "same_digest": (same := second_python.compared(say)),
        "holds": not violating and found["processor_minutes"] >= minutes and same["is_same"],
    }


def _small(say: Callable[[str], None], row: farm.Row) -> dict[str, Any]:
    quiet()
    name = row.violations[0].partition(":")[0]
    shrinker = Shrinker(plan_of(row.seed), name, seconds_max=SHRINK_SECONDS)
    plan = shrinker.shrink()
    say(f"simulation: seed {row.seed} shrunk to {len(plan.acts)} acts and {len(plan.faults)} faults")
    return {"seed": row.seed, "violations": row.violations[:8], "plan": json.loads(plan.dumps())}


def record(report: dict[str, Any]) -> None:
    """Write what lies beside the report: the line, what was reached, the page, plans that violated."""
    figures = report["figures"]
    line = {**figures, "commit": report["commit"], "made": report["made"]}
    is_new = not TABLE.exists()
    with TABLE.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(line)
    seeds = [figures["seeds_first"], figures["seeds_last"]]
    reach(
        {
            "commit": report["commit"],
            "runs": figures["runs"],
            "seeds": seeds,
            "reached": figures.pop("reached"),
        }
    )
    generate.main()
    for found in figures["violating"]:
        keep(Plan.loads(json.dumps(found["plan"])), f"seed-{found['seed']}")


def reach(run: dict[str, Any]) -> None:
    """Add what a run reached to what all before it did. `commit`: of the last one."""
    sums, runs, seeds = coverage.nothing(), run["runs"], list(run["seeds"])
    coverage.add(sums, run["reached"])
    if REACHED.exists():
        before = json.loads(REACHED.read_text(encoding="utf-8"))
        coverage.add(sums, before["reached"])
        runs, seeds = runs + before["runs"], [min(*seeds, *before["seeds"]), max(*seeds, *before["seeds"])]
    reached = {kind: dict(sorted(counter.items())) for kind, counter in sums.items()}
    kept = {
        "commit": run["commit"], "runs": runs, "seeds": seeds, "reached": reached, "never": coverage.never(reached),
    }  # fmt: skip
    REACHED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def keep(plan: Plan, name: str) -> Path:
    """A plan into the corpus."""
    CORPUS.mkdir(exist_ok=True)
    path = CORPUS / f"{name}.json"
    path.write_text(plan.dumps() + "\n", encoding="utf-8")
    return path


def table() -> list[dict[str, str]]:
    """The lines so far."""
    if not TABLE.exists():
        return []
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
