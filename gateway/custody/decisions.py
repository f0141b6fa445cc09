"""What was decided of a fact about an item stands: it is kept when the timeline goes back, and taken again (ADR 0036)."""

from collections.abc import Callable, Collection

from custody.apply import Refused
from custody.apply.property import LEDGER, note_let_in
from custody.facts import Fact
from custody.world import World


class Decisions:
    """Facts about items by index: let in (None), or why not. As many as the timeline can still go back over."""

    def __init__(self, world: World) -> None:
        """Nothing was decided yet."""
        self._world = world
        self._known: dict[int, Refused | None] = {}

    def concern(self, fact: Fact) -> bool:
        """Whether it is about an item or a count of items."""
        return fact.type in LEDGER

    def judge(
        self,
        fact: Fact,
        at_us: int,
        mark: int,
        put: Callable[[Fact], Refused | None],
        form: Callable[[], Refused | None],
    ) -> Refused | None:
        """Change the world by the fact, or say why not. `at_us`: its place in the timeline; `mark`: where the journal stood; `put` changes the world
        unasked, `form` asks the rules too.
        """
        if not self.concern(fact):
            return form()
        if fact.index not in self._known:
            refused = self._known[fact.index] = _too_old(fact, at_us) or form()
            if refused is None:
                note_let_in(self._world, fact)
            return refused
        known = self._known[fact.index]
        if known is None:
            return put(fact)
        if form() is None:  # it would be let in by now
            self._world.journal.rollback(mark)
        return known

    def keep(self, alive: Collection[int]) -> None:
        """Forget those of facts that no going back comes to any more."""
        self._known = {index: known for index, known in self._known.items() if index in alive}
        self._world.firm.intersection_update(alive)


def _too_old(fact: Fact, at_us: int) -> Refused | None:
    """What cannot be put in its place any more moves nothing: it is to be entered as of now."""
    if at_us <= fact.occurred_us:
        return None
    expected = "an occurrence within the window of late facts"
    return Refused("SYS", f"fact:{fact.type}", "too_late_to_place", expected, "older")
