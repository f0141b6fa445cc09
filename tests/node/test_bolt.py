"""Orders to a bolt: once, in time, and ending in a word."""

from hypothesis import given
from hypothesis import strategies as st

from casewire import ACTIVE, INACTIVE, UNKNOWN
from node.bolt import Bolt, Pair

MOVE_MS = 500


class Shown:
    """What can be seen of a bolt, in the test's hand."""

    point = 1

    def __init__(self, state: int = INACTIVE) -> None:
        self.state = state
        self.is_unsure = False


def ordered(valid_ms: int = 5000) -> tuple[Bolt, Shown]:
    """A bolt with a release carried out at 1000."""
    shown = Shown()
    bolt = Bolt(shown, MOVE_MS)
    bolt.release(valid_ms, 1000)
    assert bolt.start(1000)
    return bolt, shown


def word(bolt: Bolt, now_ms: int) -> list[int]:
    changes: list[tuple[object, ...]] = []
    bolt.follow(now_ms)
    bolt.word(now_ms, changes)
    return [change[2] for change in changes]  # type: ignore[misc]


def test_an_order_that_was_followed_makes_the_next_one_a_new_one_however_short_it_is_valid() -> None:
    bolt, shown = ordered(valid_ms=10_000)
    shown.state = ACTIVE
    bolt.follow(1100)
    shown.state = INACTIVE
    bolt.release(2000, 2000)
    assert bolt.start(2000)


def test_a_bolt_that_nobody_looked_at_has_not_jammed() -> None:
    bolt, _ = ordered()
    assert word(bolt, 1000 + MOVE_MS) == [INACTIVE]
    assert not bolt.is_jammed


def test_a_bolt_that_nobody_can_see_has_not_jammed() -> None:
    bolt, shown = ordered()
    bolt.see(False)
    shown.state = UNKNOWN
    assert word(bolt, 1000 + MOVE_MS) == [UNKNOWN]
    assert not bolt.is_jammed


def test_a_bolt_that_is_about_to_be_seen_elsewhere_is_waited_for() -> None:
    bolt, shown = ordered()
    bolt.see(False)
    shown.is_unsure = True
    assert word(bolt, 1000 + MOVE_MS) == []
    shown.is_unsure, shown.state = False, ACTIVE
    bolt.see(True)
    assert word(bolt, 1050 + MOVE_MS) == []  # the change was the word
    assert not bolt.is_jammed


def test_a_bolt_that_was_looked_at_and_stayed_has_jammed_until_it_moves() -> None:
    bolt, shown = ordered()
    bolt.see(False)
    bolt.follow(999 + MOVE_MS)
    assert not bolt.is_jammed
    assert word(bolt, 1000 + MOVE_MS) == [INACTIVE]
    assert bolt.is_jammed
    shown.state = ACTIVE
    bolt.follow(9000)
    assert not bolt.is_jammed


def test_a_door_that_falls_shut_contradicts_nothing_until_it_stays_so() -> None:
    hook, door = Shown(), Shown(ACTIVE)
    pair = Pair(hook, door, 1000)
    pair.follow(0)
    pair.follow(999)
    assert not pair.is_contradiction
    pair.follow(1000)
    assert pair.is_contradiction
    hook.state = UNKNOWN  # not known to be over
    pair.follow(1100)
    assert pair.is_contradiction
    hook.state, door.state = INACTIVE, INACTIVE
    pair.follow(1200)
    assert not pair.is_contradiction


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["release", "lock", "turn", "lose", "look"]),
            st.integers(0, 3000),
            st.integers(0, 700),
            st.sampled_from([ACTIVE, INACTIVE, UNKNOWN]),
        ),
        max_size=30,
    )
)
def test_no_order_is_carried_out_twice_or_late(story) -> None:
    shown, now_ms = Shown(), 0
    bolt = Bolt(shown, MOVE_MS)
    untils: list[int] = []
    for event, valid_ms, pause_ms, state in story:
        now_ms += pause_ms
        shown.state = state
        if event == "release":
            bolt.release(valid_ms, now_ms)
            untils.append(now_ms + valid_ms)
        elif event == "lock":
            bolt.secure(now_ms)
            untils.clear()
        elif event == "lose":
            bolt.withdraw()
            untils.clear()
        elif event == "turn" and bolt.start(now_ms):
            assert any(now_ms <= until_ms for until_ms in untils)
            untils.clear()
            assert not bolt.start(now_ms)
        else:
            bolt.see(False)
            bolt.follow(now_ms)
