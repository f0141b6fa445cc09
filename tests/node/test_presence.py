"""Which tags lie on a reader, by its reads alone."""

from hypothesis import given
from hypothesis import strategies as st

from casewire import ACTIVE, INACTIVE, UNKNOWN
from node.presence import TAGS_MAX, Presence
from node.tag_line import TagSight

A, B = b"\x0a\x0a\x0a\x0a", b"\x0b\x0b\x0b\x0b"


def test_a_tag_comes_with_the_read_that_bears_it_out_and_dates_from_the_first() -> None:
    presence, changes = Presence(1000, 2), []
    presence.read(A, 100, changes)
    assert (changes, presence.has_fresh()) == ([], True)
    presence.read(A, 250, changes)
    assert (changes, presence.tags, presence.has_fresh()) == ([(1, A, 100)], [[A, 250]], False)


def test_a_single_read_that_is_not_borne_out_is_forgotten() -> None:
    presence, changes = Presence(1000, 2), []
    presence.read(A, 0, changes)
    presence.age(1000, changes)
    presence.read(A, 1001, changes)
    assert (changes, presence.tags) == ([], [])


def test_tags_that_are_told_in_turn_bear_out_each_its_own() -> None:
    presence, changes = Presence(1000, 2), []
    for at_ms, uid in enumerate((A, B, A, B)):
        presence.read(uid, at_ms, changes)
    assert changes == [(1, A, 0), (1, B, 1)]


def test_a_tag_goes_at_its_last_read() -> None:
    presence, changes = Presence(1000, 1), []
    presence.read(A, 0, changes)
    presence.read(A, 400, changes)
    presence.age(1399, changes)
    assert changes == [(1, A, 0)]
    presence.age(1400, changes)
    assert changes[1:] == [(0, A, 400)]


def test_what_lay_there_before_nobody_looked_is_told_again_when_it_is_read_and_goes_when_it_is_not() -> None:
    presence, changes = Presence(1000, 2), []
    for uid in (A, B):
        presence.read(uid, 0, changes)
        presence.read(uid, 1, changes)
    changes.clear()
    presence.doubt(50_000)
    presence.age(50_000, changes)
    assert (changes, presence.told()) == ([], [])
    presence.read(B, 50_100, changes)  # one read is enough: it is known
    assert (changes, presence.told()) == ([(1, B, 50_100)], [[B, 50_100]])
    presence.age(51_000, changes)
    assert changes[1:] == [(0, A, 1)]


@given(st.lists(st.integers(0, 200), max_size=400), st.sampled_from([1, 2]))
def test_memory_is_bounded_and_refusals_are_told(numbers, reads) -> None:
    presence, changes = Presence(10_000, reads), []
    taken = [presence.read(bytes((number,)) * 4, at, changes) for at, number in enumerate(numbers)]
    assert len(presence.tags) <= TAGS_MAX
    assert len(presence._fresh) <= TAGS_MAX
    assert len(presence.tags) == len(changes) == len({uid for _, uid, _ in changes})
    if not all(taken):
        assert len(presence.tags) == TAGS_MAX


def test_a_reader_is_unknown_until_it_answers_and_again_when_it_does_not() -> None:
    sight, changes = TagSight(5, 1000, 2), []
    assert sight.state == UNKNOWN
    assert not sight.miss(10)
    sight.see([], 20, changes)
    assert changes == [("contact", 5, INACTIVE, 20)]
    sight.see([A], 30, changes)
    sight.see([A], 40, changes)
    assert changes[1:] == [("tag", 5, 1, A, 30)]
    assert sight.state == ACTIVE
    assert sight.miss(50)
    assert sight.change() == ("contact", 5, UNKNOWN, 50)
    assert sight.tags() == [(5, A, 40)]


def test_a_reader_that_is_heard_again_tells_its_state_first_and_then_what_it_reads() -> None:
    sight, changes = TagSight(5, 1000, 1), []
    sight.see([A, B], 0, changes)
    sight.miss(100)
    changes.clear()
    sight.see([B], 9000, changes)
    assert changes == [("contact", 5, ACTIVE, 9000), ("tag", 5, 1, B, 9000)]
    sight.see([B], 10_000, changes)
    assert changes[2:] == [("tag", 5, 0, A, 0)]
