"""I17: the same plan gives the same digest, again, in another process, with another hash seed, on another Python."""

import sys

import pytest

from tests.simulation import second_python
from tests.simulation.plan import MINUTE_US
from tests.simulation.workload import plan_of
from tests.simulation.world import play

SEED, MINUTES = 5, 3
PLAYED = ("--seed", str(SEED), "--minutes", str(MINUTES))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here() -> str:
    """The digest of the seed in this process."""
    return play(plan_of(SEED, MINUTES * MINUTE_US)).digest


def test_the_same_plan_gives_the_same_digest_twice_in_one_process(here: str) -> None:
    assert play(plan_of(SEED, MINUTES * MINUTE_US)).digest == here


def test_another_process_with_another_hash_seed_gives_the_same_digest(here: str) -> None:
    (line,) = second_python.digests(sys.executable, PLAYED, hash_seed="4711")
    assert line.endswith(here)


def test_another_version_of_python_gives_the_same_digest(here: str) -> None:
    other = second_python.installed()
    if other is None:
        pytest.skip(
            "SECOND PYTHON NOT RUN: expected one with the server's libraries in .cache; `make prove` makes it"
        )
    (line,) = second_python.digests(other, PLAYED, hash_seed="1")
    assert line.endswith(here)


def test_a_plan_with_one_act_less_gives_another_digest(here: str) -> None:
    plan = plan_of(SEED, MINUTES * MINUTE_US)
    said = [act for act in plan.acts if act.kind == "say"]
    less = tuple(act for act in plan.acts if act is not said[0])
    assert (
        play(type(plan)(plan.seed, plan.start_us, plan.for_us, less, plan.faults, plan.settings)).digest
        != here
    )
