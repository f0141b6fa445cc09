"""Cables between ptys: bytes unchanged, in both directions, until the cable is pulled."""

import os
import time
import tty
from collections.abc import Iterator

import pytest

from caseward.demo.cables import TO_GATEWAY, TO_NODE, Cable, Cables

WAIT_S = 30.0


class Ends:
    """A cable with both ends opened as programs open them."""

    def __init__(self, cables: Cables, cable: Cable) -> None:
        self.cables, self.cable = cables, cable
        self.node = self.plug(cable.node_path)
        self.gateway = self.plug(cable.gateway_path)

    @staticmethod
    def plug(path: str) -> int:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(descriptor)
        return descriptor

    def read(self, descriptor: int, count: int) -> bytes:
        data, end = b"", time.monotonic() + WAIT_S
        while len(data) < count and time.monotonic() < end:
            try:
                data += os.read(descriptor, 65536)
            except BlockingIOError:
                time.sleep(0.005)
        return data


@pytest.fixture
def ends() -> Iterator[Ends]:
    cables = Cables()
    cable = cables.add("a1-n1")
    cables.start()
    plugged = Ends(cables, cable)
    yield plugged
    os.close(plugged.node)
    os.close(plugged.gateway)
    cables.close()


def test_every_byte_value_passes_unchanged_in_both_directions(ends: Ends) -> None:
    data = bytes(range(256))
    os.write(ends.node, data)
    assert ends.read(ends.gateway, 256) == data
    os.write(ends.gateway, data)
    assert ends.read(ends.node, 256) == data
    end = time.monotonic() + WAIT_S
    while ends.cable.passed[TO_NODE] < 256 and time.monotonic() < end:  # counted after it has passed
        time.sleep(0.005)
    assert ends.cable.passed == {TO_GATEWAY: 256, TO_NODE: 256}


def test_nothing_passes_a_cut_cable_and_it_is_counted_as_lost(ends: Ends) -> None:
    ends.cable.is_cut = True
    os.write(ends.node, b"lost")
    end = time.monotonic() + WAIT_S
    while not ends.cable.lost[TO_GATEWAY] and time.monotonic() < end:
        time.sleep(0.005)
    ends.cable.is_cut = False
    os.write(ends.node, b"passed")
    assert ends.read(ends.gateway, 6) == b"passed"
    assert ends.cable.lost[TO_GATEWAY] == 4


def test_a_program_that_ends_does_not_hang_up_the_line(ends: Ends) -> None:
    os.close(ends.gateway)
    time.sleep(0.05)
    ends.gateway = ends.plug(ends.cable.gateway_path)
    os.write(ends.node, b"again")
    assert ends.read(ends.gateway, 5) == b"again"


def test_what_passes_can_be_recorded() -> None:
    pieces: list[tuple[str, str, bytes]] = []
    cables = Cables(lambda at_ns, cable, direction, data: pieces.append((cable, direction, data)))
    ends = Ends(cables, cables.add("a1-n1"))
    cables.start()
    os.write(ends.node, b"up")
    ends.read(ends.gateway, 2)
    os.write(ends.gateway, b"down")
    ends.read(ends.node, 4)
    cables.close()
    assert pieces == [("a1-n1", TO_GATEWAY, b"up"), ("a1-n1", TO_NODE, b"down")]
