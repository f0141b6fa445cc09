"""From a node's uptime to the station's time, honest about what cannot be known.

A frame carries the node's uptime when its matter happened. The least (our clock - uptime) of all
frames of the last one to two minutes is the node's start on our clock, late by the quickest
delay of the line. From it follows how long ago a frame's matter happened.
"""

from casegateway.events import Moment
from casegateway.limits import CRYSTAL_PPM, LINE_DELAY_MS, OFFSET_WINDOW_MS


class NodeClock:
    """The offset of one node in one of its boots. All inputs are real (not station) microseconds."""

    def __init__(self) -> None:
        """No frame yet."""
        self._least_us: int | None = None  # of this window
        self._least_before_us: int | None = None  # of the window before
        self._window_us = 0

    def note(self, uptime_ms: int, received_us: int) -> None:
        """Take in one frame of the node."""
        offset_us = received_us - uptime_ms * 1_000
        if self._least_us is None:
            self._least_us, self._window_us = offset_us, received_us
        elif received_us - self._window_us >= OFFSET_WINDOW_MS * 1_000:
            # Sought anew in each window: two crystals drift apart, an old least becomes a lie.
            self._least_before_us = self._least_us
            self._least_us, self._window_us = offset_us, received_us
        else:
            self._least_us = min(self._least_us, offset_us)

    def age_us(self, uptime_ms: int, now_us: int) -> int:
        """Real microseconds since the node's uptime was `uptime_ms`; 0 at least."""
        offsets = [value for value in (self._least_us, self._least_before_us) if value is not None]
        if not offsets:
            return 0
        return max(0, now_us - uptime_ms * 1_000 - min(offsets))

    def occurred_us(self, uptime_ms: int, now: Moment) -> tuple[int, int | None]:
        """Station time (earliest, latest) of what happened at `uptime_ms`."""
        age_us = self.age_us(uptime_ms, now.real_us)
        drift_us = age_us * CRYSTAL_PPM // 1_000_000
        oldest_us = round((age_us + drift_us + LINE_DELAY_MS * 1_000) * now.rate)
        youngest_us = round((age_us - drift_us) * now.rate)
        earliest = now.instant.earliest_us - oldest_us
        latest = None if now.latest_us is None else now.latest_us - youngest_us
        return earliest, latest
