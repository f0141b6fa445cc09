"""`caseward demo` as a visitor runs it: the page is up within a minute, and nothing is left when it ends."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tools.need import need
from tests.tools.ports import free_port

pytestmark = [pytest.mark.real, pytest.mark.slow]

UP_S = 60.0
"""Of a processor, for all programs together: on a machine with nothing else to do the page is up long before."""
PATIENCE_S = 200.0
GONE_S = 60.0


class Demo:
    """The command, running, with what it prints in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.kiosk_port = folder, free_port(), free_port()
        self.output = folder / "printed.txt"
        command = [
            sys.executable,
            "-m",
            "caseward",
            "demo",
            "--data",
            str(folder / "data"),
            "--port",
            str(self.port),
            "--kiosk-port",
            str(self.kiosk_port),
            "--speed",
            "240",
        ]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.began = time.monotonic()

    def printed(self) -> str:
        return self.output.read_text(errors="replace")

    def worked_s(self) -> float:
        """Processor seconds of the demo and all that it started, those included that have ended."""
        ticks = 0
        for pid in (self.process.pid, *self.started()):
            with suppress(
                FileNotFoundError, ProcessLookupError
            ):  # ended this moment: who started it counts it
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(field) for field in fields[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    def wait_printed(self, text: str) -> None:
        """Until it has printed this."""
        while text not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() - self.began < PATIENCE_S, self.printed()
            time.sleep(0.1)

    def status(self, path: str, port: int | None = None) -> int:
        connection = http.client.HTTPConnection("localhost", port or self.port, timeout=60)
        connection.request("GET", path)
        return connection.getresponse().status

    def started(self) -> list[int]:
        """Processes that name this demo's folder on their command line: all it started but the reaper."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words and int(entry.name) != self.process.pid:
                found.append(int(entry.name))
        return found

    def left_after_s(self) -> tuple[list[int], float]:
        """What still runs, and how long was waited."""
        begun = time.monotonic()
        while (left := self.started()) and time.monotonic() - begun < GONE_S:
            time.sleep(0.1)
        return left, time.monotonic() - begun


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    need("mosquitto")
    running = Demo(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait()
    for pid in running.started():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_the_page_is_up_within_a_minute_and_ctrl_c_ends_everything(demo: Demo) -> None:
    demo.wait_printed(f"http://localhost:{demo.port}")
    assert demo.worked_s() < UP_S
    assert demo.status("/") == 303  # nobody is signed in: to the sign-in page
    assert demo.status("/sign-in") == 200
    assert demo.status("/c/effects-1", demo.kiosk_port) == 200
    hands = re.search(r"your hands +http://localhost:(\d+)", demo.printed())
    assert hands is not None
    assert demo.status("/", int(hands[1])) == 200
    demo.wait_printed("ALARM S2 M2a")
    assert "Exception" not in demo.printed()
    assert len(demo.started()) >= 10  # six nodes, two gateways, broker, server
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(timeout=GONE_S) == 0
    assert demo.left_after_s()[0] == []


def test_kill_9_of_the_demo_leaves_no_orphan(demo: Demo) -> None:
    demo.wait_printed(f"http://localhost:{demo.port}")
    assert len(demo.started()) >= 10
    demo.process.kill()
    demo.process.wait()
    assert demo.left_after_s()[0] == []


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    need("mosquitto")
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [
            sys.executable,
            "-m",
            "caseward",
            "demo",
            "--data",
            str(tmp_path),
            "--port",
            str(taken.getsockname()[1]),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert "expected port" in done.stderr
    assert list(tmp_path.iterdir()) == []
