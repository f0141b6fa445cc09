"""A write that power cut off, of which pages are missing in the middle: what is cut, when, and what the log says of it."""

import json

import pytest

from caselog import records, segment
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import PowerCut
from caselog.errors import ChainError, LogDamaged
from caselog.leaf import parse
from caselog.log import Log
from caselog.repair import Filling, rebuild
from caselog.survey import survey
from caselog.torn import Held
from tests.log.entries import entry, stay_of
from tests.log.test_log import SMALL, filled, reopened
from tests.log.test_repair import ORIGIN, broken_lines

DURABLE = 20
WRITTEN = 5
NOW = Instant(9, 1, 1_780_000_000_000_000, 1_780_000_000_000_001)
ROOMY = 1 << 20


def torn(segment_bytes_max=ROOMY, first=1):
    """A disk on which a write of five leaves was cut off: the line of its leaf `first` never arrived.

    The disk, the log as it was before that write, and its leaves.
    """
    disk, log = filled(DURABLE, segment_bytes_max=segment_bytes_max)
    before, root = log.leaves(0, DURABLE, 1 << 30), log.root()
    name = disk.list_names()[-1]
    size = disk.size(name)
    for number in range(DURABLE, DURABLE + WRITTEN):
        log.append(entry(number, stay_of(number)))
    tail = log.leaves(DURABLE, WRITTEN, 1 << 30)
    lines = [segment.encode_line(data) for data in tail]
    lines[first] = bytes(len(lines[first]))
    disk.append(name, b"".join(lines))
    disk.crash(keep=1.0)
    assert disk.size(name) > size
    return disk, Held(DURABLE, root), before + tail[:first]


def ended(disk, held, held_size=0, durable_size=0):
    filling = Filling(survey(disk, held_size, durable_size))
    filling.end(held)
    return filling


def test_the_hole_is_cut_with_what_follows_and_the_log_says_so_in_its_place():
    disk, held, sound = torn()
    name, old = disk.list_names()[-1], disk.read(disk.list_names()[-1])
    with pytest.raises(LogDamaged):
        reopened(disk)
    filling = ended(disk, held)
    assert (filling.is_whole, filling.ends_at, filling.wanted()) == (True, DURABLE + 1, None)
    assert rebuild(disk, filling, ROOMY, NOW) == []
    log, recovery = Log.open(disk)
    assert recovery.cut_bytes == 0
    assert log.leaves(0, DURABLE + 1, 1 << 30) == sound
    said = parse(log.leaf(DURABLE + 1))
    assert (log.size, said.type, said.recorded) == (DURABLE + 2, records.DAMAGED, NOW)
    records.check(said.type, said.body)
    end = sum(len(segment.encode_line(data)) for data in sound)
    assert said.body == {
        "file": name, "byte": end, "expected": f"leaf {DURABLE + 1}",
        "found": f"{len(old) - end} bytes of a write that power cut off, with 3 whole leaves among them",
        "kept": f"{name}.bad-0", "first": DURABLE + 1, "count": 0, "from": "none",
    }  # fmt: skip
    assert disk.read(said.body["kept"]) == old


def test_the_numbers_of_a_stay_go_on_from_what_is_left():
    disk, held, sound = torn()
    rebuild(disk, ended(disk, held), ROOMY, NOW)
    log, _ = Log.open(disk)
    expected = sum(json.loads(data)["stay"] == "s-1" for data in sound) + 1
    assert parse(log.append(entry(99, "s-1")).data).stay_n == expected


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ((DURABLE + 2, 0), "the server holds it"),
        ((0, DURABLE + 2), "it was durable once"),
    ],
)
def test_nothing_that_counted_is_cut(sizes, why):
    disk, held, _ = torn()
    assert ended(disk, held, *sizes).is_whole is False, why
    assert ended(disk, held, DURABLE + 1, DURABLE + 1).is_whole


def test_a_copy_that_holds_more_brings_it_back_and_nothing_is_cut():
    disk, _, _ = torn()
    whole, log = filled(DURABLE + WRITTEN, segment_bytes_max=ROOMY)
    leaves = log.leaves(0, log.size, 1 << 30)
    anchor = Checkpoint(ORIGIN, DURABLE + 4, log.root(DURABLE + 4))
    filling = ended(disk, Held(DURABLE + 4, log.root(DURABLE + 4)))
    assert not filling.is_whole
    first, count = filling.wanted()
    filling.take(first, leaves[first : first + count], anchor)
    assert (filling.is_whole, filling.ends_at) == (True, None)
    rebuild(disk, filling, ROOMY)
    assert Log.open(disk)[0].leaves(0, log.size, 1 << 30) == leaves
    assert whole.read(whole.list_names()[0]) == disk.read(disk.list_names()[0])


def test_a_newer_checkpoint_than_the_word_forbids_the_cut():
    disk, held, _ = torn()
    _, log = filled(DURABLE + WRITTEN, segment_bytes_max=ROOMY)
    filling = Filling(survey(disk))
    filling.take(DURABLE + 1, [], Checkpoint(ORIGIN, DURABLE + 3, log.root(DURABLE + 3)))
    filling.end(held)
    assert not filling.is_whole


def test_the_word_of_another_history_is_not_taken():
    disk, held, _ = torn()
    with pytest.raises(ChainError, match="root"):
        ended(disk, Held(held.size, bytes(32)))


def test_what_rotted_earlier_comes_from_the_copy_first():
    disk, held, sound = torn()
    offset = sum(len(segment.encode_line(data)) for data in sound[:4])
    disk.flip(disk.list_names()[0], offset + 40)
    disk.flip(disk.list_names()[0], offset + 40 + len(segment.encode_line(sound[4])))
    filling = ended(disk, held, DURABLE, DURABLE)
    assert (filling.is_whole, filling.wanted()) == (False, (4, 2))
    filling.take(4, sound[4:6], Checkpoint(ORIGIN, held.size, held.root))
    assert not filling.is_whole
    filling.end(held)
    mended = rebuild(disk, filling, ROOMY, NOW)
    assert [(one.first, one.count) for one in mended] == [(4, 2)]
    log, _ = Log.open(disk)
    assert log.leaves(0, DURABLE + 1, 1 << 30) == sound
    assert parse(log.leaf(DURABLE + 1)).body["from"] == "none"


@pytest.mark.parametrize("first", [0, 1, 3])
def test_wherever_the_hole_is_in_the_write_it_is_cut_there(first):
    disk, held, sound = torn(first=first)
    rebuild(disk, ended(disk, held), ROOMY, NOW)
    log, _ = Log.open(disk)
    assert (log.leaves(0, DURABLE + first, 1 << 30), log.size) == (sound, DURABLE + first + 1)


def test_only_the_last_segment_can_be_torn():
    disk, log = filled(DURABLE)  # three leaves a segment
    broken_lines(disk, disk.list_names()[-2], 0, 1)
    assert survey(disk).torn_from is None
    assert not ended(disk, Held(0, log.root(0))).is_whole


def test_a_log_that_lost_its_first_leaf_is_not_cut_to_nothing():
    disk, _ = filled(3, segment_bytes_max=ROOMY)
    broken_lines(disk, disk.list_names()[0], 0, 1)
    assert survey(disk).torn_from is None
    disk, log = filled(4, segment_bytes_max=ROOMY)
    broken_lines(disk, disk.list_names()[0], 0, 2)
    filling = Filling(survey(disk))
    filling.end(Held(0, log.root(0)))
    assert not filling.is_whole


def test_an_end_is_written_only_with_its_time():
    disk, held, _ = torn()
    with pytest.raises(ValueError, match="expected the time"):
        rebuild(disk, ended(disk, held), ROOMY)


@pytest.mark.parametrize("keep", [0.0, 0.4, 1.0])
def test_power_cut_while_it_is_cut_leaves_the_hole_or_the_statement(keep):
    for operation in range(20):
        disk, held, sound = torn(SMALL)
        disk.cut_at = disk.operations + operation
        try:
            rebuild(disk, ended(disk, held), SMALL, NOW)
        except PowerCut:
            disk.crash(keep)
        else:
            break
        try:
            log, _ = reopened(disk)
        except LogDamaged:
            rebuild(disk, ended(disk, held), SMALL, NOW)
            log, _ = reopened(disk)
        assert log.leaves(0, DURABLE + 1, 1 << 30) == sound
        assert [parse(log.leaf(DURABLE + 1)).type, log.size] == [records.DAMAGED, DURABLE + 2]
    assert operation == 4  # create, append, sync, exchange
