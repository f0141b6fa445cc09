"""`python -m tests.simulation.hunt --seconds 600`: play until something is violated, for a tree with a planted bug.

Prints one JSON object: what was violated, by which play, after how many seconds of processor. Exit code 0: caught.
First what needs no station: stories of who is called, bare histories of facts, lives of a property store. Then every small scene, unbroken: most bugs
need the right thing to happen, not a long time, and a scene is soon over. Then rounds of the former, a world of a seed (short and many), some scenes with
strikes, twins, and now and then the same world in an interpreter with other hashes.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tests.custody import property_lives, streams
from tests.custody.vectors import rows, told
from tests.simulation import calls, histories, small, twins
from tests.simulation.plan import MINUTE_US, Plan
from tests.simulation.scenes import Scene, scenes
from tests.simulation.workload import ADRIFT, plan_of
from tests.simulation.world import play, quiet

FIRST_SEED = 500_000
"""Seeds of the hunt are no seeds of the record."""
SPANS_MIN = (8, 15, 8, 25, 12, 60)
ADRIFT_EVERY, ADRIFT_MIN = 3, 90
HISTORIES_A_ROUND = 100
THINGS_A_ROUND, CALLS_A_ROUND = 2_000, 500
STORIES_STRIDE, STREAMS_STRIDE = 4, 10
STRUCK_A_ROUND = 10
SPREAD = 61
"""Scenes that stand beside each other are much alike."""
STRIDE = 16
"""Of a scene's strikes one in so many is played a round."""
SERVER_STRIDE = 6
TWINS_EVERY_US = 1_000_000
TWINS_STRIDE = 5
HASHES_EVERY = 4
SERVER_SCENES = (
    "limit ahead",
    "gate held",
    "handled",
    "released",
    "broker away",
    "dark and torn",
    "limit in sight",
)

Play = Callable[[], list[str]]


def plans(first: int) -> Iterator[Plan]:
    """Worlds to try, in order: with all kinds of faults, every fourth without any; each fifth long, with clocks that drift."""
    for number in itertools.count():
        drifts = number % ADRIFT_EVERY == 1
        span_us = (ADRIFT_MIN if drifts else SPANS_MIN[number % len(SPANS_MIN)]) * MINUTE_US
        adrift = ADRIFT[number // ADRIFT_EVERY % len(ADRIFT)] if drifts else None
        plan = plan_of(first + number, span_us, wants_faults=number % 4 != 3, adrift=adrift)
        yield replace(plan, settings={**plan.settings, "wants_oracle": number % 2 == 1 or number < 4})


def turns(first: int) -> Iterator[tuple[str, Play]]:
    """What to play, in order, each with a name under which it can be played again."""
    known = scenes()
    by_name = {scene.name: scene for scene in known}
    yield from _bare(first, 0)
    for scene in known:
        yield f"scene {scene.name}", partial(_unbroken, scene)
    for number, plan in enumerate(plans(first)):
        if number:
            yield from _bare(first, number)
        yield f"world {plan.seed}", partial(_played, plan)
        for step in range(STRUCK_A_ROUND):
            lap, place = divmod(number * STRUCK_A_ROUND + step, len(known))
            which = place * SPREAD % len(known)
            yield (
                f"struck {known[which].name} {lap}/{STRIDE}",
                partial(_struck, known[which], lap),
            )
        if number:
            turn = number - 1
            scene = by_name[SERVER_SCENES[turn % len(SERVER_SCENES)]]
            yield f"server {scene.name} {turn}/{SERVER_STRIDE}", partial(_died, scene, turn)
            again = twins.plans()[turn % len(twins.SCENES)]
            yield (
                f"twins {again.seed} {turn}/{TWINS_STRIDE}",
                partial(_twins, again, turn),
            )
        if number % HASHES_EVERY == 2:
            yield f"hashes {first + number}", partial(_hashes, first + number)


def _bare(first: int, number: int) -> Iterator[tuple[str, Play]]:
    """A round of what needs no station, the shortest first."""
    facts = first + number * HISTORIES_A_ROUND
    yield f"calls {facts}", partial(calls.walk, facts, CALLS_A_ROUND)
    yield f"histories {facts}", partial(histories.walk, facts, HISTORIES_A_ROUND)
    yield f"things {facts}", partial(_things, facts)
    yield f"vectors {number}", partial(_vectors, number)


def _vectors(number: int) -> list[str]:
    """I15: what another release made of the same facts, some of it each round (tests/vectors/custody)."""
    lines = rows()
    some = lines[number % STORIES_STRIDE :: STORIES_STRIDE]
    found = [f"I15: the story of {row['rule']} is told otherwise" for row in some if told(row) != row["told"]]
    keys = list(streams.known().items())[number % STREAMS_STRIDE :: STREAMS_STRIDE]
    return found + [f"I15: stream {key} is told otherwise" for key, one in keys if streams.now(key) != one]


def _things(seed: int) -> list[str]:
    """I19: random property through book, log and engine, with power cuts, each log read by the auditor at its end."""
    return [f"I19: {text}" for text in property_lives.run(seed, THINGS_A_ROUND)["failed"]]


def _played(plan: Plan) -> list[str]:
    return play(plan).violations


def _unbroken(scene: Scene) -> list[str]:
    return small.play(scene.plan(server="whole")).violations


def _struck(scene: Scene, lap: int) -> list[str]:
    return small.walk(scene, STRIDE, lap).violations


def _died(scene: Scene, turn: int) -> list[str]:
    return small.walk_server(scene, SERVER_STRIDE, turn).violations


def _twins(plan: Plan, turn: int) -> list[str]:
    found = twins.walk(plan, TWINS_EVERY_US, TWINS_STRIDE, turn).differences
    return [f"twins: {text}" for text in found]


_DIGEST = """
import sys
from tests.simulation.plan import MINUTE_US
from tests.simulation.workload import ADRIFT, plan_of
from tests.simulation.world import play, quiet
quiet()
print(play(plan_of(int(sys.argv[1]), 8 * MINUTE_US)).digest)
"""


def _hashes(seed: int) -> list[str]:
    """The same world in two interpreters with other hashes of strings: the same trace."""
    digests = set()
    for hashes in ("1", "2"):
        ended = subprocess.run(
            [sys.executable, "-c", _DIGEST, str(seed)], env=os.environ | {"PYTHONHASHSEED": hashes},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        digests.add(ended.stdout.strip() or ended.stderr[-200:])
    return [] if len(digests) == 1 else [f"I15: another order of hashes, another trace: {sorted(digests)}"]


def hunt(seconds: float, first: int = FIRST_SEED) -> dict[str, Any]:
    """What was caught within so many seconds of processor; "caught_by" is None when nothing was."""
    plays = 0
    for name, turn in turns(first):
        if spent_s() > seconds:
            break
        plays += 1
        try:
            violations = turn()
        except Exception as error:  # noqa: BLE001 - the product broke where nobody was to catch it
            violations = [f"I2: {error!r}"]
        if violations:
            return {"caught_by": _check_of(violations[0]), "seed": name, "seconds": round(spent_s(), 1), "plays": plays,
                    "text": violations[0][:300]}  # fmt: skip
    return {"caught_by": None, "seed": None, "seconds": round(spent_s(), 1), "plays": plays}


def _check_of(text: str) -> str:
    """The invariant, or the twins."""
    found = re.search(r"\bI\d+\b|^twins", text)
    return "I2" if found is None else found[0]


def spent_s() -> float:
    """Seconds of processor of this process and of those it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


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
