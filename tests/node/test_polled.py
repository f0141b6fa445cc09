"""Turns on a polled line, and what has to be shown before it is believed."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from casefield.fakes.krcu_board import FakeBoards
from casewire import ACTIVE, INACTIVE, UNKNOWN
from node import krcu
from node.polled import CHATTER_MS, Sighting
from tests.node.bus_bench import BusBench


def bench(boards: int, move_ms_max: int = 1500) -> BusBench:
    """Boards of one lock each: board B has point B."""
    tables = [
        {
            "board": board,
            "profile": "cu16",
            "move_ms_max": move_ms_max,
            "locks": [{"lock": 1, "point": board}],
        }
        for board in range(boards)
    ]
    config = krcu.KrCuConfig("devices[0]", {"kind": "krcu", "bus": "RS1", "boards": tables})
    made = BusBench(lambda wire: krcu.device(config, wire), FakeBoards("cu16", list(range(boards))))
    made.run(200 * boards)
    return made


def test_a_state_counts_when_two_answers_show_it_and_dates_from_the_first() -> None:
    point = Sighting("contact", 1)
    assert not point.see(ACTIVE, 100)
    assert (point.state, point.is_unsure) == (UNKNOWN, True)
    assert point.see(ACTIVE, 150)
    assert point.change() == ("contact", 1, ACTIVE, 100)
    assert not point.is_unsure


def test_what_was_seen_before_a_silence_confirms_nothing_after_it() -> None:
    point = Sighting("contact", 1)
    point.see(ACTIVE, 100)
    point.see(ACTIVE, 150)
    assert point.miss(200)
    assert not point.see(ACTIVE, 900)
    assert point.state == UNKNOWN
    assert point.see(ACTIVE, 950)


def test_one_answer_that_differs_changes_nothing() -> None:
    point = Sighting("contact", 1)
    for at_ms, state in enumerate([INACTIVE, INACTIVE, ACTIVE, INACTIVE, INACTIVE]):
        point.see(state, at_ms)
        assert point.state in (UNKNOWN, INACTIVE)


@given(st.lists(st.tuples(st.sampled_from([ACTIVE, INACTIVE, None]), st.integers(0, 400)), max_size=60))
def test_no_state_is_told_that_two_answers_in_succession_did_not_show(story) -> None:
    point, now_ms, answers = Sighting("contact", 1), 0, []
    for state, pause_ms in story:
        now_ms += pause_ms
        if state is None:
            point.miss(now_ms)
        else:
            point.see(state, now_ms)
        answers.append(state)
        if point.state != UNKNOWN:
            pairs = list(itertools.pairwise(answers))
            newest = max(at for at, pair in enumerate(pairs) if pair[0] == pair[1])
            assert pairs[newest][0] == point.state
            assert None not in answers[newest:]


def test_a_point_that_is_never_the_same_twice_is_unknown_after_a_while() -> None:
    point = Sighting("contact", 1)
    point.see(INACTIVE, 0)
    point.see(INACTIVE, 50)
    seen = INACTIVE
    for at_ms in range(100, CHATTER_MS, 50):
        seen = ACTIVE if seen == INACTIVE else INACTIVE
        point.see(seen, at_ms)
        assert point.state == INACTIVE
    seen = ACTIVE if seen == INACTIVE else INACTIVE
    assert point.see(seen, CHATTER_MS + 50)
    assert point.state == UNKNOWN


def test_a_damaged_answer_is_asked_for_once_more_before_its_board_is_unknown() -> None:
    made = bench(1)
    for damaged, told in ((1, False), (2, True)):
        made.changes.clear()
        left = damaged
        asked = made.device.asked
        made.fake.lie = "badsum"
        while made.device.asked < asked + left:
            made.run(5)
        made.run(20)  # the last of them is on its way
        made.fake.lie = "none"
        made.run(400)
        assert (UNKNOWN in [change[2] for change in made.changes]) == told
        assert made.state(0) == INACTIVE


def test_a_board_that_is_always_urgent_gets_every_other_turn_only() -> None:
    made = bench(8, move_ms_max=10_000)
    made.fake.jammed.add((0, 1))
    made.put(0, ACTIVE)
    made.run(500)
    made.wire.written.clear()
    made.run(3000)
    ours = [frame for frame in made.wire.written if frame[1] >> 4 == 0]
    assert len(ours) <= len(made.wire.written) * 2 // 3
    made.fake.set_hook(7, 1, shut=False)
    made.until(("feedback", 7, ACTIVE), 600)
