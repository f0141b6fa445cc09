"""What was told and not acked outlives a reset: what is kept, when it is written, and what a damaged file is worth."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewire import ACTIVE, INACTIVE, Ack, Boot, Contact, Feedback, Gap, Kept, Snapshot, SnapshotRequest, Tag
from node import keep
from node.keep import CHECK_MS, GAPS_MAX, QUICK_SAVES_MAX, SLOW_MS, Keep, bounded, load
from node.send_queue import LOST_RANGES_MAX
from tests.node.bench import TAG, TAG_READ, Bench, of_kind

QUEUE_MAX = 64


def node_of(path: Path, boot: int = 4, **changes: object) -> Bench:
    """A node that has just started with what the file holds. Its outputs stay as they are, so they tell nothing."""
    kept = Keep(str(path), boot, changes.get("queue_max", QUEUE_MAX))
    return Bench(boot=boot, keep=kept, **{"link_lost_ms": 600_000, **changes})


def turn(bench: Bench, level: int, *, wait_ms: int = 2_500) -> int:
    """Open or close the door with nobody acking; return the uptime of it."""
    bench.pins[1].level = level
    began_ms = bench.uptime_ms + 5
    bench.run(wait_ms, acking=False)
    return began_ms


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "kept"


def test_nothing_is_written_while_the_gateway_acks(path) -> None:
    bench = node_of(path)
    bench.settle()
    for step in range(20):
        bench.pins[1].level ^= 1
        bench.run(50 + step)
    bench.run(5_000)
    assert bench.node._keep.saves == 0
    assert not path.exists()


def test_what_was_not_acked_is_told_in_the_next_boot_as_it_was_numbered_and_timed(path) -> None:
    bench = node_of(path)
    bench.settle()
    opened_ms = turn(bench, 1)
    closed_ms = turn(bench, 0)
    bench.pins[3].to_node = TAG_READ
    bench.run(2_500, acking=False)
    seqs = [entry.seq for entry in bench.node.link.queue.entries]

    told = [frame for frame in node_of(path, 5).settle() if frame.seq]
    assert [frame.message for frame in told[:4]] == [
        Boot(0, 1),
        Kept(4, seqs[0], opened_ms, Contact(1, ACTIVE)),
        Kept(4, seqs[1], closed_ms, Contact(1, INACTIVE)),
        Kept(4, seqs[2], 5_605, Tag(3, 1, TAG)),
    ]
    assert [frame.seq for frame in told[:5]] == [1, 2, 3, 4, 5]
    assert isinstance(told[4].message, Snapshot)


def test_what_happened_less_than_two_seconds_before_the_power_went_is_all_that_is_lost(path) -> None:
    for wait_ms in range(0, 2_600, 200):
        bench = node_of(path)
        bench.settle()
        turn(bench, 1, wait_ms=wait_ms)
        is_kept = bool(load(str(path))[1])
        assert is_kept or wait_ms <= 2 * CHECK_MS
        path.unlink(missing_ok=True)
    assert is_kept


def test_a_node_that_fails_keeps_all_it_has_before_it_resets(path) -> None:
    bench = node_of(path)
    bench.settle()
    turn(bench, 1, wait_ms=50)
    assert not path.exists()
    bench.node.save()
    bench.node.save()  # and does not write it twice
    saves, messages = load(str(path))
    assert (saves, [message.message for message in messages]) == (1, [Contact(1, ACTIVE)])


def test_the_file_goes_when_all_is_acked(path) -> None:
    bench = node_of(path)
    bench.settle()
    turn(bench, 1)
    assert path.exists()
    bench.run(2 * CHECK_MS)
    assert not path.exists()
    assert of_kind(node_of(path, 5).settle(), Kept) == []


def test_what_is_kept_stays_on_the_flash_until_the_gateway_has_it(path) -> None:
    bench = node_of(path)
    bench.settle()
    turn(bench, 1)
    for boot in (5, 6, 7):  # each loses its power before anybody answers
        bench = node_of(path, boot)
        bench.run(3_000, acking=False)
    heard = node_of(path, 8)
    kept = of_kind(heard.settle(), Kept)
    assert [(message.boot, message.message) for message in kept] == [(4, Contact(1, ACTIVE))]
    heard.run(2 * CHECK_MS)
    assert not path.exists()


def test_messages_of_several_boots_are_kept_together_and_told_in_their_order(path) -> None:
    bench = node_of(path)
    bench.settle()
    turn(bench, 1)
    bench = node_of(path, 5)
    bench.run(600, acking=False)
    turn(bench, 1)
    turn(bench, 0)
    kept = of_kind(node_of(path, 6).settle(), Kept)
    told = [(message.boot, message.message) for message in kept]
    assert told == [(4, Contact(1, ACTIVE)), (5, Contact(1, ACTIVE)), (5, Contact(1, INACTIVE))]


def test_neither_a_start_nor_a_state_is_kept(path) -> None:
    bench = node_of(path)
    bench.settle()
    bench.order(SnapshotRequest())
    bench.run(5_000, acking=False)
    assert bench.node.link.queue.entries
    assert not path.exists()


def test_what_had_no_room_in_the_queue_is_kept_as_the_gap_it_is(path) -> None:
    bench = node_of(path, queue_max=14)
    bench.settle()
    for step in range(40):
        turn(bench, 1 - step % 2, wait_ms=100)
    bench.run(2_500, acking=False)
    (lost,) = bench.node.link.queue.lost
    kept = of_kind(node_of(path, 5, queue_max=14).settle(), Kept)
    gaps = [message.message for message in kept if message.message.KIND == Gap.KIND]
    assert Gap(*lost) in gaps or Gap(kept[0].seq, lost[1]) in gaps
    told = {message.seq for message in kept if message.message.KIND != Gap.KIND}
    ranges = [range(gap.first_seq, gap.last_seq + 1) for gap in gaps]
    assert [seq for seq in range(3, 43) if seq not in told and not any(seq in one for one in ranges)] == []


def record(boot: int, seq: int) -> bytes:
    return Kept(boot, seq, seq * 10, Contact(1, seq % 2)).pack()


def test_the_oldest_give_way_and_are_told_as_gaps_however_often_they_do() -> None:
    records = [record(boot, seq) for boot in range(1, 10) for seq in range(1, 11)]
    short = bounded(records, 32)
    assert len(short) == 32
    assert short[GAPS_MAX:] == records[-28:]
    gaps = [Kept.unpack(one) for one in short[:GAPS_MAX]]
    assert [(gap.boot, gap.message) for gap in gaps] == [
        (4, Gap(1, 10)), (5, Gap(1, 10)), (6, Gap(1, 10)), (7, Gap(1, 2)),
    ]  # fmt: skip
    again = [Kept.unpack(one) for one in bounded([*short, record(10, 1)], 32)]
    assert (again[3].boot, again[3].message) == (7, Gap(1, 3))
    assert bounded(records[:32], 32) == records[:32]


def test_the_flash_is_written_a_bounded_number_of_times_however_long_the_chatter(path) -> None:
    bench = node_of(path)
    bench.settle()
    hours = 2
    for _ in range(hours * 3_600):
        bench.pins[1].level ^= 1
        bench.run(1_000, acking=False, step_ms=50)
    saves = bench.node._keep.saves
    assert saves <= QUICK_SAVES_MAX + hours * 3_600_000 // SLOW_MS
    assert len(load(str(path))[1]) <= QUEUE_MAX + LOST_RANGES_MAX
    assert load(str(path))[0] == saves


def test_a_flash_that_cannot_be_written_stops_no_node(tmp_path, caplog) -> None:
    bench = node_of(tmp_path / "missing" / "kept")
    bench.settle()
    turn(bench, 1, wait_ms=SLOW_MS)
    assert len(of_kind(bench.run(600), Contact)) == 1
    told = [line for line in caplog.messages if "expected to write what waits for its ack" in line]
    assert len(told) == 1


def kept_file(path: Path) -> bytes:
    bench = node_of(path)
    bench.settle()
    turn(bench, 1)
    turn(bench, 0)
    return path.read_bytes()


def test_every_cut_of_the_file_gives_a_beginning_of_what_was_in_it(path) -> None:
    data = kept_file(path)
    whole = load(str(path))[1]
    for end in range(len(data)):
        path.write_bytes(data[:end])
        messages = load(str(path))[1]
        assert messages == whole[: len(messages)]
        assert len(messages) < len(whole)


def test_a_rotten_byte_is_never_believed(path) -> None:
    data = kept_file(path)
    whole = load(str(path))[1]
    for at in range(len(data)):
        for bit in (1, 0x80):
            rotten = bytearray(data)
            rotten[at] ^= bit
            path.write_bytes(rotten)
            messages = load(str(path))[1]
            assert messages == whole[: len(messages)], at


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_in_its_place_are_refused_and_a_node_starts(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(data)
    assert load(str(path))[1] == []


@pytest.mark.parametrize("step", ["open", "write", "sync", "rename"])
def test_power_that_goes_in_a_save_leaves_the_file_before_or_after(path, monkeypatch, step) -> None:
    bench = node_of(path)
    bench.settle()
    turn(bench, 1)
    before = path.read_bytes()

    class PowerCutError(BaseException):
        pass

    def cut(*_: object) -> None:
        raise PowerCutError

    count = [0]

    def cut_write(file, data: bytes) -> None:
        count[0] += 1
        if count[0] == 2:
            file.write(data[:5])
            file.flush()
            raise PowerCutError
        write(file, data)

    write = keep._write
    match step:
        case "open":
            monkeypatch.setattr(keep, "open", cut, raising=False)
        case "write":
            monkeypatch.setattr(keep, "_write", cut_write)
        case "sync":
            monkeypatch.setattr(os, "fsync", cut)
        case "rename":
            monkeypatch.setattr(os, "rename", cut)
    bench.pins[1].level = 0
    with pytest.raises(PowerCutError):
        bench.run(2_500, acking=False)
    monkeypatch.undo()
    assert path.read_bytes() == before
    kept = of_kind(node_of(path, 5).settle(), Kept)
    assert [message.message for message in kept] == [Contact(1, ACTIVE)]


def test_what_is_kept_takes_no_room_from_what_happens_now(path) -> None:
    bench = node_of(path)
    bench.settle()
    for step in range(60):
        turn(bench, 1 - step % 2, wait_ms=60)
    bench.run(2_500, acking=False)
    bench = node_of(path, 5)
    bench.run(300, acking=False)
    for step in range(60):
        turn(bench, 1 - step % 2, wait_ms=60)
    assert bench.node.link.queue.dropped == 0
    bench.order(Ack(5, 0))
    heard = bench.run(10_000)
    assert len({(m.boot, m.seq) for m in of_kind(heard, Kept)}) == 60
    assert len({frame.seq for frame in heard if frame.kind == Contact.KIND}) == 60


def test_a_lock_that_was_released_and_not_acked_is_kept_too(path) -> None:
    bench = node_of(path)
    bench.settle()
    bench.pins[2].level = 1
    bench.run(2_500, acking=False)
    (kept,) = of_kind(node_of(path, 5).settle(), Kept)
    assert kept.message == Feedback(2, ACTIVE)
