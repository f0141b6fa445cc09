"""`python -m tests.simulation.hunt --seconds 600`: play worlds until an invariant is violated, for a tree with a planted bug.

Prints one JSON object: what was violated, by which world, after how many seconds of processor. Exit code 0: caught.
The worlds are short and many: most bugs need the right thing to happen, not a long time.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.simulation.plan import MINUTE_US, Plan
from tests.simulation.workload import plan_of
from tests.simulation.world import play, quiet

FIRST_SEED = 500_000
"""Seeds of the hunt are no seeds of the record."""
SPANS_MIN = (8, 15, 8, 25, 12, 60)


def plans(first: int) -> Iterator[Plan]:
    """Worlds to try, in order: with all kinds of faults, every fourth without any."""
    for number in itertools.count():
        span_us = SPANS_MIN[number % len(SPANS_MIN)] * MINUTE_US
        plan = plan_of(first + number, span_us, wants_faults=number % 4 != 3)
        yield replace(plan, settings={**plan.settings, "wants_oracle": number % 2 == 1 or number < 4})


def hunt(seconds: float, first: int = FIRST_SEED) -> dict[str, Any]:
    """What was caught within so many seconds of processor; "caught_by" is None when nothing was."""
    begun = time.process_time()
    worlds = 0
    for plan in plans(first):
        if time.process_time() - begun > seconds:
            break
        worlds += 1
        try:
            violations = play(plan).violations
        except Exception as error:  # noqa: BLE001 - the product broke where nobody was to catch it
            violations = [f"I2: {error!r}"]
        if violations:
            spent = round(time.process_time() - begun, 1)
            return {"caught_by": violations[0].partition(":")[0], "seed": plan.seed, "seconds": spent, "worlds": worlds,
                    "text": violations[0][:300]}  # fmt: skip
    return {
        "caught_by": None,
        "seed": None,
        "seconds": round(time.process_time() - begun, 1),
        "worlds": worlds,
    }


def main(argv: list[str]) -> int:
    """0 when something was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.hunt", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    options = parser.parse_args(argv)
    quiet()
    found = hunt(options.seconds, options.first)
    print(json.dumps(found))
    return 0 if found["caught_by"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
