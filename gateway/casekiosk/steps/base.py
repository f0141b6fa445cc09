"""What every step of a task answers, and how one says that something cannot be done now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casekiosk.screens import Note, View

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk
    from casekiosk.house import Present
    from custody.facts import Fact


class NotNow(Exception):
    """A touch that is not taken; `note` says why, and nothing was changed."""

    def __init__(self, reason: str, *, expected: str = "", found: str = "") -> None:
        super().__init__(reason)
        self.note = Note(reason, expected=expected, found=found)


class Step:
    """One step. What a step does not care for it inherits: nothing happens."""

    is_end = False

    def enter(self, desk: Desk) -> None:
        """The step begins; one that has nothing to ask passes on."""

    def resume(self, desk: Desk) -> None:
        """Somebody is back at it, perhaps after a restart of the gateway."""

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """A touch. Raises `NotNow`."""

    def turn(self, desk: Desk, present: Present) -> None:
        """Who lies on the reader now."""

    def hear(self, desk: Desk, fact: Fact) -> None:
        """A fact of a compartment."""

    def settled(self, desk: Desk, moment: str, *, is_refused: bool) -> None:
        """The facts of a moment are in the log, or the engine refused one of them."""

    def show(self, desk: Desk) -> View:
        """What the screen shows."""
        raise TypeError(f"expected {type(self).__name__} to show something")
