"""A log that goes on on a second disk after the first one failed, and both read as one from then on."""

import errno

import pytest

from caselog.checkpoint import Checkpoint
from caselog.disk import FileDisk, MemoryDisk, PowerCut
from caselog.errors import LogDamaged, LogStopped, SyncFailed, WriteFailed
from caselog.log import Log
from caselog.pairdisk import PairDisk
from caselog.repair import Filling, rebuild
from caselog.survey import survey
from tests.log.entries import entry, stay_of
from tests.log.test_log import SMALL, filled, reopened


def pair(first=None, second=None):
    return PairDisk(first or MemoryDisk(), second or MemoryDisk())


def grow(log, count):
    for number in range(log.size, log.size + count):
        log.append(entry(number, stay_of(number)))


def change_over(log):
    log.go_on()
    log.commit()


def failed_and_going_on(first, second, operation="sync"):
    """Five leaves on the first disk, then it fails with two waiting; the log went on."""
    disk = PairDisk(first, second)
    _, log = filled(5, disk)
    grow(log, 2)
    first.fail(operation, errno.EIO)
    with pytest.raises(SyncFailed if operation == "sync" else WriteFailed):
        log.commit()
    assert log.go_on()
    return log


@pytest.mark.parametrize("operation", ["sync", "append", "create"])
def test_what_was_not_durable_is_written_to_the_second_disk_and_nothing_to_the_first(operation):
    first, second = MemoryDisk(), MemoryDisk()
    if operation == "create":
        disk = PairDisk(first, second)
        _, log = filled(6, disk)  # the next leaf needs a new segment
        grow(log, 2)
        first.fail("create", errno.EIO)
        with pytest.raises(WriteFailed):
            log.commit()
        assert log.go_on()
    else:
        log = failed_and_going_on(first, second, operation)
    size = log.size
    operations = first.operations
    assert log.commit() == size
    grow(log, 10)
    log.commit()
    assert first.operations == operations
    first.crash()
    second.crash()
    again, recovery = Log.open(PairDisk(first, second), segment_bytes_max=SMALL)
    assert (again.size, recovery.cut_bytes) == (size + 10, 0)
    assert again.leaves(0, 99, 1 << 30) == log.leaves(0, 99, 1 << 30)


def test_lines_on_the_first_disk_past_the_last_durable_one_do_not_count():
    first, second = MemoryDisk(), MemoryDisk()
    log = failed_and_going_on(first, second)
    log.commit()
    name = first.list_names()[-1]
    assert first.size(name) > PairDisk(first, second).size(name)
    grow(log, 4)
    log.commit()
    again, _ = Log.open(PairDisk(first, second), segment_bytes_max=SMALL)
    assert again.leaves(0, 99, 1 << 30) == log.leaves(0, 99, 1 << 30)
    grow(again, 3)
    again.commit()
    assert Log.open(PairDisk(first, second), segment_bytes_max=SMALL)[0].size == 14


def test_the_first_disk_alone_is_not_taken_for_the_log():
    first, second = MemoryDisk(), MemoryDisk()
    log = failed_and_going_on(first, second)
    log.commit()
    first.crash()
    with pytest.raises(LogDamaged):
        reopened(first, held_size=7)


def test_a_power_cut_while_it_changes_over_loses_nothing():
    for operation in range(4):
        for keep in (0.0, 1.0):
            first, second = MemoryDisk(), MemoryDisk()
            disk = PairDisk(first, second)
            _, log = filled(5, disk)
            held = log.leaves(0, 5, 1 << 30)
            grow(log, 2)
            first.fail("sync", errno.EIO)
            with pytest.raises(SyncFailed):
                log.commit()
            second.cut_at = operation
            with pytest.raises(PowerCut):
                change_over(log)
            first.crash(keep)
            second.crash(keep)
            again, _ = Log.open(PairDisk(first, second), segment_bytes_max=SMALL)
            assert again.leaves(0, 5, 1 << 30) == held
            grow(again, 3)
            try:
                size = again.commit()
            except WriteFailed:  # the first disk's file has ended: the change was begun
                assert again.go_on()
                size = again.commit()
            reread, _ = Log.open(PairDisk(first, second), segment_bytes_max=SMALL)
            assert reread.leaves(0, size, 1 << 30) == again.leaves(0, size, 1 << 30)


def test_when_the_second_fails_too_the_log_stops():
    first, second = MemoryDisk(), MemoryDisk()
    log = failed_and_going_on(first, second)
    log.commit()
    grow(log, 1)
    second.fail("sync", errno.EIO)
    with pytest.raises(SyncFailed):
        log.commit()
    assert not log.go_on()
    with pytest.raises(LogStopped):
        log.commit()


def test_a_second_disk_that_cannot_be_written_stops_the_log():
    first, second = MemoryDisk(), MemoryDisk()
    _, log = filled(2, PairDisk(first, second))
    grow(log, 1)
    first.fail("sync", errno.EIO)
    second.fail("create", errno.EROFS)
    with pytest.raises(SyncFailed):
        log.commit()
    with pytest.raises(WriteFailed):
        log.go_on()
    with pytest.raises(LogStopped):
        log.append(entry(9))


def test_one_disk_has_no_second(tmp_path):
    for disk in (MemoryDisk(), FileDisk(tmp_path / "log")):
        _, log = filled(2, disk)
        assert not log.go_on()


def test_real_folders_are_read_as_one_after_the_change(tmp_path):
    class Failing(FileDisk):
        is_failing = False

        def sync(self, name):
            if self.is_failing:
                raise OSError(errno.EIO, "Input/output error", name)
            super().sync(name)

    first = Failing(tmp_path / "log")
    second = FileDisk(tmp_path / "other" / "log")
    _, log = filled(5, PairDisk(first, second))
    grow(log, 2)
    first.is_failing = True
    with pytest.raises(SyncFailed):
        log.commit()
    assert log.go_on()
    log.commit()
    grow(log, 6)
    log.commit()
    first.close()
    second.close()
    again, _ = Log.open(
        PairDisk(FileDisk(tmp_path / "log"), FileDisk(tmp_path / "other" / "log")), segment_bytes_max=SMALL
    )
    assert again.leaves(0, 99, 1 << 30) == log.leaves(0, 99, 1 << 30)
    ends = [path.name for path in (tmp_path / "other" / "log").glob("*.end")]
    assert [end[:17] for end in ends] == [f"{3:016d}-"]


def test_damage_on_either_disk_is_mended_as_on_one():
    first, second = MemoryDisk(), MemoryDisk()
    log = failed_and_going_on(first, second)
    grow(log, 8)
    log.commit()
    leaves = log.leaves(0, 99, 1 << 30)
    anchor = Checkpoint("caseward.local/t1/gw-t1/e1", log.size, log.root())
    for disk, name in ((first, first.list_names()[0]), (second, second.list_names()[-1])):
        disk.flip(name, 60)
        both = PairDisk(first, second)
        with pytest.raises(LogDamaged):
            Log.open(both, segment_bytes_max=SMALL, held_size=15)
        filling = Filling(survey(both, 15))
        while (asked := filling.wanted()) is not None:
            filling.take(asked[0], leaves[asked[0] : sum(asked)], anchor)
        rebuild(both, filling, SMALL)
        again, _ = Log.open(PairDisk(first, second), segment_bytes_max=SMALL)
        assert again.leaves(0, 99, 1 << 30) == leaves
