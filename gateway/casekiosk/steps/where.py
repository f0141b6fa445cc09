"""Where things are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casekiosk.screens import Choosing, View
from casekiosk.steps.base import NotNow, Step
from custody.property_words import DESTINATIONS

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk

BACK: Final = "keeper"
WITH_THE_PERSON: Final = ("detention_centre", "outside")
"""Effects go where their person goes."""


class Where(Step):
    """One touch."""

    def _offered(self, desk: Desk) -> tuple[str, ...]:
        if desk.cabinet.kind == "effects":
            return WITH_THE_PERSON
        return tuple(place for place in DESTINATIONS if place != BACK)

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """The place, or back to the things."""
        assert desk.draft is not None
        if action == "back":
            desk.back()
        elif action == "to":
            place = ask.fields.get("destination", "")
            if place not in self._offered(desk):
                raise NotNow("no_destination", found=place[:20])
            desk.draft.destination = place
            desk.advance()

    def show(self, desk: Desk) -> View:
        """The places."""
        return Choosing("destination", destinations=self._offered(desk))
