"""Settings of the whole suite. Fixtures belong beside the tests that use them."""

import gc
import os
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
WAITING = {"programs": 0, "cables": 1}
"""Groups whose tests mostly wait, each in a process of its own, in the order in which they begin."""


@cache
def needs_programs(file: str) -> bool:
    """Whether the tests of a file (its path from the root) start real programs or a browser and mostly wait for them."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return "pytest.mark.real" in text or "pytest.mark.browser" in text


def group_of(nodeid: str) -> str:
    """Tests of one group run one after another in one process."""
    file = nodeid.partition("::")[0]
    if not needs_programs(file):
        return file
    return "cables" if file.startswith(CABLES) else "programs"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle: the groups that wait come first, in the order by seed within themselves."""
    items.sort(key=lambda item: WAITING.get(group_of(item.nodeid), len(WAITING)))


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
def step_aside() -> None:
    """Once in a process: what computes leaves the processor to the programs that the others wait for."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.nice(10)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if group_of(item.nodeid) not in WAITING:
        step_aside()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 3`: real programs in one process, devices on cables in the next, and what computes, file by file, in the last."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(
        LoadScopeScheduling
    ):  # not by marks: what `--dist loadgroup` writes into a node id pytest 9 ignores
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Groups(config, log)
