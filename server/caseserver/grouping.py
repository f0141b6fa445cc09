"""Alarms put together: what lies under a root cause, and what one source raises again and again.

The same derivation as the gateway's (custody.causes), over the server's alarms: its own alarm about a silent gateway is
a root cause too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from caseserver.alarms import Alarm
from custody.area import Area
from custody.causes import Causes
from custody.rules import Rulebook
from custody.shelves import heads, stands_alone

_SECOND_US: Final = 1_000_000
_raised_us: Callable[[Alarm], int] = attrgetter("raised_us")


@dataclass(frozen=True, slots=True)
class Group:
    """One thing to see: `head`, and what lies `under` it.

    `severity`: the gravest of them all, which is how urgent the group is.
    """

    head: Alarm
    under: tuple[Alarm, ...] = ()

    @property
    def severity(self) -> str:
        """The gravest of what stands; S1 is graver than S2."""
        return min(
            alarm.severity for alarm in (self.head, *self.under) if alarm.is_active or alarm is self.head
        )


def groups(area: Area, rulebook: Rulebook, alarms: Sequence[Alarm]) -> list[Group]:
    """Every open alarm once: as a head or under one."""
    under = heads(alarms, Causes(area, rulebook))
    members: dict[str, list[Alarm]] = {}
    for alarm in alarms:
        if alarm.id in under:
            members.setdefault(under[alarm.id], []).append(alarm)
    return [Group(alarm, tuple(members.get(alarm.id, ()))) for alarm in alarms if alarm.id not in under]


def by_raising(alarms: Iterable[Alarm]) -> list[Alarm]:
    """In order of time."""
    return sorted(alarms, key=_raised_us)


def times(area: Area, alarm: Alarm, alarms: Sequence[Alarm]) -> int:
    """How often the source of an alarm raised within the site's window that ends with it. `alarms`: see `by_raising`."""
    if alarm.is_prewarning:
        return 1
    from_us = alarm.raised_us - area.alarms.chatter_window_s * _SECOND_US
    first = bisect_right(alarms, from_us, key=_raised_us)
    last = bisect_right(alarms, alarm.raised_us, key=_raised_us)
    return sum(one.source == alarm.source and not one.is_prewarning for one in alarms[first:last])


def unanswered(area: Area, rulebook: Rulebook, alarms: Sequence[Alarm]) -> list[tuple[Alarm, str]]:
    """Alarms about which somebody has to be called, each with how grave it is: what lies under a cause goes with it."""
    under = heads(alarms, Causes(area, rulebook))
    gravest: dict[str, str] = {}
    for alarm in alarms:
        head = under.get(alarm.id)
        if head is not None and alarm.is_active:
            gravest[head] = min(gravest.get(head, alarm.severity), alarm.severity)
    return [
        (alarm, min(alarm.severity, gravest.get(alarm.id, alarm.severity)))
        for alarm in alarms
        if alarm.is_unanswered and alarm.id not in under
    ]


class Waiting:
    """`unanswered` of one area, asked again and again: in a flood thousands wait, and few of them have changed since."""

    def __init__(self, area: Area, rulebook: Rulebook) -> None:
        """Nothing is known yet."""
        self._area, self._rulebook = area, rulebook
        self._causes = Causes(area, rulebook)
        # What lies under nothing, each with how grave it waits, or "".
        self._alone: dict[str, tuple[Alarm, str]] = {}

    def of(self, alarms: Iterable[Alarm]) -> Mapping[str, str]:
        """Id of each alarm about which somebody has to be called -> how grave it is; in no order."""
        before, alone, others, found = self._alone, {}, [], {}
        for alarm in alarms:
            known = before.get(alarm.id)
            if known is None or known[0] is not alarm:
                if not stands_alone(alarm, self._causes):
                    others.append(alarm)
                    continue
                known = (alarm, alarm.severity if alarm.is_unanswered else "")
            alone[alarm.id] = known
            if known[1]:
                found[alarm.id] = known[1]
        self._alone = alone
        return found | {alarm.id: grave for alarm, grave in unanswered(self._area, self._rulebook, others)}
