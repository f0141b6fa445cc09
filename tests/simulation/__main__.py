"""`python -m tests.simulation --seed 1 [--count N] [--minutes M | --days D]`: play plans and say what did not hold."""

import argparse
import sys
import time

from tests.simulation.plan import DAY_US, MINUTE_US
from tests.simulation.workload import plan_of
from tests.simulation.world import play, quiet


def main(argv: list[str]) -> int:
    """Exit code 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--days", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--no-faults", action="store_true")
    options = parser.parse_args(argv)
    for_us = None
    if options.days or options.minutes:
        for_us = round((options.days or 0) * DAY_US + (options.minutes or 0) * MINUTE_US)
    quiet()
    bad = 0
    for seed in range(options.seed, options.seed + options.count):
        begun = time.process_time()
        result = play(plan_of(seed, for_us, wants_faults=not options.no_faults))
        took = time.process_time() - begun
        print(f"seed {seed}: {result.room_days:.2f} room-days, {result.facts} facts, {result.leaves} leaves,"
              f" {len(result.violations)} violations, {took:.1f} s, {result.digest}")  # fmt: skip
        for line in result.violations[:8]:
            print("   ", line[:400])
        bad += bool(result.violations)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
