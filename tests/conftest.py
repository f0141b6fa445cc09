"""Settings of the whole suite. Fixtures belong beside the tests that use them."""

import os
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


@cache
def needs_programs(file: str) -> bool:
    """Whether the tests of a file (its path from the root) start real programs or a browser and mostly wait for them."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return "pytest.mark.real" in text or "pytest.mark.browser" in text


def group_of(nodeid: str) -> str:
    """Tests of one group run one after another in one process."""
    file = nodeid.partition("::")[0]
    return "programs" if needs_programs(file) else file


def pytest_configure(config: pytest.Config) -> None:
    """The second of two processes computes: it steps aside for the programs that the first waits for."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        os.nice(10)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle: the group that takes longest comes first, in the order by seed within itself."""
    items.sort(key=lambda item: group_of(item.nodeid) != "programs")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 2`: real programs in one process, and what computes, file by file, in the other."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(
        LoadScopeScheduling
    ):  # not by marks: what `--dist loadgroup` writes into a node id pytest 9 ignores
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Groups(config, log)
