"""Stretches of time: what is counted in seconds is counted without loss and without counting twice."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from caseserver.web.present.intervals import meet, minus, seconds, union

STRETCHES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def points(stretches: list[tuple[int, int]]) -> set[int]:
    """The same as a set of unit steps: a second, simple account to compare with."""
    return {n for start, end in stretches for n in range(start, end)}


@given(STRETCHES)
def test_a_union_is_sorted_disjoint_and_the_same_time(stretches: list[tuple[int, int]]) -> None:
    joined = union(stretches)
    assert points(joined) == points(stretches)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(joined))


@given(STRETCHES, STRETCHES)
def test_meet_and_minus_divide_the_first(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    assert points(meet(left, right)) == points(left) & points(right)
    assert points(minus(left, right)) == points(left) - points(right)


def test_a_part_of_a_second_that_was_missing_is_a_second() -> None:
    assert seconds([(0, 1)]) == 1
    assert seconds([(0, 2_000_000), (1_000_000, 3_000_000)]) == 3
    assert seconds([]) == 0
