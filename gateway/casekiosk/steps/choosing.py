"""Which items the task is about: of the person, of the officer, of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casekiosk.drafts import Item
from casekiosk.house import line
from casekiosk.screens import Choosing, View
from casekiosk.steps.base import NotNow, Step
from casekiosk.steps.listing import line_of
from custody.property_words import ITEM_CONDITIONS

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk

COMING_BACK: Final = ("give_back", "receive")
"""Each thing is looked at as it is taken in."""


class Choose(Step):
    """All that may be moved stands on the list; a touch takes one off or puts it on."""

    def enter(self, desk: Desk) -> None:
        """What the ledger knows, in the words that this cabinet remembers."""
        draft = desk.draft
        assert draft is not None
        draft.items = self._found(desk)
        is_all = desk.task.name in ("hand_back", "hand_over", "give_back")  # more may be away than came back
        for item in draft.items:
            item.is_chosen = is_all
        desk.keep()

    def _found(self, desk: Desk) -> list[Item]:
        draft = desk.draft
        assert draft is not None
        states = desk.house.items_for(draft.task, desk.cabinet.id, draft.stay, draft.officer, draft.other)
        return [line(state, desk.tools.shelf) for state in states]

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """One touch."""
        draft = desk.draft
        assert draft is not None
        match action:
            case "toggle":
                item = self._item(desk, ask)
                item.is_chosen = not item.is_chosen
                desk.keep()
            case "condition" if desk.task.name in COMING_BACK:
                state = ask.fields.get("state", "")
                if state not in ITEM_CONDITIONS:
                    raise NotNow("no_reason", found=state[:20])
                self._item(desk, ask).condition = state
                desk.keep()
            case "back":
                desk.finish()
            case "go":
                if not draft.chosen:
                    raise NotNow("nothing_chosen")
                if desk.cabinet.kind == "effects":
                    self._one_person(desk)
                elif desk.task.pads:
                    self._one_owner(desk)
                desk.advance()

    def _one_person(self, desk: Desk) -> None:
        """The effects of one person at a time: whose compartment it is, and whose wristband opens it."""
        draft = desk.draft
        assert draft is not None
        stays = sorted({item.stay for item in draft.chosen})
        if len(stays) > 1:
            raise NotNow("one_person")
        draft.stay = stays[0]

    def _one_owner(self, desk: Desk) -> None:
        """What is signed for together is of one person, or of one case: by their key the signatures are sealed."""
        assert desk.draft is not None
        owners = {item.stay or item.case for item in desk.draft.chosen}
        if len(owners) > 1:
            raise NotNow("one_case")

    def _item(self, desk: Desk, ask: Ask) -> Item:
        assert desk.draft is not None
        found = next((item for item in desk.draft.items if item.ref == ask.fields.get("item")), None)
        if found is None:
            raise NotNow("no_such_line")
        return found

    def show(self, desk: Desk) -> View:
        """The list."""
        draft = desk.draft
        assert draft is not None
        lines = tuple(line_of(number, item) for number, item in enumerate(draft.items, 1))
        conditions = tuple(ITEM_CONDITIONS) if desk.task.name in COMING_BACK else ()
        return Choosing("items", lines, conditions=conditions, subject=draft.stay or draft.other)
