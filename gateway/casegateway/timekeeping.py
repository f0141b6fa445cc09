"""What time it can be: sources as intervals, and what more than half of them hold possible.

Every source says between which two times it is now. Carried on by the steady clock its interval grows
by that clock's drift. The answer is the hull of all moments that a majority of the sources hold
possible: as long as a majority is honest within its stated error the true time is in it, whatever the
others say (Marzullo 1984; the selection of RFC 5905 section 11.2.1 goes by the same intersection). A
source without a moment in it is false, and named. Sans IO, integers only.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from casegateway.limits import (
    DISCIPLINE_PPM,
    DISPUTE_US_MAX,
    DRIFT_PPM,
    NTP_ERROR_US_MIN,
    RTC_PPM,
    RTC_SET_ERROR_US,
    RTC_UNSET_DAYS_MAX,
    SERVER_ERROR_US,
    TIME_US_MIN,
)
from casegateway.time_sources import Estimate, Readings, ServerWord
from caselog.clock import Instant

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
RTC_ERROR_US = RTC_SET_ERROR_US + RTC_UNSET_DAYS_MAX * DAY_US * RTC_PPM // 1_000_000
HELD = "held "
"""Before a source's name: what it said until it jumped."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """Between which two values wall time minus boot time is, as stated when the drift stood at `drift`."""

    low_us: int
    high_us: int
    drift: int  # microseconds times a million

    def span(self, drift: int) -> Span:
        """The same later, wider by what the steady clock can have gone wrong since."""
        wider_us = -((self.drift - drift) // 1_000_000)
        return self.low_us - wider_us, self.high_us + wider_us


def majority(spans: Collection[Span]) -> Span | None:
    """The hull of what more than half of the closed intervals hold; None when nothing is."""
    edges = sorted([(low, -1) for low, _ in spans] + [(high, 1) for _, high in spans])
    need, depth = len(spans) // 2 + 1, 0
    first: int | None = None
    last = 0
    for at, edge in edges:
        if edge < 0:
            depth += 1
            if depth >= need and first is None:
                first = at
        else:
            if depth >= need:
                last = at
            depth -= 1
    return None if first is None else (first, last)


def apart_us(one: Span, other: Span) -> int:
    """How far two intervals are from each other: 0 when they share a moment, negative when `one` is earlier."""
    if one[1] < other[0]:
        return one[1] - other[0]
    return max(0, one[0] - other[1])


class Timekeeper:
    """Weighs the sources of one start of the program. Give it readings in order of boot time."""

    def __init__(self) -> None:
        """Knows nothing."""
        self._claims: dict[str, Claim] = {}
        self._drift = 0
        self._boottime_us: int | None = None
        self._anchor_us = 0  # wall time minus boot time at the start
        self._renewed: set[str] = set()  # sources that have spoken since the last estimate
        self._is_rtc_unbelieved = False

    def hear(self, word: ServerWord) -> None:
        """The server signed: it was that second at some moment between the sending and the hearing."""
        low_us = word.second * SECOND_US - SERVER_ERROR_US
        high_us = (word.second + 1) * SECOND_US + word.heard_us - word.sent_us + SERVER_ERROR_US
        claim = Claim(low_us - word.heard_us, high_us - word.heard_us, self._drift)
        known = self._claims.get("server")
        if known is not None:
            low_us, high_us = known.span(self._drift)
            is_wider = claim.high_us - claim.low_us > high_us - low_us
            if is_wider and apart_us((claim.low_us, claim.high_us), (low_us, high_us)) == 0:
                self._renewed.add("server")
                return  # says nothing against it, and less
        self._renew("server", claim)

    def read(self, readings: Readings, boot: int) -> Estimate:
        """The time now. `boot`: number of this start."""
        if self._boottime_us is None:
            self._boottime_us = readings.boottime_us
            self._begin(readings)
        self._go_on(readings)
        spans = {name: claim.span(self._drift) for name, claim in self._claims.items()}
        step_us = readings.wall_us - readings.boottime_us - self._anchor_us
        hull = majority(spans.values())
        if hull is not None:
            self._forget_disproved(spans, hull)
        instant, doubt = _instant(boot, readings.boottime_us, hull, spans)
        holders = [name for name, span in spans.items() if hull is not None and apart_us(span, hull) == 0]
        renewed, self._renewed = self._renewed, set()
        vouched = [name for name in ("ntp", "server") if name in renewed and name in holders]
        return Estimate(
            instant,
            step_us=step_us if abs(step_us) > readings.bracket_us else 0,
            doubt=doubt,
            vouched=vouched[-1] if vouched else "",
            agreed=len(holders),
            false=tuple((n, apart_us(s, hull)) for n, s in spans.items() if hull and n not in holders),
            states=self._states(readings, spans, holders),
        )

    def _begin(self, readings: Readings) -> None:
        """The sources that speak once: the battery clock, and the wall clock where the operator vouches for it."""
        self._anchor_us = readings.wall_us - readings.boottime_us
        rtc = readings.rtc
        self._is_rtc_unbelieved = rtc is not None and not (rtc.is_believed and rtc.wall_us >= TIME_US_MIN)
        if rtc is not None and not self._is_rtc_unbelieved:
            offset_us = rtc.wall_us - readings.rtc_boottime_us
            self._claims["rtc"] = Claim(offset_us - RTC_ERROR_US, offset_us + SECOND_US + RTC_ERROR_US, 0)
        if readings.wall_error_us is not None:
            self._claims["wall"] = self._wall_claim(readings, readings.wall_error_us)

    def _go_on(self, readings: Readings) -> None:
        assert self._boottime_us is not None
        kernel = readings.kernel
        is_kept = kernel is not None and kernel.is_synchronised
        # What keeps the wall clock slews the steady clock with it.
        ppm = DRIFT_PPM + DISCIPLINE_PPM if is_kept else DRIFT_PPM
        self._drift += max(0, readings.boottime_us - self._boottime_us) * ppm
        self._boottime_us = readings.boottime_us
        if kernel is not None and is_kept and readings.wall_us >= TIME_US_MIN:
            self._renew("ntp", self._wall_claim(readings, max(kernel.max_error_us, NTP_ERROR_US_MIN)))

    def _wall_claim(self, readings: Readings, error_us: int) -> Claim:
        offset_us = readings.wall_us - readings.boottime_us
        return Claim(offset_us - error_us, offset_us + readings.bracket_us + error_us, self._drift)

    def _renew(self, name: str, claim: Claim) -> None:
        """A source speaks again. What it said before a jump stays a source of its own until others have decided."""
        known, held = self._claims.get(name), self._claims.get(HELD + name)
        span = claim.low_us, claim.high_us
        if held is None and known is not None and apart_us(span, known.span(self._drift)):
            self._claims[HELD + name] = known
        elif held is not None and not apart_us(span, held.span(self._drift)):
            del self._claims[HELD + name]  # it has come back
        self._claims[name] = claim
        self._renewed.add(name)

    def _forget_disproved(self, spans: dict[str, Span], hull: Span) -> None:
        for name in [n for n in spans if n.startswith(HELD) and apart_us(spans[n], hull)]:
            del self._claims[name], spans[name]

    def _states(
        self, readings: Readings, spans: Mapping[str, Span], holders: list[str]
    ) -> tuple[tuple[str, str], ...]:
        states = {name: "agrees" if name in holders else "false" for name in spans}
        if len(spans) > 1 and not holders:
            states = dict.fromkeys(spans, "disputed")
        if self._is_rtc_unbelieved:
            states["rtc"] = "unbelieved"
        if readings.kernel is not None and not readings.kernel.is_synchronised:
            states.setdefault("ntp", "unsynchronised")
        return tuple(sorted(states.items()))


def _instant(
    boot: int, boottime_us: int, hull: Span | None, spans: Mapping[str, Span]
) -> tuple[Instant, str]:
    """The interval, and why it is doubted. Without agreement everything that is claimed is possible."""
    if not spans:
        return Instant(boot, boottime_us, TIME_US_MIN, None), "no source of time"
    if hull is not None:
        return Instant(boot, boottime_us, hull[0] + boottime_us, hull[1] + boottime_us), ""
    low_us, high_us = min(low for low, _ in spans.values()), max(high for _, high in spans.values())
    latest_us = None if high_us - low_us > DISPUTE_US_MAX else high_us + boottime_us
    names = " and ".join(sorted(spans))
    return Instant(boot, boottime_us, max(TIME_US_MIN, low_us + boottime_us), latest_us), (
        f"{names} do not agree: {(high_us - low_us) // 1_000} ms"
    )
