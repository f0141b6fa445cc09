"""Exhaustive small worlds and twins (docs/simulation.md): every disk operation of every scene struck in every way.

And the server's death before and after each commit of some scenes, and twins of scenes and of whole stations: restarts, a
network that doubles and reorders, a clock that is set. Two processes share the work; a figure of seconds is of processor time.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.simulation import small, twins
from tests.simulation.scenes import Scene, scenes
from tests.simulation.struck import ERRORS, TAILS
from tests.simulation.world import quiet

JOBS = 2
SERVER_SCENES = (
    "gate held", "limit in sight", "person in", "registered", "handled", "released", "extended", "broker away", "server dies",
    "killed", "network double", "dark and torn",
)  # fmt: skip
STRIDES = {"limit ahead": 4}
"""Each fourth operation of a scene with more than five hundred: as much work as half of all the others."""
TWINS_EVERY_US = 1_000_000
LONG_SEEDS = (1, 2, 5, 7)
LONG_US = 240_000_000
LONG_EVERY_US = 30_000_000
VIOLATIONS_SHOWN_MAX = 20


def run(say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, on two processes."""
    say(f"smallworlds: {len(scenes())} scenes, every operation of the disk")
    struck, struck_s = _sum(small.Tally(), _strikes, scenes(), say)
    say(f"smallworlds: {struck.runs} runs, {len(struck.violations)} violations; now the server's commits")
    died, died_s = _sum(small.Tally(), _deaths, [s for s in scenes() if s.name in SERVER_SCENES], say)
    say(f"smallworlds: {died.runs} runs, {len(died.violations)} violations; now twins")
    twin, twin_s = _sum(twins.Tally(), _twins, [*twins.SCENES, *LONG_SEEDS], say)
    broken = struck.violations + died.violations + twin.differences
    return {
        "holds": not broken,
        "command": "python -m tests.prove smallworlds",
        "scenes": struck.scenes,
        "operations": struck.operations,
        "ways": [*TAILS, *ERRORS],
        "strikes": struck.cases,
        "strides": STRIDES,
        "runs": struck.runs,
        "runs_by_way": dict(sorted(struck.by_way.items())),
        "server": {"scenes": died.scenes, "transactions": died.transactions, "runs": died.runs},
        "twins": {
            "plans": twin.plans,
            "alarms": twin.alarms,
            "runs_by_kind": dict(sorted(twin.twins.items())),
        },
        "violations": len(struck.violations) + len(died.violations),
        "differences": len(twin.differences),
        "first_of_them": broken[:VIOLATIONS_SHOWN_MAX],
        "processor_seconds": {"strikes": struck_s, "server": died_s, "twins": twin_s},
    }


def _sum(
    total: Any, work: Callable[[Any], tuple[Any, float]], items: list[Any], say: Callable[[str], None]
) -> tuple[Any, float]:
    seconds = 0.0
    for number, (tally, took_s) in enumerate(_parallel(work, items), 1):
        total.add(tally)
        seconds += took_s
        for line in (tally.violations if isinstance(tally, small.Tally) else tally.differences)[:3]:
            say(f"smallworlds: {line[:300]}")
        if number % 20 == 0:
            say(f"smallworlds: {number} of {len(items)}, {seconds:.0f} s of processor time")
    return total, round(seconds, 1)


def _parallel(work: Callable[[Any], tuple[Any, float]], items: list[Any]) -> Iterator[tuple[Any, float]]:
    with ProcessPoolExecutor(min(JOBS, os.cpu_count() or 1), initializer=quiet) as pool:
        yield from pool.map(work, items)


def _strikes(scene: Scene) -> tuple[small.Tally, float]:
    begun = time.process_time()
    return small.walk(scene, STRIDES.get(scene.name, 1)), time.process_time() - begun


def _deaths(scene: Scene) -> tuple[small.Tally, float]:
    begun = time.process_time()
    return small.walk_server(scene), time.process_time() - begun


def _twins(which: str | int) -> tuple[twins.Tally, float]:
    begun = time.process_time()
    if isinstance(which, int):
        tally = twins.walk(twins.long_plan(which, LONG_US), LONG_EVERY_US)
    else:
        tally = twins.walk(twins.plans()[twins.SCENES.index(which)], TWINS_EVERY_US)
    return tally, time.process_time() - begun
