"""The node from start to lost link, with a clock and a line in the test's hand."""

import itertools

import pytest

from casewire import (
    ACTIVE,
    INACTIVE,
    UNKNOWN,
    Ack,
    Boot,
    Command,
    Contact,
    Feedback,
    Gap,
    Heartbeat,
    Snapshot,
    SnapshotRequest,
    Tag,
)
from tests.node.bench import (
    BOOT,
    DOOR,
    GATEWAY_BOOT,
    LAMP,
    LOCK,
    OTHER_TAG,
    OTHER_TAG_READ,
    READER,
    SOUNDER,
    TAG,
    TAG_READ,
    Bench,
    of_kind,
)

REST = ((1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0))


def test_a_node_starts_with_boot_and_then_one_snapshot_of_every_point() -> None:
    heard = Bench().settle()
    told = [frame for frame in heard if frame.seq]
    assert [frame.message for frame in told] == [Boot(0, 1), Snapshot(0, 1, REST)]
    assert [frame.seq for frame in told] == [1, 2]
    assert {frame.boot for frame in heard} == {BOOT}


def test_the_line_is_opened_with_a_zero_byte() -> None:
    bench = Bench()
    bench.node.step()
    assert bench.port.from_node[:1] == b"\x00"


def test_a_contact_that_chatters_at_start_is_unknown_in_the_snapshot() -> None:
    bench = Bench()
    heard = []
    for _ in range(60):
        bench.pins[1].level ^= 1
        heard += bench.run(5)
    assert of_kind(heard, Snapshot) == [Snapshot(0, 1, ((1, UNKNOWN), *REST[1:]))]
    assert of_kind(bench.run(100), Contact) == [Contact(1, INACTIVE)]


def test_a_heartbeat_comes_each_second_with_seq_zero() -> None:
    bench = Bench()
    beats = [frame for frame in bench.run(10_000) if frame.kind == Heartbeat.KIND]
    assert [frame.seq for frame in beats] == [0] * 10
    gaps = [later.uptime_ms - earlier.uptime_ms for earlier, later in itertools.pairwise(beats)]
    assert set(gaps) == {1000}
    assert beats[-1].message == Heartbeat(0, 0, 1000)


def test_uptime_goes_on_over_the_wrap_of_the_tick_counter() -> None:
    bench = Bench()
    uptimes = [frame.uptime_ms for frame in bench.run(5_000) if frame.kind == Heartbeat.KIND]
    assert bench.clock() < bench.start_ms
    assert uptimes == sorted(uptimes)
    assert uptimes[-1] <= bench.uptime_ms


def test_a_contact_is_told_once_it_is_stable_with_the_time_it_began() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[1].level = 1
    began_ms = bench.uptime_ms
    heard = bench.run(100)
    assert of_kind(heard, Contact) == [Contact(1, ACTIVE)]
    assert heard[0].uptime_ms == began_ms + 5
    assert of_kind(bench.run(2000), Contact) == []


def test_a_glitch_shorter_than_the_debounce_is_not_told() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[1].level = 1
    bench.run(15)
    bench.pins[1].level = 0
    assert of_kind(bench.run(500), Contact) == []


def test_a_contact_that_will_not_be_still_becomes_unknown() -> None:
    bench = Bench()
    bench.settle()
    heard = []
    for _ in range(300):
        bench.pins[1].level ^= 1
        heard += bench.run(5)
    assert of_kind(heard, Contact) == [Contact(1, UNKNOWN)]


def test_a_lock_feedback_is_told_as_feedback() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[2].level = 1
    assert of_kind(bench.run(100), Feedback) == [Feedback(2, ACTIVE)]


def test_a_message_is_sent_again_bit_for_bit_until_it_is_acked() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[1].level = 1
    heard = [frame for frame in bench.run(2000, acking=False) if frame.kind == Contact.KIND]
    assert len(heard) == 4
    assert len(set(heard)) == 1
    bench.order(Ack(BOOT, heard[0].seq))
    assert of_kind(bench.run(2000, acking=False), Contact) == []


def test_an_ack_takes_its_own_message_only() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[1].level = 1
    bench.pins[2].level = 1
    first, second = [frame for frame in bench.run(100, acking=False) if frame.seq]
    bench.order(Ack(BOOT, second.seq))
    bench.order(Ack(BOOT - 1, first.seq))
    again = [frame for frame in bench.run(1000, acking=False) if frame.seq]
    assert set(again) == {first}


def test_a_snapshot_request_is_answered_with_states_and_the_tag_that_lies_there() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[1].level = 1
    bench.pins[3].to_node = TAG_READ
    bench.run(100)
    bench.order(SnapshotRequest())
    heard = bench.run(100)
    assert of_kind(heard, Snapshot) == [Snapshot(0, 1, ((1, 1), (2, 0), (3, 1), (4, 0), (5, 0), (6, 0)))]
    assert of_kind(heard, Tag) == [Tag(3, 1, TAG)]


def test_many_snapshot_requests_queue_one_snapshot() -> None:
    bench = Bench()
    bench.settle()
    for _ in range(50):
        bench.order(SnapshotRequest())
    assert len(of_kind(bench.run(400, acking=False), Snapshot)) == 1


def test_a_node_with_many_points_sends_its_snapshot_in_parts() -> None:
    points = [{"point": n, "kind": "contact", "pin": n} for n in range(150)]
    bench = Bench(points=points, queue_max=200)
    parts = of_kind(bench.settle(), Snapshot)
    assert [(part.part, part.parts, len(part.points)) for part in parts] == [(0, 2, 99), (1, 2, 51)]


def test_a_tag_is_told_when_it_comes_and_when_it_is_no_longer_read() -> None:
    bench = Bench()
    bench.settle()
    heard = []
    for _ in range(20):  # lies there for two seconds
        bench.pins[3].to_node = TAG_READ
        heard += bench.run(100)
    last_read_ms = bench.uptime_ms - 95
    heard += bench.run(5000)
    tags = [frame for frame in heard if frame.kind == Tag.KIND]
    assert [frame.message for frame in tags] == [Tag(3, 1, TAG), Tag(3, 0, TAG)]
    assert tags[1].uptime_ms == last_read_ms


def test_a_tag_that_lies_there_at_start_is_told_once_after_the_snapshot() -> None:
    bench = Bench()
    bench.pins[3].to_node = TAG_READ
    told = [frame.message for frame in bench.settle() if frame.seq]
    assert told == [
        Boot(0, 1),
        Snapshot(0, 1, ((1, 0), (2, 0), (3, 1), (4, 0), (5, 0), (6, 0))),
        Tag(3, 1, TAG),
    ]


def test_two_tags_on_one_reader_are_both_told_and_both_told_again_on_request() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[3].to_node = TAG_READ + OTHER_TAG_READ
    both = [Tag(3, 1, TAG), Tag(3, 1, OTHER_TAG)]
    assert of_kind(bench.run(100), Tag) == both
    bench.order(SnapshotRequest())
    assert of_kind(bench.run(100), Tag) == both


def test_a_command_moves_its_output_and_is_answered_with_what_the_pin_shows() -> None:
    bench = Bench()
    bench.settle()
    bench.order(Command(4, ACTIVE, 77, 2000))
    assert of_kind(bench.run(50), Feedback) == [Feedback(4, ACTIVE)]
    assert bench.pins[4].level == 1


def test_a_command_to_something_else_than_an_output_moves_nothing() -> None:
    bench = Bench()
    bench.settle()
    bench.order(Command(1, ACTIVE, 77, 2000))
    bench.order(Command(99, ACTIVE, 78, 2000))
    assert of_kind(bench.run(50), Feedback) == []
    assert bench.pins[1].level == 0


@pytest.mark.parametrize(("age_ms", "moved"), [(1990, 1), (2100, 0)])
def test_a_command_that_lay_in_a_buffer_longer_than_it_is_valid_moves_nothing(age_ms, moved) -> None:
    bench = Bench()
    bench.settle()
    bench.order(Command(4, ACTIVE, 77, 2000), made_ms_ago=age_ms)
    assert of_kind(bench.run(50), Feedback) == [Feedback(4, moved)]
    assert bench.pins[4].level == moved


def test_a_command_taken_twice_moves_its_output_once() -> None:
    bench = Bench()
    bench.settle()
    wire = bench.order(Command(4, ACTIVE, 77, 60_000))
    bench.run(50)
    bench.order(Command(4, INACTIVE, 78, 60_000))
    bench.run(50)
    bench.port.to_node += wire
    assert of_kind(bench.run(50), Feedback) == []
    assert bench.pins[4].level == 0
    assert bench.node.link.refused == 1


def test_a_node_that_has_just_started_takes_no_command_recorded_before() -> None:
    bench = Bench()
    bench.order(Command(4, ACTIVE, 77, 60_000))
    bench.order(Ack(BOOT - 1, 1))
    bench.order(SnapshotRequest())
    bench.run(500, acking=False)
    assert bench.pins[4].level == 0
    assert bench.node.link.refused == 3
    assert bench.node.link.is_lost


def test_an_output_whose_pin_shows_something_else_is_told() -> None:
    bench = Bench()
    bench.settle()
    bench.pins[4].level = 1  # shorted to the supply
    assert of_kind(bench.run(50), Feedback) == [Feedback(4, ACTIVE)]


def test_outputs_take_their_declared_state_when_the_gateway_falls_silent() -> None:
    bench = Bench()
    bench.settle()
    for output in (LOCK, SOUNDER):
        bench.order(Command(output["point"], ACTIVE, 1, 2000))
    bench.run(100)
    bench.order(Ack(BOOT, 0))
    bench.run(5000, acking=False)
    assert [bench.pins[p].level for p in (4, 5, 6)] == [1, 0, 1]
    bench.run(5, acking=False)
    assert [bench.pins[p].level for p in (4, 5, 6)] == [0, 1, 1]
    assert bench.node.link.is_lost


def test_what_changed_while_the_link_was_lost_is_told_afterwards() -> None:
    bench = Bench()
    bench.settle()
    bench.run(6000, acking=False)
    bench.pins[1].level = 1
    lost = bench.run(3000, acking=False)
    assert {frame.kind for frame in lost} == {
        Heartbeat.KIND,
        Feedback.KIND,
    }  # one message asks, the rest waits
    heard = bench.run(200)
    bench.order(Ack(BOOT, 0))
    heard += bench.run(600)
    assert set(of_kind(heard, Contact)) == {Contact(1, ACTIVE)}
    assert set(of_kind(heard, Feedback)) == {Feedback(LAMP["point"], ACTIVE)}
    assert not bench.node.link.is_lost


def test_outputs_take_their_declared_state_when_no_gateway_ever_comes() -> None:
    bench = Bench()
    bench.run(5005, acking=False)
    assert bench.pins[5].level == 1


def test_an_ack_of_seq_zero_keeps_the_link_alive() -> None:
    bench = Bench()
    bench.settle()
    for _ in range(20):
        bench.run(1000, acking=False)
        bench.order(Ack(BOOT, 0))
    bench.run(10, acking=False)
    assert not bench.node.link.is_lost
    assert bench.pins[5].level == 0


def test_a_replayed_frame_does_not_keep_the_link_alive() -> None:
    bench = Bench()
    bench.settle()
    wire = bench.order(Ack(BOOT, 0))
    for _ in range(6):
        bench.run(1000, acking=False)
        bench.port.to_node += wire
    assert bench.node.link.is_lost


def test_a_gateway_that_started_anew_is_believed_and_its_old_frames_no_more() -> None:
    bench = Bench()
    bench.settle()
    bench.order(Command(4, ACTIVE, 1, 2000), boot=GATEWAY_BOOT + 1, seq=1)
    bench.run(20, acking=False)
    assert bench.pins[4].level == 1
    bench.order(Command(4, INACTIVE, 2, 2000), boot=GATEWAY_BOOT)
    bench.run(20, acking=False)
    assert bench.pins[4].level == 1


def test_garbage_on_the_line_is_counted_and_the_node_goes_on() -> None:
    bench = Bench()
    bench.settle()
    bench.port.to_node += bytes(range(256)) * 20
    bench.run(300, acking=False)
    bench.order(Ack(BOOT, 0))
    bench.order(Command(4, ACTIVE, 77, 2000))
    bench.run(50)
    assert bench.pins[4].level == 1
    assert bench.node.link.counters["bytes_dropped"] > 0


def test_a_port_that_takes_a_few_bytes_at_a_time_gets_whole_frames() -> None:
    bench = Bench()
    heard = []
    for _ in range(400):
        bench.port.room = 3
        heard += bench.run(5)
    assert [f.message for f in heard if f.seq][:2] == [Boot(0, 1), Snapshot(0, 1, REST)]
    assert bench.decoder.counters["bytes_dropped"] == 0


def test_a_full_queue_tells_its_gap_and_keeps_the_newest_of_each_point() -> None:
    bench = Bench(points=[DOOR, READER, LOCK], queue_max=11)
    bench.settle()
    bench.run(5000, acking=False)
    bench.pins[3].to_node = TAG_READ
    bench.run(100, acking=False)
    for level in [1, 0] * 15 + [1]:
        bench.pins[1].level = level
        bench.run(50, acking=False)
    heard = bench.run(3000)
    contacts = sorted({f for f in heard if f.kind == Contact.KIND}, key=lambda f: f.seq)
    assert contacts[-1].message == Contact(1, ACTIVE)
    assert Tag(3, 1, TAG) in of_kind(heard, Tag)
    gaps = set(of_kind(heard, Gap))
    missing = {seq for gap in gaps for seq in range(gap.first_seq, gap.last_seq + 1)}
    arrived = {frame.seq for frame in heard if frame.seq}
    assert missing
    assert missing.isdisjoint(arrived)
    assert missing | arrived >= set(range(min(arrived), max(arrived) + 1))
    assert bench.node.link.queue.dropped == len(missing)


def test_the_watchdog_is_fed_after_a_full_scan_and_not_by_one_that_failed() -> None:
    bench = Bench()
    bench.run(50)
    assert bench.fed == 10
    bench.pins[2].value = None  # an input that cannot be read
    with pytest.raises(TypeError):
        bench.node.step()
    assert bench.fed == 10
