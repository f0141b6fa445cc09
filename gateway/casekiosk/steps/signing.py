"""Both sign. A person who does not sign is no obstacle: a witness signs that it was so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casekiosk.drafts import PERSON, WITNESS, Signature
from casekiosk.screens import Pad, Signing, View
from casekiosk.stating import SIGNED
from casekiosk.steps.base import NotNow, Step
from casekiosk.steps.listing import their_side

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk


def pads_of(desk: Desk) -> tuple[str, ...]:
    """Who signs, in order: a witness in the place of a person who refused."""
    assert desk.draft is not None
    refused = desk.draft.is_refused
    return tuple(WITNESS if part == PERSON and refused else part for part in desk.task.pads)


def who_of(desk: Desk, part: str) -> str:
    """Number or reference of who signs in a place; empty where the house does not know them."""
    draft = desk.draft
    assert draft is not None
    gives = draft.officer if desk.task.name == "lend" else draft.other
    takes = draft.other if desk.task.name == "lend" else draft.officer
    whose = {"person": draft.stay, "officer": draft.officer, "giver": gives, "taker": takes}
    return whose.get(part, "")


class Sign(Step):
    """One pad after the other; goes on when the facts of the list are in the log."""

    def _next(self, desk: Desk) -> str:
        assert desk.draft is not None
        return next((part for part in pads_of(desk) if desk.draft.signature(part) is None), "")

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """A signature, a refusal, or a look at the list."""
        draft = desk.draft
        assert draft is not None
        match action:
            case "sign":
                self._sign(desk, ask)
            case "refuse" if PERSON in desk.task.pads and draft.signature(PERSON) is None:
                draft.is_refused = True
                desk.keep()
            case "not_refused" if draft.signature(WITNESS) is None:
                draft.is_refused = False
                desk.keep()
            case "theirs":
                desk.page = "theirs:" + ("en" if ask.fields.get("language") == "en" else "zh")
            case "back" if draft.stated or draft.accepted:
                desk.page = "drop"
            case "back":
                draft.signatures.clear()  # what is signed is the list as it was
                desk.back()
            case "go":
                self._go(desk)

    def _sign(self, desk: Desk, ask: Ask) -> None:
        draft = desk.draft
        assert draft is not None
        part = self._next(desk)
        if not part or ask.fields.get("part") != part or ask.data is None:
            raise NotNow("not_your_turn")
        digest = desk.tools.enclose("signature", ask.data, *draft.owner, "")
        if digest is None:
            raise NotNow("signature_not_kept")
        draft.signatures.append(Signature(part, digest, desk.now.at_us))
        desk.keep()

    def _go(self, desk: Desk) -> None:
        if self._next(desk):
            raise NotNow("not_signed")
        if desk.say(SIGNED):
            desk.advance()

    def resume(self, desk: Desk) -> None:
        """What was signed and not yet stated goes on where it stopped."""
        if not self._next(desk) and desk.say(SIGNED):
            desk.advance()

    def settled(self, desk: Desk, moment: str, *, is_refused: bool) -> None:
        """In the log: on. Refused: the screen says why, and stays."""
        if moment == SIGNED and not is_refused:
            desk.advance()

    def show(self, desk: Desk) -> View:
        """Two pads."""
        draft = desk.draft
        assert draft is not None
        if desk.page.startswith("theirs:"):
            return their_side(desk)
        following = self._next(desk)
        pads = []
        for part in pads_of(desk):
            signature = draft.signature(part)
            at_us = None if signature is None else signature.at_us
            pads.append(Pad(part, who_of(desk, part), at_us, is_next=part == following))
        return Signing(
            desk.task.act,
            tuple(pads),
            len(draft.chosen),
            draft.photos,
            PERSON in desk.task.pads,
            draft.is_refused,
            draft.kept_because,
        )
