"""The RDM6300's bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config import NodeConfig
from node.reader import Reader, parse
from tests.node.bench import READER, TAG, TAG_READ, FakePort, settings


def new_reader() -> tuple[Reader, FakePort]:
    port = FakePort()
    return Reader(NodeConfig(settings(points=[READER])).points[0], port), port


@pytest.mark.parametrize(
    ("digits", "tag"),
    [
        # A tag read on many hobbyists' pages: 62E3086CED, check 08.
        (b"62E3086CED08", "62e3086ced"),
        (b"62e3086ced08", "62e3086ced"),
        (b"62E3086CED09", None),
        (b"62E3086CED", None),
        (b"62 3086CED08", None),
        (b"62E3086CEDXX", None),
        (b"0A1B 2C3D00 ", None),  # fromhex skips spaces: four bytes with a right check are no tag
        (b"\xff" * 12, None),
    ],
)
def test_twelve_digits_with_the_right_check_are_a_tag(digits, tag) -> None:
    assert parse(digits) == (None if tag is None else bytes.fromhex(tag))


@given(st.lists(st.integers(1, 14), max_size=20))
def test_it_does_not_matter_how_the_bytes_come(cuts) -> None:
    reader, port = new_reader()
    line, changes = TAG_READ * 2, []
    for cut in [*cuts, len(line)]:
        port.to_node, line = line[:cut], line[cut:]
        changes += reader.poll(0)
    assert changes == [(1, TAG, 0)]


@given(st.binary(max_size=300))
def test_noise_never_raises_and_the_next_whole_read_counts(noise) -> None:
    reader, port = new_reader()
    port.to_node = noise + b"\x03" + TAG_READ
    changes = []
    while port.to_node:
        changes += reader.poll(0)
    assert (1, TAG, 0) in changes
    assert len(reader._digits) <= 12


def test_a_read_without_an_end_holds_no_more_than_a_read() -> None:
    reader, port = new_reader()
    port.to_node = b"\x02" + b"0" * 60
    reader.poll(0)
    assert len(reader._digits) <= 12
    assert reader.bad == 1


def test_refused_reads_are_counted() -> None:
    reader, port = new_reader()
    port.to_node = b"\x020A1B2C3D4E4F\x03" + b"\x020A1B" + TAG_READ + b"\x02" + b"0" * 13 + b"\x03"
    assert reader.poll(0) + reader.poll(0) == [(1, TAG, 0)]
    assert reader.bad == 3
