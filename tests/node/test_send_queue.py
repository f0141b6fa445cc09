"""The bounded queue: what is lost first, and that nothing is lost untold."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from node.config import QUEUE_RESERVE
from node.send_queue import (
    GAPS_QUEUED_MAX,
    LOST_RANGES_MAX,
    OWNER_BOOT,
    OWNER_GAP,
    OWNER_SNAPSHOT,
    SendQueue,
)

POINTS = 4
QUEUE_MAX = POINTS + QUEUE_RESERVE


def fill(queue: SendQueue, owners: list[int]) -> None:
    for seq, owner in enumerate(owners, start=1):
        queue.add(seq, owner, b"")


def waiting(queue: SendQueue) -> list[int]:
    return [entry.seq for entry in queue._entries]


def test_a_chattering_point_pays_for_itself() -> None:
    queue = SendQueue(QUEUE_MAX)
    fill(queue, [OWNER_BOOT, OWNER_SNAPSHOT, 1, 2] + [0] * 20)
    assert waiting(queue) == [1, 2, 3, 4, *range(17, 25)]
    assert queue.lost == [[5, 16]]
    assert queue.dropped == 12


def test_what_is_acked_waits_no_more_and_a_second_ack_changes_nothing() -> None:
    queue = SendQueue(QUEUE_MAX)
    fill(queue, [0, 1, 2])
    assert queue.ack(2)
    assert not queue.ack(2)
    assert not queue.ack(99)
    assert waiting(queue) == [1, 3]


def test_the_unsent_come_first_and_then_the_oldest_overdue() -> None:
    queue = SendQueue(QUEUE_MAX)
    fill(queue, [0, 1])
    for now_ms in (0, 10):
        queue.due(now_ms, 500).sent_ms = now_ms
    assert queue.due(499, 500) is None
    assert queue.due(500, 500).seq == 1
    queue.add(3, 2, b"")
    assert queue.due(600, 500).seq == 3


def test_a_gap_is_told_when_there_is_room_and_a_few_at_a_time() -> None:
    queue = SendQueue(QUEUE_MAX)
    fill(queue, [0] * (QUEUE_MAX + 1))
    assert queue.next_gap() is None
    queue.ack(2)
    assert queue.next_gap() == (1, 1)
    assert queue.next_gap() is None
    queue.lost = [[n, n] for n in range(20, 40, 2)]
    for seq in waiting(queue):
        queue.ack(seq)
    told = 0
    while queue.next_gap():
        told += 1
        queue.add(100 + told, OWNER_GAP, b"")
    assert told == GAPS_QUEUED_MAX


@given(st.lists(st.integers(-1, POINTS - 1) | st.tuples(st.integers(1, 400)), max_size=400))
def test_whatever_happens_the_newest_of_each_point_waits_and_every_loss_is_told(steps) -> None:
    """A number queues a message of that point, a tuple acks a sequence number."""
    queue = SendQueue(QUEUE_MAX)
    newest: dict[int, int] = {}
    seq, acked = 0, set()
    for step in steps:
        if isinstance(step, tuple):
            if queue.ack(step[0]):
                acked.add(step[0])
        elif step != OWNER_BOOT or queue.waiting(OWNER_BOOT) == 0:
            seq += 1
            newest[step] = seq
            queue.add(seq, step, b"")
        left = set(waiting(queue))
        told = {lost for first, last in queue.lost for lost in range(first, last + 1)}
        assert len(queue) <= QUEUE_MAX
        assert len(queue.lost) <= LOST_RANGES_MAX
        assert all(number in left or number in acked for number in newest.values())
        assert set(range(1, seq + 1)) == left | acked | told
        assert queue.lost == sorted(queue.lost)


def test_boot_snapshots_and_gaps_are_never_dropped() -> None:
    queue = SendQueue(QUEUE_MAX)
    fill(queue, [OWNER_GAP] * 4 + [0, 1, 2, 3] * 2 + [3])
    assert waiting(queue)[:4] == [1, 2, 3, 4]
    assert queue.lost == [[8, 8]]


def test_of_too_many_lost_ranges_the_nearest_two_become_one() -> None:
    queue = SendQueue(QUEUE_MAX)
    apart = [*range(10, 10 * (LOST_RANGES_MAX + 1), 10)]
    for seq in [*apart, 53]:
        queue._remember(seq)
    assert queue.lost == [[50, 53] if seq == 50 else [seq, seq] for seq in apart]


def test_what_falls_into_a_range_that_became_one_with_another_does_not_cut_it_short() -> None:
    queue = SendQueue(QUEUE_MAX)
    apart = range(10, 10 * (LOST_RANGES_MAX + 1), 10)
    for seq in [*apart, 53, 51]:
        queue._remember(seq)
    for seq in [*apart, 51, 53]:
        assert any(first <= seq <= last for first, last in queue.lost), seq


@given(st.lists(st.integers(1, 2_000), unique=True, max_size=200))
def test_lost_ranges_cover_all_that_was_dropped_in_any_order(dropped: list[int]) -> None:
    queue = SendQueue(QUEUE_MAX)
    for seq in dropped:
        queue._remember(seq)
    assert len(queue.lost) <= LOST_RANGES_MAX
    assert all(first <= last for first, last in queue.lost)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(queue.lost))
    for seq in dropped:
        assert any(first <= seq <= last for first, last in queue.lost)
