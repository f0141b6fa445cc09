import errno

import pytest

from caselog import segment
from caselog.disk import MemoryDisk
from caselog.errors import (
    DiskFull,
    EntryError,
    LogDamaged,
    LogStopped,
    PendingFull,
    SyncFailed,
    WriteFailed,
)
from caselog.leaf import LEAF_BYTES_MAX, ZERO_HASH, parse
from caselog.log import PENDING_BYTES_MAX, Log, Recovery
from caselog.tree import leaf_hash
from tests.log.entries import entry, stay_of

SMALL = 1500  # bytes a segment: three leaves of the plain entry


def filled(count, disk=None, segment_bytes_max=SMALL):
    disk = disk or MemoryDisk()
    log, _ = Log.open(disk, segment_bytes_max=segment_bytes_max)
    for number in range(count):
        log.append(entry(number, stay_of(number)))
    log.commit()
    return disk, log


def reopened(disk, **options):
    return Log.open(disk, segment_bytes_max=SMALL, **options)


def test_an_empty_log_has_nothing_and_touches_no_file():
    disk = MemoryDisk()
    log, recovery = Log.open(disk)
    assert (log.size, log.durable_size, log.commit(), recovery) == (0, 0, 0, Recovery(0))
    assert disk.list_names() == []


def test_each_leaf_names_the_one_before_and_its_number_in_its_stay():
    _, log = filled(9)
    prev, numbers = ZERO_HASH, {None: None, "s-1": 0, "s-2": 0}
    for index in range(9):
        record = parse(log.leaf(index))
        assert (record.index, record.prev, record.hash) == (index, prev, log.hash(index))
        if record.stay is not None:
            numbers[record.stay] += 1
        assert record.stay_n == numbers[record.stay]
        prev = record.hash


def test_a_reopened_log_is_the_same_and_goes_on_numbering():
    disk, log = filled(20)
    again, recovery = reopened(disk)
    assert recovery == Recovery(20)
    assert again.leaves(0, 20, 1 << 20) == log.leaves(0, 20, 1 << 20)
    assert [again.root(size) for size in range(21)] == [log.root(size) for size in range(21)]
    assert again.append(entry(20, stay_of(20))) == log.append(entry(20, stay_of(20)))
    assert parse(again.leaf(20)).stay_n == 7


def test_leaves_are_readable_before_and_after_they_are_durable():
    _, log = filled(7)
    added = [log.append(entry(number)) for number in range(7, 10)]
    assert (log.size, log.durable_size) == (10, 7)
    before = log.leaves(5, 99, 1 << 20)
    assert before[2:] == [leaf.data for leaf in added] == [log.leaf(index) for index in range(7, 10)]
    assert log.commit() == 10
    assert log.leaves(5, 99, 1 << 20) == before


def test_leaves_come_in_the_number_and_size_asked_for():
    _, log = filled(10)
    sizes = [len(log.leaf(index)) for index in range(10)]
    everything = log.leaves(0, 10, 1 << 20)
    for first in range(11):
        for count in range(11 - first):
            assert log.leaves(first, count, 1 << 20) == everything[first : first + count]
    assert log.leaves(2, 8, sum(sizes[2:6])) == everything[2:6]
    assert log.leaves(2, 8, sum(sizes[2:6]) - 1) == everything[2:5]
    assert log.leaves(2, 8, 1) == everything[2:3]
    assert log.leaves(10, 5, 1 << 20) == []


def test_an_index_outside_the_log_is_refused():
    _, log = filled(3)
    for call in (
        lambda: log.leaf(3),
        lambda: log.leaf(-1),
        lambda: log.leaves(-1, 1, 9),
        lambda: log.hash(3),
    ):
        with pytest.raises(IndexError, match="expected"):
            call()


def test_segments_are_named_by_their_first_leaf_and_keep_their_size():
    disk, log = filled(20)
    names = disk.list_names()
    assert len(names) > 4
    assert names[0] == "0000000000000000.seg"
    firsts = [int(name[:16]) for name in names]
    assert all(disk.size(name) <= SMALL for name in names)
    for name, first in zip(names, firsts, strict=True):
        assert disk.read(name).startswith(segment.encode_line(log.leaf(first)))


def test_a_leaf_larger_than_a_segment_has_one_for_itself():
    disk, log = filled(1)
    log.append(entry(1, text="x" * (2 * SMALL)))
    log.append(entry(2))
    log.commit()
    assert [name[:16] for name in disk.list_names()] == [f"{n:016d}" for n in (0, 1, 2)]
    assert reopened(disk)[1] == Recovery(3)


@pytest.mark.parametrize(
    "bad",
    [
        {"v": 1}, {"index": 0}, {"prev": "00" * 32}, {"stay_n": 1}, {"class": "x"}, {"body": {"a": 0.5}},
        {"body": {"text": "x" * LEAF_BYTES_MAX}}, {"unknown": 1}, {"stay": 5}, {"body": {"é": 1}},
    ],
)  # fmt: skip
def test_a_bad_entry_is_refused_and_changes_nothing(bad):
    disk, log = filled(4)
    root = log.root()
    with pytest.raises(EntryError):
        log.append({**entry(4, "s-1"), **bad})
    assert (log.size, log.root()) == (4, root)
    log.append(entry(4, "s-1"))
    log.commit()
    assert reopened(disk)[1] == Recovery(5)


def test_a_missing_key_is_refused():
    _, log = filled(0)
    with pytest.raises(EntryError, match="missing \\['body'\\]"):
        log.append({key: value for key, value in entry(0).items() if key != "body"})


def test_a_failed_fsync_stops_the_log_for_good():
    disk, log = filled(3)
    log.append(entry(3))
    disk.fail("sync")
    with pytest.raises(SyncFailed, match="fsync of 0000000000000003"):
        log.commit()
    operations = disk.operations
    for call in (log.commit, lambda: log.append(entry(4)), log.commit):
        with pytest.raises(LogStopped, match="stopped at 3 durable leaves") as stopped:
            call()
        assert type(stopped.value) is LogStopped
    assert disk.operations == operations, "nothing was tried again"
    assert log.durable_size == 3
    assert len(log.leaves(0, 9, 1 << 20)) == 4


def test_the_memory_disk_punishes_a_second_fsync_as_linux_does():
    disk = MemoryDisk()
    disk.create("f")
    disk.append("f", b"kept")
    disk.sync("f")
    disk.append("f", b"gone")
    disk.fail("sync")
    with pytest.raises(OSError, match="injected"):
        disk.sync("f")
    disk.sync("f")
    assert disk.read("f") == b"keptgone"
    disk.crash(keep=1.0)
    assert disk.read("f") == b"kept\0\0\0\0"


def test_a_failed_write_stops_the_log_for_good():
    disk, log = filled(3)
    for operation in ("append", "create"):
        disk, log = filled(3, segment_bytes_max=400)
        log.append(entry(3))
        disk.fail(operation, errno.EIO)
        with pytest.raises(WriteFailed):
            log.commit()
        with pytest.raises(LogStopped):
            log.append(entry(4))


@pytest.mark.parametrize("room", range(0, 2000, 37))
def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_room(room):
    disk, log = filled(3)
    disk.capacity_bytes = sum(map(disk.size, disk.list_names())) + room
    for number in range(3, 9):
        log.append(entry(number, stay_of(number)))
    with pytest.raises(DiskFull):
        log.commit()
    with pytest.raises(DiskFull):
        log.commit()
    assert 3 <= log.durable_size < 9
    durable = log.durable_size
    disk.capacity_bytes = None
    assert log.commit() == 9
    again, recovery = reopened(disk)
    assert recovery == Recovery(9)
    assert (again.root(), again.root(durable)) == (log.root(), log.root(durable))


def test_no_room_for_a_new_segment_is_a_full_disk_too():
    disk, log = filled(3, segment_bytes_max=400)
    log.append(entry(3))
    disk.fail("create", errno.ENOSPC)
    with pytest.raises(DiskFull):
        log.commit()
    assert log.commit() == 4


def test_a_full_disk_that_cannot_be_cut_back_stops_the_log():
    disk, log = filled(3)
    disk.capacity_bytes = disk.size(disk.list_names()[-1])
    log.append(entry(3))
    disk.fail("truncate")
    with pytest.raises(WriteFailed, match="cutting"):
        log.commit()


def test_what_waits_for_a_commit_is_bounded():
    _, log = filled(0)
    leaf_bytes = len(log.append(entry(0, text="x" * 60_000)).data)
    while leaf_bytes * (log.size + 1) < PENDING_BYTES_MAX - 1000:  # numbers of more digits make longer leaves
        log.append(entry(log.size, text="x" * 60_000))
    with pytest.raises(PendingFull, match=str(PENDING_BYTES_MAX)):
        log.append(entry(log.size, text="x" * 60_000))
    size = log.size
    assert log.commit() == size
    log.append(entry(size))


def test_a_byte_that_rots_while_the_log_is_open_is_found_when_it_is_read():
    disk, log = filled(9)
    disk.flip(disk.list_names()[1], 40)
    with pytest.raises(LogDamaged, match=r"0000000000000003\.seg at byte 0: expected CRC"):
        log.leaves(0, 9, 1 << 20)


def test_a_leaf_put_in_the_place_of_another_is_found_when_it_is_read():
    disk, log = filled(2, segment_bytes_max=1 << 20)
    name = disk.list_names()[0]
    other = log.leaf(0).replace(b"n1/1/0", b"n1/1/9")
    stored = disk.read(name)
    disk.truncate(name, 0)
    disk.append(name, segment.encode_line(other) + stored[len(segment.encode_line(other)) :])
    with pytest.raises(
        LogDamaged, match=f"expected leaf hash {log.hash(0).hex()}, found {leaf_hash(other).hex()}"
    ):
        log.leaf(0)
