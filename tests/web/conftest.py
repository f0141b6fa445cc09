"""One afternoon for all reading tests; a fresh small house for each test that acts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web import day
from tests.web.house import House
from tests.web.screenshots import accounts


@pytest.fixture(scope="session")
def afternoon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The busy afternoon of day.py, 14:22:08. For reading only."""
    house = House(tmp_path_factory.mktemp("afternoon"), day.START)
    accounts(house)
    day.samples(house, hours=6)
    day.busy(house)
    yield house
    house.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The same afternoon for one test that changes it."""
    made = House(tmp_path, day.START)
    accounts(made)
    day.busy(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same afternoon for those tests of a file that only add to it, or are refused: in any order they see the same."""
    made = House(tmp_path_factory.mktemp("shared"), day.START)
    accounts(made)
    day.busy(made)
    yield made
    made.close()
