"""Can the wall clock be believed? Steps, clocks behind the log, and when trust comes back."""

from casegateway.drafts import Draft
from casegateway.limits import CLOCK_AGREES_US, CLOCK_STEP_US
from caselog.clock import Instant


class ClockWatch:
    """Compares the wall clock with the steady one, with the log, and with what the server signed.

    A clock doubted from the start has no upper bound: a deadline then counts as reached, never as
    not yet reached. After a step the reading goes on by the steady clock, and spans the new wall
    time too where that is later (the clock's own work).
    """

    def __init__(self, last_recorded_us: int, is_doubted: bool, reason: str = "") -> None:
        """`last_recorded_us`: newest time in the log; `is_doubted`: the log's last word on the clock;
        `reason`: why whoever started us doubts it."""
        self.is_doubted = is_doubted or bool(reason)
        self._is_unbounded = bool(reason)
        self._floor_us = last_recorded_us
        self._reason = reason
        self._is_first = True
        self._floor_boottime_us = 0
        self._step_us = 0
        self._doubt = ""
        self._by_us = 0

    def judge(self, raw: Instant, step_us: int) -> Instant:
        """The reading with bounds that can be vouched for. `step_us`: wall clock minus steady clock."""
        if self._is_first:
            self._is_first = False
            self._floor_boottime_us = raw.boottime_us
            self._doubt_at_start(raw)
        if abs(step_us - self._step_us) > CLOCK_STEP_US:
            self._by_us += step_us - self._step_us
            self._step_us = step_us
            self.is_doubted = True
        if not self._is_unbounded:
            return raw
        # Time has not run backwards: the log's last time plus what the steady clock counted since.
        floor_us = self._floor_us + raw.boottime_us - self._floor_boottime_us
        return Instant(raw.boot, raw.boottime_us, max(raw.earliest_us, floor_us), None)

    def drafts(self, raw: Instant, judged: Instant, server_us: int | None, gateway: str) -> list[Draft]:
        """Facts about the clock since the last look. `server_us`: a time the server has just signed."""
        found: list[Draft] = []
        if self._doubt:
            found.append(_draft("clock.doubted", {"reason": self._doubt}, judged, gateway))
            self._doubt = ""
        if self._by_us:
            body: dict[str, str | int] = {"by_ms": int(self._by_us / 1_000)}
            found.append(_draft("clock.stepped", body, judged, gateway))
            self._by_us = 0
        elif self.is_doubted and server_us is not None and _agrees(raw, server_us):
            self.is_doubted = self._is_unbounded = False
            found.append(_draft("clock.trusted", {"source": "server"}, raw, gateway))
        return found

    def _doubt_at_start(self, raw: Instant) -> None:
        if self._reason:
            self._doubt = self._reason
        elif raw.latest_us is None:
            self._doubt = "no source of time"
        elif raw.latest_us < self._floor_us:
            self._doubt = f"wall clock {(self._floor_us - raw.latest_us) // 1_000} ms behind the log"
        if self._doubt:
            self.is_doubted = self._is_unbounded = True


def _agrees(raw: Instant, server_us: int) -> bool:
    if raw.latest_us is None:
        return False
    return raw.earliest_us - CLOCK_AGREES_US <= server_us <= raw.latest_us + CLOCK_AGREES_US


def _draft(name: str, body: dict[str, str | int], instant: Instant, gateway: str) -> Draft:
    return Draft(
        type=name,
        body=dict(body),
        id=f"{gateway}|{instant.boot}|{name}|{instant.boottime_us}",
        occurred_us=instant.earliest_us,
        occurred_latest_us=instant.latest_us,
    )
