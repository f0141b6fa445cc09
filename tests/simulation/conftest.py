"""What the simulated programs would say is not said here; the tests of other folders hear theirs again."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.simulation.world import quiet


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    level, config = logging.root.manager.disable, structlog.get_config()
    quiet()
    yield
    logging.disable(level)
    structlog.configure(**config)
