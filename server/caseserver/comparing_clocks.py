"""The gateway's clock against ours: three heartbeats in a row far apart are an alarm."""

from __future__ import annotations

from typing import Final

from caselog.clock import Instant
from caseserver.own_alarms import OFFSET, OwnAlarms

OFFSET_S_MAX: Final = 5.0
"""Real seconds that the clocks of gateway and server may differ."""
OFFSET_BEATS: Final = 3


class ClockComparison:
    """`offset_us`: the gateway's clock against ours at the last heartbeat, 0 while their intervals meet."""

    def __init__(self, own: OwnAlarms, rate: float) -> None:
        """Raises and clears in `own`. `rate`: station seconds in one real second."""
        self.offset_us = 0
        self._own = own
        self._rate = rate
        self._far_beats = 0

    def compare(self, theirs: Instant, now: Instant) -> None:
        """Both clocks told within one heartbeat's way."""
        self.offset_us = theirs.apart_us(now)
        is_far = abs(self.offset_us) > OFFSET_S_MAX * 1_000_000 * self._rate
        self._far_beats = self._far_beats + 1 if is_far else 0
        if self._far_beats == OFFSET_BEATS:
            params: dict[str, str | int] = {"offset_ms": self.offset_us // 1_000}
            self._own.raise_(OFFSET, f"boot-{theirs.boot}", now, params)
        elif not is_far:
            self._own.clear(OFFSET, now)
