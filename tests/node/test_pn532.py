"""A PN532 on its serial line: frames, setting up, cards. The fake's clock is the test's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefield.fakes.pn532_reader import LIES, FakePn532
from casewire import ACTIVE, INACTIVE, NOISY, SILENT, UNKNOWN
from node import pn532
from node.config import ConfigError
from node.devices import KINDS, build
from tests.node.bus_bench import BusBench

POINT = 7
CARD = bytes.fromhex("078cfc4f")
SMART = bytes.fromhex("04a1b2c3d4e580")
TABLE = {"kind": "pn532", "bus": "RD1", "point": POINT}


class Place:
    """A board with one port."""

    def __init__(self, port: object) -> None:
        self.port = port

    def uart(self, name: str, baud: int) -> object:
        assert (name, baud) == ("RD1", 115200)
        return self.port


def bench(**changes: object) -> BusBench:
    config = KINDS["pn532"]("devices[0]", {**TABLE, **changes})
    config.kind = "pn532"
    return BusBench(lambda wire: build(config, Place(wire), 0), FakePn532())


def tag_changes(made: BusBench) -> list[tuple]:
    return [change for change in made.changes if change[0] == "tag"]


@pytest.mark.parametrize(
    ("body", "hex_bytes"),
    [
        # Exchanges that Elechouse's and Seeed's programs and wiki pages show.
        (b"\x14\x01", "0000ff03fdd414011700"),
        (b"\x02", "0000ff02fed4022a00"),
        (b"\x4a\x01\x00", "0000ff04fcd44a0100e100"),
        (b"\x32\x05\xff\x01\x01", "0000ff06fad43205ff0101f400"),
    ],
)
def test_the_frames_are_those_that_others_send(body, hex_bytes) -> None:
    assert pn532.frame(body).hex() == hex_bytes


def test_a_published_answer_is_read_with_its_receipt_before_it() -> None:
    heard = bytes.fromhex("0000ff00ff00" + "0000ff0cf4d54b010100040804078cfc4ff000")
    told = pn532.answer(heard, 0x4A)
    assert pn532.targets(told) == [CARD]
    assert pn532.answer(heard[:-3], 0x4A) is None
    assert pn532.answer(heard, 0x32) is None
    assert pn532.answer(bytes.fromhex("0000ff00ff000000ff02fed5151600"), 0x14) == b""
    assert pn532.answer(bytes.fromhex("0000ff01ff7f8100"), 0x4A) is False


@pytest.mark.parametrize(
    ("told", "uids"),
    [
        ("00", []),
        ("01 01 0004 08 04 078cfc4f", ["078cfc4f"]),
        ("01 01 0344 20 07 04a1b2c3d4e580 067577810280", ["04a1b2c3d4e580"]),
        (
            "02 01 0344 20 07 04a1b2c3d4e580 067577810280 02 0004 08 04 078cfc4f",
            ["04a1b2c3d4e580", "078cfc4f"],
        ),
        ("", None),
        ("03 01 0004 08 04 078cfc4f", None),
        ("02 01 0004 08 04 078cfc4f", None),
        ("01 01 0004 08 04 078cfc", None),
        ("01 01 0004 08 05 078cfc4f00", None),
        ("01 01 0344 20 07 04a1b2c3d4e580", None),
        ("01 01 0344 20 07 04a1b2c3d4e580 06757781", None),
        ("01 01 0344 20 07 04a1b2c3d4e580 00", None),
    ],
)
def test_each_card_stands_in_an_answer_at_its_length(told, uids) -> None:
    found = pn532.targets(bytes.fromhex(told))
    assert found == (None if uids is None else [bytes.fromhex(uid) for uid in uids])


@given(st.binary(max_size=300), st.integers(0, 0xFE))
def test_noise_is_no_answer_and_raises_nothing(noise, code) -> None:
    told = pn532.answer(noise, code)
    if told:
        pn532.targets(told)


@given(st.binary(max_size=80))
def test_any_answer_to_a_look_gives_uids_of_the_right_sizes_or_none(told) -> None:
    uids = pn532.targets(told)
    assert uids is None or all(len(uid) in (4, 7, 10) for uid in uids)


@given(st.binary(max_size=40), st.integers(0, 7))
def test_an_answer_with_one_wrong_bit_is_none(rest, bit) -> None:
    told = bytes((0xD5, 0x4B)) + rest
    good = bytes((0, 0, 0xFF, len(told), -len(told) & 0xFF)) + told + bytes((-sum(told) & 0xFF, 0))
    assert pn532.answer(good, 0x4A) == rest
    for at in range(1, len(good) - 1):
        bad = bytearray(good)
        bad[at] ^= 1 << bit
        assert not pn532.answer(bad, 0x4A)


def test_a_chip_is_woken_and_set_up_and_is_unknown_until_it_has_looked_once() -> None:
    made = bench()
    assert made.state(POINT) == UNKNOWN
    assert made.until(("contact", POINT, INACTIVE)) < 150
    assert [command[:2].hex() for command in made.fake.commands[:3]] == ["1401", "3205", "4a02"]
    assert made.trouble(POINT) == 0


def test_the_field_goes_off_after_each_look() -> None:
    made = bench()
    made.run(3000)
    looks = [command for command in made.fake.commands if command[0] in (0x4A, 0x32)][1:]
    assert looks[::2] == [b"\x4a\x02\x00"] * len(looks[::2])
    assert looks[1::2] == [b"\x32\x01\x00"] * len(looks[1::2])
    assert 14 <= len(looks[::2]) <= 16


def test_a_card_comes_stays_and_goes() -> None:
    made = bench()
    made.run(500)
    made.fake.tags = [CARD]
    laid_ms = made.now_ms
    assert made.until(("tag", POINT, 1, CARD)) < 350
    assert laid_ms < tag_changes(made)[0][-1] < laid_ms + 250
    made.run(5000)
    assert made.state(POINT) == ACTIVE
    assert len(tag_changes(made)) == 1
    made.fake.tags = []
    lifted_ms = made.now_ms
    assert 1000 - 200 <= made.until(("tag", POINT, 0, CARD)) <= 1000 + 250
    assert lifted_ms - 250 <= tag_changes(made)[-1][-1] <= lifted_ms + 50
    assert made.state(POINT) == INACTIVE


def test_a_card_that_one_look_alone_showed_is_not_told() -> None:
    made = bench()
    made.run(1000)
    looks = made.fake.commands.count(b"\x4a\x02\x00")
    made.fake.tags = [CARD]
    while made.fake.commands.count(b"\x4a\x02\x00") == looks:
        made.run(5)
    made.fake.tags = []
    made.run(3000)
    assert tag_changes(made) == []


def test_two_cards_are_both_there_because_the_field_goes_off_between_looks() -> None:
    made = bench()
    made.fake.tags = [CARD, SMART]
    made.run(6000)
    assert sorted(change[2:4] for change in tag_changes(made)) == [(1, SMART), (1, CARD)]
    assert [tag[:2] for tag in made.device.tags()] == [(POINT, CARD), (POINT, SMART)]


def test_a_card_with_another_uid_each_time_is_refused_and_counted() -> None:
    made = bench()
    made.fake.tags = [bytes.fromhex("08000000")]
    made.run(3000)
    assert tag_changes(made) == []
    assert made.device.boards[0].random_uids > 10


def test_a_chip_that_lost_its_power_is_unknown_and_is_set_up_again() -> None:
    made = bench()
    made.fake.tags = [CARD]
    made.run(1000)
    made.fake.cut_power()
    made.until(("contact", POINT, UNKNOWN))
    assert made.until(("contact", POINT, ACTIVE)) < 400
    made.run(300)
    assert [change[2] for change in tag_changes(made)] == [1, 1]


def test_a_card_that_goes_while_nobody_hears_goes_at_its_last_read() -> None:
    made = bench()
    made.fake.tags = [CARD]
    made.run(1000)
    made.wire.is_cut = True
    cut_ms = made.now_ms
    made.run(60_000)
    made.fake.tags = []
    assert tag_changes(made)[1:] == []
    assert made.trouble(POINT) == SILENT
    made.wire.is_cut = False
    made.until(("tag", POINT, 0, CARD))
    assert cut_ms - 300 < tag_changes(made)[-1][-1] <= cut_ms


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "none"])
def test_a_lie_is_an_answer_that_did_not_come(lie) -> None:
    made = bench()
    made.run(1000)
    made.fake.lie = lie
    made.fake.tags = [CARD]
    made.until(("contact", POINT, UNKNOWN))
    made.run(3000)
    assert tag_changes(made) == []
    made.fake.lie = "none"
    made.until(("tag", POINT, 1, CARD))


def test_ten_minutes_of_noise_invents_no_card_and_is_told() -> None:
    made = bench()
    made.fake.tags = [CARD]
    made.run(1000)
    made.wire.make_noisy(1e-3, 5)
    made.run(600_000)
    assert {change[3] for change in made.changes if change[0] == "tag"} == {CARD}
    assert any(change[0] == "trouble" and change[2] & NOISY for change in made.changes)


def test_an_order_to_a_reader_goes_nowhere() -> None:
    made = bench()
    made.run(1000)
    written = len(made.wire.written)
    made.put(POINT, ACTIVE)
    made.device.lose_link()
    assert len(made.wire.written) == written


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bus": ""}, "devices[0].bus: expected the terminal or path of a serial port, found ''"),
        ({"point": 256}, "devices[0].point: expected a whole number 0..255, found 256"),
        ({"reply_ms": 10}, "devices[0].reply_ms: expected a whole number 50..1000, found 10"),
        ({"colour": 1}, "devices[0]: expected only the keys baud, bus, kind, no_read_ms, point, poll_ms, reply_ms, found 'colour'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(change, message) -> None:
    with pytest.raises(ConfigError) as refused:
        KINDS["pn532"]("devices[0]", {**TABLE, **change})
    assert str(refused.value) == message
