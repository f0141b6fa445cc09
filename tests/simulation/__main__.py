"""`python -m tests.simulation --seed 1 [--count N] [--minutes M | --days D] [--jobs J] [--shrink]`: play plans and say what
did not hold; `--plan FILE` plays one that was kept."""

import argparse
import sys
from functools import partial
from pathlib import Path

from tests.simulation import farm
from tests.simulation.plan import DAY_US, MINUTE_US, Plan
from tests.simulation.shrink import SECONDS_MAX, Shrinker, story
from tests.simulation.workload import plan_of
from tests.simulation.world import play, quiet

SHOWN_MAX = 8
_print = partial(print, flush=True)


def main(argv: list[str]) -> int:
    """Exit code 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds")
    parser.add_argument("--days", type=float, help="how long each lasts; by the seed when left out")
    parser.add_argument("--minutes", type=float, help="the same in minutes")
    parser.add_argument("--no-faults", action="store_true", help="people alone")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument(
        "--plan", type=Path, help="a plan as it was printed or kept in tests/simulation/corpus"
    )
    parser.add_argument(
        "--shrink", action="store_true", help="make a plan that violates small and tell its story"
    )
    parser.add_argument(
        "--shrink-seconds", type=float, default=SECONDS_MAX, help="of processor time for that"
    )
    options = parser.parse_args(argv)
    quiet()
    if options.plan is not None:
        return _plan(Plan.loads(options.plan.read_text(encoding="utf-8")), options)
    for_us = None
    if options.days or options.minutes:
        for_us = round((options.days or 0) * DAY_US + (options.minutes or 0) * MINUTE_US)
    bad = 0
    settings = {"for_us": for_us, "wants_faults": not options.no_faults}
    if options.jobs > 1:
        played = farm.rows(options.seed, options.jobs, lambda _, begun: begun < options.count, **settings)
    else:
        played = (farm.row_of(seed, **settings) for seed in range(options.seed, options.seed + options.count))
    for row in played:
        _print(farm.told(row))
        _show(row.violations)
        if row.violations and options.shrink:
            _shrink(plan_of(row.seed, **settings), row.violations[0], options.shrink_seconds)
        bad += bool(row.violations)
    return 1 if bad else 0


def _plan(plan: Plan, options: argparse.Namespace) -> int:
    result = play(plan)
    _print(story(plan))
    _print(
        f"{result.facts} facts, {result.leaves} leaves, {len(result.violations)} violations, {result.digest}"
    )
    _show(result.violations)
    if result.violations and options.shrink:
        _shrink(plan, result.violations[0], options.shrink_seconds)
    return 1 if result.violations else 0


def _show(violations: list[str]) -> None:
    for line in violations[:SHOWN_MAX]:
        _print("   ", line[:400])


def _shrink(plan: Plan, violation: str, seconds_max: float) -> None:
    shrinker = Shrinker(plan, violation.partition(":")[0], seconds_max=seconds_max, say=_print)
    best = shrinker.shrink()
    _print(story(best, shrinker.violations[:SHOWN_MAX]))
    _print(best.dumps())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
