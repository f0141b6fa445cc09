from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casegateway.limits import (
    DRIFT_PPM,
    NTP_ERROR_US_MIN,
    RTC_PPM,
    RTC_UNSET_DAYS_MAX,
    SERVER_ERROR_US,
    TIME_US_MIN,
)
from casegateway.time_sources import Readings, RtcReading, SourceReader
from casegateway.timekeeping import RTC_ERROR_US, Timekeeper, majority
from caselog.clock import Instant
from tests.gateway.clock_machine import DAY, SECOND, TRUE_US, Machine, Start

HOUR = 3_600 * SECOND
RTC_HONEST_US = RTC_ERROR_US - SECOND
"""The battery clock shows whole seconds; what it is off by beside that."""


def holds(now: Instant, true_us: int) -> bool:
    return now.earliest_us <= true_us and (now.latest_us is None or true_us <= now.latest_us)


def width_us(now: Instant) -> int:
    assert now.latest_us is not None
    return now.latest_us - now.earliest_us


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Everything wrong that may be wrong, each within what is stated of it."""
    max_error_us = draw(st.integers(0, 3 * SECOND))
    most_us = max(max_error_us, NTP_ERROR_US_MIN)
    return Machine(
        drift_ppm=draw(st.integers(-DRIFT_PPM + 1, DRIFT_PPM - 1)),
        rtc_error_us=draw(st.none() | st.integers(-RTC_HONEST_US, RTC_HONEST_US)),
        max_error_us=max_error_us,
        ntp_error_us=draw(st.integers(-most_us, most_us)),
        server_error_us=draw(st.integers(-SERVER_ERROR_US, SERVER_ERROR_US)),
    )


histories = st.lists(
    st.one_of(
        st.tuples(st.just("go"), st.integers(0, 5 * DAY)),
        st.tuples(st.just("step"), st.integers(-10 * 365 * DAY, 10 * 365 * DAY)),
        st.tuples(st.just("ntp"), st.booleans()),
        st.tuples(st.just("ack"), st.integers(0, 90 * SECOND)),
        st.tuples(st.just("restart"), st.integers(0, 3 * DAY)),
        st.tuples(st.just("rtc flag"), st.booleans()),
    ),
    max_size=25,
)


def live(
    machine: Machine, history: list[tuple[str, int]], *, is_stepped: bool = True
) -> Iterator[tuple[Start, Instant]]:
    """Every turn of the loop, with the start that it belongs to; the log's last time carries over a restart."""
    start = Start(machine)
    yield start, start.look()
    for what, value in history:
        if what == "go":
            machine.go(value)
        elif what == "step":
            machine.step(value if is_stepped else 0)
        elif what == "ntp":
            machine.is_synchronised = bool(value)
            machine.go(0)
        elif what == "ack":
            start.ack(value // 2, value - value // 2)
        elif what == "rtc flag":
            machine.is_rtc_believed = bool(value)
        else:
            log_us = start.seen[-1].earliest_us
            machine.power_cut(value)
            start = Start(machine, log_us, boot=start.boot + 1)
        yield start, start.look()


@settings(max_examples=300)
@given(machines(), histories)
def test_true_time_is_in_the_interval_whatever_drifts_steps_and_restarts(
    machine: Machine, history: list[tuple[str, int]]
) -> None:
    for start, now in live(machine, history):
        assert holds(now, machine.true_us), (now, machine.true_us, start.estimate)


@settings(max_examples=200)
@given(machines(), histories)
def test_earliest_never_falls_within_a_start_and_honest_sources_are_never_called_false(
    machine: Machine, history: list[tuple[str, int]]
) -> None:
    starts: list[Start] = []
    for start, _ in live(machine, history):
        if start not in starts:
            starts.append(start)
    for start in starts:
        lows = [now.earliest_us for now in start.seen]
        assert lows == sorted(lows)
        assert "clock.differed" not in start.types()


@settings(max_examples=200)
@given(machines(), histories)
def test_steps_of_the_wall_clock_change_nothing_of_the_time(
    machine: Machine, history: list[tuple[str, int]]
) -> None:
    twin = Machine(
        **{name: getattr(machine, name) for name in Machine.__dataclass_fields__ if name[0] != "_"}
    )
    stepped = [now for _, now in live(machine, history)]
    assert stepped == [now for _, now in live(twin, history, is_stepped=False)]


@pytest.mark.parametrize("liar", ["rtc", "ntp", "server", "wall"])
@settings(max_examples=60)
@given(machine=machines(), lie_us=st.integers(-400 * DAY, 400 * DAY), gone_us=st.integers(0, 2 * DAY))
def test_one_lying_source_among_three_honest_does_no_harm_and_is_named(
    liar: str, machine: Machine, lie_us: int, gone_us: int
) -> None:
    machine.rtc_error_us = machine.rtc_error_us or 0
    machine.offset_us = machine.true_us + (lie_us if liar == "wall" else 0)
    if liar == "rtc":
        machine.rtc_error_us += lie_us
    start = Start(machine, wall_error_us=SECOND)
    start.keeper.read(start.reader.read(), 1)
    machine.is_synchronised = True
    machine.ntp_error_us += lie_us if liar == "ntp" else 0
    machine.server_error_us += lie_us if liar == "server" else 0
    machine.keep()
    start.ack(SECOND, SECOND)
    now = start.look()
    assert holds(now, machine.true_us)
    machine.go(gone_us)
    assert holds(start.look(), machine.true_us)
    if abs(lie_us) > 2 * RTC_ERROR_US + 30 * SECOND and machine.true_us + lie_us > TIME_US_MIN + DAY:
        assert [d.body["source"] for d in start.told if d.type == "clock.differed"] == [liar]
        assert start.estimate.doubt == ""
        assert "clock.doubted" not in start.types()


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 30)), max_size=7), st.integers(-60, 90))
def test_the_answer_is_the_hull_of_what_more_than_half_hold(pairs: list[tuple[int, int]], at: int) -> None:
    spans = [(low, low + width) for low, width in pairs]
    held = [x for x in range(-60, 100) if sum(low <= x <= high for low, high in spans) * 2 > len(spans) > 0]
    assert majority(spans) == ((held[0], held[-1]) if held else None)


def test_battery_clock_alone_gives_what_half_a_year_can_have_done_to_it() -> None:
    start = Start(Machine(rtc_error_us=0))
    now = start.look()
    assert width_us(now) == SECOND + 2 * (SECOND + RTC_UNSET_DAYS_MAX * DAY * RTC_PPM // 1_000_000)
    assert start.types() == []


def test_interval_grows_by_the_drift_and_by_nothing_else() -> None:
    machine = Machine(rtc_error_us=0)
    start = Start(machine)
    width = width_us(start.look())
    machine.go(DAY)
    assert width_us(start.look()) == width + DAY * DRIFT_PPM // 1_000_000 + DAY * DRIFT_PPM // 1_000_000


@pytest.mark.parametrize("flagged", [False, True])
def test_battery_clock_that_is_not_set_or_says_so_itself_is_not_believed(flagged: bool) -> None:
    machine = Machine(
        rtc_error_us=0 if flagged else 946_684_800 * SECOND - TRUE_US, is_rtc_believed=not flagged
    )
    start = Start(machine, TRUE_US - HOUR)
    assert start.look() == Instant(1, 0, TRUE_US - HOUR, None)
    assert [draft.body for draft in start.told] == [{"reason": "no source of time"}]
    assert dict(start.estimate.states)["rtc"] == "unbelieved"


def test_time_service_that_comes_later_gives_the_bound_and_the_trust() -> None:
    machine = Machine()
    machine.offset_us -= 3 * HOUR  # a file's time, as a board without a battery clock starts with
    start = Start(machine, TRUE_US - 4 * HOUR)
    assert start.look().latest_us is None
    machine.is_synchronised = True
    machine.go(SECOND)
    now, later = start.look(), start.look()
    assert start.types() == ["clock.doubted", "clock.stepped", "clock.trusted"]
    assert now.latest_us is None
    assert width_us(later) == 2 * NTP_ERROR_US_MIN
    assert holds(later, machine.true_us)


def test_server_that_signs_gives_a_bound_of_the_way_and_a_second() -> None:
    machine = Machine()
    start = Start(machine, TRUE_US - HOUR)
    start.look()
    start.ack(2 * SECOND, 3 * SECOND)
    start.look()
    now = start.look()
    drift_us = 2 * 5 * SECOND * DRIFT_PPM // 1_000_000
    assert width_us(now) == 6 * SECOND + 2 * SERVER_ERROR_US + drift_us
    assert holds(now, machine.true_us)
    assert start.told[-1].body == {"source": "server"}
    start.ack(20 * SECOND, 20 * SECOND)
    assert width_us(start.look()) < 7 * SECOND  # a slower word takes nothing back


def test_kept_clock_that_jumps_is_doubted_until_the_server_has_decided() -> None:
    machine = Machine(is_synchronised=True)
    start = Start(machine)
    start.look()
    machine.ntp_error_us = HOUR
    machine.go(SECOND)
    torn = start.look()
    assert torn.latest_us is None
    assert start.types() == ["clock.doubted", "clock.stepped"]
    start.ack(0, 0)
    assert holds(start.look(), machine.true_us)
    differed, trusted = start.told[2:]
    assert differed.body["source"] == "ntp"
    assert 3_597_000 < int(differed.body["by_ms"] or 0) < 3_600_000
    assert trusted.body == {"source": "server"}
    machine.ntp_error_us = 0
    machine.go(SECOND)
    assert width_us(start.look()) < 3 * SECOND
    assert dict(start.estimate.states) == {"ntp": "agrees", "server": "agrees"}


def test_two_sources_a_little_apart_leave_both_possible() -> None:
    machine = Machine(rtc_error_us=200 * SECOND, is_synchronised=True)
    start = Start(machine)
    now = start.look()
    assert 200 * SECOND < width_us(now) < 300 * SECOND
    assert start.types() == ["clock.doubted"]
    assert "ntp and rtc do not agree" in str(start.told[0].body["reason"])


def test_wall_clock_for_which_somebody_vouches_is_taken_as_it_was_at_the_start() -> None:
    machine = Machine()
    start = Start(machine, wall_error_us=2 * SECOND)
    assert width_us(start.look()) == 4 * SECOND
    machine.step(HOUR)
    assert width_us(start.look()) == 4 * SECOND
    assert start.types() == ["clock.stepped"]


def test_whoever_is_put_to_sleep_between_two_readings_gets_a_wide_one() -> None:
    class Sleepy(Machine):
        def wall_us(self) -> int:
            found = super().wall_us()
            self.go(40 * SECOND)
            return found

    machine = Sleepy(is_synchronised=True)
    start = Start(machine)
    assert holds(start.look(), machine.true_us)
    assert width_us(start.seen[0]) >= 40 * SECOND


def test_clock_set_by_hand_between_two_readings_is_not_called_kept() -> None:
    class Hand(Machine):
        def wall_us(self) -> int:
            self.step(DAY)
            return super().wall_us()

    readings = SourceReader(Hand(is_synchronised=True)).read()
    assert readings.kernel is not None
    assert not readings.kernel.is_synchronised


def test_kernel_that_cannot_be_asked_and_no_battery_clock_leave_no_source() -> None:
    found = Timekeeper().read(Readings(5, 0, TRUE_US, None, None, 0), 3)
    assert (found.instant, found.doubt) == (Instant(3, 5, TIME_US_MIN, None), "no source of time")
    assert found.states == ()


def test_battery_clock_is_asked_once() -> None:
    class Counting(Machine):
        asked = 0

        def rtc(self) -> RtcReading | None:
            self.asked += 1
            return super().rtc()

    machine = Counting(rtc_error_us=0)
    reader = SourceReader(machine)
    assert reader.read() == reader.read()
    assert machine.asked == 1
