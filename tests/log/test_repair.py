"""Damage before the tail: what is sound is found, what is missing is taken from a copy and from no other."""

import errno
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caselog import segment
from caselog.checkpoint import Checkpoint
from caselog.disk import FileDisk, MemoryDisk, PowerCut
from caselog.errors import ChainError, FormatError, LogDamaged
from caselog.log import Log
from caselog.repair import Filling, rebuild
from caselog.survey import survey
from tests.log.entries import entry
from tests.log.test_log import SMALL, filled, reopened

ORIGIN = "caseward.local/t1/gw-t1/e1"
COUNT = 20


def copy_of(log):
    """What a server holds: the leaves, and the newest checkpoint of them."""
    leaves = log.leaves(0, log.size, 1 << 30)
    return leaves, Checkpoint(ORIGIN, log.size, log.root())


def fill(disk, leaves, anchor, held_size=0):
    """Mend `disk` from a copy; the filling, not yet written."""
    filling = Filling(survey(disk, held_size))
    while (asked := filling.wanted()) is not None:
        first, count = asked
        filling.take(first, leaves[first : first + count], anchor)
        assert filling.is_whole or filling.wanted() != asked, "no progress"
    return filling


def broken_lines(disk, name, first, end):
    """Flip a byte in the lines `first` to `end` of a segment."""
    offsets = [offset for offset, _ in segment.scan(disk.read(name))]
    for offset in offsets[first:end]:
        disk.flip(name, offset + 40)


def test_rot_in_an_early_segment_is_mended_and_the_bad_bytes_are_kept():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    name = disk.list_names()[1]
    broken_lines(disk, name, 1, 2)
    bad = disk.read(name)
    with pytest.raises(LogDamaged) as refused:
        reopened(disk)
    found = survey(disk)
    assert [(hole.first, hole.end) for hole in found.holes()] == [(4, 5)]
    assert (found.damages[0].segment, found.damages[0].offset) == (
        refused.value.segment,
        refused.value.offset,
    )
    mended = rebuild(disk, fill(disk, leaves, anchor), SMALL)
    assert [(m.damage.segment, m.kept, m.first, m.count) for m in mended] == [(name, f"{name}.bad-0", 4, 1)]
    assert disk.read(mended[0].kept) == bad
    again, _ = reopened(disk)
    assert again.leaves(0, COUNT, 1 << 30) == leaves


@given(st.data())
def test_whatever_bytes_rot_the_log_is_mended_to_what_it_was(data):
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    for _ in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(disk.list_names()))
        disk.flip(name, data.draw(st.integers(0, disk.size(name) - 1)), data.draw(st.integers(1, 255)))
    try:
        again, _ = Log.open(disk, segment_bytes_max=SMALL, held_size=COUNT)
    except LogDamaged:
        rebuild(disk, fill(disk, leaves, anchor, COUNT), SMALL)
        again, _ = Log.open(disk, segment_bytes_max=SMALL, held_size=COUNT)
    assert again.leaves(0, COUNT, 1 << 30) == leaves


@pytest.mark.parametrize("lost", [0, 2, -1])
def test_a_segment_that_is_gone_comes_back_whole(tmp_path, lost):
    disk, log = filled(COUNT, FileDisk(tmp_path / "log"))
    leaves, anchor = copy_of(log)
    names = disk.list_names()
    (tmp_path / "log" / names[lost]).unlink()
    mended = rebuild(disk, fill(disk, leaves, anchor, COUNT), SMALL)
    assert [m.kept for m in mended if m.damage.segment == names[lost]] in ([], ["none"])
    assert Log.open(disk, segment_bytes_max=SMALL, held_size=COUNT)[0].leaves(0, COUNT, 1 << 30) == leaves
    assert disk.list_names()[: len(names)] == names or set(names) <= set(disk.list_names())


def test_a_whole_folder_that_is_gone_comes_back_from_a_checkpoint_we_signed(tmp_path):
    _, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    disk = FileDisk(tmp_path / "empty")
    rebuild(disk, fill(disk, leaves, anchor, COUNT), SMALL)
    assert reopened(disk)[0].leaves(0, COUNT, 1 << 30) == leaves


def test_a_tail_that_somebody_cut_at_a_line_is_seen_by_the_newest_cosigned_size():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    name = disk.list_names()[-1]
    disk.truncate(name, 0)
    with pytest.raises(LogDamaged):
        reopened(disk, held_size=COUNT)
    mended = rebuild(disk, fill(disk, leaves, anchor, COUNT), SMALL)
    assert sum(m.count for m in mended) == COUNT - int(name.removesuffix(".seg"))
    assert reopened(disk, held_size=COUNT)[0].leaves(0, COUNT, 1 << 30) == leaves


def test_a_checkpoint_of_more_leaves_than_stand_here_brings_those_too():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    names = disk.list_names()
    disk.truncate(names[-1], 0)
    broken_lines(disk, names[0], 0, 1)
    rebuild(disk, fill(disk, leaves, anchor), SMALL)
    assert reopened(disk)[0].leaves(0, COUNT, 1 << 30) == leaves


def test_leaves_that_were_never_sent_stay_and_a_torn_tail_is_cut_as_ever():
    disk, log = filled(COUNT)
    leaves, _ = copy_of(log)
    sent = Checkpoint(ORIGIN, 10, log.root(10))
    broken_lines(disk, disk.list_names()[1], 0, 2)
    disk.append(disk.list_names()[-1], b"0badc0de {half a li")
    rebuild(disk, fill(disk, leaves[:10], sent, 10), SMALL)
    again, recovery = reopened(disk)
    assert again.leaves(0, COUNT, 1 << 30) == leaves
    assert recovery.cut_bytes == 19


def test_another_history_is_not_taken_even_where_it_is_sound_in_itself():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    other = MemoryDisk()
    forged, _ = reopened(other)
    for number in range(COUNT):
        forged.append(entry(number, None, "forged"))
    forged.commit()
    broken_lines(disk, disk.list_names()[0], 0, 2)
    filling = Filling(survey(disk))
    first, count = filling.wanted()
    with pytest.raises(ChainError):  # its second leaf does not lead to our third
        filling.take(first, forged.leaves(first, count, 1 << 30), None)
    assert (filling.wanted(), filling.leaves) == ((first, count), {})
    filling.take(first, leaves[first : first + count], anchor)
    assert filling.is_whole


def test_a_tail_is_taken_only_under_the_root_that_we_signed():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    name = disk.list_names()[-1]
    first = int(name.removesuffix(".seg"))
    disk.truncate(name, 0)
    forged, _ = filled(first)[1], None
    for number in range(first, COUNT):
        forged.append(entry(number, None, "forged"))
    lies = forged.leaves(0, COUNT, 1 << 30)
    assert lies[:first] == leaves[:first]
    filling = Filling(survey(disk, COUNT))
    filling.take(first, lies[first:], None)
    assert not filling.is_whole  # no word of ours covers it
    filling = Filling(survey(disk, COUNT))
    with pytest.raises(ChainError, match="root"):
        filling.take(first, lies[first:], anchor)
    short = Checkpoint(ORIGIN, first + 1, log.root(first + 1))
    filling.take(first, leaves[first : first + 1], short)
    assert not filling.is_whole  # fewer than were cosigned once: somebody lost them


def test_leaves_that_deny_each_other_are_believed_on_neither_side():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    names = disk.list_names()
    forged, _ = reopened(MemoryDisk())
    for number in range(COUNT):
        forged.append(entry(number, None, "forged"))
    lines = b"".join(segment.encode_line(leaf) for leaf in forged.leaves(3, 3, 1 << 30))
    disk.truncate(names[1], 0)
    disk.append(names[1], lines)
    disk.sync(names[1])
    found = survey(disk)
    assert [(hole.first, hole.end) for hole in found.holes()] == [(0, 6)]
    rebuild(disk, fill(disk, leaves, anchor), SMALL)
    assert reopened(disk)[0].leaves(0, COUNT, 1 << 30) == leaves


@pytest.mark.parametrize("keep", [0.0, 0.4, 1.0])
def test_a_power_cut_at_any_operation_of_the_repair_loses_nothing(keep):
    for operation in range(40):
        disk, log = filled(COUNT)
        leaves, anchor = copy_of(log)
        broken_lines(disk, disk.list_names()[1], 0, 1)
        broken_lines(disk, disk.list_names()[3], 1, 3)
        filling = fill(disk, leaves, anchor)
        disk.cut_at = disk.operations + operation
        try:
            rebuild(disk, filling, SMALL)
        except PowerCut:
            disk.crash(keep)
        else:
            break
        rebuild(disk, fill(disk, leaves, anchor), SMALL)
        assert reopened(disk)[0].leaves(0, COUNT, 1 << 30) == leaves
    assert operation == 8  # create, append, sync, exchange of two segments


class BadBlocks(FileDisk):
    """A medium that gives back nothing between two bytes of a file. The file itself is real."""

    name, start, end = "", 0, 0

    def read(self, name, offset=0, size=None):
        stop = self.size(name) if size is None else offset + size
        if name == self.name and offset < self.end and stop > self.start:
            raise OSError(errno.EIO, "Input/output error", name)
        return super().read(name, offset, size)


def test_where_the_medium_gives_nothing_back_only_those_blocks_are_asked_for(tmp_path):
    disk, log = filled(60, BadBlocks(tmp_path / "log"), 1 << 20)
    leaves, anchor = copy_of(log)
    disk.name, disk.start, disk.end = disk.list_names()[0], 8_192, 12_288
    with pytest.raises(LogDamaged, match="can be read"):
        Log.open(disk)
    filling = fill(disk, leaves, anchor)
    assert 5 < len(filling.leaves) < 20
    mended = rebuild(disk, filling)
    assert (mended[0].kept, len(mended)) == (disk.name + ".bad-0", 1)
    disk.name = disk.name + ".bad-0"  # the bad blocks went with the old file
    assert Log.open(disk)[0].leaves(0, 60, 1 << 30) == leaves


def test_more_than_a_machine_can_hold_is_not_begun():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    for name in disk.list_names():
        disk.truncate(name, 0)
    filling = Filling(survey(disk, COUNT), bytes_max=1_000)
    with pytest.raises(FormatError, match="mend from a file"):
        filling.take(0, leaves, anchor)


def test_a_second_repair_keeps_the_second_bad_file_beside_the_first(tmp_path):
    disk, log = filled(COUNT, FileDisk(tmp_path / "log"))
    leaves, anchor = copy_of(log)
    name = disk.list_names()[1]
    for number in range(2):
        path = tmp_path / "log" / name
        data = bytearray(path.read_bytes())
        data[100 + number] ^= 1
        path.write_bytes(data)
        assert rebuild(disk, fill(disk, leaves, anchor), SMALL)[0].kept == f"{name}.bad-{number}"
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    assert Log.open(FileDisk(tmp_path / "copy"), segment_bytes_max=SMALL)[0].size == COUNT


def test_rot_that_goes_on_while_the_log_is_mended_is_damage_again_and_nothing_is_exchanged():
    disk, log = filled(COUNT)
    leaves, anchor = copy_of(log)
    name = disk.list_names()[1]
    broken_lines(disk, name, 1, 2)
    filling = fill(disk, leaves, anchor)
    disk.flip(name, 40)
    names, bad = disk.list_names(), disk.read(name)
    with pytest.raises(LogDamaged, match="leaf 3"):
        rebuild(disk, filling, SMALL)
    assert (disk.list_names(), disk.read(name)) == (names, bad)
    rebuild(disk, fill(disk, leaves, anchor), SMALL)
    assert reopened(disk)[0].leaves(0, COUNT, 1 << 30) == leaves


@pytest.mark.parametrize("beyond", [0, 1])
def test_an_end_of_a_segment_that_is_lost_before_an_empty_one_is_asked_for(beyond):
    """A card that said that it had written: the next file is there, named by its first leaf, and those before it are not."""
    disk, log = filled(COUNT)
    leaves, _ = copy_of(log)
    *_, name, last = (name for name in disk.list_names() if segment.is_segment(name))
    first = int(last.removesuffix(".seg"))
    offsets = [offset for offset, _ in segment.scan(disk.read(name))]
    disk.truncate(name, offsets[-2])
    disk.truncate(last, 0)
    size = first + beyond
    anchor = Checkpoint(ORIGIN, size, log.root(size))
    with pytest.raises(LogDamaged):
        reopened(disk)
    found = survey(disk)
    assert [(hole.first, hole.end) for hole in found.holes()] == [(first - 2, None)]
    rebuild(disk, fill(disk, leaves[:size], anchor), SMALL)
    again, _ = reopened(disk)
    assert again.leaves(0, COUNT, 1 << 30) == leaves[:size]


def test_an_end_that_nobody_holds_any_more_is_not_counted_as_mended():
    disk, log = filled(COUNT)
    *_, name, last = (name for name in disk.list_names() if segment.is_segment(name))
    first = int(last.removesuffix(".seg"))
    offsets = [offset for offset, _ in segment.scan(disk.read(name))]
    disk.truncate(name, offsets[-2])
    disk.truncate(last, 0)
    filling = Filling(survey(disk))
    filling.take(first - 2, [], Checkpoint(ORIGIN, first - 2, log.root(first - 2)))
    assert not filling.is_whole
    assert filling.wanted() is not None
