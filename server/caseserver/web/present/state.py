"""What the pages need to know of one area, gathered by the caller in one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from caseserver.alarms import Alarm
from caseserver.floor.drawing import Drawing
from caseserver.web.present.lined import Active, Lined
from custody.area import Area
from custody.engine import Duty
from custody.rules import Rulebook
from custody.world import World

CLOCK_WIDE_US: Final = 2_000_000
"""Half an interval from here on is said beside every limit."""


@dataclass(frozen=True)
class Health:
    """How well the area is seen.

    ``heard_us``: the gateway's last word; ``is_stale``: it is late with the next one, so that every figure stands at that
    moment; ``clock_doubt_us``: half the width of the clock's interval, None while it cannot be trusted; ``clock_half_us``:
    the same in any case, None without an upper bound; ``earliest_us``: before this it cannot be now; ``reading``: leaves read of
    leaves there are; ``blind_today``: the source that was unseen longest today, with its seconds.
    """

    heard_us: int | None = None
    is_stale: bool = False
    clock_doubt_us: int | None = None
    clock_half_us: int | None = None
    earliest_us: int | None = None
    blind_today: tuple[str, int] | None = None
    witnessed_us: int | None = None
    reading: tuple[int, int] | None = None


@dataclass(frozen=True)
class AreaPicture:
    """One area at one moment: its log's world, running duties, open alarms (pre-warnings too) and newest closed ones.

    ``called``: alarm -> the post beyond the first that was called about it, while nobody has answered. ``answered``: alarm -> the officer
    who has it, of answers that wait for a gateway which is not heard. ``drawing``: where
    things are shown; empty: as the area file has them.
    """

    area: Area
    rulebook: Rulebook
    world: World
    duties: tuple[Duty, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    closed: tuple[Alarm, ...] = ()
    health: Health = Health()
    called: Mapping[str, str] = field(default_factory=dict)
    answered: Mapping[str, str] = field(default_factory=dict)
    drawing: Drawing = field(default_factory=Drawing)
    shared: Lined | None = None
    """What others who look at the same moment have put together of its alarms."""

    @cached_property
    def lined(self) -> Lined:
        """Its alarms in order and grouped."""
        kept = self.shared
        if kept is not None and kept.alarms is self.alarms and kept.closed is self.closed:
            return kept
        return Lined(self.area, self.rulebook, self.alarms, self.closed)

    @property
    def active(self) -> Active:
        """What stands of ``alarms``, by what it speaks of."""
        return self.lined.active

    @property
    def is_frozen(self) -> bool:
        """Durations may not run: nobody knows what is true now, or what time it is."""
        return self.health.is_stale or self.health.clock_doubt_us is None

    @property
    def give_us(self) -> int:
        """How far either way a moment of the gateway's clock may be off, where that is worth saying."""
        half_us = self.health.clock_half_us or 0
        return half_us if half_us >= CLOCK_WIDE_US else 0

    @property
    def still_us(self) -> int | None:
        """The moment at which figures stand still, None while they run."""
        return self.health.heard_us if self.health.is_stale else None
