"""Opening the log in whatever state the disk is: what is gone on with, and how the two become one again."""

import json

import pytest

from casegateway import interim
from casegateway.evidence import INTERIM, mend, open_evidence
from casegateway.interim import MISSING
from casegateway.state import StateError
from caselog import records
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import FileDisk
from caselog.errors import LogDamaged
from caselog.log import Log
from tests.gateway.bench import ORIGIN
from tests.log.entries import entry, stay_of

COUNT = 30
NOW = Instant(9, 1, 1_780_000_000_000_000, 1_780_000_000_000_001)


def no_cry() -> None:
    """Nobody is to hear anything."""
    raise AssertionError("expected silence")


@pytest.fixture
def house(tmp_path):
    """A data folder whose log has some leaves; the leaves, and the checkpoint of them."""
    disk = FileDisk(tmp_path / "log")
    log, _ = Log.open(disk, segment_bytes_max=4_000)
    for number in range(COUNT):
        log.append(entry(number, stay_of(number)))
    log.commit()
    disk.close()
    return tmp_path, log.leaves(0, COUNT, 1 << 30), Checkpoint(ORIGIN, COUNT, log.root())


def rot(data, position=1):
    path = sorted((data / "log").glob("*.seg"))[position]
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def fill(found, leaves, anchor):
    while (asked := found.filling.wanted()) is not None:
        found.filling.take(asked[0], leaves[asked[0] : sum(asked)], anchor)


def test_a_sound_log_is_opened_and_nobody_cries(house):
    data, _, _ = house
    found = open_evidence(data, None, COUNT, no_cry)
    assert (found.log.size, found.filling, found.reasons) == (COUNT, None, {})
    assert not (data / INTERIM).exists()
    found.close()


def test_the_interim_log_has_every_sound_leaf_at_its_index_and_says_what_is_missing(house):
    data, leaves, _ = house
    rot(data)
    cries = []
    found = open_evidence(data, None, COUNT, lambda: cries.append(1))
    assert (cries, list(found.reasons), found.log.size) == ([1], ["damage"], COUNT)
    missing = []
    for index, data_ in enumerate(found.log.leaves(0, COUNT, 1 << 30)):
        now, before = json.loads(data_), json.loads(leaves[index])
        if now["type"] == MISSING:
            missing.append(index)
        else:
            assert {k: v for k, v in now.items() if k not in ("prev", "stay_n")} == {
                k: v for k, v in before.items() if k not in ("prev", "stay_n")
            }
    assert len(missing) == 1
    found.close()


def test_facts_taken_meanwhile_are_appended_once_to_the_mended_log(house):
    data, leaves, anchor = house
    rot(data)
    found = open_evidence(data, None, COUNT, lambda: None)
    found.log.append(entry(100, "s-1"))
    found.log.append(entry(104, "s-1"))  # an output: the rules derive it again
    found.log.commit()
    found.close()
    found = open_evidence(data, None, COUNT, lambda: None)  # a start in between
    assert found.log.size == COUNT + 2
    fill(found, leaves, anchor)
    mend(found, COUNT, NOW)
    found.close()
    kept = next(data.glob("log/*.bad-0"))
    assert kept.name.endswith(".seg.bad-0")
    found = open_evidence(data, None, COUNT, no_cry)
    tail = [json.loads(leaf) for leaf in found.log.leaves(COUNT, 99, 1 << 30)]
    assert [leaf["type"] for leaf in tail] == [records.DAMAGED, "door.opened/1"]
    assert (tail[1]["id"], tail[1]["stay_n"]) == ("n1/1/100", 11)
    assert found.log.leaves(0, COUNT, 1 << 30) == leaves
    found.close()
    assert [path.name for path in data.glob("interim*")] == ["interim.merged-0"]


def test_facts_taken_meanwhile_are_recorded_after_all_that_came_back(house):
    """Where the end of the log was lost and no source of time spoke, they knew no better than what was left of it."""
    data, leaves, anchor = house
    last = json.loads(leaves[-1])["recorded"]
    rot(data)
    found = open_evidence(data, None, COUNT, lambda: None)
    early = entry(100, "s-1")
    doubted = early["recorded"] | {"earliest_us": last["earliest_us"] - 5_000_000, "latest_us": None}
    found.log.append(early | {"recorded": doubted})
    found.log.commit()
    fill(found, leaves, anchor)
    mend(found, COUNT, NOW)
    found.close()
    found = open_evidence(data, None, COUNT, no_cry)
    tail = json.loads(found.log.leaves(found.log.size - 1, 1, 1 << 30)[0])
    assert tail["id"] == "n1/1/100"
    assert tail["recorded"]["earliest_us"] >= last["earliest_us"]
    assert tail["recorded"]["latest_us"] is None
    found.close()


def test_a_power_cut_between_the_facts_and_the_renaming_appends_nothing_twice(house):
    data, leaves, anchor = house
    rot(data)
    found = open_evidence(data, None, COUNT, lambda: None)
    found.log.append(entry(100, "s-1"))
    found.log.commit()
    fill(found, leaves, anchor)
    mend(found, COUNT, NOW)
    found.close()
    found = open_evidence(data, None, COUNT, no_cry)
    size = found.log.size
    found.close()
    (data / "interim.merged-0").rename(data / INTERIM)
    found = open_evidence(data, None, COUNT, no_cry)
    assert found.log.size == size
    found.close()


def test_an_interim_log_that_was_not_whole_is_made_anew(house):
    data, _, _ = house
    rot(data)
    half = data / INTERIM / "log"
    half.mkdir(parents=True)
    (half / "0000000000000000.seg").write_bytes(b"half")
    found = open_evidence(data, None, COUNT, lambda: None)
    assert found.log.size == COUNT
    found.close()


def test_a_log_of_which_everything_is_gone_is_still_gone_on_with(house):
    data, leaves, anchor = house
    for path in (data / "log").iterdir():
        path.unlink()
    found = open_evidence(data, None, COUNT, lambda: None)
    assert found.log.size == COUNT
    fill(found, leaves, anchor)
    mend(found, COUNT, NOW)
    found.close()
    assert open_evidence(data, None, COUNT, no_cry).log.leaves(0, COUNT, 1 << 30) == leaves


def test_more_missing_than_memory_takes_is_refused(house, monkeypatch):
    data, _, _ = house
    monkeypatch.setattr(interim, "INTERIM_MISSING_MAX", 5)
    with pytest.raises(LogDamaged, match="at most 5 leaves missing"):
        open_evidence(data, None, COUNT + 100, lambda: None)


def test_a_log_that_went_on_in_a_second_folder_is_not_opened_without_it(house, tmp_path):
    data, _, _ = house
    second = tmp_path / "disk2"
    found = open_evidence(data, second, COUNT, no_cry)
    found.close()
    found = open_evidence(data, None, COUNT, no_cry)  # nothing was written there: it may be left out again
    found.close()
    found = open_evidence(data, second, COUNT, no_cry)
    name = found.log.segment_of(COUNT - 1)[0]
    assert found.real.fail_over(name, found.real.size(name))
    found.real.create(f"{COUNT:016d}.seg")
    found.close()
    with pytest.raises(StateError, match="--second-log"):
        open_evidence(data, None, COUNT, no_cry)
    found = open_evidence(data, second, COUNT, no_cry)
    assert list(found.reasons) == ["second disk"]
    found.close()
    second.rename(tmp_path / "away")
    with pytest.raises(StateError, match="--second-log"):
        open_evidence(data, None, COUNT, no_cry)
