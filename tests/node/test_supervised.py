"""A loop with end-of-line resistors: five states, and what is told of each."""

import itertools

import pytest

from casewire import (
    ACTIVE,
    INACTIVE,
    LINE_FAULT,
    LINE_OPEN,
    LINE_SHORT,
    UNKNOWN,
    Contact,
    Feedback,
    Snapshot,
    SnapshotRequest,
    Troubles,
)
from node import supervised
from node.supervised import reading_of
from tests.node.bench import Bench, of_kind

LOOP = {"point": 1, "kind": "supervised", "pin": "AIN1", "debounce_ms": 20}
CLOSED, OPEN, SHORT, CUT = 1000, 2000, 20, 10**7


def bench(**changes: object) -> Bench:
    return Bench(points=[{**LOOP, **changes}])


def told(found: Bench, ohm: int) -> list:
    """What the node says when the loop becomes one of `ohm`."""
    found.pins[1].ohm = ohm
    return [
        frame.message for frame in found.run(100) if isinstance(frame.message, Contact | Feedback | Troubles)
    ]


@pytest.mark.parametrize(
    ("ohm", "state", "trouble"),
    [
        (0, UNKNOWN, LINE_SHORT),
        (300, UNKNOWN, LINE_SHORT),
        (500, UNKNOWN, LINE_FAULT),
        (800, INACTIVE, 0),
        (1000, INACTIVE, 0),
        (1250, INACTIVE, 0),
        (1400, UNKNOWN, LINE_FAULT),
        (1650, ACTIVE, 0),
        (2000, ACTIVE, 0),
        (2500, ACTIVE, 0),
        (4000, UNKNOWN, LINE_FAULT),
        (8000, UNKNOWN, LINE_OPEN),
        (10**7, UNKNOWN, LINE_OPEN),
    ],
)
def test_a_start_tells_the_state_and_the_trouble_of_a_loop(ohm: int, state: int, trouble: int) -> None:
    found = bench()
    found.pins[1].ohm = ohm
    heard = found.settle()
    assert of_kind(heard, Snapshot) == [Snapshot(0, 1, ((1, state),))]
    assert of_kind(heard, Troubles) == [Troubles(((1, trouble),))]


def test_the_bounds_do_not_touch_each_other() -> None:
    bounds = [
        supervised.SHORT_OHM_MAX, supervised.CLOSED_OHM_MIN, supervised.CLOSED_OHM_MAX, supervised.OPEN_OHM_MIN,
        supervised.OPEN_OHM_MAX, supervised.CUT_OHM_MIN,
    ]  # fmt: skip
    readings = [reading_of(ohm) for ohm in bounds]
    assert readings == sorted(set(readings))
    # A step of the 12-bit converter, and an error of ten of them, is far smaller than any distance.
    assert min(b - a for a, b in itertools.pairwise(readings)) > 2 * 10 * 16


def test_resistors_of_five_percent_and_a_long_wire_stay_inside_their_state() -> None:
    for error in (-5, 5):
        pull_up = supervised.PULL_UP_OHM * (100 - error) // 100
        for ohm, least, most in (
            (supervised.SERIES_OHM, supervised.CLOSED_OHM_MIN, supervised.CLOSED_OHM_MAX),
            (supervised.SERIES_OHM + supervised.ACROSS_OHM, supervised.OPEN_OHM_MIN, supervised.OPEN_OHM_MAX),
        ):
            loop = ohm * (100 + error) // 100 + (20 if error > 0 else 0)
            assert reading_of(least) < 65535 * loop // (pull_up + loop) < reading_of(most)


def test_a_door_that_opens_is_told_as_a_contact_without_trouble() -> None:
    found = bench()
    found.settle()
    assert told(found, OPEN) == [Contact(1, ACTIVE)]
    assert told(found, CLOSED) == [Contact(1, INACTIVE)]


def test_a_normally_open_button_is_active_when_closed() -> None:
    found = bench(active_level=0)
    found.pins[1].ohm = OPEN
    assert of_kind(found.settle(), Snapshot) == [Snapshot(0, 1, ((1, INACTIVE),))]
    assert told(found, CLOSED) == [Contact(1, ACTIVE)]


def test_a_bolt_tells_as_feedback() -> None:
    found = bench(tells="feedback")
    found.settle()
    assert told(found, OPEN) == [Feedback(1, ACTIVE)]


def test_a_cut_wire_is_unknown_with_its_trouble_and_a_mended_one_is_known_again() -> None:
    found = bench()
    found.settle()
    assert told(found, CUT) == [Contact(1, UNKNOWN), Troubles(((1, LINE_OPEN),))]
    assert told(found, SHORT) == [Troubles(((1, LINE_SHORT),))]
    assert told(found, CLOSED) == [Contact(1, INACTIVE), Troubles(((1, 0),))]


def test_a_loop_that_will_not_be_still_is_unknown_and_in_no_trouble_of_the_line() -> None:
    found = bench()
    found.settle()
    heard = []
    for turn in range(150):
        found.pins[1].ohm = OPEN if turn % 2 else CLOSED
        heard += found.run(10)
    assert of_kind(heard, Contact) == [Contact(1, UNKNOWN)]
    assert of_kind(heard, Troubles) == []


def test_a_snapshot_asked_for_tells_the_trouble_again() -> None:
    found = bench()
    found.settle()
    told(found, CUT)
    found.order(SnapshotRequest())
    heard = found.run(100)
    assert of_kind(heard, Snapshot) == [Snapshot(0, 1, ((1, UNKNOWN),))]
    assert of_kind(heard, Troubles) == [Troubles(((1, LINE_OPEN),))]
