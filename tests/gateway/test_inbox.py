import random

from casegateway.inbox import Inbox
from casegateway.limits import HELD_FRAMES_MAX, HOLE_MS
from casewire import Contact, Frame, Gap, Message


def frame(seq: int, message: Message | None = None) -> Frame:
    message = message or Contact(1, seq % 2)
    return Frame(message.KIND, 7, 1, seq, seq, message)


def never(_seq: int) -> bool:
    return False


def take(inbox: Inbox, now_us: int = 0) -> list[int]:
    return [f.seq for f in inbox.release(now_us, never).frames]


def test_frames_come_out_in_the_order_of_the_node_whatever_the_line_does() -> None:
    draw = random.Random(4)
    for _ in range(50):
        seqs = list(range(1, 40))
        draw.shuffle(seqs)
        inbox, out = Inbox(1, 1), []
        for seq in seqs:
            inbox.hold(frame(seq))
            out += take(inbox)
        assert out == sorted(seqs)
        assert len(inbox) == 0


def test_missing_message_is_waited_for_and_then_told() -> None:
    inbox = Inbox(1, 1)
    for seq in (1, 4, 5):
        inbox.hold(frame(seq))
    assert take(inbox) == [1]
    assert inbox.wake_us() == HOLE_MS * 1_000
    delivery = inbox.release(HOLE_MS * 1_000, never)
    assert delivery.holes == [(2, 3)]
    assert [f.seq for f in delivery.frames] == [4, 5]
    assert inbox.wake_us() is None


def test_message_that_comes_after_it_was_given_up_is_still_taken() -> None:
    inbox = Inbox(1, 1)
    inbox.hold(frame(3))
    inbox.release(0, never)
    inbox.release(HOLE_MS * 1_000, never)
    inbox.hold(frame(2))
    assert take(inbox) == [2]


def test_gap_told_by_the_node_is_not_waited_for() -> None:
    inbox = Inbox(1, 1)
    inbox.hold(frame(1))
    inbox.hold(frame(7, Gap(2, 6)))
    delivery = inbox.release(0, never)
    assert [f.seq for f in delivery.frames] == [1, 7]
    assert delivery.holes == []


def test_messages_already_in_the_log_leave_no_hole() -> None:
    inbox = Inbox(1, 1)
    inbox.hold(frame(4))
    assert [f.seq for f in inbox.release(0, lambda seq: seq in (1, 2, 3)).frames] == [4]


def test_after_a_start_the_first_message_may_have_any_number() -> None:
    inbox = Inbox(1, None)
    inbox.hold(frame(900))
    assert take(inbox) == [900]


def test_full_inbox_drops_the_newest_for_the_node_sends_it_again() -> None:
    inbox = Inbox(1, 1)
    for seq in range(2, HELD_FRAMES_MAX + 20):
        inbox.hold(frame(seq))
    assert len(inbox) == HELD_FRAMES_MAX
    assert inbox.dropped == 18
    inbox.hold(frame(1))
    assert take(inbox)[:3] == [1, 2, 3]


def test_absurd_jump_of_the_numbers_is_a_hole_and_not_an_endless_walk() -> None:
    inbox = Inbox(1, 1)
    inbox.hold(frame(2**32 - 1))
    assert take(inbox) == []
    assert inbox.release(HOLE_MS * 1_000, never).holes == [(1, 2**32 - 2)]
