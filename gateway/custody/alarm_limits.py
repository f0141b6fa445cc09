"""What a site sets about its alarms: the table [alarms] of area.toml. Values of the site, none of the law."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from custody.config import Problems

SHELF_MINUTES_MAX: Final = 30  # ISA-18.2 asks for a limit; the site may set a shorter one
OUT_OF_SERVICE_HOURS_MAX: Final = 168
SEVERITIES: Final = ("S1", "S2", "S3", "S4")
LIMITS: Final[Mapping[str, tuple[int, int, int]]] = {  # lowest, highest, default
    "shelf_minutes_max": (1, SHELF_MINUTES_MAX, SHELF_MINUTES_MAX),
    "out_of_service_hours_max": (1, OUT_OF_SERVICE_HOURS_MAX, 24),
    "silence_s_max": (30, 600, 180),
    "chatter_count": (2, 50, 3),
    "chatter_window_s": (60, 3_600, 600),
    "flood_count": (2, 100, 10),
    "flood_window_s": (60, 3_600, 600),
}


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """`second_person_from`: an alarm at least as grave as this is checked by another officer than the one who handled it.

    Alarms that rest on a law are always. A flood is `flood_count` alarms within `flood_window_s` for one desk
    (EEMUA 191: ten in ten minutes), chatter `chatter_count` of one source within `chatter_window_s`.
    """

    shelf_minutes_max: int = SHELF_MINUTES_MAX
    out_of_service_hours_max: int = 24
    silence_s_max: int = 180
    chatter_count: int = 3
    chatter_window_s: int = 600
    flood_count: int = 10
    flood_window_s: int = 600
    second_person_from: str = "S4"

    def needs_second(self, severity: str, basis: str) -> bool:
        """Whether another officer than the one who handled an alarm has to check it."""
        return basis == "law" or severity <= self.second_person_from


def read_alarm_limits(raw: Mapping[str, Any], p: Problems) -> AlarmLimits:
    """The table, or what holds without it; what is wrong goes to `p`."""
    table = p.table(raw, "alarms", {})
    p.unknown_keys(table, "alarms", (*LIMITS, "second_person_from"))
    numbers = {
        key: p.integer(table, "alarms", key, low, high, default)
        for key, (low, high, default) in LIMITS.items()
    }
    second = p.choice(table, "alarms", "second_person_from", SEVERITIES, "S4")
    return AlarmLimits(**numbers, second_person_from=second)
