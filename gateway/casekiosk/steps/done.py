"""The end of a task: what became of it, for the eye and the printer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casekiosk.screens import Done, Sheet, View
from casekiosk.steps.base import Step
from casekiosk.steps.listing import lines_of
from casekiosk.steps.signing import pads_of, who_of

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk


class End(Step):
    """Nothing is left to do; the list is put away with the first touch."""

    is_end = True

    def enter(self, desk: Desk) -> None:
        """Stop the watch."""
        assert desk.draft is not None
        desk.draft.ended_us = desk.now.at_us
        if desk.session is None:
            desk.finish()  # the door was shut after everybody had left: nobody waits for the sum
        else:
            desk.keep()

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """The list for the printer, or away with it."""
        assert desk.draft is not None
        if action == "go":
            desk.finish()
        elif action == "sheet" and desk.draft.signatures:
            desk.page = "sheet:" + ("en" if ask.fields.get("language") == "en" else "zh")

    def show(self, desk: Desk) -> View:
        """The sum."""
        draft = desk.draft
        assert draft is not None
        if desk.page.startswith("sheet:"):
            return self._sheet(desk)
        took_s = max(0, draft.ended_us - draft.begun_us) // 1_000_000
        missing = sum(item.is_missing for item in draft.items)
        count = len(draft.items) if draft.task == "count" else len(draft.chosen)
        return Done(
            count, desk.house.label(draft.compartment), draft.is_shut, draft.leaf,
            draft.ended_us, took_s, missing, sum(bool(item.by_ledger) for item in draft.items), draft.id, bool(draft.signatures),
            draft.other if draft.destination else "", draft.destination,
        )  # fmt: skip

    def _sheet(self, desk: Desk) -> Sheet:
        draft = desk.draft
        assert draft is not None
        signed = []
        for part in pads_of(desk):
            signature = draft.signature(part)
            if signature is not None:
                signed.append((part, who_of(desk, part), signature.at_us, signature.digest))
        return Sheet(
            draft.task, draft.id, draft.stay, draft.other, draft.officer,
            desk.house.label(draft.compartment), lines_of(draft), tuple(signed),
            draft.is_refused, draft.leaf, draft.ended_us, "en" if desk.page.endswith("en") else "zh",
            draft.kept_because,
        )  # fmt: skip
