"""The open alarms of an area in the order in which they must be seen, put together once for every page that looks.

In a flood there are thousands, and each open page looks several times a second: what is known of an alarm that has not changed
since somebody looked is taken over.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
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


class Folds:
    """Lines in the order in which they must be seen; of the lines of one cause the first stands for all."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.heads: list[Line] = []
        self.untaken = 0
        """Heads that somebody has to see to at once and nobody has taken."""
        self._members: dict[str, tuple[Line, ...]] = {}  # by fold, in order

    def copy(self) -> Folds:
        """Another one with the same lines."""
        other = Folds()
        other.lines, other.heads, other.untaken = self.lines.copy(), self.heads.copy(), self.untaken
        other._members = self._members.copy()
        return other

    def put(self, line: Line) -> None:
        """One more."""
        insort(self.lines, line, key=_by_order)
        members = self._members.get(line.fold, ())
        self._change(line.fold, members, tuple(sorted((*members, line), key=_by_order)))

    def drop(self, line: Line) -> None:
        """One less."""
        _remove(self.lines, line)
        members = self._members[line.fold]
        self._change(line.fold, members, tuple(member for member in members if member is not line))

    def _change(self, fold: str, before: tuple[Line, ...], after: tuple[Line, ...]) -> None:
        if after:
            self._members[fold] = after
        else:
            del self._members[fold]
        old, new = before[0] if before else None, after[0] if after else None
        if old is new:
            return
        if old is not None:
            _remove(self.heads, old)
            self.untaken -= old.is_untaken
        if new is not None:
            insort(self.heads, new, key=_by_order)
            self.untaken += new.is_untaken


def _remove(lines: list[Line], line: Line) -> None:
    # no two have the same order: an alarm's id is in it
    del lines[bisect_left(lines, line.order, key=_by_order)]


@dataclass(frozen=True, slots=True)
class Alone:
    """What lies under nothing and has nothing under it: by alarm, in order where it is shown, and when it called somebody."""

    lines: Mapping[str, Line]
    folds: Folds
    called_us: list[int]


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
        self._known = Alone({}, Folds(), []) if before is None else before._newest()

    def _newest(self) -> Alone:
        """Its own when it has been asked for it, else what it was given."""
        alone: Alone = self.__dict__.get("_alone", self._known)
        return alone

    @cached_property
    def active(self) -> Active:
        """What stands of them."""
        return Active(self.alarms)

    @cached_property
    def _alone(self) -> Alone:
        """What was known, and what has changed since."""
        causes, known = Causes(self._area, self._rulebook), self._known.lines
        lines, fresh = {}, []
        for alarm in self.alarms:
            line = known.get(alarm.id)
            if line is not None and line.group.head is alarm:
                lines[alarm.id] = line
            elif stands_alone(alarm, causes):
                fresh.append(_line(Group(alarm)))
        folds, called_us = self._known.folds.copy(), self._known.called_us.copy()
        for line in [known[alarm_id] for alarm_id in known.keys() - lines.keys()]:
            if line.is_shown:
                folds.drop(line)
            if not line.group.head.is_prewarning:
                del called_us[bisect_left(called_us, line.group.head.raised_us)]
        for line in fresh:
            lines[line.group.head.id] = line
            if line.is_shown:
                folds.put(line)
            if not line.group.head.is_prewarning:
                insort(called_us, line.group.head.raised_us)
        return Alone(lines, folds, called_us)

    @cached_property
    def _others(self) -> list[Alarm]:
        alone = self._alone.lines
        return [alarm for alarm in self.alarms if alarm.id not in alone]

    @cached_property
    def _grouped(self) -> list[Line]:
        """The others, each root cause with what lies under it."""
        shown = [alarm for alarm in self._others if _is_shown(alarm)]
        return [_line(group) for group in groups(self._area, self._rulebook, shown)]

    @cached_property
    def _folds(self) -> Folds:
        if not self._grouped:
            return self._alone.folds
        folds = self._alone.folds.copy()
        for line in self._grouped:
            folds.put(line)
        return folds

    @property
    def in_order(self) -> Sequence[Line]:
        """Red first, what nobody has taken first, then by time; a warning only while it lasts."""
        return self._folds.lines

    @property
    def folded(self) -> Sequence[Line]:
        """Alarms of one cause as one, the most urgent of them: two cards for one door tell nothing more."""
        return self._folds.heads

    @property
    def untaken(self) -> int:
        """Folded ones that somebody has to see to at once and nobody has taken."""
        return self._folds.untaken

    def group_of(self, alarm_id: str) -> Group | None:
        """The group with this alarm at its head."""
        line = self._alone.lines.get(alarm_id)
        if line is not None:
            return line.group if line.is_shown else None
        return next((line.group for line in self._grouped if line.group.head.id == alarm_id), None)

    def root_of(self, alarm_id: str) -> Alarm | None:
        """What this alarm lies under."""
        found = (line.group for line in self._grouped)
        return next((group.head for group in found if any(one.id == alarm_id for one in group.under)), None)

    @cached_property
    def _raised(self) -> list[Alarm]:
        return by_raising((*self.alarms, *self.closed))

    def times(self, alarm: Alarm) -> int:
        """How often its source raised within the site's window that ends with it."""
        return times(self._area, alarm, self._raised)

    @cached_property
    def _others_called_us(self) -> list[int]:
        found = called_of(self._area, self._rulebook, (*self._others, *self.closed))
        return sorted(one.alarm.raised_us for one in found if not one.is_under)

    def called_since(self, from_us: int) -> int:
        """Alarms raised after a moment that called somebody by themselves."""
        called = (self._alone.called_us, self._others_called_us)
        return sum(len(moments) - bisect_right(moments, from_us) for moments in called)


def _line(group: Group) -> Line:
    head = group.head
    is_urgent = urgency_of(head) in ("act", "blind")
    is_untaken = is_urgent and card_state(head) == "new"
    return Line(group, alarm_order(head), head.group or head.id, is_untaken, _is_shown(head))


def _is_shown(alarm: Alarm) -> bool:
    return alarm.is_active or not alarm.is_prewarning
