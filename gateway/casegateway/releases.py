"""From an officer's accepted form to the order of a lock, and by no other way.

A form releases when the engine has taken it, once, in the run that recorded it, and for RELEASE_VALID_MS from when it
was given: not when the log is replayed, not late, and not while it is unknown whether it is late. When the time is
over, a lock that is still withdrawn is ordered back. Only what the log has is ordered: docs/adr/0033.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from casegateway.book import Book
from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.limits import COMMAND_VALID_MS, RELEASE_VALID_MS
from casegateway.outputs import Outputs
from custody.area import Area
from custody.facts import Fact

ORDERED = "door.release_ordered"
ENTRY = "entry.requested"


@dataclass(slots=True)
class _Release:
    """One lock that may be withdrawn by our order. `until_us`: real time; `order`: id of the fact, empty from a run before."""

    order: str
    until_us: int
    is_over: bool = False


def doors_of(area: Area, fact: Fact) -> tuple[str, ...]:
    """The locked doors that an accepted fact releases: the one that is named, or those that lead into the room."""
    if fact.type == ORDERED:
        return (str(fact.body["door"]),)
    return area.locked_doors_into(str(fact.body["room"])) if fact.type == ENTRY else ()


def age_us(fact: Fact, now: Moment) -> int | None:
    """Real microseconds since an order was given, at most; None where the clock does not tell."""
    instant = now.instant
    if instant.latest_us is None or instant.boot != fact.boot:
        return None
    return round(max(instant.latest_us - fact.occurred_us, instant.boottime_us - fact.boottime_us) / now.rate)


class Releases:
    """All locks of one area. Call `follow` with each step of the book, before the orders of that turn are sent."""

    def __init__(self, book: Book, outputs: Outputs, gateway: str) -> None:
        """`book` is replayed: what it last ordered to be released, and nobody took back, is ended by this run."""
        self._area = book.engine.area
        self._book = book
        self._memory = book.memory
        self._outputs = outputs
        self._gateway = gateway
        self._door_of = {lock: door for door, lock in self._area.locks.items()}
        self._running = {
            lock: _Release("", 0, is_over=True)
            for lock in self._door_of
            if self._memory.commanded.get(lock, False)
        }
        self._failed_count = 0

    def follow(self, accepted: Iterable[Fact], now: Moment) -> None:
        """Write to the log what the accepted facts release, and the end of what is over.

        `accepted`: facts that this run recorded and the engine has just taken, in order.
        """
        for fact in accepted:
            if fact.type == "output.confirmed" and fact.body["output"] in self._running:
                self._outputs.obeyed(str(fact.body["output"]), bool(fact.body["active"]))
            for door in doors_of(self._area, fact):
                self._release(door, fact, now)
        for lock, release in list(self._running.items()):
            if now.real_us >= release.until_us:
                self._end(lock, release, now)

    def wake_us(self) -> int | None:
        """Real time at which a release is over; None: none runs."""
        return min((r.until_us for r in self._running.values() if not r.is_over), default=None)

    def _release(self, door: str, fact: Fact, now: Moment) -> None:
        gone_us = age_us(fact, now)
        if gone_us is None or gone_us >= RELEASE_VALID_MS * 1_000:
            self._fail(door, fact.id, "clock" if gone_us is None else "late", now)
            return
        lock = self._area.locks[door]
        left_ms = RELEASE_VALID_MS - max(0, gone_us) // 1_000
        if self._order(lock, fact.id, left_ms, now, active=True):
            self._running[lock] = _Release(fact.id, now.real_us + left_ms * 1_000)

    def _end(self, lock: str, release: _Release, now: Moment) -> None:
        """The time is over: say so where it was in vain, and order back what is seen to be withdrawn still."""
        is_heard = self._outputs.is_heard(lock)
        if not release.is_over:
            release.is_over = True
            if not self._outputs.is_obeyed(lock):
                why = "unmoved" if is_heard else "silent"
                self._fail(self._door_of[lock], release.order, why, now)
        state = self._memory.confirmed.get(lock)
        if not is_heard or state is None:
            return  # looked at again when it can be seen
        if not state or self._order(lock, release.order or "state", COMMAND_VALID_MS, now, active=False):
            del self._running[lock]

    def _order(self, lock: str, cause: str, valid_ms: int, now: Moment, *, active: bool) -> bool:
        """Into the log first; False, and no order, where there is no room for it."""
        draft = self._outputs.draft(lock, active, valid_ms, cause, self._gateway, now)
        if not self._book.append(draft, now):
            return False
        self._outputs.give(lock, active, valid_ms, now)
        return True

    def _fail(self, door: str, order: str, why: str, now: Moment) -> None:
        self._failed_count += 1
        instant = now.instant
        draft = Draft(
            type="door.release_failed",
            body={"door": door, "order": order, "why": why},
            id=f"{self._gateway}|{instant.boot}|release-{self._failed_count}",
            occurred_us=instant.earliest_us,
            occurred_latest_us=instant.latest_us,
        )
        self._book.append(draft, now)
