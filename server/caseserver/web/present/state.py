"""What the pages need to know of one area, gathered by the caller in one moment."""

from __future__ import annotations

from dataclasses import dataclass

from caseserver.alarms import Alarm
from custody.area import Area
from custody.engine import Duty
from custody.rules import Rulebook
from custody.world import World


@dataclass(frozen=True)
class Health:
    """How well the area is seen. ``heard_us``: the gateway's last word; ``reading``: leaves read of leaves held."""

    heard_us: int | None = None
    clock_doubt_us: int | None = None
    blind_today_s: int = 0
    witnessed_us: int | None = None
    reading: tuple[int, int] | None = None


@dataclass(frozen=True)
class AreaPicture:
    """One area at one moment: its log's world, running duties, open alarms (pre-warnings too) and newest closed ones."""

    area: Area
    rulebook: Rulebook
    world: World
    duties: tuple[Duty, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    closed: tuple[Alarm, ...] = ()
    health: Health = Health()
