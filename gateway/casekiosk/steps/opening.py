"""One compartment: asked for, waited for, opened, shut. The gateway opens it or not; here it is asked and watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casekiosk import stating
from casekiosk.drafts import Draft
from casekiosk.screens import Choosing, Key, Opening, View
from casekiosk.steps.base import NotNow, Step
from casekiosk.tasks import PUT_IN
from custody.compartments import BY_KEY
from custody.locker_words import OVERRIDES
from custody.name import Name

if TYPE_CHECKING:
    from casekiosk.asking import Ask
    from casekiosk.desk import Desk
    from custody.facts import Fact

TONE_S: Final = 45
NONE_FREE: Final = Name("0", "0")
"""A local value: a door that stands open longer is told by a tone that grows."""
STUCK: Final = ("expired", "failed", "never_opened", "interrupted", "ordered")
ENDS: Final = {
    "compartment.expired": "expired",
    "compartment.failed": "failed",
    "compartment.interrupted": "interrupted",
}


def moment_of(draft: Draft) -> str:
    """The moment at which the compartment in hand is shut."""
    return f"{stating.SHUT}.{draft.compartment}"


def _owner(draft: Draft) -> str:
    """Whose things may lie together: those of one person, or of one case."""
    stay, case = draft.owner
    return stay or case


class Open(Step):
    """Goes on when door and bolt are seen shut after they were seen open, and the facts of that are in the log."""

    def enter(self, desk: Desk) -> None:
        """Choose a compartment and ask for it."""
        draft = desk.draft
        assert draft is not None
        if desk.task.name == "count":
            desk.say(stating.BEGUN)
        compartment = self._compartment(desk)
        if compartment is None:
            if desk.task.name == "count":
                desk.advance()
            return
        draft.compartment = compartment
        desk.why = ""
        desk.request()

    def _compartment(self, desk: Desk) -> str | None:
        draft = desk.draft
        assert draft is not None
        if desk.task.name == "count":
            return next((c for c in desk.house.used(desk.cabinet.id) if c not in draft.counted), None)
        if desk.task.purpose in PUT_IN:
            return desk.house.free_compartment(desk.cabinet.id, _owner(draft))
        left = [i.compartment for i in draft.chosen if f"{stating.SHUT}.{i.compartment}" not in draft.stated]
        return left[0] if left else None

    def resume(self, desk: Desk) -> None:
        """After a restart of the gateway: what it shows now, and nothing by itself."""
        self._catch_up(desk)
        self._go_on(desk)

    def _catch_up(self, desk: Desk) -> None:
        """The door was shut while nobody followed the facts."""
        draft = desk.draft
        assert draft is not None
        state = desk.house.world.compartments.get(draft.compartment)
        if state is None or draft.is_shut or state.request == draft.request or not state.is_shut:
            return
        if state.opened_fact > draft.leaf >= 0 and state.access == "ordered":
            draft.is_opened = draft.is_shut = True
            desk.keep()

    def hear(self, desk: Desk, fact: Fact) -> None:
        """A fact of a compartment: of ours, what became of the request."""
        draft = desk.draft
        assert draft is not None
        if draft.is_by_key:
            self._hear_key(desk, fact)
        if fact.body.get("request") != draft.request or not draft.request:
            return
        if fact.type == "compartment.completed":
            draft.is_opened = draft.is_opened or bool(fact.body.get("opened"))
            draft.is_shut = True
            desk.why = "" if draft.is_opened else "never_opened"
            desk.keep()
            if desk.step == "open":
                self._go_on(desk)
        elif fact.type in ENDS:
            desk.why = f"{ENDS[fact.type]}.{fact.body.get('why', '')}"

    def _hear_key(self, desk: Desk, fact: Fact) -> None:
        """The door that was opened with the key is what was announced, and is shut again."""
        draft = desk.draft
        assert draft is not None
        state = desk.house.world.compartments.get(draft.compartment)
        if state is None or state.access != BY_KEY:
            return
        draft.is_opened = draft.is_opened or state.is_ajar
        draft.is_shut = draft.is_opened and state.is_shut
        desk.keep()
        if draft.is_shut and desk.step == "open":
            self._go_on(desk)

    def _go_on(self, desk: Desk) -> None:
        draft = desk.draft
        assert draft is not None
        if not (draft.is_opened and draft.is_shut):
            return
        if desk.task.name == "count":
            desk.advance()
        elif desk.say(moment_of(draft)):
            self._next(desk)

    def _next(self, desk: Desk) -> None:
        """Another compartment of the same person, or on."""
        if desk.task.purpose not in PUT_IN and self._compartment(desk) is not None:
            desk.again("open")
        else:
            desk.advance()

    def settled(self, desk: Desk, moment: str, *, is_refused: bool) -> None:
        """In the log: on."""
        assert desk.draft is not None
        if moment == moment_of(desk.draft) and not is_refused:
            self._next(desk)

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """Ask again after it came to nothing; take another compartment."""
        draft = desk.draft
        assert draft is not None
        match action:
            case "again" if not draft.compartment:
                self.enter(desk)
            case "again" if self._stage(desk) in ("refused", "expired", "failed", "never_opened"):
                desk.why = ""
                desk.request()
            case "again":
                self._catch_up(desk)
                self._go_on(desk)
            case "stuck" if self._stage(desk) in STUCK:
                desk.page = "key"
            case "key" if desk.page == "key" and self._stage(desk) in STUCK:
                reason = ask.fields.get("reason", "")
                if reason not in OVERRIDES:
                    raise NotNow("no_reason", found=reason[:20])
                desk.page = ""
                desk.override(reason)
            case "another" if desk.task.purpose in PUT_IN and not draft.is_opened:
                desk.page = "compartment"
            case "take" if desk.page == "compartment":
                wanted = ask.fields.get("compartment", "")
                if wanted not in [
                    c for c, _, is_free in desk.house.cells(desk.cabinet.id, _owner(draft)) if is_free
                ]:
                    raise NotNow("not_free", found=wanted[:20])
                draft.compartment, desk.page, desk.why = wanted, "", ""
                desk.request()
            case "back" if self._can_return(desk):
                desk.back()
            case "back":
                desk.page = "drop"

    def _can_return(self, desk: Desk) -> bool:
        """Nothing is in the log but a request that came to nothing."""
        draft = desk.draft
        assert draft is not None
        return (
            draft.step > 0
            and not draft.stated
            and self._stage(desk) in ("full", "refused", "expired", "failed")
        )

    def _stage(self, desk: Desk) -> str:
        draft = desk.draft
        assert draft is not None
        if not draft.compartment:
            return "full"
        state = desk.house.world.compartments.get(draft.compartment)
        if state is not None and state.request == draft.request and state.stage:
            if state.stage == "ordered" and state.is_ajar:
                return "open"
            return "interrupted" if state.stage == "interrupted" else state.stage
        if draft.is_by_key:
            return "by_key"
        if desk.why:
            return desk.why.partition(".")[0]
        return "shut" if draft.is_shut else "expired"

    def show(self, desk: Desk) -> View:
        """The number, large, and what is to be done at it."""
        draft = desk.draft
        assert draft is not None
        cells = desk.house.cells(desk.cabinet.id, _owner(draft))
        if desk.page == "key":
            return Key(desk.house.label(draft.compartment), tuple(OVERRIDES))
        if desk.page == "compartment":
            return Choosing("compartment", compartments=cells)
        compartment = desk.house.area.compartments.get(draft.compartment)
        state = desk.house.world.compartments.get(draft.compartment)
        here = stating.here(draft)
        return Opening(
            draft.compartment, desk.house.label(draft.compartment) if compartment else NONE_FREE, self._stage(desk),
            desk.task.purpose, len(here),
            tuple((c, desk.house.label(c), desk.house.look(c, draft.compartment)) for c, _, _ in cells),
            desk.house.missing(draft.compartment), desk.why.partition(".")[2],
            None if state is None else state.opened_us, desk.house.wrong(desk.cabinet.id, draft.compartment),
            self._can_return(desk), TONE_S,
        )  # fmt: skip
