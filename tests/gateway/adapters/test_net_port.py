"""Nodes over TCP with TLS: real sockets and certificates, cut lines, strangers, half frames."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casefield.line import LineConfig, TlsLine
from casegateway.adapters.net_port import Certificates, NetPort, NetPortError, place_of
from casegateway.events import BytesRead, Event, PortClosed, PortOpened
from casegateway.runtime import real_us
from casewire import STUFFED_MAX_BYTES
from tests.gateway.program import wait_for
from tests.tools.certificates import Authority
from tests.tools.ports import free_port

pytestmark = pytest.mark.real


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class House:
    """A gateway's port with an authority, and nodes that dial it."""

    def __init__(self, folder: Path) -> None:
        self.events: list[Event] = []
        self.number = free_port()
        self.authority = Authority(folder, "station")
        self.stranger = Authority(folder, "stranger")
        self.folder = folder
        self.nodes: list[TlsLine] = []
        self.port = self.listening()

    def listening(self) -> NetPort:
        cert, key = self.authority.issue("gw-a1")
        files = Certificates(cert, key, self.authority.file)
        return NetPort("net", f"tls://127.0.0.1:{self.number}", files, self.events.append, real_us)

    def node(self, name: str, authority: Authority | None = None) -> TlsLine:
        cert, key = (authority or self.authority).issue(name)
        node = TlsLine(LineConfig("127.0.0.1", self.number, self.authority.file, cert, key), now_ms)
        self.nodes.append(node)
        return node

    def raw(self) -> ssl.SSLSocket:
        """A connection whose bytes the test sends as it likes."""
        cert, key = self.authority.issue("raw")
        context = ssl.create_default_context(cafile=self.authority.file)
        context.load_cert_chain(cert, key)
        return context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.number), timeout=60), server_hostname="127.0.0.1"
        )

    @property
    def read(self) -> list[bytes]:
        return [event.data for event in self.events if isinstance(event, BytesRead)]

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def close(self) -> None:
        for node in self.nodes:
            node.close()
        self.port.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def opened(house: House) -> None:
    house.port.start()
    wait_for("the port to listen", lambda: house.count(PortOpened))


def heard(node: TlsLine, found: bytearray) -> bytearray:
    found += node.read(4_096) or b""
    return found


def connect(node: TlsLine) -> None:
    def goes() -> bool:
        node.read(1)
        return node.connections > 0

    wait_for("the node to connect", goes)


def test_frames_go_both_ways_and_two_nodes_share_the_line(house: House) -> None:
    opened(house)
    nodes = [house.node("node-1"), house.node("node-2")]
    for node in nodes:
        connect(node)
    nodes[0].write(b"one\x00")
    nodes[1].write(b"two\x00")
    wait_for("both frames", lambda: sorted(house.read) == [b"one\x00", b"two\x00"])
    house.port.write(b"order\x00")
    for node in nodes:
        found = bytearray()
        wait_for("the order", lambda node=node, found=found: heard(node, found) == b"order\x00")


def test_a_frame_that_comes_in_pieces_is_handed_on_whole(house: House) -> None:
    opened(house)
    first, second = house.raw(), house.raw()
    with first, second:
        first.sendall(b"aa")
        second.sendall(b"bb\x00")
        wait_for("the whole one", lambda: house.read == [b"bb\x00"])
        first.sendall(b"AA\x00cc")
        wait_for("the other", lambda: house.read == [b"bb\x00", b"aaAA\x00"])


def test_bytes_without_an_end_are_handed_on_bounded_and_counted_by_the_decoder(house: House) -> None:
    opened(house)
    with house.raw() as peer:
        peer.sendall(b"x" * (3 * STUFFED_MAX_BYTES))
        wait_for("the bytes", lambda: sum(map(len, house.read)) > 2 * STUFFED_MAX_BYTES)
        assert all(data.endswith(b"\x00") for data in house.read)


def test_a_node_with_a_strangers_certificate_gets_nothing_through(house: House) -> None:
    opened(house)
    node = house.node("node-1", house.stranger)

    def is_refused() -> bool:
        node.read(1)
        node.write(b"forged\x00")
        return house.port.refused > 0 and node.reason != ""

    wait_for("the refusal", is_refused)
    assert house.read == []


def test_bytes_that_are_no_tls_end_their_connection_only(house: House) -> None:
    opened(house)
    with socket.create_connection(("127.0.0.1", house.number)) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        wait_for("the refusal", lambda: house.port.refused == 1)
    node = house.node("node-1")
    connect(node)
    node.write(b"one\x00")
    wait_for("the frame", lambda: house.read == [b"one\x00"])


def test_a_gateway_that_comes_back_is_dialled_again(house: House) -> None:
    opened(house)
    node = house.node("node-1")
    connect(node)
    house.port.stop()

    def is_gone() -> bool:
        node.read(1)
        return node.reason != ""

    wait_for("the node to notice", is_gone)
    house.events.clear()
    house.port = house.listening()
    opened(house)

    def is_back() -> bool:
        node.write(b"again\x00")
        return b"again\x00" in house.read

    wait_for("the node to come back", is_back)
    assert node.connections == 2


def test_what_is_written_with_nobody_there_is_dropped_and_counted(house: House) -> None:
    opened(house)
    house.port.write(b"order\x00")
    assert house.port.dropped_bytes == 6


def test_a_taken_port_is_told_once_and_tried_again(house: House) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", house.number))):
        house.port.start()
        wait_for("the word", lambda: house.count(PortClosed) == 1)
        time.sleep(0.6)
        assert house.count(PortClosed) == 1
    wait_for("the port to listen", lambda: house.count(PortOpened))


@pytest.mark.parametrize(
    "path", ["tcp://127.0.0.1:1", "tls://127.0.0.1", "tls://:7443", "tls://a:99999", "tls://a:7443/x", "://"]
)
def test_a_path_that_is_no_place_is_refused_with_what_was_expected(path: str) -> None:
    with pytest.raises(NetPortError, match="expected tls://HOST:PORT, found"):
        place_of(path)


def test_certificates_that_cannot_be_read_are_refused_with_their_names(tmp_path: Path) -> None:
    files = Certificates(tmp_path / "a.crt", tmp_path / "a.key", tmp_path / "ca.crt")
    with pytest.raises(NetPortError, match=r"expected certificate, key and authority in PEM, found .*a\.crt"):
        NetPort("net", "tls://127.0.0.1:7443", files, print, real_us)
