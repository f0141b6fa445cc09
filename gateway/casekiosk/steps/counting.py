"""Stock-taking: what should lie in a compartment, held against what lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casekiosk import stating
from casekiosk.house import line
from casekiosk.screens import Counting, View
from casekiosk.steps.base import NotNow, Step
from casekiosk.steps.listing import line_of

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk


class Count(Step):
    """Item by item: there, or not. Then the next compartment; the count ends with the last."""

    def enter(self, desk: Desk) -> None:
        """The items of the compartment that was looked into."""
        draft = desk.draft
        assert draft is not None
        if desk.house.used(desk.cabinet.id) == () or draft.compartment in draft.counted:
            self._end(desk)
            return
        known = {item.ref for item in draft.items}
        for item in desk.house.lines_in(draft.compartment, desk.tools.shelf):
            if item.ref not in known:
                draft.items.append(item)
        desk.keep()

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """One touch."""
        draft = desk.draft
        assert draft is not None
        if action == "missing":
            item = next((i for i in draft.items if i.ref == ask.fields.get("item")), None)
            if item is None:
                raise NotNow("no_such_line")
            if item.by_ledger:
                draft.items.remove(item)
            else:
                item.is_missing = not item.is_missing
            desk.keep()
        elif action == "elsewhere":
            self._found(desk, ask.fields.get("item", "").strip())
        elif action == "go":
            draft.counted.append(draft.compartment)
            desk.again("open")

    def _found(self, desk: Desk, ref: str) -> None:
        """A thing lies here that the ledger has elsewhere: by the number on its label."""
        draft = desk.draft
        assert draft is not None
        state = desk.house.world.items.get(ref)
        if state is None:
            raise NotNow("no_such_item", found=ref[:20])
        item = line(state, desk.tools.shelf)
        if state.compartment != draft.compartment:
            item.compartment, item.by_ledger = draft.compartment, state.holder
        draft.items = [*(i for i in draft.items if i.ref != ref), item]
        desk.keep()

    def _end(self, desk: Desk) -> None:
        if desk.say(stating.ENDED):
            desk.advance()

    def settled(self, desk: Desk, moment: str, *, is_refused: bool) -> None:
        """In the log: on."""
        if moment == stating.ENDED and not is_refused:
            desk.advance()

    def show(self, desk: Desk) -> View:
        """What should be there."""
        draft = desk.draft
        assert draft is not None
        here = [item for item in draft.items if item.compartment == draft.compartment]
        left = sum(c not in draft.counted for c in desk.house.used(desk.cabinet.id))
        lines = tuple(line_of(number, item) for number, item in enumerate(here, 1))
        return Counting(draft.compartment, desk.house.label(draft.compartment), lines, max(0, left - 1))
