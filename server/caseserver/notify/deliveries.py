"""What is on its way to a receiver, until the receiver has accepted it or nobody needs it any more. Sans IO.

A delivery has one id for ever, made of what it tells to whom: it goes out under that id however often it is tried, so
that a receiver can drop what it has already. `because` says of each try why it is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

WAITING: Final = "waiting"
SENDING: Final = "sending"
ACCEPTED: Final = "accepted"
DROPPED: Final = "dropped"

FIRST: Final = "first"
AFTER_FAILURE: Final = "failed"
ANSWERED: Final = 0
"""Step of a message that tells who was called that somebody has answered."""
UNKNOWN: Final = "unknown"
"""The server ended while this was on its way: the receiver may have it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver about one step of one run.

    `state`: WAITING for its (next) try, SENDING, ACCEPTED by the receiver, DROPPED: not needed any more.
    `attempts`: tries begun; `because`: why the next (or newest) one is made; `problem`: what the last one met.
    """

    id: str
    area: str
    alarm: str
    run: int
    step: int
    receiver: str
    severity: str
    created_us: int
    state: str = WAITING
    attempts: int = 0
    because: str = FIRST
    problem: str = ""
    sent_us: int | None = None
    accepted_us: int | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """The run it belongs to."""
        return self.area, self.alarm, self.run


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. None is the last one while the alarm is open: a receiver that refuses today may be mended."""

    is_accepted: bool
    problem: str = ""


def delivery_id(area: str, alarm: str, run: int, step: int, receiver: str) -> str:
    """32 hex digits, the same on every machine and after every restart."""
    return sha256("\n".join((area, alarm, str(run), str(step), receiver)).encode()).hexdigest()[:32]


class Deliveries:
    """Everything that is not settled yet. `now_s` is the machine's steady clock: it need not outlive the process."""

    def __init__(self, retry_s_min: float, retry_s_max: float, unsettled: Iterable[Delivery] = ()) -> None:
        """`unsettled`: from the store; what was on its way when the process ended is tried again and says so."""
        self._retry_s = retry_s_min, retry_s_max
        self._open: dict[str, Delivery] = {}
        self._by_step: dict[tuple[str, int], dict[str, Delivery]] = {}  # by receiver and step
        self._next_s: dict[str, float] = {}
        self._last_try: set[str] = set()
        self._changed: dict[str, Delivery] = {}
        for found in unsettled:
            if found.state == SENDING:
                self._put(replace(found, state=WAITING, because=UNKNOWN))
            else:
                self._keep(found)

    def __len__(self) -> int:
        """How many are not settled."""
        return len(self._open)

    def add(self, delivery: Delivery) -> None:
        """A new message; one that is known already is left as it is."""
        if delivery.id not in self._open:
            self._put(delivery)

    def unsettled(self) -> list[Delivery]:
        """What waits or is under way, the most urgent first."""
        return sorted(self._open.values(), key=_by_urgency)

    def of(self, receiver: str, step: int) -> list[Delivery]:
        """Those of them that tell this receiver of this step, the most urgent first."""
        return sorted(self._by_step.get((receiver, step), {}).values(), key=_by_urgency)

    def due(
        self, now_s: float, busy: Collection[str], among: Collection[str] | None = None
    ) -> list[Delivery]:
        """The most urgent one that may be tried now for each receiver (of `among`) that is not `busy`, the most urgent first."""
        waiting: dict[str, list[Delivery]] = {}
        for (receiver, _), messages in self._by_step.items():
            if receiver not in busy and (among is None or receiver in among):
                waiting.setdefault(receiver, []).extend(
                    delivery
                    for delivery in messages.values()
                    if delivery.state == WAITING and self._next_s.get(delivery.id, now_s) <= now_s
                )
        return sorted((min(found, key=_by_urgency) for found in waiting.values() if found), key=_by_urgency)

    def begin(self, delivery_id: str, at_us: int) -> Delivery:
        """A try begins: stored before anything leaves the house."""
        known = self._open[delivery_id]
        return self._put(replace(known, state=SENDING, attempts=known.attempts + 1, sent_us=at_us))

    def end(self, delivery_id: str, outcome: Outcome, at_us: int, now_s: float) -> Delivery:
        """A try that `begin` began has ended."""
        known = self._open[delivery_id]
        if outcome.is_accepted:
            return self._settle(replace(known, state=ACCEPTED, accepted_us=at_us, problem=""))
        if delivery_id in self._last_try:
            return self._settle(replace(known, state=DROPPED, problem=outcome.problem))
        least_s, most_s = self._retry_s
        self._next_s[delivery_id] = now_s + min(most_s, least_s * 2 ** min(known.attempts - 1, 16))
        return self._put(replace(known, state=WAITING, because=AFTER_FAILURE, problem=outcome.problem))

    def stop(self, area: str, alarm: str, run: int) -> None:
        """The alarm is answered: what has not left yet is not sent any more; what is under way comes to its end."""
        for delivery in [d for d in self._open.values() if d.key == (area, alarm, run)]:
            if delivery.state == WAITING:
                self._settle(replace(delivery, state=DROPPED))
            else:
                self._last_try.add(delivery.id)

    def take_changes(self) -> list[Delivery]:
        """Deliveries that are other than at the last call."""
        found = list(self._changed.values())
        self._changed.clear()
        return found

    def _put(self, delivery: Delivery) -> Delivery:
        self._keep(delivery)
        self._changed[delivery.id] = delivery
        return delivery

    def _keep(self, delivery: Delivery) -> None:
        self._open[delivery.id] = delivery
        self._by_step.setdefault((delivery.receiver, delivery.step), {})[delivery.id] = delivery

    def _settle(self, delivery: Delivery) -> Delivery:
        self._open.pop(delivery.id, None)
        self._by_step.get((delivery.receiver, delivery.step), {}).pop(delivery.id, None)
        self._next_s.pop(delivery.id, None)
        self._last_try.discard(delivery.id)
        self._changed[delivery.id] = delivery
        return delivery


def _by_urgency(delivery: Delivery) -> tuple[str, int, str]:
    return delivery.severity, delivery.created_us, delivery.id
