import ast
import errno
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import caselog
from caselog.disk import FileDisk, MemoryDisk
from caselog.errors import DiskBusy, WriteFailed
from caselog.log import Log, Recovery
from tests.log.entries import entry

DISKS = {"file": lambda path: FileDisk(path / "log"), "memory": lambda path: MemoryDisk()}


@pytest.fixture(params=DISKS)
def disk(request, tmp_path):
    return DISKS[request.param](tmp_path)


def test_both_disks_read_back_what_was_appended(disk):
    assert disk.list_names() == []
    disk.create("b")
    disk.create("a")
    for part in (b"one", b"two", b""):
        disk.append("a", part)
    disk.sync("a")
    assert disk.list_names() == ["a", "b"]
    assert (disk.size("a"), disk.size("b")) == (6, 0)
    reads = [
        disk.read("a"),
        disk.read("a", 2),
        disk.read("a", 2, 2),
        disk.read("a", 2, 99),
        disk.read("a", 9),
    ]
    assert reads == [b"onetwo", b"etwo", b"et", b"etwo", b""]
    disk.truncate("a", 4)
    disk.append("a", b"!")
    assert disk.read("a") == b"onet!"


def test_both_disks_refuse_a_name_twice_and_a_name_they_lack(disk):
    disk.create("a")
    with pytest.raises(FileExistsError):
        disk.create("a")
    for call in (disk.read, disk.size, disk.sync, lambda name: disk.append(name, b"x")):
        with pytest.raises(FileNotFoundError):
            call("missing")
    assert disk.list_names() == ["a"]


def test_a_log_on_files_is_there_for_the_next_process(tmp_path):
    disk = FileDisk(tmp_path / "log")
    log, _ = Log.open(disk, segment_bytes_max=1500)
    for number in range(20):
        log.append(entry(number))
    log.commit()
    disk.close()
    again, recovery = Log.open(FileDisk(tmp_path / "log"), segment_bytes_max=1500)
    assert (recovery, again.root()) == (Recovery(20), log.root())
    assert again.leaves(0, 20, 1 << 20) == log.leaves(0, 20, 1 << 20)


def test_files_and_their_folder_are_the_owners_alone(tmp_path):
    disk = FileDisk(tmp_path / "log")
    disk.create("a")
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "log" / "a").stat().st_mode) == 0o600


def test_a_second_writer_is_refused_while_readers_are_not(tmp_path):
    first, second = FileDisk(tmp_path / "log"), FileDisk(tmp_path / "log")
    first.create("a")
    first.append("a", b"x")
    with pytest.raises(DiskBusy, match="expected to be the only writer"):
        second.append("a", b"y")
    assert second.read("a") == b"x"
    first.close()
    second.append("a", b"y")
    assert second.read("a") == b"xy"


def test_an_exclusive_disk_is_refused_at_once_while_another_has_it(tmp_path):
    first = FileDisk(tmp_path / "log", exclusive=True)
    with pytest.raises(DiskBusy):
        FileDisk(tmp_path / "log", exclusive=True)
    first.close()
    FileDisk(tmp_path / "log", exclusive=True).close()


def test_a_log_that_another_has_written_since_it_was_read_is_not_written(tmp_path):
    stale_disk, disk = FileDisk(tmp_path / "log"), FileDisk(tmp_path / "log")
    first, _ = Log.open(disk)
    first.append(entry(0))
    first.commit()
    stale, _ = Log.open(stale_disk)
    first.append(entry(1))
    first.commit()
    disk.close()
    stale.append(entry(2))
    with pytest.raises(WriteFailed, match="found other content"):
        stale.commit()
    stale_disk.close()
    assert Log.open(FileDisk(tmp_path / "log"))[1] == Recovery(2)


def test_the_lock_ends_with_a_killed_process(tmp_path):
    program = (
        "import sys, signal, os; from caselog.disk import FileDisk; disk = FileDisk(sys.argv[1]);"
        "disk.create('a'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    paths = [str(Path(caselog.__file__).parent.parent)]
    code = f"import sys; sys.path[:0] = {paths!r}; {program}"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], timeout=30, check=False)
    assert done.returncode == -9
    FileDisk(tmp_path / "log").append("a", b"x")


def test_files_are_synced_and_folders_too(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "fdatasync"):
        real = getattr(caselog.filedisk.os, name)
        monkeypatch.setattr(
            caselog.filedisk.os, name, lambda fd, n=name, r=real: (calls.append((n, path_of(fd))), r(fd))
        )
    disk = FileDisk(tmp_path / "log")
    disk.create("a")
    disk.append("a", b"x")
    disk.sync("a")
    disk.truncate("a", 0)
    folder = str(tmp_path / "log")
    assert calls == [
        ("fsync", str(tmp_path)),
        ("fsync", f"{folder}/a"),
        ("fsync", folder),
        ("fdatasync", f"{folder}/a"),
        ("fsync", f"{folder}/a"),
    ]


def path_of(descriptor):
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def test_a_short_write_is_continued(tmp_path, monkeypatch):
    disk = FileDisk(tmp_path / "log")
    disk.create("a")
    real = caselog.filedisk.os.write
    monkeypatch.setattr(caselog.filedisk.os, "write", lambda fd, data: real(fd, data[:3]))
    disk.append("a", b"0123456789")
    assert disk.read("a") == b"0123456789"


def test_a_fault_comes_when_it_was_asked_for_and_once():
    disk = MemoryDisk()
    disk.create("a")
    disk.fail("append", errno.EIO, after=1)
    disk.append("a", b"1")
    with pytest.raises(OSError, match="injected fault"):
        disk.append("a", b"2")
    disk.append("a", b"3")
    assert disk.read("a") == b"13"
    with pytest.raises(ValueError, match="expected one of"):
        disk.fail("read")


def test_only_filedisk_reaches_the_operating_system():
    outside = {
        "os",
        "fcntl",
        "stat",
        "socket",
        "time",
        "datetime",
        "random",
        "secrets",
        "threading",
        "asyncio",
        "subprocess",
    }
    importers = set()
    for path in Path(caselog.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] in outside for name in names):
                importers.add(path.name)
    assert importers == {"filedisk.py"}
