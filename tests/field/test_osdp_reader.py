"""What is known of an OSDP reader, and its settings: no library, no wire, no clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefield.osdp_config import DEFAULT_KEY as SCBK_D
from casefield.osdp_config import OsdpConfig
from casefield.osdp_reader import CARDS_MAX, INPUTS, LOCAL, OUTPUTS, Reader, card_number
from casewire import ACTIVE, INACTIVE, KEY_REFUSED, NOISY, SILENT, TAMPER, UNKNOWN
from node.config import ConfigError
from tests.field.osdp_bench import key

UID = b"\x01\x02\x03\x04"


def table(**changes):
    reader = {
        "address": 1,
        "point": 10,
        "key": key(),
        "inputs": [{"point": 11, "input": 0}, {"point": 12, "input": 1, "active_level": 0}],
        "outputs": [{"point": 13, "output": 0}],
        "leds": [{"point": 14, "led": 0}],
    }
    return {"kind": "osdp", "bus": "/dev/ttyUSB0", "readers": [{**reader, **changes}]}


def made(hold_ms=1000):
    return Reader(OsdpConfig("devices[0]", table()).readers[0], hold_ms)


def known():
    reader = made()
    reader.begin()
    reader.report(INPUTS, b"\x00\x00", 0)
    reader.report(OUTPUTS, b"\x00", 0)
    reader.report(LOCAL, b"\x00\x00", 0)
    reader.changes(0)
    return reader


def wiegand(number: int, bits: int) -> bytes:
    """A card's bits with its parities, left-justified: after the description of the 26-bit format (H10301)."""
    inner = bits - 2
    first, second = number >> inner // 2, number & (1 << inner // 2) - 1
    whole = (first.bit_count() % 2) << bits - 1 | number << 1 | (1 - second.bit_count() % 2)
    size = -(-bits // 8)
    return (whole << 8 * size - bits).to_bytes(size, "big")


def test_contacts_are_unknown_until_reported_and_told_with_their_polarity():
    reader = made()
    assert [reader.state(point) for point in (10, 11, 12, 13, 14)] == [UNKNOWN] * 5
    reader.begin()
    reader.report(INPUTS, b"\x01\x01", 5)
    told = [("contact", 10, INACTIVE, 5), ("contact", 11, ACTIVE, 5), ("contact", 12, INACTIVE, 5)]
    assert reader.changes(5) == told
    reader.report(INPUTS, b"\x02", 6)  # 2 is no level; the second is not told at all
    assert reader.changes(6) == [("contact", 11, UNKNOWN, 6), ("contact", 12, UNKNOWN, 6)]


def test_a_missed_answer_makes_all_unknown_at_once_and_wants_all_again():
    reader = known()
    reader.missed(100)
    assert [change for change in reader.changes(100) if change[0] != "trouble"] == [
        ("contact", 10, UNKNOWN, 100), ("contact", 11, UNKNOWN, 100), ("contact", 12, UNKNOWN, 100),
        ("feedback", 13, UNKNOWN, 100),
    ]  # fmt: skip
    assert reader.bits(11) == SILENT
    assert reader.state(10) == UNKNOWN
    assert reader.wants == {INPUTS, OUTPUTS, LOCAL}


def test_a_report_in_the_answer_to_a_question_put_again_is_too_old_to_count_but_a_card_is_not():
    reader = known()
    reader.missed(100)
    reader.report(INPUTS, b"\x00\x00", 900)
    reader.card(32, UID, 900)
    reader.heard()
    assert reader.state(11) == UNKNOWN
    assert INPUTS in reader.wants
    assert ("tag", 10, 1, UID, 900) in reader.changes(900)
    reader.report(INPUTS, b"\x00\x00", 950)
    assert reader.state(11) == INACTIVE


def test_a_card_is_told_once_and_gone_after_its_time_as_of_when_it_was_read_last():
    reader = known()
    reader.card(32, UID, 100)
    reader.card(32, UID, 600)
    assert reader.changes(600) == [("tag", 10, 1, UID, 100)]
    assert reader.state(10) == ACTIVE
    assert reader.changes(1599) == []
    assert reader.changes(1600) == [("tag", 10, 0, UID, 600)]


def test_while_a_reader_is_not_heard_no_card_goes_and_what_lies_there_is_told_anew():
    reader = known()
    reader.card(32, UID, 100)
    reader.changes(100)
    reader.missed(200)
    assert ("contact", 10, UNKNOWN, 200) in reader.changes(200)
    assert reader.changes(1500) == []
    reader.card(32, UID, 1600)
    reader.heard()
    assert reader.changes(1600)[:2] == [("contact", 10, ACTIVE, 1600), ("tag", 10, 1, UID, 1600)]
    reader.missed(1700)
    reader.changes(1700)
    reader.heard()
    told = [change for change in reader.changes(9000) if change[1] == 10 and change[0] != "trouble"]
    assert told == [("contact", 10, ACTIVE, 9000), ("tag", 10, 1, UID, 1600), ("tag", 10, 0, UID, 1600)]


def test_a_flood_of_cards_has_a_limit_and_the_oldest_goes():
    reader = known()
    for number in range(CARDS_MAX + 1):
        reader.card(32, bytes((number, 0, 0, 0)), number)
    assert len(reader.cards) == CARDS_MAX
    assert ("tag", 10, 0, bytes(4), 0) in reader.changes(20)


def test_tamper_outlasts_silence_and_stands_at_the_point_of_the_cards_only():
    reader = known()
    reader.report(LOCAL, b"\x01\x00", 1)
    assert (reader.bits(10), reader.bits(11)) == (TAMPER, 0)
    reader.missed(2)
    assert reader.bits(10) == TAMPER | SILENT


def test_troubles_are_told_when_they_change():
    reader = known()
    reader.is_refused = True
    assert reader.changes(7) == [("trouble", point, KEY_REFUSED, 7) for point in (10, 11, 12, 13, 14)]
    assert reader.changes(8) == []
    reader.begin()
    assert reader.changes(9) == [("trouble", point, 0, 9) for point in (10, 11, 12, 13, 14)]


def test_three_damaged_answers_close_together_are_noise_and_good_ones_end_it():
    reader = known()
    for _ in range(3):
        assert not reader.bits(10) & NOISY
        reader.damaged()
    assert reader.bits(10) & NOISY
    for _ in range(59):
        reader.heard()
    assert reader.bits(10) & NOISY
    reader.heard()
    assert not reader.bits(10) & NOISY


@given(st.integers(0, 2**24 - 1))
def test_a_card_of_26_bits_gives_the_24_between_its_parities(number):
    assert card_number("wiegand", 26, wiegand(number, 26)) == number.to_bytes(3, "big")


@given(st.integers(0, 2**32 - 1), st.integers(0, 33))
def test_a_card_of_34_bits_with_a_turned_bit_is_none(number, bit):
    data = wiegand(number, 34)
    assert card_number("wiegand", 34, data) == number.to_bytes(4, "big")
    turned = int.from_bytes(data, "big") ^ 1 << 6 + bit
    assert card_number("wiegand", 34, turned.to_bytes(5, "big")) is None


@given(st.sampled_from(["raw", "wiegand"]), st.integers(0, 300), st.binary(max_size=40))
def test_any_card_gives_1_to_16_bytes_or_none(card, bits, data):
    uid = card_number(card, bits, data)
    assert uid is None or 1 <= len(uid) <= 16


@given(st.lists(st.tuples(st.sampled_from([INPUTS, OUTPUTS, LOCAL]), st.binary(max_size=64))))
def test_any_report_is_no_error_and_states_are_states(reports):
    reader = made()
    reader.begin()
    for kind, report in reports:
        reader.report(kind, report, 0)
        reader.heard()
    assert {reader.state(point) for point in (10, 11, 12, 13, 14)} <= {INACTIVE, ACTIVE, UNKNOWN}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": SCBK_D.hex()}, "a key of its own"),
        ({"key": "ab"}, "32 hex digits"),
        ({"key": None}, "32 hex digits"),
        ({"address": 127}, "0..126"),
        ({"card": "H10301"}, "one of raw, wiegand"),
        ({"inputs": [{"point": 10, "input": 0}]}, "each once, found 10 twice"),
        ({"inputs": {}}, "a list"),
        ({"outputs": [{"point": 9, "output": 0, "pulse_ms": 25_501}]}, "0..25500"),
        ({"outputs": [{"point": 9, "output": 0, "on_lost": "open"}]}, "hold, off, on"),
        ({"leds": [{"point": 9, "led": 0, "active_color": "pink"}]}, "off, red, green"),
        ({"scbk": "x"}, "only the keys"),
    ],
)
def test_a_mistake_in_the_settings_is_named_and_no_key_is_shown(changes, said):
    wrong = table(**changes)
    with pytest.raises(ConfigError, match=said) as caught:
        OsdpConfig("devices[0]", wrong)
    assert "devices[0]" in str(caught.value)
    assert str(wrong["readers"][0]["key"]) not in str(caught.value)


def test_two_readers_do_not_share_an_address_or_a_key():
    first, second = table()["readers"][0], {"address": 2, "point": 20, "key": key()}
    bus = {"kind": "osdp", "bus": "b"}
    assert OsdpConfig("d", {**bus, "readers": [first, second]}).points == [10, 11, 12, 13, 14, 20]
    with pytest.raises(ConfigError, match="addresses: expected each once, found 1 twice"):
        OsdpConfig("d", {**bus, "readers": [first, {**second, "address": 1}]})
    with pytest.raises(ConfigError, match="keys: expected each once, found one twice") as caught:
        OsdpConfig("d", {**bus, "readers": [first, {**second, "key": first["key"]}]})
    assert first["key"] not in str(caught.value)
