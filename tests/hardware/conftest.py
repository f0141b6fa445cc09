"""The interpreter for the test of the bench."""

from tests.node.conftest import unix_port  # noqa: F401 - a fixture is found by its name
