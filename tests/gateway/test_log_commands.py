"""`caseward log scrub|repair|join` on real files, as an operator calls them."""

import shutil
from pathlib import Path

import pytest

from caselog import checkpoint
from caselog.checkpoint import Checkpoint
from caselog.disk import FileDisk, MemoryDisk
from caselog.log import Log
from caselog.pairdisk import PairDisk
from caselog.segment import encode_line
from caseward.cli import main
from tests.gateway.bench import GATEWAY_KEY, ORIGIN
from tests.log.entries import entry, stay_of

COUNT = 60
KIB_8 = 8_192


class House:
    """A log on files and a server's copy of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "log"
        disk = FileDisk(self.folder)
        log, _ = Log.open(disk, segment_bytes_max=KIB_8)
        for number in range(COUNT):
            log.append(entry(number, stay_of(number)))
        log.commit()
        self.leaves = log.leaves(0, COUNT, 1 << 30)
        self.root = log.root().hex()
        self.copy = folder / "copy"
        self.copy.write_bytes(b"".join(leaf + b"\n" for leaf in self.leaves))
        self.note = folder / "note"
        signer = GATEWAY_KEY.named(ORIGIN)
        self.note.write_bytes(checkpoint.sign(Checkpoint(ORIGIN, COUNT, log.root()), signer))
        disk.close()

    @property
    def noted(self) -> list[str]:
        return ["--note", str(self.note), "--public", GATEWAY_KEY.public.hex()]

    def segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.seg"))

    def rot(self, position: int) -> bytes:
        path = self.segments()[position]
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)
        return bytes(data)

    def now(self) -> list[bytes]:
        return Log.open(FileDisk(self.folder))[0].leaves(0, COUNT, 1 << 30)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_sound_log_is_said_to_be_with_its_root_and_nothing_changes(house, capsys):
    before = {path: path.read_bytes() for path in house.folder.iterdir()}
    assert main(["log", "scrub", str(house.folder), *house.noted]) == 0
    assert capsys.readouterr().out == f"sound: {COUNT} leaves, root {house.root}\n"
    assert {path: path.read_bytes() for path in house.folder.iterdir()} == before


def test_damage_is_named_and_mended_from_a_copy_and_said_in_the_log(house, capsys):
    bad = house.rot(1)
    name = house.segments()[1].name
    assert main(["log", "scrub", str(house.folder)]) == 1
    said = capsys.readouterr().out
    assert f"damaged: {name} at byte" in said
    assert "missing: leaf" in said
    assert main(["log", "repair", str(house.folder), "--from", str(house.copy)]) == 0
    assert "mended" in capsys.readouterr().out
    assert house.now() == house.leaves
    assert (house.folder / f"{name}.bad-0").read_bytes() == bad
    log, _ = Log.open(FileDisk(house.folder))
    assert b'"type":"log.damaged/1"' in log.leaf(COUNT)
    assert main(["log", "scrub", str(house.folder)]) == 0
    assert main(["log", "repair", str(house.folder), "--from", str(house.copy)]) == 0
    assert "nothing to repair" in capsys.readouterr().out


def test_a_copy_may_be_the_segments_of_another_machine(house, tmp_path):
    shutil.copytree(house.folder, tmp_path / "other")
    house.segments()[0].unlink()
    copy = tmp_path / "joined"
    copy.write_bytes(b"".join(path.read_bytes() for path in sorted((tmp_path / "other").glob("*.seg"))))
    assert main(["log", "repair", str(house.folder), "--from", str(copy)]) == 0
    assert house.now() == house.leaves


def test_an_end_that_is_gone_needs_the_logs_own_word(house, capsys):
    house.segments()[-1].unlink()
    assert main(["log", "scrub", str(house.folder), *house.noted]) == 1
    assert main(["log", "repair", str(house.folder), "--from", str(house.copy), *house.noted]) == 0
    assert house.now() == house.leaves
    other = ["--note", str(house.note), "--public", "00" * 32]
    assert main(["log", "scrub", str(house.folder), *other]) == 2
    assert main(["log", "scrub", str(house.folder), "--note", str(house.note)]) == 2
    assert "--public" in capsys.readouterr().err


def test_a_false_copy_or_a_short_one_changes_nothing(house, tmp_path, capsys):
    house.rot(1)
    before = {path: path.read_bytes() for path in house.folder.iterdir()}
    forged, _ = Log.open(MemoryDisk())
    for number in range(COUNT):
        forged.append(entry(number, None, "forged"))
    lies = tmp_path / "lies"
    lies.write_bytes(b"".join(encode_line(leaf) for leaf in forged.leaves(0, COUNT, 1 << 30)))
    assert main(["log", "repair", str(house.folder), "--from", str(lies)]) == 1
    assert f"{lies} at byte" in capsys.readouterr().err
    short = tmp_path / "short"
    short.write_bytes(b"".join(leaf + b"\n" for leaf in house.leaves[:5]))
    assert main(["log", "repair", str(house.folder), "--from", str(short)]) == 1
    assert "does not have leaf" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in house.folder.iterdir()} == before


def test_a_log_in_two_folders_is_scrubbed_as_one_and_joined(house, tmp_path, capsys):
    second = tmp_path / "second"
    first_disk, second_disk = FileDisk(house.folder), FileDisk(second)
    disk = PairDisk(first_disk, second_disk)
    log, _ = Log.open(disk)
    name = log.segment_of(COUNT - 1)[0]
    disk.fail_over(name, disk.size(name))
    with house.segments()[-1].open("ab") as file:
        file.write(encode_line(house.leaves[0]) + b"never durable")
    log, _ = Log.open(PairDisk(first_disk, second_disk))
    assert log.size == COUNT
    first_disk.close()
    second_disk.close()
    assert main(["log", "scrub", str(house.folder), "--second-log", str(second), *house.noted]) == 0
    assert main(["log", "scrub", str(house.folder)]) == 1
    assert main(["log", "join", str(house.folder), str(second), str(tmp_path / "new")]) == 0
    assert Log.open(FileDisk(tmp_path / "new"))[0].root().hex() == house.root
    assert main(["log", "join", str(house.folder), str(second), str(tmp_path / "new")]) == 2
    assert "expected a new folder" in capsys.readouterr().err


def test_a_folder_that_is_none_is_not_made(tmp_path):
    assert main(["log", "scrub", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


def test_a_log_that_a_gateway_holds_is_not_repaired(house, capsys):
    house.rot(1)
    holder = FileDisk(house.folder, exclusive=True)
    assert main(["log", "repair", str(house.folder), "--from", str(house.copy)]) == 1
    assert "only writer" in capsys.readouterr().err
    holder.close()
