from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from casegateway.adapters.gpio_inputs import Inputs, Reading
from casegateway.limits import (
    GPIO_CHANGES_KEPT,
    GPIO_EDGE_LATE_MS,
    GPIO_EDGES_MISSED_MAX,
    GPIO_POLL_MS,
    GPIO_REREAD_MS,
)

DEBOUNCE_MS = 20


class Line17:
    """One input, looked at when it wants to be. `shows` is the world; `told` what came out, with its time."""

    def __init__(self, *, is_deaf: bool = False) -> None:
        self.inputs = Inputs()
        self.now_ms = 0.0
        self.is_deaf = is_deaf
        self.shows: Reading = False
        self.told: list[tuple[Reading, float]] = []
        self.inputs.add(17, False, DEBOUNCE_MS, 0)
        self.wait(100)

    def wait(self, ms: float) -> None:
        end_ms = self.now_ms + ms
        while self.inputs.look_ms <= end_ms:
            self.now_ms = max(self.now_ms, self.inputs.look_ms)
            if self.inputs.look(17, self.shows, self.now_ms):
                self.told.append((self.shows, self.now_ms))
            self.inputs.looked(self.now_ms)
        self.now_ms = end_ms

    def change(self, shows: Reading) -> None:
        self.shows = shows
        if not self.is_deaf:
            self.edge()

    def edge(self) -> None:
        if self.inputs.edge(17, self.shows, self.now_ms):
            self.told.append((self.shows, self.now_ms))


def test_edge_is_believed_at_once() -> None:
    line = Line17()
    line.change(True)
    assert line.told == [(True, line.now_ms)]
    line.wait(5_000)
    assert len(line.told) == 1
    assert line.inputs.edges_missed == 0


def test_edge_that_is_a_little_late_is_none_that_was_lost() -> None:
    line = Line17()
    line.wait(GPIO_REREAD_MS)
    line.shows = True
    line.now_ms = line.inputs.look_ms
    line.wait(GPIO_EDGE_LATE_MS - 1)  # read again right after the change, before the edge is told
    line.edge()
    line.wait(3_000)
    assert [shows for shows, _ in line.told] == [True]
    assert line.inputs.edges_missed == 0


def test_lost_edge_is_found_within_a_second_and_what_an_edge_may_be_late() -> None:
    line = Line17(is_deaf=True)
    began_ms = line.now_ms
    line.change(True)
    line.wait(2_000)
    assert [shows for shows, _ in line.told] == [True]
    assert line.told[0][1] - began_ms <= GPIO_REREAD_MS + GPIO_EDGE_LATE_MS + GPIO_POLL_MS
    assert (line.inputs.mode, line.inputs.edges_missed) == ("edges", 1)


def test_level_that_a_chatter_ends_on_is_told_where_the_library_keeps_the_later_edges_back() -> None:
    """The original RPi.GPIO ignores edges for `bouncetime` after the first (event_gpio.c)."""
    line = Line17()
    line.edge()  # the first touch: by the time that it is read the contact has bounced open again
    line.shows = True
    line.wait(100)
    assert [shows for shows, _ in line.told] == [True]
    assert line.inputs.edges_missed == 0


def test_chatter_does_not_keep_other_lines_from_being_read() -> None:
    line = Line17(is_deaf=True)
    line.inputs.add(18, False, DEBOUNCE_MS, line.now_ms)
    found_ms = None
    for step in range(2_000):
        line.inputs.edge(17, bool(step % 2), line.now_ms)
        line.now_ms += 1
        if line.now_ms >= line.inputs.look_ms:
            line.inputs.look(17, bool(step % 2), line.now_ms)
            if line.inputs.look(18, True, line.now_ms) and found_ms is None:
                found_ms = line.now_ms
            line.inputs.looked(line.now_ms)
    assert found_ms is not None


def test_too_many_lost_edges_mean_polling_with_the_reason() -> None:
    line = Line17(is_deaf=True)
    for number in range(GPIO_EDGES_MISSED_MAX):
        assert line.inputs.mode == "edges"
        line.change(number % 2 == 0)
        line.wait(2_000)
    assert line.inputs.mode == "polled"
    assert line.inputs.reason == "line 17: 3 of 3 changes came without an edge"
    began_ms = line.now_ms
    line.change(not line.shows)
    line.wait(200)
    assert line.told[-1][1] - began_ms <= DEBOUNCE_MS + 2 * GPIO_POLL_MS


def test_kernel_that_tells_of_one_direction_only_is_found_out() -> None:
    line = Line17()
    for number in range(2 * GPIO_EDGES_MISSED_MAX):
        line.is_deaf = number % 2 == 1
        line.change(number % 2 == 0)
        line.wait(2_000)
    assert line.inputs.mode == "polled"
    assert line.inputs.reason == "line 17: 3 of 6 changes came without an edge"


def test_one_edge_lost_now_and_then_is_forgotten() -> None:
    line = Line17()
    for number in range(5 * GPIO_CHANGES_KEPT):
        line.is_deaf = number % GPIO_CHANGES_KEPT == 3
        line.change(number % 2 == 0)
        line.wait(2_000)
    assert (line.inputs.mode, line.inputs.edges_missed) == ("edges", 5)


def test_polled_line_that_bounces_is_told_when_it_stands() -> None:
    line = Line17(is_deaf=True)
    line.inputs.poll("line 17: Failed to add edge detection")
    line.wait(1_000)
    for number in range(9):
        line.change(number % 2 == 0)
        line.wait(GPIO_POLL_MS)  # another level at each poll
    line.wait(200)
    assert [shows for shows, _ in line.told] == [True]


def test_edge_is_not_trusted_any_more_once_lines_are_polled() -> None:
    line = Line17()
    line.inputs.poll("first")
    line.inputs.poll("second")
    line.change(True)
    assert line.told == []
    line.wait(2_000)
    assert [shows for shows, _ in line.told] == [True]
    assert line.inputs.reason == "first"


@given(
    st.lists(
        st.tuples(st.sampled_from([True, False, None]), st.booleans(), st.integers(0, 3_000)), max_size=40
    )
)
def test_whatever_is_lost_the_level_that_stays_is_told_last_and_none_twice_in_a_row(
    story: list[tuple[Reading, bool, int]],
) -> None:
    line = Line17()
    for shows, is_deaf, ms in story:
        line.is_deaf = is_deaf
        line.change(shows)
        line.wait(ms)
    line.wait(GPIO_REREAD_MS + GPIO_EDGE_LATE_MS + 2 * GPIO_POLL_MS)
    told = [False] + [shows for shows, _ in line.told]
    assert told[-1] == line.shows
    assert all(a != b for a, b in pairwise(told))
