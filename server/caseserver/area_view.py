"""What pages and API see of one area: one moment of it, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caselog import canonical
from caselog.clock import Instant
from caseserver.alarms import Alarm
from caseserver.area_state import AreaState
from caseserver.snapshot import Answer, Snapshot
from caseserver.store.alarms import AlarmReader
from caseserver.store.leaves import LeafReader
from custody.area import Area
from custody.engine import Duty
from custody.rules import Rulebook
from custody.world import World


@dataclass(frozen=True, slots=True)
class Health:
    """How far an area's word can be trusted now. Times are microseconds UTC of station time, None: never.

    `sources`: (id, state, since_us); id node:… port:… recorder:… server; state ok, lost, unknown, and recording or
    stopped for recorders. `clock_state`: trusted | doubtful.
    `is_stale`: no heartbeat for three seconds, pages turn grey. `is_silent`: for thirty, alarmed.
    `instant`: the gateway's clock at its last heartbeat, an interval; None before the first.
    `behind`: leaves the gateway has and we do not. `offset_us`: its clock against ours, at the last heartbeat.
    """

    gateway_seen_us: int | None
    log_size: int
    proved_us: int | None
    sources: list[tuple[str, str, int]]
    clock_state: str
    is_stale: bool
    is_silent: bool = False
    is_forked: bool = False
    instant: Instant | None = None
    behind: int = 0
    waiting_facts: int = 0
    offset_us: int = 0
    differences: tuple[str, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)


class AreaView:
    """One area at one moment."""

    def __init__(self, state: AreaState, snapshot: Snapshot, leaves: LeafReader, alarms: AlarmReader) -> None:
        """Made by Station; keeps reading history from the store."""
        self.area: Area = state.area
        self.rulebook: Rulebook = state.rulebook
        self.engine_world: World = snapshot.world
        self.alarms: tuple[Alarm, ...] = snapshot.alarms
        self.closed_alarms: tuple[Alarm, ...] = snapshot.closed
        self.answers: Mapping[str, Answer] = snapshot.answers
        self._snapshot = snapshot
        self._leaves = leaves
        self._alarms = alarms

    def duties(self, stay: str | None = None) -> list[Duty]:
        """Running duties (of one stay), the next limit first."""
        return [duty for duty in self._snapshot.duties if stay is None or duty.stay == stay]

    def alarm(self, alarm_id: str) -> Alarm | None:
        """An alarm by its id or by `Alarm.ref`, open or closed."""
        wanted = alarm_id.replace("~", "/")
        for alarm in (*self.alarms, *self.closed_alarms):
            if alarm.id == wanted:
                return alarm
        return self._alarms.find(self.area.id, wanted)

    def history(self, alarm_id: str) -> list[dict[str, Any]]:
        """Lines of an alarm's history, oldest first: what, at_us, officer, leaf, detail."""
        return self._alarms.history(self.area.id, alarm_id.replace("~", "/"))

    def alarms_raised(self, from_us: int) -> list[Alarm]:
        """Alarms raised from a moment on, closed ones too, oldest first."""
        return self._alarms.raised(self.area.id, from_us)

    def alarms_of(self, stay: str) -> list[Alarm]:
        """Every alarm about a stay, closed ones too, oldest first."""
        return self._alarms.of_stay(self.area.id, stay)

    def leaf(self, index: int) -> dict[str, Any]:
        """A leaf of the log. Raises KeyError when it is not held."""
        data = self._leaves.data(self.area.gateway, index)
        if data is None:
            raise KeyError(f"expected a leaf below {self._snapshot.size}, found {index}")
        leaf: dict[str, Any] = canonical.loads(data)
        return leaf

    def stay_leaves(self, stay: str) -> list[dict[str, Any]]:
        """Leaves about a stay, oldest first."""
        return [canonical.loads(data) for data in self._leaves.of_stay(self.area.gateway, stay)]

    def item_leaves(self, item: str) -> list[dict[str, Any]]:
        """Leaves that name an item, with the refusals of such, oldest first."""
        return [canonical.loads(data) for data in self._leaves.of_item(self.area.gateway, item)]

    def root(self) -> str:
        """Root of the log as held, hex."""
        return self._leaves.held(self.area.gateway).root.hex()

    def checkpoint(self) -> str:
        """The newest checkpoint of the gateway with the server's cosignature, as text; "" before the first."""
        return (self._leaves.held(self.area.gateway).note or b"").decode()

    def health(self) -> Health:
        """How far this area's word can be trusted now."""
        snapshot = self._snapshot
        world = snapshot.world
        sources = _sources(self.area, snapshot)
        beat = snapshot.heartbeat
        clock = world.sources.get("clock")
        is_doubtful = (clock is not None and clock.state != "ok") or (
            beat is not None and beat.instant.latest_us is None
        )
        return Health(
            gateway_seen_us=snapshot.seen_us,
            log_size=snapshot.size,
            proved_us=snapshot.proved_us,
            sources=sources,
            clock_state="doubtful" if is_doubtful else "trusted",
            is_stale=snapshot.is_stale,
            is_silent=snapshot.is_silent,
            is_forked=snapshot.is_forked,
            instant=beat.instant if beat is not None else None,
            behind=max(0, beat.size - snapshot.size) if beat is not None else 0,
            waiting_facts=snapshot.waiting_facts,
            offset_us=snapshot.offset_us,
            differences=snapshot.differences,
            counters=snapshot.counters,
        )


def _sources(area: Area, snapshot: Snapshot) -> list[tuple[str, str, int]]:
    """By the newest heartbeat while it is fresh; otherwise nothing is known of any source."""
    since = {f"node:{n.id}": n.since_us for n in snapshot.world.nodes.values()}
    since |= {f"recorder:{r.id}": r.since_us for r in snapshot.world.recorders.values()}
    since |= {f"reader:{r.id}": r.since_us for r in snapshot.world.readers.values()}
    since |= {f"input:{i.id}": i.since_us for i in snapshot.world.inputs.values()}
    since |= {s.id: s.since_us for s in snapshot.world.sources.values()}
    beat = snapshot.heartbeat
    seen_us = snapshot.seen_us or 0
    states: Mapping[str, str] = beat.states if beat is not None else {}
    names = dict.fromkeys(
        [
            *states,
            *(f"node:{n}" for n in area.nodes),
            *(f"recorder:{r}" for r in area.recorders),
            *(f"reader:{r}" for r in area.readers),
            *(f"input:{i}" for i in area.inputs),
        ]
    )
    if snapshot.is_stale:
        return [(name, "unknown", seen_us) for name in names]
    return [(name, states.get(name, "unknown"), since.get(name, seen_us)) for name in names]
