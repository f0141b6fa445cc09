"""A serial port of a bus, over ptys."""

import time

import pytest

from casefield.ports import REOPEN_MS, SerialBus
from tests.field.cable import Cable

pytestmark = pytest.mark.real


def received(bus, size, limit_s=30.0):
    found, end = b"", time.monotonic() + limit_s
    while len(found) < size and time.monotonic() < end:
        found += bus.read(64) or b""
        time.sleep(0.002)
    return found


def test_every_byte_passes_unchanged_both_ways(tmp_path):
    every = bytes(range(256))
    with Cable(tmp_path) as cable:
        near, far = SerialBus(cable.path(), 9600), SerialBus(cable.path(0), 9600)
        far.read(1)
        assert near.write(every) == 256
        assert received(far, 256) == every
        far.write(every)
        assert received(near, 256) == every


def test_a_port_that_is_not_there_is_told_and_tried_again_on_its_timer(tmp_path):
    now = [0]
    bus = SerialBus(str(tmp_path / "gateway"), 9600, now_ms=lambda: now[0])
    assert bus.read(1) is None
    assert not bus.is_open
    assert "gateway" in bus.reason
    assert bus.write(b"abc") == 3  # nobody will ask for them again
    assert bus.unsent == 3
    with Cable(tmp_path):
        now[0] = REOPEN_MS - 1
        assert bus.read(1) is None
        assert not bus.is_open
        now[0] = REOPEN_MS
        bus.read(1)
        assert bus.is_open


def test_a_port_that_is_pulled_out_comes_back_when_it_is_put_in(tmp_path):
    now = [0]
    with Cable(tmp_path) as cable:
        bus, far = SerialBus(cable.path(), 9600, now_ms=lambda: now[0]), SerialBus(cable.path(0), 9600)
        bus.read(1)
        far.read(1)
        assert bus.is_open
        cable.unplug()
        end = time.monotonic() + 30
        while bus.is_open and time.monotonic() < end:  # the kernel takes a moment
            bus.read(1)
        assert not bus.is_open
        cable.plug()
        now[0] += REOPEN_MS
        bus.write(b"again")
        assert received(far, 5) == b"again"
        assert bus.openings == 2


def test_a_line_that_takes_nothing_more_holds_nobody_up(tmp_path):
    with Cable(tmp_path) as cable:
        bus = SerialBus(cable.path(), 9600)
        cable._lock.acquire()  # the far side of the pty stops reading
        try:
            begin = time.monotonic()
            for _ in range(100):
                bus.write(bytes(4096))
            assert time.monotonic() - begin < 20
            assert bus.unsent > 0
            assert bus.is_open
        finally:
            cable._lock.release()


def test_two_programs_do_not_share_a_port(tmp_path):
    with Cable(tmp_path) as cable:
        first, second = SerialBus(cable.path(), 9600), SerialBus(cable.path(), 9600)
        first.read(1)
        second.read(1)
        assert first.is_open
        assert not second.is_open
        first.close()
