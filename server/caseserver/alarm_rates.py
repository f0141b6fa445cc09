"""How many alarms one desk has to take in: the figures of a period, to be held against EEMUA 191. Pure.

What lies under a root cause is counted apart: it did not call anybody by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Final

from caseserver.alarms import Alarm
from custody.alarm_limits import AlarmLimits
from custody.area import Area
from custody.causes import Causes
from custody.rules import Rulebook

TEN_MINUTES_US: Final = 600_000_000
DAY_US: Final = 86_400_000_000
MISTAKEN: Final = "mistaken"
SOURCES_MAX: Final = 10
"""Sources shown that raise most."""


@dataclass(frozen=True, slots=True)
class Called:
    """One alarm that called somebody, or lay `is_under` a root cause."""

    area: str
    alarm: Alarm
    is_under: bool


@dataclass(frozen=True, slots=True)
class Rates:
    """Figures of [from_us, to_us). Counts are of alarms that called; `under` of those that lay under a cause.

    `worst`: most within ten minutes, from `worst_us` on. `flood_us`: time in windows of ten minutes with a flood.
    `standing`: open for more than a day. `answer_us`: median until somebody took or acknowledged; None: nobody did.
    `mistaken` of `handled` were false. `sources`: those that raised most, the first alarm of each and how often.
    `chattering`: sources that raised at the site's rate of chatter at least once. `bars`: count by severity in each step.
    """

    from_us: int
    to_us: int
    called: int
    under: int
    worst: int
    worst_us: int | None
    flood_us: int
    standing: int
    handled: int
    mistaken: int
    answer_us: int | None
    chattering: int
    severities: dict[str, int]
    sources: tuple[tuple[Called, int], ...]
    bars: tuple[tuple[int, dict[str, int]], ...]

    @property
    def per_ten_minutes(self) -> float:
        """The average, which hides every flood: never to be read alone."""
        return self.called * TEN_MINUTES_US / (self.to_us - self.from_us)

    @property
    def flood_share(self) -> float:
        """Part of the time in flood, 0 to 1."""
        return self.flood_us / (self.to_us - self.from_us)


def called_of(area: Area, rulebook: Rulebook, alarms: Sequence[Alarm]) -> list[Called]:
    """The alarms of one area, no pre-warnings among them, with what lay under a cause."""
    raised = [alarm for alarm in alarms if not alarm.is_prewarning]
    under = Causes(area, rulebook).under(raised)
    return [Called(area.id, alarm, alarm.id in under) for alarm in raised]


def rates(found: Sequence[Called], limits: AlarmLimits, from_us: int, to_us: int, step_us: int) -> Rates:
    """The figures of one desk. `found`: raised in the period, of all its areas; `step_us`: width of a bar."""
    alone = sorted(
        (one for one in found if not one.is_under), key=lambda one: (one.alarm.raised_us, one.alarm.id)
    )
    moments = [one.alarm.raised_us for one in alone]
    worst, worst_us = _worst(moments)
    answers = [us for one in alone if (us := _answered_after_us(one.alarm)) is not None]
    handled = [one.alarm for one in alone if one.alarm.rectified_us is not None]
    by_source: dict[tuple[str, str], list[Called]] = {}
    for one in alone:
        by_source.setdefault((one.area, one.alarm.source), []).append(one)
    most = sorted(by_source.values(), key=lambda same: (-len(same), same[0].alarm.id))
    return Rates(
        from_us=from_us, to_us=to_us, called=len(alone), under=len(found) - len(alone),
        worst=worst, worst_us=worst_us, flood_us=_flood_us(moments, limits, from_us, to_us),
        standing=sum(one.alarm.is_open and to_us - one.alarm.raised_us > DAY_US for one in alone),
        handled=len(handled), mistaken=sum(alarm.cause == MISTAKEN for alarm in handled),
        answer_us=median_low(answers) if answers else None,
        chattering=sum(_is_chattering([one.alarm.raised_us for one in same], limits) for same in most),
        severities=dict(Counter(one.alarm.severity for one in alone)),
        sources=tuple((same[0], len(same)) for same in most[:SOURCES_MAX]),
        bars=tuple(_bars(alone, from_us, to_us, step_us)),
    )  # fmt: skip


def _worst(moments: Sequence[int]) -> tuple[int, int | None]:
    """Most alarms in any ten minutes, and when those begin."""
    counts = [(bisect_left(moments, at_us + TEN_MINUTES_US) - n, -at_us) for n, at_us in enumerate(moments)]
    if not counts:
        return 0, None
    count, minus_us = max(counts)
    return count, -minus_us


def _flood_us(moments: Sequence[int], limits: AlarmLimits, from_us: int, to_us: int) -> int:
    """Time in fixed windows in which a flood's count is reached."""
    width_us = limits.flood_window_s * 1_000_000
    windows = Counter((at_us - from_us) // width_us for at_us in moments)
    full = [number for number, count in windows.items() if count >= limits.flood_count]
    return sum(
        min(to_us, from_us + (number + 1) * width_us) - (from_us + number * width_us) for number in full
    )


def _is_chattering(moments: Sequence[int], limits: AlarmLimits) -> bool:
    window_us, count = limits.chatter_window_s * 1_000_000, limits.chatter_count
    return any(later - first < window_us for first, later in zip(moments, moments[count - 1 :], strict=False))


def _answered_after_us(alarm: Alarm) -> int | None:
    known = [at_us for at_us in (alarm.taken_us, alarm.acknowledged_us) if at_us is not None]
    return max(0, min(known) - alarm.raised_us) if known else None


def _bars(
    alone: Sequence[Called], from_us: int, to_us: int, step_us: int
) -> list[tuple[int, dict[str, int]]]:
    counts: dict[int, Counter[str]] = {}
    for one in alone:
        counts.setdefault((one.alarm.raised_us - from_us) // step_us, Counter())[one.alarm.severity] += 1
    steps = -(-(to_us - from_us) // step_us)
    return [(from_us + n * step_us, dict(counts.get(n, {}))) for n in range(steps)]
