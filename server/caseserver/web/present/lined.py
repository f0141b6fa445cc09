"""The open alarms of an area in the order in which they must be seen, put together once for every page that looks.

In a flood there are thousands, and each open page looks several times a second: what is known of an alarm that has not changed
since somebody looked is taken over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from caseserver.alarm_rates import called_of
from caseserver.alarms import Alarm
from caseserver.grouping import Group, by_raising, groups, times
from caseserver.web.present.words import urgency_of
from caseserver.web.views import AlarmState
from custody.area import Area
from custody.causes import Causes
from custody.rules import Rulebook
from custody.shelves import stands_alone

Order = tuple[bool, int, bool, str, bool, int, int, str]

_STATE: dict[str, AlarmState] = {
    "unacknowledged": "new",
    "taken": "taken",
    "acknowledged": "acknowledged",
    "rectified": "fixed",
    "closed": "closed",
}
_URGENCY = {"act": 0, "blind": 1, "soon": 2, "know": 3}
_FAMILY_ORDER = {"person": 0, "clock": 1, "equipment": 2}


def alarm_order(alarm: Alarm) -> Order:
    """What is put aside last; else the most urgent first, what waits for somebody before what is in hand; of these the
    gravest, what stands before what is over, persons before clocks and devices; then by time."""
    return (
        alarm.aside != "", _URGENCY[urgency_of(alarm)], not alarm.is_unanswered, alarm.severity,
        not alarm.is_active, _FAMILY_ORDER.get(alarm.family, len(_FAMILY_ORDER)), alarm.raised_us, alarm.id,
    )  # fmt: skip


def card_state(alarm: Alarm) -> AlarmState:
    """Whose it is, as a card says it."""
    is_aside = alarm.aside and alarm.state in ("unacknowledged", "acknowledged")
    return "aside" if is_aside else "new" if alarm.is_unseen else _STATE[alarm.state]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to see. `fold`: alarms of one cause have it in common; `is_untaken`: to be seen to at once, and nobody has it;
    `is_shown`: no warning that is over."""

    group: Group
    order: Order
    fold: str
    is_untaken: bool
    is_shown: bool


_by_order = attrgetter("order")


class Active:
    """Alarms that stand, pre-warnings too, by what they speak of: asked for each person, room and door, looked through once."""

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        self.by_stay: dict[str, list[Alarm]] = {}
        self.by_room: dict[str, list[Alarm]] = {}
        self.by_subject: dict[str, list[Alarm]] = {}
        self.of_system: list[Alarm] = []
        for alarm in alarms:
            if alarm.cleared_us is not None:
                continue
            self.by_subject.setdefault(alarm.subject, []).append(alarm)
            if alarm.stay is not None:
                self.by_stay.setdefault(alarm.stay, []).append(alarm)
            if alarm.room is not None:
                self.by_room.setdefault(alarm.room, []).append(alarm)
            if alarm.rule == "SYS":
                self.of_system.append(alarm)


class Lined:
    """Open alarms of one area at one moment; `closed`: the newest closed ones. Any thread may ask."""

    def __init__(
        self, area: Area, rulebook: Rulebook, alarms: tuple[Alarm, ...], closed: tuple[Alarm, ...],
        before: Lined | None = None,
    ) -> None:  # fmt: skip
        """Nothing is computed before it is asked for. `before`: of the same area, whose lines may still hold."""
        self.alarms = alarms
        self.closed = closed
        self._area = area
        self._rulebook = rulebook
        self._known: Mapping[str, Line] = {} if before is None else before._newest_lines()

    def _newest_lines(self) -> Mapping[str, Line]:
        """By alarm: its own when it has been asked for them, else those that it was given."""
        lines: Mapping[str, Line] = self.__dict__.get("_alone", self._known)
        return lines

    @cached_property
    def active(self) -> Active:
        """What stands of them."""
        return Active(self.alarms)

    @cached_property
    def _alone(self) -> dict[str, Line]:
        """What lies under nothing and has nothing under it."""
        causes, known = Causes(self._area, self._rulebook), self._known
        lines = {}
        for alarm in self.alarms:
            line = known.get(alarm.id)
            if line is None or line.group.head is not alarm:
                if not stands_alone(alarm, causes):
                    continue
                line = _line(Group(alarm))
            lines[alarm.id] = line
        return lines

    @cached_property
    def _others(self) -> list[Alarm]:
        alone = self._alone
        return [alarm for alarm in self.alarms if alarm.id not in alone]

    @cached_property
    def in_order(self) -> list[Line]:
        """Red first, what nobody has taken first, then by time; a warning only while it lasts."""
        alone = [line for line in self._alone.values() if line.is_shown]
        shown = [alarm for alarm in self._others if _is_shown(alarm)]
        grouped = [_line(group) for group in groups(self._area, self._rulebook, shown)]
        return sorted([*alone, *grouped], key=_by_order)

    @cached_property
    def folded(self) -> list[Line]:
        """Alarms of one cause as one, the most urgent of them: two cards for one door tell nothing more."""
        first: dict[str, Line] = {}
        for line in self.in_order:
            first.setdefault(line.fold, line)
        return list(first.values())

    @cached_property
    def untaken(self) -> int:
        """Folded ones that somebody has to see to at once and nobody has taken."""
        return sum(line.is_untaken for line in self.folded)

    def group_of(self, alarm_id: str) -> Group | None:
        """The group with this alarm at its head."""
        return next((line.group for line in self.in_order if line.group.head.id == alarm_id), None)

    @cached_property
    def _raised(self) -> list[Alarm]:
        return by_raising((*self.alarms, *self.closed))

    def times(self, alarm: Alarm) -> int:
        """How often its source raised within the site's window that ends with it."""
        return times(self._area, alarm, self._raised)

    @cached_property
    def _called_us(self) -> list[int]:
        found = called_of(self._area, self._rulebook, (*self._others, *self.closed))
        called = [one.alarm.raised_us for one in found if not one.is_under]
        heads = [line.group.head for line in self._alone.values()]
        return sorted([*called, *(alarm.raised_us for alarm in heads if not alarm.is_prewarning)])

    def called_since(self, from_us: int) -> int:
        """Alarms raised after a moment that called somebody by themselves."""
        return len(self._called_us) - bisect_right(self._called_us, from_us)


def _line(group: Group) -> Line:
    head = group.head
    is_urgent = urgency_of(head) in ("act", "blind")
    is_untaken = is_urgent and card_state(head) == "new"
    return Line(group, alarm_order(head), head.group or head.id, is_untaken, _is_shown(head))


def _is_shown(alarm: Alarm) -> bool:
    return alarm.is_active or not alarm.is_prewarning
