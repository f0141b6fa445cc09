"""Byte stuffing, with PyPI cobs as the other opinion."""

import pytest
from cobs import cobs as foreign
from hypothesis import given
from hypothesis import strategies as st

from casewire import FrameError, cobs


@given(st.binary(max_size=600) | st.text("\x00\x01", max_size=600).map(str.encode))
def test_what_is_stuffed_comes_back_and_has_no_zero(data: bytes) -> None:
    stuffed = cobs.encode(data)
    assert 0 not in stuffed
    assert cobs.decode(stuffed) == data


@pytest.mark.parametrize("fill", [b"\x00", b"\x01", b"\xff"])
def test_both_libraries_read_each_other_at_every_length(fill: bytes) -> None:
    for length in range(600):
        data = fill * length
        assert cobs.decode(foreign.encode(data)) == data
        assert foreign.decode(cobs.encode(data)) == data


@given(st.binary(max_size=233))
def test_frames_are_too_short_for_two_spellings(data: bytes) -> None:
    assert cobs.encode(data) == foreign.encode(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_as_the_other_library_does(stuffed: bytes) -> None:
    try:
        expected = foreign.decode(stuffed)
    except foreign.DecodeError:
        expected = None
    if not stuffed:
        expected = None  # the other library reads nothing as nothing; a frame is never empty
    if expected is None:
        with pytest.raises(FrameError):
            cobs.decode(stuffed)
    else:
        assert cobs.decode(stuffed) == expected


@pytest.mark.parametrize(
    "stuffed", [b"", b"\x00", b"\x03\x00\x01", b"\x03\x01\x00", b"\x03\x01", b"\x02\x01\x05"]
)
def test_what_no_encoder_writes_is_refused(stuffed: bytes) -> None:
    with pytest.raises(FrameError):
        cobs.decode(stuffed)
