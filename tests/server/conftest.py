"""Fixtures of the server tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.station_kit import GatewayLog, Kit, standard_area


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    """A server without network, over a fresh store."""
    made = Kit(tmp_path)
    yield made
    made.close()


@pytest.fixture
def gateway() -> GatewayLog:
    """An empty log of the standard area's gateway."""
    return GatewayLog(*standard_area())
