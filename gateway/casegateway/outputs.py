"""Sounder, lamps, locks: from what the engine wants to orders that are in the log first.

An order of a node's output is resent until the node confirms it or it expires. What the engine wants lasts: it is
then given anew, ever more slowly. An order to a lock is for the moment: it ends. An output on the gateway's own
GPIO is driven once its order is durable.
"""

from dataclasses import dataclass

from casegateway.drafts import Draft
from casegateway.events import Action, DriveLine, Moment
from casegateway.limits import COMMAND_RESEND_MS, COMMAND_RETRY_MS_MAX, COMMAND_VALID_MS
from casegateway.link import NodeLink
from casegateway.memory import Memory
from casewire import ACTIVE, INACTIVE
from custody.area import Area
from custody.cabinets import LOCK
from custody.effects import Effect


@dataclass(slots=True)
class _Order:
    """The last order to one node output. Times are real microseconds. `is_lasting`: given anew once it has expired."""

    active: bool
    command_id: int
    given_us: int
    valid_ms: int = COMMAND_VALID_MS
    is_lasting: bool = True
    sent_us: int | None = None
    is_expired: bool = False
    is_confirmed: bool = False


class Outputs:
    """All outputs of one area."""

    def __init__(self, area: Area, links: dict[str, NodeLink], memory: Memory) -> None:
        """`links` by node id; `memory` knows what was commanded and confirmed."""
        self.unconfirmed = 0  # orders that expired without the node's word
        self._area = area
        self._links = links
        self._memory = memory
        self._points = {p.of: (p.node, p.point) for p in area.points if p.kind in ("output", LOCK)}
        self._orders: dict[str, _Order] = {}
        self._retry_ms: dict[str, int] = {}
        self._command_id = 0
        self._driven: dict[str, bool] = {}

    def restore(self, desired: dict[str, bool]) -> list[Action]:
        """At start: GPIO lines as last commanded in the log; never commanded means off."""
        return self._drive({name: self._memory.commanded.get(name, False) for name in desired})

    def wanted(self, desired: dict[str, bool], cause: str, gateway: str, now: Moment) -> list[Draft]:
        """Orders to write to the log because the engine wants something else than was ordered."""
        drafts: list[Draft] = []
        for name, active in desired.items():
            if name not in self._area.outputs or not self._must_order(name, active, now):
                continue
            drafts.append(self.draft(name, active, COMMAND_VALID_MS, cause, gateway, now))
            if name in self._points:
                self._orders[name] = _Order(active, self._command_id, now.real_us)
        return drafts

    def draft(self, name: str, active: bool, valid_ms: int, cause: str, gateway: str, now: Moment) -> Draft:
        """An order to write to the log. `cause`: the alarm or the officer's fact behind it."""
        command_id, instant = self.number(), now.instant
        return Draft(
            type="output.commanded",
            body={
                "output": name,
                "active": active,
                "command_id": command_id,
                "valid_ms": valid_ms,
                "cause": cause,
            },
            id=f"{gateway}|{instant.boot}|command-{command_id}",
            occurred_us=instant.earliest_us,
            occurred_latest_us=instant.latest_us,
        )

    def number(self) -> int:
        """The number of the next order, for a fact that is itself the order."""
        self._command_id += 1
        return self._command_id

    def give(self, name: str, active: bool, valid_ms: int, now: Moment) -> None:
        """An order for the moment, the newest of `number`, now that the log has it; the one before to this output is over."""
        self._orders[name] = _Order(active, self._command_id, now.real_us, valid_ms, is_lasting=False)

    def is_obeyed(self, name: str) -> bool:
        """Whether the node has told that the last order to this output was carried out."""
        order = self._orders.get(name)
        return order is not None and order.is_confirmed

    def obeyed(self, name: str, active: bool) -> None:
        """The node has told this state, if only for a moment: a lock that locks itself may be seen in no other way."""
        order = self._orders.get(name)
        if order is not None and order.sent_us is not None and order.active == active:
            order.is_confirmed = True

    def is_heard(self, name: str) -> bool:
        """Whether the node of this output has told its whole state and is not away."""
        return self._links[self._points[name][0]].is_complete

    def act(self, now: Moment) -> list[Action]:
        """Carry out what is in the log: drive GPIO lines, send and resend orders to nodes."""
        out = self._drive(self._memory.commanded)
        for name, order in self._orders.items():
            if self._is_done(name, order):
                order.is_confirmed = True
                self._retry_ms.pop(name, None)
            if order.is_expired or order.is_confirmed:
                continue
            if now.real_us - order.given_us > order.valid_ms * 1_000:
                self._expire(name, order)
                continue
            sent_us = order.sent_us
            if sent_us is None or now.real_us - sent_us >= COMMAND_RESEND_MS * 1_000:
                node, point = self._points[name]
                state = ACTIVE if order.active else INACTIVE
                left_ms = order.valid_ms - (now.real_us - order.given_us) // 1_000
                out.append(self._links[node].command(point, state, order.command_id, max(1, left_ms), now))
                order.sent_us = now.real_us
        return out

    def wake_us(self) -> int | None:
        """Real time at which `act` or `wanted` may have something new."""
        times = []
        for name, order in self._orders.items():
            if order.is_expired and order.is_lasting:
                times.append(order.given_us + self._retry_ms.get(name, COMMAND_VALID_MS) * 1_000)
            elif not (order.is_expired or order.is_confirmed):
                times.append((order.sent_us or order.given_us) + COMMAND_RESEND_MS * 1_000)
        return min(times, default=None)

    def _must_order(self, name: str, active: bool, now: Moment) -> bool:
        if name not in self._points:
            if self._area.outputs[name].gpio_line is None:
                return False
            return self._memory.commanded.get(name, False) != active
        link = self._links.get(self._points[name][0])
        if link is None or not link.is_complete:
            return False  # a node that is away is ordered when it is back
        if self._memory.confirmed.get(name) == active:
            return self._memory.commanded.get(name, active) != active
        order = self._orders.get(name)
        if order is None or order.active != active:
            return True
        if order.is_expired:
            return now.real_us - order.given_us >= self._retry_ms.get(name, 0) * 1_000
        return order.is_confirmed  # then it has changed by itself since

    def _is_done(self, name: str, order: _Order) -> bool:
        # What a lock showed before it was ordered says nothing of this order.
        was_sent = order.is_lasting or order.sent_us is not None
        return was_sent and self._memory.confirmed.get(name) == order.active

    def _expire(self, name: str, order: _Order) -> None:
        order.is_expired = True
        self.unconfirmed += 1
        if not order.is_lasting:
            return
        retry_ms = self._retry_ms.get(name, COMMAND_VALID_MS) * 2
        self._retry_ms[name] = min(retry_ms, COMMAND_RETRY_MS_MAX)

    def _drive(self, states: dict[str, bool]) -> list[Action]:
        out: list[Action] = []
        for name, active in states.items():
            output = self._area.outputs.get(name)
            if output is None or output.gpio_line is None or self._driven.get(name) == active:
                continue
            self._driven[name] = active
            out.append(DriveLine(name, output.gpio_line, active))
        return out


def sounders_on(area: Area) -> list[Action]:
    """All of the gateway's own sounders on, whatever the rules say."""
    return [
        DriveLine(output.id, output.gpio_line, True)
        for output in area.outputs.values()
        if output.kind == "sounder" and output.gpio_line is not None
    ]


def farewell(area: Area) -> list[Action]:
    """The gateway's own outputs in the state that area.toml declares for its end."""
    states = {"on": True, "off": False}
    return [
        DriveLine(o.id, o.gpio_line, states[o.on_lost])
        for o in area.outputs.values()
        if o.gpio_line is not None and o.on_lost in states
    ]


def cause_of(effects: list[Effect]) -> str:
    """The alarm behind a change of outputs, for output.commanded."""
    for effect in reversed(effects):
        alarm = getattr(effect, "alarm", None)
        if isinstance(alarm, str) and alarm:
            return alarm[:200]
    return "state"
