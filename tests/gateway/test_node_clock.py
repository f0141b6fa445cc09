from hypothesis import given
from hypothesis import strategies as st

from casegateway.events import Moment
from casegateway.node_clock import NodeClock
from caselog.clock import Instant

NODE_START_US = 5_000_000
WALL_US = 1_000_000_000_000_000


def at(real_us: int, rate: float = 1.0) -> Moment:
    station_us = WALL_US + int(real_us * rate)
    return Moment(Instant(1, real_us, station_us, station_us), real_us, rate)


def test_quickest_frame_dates_the_others() -> None:
    clock = NodeClock()
    for uptime_ms, delay_us in ((1_000, 90_000), (2_000, 4_000), (3_000, 50_000)):
        clock.note(uptime_ms, NODE_START_US + uptime_ms * 1_000 + delay_us)
    now_us = NODE_START_US + 10_000_000
    assert clock.age_us(3_000, now_us) == 7_000_000 - 4_000


def test_age_is_never_negative() -> None:
    clock = NodeClock()
    clock.note(1_000, NODE_START_US)
    assert clock.age_us(2_000, NODE_START_US) == 0
    assert NodeClock().age_us(2_000, NODE_START_US) == 0


@given(
    delays_us=st.lists(st.integers(1_000, 20_000), min_size=1, max_size=20),
    event_ms=st.integers(0, 20_000),
    waits_ms=st.integers(0, 86_400_000),
    ppm=st.integers(-50, 50),
    rate=st.sampled_from([1.0, 60.0]),
)
def test_interval_holds_the_true_time_for_any_line_and_crystal(
    delays_us: list[int], event_ms: int, waits_ms: int, ppm: int, rate: float
) -> None:
    """The node's crystal is off by `ppm`; its frames need 1 to 20 ms; the event waits up to a day."""
    event_us = NODE_START_US + event_ms * 1_000
    now_us = event_us + waits_ms * 1_000 + 30_000

    def uptime_ms(real_us: int) -> int:
        return int((real_us - NODE_START_US) * (1 + ppm / 1e6)) // 1_000

    clock = NodeClock()
    for number, delay_us in enumerate(delays_us):
        sent_us = max(NODE_START_US, now_us - 1_000_000 * (len(delays_us) - number))
        clock.note(uptime_ms(sent_us), sent_us + delay_us)
    earliest, latest = clock.occurred_us(uptime_ms(event_us), at(now_us, rate))
    true_us = WALL_US + int(event_us * rate)
    slack_us = int(2_000 * rate)  # the uptime is whole milliseconds, twice
    assert latest is not None
    assert earliest - slack_us <= true_us <= latest + slack_us


def test_old_quickest_frame_is_forgotten_after_two_windows() -> None:
    clock = NodeClock()
    clock.note(0, NODE_START_US)
    slow = 1.001  # a node whose clock runs a thousandth slow
    for second in range(1, 240):
        clock.note(int(second * 1_000 / slow), NODE_START_US + second * 1_000_000)
    last = int(239_000 / slow)
    assert clock.age_us(last, NODE_START_US + 239_000_000) < 121_000  # two windows of drift, not four minutes


def test_unknown_wall_clock_leaves_the_latest_open() -> None:
    clock = NodeClock()
    clock.note(1_000, NODE_START_US)
    now = Moment(Instant(1, 0, WALL_US, None), NODE_START_US + 500_000)
    earliest, latest = clock.occurred_us(1_000, now)
    assert latest is None
    assert earliest < WALL_US - 500_000
