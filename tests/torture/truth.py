"""What really happened in a case, and which alarms it asks for. Seconds are of the suite's monotonic clock.

A limit is inclusive: what ends at the limit is in time. Nobody can tell an alarm while the target is down, before the
event came, or while there is no broker; so the moment it is due is moved past those times, and no further.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.torture.contract import (
    DOOR_OPEN_S,
    PERSON_S,
    PERSON_SOON_S,
    RECORDED_ROOM,
    SILENT_S,
    UNRECORDED_S,
    WATCHED_ROOM,
)

WINDOW_S = 2.0  # after the moment it is due
RECONNECT_S = 15.0  # instead of it after a broker was away: clients try again in rounds
EDGE_S = 0.5  # an end this near the limit may count as in time or not: two clocks and a line
FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class Outage:
    """From when until when: `what` target, broker or doubt (a time in which R3 proves nothing)."""

    what: str
    begin_s: float
    end_s: float


@dataclass(slots=True)
class Span:
    """A condition that a rule looks at: since when, until when, and when the target was told of each."""

    rule: str
    subject: str
    limit_s: float
    since_s: float
    told_s: float
    until_s: float = FOR_EVER
    until_told_s: float = FOR_EVER
    is_hearsay: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """One alarm: due at `due_s`, can be told from `tell_s`, in time until `latest_s`, over at `over_s`, gone by `gone_s`.

    `is_must` False: it may be raised or not; it must not be left standing either way.
    """

    rule: str
    subject: str
    due_s: float
    tell_s: float
    latest_s: float
    over_s: float
    gone_s: float
    is_must: bool


@dataclass(slots=True)
class Truth:
    """Collects what happens; `expected` says what a correct system tells."""

    spans: list[Span] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    _open: dict[tuple[str, str], Span] = field(default_factory=dict)
    _in_room: dict[str, float] = field(default_factory=dict)
    _recording: bool = True

    def begin(self, rule: str, subject: str, limit_s: float, at_s: float, told_s: float) -> None:
        if (rule, subject) not in self._open:
            span = self._open[rule, subject] = Span(rule, subject, limit_s, at_s, told_s)
            self.spans.append(span)

    def end(self, rule: str, subject: str, at_s: float, told_s: float) -> None:
        span = self._open.pop((rule, subject), None)
        if span is not None:
            span.until_s, span.until_told_s = at_s, told_s

    def door(self, door: str, state: str, at_s: float, told_s: float) -> None:
        if state == "open":
            self.begin("R1", door, DOOR_OPEN_S, at_s, told_s)
        else:
            self.end("R1", door, at_s, told_s)

    def person(self, person: str, state: str, room: str, at_s: float, told_s: float) -> None:
        if room == WATCHED_ROOM:
            for rule, limit_s in (("R2", PERSON_S), ("R5", PERSON_SOON_S)):
                if state == "in":
                    self.begin(rule, person, limit_s, at_s, told_s)
                else:
                    self.end(rule, person, at_s, told_s)
            return
        if state == "in":
            self._in_room[person] = at_s
        else:
            self._in_room.pop(person, None)
        self._judge_recording(at_s, told_s)

    def recorder(self, state: str, at_s: float, told_s: float) -> None:
        self._recording = state == "running"
        self._judge_recording(at_s, told_s)

    def _judge_recording(self, at_s: float, told_s: float) -> None:
        if self._in_room and not self._recording:
            self.begin("R4", RECORDED_ROOM, UNRECORDED_S, at_s, told_s)
        else:
            self.end("R4", RECORDED_ROOM, at_s, told_s)

    def silent(self, unit: str, last_beat_s: float) -> None:
        self.begin("R3", unit, SILENT_S, last_beat_s, last_beat_s)

    def heard(self, unit: str, at_s: float) -> None:
        self.end("R3", unit, at_s, at_s)

    def allow(self, subject: str) -> None:
        """What was known of it so far was no more than hearsay: its alarms up to here may be raised or not."""
        for span in self.spans:
            if span.subject == subject:
                span.is_hearsay = True

    def expected(self) -> list[Expected]:
        """Every alarm that is asked for or allowed."""
        return [found for span in self.spans if (found := self._expected(span)) is not None]

    def _expected(self, span: Span) -> Expected | None:
        length_s = span.until_s - span.since_s
        if length_s < span.limit_s - EDGE_S:
            return None
        due_s = max(span.since_s + span.limit_s, span.told_s)
        tell_s, window_s = self._after_outages(due_s)
        gone_s, gone_window_s = self._after_outages(max(span.until_told_s, tell_s))
        is_must = not span.is_hearsay and length_s > span.limit_s + EDGE_S and tell_s < span.until_told_s
        if span.rule == "R5":  # of no use any more when the limit itself is over
            is_must = is_must and tell_s < span.since_s + PERSON_S - EDGE_S
        return Expected(
            span.rule, span.subject, due_s, tell_s, tell_s + window_s, span.until_told_s, gone_s + gone_window_s,
            is_must,
        )  # fmt: skip

    def _after_outages(self, at_s: float) -> tuple[float, float]:
        """The first moment from `at_s` on at which an alarm can be told, and how long that may take."""
        window_s = WINDOW_S
        for outage in sorted(self.outages, key=lambda item: item.begin_s):
            is_in = outage.begin_s - EDGE_S <= at_s < outage.end_s
            if outage.what == "broker":
                if is_in or outage.end_s <= at_s < outage.end_s + RECONNECT_S:
                    at_s, window_s = max(at_s, outage.end_s), RECONNECT_S
            elif outage.what == "target" and is_in:
                at_s = outage.end_s
        return at_s, window_s

    def is_doubtful(self, rule: str, at_s: float) -> bool:
        """Whether an alarm of R3 at this moment is neither asked for nor wrong: no beat could come through."""
        return rule == "R3" and any(
            outage.begin_s <= at_s <= outage.end_s + RECONNECT_S for outage in self.outages
        )


def overlap(spans: Sequence[Expected]) -> dict[tuple[str, str], list[Expected]]:
    """Expected alarms by rule and subject, in order of time."""
    found: dict[tuple[str, str], list[Expected]] = {}
    for item in sorted(spans, key=lambda one: one.due_s):
        found.setdefault((item.rule, item.subject), []).append(item)
    return found
