"""Interpreters for the tests that start real nodes."""

import sys

import pytest

from tests.node import micropython


@pytest.fixture(scope="session")
def unix_port() -> list[str]:
    """The command of MicroPython's unix port. Only a machine without any way to it skips."""
    try:
        return micropython.find_interpreter()
    except micropython.NoInterpreterError as error:
        pytest.skip(f"MICROPYTHON NOT RUN: {error}")


@pytest.fixture(params=["micropython", "cpython"])
def interpreter(request: pytest.FixtureRequest) -> list[str]:
    """Each of the two interpreters that can run a node on a pty."""
    if request.param == "cpython":
        return [sys.executable]
    return request.getfixturevalue("unix_port")
