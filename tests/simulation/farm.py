"""Many seeds on several processes: what each run came to, and the sums of all."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from tests.simulation import coverage
from tests.simulation.workload import plan_of
from tests.simulation.world import play, quiet

RUNS_A_PROCESS_MAX = 20
"""Then the process is replaced: what leaks in the product or here must not bend the figures."""
TEXT_CHARS_MAX = 600


@dataclass
class Row:
    """One run. `seconds`: of processor time; `seen`: `coverage.Sums`."""

    seed: int
    room_days: float = 0.0
    facts: int = 0
    leaves: int = 0
    seconds: float = 0.0
    digest: str = ""
    violations: list[str] = field(default_factory=list)
    seen: dict[str, Counter[str]] = field(default_factory=coverage.nothing)


def row_of(seed: int, for_us: int | None = None, *, wants_faults: bool = True) -> Row:
    """Play one seed. What the simulator itself raises is a violation of the row."""
    row = Row(seed)
    begun = time.process_time()
    try:
        result = play(
            plan_of(seed, for_us, wants_faults=wants_faults),
            lambda world: row.seen.update(coverage.seen(world)),
        )
        row.room_days, row.facts, row.leaves, row.digest = (
            result.room_days,
            result.facts,
            result.leaves,
            result.digest,
        )
        row.violations = [line[:TEXT_CHARS_MAX] for line in result.violations]
    except Exception as error:  # noqa: BLE001 - a broken run is a find, not the end of all others
        row.violations = [f"raised {type(error).__name__}: {error}"[:TEXT_CHARS_MAX]]
    row.seconds = time.process_time() - begun
    return row


def rows(first: int, jobs: int, wants_more: Callable[[float, int], bool], **options: Any) -> Iterator[Row]:
    """Seeds from `first` on, in the order in which they end, while `wants_more(seconds so far, seeds begun)`."""
    seed, seconds = first, 0.0
    running: set[Future[Row]] = set()
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=quiet, max_tasks_per_child=RUNS_A_PROCESS_MAX
    ) as pool:
        while True:
            while len(running) < jobs and wants_more(seconds, seed - first):
                running.add(pool.submit(row_of, seed, **options))
                seed += 1
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: f.result().seed):
                seconds += future.result().seconds
                yield future.result()


def told(row: Row) -> str:
    """One line about a run."""
    return (
        f"seed {row.seed}: {row.room_days:.2f} room-days, {row.facts} facts, {row.leaves} leaves,"
        f" {len(row.violations)} violations, {row.seconds:.1f} s, {row.digest}"
    )


def summed(all_rows: list[Row]) -> dict[str, Any]:
    """Figures over rows: sums, and what they reached."""
    seen = coverage.nothing()
    for row in all_rows:
        coverage.add(seen, row.seen)
    seconds = sum(row.seconds for row in all_rows)
    room_days = sum(row.room_days for row in all_rows)
    return {
        "seeds_first": min(row.seed for row in all_rows),
        "seeds_last": max(row.seed for row in all_rows),
        "runs": len(all_rows),
        "processor_minutes": round(seconds / 60, 2),
        "room_days": round(room_days, 2),
        "room_hours_per_processor_s": round(room_days * 24 / max(seconds, 1e-9), 3),
        "facts": sum(row.facts for row in all_rows),
        "leaves": sum(row.leaves for row in all_rows),
        "violations": sum(len(row.violations) for row in all_rows),
        "python": sys.version.split()[0],
        "seen": {kind: dict(sorted(counter.items())) for kind, counter in seen.items()},
    }
