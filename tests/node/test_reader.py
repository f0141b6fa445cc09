"""The bytes of the RDM6300 and the EM-18, and an adapter that is pulled out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewire import ACTIVE, INACTIVE, UNKNOWN, Contact, Snapshot, SnapshotRequest, Tag
from node.bare_digits import PAUSE_MS
from node.config import NodeConfig
from node.reader import Reader, parse
from tests.node.bench import READER, TAG, TAG_READ, Bench, FakePort, of_kind, settings

BARE_READ = TAG_READ[1:-1]


class PluggedPort(FakePort):
    """A port of a USB adapter."""

    is_open = True


def new_reader(**changes: object) -> tuple[Reader, PluggedPort]:
    port = PluggedPort()
    return Reader(NodeConfig(settings(points=[{**READER, **changes}])).points[0], port), port


def told(reader: Reader, port: FakePort, pieces: dict[int, bytes], end_ms: int = 500) -> list[tuple]:
    """What it tells of pieces that come at their times, in scans of 5 ms."""
    changes = []
    for now_ms in range(0, end_ms, 5):
        port.to_node += pieces.get(now_ms, b"")
        changes += reader.poll(now_ms)
    return changes


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


@pytest.mark.parametrize(
    "pieces",
    [
        {100: BARE_READ},
        {100: BARE_READ + b"\r\n"},
        {100: BARE_READ[:5], 115: BARE_READ[5:]},  # an adapter that held the rest back
        {0: b"7F", 100: BARE_READ},  # noise, a pause, a read
        {0: TAG_READ, 100: BARE_READ},  # another reader's frame
        {0: BARE_READ[1:], 100: BARE_READ},
    ],
)
def test_a_bare_read_is_what_stands_between_two_pauses(pieces) -> None:
    reader, port = new_reader(model="em18")
    ((present, uid, at_ms),) = told(reader, port, pieces)
    assert (present, uid) == (1, TAG)
    assert 100 <= at_ms <= 115
    assert reader.bad == len(pieces) - 1 - (115 in pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        {0: b"7" + BARE_READ},
        {0: BARE_READ + b"7"},
        {0: BARE_READ + BARE_READ},
        {0: BARE_READ[:6], 6 + PAUSE_MS + 13: BARE_READ[6:]},
        {0: b"0" * 60},
    ],
)
def test_a_bare_read_that_is_too_long_or_torn_is_no_tag(pieces) -> None:
    reader, port = new_reader(model="em18")
    assert told(reader, port, {at_ms - at_ms % 5: data for at_ms, data in pieces.items()}) == []
    assert reader.bad == len(pieces)


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 20)), max_size=12))
def test_bare_noise_never_raises_and_after_a_pause_the_next_whole_read_counts(noises) -> None:
    reader, port = new_reader(model="em18", no_read_ms=60000)
    now_ms, changes = 0, []
    for noise, scans in noises:
        port.to_node += noise
        for _ in range(scans):
            now_ms += 5
            changes += reader.poll(now_ms)
            assert len(reader._bare._digits) <= 15
    while port.to_node:
        reader.poll(now_ms)
    reader.poll(now_ms + PAUSE_MS)
    port.to_node = BARE_READ
    changes += reader.poll(now_ms + PAUSE_MS + 5)
    changes += reader.poll(now_ms + 2 * PAUSE_MS + 5)
    assert TAG in [uid for _, uid, _ in changes] + [uid for uid, _ in reader.tags]


def test_a_reader_may_be_asked_for_more_reads_before_it_is_believed() -> None:
    reader, port = new_reader(reads=3)
    assert told(reader, port, {0: TAG_READ, 65: TAG_READ}, 100) == []
    assert told(reader, port, {0: TAG_READ}, 5) == [(1, TAG, 0)]


def test_two_wrong_bits_in_one_column_pass_the_check_and_a_second_read_finds_them_out() -> None:
    twice_wrong = b"\x021A0B2C3D4E4E\x03"  # of 0A1B2C3D4E: bit 4 of the first number and of the second
    reader, port = new_reader()
    assert told(reader, port, {0: TAG_READ, 65: twice_wrong}, 100) == [
        (1, TAG, 0),
        (1, bytes.fromhex("1a0b2c3d4e"), 65),
    ]
    reader, port = new_reader(reads=2)
    assert told(reader, port, {0: TAG_READ, 65: twice_wrong, 130: TAG_READ}) == [(1, TAG, 0)]


def test_an_adapter_that_is_pulled_out_makes_the_reader_unknown_and_its_tags_are_told_again() -> None:
    reader, port = new_reader()
    told(reader, port, {0: TAG_READ}, 10)
    assert reader.state == ACTIVE
    port.is_open = False
    assert told(reader, port, {}, 10_000) == []
    assert (reader.state, [uid for uid, _ in reader.tags]) == (UNKNOWN, [TAG])
    port.is_open = True
    assert reader.poll(20_000) == []
    assert (reader.state, reader.tags) == (ACTIVE, [])
    port.to_node = TAG_READ
    assert reader.poll(20_100) == [(1, TAG, 20_100)]


def test_a_tag_that_went_while_the_adapter_was_out_goes_at_its_last_read() -> None:
    reader, port = new_reader()
    told(reader, port, {0: TAG_READ}, 10)
    port.is_open = False
    reader.poll(50_000)
    port.is_open = True
    assert reader.poll(60_000) == []
    assert reader.poll(63_000) == [(0, TAG, 0)]
    assert reader.state == INACTIVE


def test_a_node_tells_that_the_adapter_of_a_reader_is_out_and_in() -> None:
    bench = Bench(points=[READER])
    port = bench.pins[3]
    assert isinstance(port, FakePort)
    port.to_node = TAG_READ
    bench.settle()
    port.is_open = False  # type: ignore[attr-defined]
    assert of_kind(bench.run(100), Contact) == [Contact(3, UNKNOWN)]
    bench.order(SnapshotRequest())
    assert of_kind(bench.run(100), Snapshot) == [Snapshot(0, 1, ((3, UNKNOWN),))]
    port.is_open = True  # type: ignore[attr-defined]
    port.to_node = TAG_READ
    heard = [frame.message for frame in bench.run(100) if frame.seq]
    assert heard == [Contact(3, ACTIVE), Tag(3, 1, TAG)]
