"""Can the time be believed? Against the log, over steps, and when trust comes back."""

from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.limits import CLOCK_AGREES_US, CLOCK_STEP_US, DRIFT_PPM
from casegateway.time_sources import Estimate, ServerWord
from caselog.clock import Instant
from custody.facts import BodyValue


class ClockWatch:
    """Holds what the sources say against the log, and tells in facts what is wrong with them.

    A clock doubted from the start has no upper bound: a deadline then counts as reached, never as
    not yet reached. `earliest` never falls within a start, and never behind the log: time has not
    run backwards. One thing moves it back: the server and another source agree that the log itself
    is ahead, and this start has not yet put an upper bound on any record.
    """

    def __init__(self, last_recorded_us: int, is_doubted: bool, reason: str = "") -> None:
        """`last_recorded_us`: newest time in the log; `is_doubted`: the log's last word on the clock;
        `reason`: why whoever started us doubts it."""
        self.is_doubted = is_doubted or bool(reason)
        self._reason = reason
        self._is_unbounded = bool(reason)
        self._is_first = True
        self._low_us = last_recorded_us  # not before this, as of `_low_boottime_us`
        self._low_boottime_us = 0
        self._has_bounded = False  # a record of this start may have an upper bound
        self._step_us = 0
        self._is_disputed = False
        self._false: set[str] = set()
        # Not yet told:
        self._doubt = ""
        self._by_us = 0
        self._differing: list[tuple[str, int]] = []

    def judge(self, estimate: Estimate) -> Instant:
        """The time with bounds that can be vouched for."""
        raw = estimate.instant
        if self._is_first:
            self._is_first = False
            self._low_boottime_us = raw.boottime_us
            self._doubt_at_start(estimate)
        elif estimate.doubt and not self._is_disputed:
            self._begin_doubt(estimate.doubt)
        self._is_disputed = bool(estimate.doubt)
        if abs(estimate.step_us - self._step_us) > CLOCK_STEP_US:
            self._by_us += estimate.step_us - self._step_us
            self._step_us = estimate.step_us
            self.is_doubted = True
        self._note_false(estimate)
        return self._bounded(raw)

    def drafts(self, estimate: Estimate, judged: Instant, gateway: str) -> list[Draft]:
        """Facts about the clock since the last look."""
        found: list[Draft] = []
        for source, by_us in self._differing:
            body: dict[str, BodyValue] = {"source": source, "by_ms": int(by_us / 1_000)}
            found.append(_draft("clock.differed", body, judged, gateway, source))
        self._differing.clear()
        if self._doubt:
            found.append(_draft("clock.doubted", {"reason": self._doubt[:200]}, judged, gateway))
            self._doubt = ""
        is_stepped = self._by_us != 0
        if is_stepped:
            found.append(_draft("clock.stepped", {"by_ms": int(self._by_us / 1_000)}, judged, gateway))
            self._by_us = 0
        # What the server said may be of before the step; what the kernel says is of after it.
        is_vouched = estimate.vouched == "ntp" or not is_stepped
        if self.is_doubted and is_vouched and self._may_trust(estimate):
            trusted = self._trust(estimate.instant)
            found.append(_draft("clock.trusted", {"source": estimate.vouched}, trusted, gateway))
        return found

    def _doubt_at_start(self, estimate: Estimate) -> None:
        latest_us = estimate.instant.latest_us
        behind_us = 0 if latest_us is None else self._low_us - latest_us
        doubt = self._reason or estimate.doubt
        if not doubt and latest_us is None:
            doubt = "no source of time"
        if not doubt and behind_us > 0:
            doubt = f"wall clock {behind_us // 1_000} ms behind the log"
        if doubt:
            self._begin_doubt(doubt)
            # Sources that differ by little have bounds all the same.
            self._is_unbounded = bool(self._reason) or latest_us is None or behind_us > 0

    def _begin_doubt(self, reason: str) -> None:
        self.is_doubted, self._doubt = True, reason

    def _bounded(self, raw: Instant) -> Instant:
        """`raw` not before what is known to have been; without an upper bound where that contradicts it."""
        low_us = self._now_low_us(raw)
        if not self._is_unbounded and raw.latest_us is not None and raw.latest_us < low_us:
            self._is_unbounded = True
            self._begin_doubt(f"sources {(low_us - raw.latest_us) // 1_000} ms behind the log")
        self._low_us, self._low_boottime_us = max(raw.earliest_us, low_us), raw.boottime_us
        if self._is_unbounded or raw.latest_us is None:
            return Instant(raw.boot, raw.boottime_us, self._low_us, None)
        self._has_bounded = True
        return Instant(raw.boot, raw.boottime_us, self._low_us, raw.latest_us)

    def _now_low_us(self, raw: Instant) -> int:
        """The last lower bound plus what the steady clock counted since, less its drift."""
        since_us = raw.boottime_us - self._low_boottime_us
        return self._low_us + since_us - -(-since_us * DRIFT_PPM // 1_000_000)

    def _may_trust(self, estimate: Estimate) -> bool:
        raw = estimate.instant
        if not estimate.vouched or estimate.doubt or raw.latest_us is None:
            return False
        is_server = estimate.vouched == "server"
        if self._reason and not is_server:
            return False  # who started us knows better than the machine
        is_log_ahead = raw.latest_us < self._now_low_us(raw)
        return not is_log_ahead or (is_server and estimate.agreed > 1 and not self._has_bounded)

    def _trust(self, raw: Instant) -> Instant:
        assert raw.latest_us is not None
        self.is_doubted = self._is_unbounded = False
        self._reason = ""
        if raw.latest_us < self._now_low_us(raw):
            self._low_us, self._low_boottime_us = raw.earliest_us, raw.boottime_us
        return self._bounded(raw)

    def _note_false(self, estimate: Estimate) -> None:
        """A source is told once each time that it leaves the others; what it said before a jump is none."""
        false = {source: by_us for source, by_us in estimate.false if " " not in source}
        self._differing += [(s, by_us) for s, by_us in false.items() if s not in self._false]
        self._false = set(false)


def given(moment: Moment, word: ServerWord | None) -> Estimate:
    """The time as whoever calls the core gives it: the accelerated clock of the demonstration, a bench."""
    raw = moment.instant
    is_vouched = word is not None and _agrees(moment, word)
    return Estimate(
        raw, step_us=moment.step_us, vouched="server" if is_vouched else "", agreed=2 if is_vouched else 1
    )


def _agrees(moment: Moment, word: ServerWord) -> bool:
    """Whether the signed second lies within five seconds of the reading, the way there and back allowed for."""
    raw = moment.instant
    if raw.latest_us is None:
        return False
    since_us = round((moment.real_us - word.heard_us) * moment.rate)
    under_way_us = round((word.heard_us - word.sent_us) * moment.rate)
    earliest_us = word.second * 1_000_000 + since_us
    latest_us = earliest_us + 1_000_000 + under_way_us
    return raw.earliest_us - CLOCK_AGREES_US <= latest_us and earliest_us <= raw.latest_us + CLOCK_AGREES_US


def _draft(name: str, body: dict[str, BodyValue], instant: Instant, gateway: str, of: str = "") -> Draft:
    return Draft(
        type=name,
        body=dict(body),
        id=f"{gateway}|{instant.boot}|{name}|{instant.boottime_us}{'|' if of else ''}{of}",
        occurred_us=instant.earliest_us,
        occurred_latest_us=instant.latest_us,
    )
