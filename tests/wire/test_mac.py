"""The MAC, with Python's hmac as the other opinion."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewire import FROM_GATEWAY, FROM_NODE, Signer, mac


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.sampled_from([b"N", b"G"]))
def test_the_mac_is_the_head_of_hmac_sha256(key: bytes, data: bytes, direction: bytes) -> None:
    assert Signer(key, direction).sign(data) == hmac.new(key, direction + data, "sha256").digest()[:8]


def test_the_two_directions_sign_apart() -> None:
    key = bytes(32)
    assert Signer(key, FROM_NODE).sign(b"x") != Signer(key, FROM_GATEWAY).sign(b"x")


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_refused_without_showing_it(key: bytes) -> None:
    with pytest.raises(ValueError, match=f"expected 32 bytes, found {len(key)}$"):
        Signer(key, FROM_NODE)


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="expected b'N' or b'G', found b'X'"):
        Signer(bytes(32), b"X")


def test_macs_are_the_same_only_in_every_byte() -> None:
    assert mac.same(b"12345678", b"12345678")
    assert not mac.same(b"12345678", b"12345679")
    assert not mac.same(b"12345678", b"1234567")
