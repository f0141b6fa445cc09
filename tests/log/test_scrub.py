"""A running log read again in slices: rot is found, told and mended by hash, and writing goes on meanwhile."""

import errno

import pytest

from caselog import segment
from caselog.disk import FileDisk
from caselog.errors import LogDamaged
from caselog.log import Log
from caselog.scrub import Patch, Scrubber
from tests.log.entries import entry
from tests.log.test_log import filled, reopened

COUNT = 20


def scrubbed(log, slice_bytes=700):
    scrubber = Scrubber(log)
    slices = 0
    while not scrubber.is_done:
        scrubber.step(slice_bytes)
        slices += 1
        assert slices < 200, "no progress"
    return scrubber, slices


def test_a_sound_log_is_read_whole_in_slices():
    _, log = filled(COUNT)
    scrubber, slices = scrubbed(log)
    total_bytes = sum(len(leaf) for leaf in log.leaves(0, COUNT, 1 << 30))
    assert (scrubber.leaves, scrubber.bytes, scrubber.damages) == (COUNT, total_bytes, [])
    assert slices >= 10


def test_leaves_that_come_while_it_runs_are_left_for_the_next_night():
    _, log = filled(COUNT)
    scrubber = Scrubber(log)
    scrubber.step(500)
    for number in range(COUNT, COUNT + 5):
        log.append(entry(number))
    log.commit()
    while not scrubber.is_done:
        scrubber.step(500)
    assert scrubber.leaves == COUNT


def test_every_byte_of_every_segment_is_looked_at():
    disk, log = filled(8)
    for name in disk.list_names():
        for offset in range(disk.size(name)):
            disk.flip(name, offset)
            damages = scrubbed(log, 1 << 20)[0].damages
            assert [damage.segment for damage in damages] == [name], (name, offset)
            disk.flip(name, offset)
    assert scrubbed(log)[0].damages == []


def test_all_damaged_segments_are_named_in_one_run():
    disk, log = filled(COUNT)
    names = disk.list_names()
    disk.flip(names[1], 50)
    disk.flip(names[4], 50)
    assert [damage.segment for damage in scrubbed(log)[0].damages] == [names[1], names[4]]


def test_a_file_that_is_gone_is_damage_and_no_failure_of_the_program(tmp_path):
    disk, log = filled(COUNT, FileDisk(tmp_path / "log"))
    name = disk.list_names()[2]
    (tmp_path / "log" / name).unlink()
    assert [damage.segment for damage in scrubbed(log)[0].damages] == [name]


@pytest.mark.parametrize("which", [0, 2, -1])
def test_a_damaged_segment_of_a_running_log_is_mended_by_its_hashes(tmp_path, which):
    disk, log = filled(COUNT, FileDisk(tmp_path / "log"))
    leaves = log.leaves(0, COUNT, 1 << 30)
    name = disk.list_names()[which]
    path = tmp_path / "log" / name
    data = bytearray(path.read_bytes())
    data[60] ^= 4
    path.write_bytes(data)
    patch = Patch(log, scrubbed(log)[0].damages[0])
    while not patch.is_read:
        patch.step(1)
    first, count = patch.wanted(64)
    assert (first, count) == (int(name.removesuffix(".seg")), 1)
    assert not patch.take(first, [leaves[first + 1]])
    assert not patch.is_whole
    for number in range(COUNT, COUNT + 3):  # the gateway goes on meanwhile
        log.append(entry(number))
    log.commit()
    assert patch.take(first, leaves[first : first + 5])
    assert (patch.is_whole, patch.came) == (True, [first])
    assert (tmp_path / "log" / patch.write()).read_bytes() == bytes(data) + path.read_bytes()[len(data) :]
    assert scrubbed(log)[0].damages == []
    log.append(entry(99))
    log.commit()
    again, _ = reopened(FileDisk(tmp_path / "log"))
    assert again.leaves(0, 24, 1 << 30) == log.leaves(0, 24, 1 << 30)


def test_a_patch_is_never_written_with_a_leaf_that_was_not_here():
    disk, log = filled(COUNT)
    disk.flip(disk.list_names()[0], 60)
    patch = Patch(log, scrubbed(log)[0].damages[0])
    patch.step(99)
    patch.leaves[0] = log.leaf(7)
    with pytest.raises(LogDamaged):
        patch.write()


def test_only_errors_of_the_medium_are_damage():
    disk, log = filled(COUNT)
    disk.forget = lambda _name: (_ for _ in ()).throw(OSError(errno.EMFILE, "too many files"))
    with pytest.raises(OSError, match="too many"):
        Scrubber(log).step(10)


def test_a_scrub_on_files_reads_past_the_page_cache(tmp_path):
    disk, _ = filled(COUNT, FileDisk(tmp_path / "log"), segment.SEGMENT_BYTES_MAX)
    log, _ = Log.open(disk)
    assert scrubbed(log)[0].leaves == COUNT
    disk.forget(disk.list_names()[0])
