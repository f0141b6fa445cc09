"""Settings of the whole suite. Fixtures belong beside the tests that use them."""

import os

import pytest
from hypothesis import HealthCheck, settings

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


def needs_programs(item: pytest.Item) -> bool:
    """Whether a test starts real programs or a browser and mostly waits for them."""
    return any(item.get_closest_marker(name) for name in ("real", "browser"))


def pytest_configure(config: pytest.Config) -> None:
    """The second of two processes computes: it steps aside for the programs that the first waits for."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        os.nice(10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-n 2 --dist loadgroup`: what needs real programs is one group and comes first, the rest goes by file."""
    items.sort(key=lambda item: not needs_programs(item))  # stable: the order by seed stays within each
    for item in items:
        group = "programs" if needs_programs(item) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
