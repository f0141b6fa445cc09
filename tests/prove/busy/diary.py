"""What was said, put in the order in which the gateway records it.

Ways are written as they happen (`occurred`); a fact is recorded a little later, or much later: a node without
its cable keeps its messages, a server without its line keeps its forms, a form may be entered hours after
the act. The diary is a heap, so a year streams through it while only what lies ahead is held.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from custody.facts import BodyValue, Fact
from custody.times import SECOND_US
from tests.prove.busy.dice import Dice

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

LATE_HOURS, LATE_MINUTES = 0.002, 0.05
"""Shares of forms that are entered one to six hours, or one to eight minutes, after the act."""


@dataclass(frozen=True, slots=True)
class Outage:
    """From when until when something is not heard. `is_whole`: what it kept arrives afterwards, all of it."""

    from_us: int
    to_us: int
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class _Draft:
    name: str
    body: dict[str, BodyValue]
    occurred_us: int
    by: str
    source: str
    id: str = ""


class Diary:
    """Takes what happens in any order; gives facts in order of recording. Times are microseconds UTC."""

    def __init__(self, seed: int, start_us: int) -> None:
        self._dice = Dice(seed)
        self._heap: list[tuple[int, int, _Draft]] = []
        self._count = 0
        self._index = 0
        self._last_us = start_us
        self._boot, self._boot_us = 1, start_us
        self._seq: dict[str, int] = {}
        self._source_boot: dict[str, int] = {}
        self._doubted = False
        self.nodes_out: dict[str, list[Outage]] = {}
        self.server_out: list[Outage] = []
        self.power_out: list[Outage] = []

    @property
    def waiting(self) -> int:
        """How much lies ahead."""
        return len(self._heap)

    # --- saying ----------------------------------------------------------------------------

    def sensor(self, at_us: int, name: str, node: str, /, **body: BodyValue) -> None:
        """A node saw something; it is recorded at once, when the cable is back, or never."""
        arrives_us = at_us + self._dice.between(4, 60) * 1_000
        if name == "tag.gone":  # a reader waits whether it sees the tag again
            arrives_us += 2 * SECOND_US
        out = _within(self.nodes_out.get(node, ()), at_us)
        if out is not None:
            if not out.is_whole and self._dice.chance(0.4):
                return
            arrives_us = out.to_us + self._dice.between(1, 900) * 1_000
        self._put(arrives_us, _Draft(name, body, at_us, "node", node))

    def form(self, at_us: int, name: str, /, **body: BodyValue) -> None:
        """An officer stated it; entered at once, some minutes later or hours later."""
        lag_us = self._dice.between(200, 2_500) * 1_000
        if self._dice.chance(LATE_HOURS):
            lag_us = self._dice.between(HOUR_US, 6 * HOUR_US)
        elif self._dice.chance(LATE_MINUTES):
            lag_us = self._dice.between(MINUTE_US, 8 * MINUTE_US)
        out = _within(self.server_out, at_us + lag_us)
        if out is not None:
            lag_us = out.to_us - at_us + self._dice.between(1, 3_000) * 1_000
        self._put(at_us + lag_us, _Draft(name, body, at_us, "server", ""))

    def gateway(
        self, at_us: int, name: str, since_us: int | None = None, by: str = "gateway", /, **body: BodyValue
    ) -> None:
        """The gateway itself says it at once; `since_us`: when it began, as far as it can tell."""
        self._put(at_us, _Draft(name, body, at_us if since_us is None else since_us, by, ""))

    def kiosk(self, at_us: int, name: str, id_: str = "", /, **body: BodyValue) -> None:
        """An officer stated it on the gateway's own screen: it is recorded at once. `id_`: what the gateway names it by."""
        self._put(at_us, _Draft(name, body, at_us, "kiosk", "", id_))

    def _put(self, arrives_us: int, draft: _Draft) -> None:
        out = _within(self.power_out, arrives_us)
        if out is not None:
            arrives_us = out.to_us + self._dice.between(200, 5_000) * 1_000
        self._count += 1
        heapq.heappush(self._heap, (arrives_us, self._count, draft))

    # --- facts -----------------------------------------------------------------------------

    def until(self, until_us: int) -> Iterator[Fact]:
        """Facts recorded before `until_us`, in order; more may be said between two of them."""
        while self._heap and self._heap[0][0] < until_us:
            arrives_us, _, draft = heapq.heappop(self._heap)
            self._last_us = max(self._last_us, arrives_us)
            yield self._fact(draft, self._last_us)

    def _fact(self, draft: _Draft, recorded_us: int) -> Fact:
        if draft.name == "gateway.booted" and self._index > 0:
            self._boot, self._boot_us = self._boot + 1, recorded_us
        elif draft.name == "node.booted":
            self._source_boot[draft.source] = self._source_boot.get(draft.source, 1) + 1
        elif draft.name == "clock.doubted":
            self._doubted = True
        elif draft.name == "clock.trusted":
            self._doubted = False
        self._index += 1
        source, seq, source_boot = draft.source, 0, 0
        if source:
            source_boot = self._source_boot.get(source, 1)
            seq = self._seq[source] = self._seq.get(source, 0) + 1
        return Fact(
            type=draft.name,
            body=draft.body,
            index=self._index,
            id=draft.id
            or (f"{source}|{source_boot}|{seq}" if source else f"{draft.by}|{self._boot}|{self._index}"),
            occurred_us=draft.occurred_us,
            occurred_latest_us=None if self._doubted else draft.occurred_us,
            by=draft.by,
            recorded_us=recorded_us,
            recorded_latest_us=None if self._doubted else recorded_us,
            boot=self._boot,
            boottime_us=recorded_us - self._boot_us,
            source_name=source,
            source_boot=source_boot,
            source_seq=seq,
        )


def _within(outages: "list[Outage] | tuple[()]", at_us: int) -> Outage | None:
    """The outage that a moment lies in; they are in order and few."""
    for out in outages:
        if at_us < out.from_us:
            return None
        if at_us < out.to_us:
            return out
    return None
