"""From the station's own objects to what the presenters take: one picture of each area at one moment."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from caselog.clock import Instant
from caseserver.area_view import AreaView
from caseserver.station import Station
from caseserver.web import wording
from caseserver.web.present.coverage import HOUR_US, HOURS, source_name
from caseserver.web.present.lined import Lined
from caseserver.web.present.state import AreaPicture, Health
from caseserver.web.present.stay import NEAR_TYPES
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader

READING_BEHIND: Final = 2_000
"""With more leaves than this still to come, the log is being read: no countdown is shown from half a log."""
BLIND_KEPT_S: Final = 10.0
"""The day's unseen seconds are looked up this often, not at every picture."""
RUN_LEAVES: Final = 2_000
RUN_LEAVES_MAX: Final = 200_000
"""A stay's neighbourhood in the log is read at most so far: two days of a busy area."""


class Called(Mapping[str, str]):
    """Alarm -> the newest post that was called beyond the first: asked for few of the thousands of a flood."""

    def __init__(self, area: str, levels: Mapping[tuple[str, str], int], posts: Sequence[str]) -> None:
        """`levels`: (area, alarm) -> steps called, of all areas."""
        self._area, self._levels, self._posts = area, levels, posts

    def __getitem__(self, alarm: str) -> str:
        step = self._levels[self._area, alarm]
        if not 1 < step <= len(self._posts):
            raise KeyError(alarm)
        return self._posts[step - 1]

    def __iter__(self) -> Iterator[str]:
        return (alarm for area, alarm in self._levels if area == self._area and self.get(alarm) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Gatherer:
    """Reads the station for the pages. Any thread may call it."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self._blind: dict[tuple[str, str], tuple[float, tuple[str, int] | None]] = {}
        self._lined: dict[str, Lined] = {}

    def pictures(self, reader: Reader) -> list[AreaPicture]:
        return [self.picture(view, reader) for view in self.station.areas()]

    def picture(self, view: AreaView, reader: Reader) -> AreaPicture:
        seen = view.health()
        now = self.station.now()
        is_doubtful = seen.clock_state != "trusted" or now.latest_us is None
        half_us = half_width_us(now, seen.instant)
        heard = None if seen.is_stale else seen.instant
        is_reading = seen.behind > READING_BEHIND and not seen.is_stale
        health = Health(
            heard_us=seen.gateway_seen_us,
            is_stale=seen.is_stale,
            clock_doubt_us=None if is_doubtful else half_us,
            clock_half_us=half_us,
            earliest_us=(heard or now).earliest_us,
            blind_today=self._blind_today(view, reader),
            witnessed_us=seen.proved_us,
            reading=(seen.log_size, seen.log_size + seen.behind) if is_reading else None,
        )
        lined = self._line_up(view)
        return AreaPicture(
            area=view.area,
            rulebook=view.rulebook,
            world=view.engine_world,
            duties=tuple(view.duties()),
            alarms=lined.alarms,
            closed=lined.closed,
            health=health,
            called=self._called(view.area.id),
            answered={alarm: answer.officer for alarm, answer in view.answers.items()},
            drawing=self.station.drawings.shown(view.area.id).drawing,
            shared=lined,
        )

    def _line_up(self, view: AreaView) -> Lined:
        """The same object for all who look at the same moment: the snapshot's tuples tell which that is."""
        kept = self._lined.get(view.area.id)
        if kept is None or kept.alarms is not view.alarms or kept.closed is not view.closed_alarms:
            kept = self._lined[view.area.id] = Lined(
                view.area, view.rulebook, view.alarms, view.closed_alarms, kept
            )
        return kept

    def _called(self, area: str) -> Called:
        """The posts that were called beyond the first, by alarm."""
        return Called(area, self.station.levels, [step.post for step in self.station.notify.steps])

    def _blind_today(self, view: AreaView, reader: Reader) -> tuple[str, int] | None:
        """The source that was unseen longest since local midnight, and for how many seconds."""
        key = (view.area.id, reader.language)
        kept = self._blind.get(key)
        if kept is not None and time.monotonic() - kept[0] < BLIND_KEPT_S:
            return kept[1]
        midnight = wording.local(reader.now_us, reader.zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        from_us = int(midnight.timestamp()) * 1_000_000
        words = Words(view.area, view.engine_world, reader)
        sums = [
            (sum(c.unseen_s for c in s.cells), s.source)
            for s in self.station.samples(view.area.id, from_us, reader.now_us)
        ]
        worst_s, source = max(sums, default=(0, ""))
        found = (source_name(source, words, reader), worst_s) if worst_s else None
        self._blind[key] = (time.monotonic(), found)
        return found

    def leaves_of(self, view: AreaView, indices: Sequence[int]) -> list[Mapping[str, Any]]:
        """Leaves by index; one that the server does not hold yet is left out."""
        found: list[Mapping[str, Any]] = []
        for index in indices:
            try:
                found.append(view.leaf(index))
            except KeyError:
                continue
        return found

    def near(self, view: AreaView, first: int, last_us: int | None) -> Iterator[Mapping[str, Any]]:
        """Leaves of NEAR_TYPES from ``first`` on, until one was recorded after ``last_us``."""
        marks = tuple(f'"type":"{name}"'.encode() for name in NEAR_TYPES)
        for start in range(first, first + RUN_LEAVES_MAX, RUN_LEAVES):
            run = self.station.log_run(view.area.gateway, start, RUN_LEAVES)
            for data in run:
                if any(mark in data for mark in marks):
                    leaf = json.loads(data)
                    if last_us is not None and leaf["recorded"]["earliest_us"] > last_us + HOUR_US:
                        return
                    yield leaf
            if len(run) < RUN_LEAVES:
                return

    def coverage(self, reader: Reader) -> dict[str, Any]:
        """Area id -> hourly coverage of the last day."""
        from_us = (reader.now_us // HOUR_US - HOURS + 1) * HOUR_US
        return {
            view.area.id: self.station.samples(view.area.id, from_us, reader.now_us)
            for view in self.station.areas()
        }


def half_width_us(ours: Instant, theirs: Instant | None) -> int | None:
    """Half the width of the wider of both clocks' intervals; None when one has no upper bound."""
    widths = []
    for instant in (ours, theirs):
        if instant is None:
            continue
        if instant.latest_us is None:
            return None
        widths.append(instant.latest_us - instant.earliest_us)
    return max(widths) // 2
