"""The moments at which a log shows its rules to have been judged, and the spells in which nobody judged.

A moment is one `recorded` stamp. The facts of a batch share it, and outputs carry the stamp of the fact that
led to them, so that a stamp says which facts an answer belongs to also when the answer was written later.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

FAR_FUTURE_US: Final = 2**62


class Stamp(NamedTuple):
    """`recorded` of a leaf."""

    boot: int
    boottime_us: int
    earliest_us: int
    latest_us: int | None


@dataclass(slots=True)
class Moment:
    """`leaf`: its first fact that the rules were judged after; `until_us`: latest possible time, known or not."""

    stamp: Stamp
    leaf: int
    until_us: int
    is_limit: bool = False  # it has a `deadline.reached`: limits of this very microsecond are over too


@dataclass(frozen=True, slots=True)
class Stop:
    """From the last fact of one boot to the first of the next: the gateway may have stood."""

    from_us: int
    to_us: int


def stamp_of(leaf: Mapping[str, Any]) -> Stamp:
    """When a leaf was recorded."""
    recorded = leaf["recorded"]
    return Stamp(recorded["boot"], recorded["boottime_us"], recorded["earliest_us"], recorded["latest_us"])


class Moments:
    """All moments of a log, in its order."""

    def __init__(self) -> None:
        """No leaf yet."""
        self.rows: list[Moment] = []
        self.stops: list[Stop] = []
        self.laws: list[
            tuple[int, int]
        ] = []  # (place, leaf) of each configuration that differs from the one before
        self._at: dict[Stamp, int] = {}
        self._horizon_us: list[int] = []  # the latest known time up to each moment
        self._unbounded: list[int] = []  # places of moments without a latest time
        self._ids: set[str] = set()
        self._law: tuple[Any, Any] | None = None
        self._last: Stamp | None = None

    def take(self, leaf: Mapping[str, Any], *, is_unjudged: bool) -> None:
        """Take a fact leaf; `is_unjudged`: the log refuses it before any rule is asked."""
        stamp = stamp_of(leaf)
        if self._last is not None and stamp.boot != self._last.boot:
            self.stops.append(Stop(self._last.earliest_us, max(self._last.earliest_us, stamp.earliest_us)))
        self._last = stamp
        name = str(leaf["type"]).partition("/")[0]
        is_limit = name == "deadline.reached"
        is_again = leaf["id"] in self._ids and not is_limit
        self._ids.add(leaf["id"])
        if is_again or is_unjudged or name.startswith("alarm."):
            return
        place = self._place(stamp, leaf["index"])
        self.rows[place].is_limit |= is_limit
        if name == "config.loaded":
            law = leaf["body"]["config_hash"], leaf["body"]["rulebook_hash"]
            if self._law is not None and law != self._law:
                self.laws.append((place, leaf["index"]))
            self._law = law

    def place_of(self, stamp: Stamp) -> int | None:
        """The place of a moment among all; None: no judged fact was recorded then."""
        return self._at.get(stamp)

    def first_past(self, due_us: int, start: int) -> int | None:
        """The first moment from `start` on at which a limit at `due_us` is over; None: not yet."""
        place = bisect_left(self._horizon_us, due_us, lo=start)
        while place < len(self.rows) and self._horizon_us[place] == due_us and not self._tells(place, due_us):
            place += 1
        open_ = bisect_left(self._unbounded, start)
        if open_ < len(self._unbounded):
            place = min(place, self._unbounded[open_])
        return place if place < len(self.rows) else None

    def _tells(self, place: int, due_us: int) -> bool:
        row = self.rows[place]
        return row.is_limit and row.until_us == due_us

    def _place(self, stamp: Stamp, leaf: int) -> int:
        place = self._at.get(stamp)
        if place is None:
            place = self._at[stamp] = len(self.rows)
            latest_us = stamp.latest_us
            before_us = self._horizon_us[-1] if self._horizon_us else -FAR_FUTURE_US
            self._horizon_us.append(before_us if latest_us is None else max(before_us, latest_us))
            if latest_us is None:
                self._unbounded.append(place)
            self.rows.append(Moment(stamp, leaf, FAR_FUTURE_US if latest_us is None else latest_us))
        return place
