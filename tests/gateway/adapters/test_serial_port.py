"""The serial thread over real ptys: bytes, unplugging, plugging in again, a line that does not take bytes."""

import contextlib
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from casegateway.adapters.serial_port import SerialPort
from casegateway.events import BytesRead, Event, PortClosed, PortOpened
from casegateway.limits import SERIAL_UNSENT_BYTES_MAX
from casegateway.runtime import real_us
from tests.gateway.program import wait_for

pytestmark = pytest.mark.real


class Cable:
    """A pty behind a link whose name stays: what udev does for a plugged adapter."""

    def __init__(self, folder: Path) -> None:
        self.link = folder / "tty"
        self.events: list[Event] = []
        self.master = -1

    def plug(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))

    def unplug(self) -> None:
        self.link.unlink(missing_ok=True)
        os.close(self.slave)
        os.close(self.master)
        self.master = -1

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    @property
    def read(self) -> bytes:
        return b"".join(event.data for event in self.events if isinstance(event, BytesRead))


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path)
    yield cable
    if cable.master >= 0:
        cable.unplug()


@pytest.fixture
def port(cable: Cable) -> Iterator[SerialPort]:
    port = SerialPort("line1", str(cable.link), 115_200, cable.events.append, real_us)
    yield port
    port.stop()


def test_bytes_go_both_ways_with_the_time_of_their_reading(cable: Cable, port: SerialPort) -> None:
    cable.plug()
    port.start()
    wait_for("the port to open", lambda: cable.count(PortOpened))
    before = real_us()
    os.write(cable.master, b"\x01\x00\xff")
    wait_for("the bytes", lambda: cable.read == b"\x01\x00\xff")
    read = next(event for event in cable.events if isinstance(event, BytesRead))
    assert before <= read.real_us <= real_us()
    port.write(b"abc\x00")
    port.write(b"def\x00")
    got = bytearray()

    def drain() -> bool:
        with contextlib.suppress(BlockingIOError):
            got.extend(os.read(cable.master, 100))
        return bytes(got) == b"abc\x00def\x00"

    wait_for("the frames at the other end", drain)


def test_unplugged_port_is_told_once_and_comes_back_by_itself(cable: Cable, port: SerialPort) -> None:
    cable.plug()
    port.start()
    wait_for("the port to open", lambda: cable.count(PortOpened))
    for times in (1, 2):
        cable.unplug()
        wait_for("the loss", lambda times=times: cable.count(PortClosed) == times)
        port.write(b"into the void")  # dropped, not kept for another day
        time.sleep(1.2)  # two more tries to open
        assert cable.count(PortClosed) == times
        cable.plug()
        wait_for("the return", lambda times=times: cable.count(PortOpened) == times + 1)
        os.write(cable.master, bytes([times]))
        wait_for("its bytes", lambda times=times: cable.read.endswith(bytes([times])))
    assert port.dropped_bytes == 2 * len(b"into the void")
    reason = next(event.reason for event in cable.events if isinstance(event, PortClosed))
    assert reason


def test_port_that_is_not_there_at_the_start_is_told_after_a_grace(cable: Cable, port: SerialPort) -> None:
    started = time.monotonic()
    port.start()
    wait_for("the word that it is missing", lambda: cable.count(PortClosed))
    assert time.monotonic() - started >= 1.4
    closed = cable.events[0]
    assert isinstance(closed, PortClosed)
    assert closed.reason == "No such file or directory"
    cable.plug()
    wait_for("the port to open", lambda: cable.count(PortOpened))


def test_line_that_takes_nothing_costs_bounded_memory_and_no_waiting(cable: Cable, port: SerialPort) -> None:
    cable.plug()
    port.start()
    wait_for("the port to open", lambda: cable.count(PortOpened))
    started = time.monotonic()
    for _ in range(2_000):  # nobody reads the other end
        port.write(b"x" * 99 + b"\x00")
    assert time.monotonic() - started < 20
    assert len(port._unsent) <= SERIAL_UNSENT_BYTES_MAX
    assert port.dropped_bytes > 100_000


def test_stopping_ends_the_thread(cable: Cable, port: SerialPort) -> None:
    cable.plug()
    port.start()
    wait_for("the port to open", lambda: cable.count(PortOpened))
    port.stop()
    assert not port._thread.is_alive()
    assert cable.count(PortClosed) == 0
