"""A UHF reader that looks by itself: frames, tags, strength, silence. The fake's clock is the test's."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefield.fakes.r200_reader import LIES, FakeR200
from casewire import ACTIVE, INACTIVE, NOISY, SILENT, UNKNOWN
from node import r200
from node.config import ConfigError
from node.devices import KINDS, build
from tests.node.bus_bench import BusBench

POINT = 9
BAND = bytes.fromhex("30751feb705c5904e3d50d70")
OTHER = bytes.fromhex("e28011704000021d35ae4008")
TABLE = {"kind": "r200", "bus": "RD1", "point": POINT}
# Reads as the M100's protocol sheet (the first) and others' programs and captures show them.
PUBLISHED = [
    ("bb02220011c9340030751feb705c5904e3d50d703a76ef7e", -55, "30751feb705c5904e3d50d70"),
    ("bb02220011d63400e28011704000021d35ae4008d444c47e", -42, "e28011704000021d35ae4008"),
    ("bb02220011c43000e200001d7315016521408fc6b83ec27e", -60, "e200001d7315016521408fc6"),
    ("bb02220011cb3400e200471bb0006013044509d09582d47e", -53, "e200471bb0006013044509d0"),
]


class Place:
    """A board with one port."""

    def __init__(self, port: object) -> None:
        self.port = port

    def uart(self, name: str, baud: int) -> object:
        assert (name, baud) == ("RD1", 115200)
        return self.port


def bench(**changes: object) -> BusBench:
    config = KINDS["r200"]("devices[0]", {**TABLE, **changes})
    config.kind = "r200"
    return BusBench(lambda wire: build(config, Place(wire), 0), FakeR200())


def tag_changes(made: BusBench) -> list[tuple]:
    return [change for change in made.changes if change[0] == "tag"]


@pytest.mark.parametrize(("hex_bytes", "rssi", "epc"), PUBLISHED)
def test_published_reads_are_read_and_their_crc_is_that_of_gen2(hex_bytes, rssi, epc) -> None:
    frames, rest, bad = r200.split(bytearray.fromhex(hex_bytes))
    ((kind, command, told),) = frames
    assert (kind, command, len(rest), bad) == (2, 0x22, 0, 0)
    assert r200.tag(told) == (rssi, bytes.fromhex(epc))


def test_what_is_sent_is_what_others_send() -> None:
    made = bench()
    made.run(5)
    assert made.wire.written == [bytes.fromhex("bb00280000287e") + bytes.fromhex("bb0027000322ffff4a7e")]


@given(st.lists(st.binary(max_size=30), max_size=6), st.integers(1, 40))
def test_it_does_not_matter_how_the_bytes_come_and_noise_between_frames_is_looked_past(noises, cut) -> None:
    good = bytes.fromhex(PUBLISHED[0][0])
    line = b"".join(noise.replace(b"\xbb", b"") + good for noise in noises)
    found, rest = 0, bytearray()
    for at in range(0, len(line), cut):
        frames, rest, _ = r200.split(rest + line[at : at + cut])
        found += len(frames)
    assert found == len(noises)


@given(st.binary(max_size=600))
def test_any_bytes_leave_a_bounded_rest_and_raise_nothing(noise) -> None:
    frames, rest, _ = r200.split(bytearray(noise))
    assert len(rest) < 7 + r200.PAYLOAD_BYTES_MAX
    for _, _, told in frames:
        r200.tag(told)


def test_a_read_with_any_two_wrong_bits_is_no_other_tag() -> None:
    """The sum of one byte lets some pairs pass; the tag's own CRC does not."""
    good = bytes.fromhex(PUBLISHED[0][0])
    passed = 0
    for pair in itertools.combinations(range(8 * len(good)), 2):
        bad = bytearray(good)
        for bit in pair:
            bad[bit // 8] ^= 1 << bit % 8
        for kind, command, told in r200.split(bad)[0]:
            passed += 1
            found = r200.tag(told) if kind == 2 and command in (0x22, 0x27) else None
            assert found is None or found[1] == BAND, pair
    assert passed > 500


@pytest.mark.parametrize(
    "told", ["", "c9", "c93400", "c934003a76", "c9340030751feb705c5904e3d50d3a76", "c90000"]
)
def test_a_notice_of_a_wrong_length_is_no_tag(told) -> None:
    assert r200.tag(bytes.fromhex(told)) is None


def test_it_is_unknown_until_the_first_look_is_told() -> None:
    made = bench()
    assert made.state(POINT) == UNKNOWN
    assert made.until(("contact", POINT, INACTIVE)) < 60
    assert made.trouble(POINT) == 0


def test_a_tag_comes_stays_and_goes() -> None:
    made = bench(no_read_ms=2000)
    made.run(200)
    made.fake.tags = [BAND]
    assert made.until(("tag", POINT, 1, BAND)) < 80
    made.run(5000)
    assert len(tag_changes(made)) == 1
    made.fake.tags = []
    lifted_ms = made.now_ms
    assert 1900 <= made.until(("tag", POINT, 0, BAND)) <= 2050
    assert abs(tag_changes(made)[-1][-1] - lifted_ms) <= 40


def test_thirty_tags_in_one_field_are_all_there_and_none_flaps() -> None:
    made = bench()
    made.fake.tags = [number.to_bytes(12, "big") for number in range(30)]
    made.run(10_000)
    assert len(tag_changes(made)) == len(made.device.tags()) == 30


def test_a_tag_read_once_is_not_told() -> None:
    made = bench()
    made.run(200)
    made.fake.tags = [BAND]
    made.run(20)
    made.fake.tags = []
    made.run(6000)
    assert tag_changes(made) == []


def test_a_weak_tag_does_not_come_and_one_that_lies_there_may_grow_a_little_weaker() -> None:
    made = bench(rssi_min=-60, no_read_ms=500)
    made.fake.tags = [BAND]
    made.fake.rssi[BAND] = -61
    made.run(3000)
    assert (tag_changes(made), made.state(POINT)) == ([], INACTIVE)
    made.fake.rssi[BAND] = -60
    made.until(("tag", POINT, 1, BAND))
    made.fake.rssi[BAND] = -60 - r200.HOLD_DB
    made.run(3000)
    assert len(tag_changes(made)) == 1
    made.fake.rssi[BAND] -= 1
    made.until(("tag", POINT, 0, BAND))


@pytest.mark.parametrize("size", [0, 18, 62])
def test_an_epc_that_cannot_be_told_is_counted_and_hides_no_other(size) -> None:
    made = bench()
    made.fake.tags = [bytes(size), BAND]
    made.run(1000)
    assert [change[3] for change in tag_changes(made)] == [BAND]
    assert made.device.unfit > 10


def test_when_its_looks_are_used_up_it_is_asked_anew_before_it_is_unknown() -> None:
    made = bench()
    made.fake.tags = [BAND]
    made.run(500)
    made.fake.rounds = 0
    made.run(3000)
    assert UNKNOWN not in [change[2] for change in made.changes if change[0] == "contact"]
    assert (made.state(POINT), len(made.wire.written)) == (ACTIVE, 2)


def test_silence_is_unknown_and_a_question_each_half_of_quiet_ms_is_all_that_is_sent() -> None:
    made = bench()
    made.fake.tags = [BAND]
    made.run(500)
    made.fake.is_silent = True
    assert 380 <= made.until(("contact", POINT, UNKNOWN)) <= 420
    assert made.trouble(POINT) == SILENT
    sent = len(made.wire.written)
    made.run(10_000)
    assert len(made.wire.written) - sent == 50
    assert [change[2] for change in tag_changes(made)] == [1]  # nobody saw it go
    made.fake.is_silent = False
    made.fake.rounds = 0
    made.until(("contact", POINT, ACTIVE))
    made.run(100)
    assert [change[2] for change in tag_changes(made)] == [1, 1]


def test_an_unplugged_adapter_is_unknown_at_once_and_asked_at_once_when_it_is_back() -> None:
    made = bench()
    made.run(500)
    made.wire.is_open = False
    assert made.until(("contact", POINT, UNKNOWN)) == 5
    made.run(1000)
    made.wire.is_open = True
    made.fake.rounds = 0
    assert made.until(("contact", POINT, INACTIVE)) < 60


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "none"])
def test_a_lie_is_a_look_that_was_not_told(lie) -> None:
    made = bench()
    made.run(1000)
    made.fake.lie = lie
    made.fake.tags = [BAND]
    made.until(("contact", POINT, UNKNOWN))
    made.run(3000)
    assert tag_changes(made) == []
    made.fake.lie = "none"
    made.until(("tag", POINT, 1, BAND))


def test_ten_minutes_of_noise_invent_no_tag_and_are_told() -> None:
    made = bench()
    made.fake.tags = [BAND, OTHER]
    made.run(1000)
    made.wire.make_noisy(1e-3, 5)
    made.run(600_000)
    assert {change[3] for change in made.changes if change[0] == "tag"} == {BAND, OTHER}
    assert any(change[0] == "trouble" and change[2] & NOISY for change in made.changes)


def test_an_order_to_a_reader_goes_nowhere() -> None:
    made = bench()
    made.run(1000)
    made.put(POINT, ACTIVE)
    made.device.lose_link()
    made.run(100)
    assert len(made.wire.written) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bus": 3}, "devices[0].bus: expected the terminal or path of a serial port, found 3"),
        ({"rssi_min": 1}, "devices[0].rssi_min: expected a whole number -127..0, found 1"),
        ({"power": 26}, "devices[0]: expected only the keys baud, bus, kind, no_read_ms, point, quiet_ms, rssi_min, found 'power'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(change, message) -> None:
    with pytest.raises(ConfigError) as refused:
        KINDS["r200"]("devices[0]", {**TABLE, **change})
    assert str(refused.value) == message
