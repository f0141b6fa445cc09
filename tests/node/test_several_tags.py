"""A reader that tells the tags of a room in turn."""

from types import SimpleNamespace

from node.presence import TAGS_MAX
from node.reader import Reader

NO_READ_MS = 300


class Line:
    """What the reader says next."""

    def __init__(self) -> None:
        self.data = b""

    def read(self, most: int) -> bytes | None:
        data, self.data = self.data[:most], self.data[most:]
        return data or None


def told(uid: bytes) -> bytes:
    check = 0
    for byte in uid:
        check ^= byte
    return b"\x02" + (uid + bytes([check])).hex().upper().encode() + b"\x03"


def tag(number: int) -> bytes:
    return number.to_bytes(5, "big")


def reader_and_line() -> tuple[Reader, Line]:
    line = Line()
    return Reader(SimpleNamespace(point=1, no_read_ms=NO_READ_MS, reads=1, model="rdm6300"), line), line


def test_two_tags_in_turn_are_both_there_and_neither_flaps() -> None:
    reader, line = reader_and_line()
    changes = []
    for turn in range(40):
        line.data = told(tag(1 + turn % 2))
        changes += reader.poll(turn * 65)
    assert changes == [(1, tag(1), 0), (1, tag(2), 65)]


def test_one_of_two_tags_goes_at_its_own_last_read() -> None:
    reader, line = reader_and_line()
    line.data = told(tag(1)) + told(tag(2))
    reader.poll(0)
    line.data = told(tag(2))
    reader.poll(200)
    assert reader.poll(299) == []
    assert reader.poll(300) == [(0, tag(1), 0)]
    assert reader.poll(500) == [(0, tag(2), 200)]


def test_a_tag_beyond_the_most_is_counted_and_not_told() -> None:
    reader, line = reader_and_line()
    for number in range(TAGS_MAX + 1):
        line.data = told(tag(number))
        reader.poll(0)
    assert len(reader.tags) == TAGS_MAX
    assert reader.bad == 1
