"""Officers' facts that are under way to one gateway: kept in the store until its log tells what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from caselog import canonical
from caselog.leaf import LeafRecord
from caseserver.given_order import GivenOrder, letter
from caseserver.settings import Limits
from caseserver.snapshot import Answer, Message
from caseserver.store import facts as fact_rows
from caseserver.store.database import Database
from caseserver.store.facts import Fate, PendingFact, fate_told_by

ANSWERS: Final = ("alarm.taken", "alarm.acknowledged")


class UnderWay:
    """Of one gateway; the area calls it under its own lock. `order`: in which they are taken."""

    def __init__(self, gateway: str, database: Database, limits: Limits) -> None:
        """Reads what waits."""
        self.order = GivenOrder(limits.resend_s_min, limits.resend_s_max)
        self._gateway = gateway
        self._database = database
        self._answers: dict[str, tuple[str, Answer]] = {}  # fact id -> alarm and answer
        self._away: set[str] = set()  # answers that were given, or waited, while the gateway was not heard
        with database.reading() as connection:
            waiting = fact_rows.waiting(connection, gateway)
        self._ids = {fact.id for fact in waiting}
        self._note(waiting)

    def __len__(self) -> int:
        """How many, as far as is known here."""
        return len(self._ids)

    def expect(self, fact: PendingFact, waiting: Sequence[PendingFact]) -> Message:
        """One more, by this message; `waiting`: what was given before it and is not in the log yet."""
        self._ids.add(fact.id)
        self._note([fact])
        self.order.more()
        return Message(self._gateway, "fact", letter(fact.payload, self.order.after(fact, waiting)))

    def resend(self, real_s: float, *, is_answering: bool) -> list[Message]:
        """All of them, in the order in which they were given."""
        with self._database.reading() as connection:
            waiting = fact_rows.waiting(connection, self._gateway)
        # the store is the truth: `caseward server account` in another process adds facts too
        self._ids = {fact.id for fact in waiting}
        self._note(waiting)
        letters = self.order.letters(waiting, real_s, is_answering=is_answering)
        return [Message(self._gateway, "fact", payload) for payload in letters]

    def settled(self, record: LeafRecord) -> list[Fate]:
        """What this leaf tells of one of them, or of any that is refused."""
        fate = fate_told_by(record)
        if fate is None or (fate.state == fact_rows.RECORDED and fate.id not in self._ids):
            return []
        self._ids.discard(fate.id)
        return [fate]

    def answers(self, *, is_away: bool) -> dict[str, Answer]:
        """Alarm id -> who answered it while the gateway was not heard (`is_away`: now), until its log tells what became of it.

        A human has the alarm though no log says so yet. While the gateway is heard its own word comes at once, and counts alone.
        """
        self._answers = {id_: told for id_, told in self._answers.items() if id_ in self._ids}
        if is_away:
            self._away |= self._answers.keys()
        self._away &= self._answers.keys()
        return dict(self._answers[id_] for id_ in self._answers if id_ in self._away)

    def _note(self, facts: Iterable[PendingFact]) -> None:
        for fact in facts:
            if fact.type in ANSWERS and fact.id not in self._answers:
                alarm = str(canonical.loads(fact.payload)["fact"]["body"]["alarm"])
                answer = Answer(fact.type.removeprefix("alarm."), fact.officer, fact.created_us)
                self._answers[fact.id] = alarm, answer
