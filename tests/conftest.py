"""Settings of the whole suite. Fixtures belong beside the tests that use them."""

import gc
import os
import re
import signal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.tools.tree import ROOT

# The default run is the same run each time: examples derive from the test itself, no database of
# earlier failures. `HYPOTHESIS_PROFILE=wide` searches further, with fresh examples.
settings.register_profile(
    "steady",
    derandomize=True,
    database=None,
    deadline=None,  # two shared cores: a slow example is no failure
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("wide", database=None, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

CABLES = ("tests/field/", "tests/node/", "tests/gateway/adapters/")
"""Tests of devices at the ends of ptys and sockets: they wait for time-outs, and take little of a processor."""
WAITING = ("programs", "browsers", "cables")
"""Groups whose tests mostly wait, each in a process of its own, in the order in which they begin."""
NICE = {"programs": 0, "cables": 0, "browsers": 5}
"""Who leaves the processor to whom: a station's limits fall due in real time, a page is waited for, the rest (10) computes."""
STARTED = os.nice(0)
"""What the whole run was started with."""


@cache
def marks_of(file: str) -> frozenset[str]:
    """The marks that stand in a file of tests (its path from the root)."""
    return frozenset(
        re.findall(r"pytest\.mark\.(real|browser|slow)", (ROOT / file).read_text(encoding="utf-8"))
    )


def group_of(nodeid: str) -> str:
    """Tests of one group run one after another in one process: what needs real programs or a browser, and else a file."""
    file = nodeid.partition("::")[0]
    if "browser" in marks_of(file):
        return "browsers"
    if "real" in marks_of(file):
        return "cables" if file.startswith(CABLES) else "programs"
    return file


def place_of(item: pytest.Item) -> int:
    """The groups that wait come first; a long file begins early, or it is waited for at the end."""
    group = group_of(item.nodeid)
    return WAITING.index(group) if group in WAITING else len(WAITING) + ("slow" not in marks_of(group))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle, whose order by seed stays within each."""
    items.sort(key=place_of)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules and tests stay to the end: no collection of garbage walks them again in each test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)  # an engine makes small records by the million and hardly a cycle


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """execnet interrupts a worker that takes five seconds to end after its last test: on a busy machine one that is sound."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@cache
def step_aside(nice: int) -> None:
    """Once in a process for each: the processor is left to the programs that others wait for."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.nice(max(0, STARTED + nice - os.nice(0)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    step_aside(NICE.get(group_of(item.nodeid), 10))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 4`: each group that waits in one process, and what computes, file by file, in the last and in those that are done."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(
        LoadScopeScheduling
    ):  # not by marks: what `--dist loadgroup` writes into a node id pytest 9 ignores
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Groups(config, log)
