"""Officers' facts go to a gateway in the order in which they were given, and are taken in no other.

Each message names the fact that was given before it and that the log does not have yet (`after`); the gateway takes
nothing whose predecessor it does not know. So whatever the broker loses, doubles or turns round between two
sendings, "stored" never overtakes "seized", and yet all of them travel at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from caselog import canonical

UNANSWERED_S_MAX: Final = 15.0
"""A gateway that is heard, and whose log is all here, answers a fact within this; then the others go ahead of it."""
LETTERS_AT_ONCE: Final = 128
"""Of a longer line the rest goes when these are answered: the client's queue is for acks as well."""
WAIT_FOR_NOBODY: Final = frozenset({"door.release_ordered"})
"""Void after seconds, and somebody may have to get out: it neither waits nor lets wait."""


class Given(Protocol):
    """A fact that the log does not have yet: its id and type."""

    @property
    def id(self) -> str:
        """By which gateway and server know it."""

    @property
    def type(self) -> str:
        """Its name without version."""


class Sent(Given, Protocol):
    """One with its message."""

    @property
    def payload(self) -> bytes:
        """As it was signed."""


class GivenOrder:
    """The line of one gateway. `passed`: facts that were never answered, and that nobody waits for any more."""

    def __init__(self, wait_s_min: float, wait_s_max: float) -> None:
        """`wait_s_min`, `wait_s_max`: seconds between two sendings, doubled each time that nothing has come of one."""
        self.passed: frozenset[str] = frozenset()
        self._wait_s_min = wait_s_min
        self._wait_s_max = wait_s_max
        self._wait_s = wait_s_min
        self._due_s: float | None = None
        self._has_more = False
        self._first: str | None = None
        self._asked_s: float | None = None

    def urge(self) -> None:
        """The way is open again: all that waits is due now."""
        self._due_s = None

    def more(self) -> None:
        """One more was given, and sent once: should that be lost, the shortest wait begins anew."""
        self._has_more = True

    def is_due(self, now_s: float) -> bool:
        """Whether the whole line is to be sent (again). `now_s`: of a steady clock."""
        if self._has_more and self._due_s is not None:
            self._wait_s = self._wait_s_min
            self._due_s = min(self._due_s, now_s + self._wait_s)
        self._has_more = False
        return self._due_s is None or now_s >= self._due_s

    def letters(self, waiting: Sequence[Sent], now_s: float, *, is_answering: bool) -> list[bytes]:
        """What waits, in its order, at most LETTERS_AT_ONCE. `is_answering`: the gateway is heard and its log is all here."""
        self._judge_first(waiting, now_s, is_answering=is_answering)
        self._due_s = now_s + self._wait_s
        sent = waiting[:LETTERS_AT_ONCE]
        return [letter(fact.payload, self.after(fact, sent[:at])) for at, fact in enumerate(sent)]

    def after(self, fact: Given, before: Sequence[Given]) -> str | None:
        """The id that the gateway must know before it takes `fact`; `before`: what waits and was given earlier."""
        if fact.type in WAIT_FOR_NOBODY or fact.id in self.passed:
            return None
        return next((other.id for other in reversed(before) if self._holds_up(other)), None)

    def _holds_up(self, fact: Given) -> bool:
        return fact.type not in WAIT_FOR_NOBODY and fact.id not in self.passed

    def _judge_first(self, waiting: Sequence[Sent], now_s: float, *, is_answering: bool) -> None:
        """Whether the first of the line has moved; if it never will, let the others go ahead."""
        self.passed &= {fact.id for fact in waiting}
        first = next((fact.id for fact in waiting if self._holds_up(fact)), None)
        has_moved = first != self._first
        if first is None or has_moved or not is_answering:
            self._asked_s = now_s if is_answering else None
        elif self._asked_s is None:
            self._asked_s = now_s
        elif now_s - self._asked_s >= UNANSWERED_S_MAX:
            self.passed |= {first}
            self._asked_s = now_s
        self._first = first
        is_vain = bool(waiting) and not has_moved
        self._wait_s = min(self._wait_s * 2, self._wait_s_max) if is_vain else self._wait_s_min


def letter(payload: bytes, after: str | None) -> bytes:
    """The message for down/fact: what was signed, and outside the signature after which fact it comes."""
    return payload if after is None else canonical.dumps({**canonical.loads(payload), "after": after})
