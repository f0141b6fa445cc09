"""What hangs beside the door of a room shows a picture of it, made here of what the rules know; it is no fact and not in the log.

From the gateway's own engine alone: it goes on without server and network. Sent at each change and each PANEL_RESEND_MS,
with a validity that outlives two lost ones. Numbers and marks; nobody's name, number or case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from casegateway.events import Moment, SendBytes
from casegateway.limits import PANEL_CHANGE_MS, PANEL_RESEND_MS, PANEL_VALID_MS
from casegateway.link import NodeLink
from casewire import Panel
from casewire.marks import (
    MARK_BROKEN,
    MARK_KEPT,
    MARK_NOT_ASKED,
    MARK_UNSEEN,
    OCCUPIED_UNKNOWN,
    PANEL_ALARM,
    PANEL_CLOCK_DOUBT,
    SECONDS_NONE,
    SECONDS_UNKNOWN,
    SHARE_UNKNOWN,
)
from custody.alarm import SOUNDING
from custody.engine import Duty, Engine
from custody.times import SECOND_US
from custody.view import View
from custody.world import Stay

_RECORDER_MARKS: Final = {
    "recording": MARK_KEPT,
    "stopped": MARK_BROKEN,
    "unknown": MARK_UNSEEN,
    "none": MARK_NOT_ASKED,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What a room looks like, apart from the time that runs. `limit`: the duty that ends next."""

    occupied: int
    marks: int
    flags: int
    limit: tuple[int, int] | None  # since, until: station time

    def message(self, point: int, now: Moment) -> Panel:
        """As it is told now. Of the possible times the latest counts: nobody is shown more time than there is."""
        left_s, share = SECONDS_NONE, SHARE_UNKNOWN
        if self.limit is not None and now.latest_us is None:
            left_s = SECONDS_UNKNOWN
        elif self.limit is not None and now.latest_us is not None:
            since_us, until_us = self.limit
            left_s = min(max(0, until_us - now.latest_us) // SECOND_US, SECONDS_UNKNOWN - 1)
            gone_us = max(0, now.latest_us - since_us)
            share = min(1_000, gone_us * 1_000 // max(1, until_us - since_us))
        return Panel(point, self.occupied, self.marks, self.flags, left_s, share, PANEL_VALID_MS)


def picture_of(engine: Engine, duties: list[Duty], room: str, now: Moment, *, is_doubted: bool) -> Picture:
    """The picture of a room as the facts in the engine have it. `duties`: all that run."""
    view = View(engine.world, engine.area, engine.rulebook)
    stays = view.held_in(room)
    is_seen = _is_seen(view, (room,))
    refs = {stay.ref for stay in stays}
    is_alarm = any(
        alarm.is_active
        and not alarm.is_prewarning
        and alarm.severity in SOUNDING
        and (alarm.room == room or alarm.stay in refs)
        for alarm in engine.alarms.values()
    )
    now_us = now.instant.earliest_us if now.latest_us is None else now.latest_us
    coming = [
        duty
        for duty in duties
        if (duty.stay in refs or duty.subject == f"room:{room}") and duty.ends_us > now_us
    ]
    first = min(coming, key=lambda duty: duty.ends_us, default=None)
    return Picture(
        occupied=min(len(stays), OCCUPIED_UNKNOWN - 1) if is_seen else OCCUPIED_UNKNOWN,
        marks=_marks(view, room, stays) if stays else MARK_NOT_ASKED,
        flags=(PANEL_ALARM if is_alarm else 0) | (PANEL_CLOCK_DOUBT if is_doubted else 0),
        limit=(first.since_us, first.ends_us) if first is not None else None,
    )


def _marks(view: View, room: str, stays: list[Stay]) -> int:
    """Straight in, searched, guarded, recorded: two bits each, from the lowest."""
    brought = MARK_KEPT if all(stay.entered_us is not None for stay in stays) else MARK_UNSEEN
    searched = MARK_KEPT if all(stay.searched_us is not None for stay in stays) else MARK_UNSEEN
    zone = view.guard_zone(room)
    if not _is_seen(view, zone):
        guarded = MARK_UNSEEN
    else:
        guarded = MARK_KEPT if view.sworn_in(zone) else MARK_BROKEN
    return brought | searched << 2 | guarded << 4 | _RECORDER_MARKS[view.recording(room)] << 6


def _is_seen(view: View, rooms: tuple[str, ...]) -> bool:
    """Each reader of the rooms is heard now; one whose node was never heard is not."""
    for room in rooms:
        for reader in view.area.readers_by_room[room]:
            node = view.area.node_of("reader", reader)
            state = view.world.nodes.get(node) if node is not None else None
            if view.is_reader_lost(reader) or (node is not None and (state is None or state.state != "ok")):
                return False
    return True


@dataclass(slots=True)
class _Shown:
    """One panel: where it hangs, and what it was sent last."""

    room: str
    node: str
    point: int
    picture: Picture | None = None
    due_us: int = 0  # real time of the next one


class Panels:
    """All panels and lamps of rooms of one area."""

    def __init__(self, engine: Engine, links: Mapping[str, NodeLink]) -> None:
        """`links` by node id."""
        self._engine = engine
        self._links = links
        area = engine.area
        self._shown = [
            _Shown(area.panels[point.of].room, point.node, point.point)
            for point in area.points
            if point.kind == "panel"
        ]
        self._size = -1  # leaves of the log when the pictures were made
        self._is_doubted = False
        self._made_us = 0
        self._wake_us: int | None = None

    def due(self, size: int, now: Moment, *, is_doubted: bool) -> list[SendBytes]:
        """Pictures to send now. `size`: leaves in the log, by which a change is known."""
        if not self._shown:
            return []
        is_changed = size != self._size or is_doubted != self._is_doubted
        change_us = self._made_us + PANEL_CHANGE_MS * 1_000
        next_us = min(shown.due_us for shown in self._shown)
        self._wake_us = min(next_us, change_us) if is_changed else next_us
        if now.real_us < self._wake_us:
            return []
        self._size, self._is_doubted, self._made_us = size, is_doubted, now.real_us
        duties = self._engine.duties()
        out = self._send(lambda room: picture_of(self._engine, duties, room, now, is_doubted=is_doubted), now)
        self._wake_us = min(shown.due_us for shown in self._shown)
        return out

    def wake_us(self) -> int | None:
        """Real time at which `due` may have something new without an event; None: never."""
        return self._wake_us

    def _send(self, picture: Callable[[str], Picture], now: Moment) -> list[SendBytes]:
        rooms = {room: picture(room) for room in {shown.room for shown in self._shown}}
        out: list[SendBytes] = []
        for shown in self._shown:
            found, link = rooms[shown.room], self._links[shown.node]
            if now.real_us < shown.due_us and found == shown.picture:
                continue
            shown.due_us = now.real_us + PANEL_RESEND_MS * 1_000
            shown.picture = found
            if link.is_complete:  # one that is away hatches by itself
                out.append(link.show(found.message(shown.point, now), now))
        return out
