import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from caselog import segment
from caselog.disk import MemoryDisk, PowerCut
from caselog.errors import DiskFull, LogDamaged, LogStopped, SyncFailed
from caselog.leaf import ZERO_HASH, check_chain
from caselog.log import Log, Recovery
from tests.log.entries import entry, stay_of
from tests.log.test_log import filled, reopened

KEEPS = [(0.0, 0.0), (0.13, 0.0), (0.5, 0.0), (0.5, 1.0), (0.87, 0.5), (1.0, 0.0), (1.0, 0.3), (1.0, 1.0)]
"""(keep, zeros) of `MemoryDisk.crash`: tail lost, torn in several places, whole, and grown but not written."""


def play(disk, promised):
    """Ten leaves in groups over three segments; every leaf a commit promised goes to `promised`."""
    log, _ = reopened(disk)
    for number in range(log.size, 10):
        log.append(entry(number, stay_of(number)))
        if number % 4 in (0, 3):
            del promised[log.durable_size :]
            size = log.commit()
            promised[:] = log.leaves(0, size, 1 << 20)
    promised[:] = log.leaves(0, log.commit(), 1 << 20)


def assert_sound(log, promised):
    leaves = log.leaves(0, log.size, 1 << 20)
    assert leaves[: len(promised)] == promised
    prev = ZERO_HASH
    for index, leaf in enumerate(leaves):
        prev = check_chain(prev, index, leaf).hash
    assert log.durable_size == log.size


def test_after_a_power_cut_at_any_disk_operation_every_committed_leaf_is_there():
    disk = MemoryDisk()
    play(disk, [])
    operations = disk.operations
    assert operations > 12
    cuts_seen = 0
    for cut_at in range(operations):
        for keep, zeros in KEEPS:
            disk, promised = MemoryDisk(), []
            disk.cut_at = cut_at
            with pytest.raises(PowerCut):
                play(disk, promised)
            disk.crash(keep, zeros)
            stored_bytes = sum(disk.size(name) for name in disk.list_names())
            log, recovery = reopened(disk)
            assert_sound(log, promised)
            whole_bytes = sum(len(segment.encode_line(leaf)) for leaf in log.leaves(0, 99, 1 << 20))
            assert recovery.cut_bytes == stored_bytes - whole_bytes
            assert (recovery.cut_reason is not None) == (recovery.cut_bytes > 0)
            cuts_seen += recovery.cut_bytes > 0
            play(disk, promised)
            assert reopened(disk)[1] == Recovery(10)
    assert cuts_seen > 20


def test_a_power_cut_during_the_recovery_itself_loses_nothing_either():
    for keep, zeros in KEEPS:
        for again_keep, again_zeros in KEEPS:
            for operation in range(5):
                disk, log = filled(5)
                promised = log.leaves(0, 5, 1 << 20)
                log.append(entry(5))
                disk.cut_at = disk.operations + 1
                with pytest.raises(PowerCut):
                    log.commit()
                disk.crash(max(keep, 0.1), zeros)
                disk.cut_at = disk.operations + operation
                try:
                    reopened(disk)
                except PowerCut:
                    disk.crash(again_keep, again_zeros)
                disk.cut_at = None
                assert_sound(reopened(disk)[0], promised)


def test_the_torn_bytes_are_reported_and_kept_aside():
    disk, _ = filled(2)
    name = disk.list_names()[0]
    at = disk.size(name)
    disk.append(name, b"0badc0de {half a li")
    log, recovery = reopened(disk)
    assert (log.size, recovery.size, recovery.cut_bytes) == (2, 2, 19)
    assert (
        recovery.cut_reason
        == f"{name} at byte {at}: expected a line ending in newline, found 19 bytes without one"
    )
    disk.crash()
    assert disk.read(recovery.cut_name) == b"0badc0de {half a li"
    assert disk.size(name) == at
    assert reopened(disk)[1] == Recovery(2)


def test_a_second_cut_at_the_same_place_keeps_both_copies():
    disk, _ = filled(2)
    name = disk.list_names()[0]
    names = []
    for torn in (b"first", b"second"):
        disk.append(name, torn)
        names.append(reopened(disk)[1].cut_name)
    assert [disk.read(kept) for kept in names] == [b"first", b"second"]


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_every_changed_byte_before_the_last_line_is_refused_by_name_and_place(mask):
    disk, log = filled(8)
    last_line = len(segment.encode_line(log.leaf(7)))
    names = disk.list_names()
    for name in names:
        for at in range(disk.size(name) - (last_line if name == names[-1] else 0)):
            disk.flip(name, at, mask)
            with pytest.raises(LogDamaged) as refused:
                reopened(disk)
            damage = refused.value
            assert (damage.segment, damage.offset <= at) == (name, True)
            assert f"{name} at byte {damage.offset}: expected {damage.expected}, found {damage.found}" == str(
                damage
            )
            disk.flip(name, at, mask)
    assert reopened(disk)[1] == Recovery(8)


def test_a_changed_byte_in_the_last_line_is_cut_and_reported_or_refused_where_the_size_is_known():
    pristine, log = filled(5)
    name = pristine.list_names()[-1]
    start = pristine.size(name) - len(segment.encode_line(log.leaf(4)))
    for at in range(start, pristine.size(name)):
        disk, _ = filled(5)
        disk.flip(name, at)
        with pytest.raises(LogDamaged, match="expected 5 leaves, found 4 leaves and"):
            reopened(disk, held_size=5)
        log, recovery = reopened(disk, held_size=4)
        assert (log.size, recovery.cut_bytes) == (4, pristine.size(name) - start)


def test_a_log_rolled_back_behind_what_others_hold_is_refused():
    disk, _ = filled(5)
    with pytest.raises(LogDamaged, match="expected 6 leaves, found 5 leaves"):
        reopened(disk, held_size=6)
    with pytest.raises(
        LogDamaged, match=r"0000000000000000\.seg at byte 0: expected 1 leaves, found 0 leaves"
    ):
        reopened(MemoryDisk(), held_size=1)


def test_a_refused_log_is_left_as_it_is():
    disk, _ = filled(8)
    disk.flip(disk.list_names()[0], 30)
    before = {name: disk.read(name) for name in disk.list_names()}
    with pytest.raises(LogDamaged):
        reopened(disk)
    assert {name: disk.read(name) for name in disk.list_names()} == before


def rewritten(line_of):
    """A log of four leaves in which leaf 2 is what `line_of` makes of it; every CRC is right."""
    disk, log = filled(4, segment_bytes_max=1 << 20)
    name = disk.list_names()[0]
    leaves = [log.leaf(index) for index in range(4)]
    disk.truncate(name, 0)
    disk.append(name, b"".join(map(segment.encode_line, line_of(leaves))))
    return disk


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda ls: [ls[0], ls[2], ls[3]], "expected index 1, found index 2"),
        (lambda ls: [ls[0], ls[2], ls[1], ls[3]], "expected index 1, found index 2"),
        (lambda ls: [*ls[:2], ls[1], *ls[2:]], "expected index 2, found index 1"),
        (lambda ls: [ls[0].replace(b"n1/1/0", b"n1/1/9"), *ls[1:]], "expected prev"),
        (lambda ls: [*ls[:3], ls[3].replace(b'"v":1', b'"v":2')], "expected v 1"),
        (lambda ls: [*ls[:3], ls[3].replace(b'"v":1', b'"v": 1')], "expected b'1}'"),
        (lambda ls: [*ls[:1], ls[1].replace(b'"stay_n":1', b'"stay_n":2'), *ls[2:]], "expected stay_n 1 of stay s-1"),
    ],
)  # fmt: skip
def test_leaves_deleted_swapped_doubled_or_changed_are_refused_though_each_crc_is_right(change, expected):
    with pytest.raises(LogDamaged, match=expected):
        Log.open(rewritten(change))


def test_a_missing_empty_or_foreign_segment_is_refused():
    for removed in range(3):
        disk, _ = filled(12)
        kept = [name for at, name in enumerate(disk.list_names()) if at != removed]
        partial = MemoryDisk()
        for name in kept:
            partial.create(name)
            partial.append(name, disk.read(name))
        with pytest.raises(LogDamaged, match="expected the segment"):
            reopened(partial)
    disk, _ = filled(12)
    disk.truncate(disk.list_names()[1], 0)
    with pytest.raises(LogDamaged):
        reopened(disk)
    disk, _ = filled(2)
    disk.create("2.seg")
    with pytest.raises(LogDamaged, match=r"found a segment 2\.seg"):
        reopened(disk)


def test_files_that_are_no_segments_are_left_alone():
    disk, _ = filled(2)
    disk.create("lost+found")
    assert reopened(disk)[1] == Recovery(2)


def test_lines_that_only_the_page_cache_holds_are_synced_before_they_count():
    disk, log = filled(2)
    log.append(entry(2))
    disk.append(disk.list_names()[-1], segment.encode_line(log.leaf(2)))
    assert reopened(disk)[0].durable_size == 3
    disk.crash()
    assert reopened(disk)[0].durable_size == 3


def test_lines_that_a_failed_fsync_left_in_the_page_cache_are_not_counted_by_the_next_start():
    disk, log = filled(2)
    log.append(entry(2))
    disk.fail("sync")
    with pytest.raises(SyncFailed):
        log.commit()
    log, report = reopened(disk)  # on the same running system, whose cache still shows the line as written
    assert log.durable_size == report.size == 2
    assert report.cut_bytes > 0
    log.append(entry(2))
    log.commit()
    disk.crash()
    assert reopened(disk)[0].durable_size == 3


def test_a_failed_fsync_at_open_refuses_the_log():
    disk, _ = filled(2)
    disk.fail("sync")
    with pytest.raises(SyncFailed, match="at open"):
        reopened(disk)


class Station(RuleBasedStateMachine):
    """A log on a disk that fails in every way; the model is the list of promised leaves."""

    @initialize()
    def start(self):
        self.disk, self.promised, self.waiting, self.number = MemoryDisk(), [], [], 0
        self.log, _ = reopened(self.disk)

    @rule(many=st.integers(1, 6))
    def append(self, many):
        for _ in range(many):
            try:
                leaf = self.log.append(entry(self.number, stay_of(self.number)))
            except LogStopped:
                return
            self.waiting.append(leaf.data)
            self.number += 1

    @rule()
    def commit(self):
        try:
            size = self.log.commit()
        except (DiskFull, LogStopped):
            size = self.log.durable_size
        except PowerCut:
            self.crash((0.4, 0.0))
            return
        everything = self.promised + self.waiting
        self.promised, self.waiting = everything[:size], everything[size:]

    @rule(operation=st.sampled_from(["append", "sync", "create"]), after=st.integers(0, 2))
    def arm_a_fault(self, operation, after):
        self.disk.fail(operation, after=after)

    @rule(room=st.one_of(st.none(), st.integers(0, 3000)))
    def change_room(self, room):
        used = sum(map(self.disk.size, self.disk.list_names()))
        self.disk.capacity_bytes = None if room is None else used + room

    @rule(ahead=st.integers(0, 3))
    def let_power_fail_soon(self, ahead):
        self.disk.cut_at = self.disk.operations + ahead

    @rule(how=st.sampled_from(KEEPS))
    def crash(self, how):
        self.disk.crash(*how)
        self.disk.capacity_bytes = None
        self.log, _ = reopened(self.disk)
        self.promised, self.waiting = self.log.leaves(0, self.log.size, 1 << 20), []
        assert_sound(self.log, self.before)

    @precondition(lambda self: hasattr(self, "promised"))
    @invariant()
    def remember(self):
        self.before = list(self.promised)


TestStation = Station.TestCase
