"""From an accepted request for a compartment to one order of its lock, and to the door that is shut again.

A request opens nothing: whoever has to be there is read at the cabinet first, after it or just before it. A server that was taken
over can sign as any officer, and has no badge. The order is a fact that is durable before it leaves; it is given once, in the run
that recorded the request, never on a clock in doubt, and is over when door and bolt are seen shut: docs/adr/0037.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from casegateway.badges import Badges
from casegateway.book import Book
from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.limits import (
    LOCKER_MOVE_MS,
    LOCKER_VALID_MS,
    LOCKER_WAIT_MS,
    RELEASE_VALID_MS,
)
from casegateway.memory import Memory
from casegateway.outputs import Outputs
from casegateway.releases import age_us
from casewire import INACTIVE, UNKNOWN
from custody.attendance import Attendance, attendance
from custody.compartments import ORDERED, WAITING, CompartmentState
from custody.facts import BodyValue, Fact

REQUESTED = "compartment.requested"


@dataclass(slots=True)
class _Request:
    """One that waits for badge and band, until `until_us` of real time. `missing`: the fewest that ever were."""

    id: str
    who: Attendance
    until_us: int
    missing: tuple[str, ...] = ("officer", "second", "band")


@dataclass(slots=True)
class _Opening:
    """One that was ordered. `until_us`: real time by which the hook has moved or will not."""

    request: str
    until_us: int
    has_moved: bool = False


class Lockers:
    """All compartments of one area. Call `follow` with each step of the book, before the orders of that turn are sent."""

    def __init__(self, book: Book, outputs: Outputs, gateway: str) -> None:
        """`book` is replayed: what it left waiting or open is told to be cut off, and never ordered anew."""
        self._area = book.engine.area
        self._book = book
        self._memory: Memory = book.memory
        self._outputs = outputs
        self._gateway = gateway
        self._badges = Badges(self._area)
        self._requests: dict[str, _Request] = {}  # by compartment
        self._openings: dict[str, _Opening] = {}
        # compartment -> request and stage of which the next word is in the log, but not yet in the engine
        self._told: dict[str, tuple[str, str]] = {}
        self._count = 0

    def follow(self, accepted: Iterable[Fact], now: Moment) -> None:
        """Write to the log what the accepted facts order, and what became of it.

        `accepted`: facts that this run recorded and the engine has just taken, in order.
        """
        for fact in accepted:
            self._badges.take(fact, now)
            name = str(fact.body.get("compartment"))
            if fact.type == REQUESTED:
                self._take(name, fact, now)
            elif fact.type == "compartment.unlocked" and name in self._openings:
                self._openings[name].has_moved = True
                self._outputs.obeyed(name, active=True)
        for state in self._book.engine.world.compartments.values():
            if state.stage:
                self._look(state, now)

    def missing(self, compartment: str, now: Moment) -> tuple[str, ...]:
        """Who is still to be read for the request that waits: `officer`, `second`, `band`. For the kiosk."""
        request = self._requests.get(compartment)
        if request is None:
            return ()
        tags = self._badges.fresh(self._area.cabinet_of(compartment).reader, now)
        return request.who.missing(self._book.engine.world, tags)

    def wake_us(self) -> int | None:
        """Real time at which a request is void, or a hook should have moved; None: nothing runs."""
        times = [request.until_us for request in self._requests.values()]
        times += [o.until_us for o in self._openings.values() if not o.has_moved]
        return min(times, default=None)

    # --- a request --------------------------------------------------------------------------

    def _take(self, name: str, fact: Fact, now: Moment) -> None:
        state = self._book.engine.world.compartments.get(name)
        if state is None or state.request != fact.id:
            return  # a fact of a later time has gone before it: nothing waits
        gone_us = age_us(fact, now)
        if gone_us is None or gone_us >= RELEASE_VALID_MS * 1_000:
            self._say("failed", state, now, why="clock" if gone_us is None else "late")
            return
        who = attendance(self._book.engine.world, self._area, state)
        self._requests[name] = _Request(fact.id, who, now.real_us + LOCKER_WAIT_MS * 1_000)

    def _look(self, state: CompartmentState, now: Moment) -> None:
        """What is to be said of the request that runs at a compartment, whoever's run it is from."""
        if self._told.get(state.id) == (state.request, state.stage):
            return  # the engine does not have it yet
        request, opening = self._requests.get(state.id), self._openings.get(state.id)
        if state.stage == WAITING and request is not None and request.id == state.request:
            self._wait(request, state, now)
        elif state.stage == WAITING:
            self._say("expired", state, now, why="restart")
        elif state.stage == ORDERED and opening is not None and opening.request == state.request:
            self._watch(opening, state, now)
        elif state.stage == ORDERED:
            self._say("interrupted", state, now, why="restart")
        elif self._is_seen(state.id) and self._is_shut(state.id):
            self._say("completed", state, now, opened=state.was_open)

    def _wait(self, request: _Request, state: CompartmentState, now: Moment) -> None:
        reader = self._area.cabinet_of(state.id).reader
        tags = self._badges.fresh(reader, now)
        missing = request.who.missing(self._book.engine.world, tags)
        request.missing = min(request.missing, missing, key=len)
        if now.real_us >= request.until_us:
            why = "nobody" if "officer" in request.missing else "no_second"
            is_over = self._say("expired", state, now, why=why)
        elif missing:
            return
        elif why := self._why_not(state.id, now):
            is_over = self._say("failed", state, now, why=why)
        else:
            is_over = self._order(request, state, tags, now)
        if is_over:
            self._badges.spend(reader, tags)
            del self._requests[state.id]

    def _why_not(self, name: str, now: Moment) -> str:
        """What stands against an order though everybody is there; empty: nothing."""
        if now.instant.latest_us is None:
            return "clock"
        if not self._is_seen(name):
            return "silent"
        return "" if self._is_shut(name) else "ajar"

    def _order(self, request: _Request, state: CompartmentState, tags: list[str], now: Moment) -> bool:
        """Into the log first; False, and no order, where there is no room for it."""
        body: dict[str, BodyValue] = {
            "purpose": state.purpose, "officer": state.officer, "command_id": self._outputs.number(),
            "valid_ms": LOCKER_VALID_MS, **({} if state.stay is None else {"stay": state.stay}),
        }  # fmt: skip
        for tag in tags:
            kind, _, ref = (self._book.engine.world.tags.get(tag) or "").partition(":")
            if kind == "officer" and ref != state.officer:
                body["second"] = ref
            elif kind == "stay" and ref == request.who.stay:
                body["band"] = tag
        if not self._say("ordered", state, now, **body):
            return False
        self._outputs.give(state.id, True, LOCKER_VALID_MS, now)
        until_us = now.real_us + (LOCKER_VALID_MS + LOCKER_MOVE_MS) * 1_000
        self._openings[state.id] = _Opening(state.request, until_us)
        return True

    # --- an order ---------------------------------------------------------------------------

    def _watch(self, opening: _Opening, state: CompartmentState, now: Moment) -> None:
        is_seen = self._is_seen(state.id)
        if opening.has_moved and is_seen and self._is_shut(state.id):
            is_over = self._say("completed", state, now, opened=state.was_open)
        elif not is_seen and (opening.has_moved or now.real_us >= opening.until_us):
            is_over = self._say("interrupted", state, now, why="silent")  # it may be open, and nobody knows
        elif not opening.has_moved and now.real_us >= opening.until_us:
            is_over = self._say("failed", state, now, why="unmoved")
        else:
            return
        if is_over:
            del self._openings[state.id]

    def _is_seen(self, name: str) -> bool:
        """Whether door and bolt are known: the node is heard, and has told both."""
        memory = self._memory
        states = memory.compartments.get(name, UNKNOWN), memory.hooks.get(name, UNKNOWN)
        return self._outputs.is_heard(name) and UNKNOWN not in states

    def _is_shut(self, name: str) -> bool:
        return self._memory.compartments.get(name) == INACTIVE == self._memory.hooks.get(name)

    # --- the log ----------------------------------------------------------------------------

    def _say(self, what: str, state: CompartmentState, now: Moment, **more: BodyValue) -> bool:
        """The next word on a request. False where there is no room for it: it is said later.

        The request was given by another's clock: what follows from it is not told to be before it.
        """
        self._count += 1
        instant = now.instant
        draft = Draft(
            type=f"compartment.{what}",
            body={"compartment": state.id, "request": state.request, **more},
            id=f"{self._gateway}|{instant.boot}|locker-{self._count}",
            occurred_us=max(instant.earliest_us, state.stage_us),
            occurred_latest_us=instant.latest_us,
        )
        if not self._book.append(draft, now):
            return False
        self._told[state.id] = state.request, state.stage
        return True
