"""Alarms put together: what lies under a root cause, and what one source raises again and again.

The same derivation as the gateway's (custody.causes), over the server's alarms: its own alarm about a silent gateway is
a root cause too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from caseserver.alarms import Alarm
from custody.area import Area
from custody.causes import Causes
from custody.rules import Rulebook
from custody.shelves import heads

_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """One thing to see: `head`, what lies `under` it, and how often its source raised within the site's window.

    `severity`: the gravest of them all, which is how urgent the group is.
    """

    head: Alarm
    under: tuple[Alarm, ...] = ()
    times: int = 1

    @property
    def severity(self) -> str:
        """The gravest of what stands; S1 is graver than S2."""
        return min(
            alarm.severity for alarm in (self.head, *self.under) if alarm.is_active or alarm is self.head
        )


def groups(
    area: Area, rulebook: Rulebook, alarms: Sequence[Alarm], closed: Iterable[Alarm] = ()
) -> list[Group]:
    """Every open alarm once: as a head or under one. `closed`: counted, where they are of a source that raises again."""
    under = heads(alarms, Causes(area, rulebook))
    members: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if alarm.id in under:
            members.setdefault(under[alarm.id], []).append(alarm)
    times = _times(area, [*alarms, *closed])
    return [
        Group(alarm, tuple(members.get(alarm.id, ())), times.get(alarm.id, 1))
        for alarm in alarms
        if alarm.id not in under
    ]


def _times(area: Area, alarms: Iterable[Alarm]) -> dict[str, int]:
    """How often the source of each alarm raised within the window that ends with it."""
    window_us = area.alarms.chatter_window_s * _SECOND_US
    by_source: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if not alarm.is_prewarning:
            by_source.setdefault(alarm.source, []).append(alarm)
    found = {}
    for same in by_source.values():
        if len(same) > 1:
            moments = sorted(alarm.raised_us for alarm in same)
            for alarm in same:
                until = bisect_right(moments, alarm.raised_us)
                found[alarm.id] = until - bisect_right(moments, alarm.raised_us - window_us)
    return found


def unanswered(area: Area, rulebook: Rulebook, alarms: Sequence[Alarm]) -> list[tuple[Alarm, str]]:
    """Alarms about which somebody has to be called, each with how grave it is: what lies under a cause goes with it."""
    return [
        (group.head, group.severity) for group in groups(area, rulebook, alarms) if group.head.is_unanswered
    ]
