"""How each thing was found that was looked at in its compartment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casekiosk import stating
from casekiosk.screens import Looking, View
from casekiosk.steps.base import NotNow, Step
from casekiosk.steps.listing import lines_of
from custody.property_words import ITEM_CONDITIONS

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk


class Look(Step):
    """Nothing is whole before somebody has said so of each."""

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """One touch."""
        draft = desk.draft
        assert draft is not None
        match action:
            case "condition":
                item = next((i for i in draft.chosen if i.ref == ask.fields.get("item")), None)
                state = ask.fields.get("state", "")
                if item is None or state not in ITEM_CONDITIONS:
                    raise NotNow("no_such_line")
                item.condition = state
                desk.keep()
            case "back":
                desk.page = "drop"
            case "go":
                self._go(desk)

    def _go(self, desk: Desk) -> None:
        assert desk.draft is not None
        left = sum(not item.condition for item in desk.draft.chosen)
        if left:
            raise NotNow("not_looked", expected="0", found=str(left))
        if desk.say(stating.LOOKED):
            desk.advance()

    def settled(self, desk: Desk, moment: str, *, is_refused: bool) -> None:
        """In the log: on."""
        if moment == stating.LOOKED and not is_refused:
            desk.advance()

    def show(self, desk: Desk) -> View:
        """What was taken up, each with what may be said of it."""
        assert desk.draft is not None
        return Looking(lines_of(desk.draft), tuple(ITEM_CONDITIONS))
