"""The decoder takes any bytes, at any cut, and finds its place again."""

from hypothesis import given
from hypothesis import strategies as st

import casewire
from casewire import FROM_GATEWAY, FROM_NODE, Contact, Decoder, Frame, encode

KEY = bytes(range(32))


def frame(seq: int, node: int = 7) -> Frame:
    return Frame(Contact.KIND, node, 1, seq, seq * 10, Contact(3, seq % 3))


def wire(seq: int, node: int = 7) -> bytes:
    return encode(frame(seq, node), KEY, FROM_NODE)


def new_decoder() -> Decoder:
    return Decoder({7: KEY}, FROM_NODE)


@given(st.lists(st.integers(1, 60), max_size=40))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    line = b"".join(wire(seq) for seq in range(1, 6))
    decoder = new_decoder()
    came: list[Frame] = []
    for cut in [*cuts, len(line)]:
        came += decoder.feed(line[:cut])
        line = line[cut:]
    assert came == [frame(seq) for seq in range(1, 6)]


@given(st.lists(st.binary(max_size=400), max_size=8))
def test_any_bytes_leave_the_next_frame_after_a_zero_readable(noise: list[bytes]) -> None:
    decoder = new_decoder()
    for some in noise:
        decoder.feed(some)
        assert decoder.pending_bytes <= casewire.STUFFED_MAX_BYTES
    assert decoder.feed(b"\x00" + wire(1))[-1:] == [frame(1)]


@given(st.integers(0, 36), st.integers(1, 255))
def test_a_damaged_frame_costs_itself_only(at: int, damage: int) -> None:
    spoiled = bytearray(wire(2))
    spoiled[at % (len(spoiled) - 1)] ^= damage
    came = new_decoder().feed(wire(1) + bytes(spoiled) + wire(3))
    assert came == [frame(1), frame(3)]


def test_a_lost_delimiter_costs_two_frames_and_no_third() -> None:
    decoder = new_decoder()
    assert decoder.feed(wire(1)[:-1] + wire(2) + wire(3)) == [frame(3)]
    assert sum(decoder.counters[name] for name in ("bad_cobs", "bad_crc")) == 1


def test_an_endless_run_without_a_zero_is_counted_once_and_holds_nothing() -> None:
    decoder = new_decoder()
    for _ in range(1000):
        decoder.feed(b"\x55" * 100)
    assert decoder.pending_bytes == 0
    assert decoder.counters["overlong"] == 1
    assert decoder.counters["bytes_dropped"] == 100_000
    assert decoder.feed(b"\x00" + wire(1)) == [frame(1)]


def test_zeros_between_frames_are_no_errors() -> None:
    decoder = new_decoder()
    assert decoder.feed(b"\x00\x00" + wire(1) + b"\x00" + wire(2)) == [frame(1), frame(2)]
    assert sum(decoder.counters.values()) == decoder.counters["frames"] == 2


def test_every_byte_is_in_a_frame_or_dropped_or_a_delimiter() -> None:
    line = wire(1) + b"noise\x00" + wire(2)[:-9] + b"\x00" + wire(3) + wire(4, node=8) + b"rest"
    decoder = new_decoder()
    accepted = sum(len(wire(f.seq)) for f in decoder.feed(line))
    assert accepted + decoder.counters["bytes_dropped"] + 3 + decoder.pending_bytes == len(line)


def test_one_decoder_hears_several_nodes_each_with_its_key() -> None:
    other = bytes(range(1, 33))
    decoder = Decoder({7: KEY, 8: other}, FROM_NODE)
    line = wire(1) + encode(frame(2, node=8), other, FROM_NODE) + wire(3, node=8)
    assert decoder.feed(line) == [frame(1), frame(2, node=8)]
    assert decoder.counters["bad_mac"] == 1


def test_a_frame_echoed_back_is_refused() -> None:
    decoder = Decoder({7: KEY}, FROM_GATEWAY)
    assert decoder.feed(wire(1)) == []
    assert decoder.counters["bad_mac"] == 1


def test_bytearrays_are_taken_as_bytes_are() -> None:
    assert new_decoder().feed(bytearray(wire(1))) == [frame(1)]
