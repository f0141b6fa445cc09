"""Nothing the demo starts outlives it: not after Ctrl-C, not after a crash, not after kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caseward.demo.programs import Programs
from caseward.demo.reaper import listed

WAIT_S = 60.0
SLEEP = "import time; print('ready', flush=True); time.sleep(600)"
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
SLEEPER = [sys.executable, "-c", SLEEP]
STUBBORN = [sys.executable, "-c", IGNORE + SLEEP]
HOST = """
import sys, time
from pathlib import Path
from caseward.demo.programs import Programs
programs = Programs(Path(sys.argv[1]))
programs.open()
first = programs.start("one", [sys.executable, "-c", sys.argv[3]])
while "ready" not in first.tail():
    time.sleep(0.02)
print(first.pid, flush=True)
if sys.argv[2] == "crash":
    raise RuntimeError("the demo fails")
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    end = time.monotonic() + WAIT_S
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_running(pid)


def test_close_ends_all_also_what_does_not_listen(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    programs.open()
    pids = [programs.start("one", SLEEPER).pid, programs.start("two", STUBBORN).pid]
    assert all(map(is_running, pids))
    programs.close()
    assert not any(map(is_running, pids))


def test_a_killed_program_starts_again_under_its_name(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    programs.open()
    try:
        first = programs.start("one", SLEEPER).pid
        assert programs.kill("one") == first
        assert not is_running(first)
        assert programs.ended() == []  # it was meant to be down
        second = programs.restart("one")
        assert second.is_alive
        assert second.pid != first
        assert second.starts == 2
    finally:
        programs.close()


def test_a_program_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    programs.open()
    try:
        program = programs.start("one", [sys.executable, "-c", "print('why')"])
        assert program.process is not None
        program.process.wait(timeout=WAIT_S)
        assert [item.name for item in programs.ended()] == ["one"]
        assert program.tail() == "why\n"
    finally:
        programs.close()


@pytest.mark.parametrize(("end", "program"), [("crash", SLEEP), ("kill", SLEEP), ("kill", IGNORE + SLEEP)])
def test_no_orphan_is_left_when_the_demo_itself_dies(tmp_path: Path, end: str, program: str) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path), end, program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert host.stdout is not None
    child = int(host.stdout.readline())
    if end == "kill":
        host.send_signal(signal.SIGKILL)
    host.wait(timeout=WAIT_S)
    assert gone(child)


def test_the_reaper_lists_what_was_started_and_not_ended() -> None:
    assert listed(["+10\n", "+11\n", "-10\n", "garbage\n", "+\n"]) == {11}
