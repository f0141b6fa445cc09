"""Who has to be there beside the officer: the person, by the wristband, or a second officer, by the badge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casekiosk.screens import Mark, Pin, View
from casekiosk.screens import Who as WhoView
from casekiosk.steps.base import NotNow, Step

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk
    from casekiosk.house import Present


class Who(Step):
    """Passes on as soon as the tag is read."""

    def turn(self, desk: Desk, present: Present) -> None:
        """The first tags that fit are taken, in either order."""
        draft = desk.draft
        assert draft is not None
        parts = self._wanted(desk)
        if "person" in parts and not draft.stay and present.stays:
            draft.stay = present.stays[0].ref
            draft.case = present.stays[0].case or ""
            desk.keep()
        others = [officer.ref for officer in present.officers if officer.ref != draft.officer]
        if "officer" in parts and not draft.other and others:
            draft.other = others[0]
            desk.keep()
        self._go_on(desk)

    def _wanted(self, desk: Desk) -> tuple[str, ...]:
        return ("person", "officer") if desk.task.needs == "both" else (desk.task.needs,)

    def _go_on(self, desk: Desk) -> None:
        draft = desk.draft
        assert draft is not None
        known = {"person": draft.stay, "officer": draft.other}
        if all(known[part] for part in self._wanted(desk)):
            desk.advance()

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """Back to the tasks: nothing was entered yet."""
        draft = desk.draft
        assert draft is not None
        if action == "typed":
            desk.page = "number"
        elif action == "back":
            desk.finish()
        elif action == "other" and "officer" in self._wanted(desk) and not draft.other:
            self._take_other(desk, ask)

    def _take_other(self, desk: Desk, ask: Ask) -> None:
        """A second officer without a badge: number and PIN."""
        draft = desk.draft
        assert draft is not None
        number = ask.fields.get("officer", "")
        if ask.digest is None or number == draft.officer:
            raise NotNow("pin_wrong")
        draft.other, desk.page = desk.people.judge(number, ask.digest, desk.now).ref, ""
        self._go_on(desk)

    def show(self, desk: Desk) -> View:
        """Who is there, and who is waited for."""
        draft = desk.draft
        assert draft is not None
        if desk.page == "number":
            return Pin(tried=desk.people.tried)
        known = {"person": draft.stay, "officer": draft.other}
        keeper: tuple[str, str, Mark, str] = ("keeper", draft.officer, "ok", "")
        marks: dict[bool, Mark] = {True: "ok", False: "wait"}
        parties = [(part, known[part], marks[bool(known[part])], "") for part in self._wanted(desk)]
        wanted = next((part for part in self._wanted(desk) if not known[part]), "person")
        return WhoView(wanted, (keeper, *parties))
