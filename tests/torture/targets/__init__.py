"""Adapters: one module a target, each with a class that is a `Target`. docs/torture.md says how to write another."""

import importlib
from pathlib import Path
from typing import Protocol

from tests.torture.targets.process import WallClock

NAMES = {
    "caseward": ("caseward", "Caseward"),
    "node-red": ("node_red", "NodeRed"),
    "node-red-context": ("node_red", "NodeRedContext"),
    "home-assistant": ("home_assistant", "HomeAssistant"),
    "home-assistant-timers": ("home_assistant", "HomeAssistantTimers"),
}


class Untried(Exception):
    """The case asks for what this machine or target does not have."""


class Target(Protocol):
    """A system under test. Made anew for each case: `(folder, port of the broker, wall clock to run under or None)`."""

    def prepare(self, persons: int) -> None:
        """Write configuration; make `persons` of the persons known, where that is needed."""

    def start(self) -> None:
        """Start it; back when it takes events and runs its rules."""

    def stop(self, *, is_killed: bool) -> None:
        """End it, politely or by SIGKILL."""

    def redeploy(self) -> None:
        """Put the same rules in place anew, the way its operators do. Back when they run."""

    def close(self) -> None:
        """End everything that was started."""

    def version(self) -> str:
        """Name and version as it says itself."""


def make(name: str, folder: Path, port: int, wall: WallClock | None) -> Target:
    """The target of this name. Raises KeyError, Untried, RuntimeError where it is not installed."""
    module, cls = NAMES[name]
    found = getattr(importlib.import_module(f"tests.torture.targets.{module}"), cls)
    return found(folder, port, wall)  # type: ignore[no-any-return]
