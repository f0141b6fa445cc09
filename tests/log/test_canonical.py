import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caselog.canonical import DEPTH_MAX, INTEGER_MAX, dumps, loads
from caselog.errors import CanonicalError

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_of_the_subset_comes_back_from_its_text(value):
    assert loads(dumps(value)) == value


@given(VALUES)
def test_the_text_is_json_for_any_other_reader(value):
    assert json.loads(dumps(value)) == value


@given(VALUES, st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_is_the_one_text_of_another_value(value, place, mask):
    data = bytearray(dumps(value))
    data[place % len(data)] ^= mask
    try:
        other = loads(bytes(data))
    except CanonicalError:
        return
    assert dumps(other) == bytes(data)
    assert type(other) is not type(value) or other != value


@given(st.binary(max_size=40))
def test_any_bytes_give_a_value_or_a_canonical_error(data):
    try:
        value = loads(data)
    except CanonicalError:
        return
    assert dumps(value) == data


def test_keys_are_sorted_and_characters_stand_for_themselves():
    value = {"b": [1, -2, True, None], "a": '讯\n\x1f"\\/\x7f€', "": {}}
    assert dumps(value) == '{"":{},"a":"讯\\n\\u001f\\"\\\\/\x7f€","b":[1,-2,true,null]}'.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}', ' {"a":1}', '{"a":1}\n', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"a":2}',
        "1.0", "1e2", "0.5", "-0", "01", "9007199254740992", "-9007199254740992", "1" * 5000,
        "NaN", "Infinity", "-Infinity", '"\\u0041"', '"\\/"', '"\\u000A"', '"\\u001F"', '"\\ud800"',
        '"\\ud83d\\ude00"', '"\n"', "{'a':1}", "", "{", "[1,]", "tru", "\ufeff1", '{"讯":1}',
        "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "[" * 100_000,
    ],
)  # fmt: skip
def test_every_other_text_is_refused(text):
    with pytest.raises(CanonicalError):
        loads(text.encode())


@pytest.mark.parametrize("data", [b"\xff", b'"\xed\xa0\x80"', b'"\xc0\xaf"'])
def test_bytes_that_are_not_utf_8_are_refused(data):
    with pytest.raises(CanonicalError, match="UTF-8"):
        loads(data)


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), INTEGER_MAX + 1, -INTEGER_MAX - 1, "\ud800", {1: 2}, {"é": 1}, b"x", {1, 2}, [[object()]],
     {"a": {"b": 0.5}}],
)  # fmt: skip
def test_every_other_value_is_refused(value):
    with pytest.raises(CanonicalError):
        dumps(value)


def test_the_largest_integers_are_taken():
    assert loads(dumps([INTEGER_MAX, -INTEGER_MAX])) == [INTEGER_MAX, -INTEGER_MAX]


def test_the_error_names_the_first_byte_that_differs():
    with pytest.raises(CanonicalError, match=r"expected b'1}' at byte 5, found b' 1}'"):
        loads(b'{"a": 1}')
