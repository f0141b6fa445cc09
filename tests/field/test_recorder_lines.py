"""Patterns of a recorder's lines, and lines out of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefield.recorder_lines import HALF_LINE_MS, LINE_BYTES_MAX, Lines, Pattern
from node.config import ConfigError


def match(like: str, line: str) -> dict[str, int] | None:
    return Pattern("like", like, "ascii").match(line.encode())


@pytest.mark.parametrize(
    ("like", "line", "found"),
    [
        ("REC ON", "REC ON", {}),
        ("REC ON", "REC ON!", None),
        ("REC*", "REC ON", {}),
        ("*ON", "REC ON NO, ON", {}),
        ("*ON", "REC ON NO", None),
        ("*REC*ON*", "CH1 REC IS ON NOW", {}),
        ("*REC*ON*", "CH1 ON REC", None),
        ("HDD <free>%*", "HDD 037% USED", {"free": 37}),
        ("HDD <free>%*", "HDD 137% USED", None),
        ("HDD <free>%", "HDD %", None),
        ("*FRM <count> <time>", "CH1 FRM 000123 23:59:58", {"count": 123, "time": 86_398}),
        ("<time>", "24:00:00", None),
        ("<time>", "12:3x:00", None),
        ("<time>", "12:30", None),
        ("free <free>", "free 7", {"free": 7}),
        ("count", "count", {}),
    ],
)
def test_a_pattern_fits_the_whole_line(like: str, line: str, found: dict[str, int] | None) -> None:
    assert match(like, line) == found


def test_the_first_place_of_a_text_is_the_one_that_counts() -> None:
    assert match("*HDD <free>%*", "HDD BAD, HDD 40% FREE") is None


@pytest.mark.parametrize(
    ("like", "expected"),
    [
        ("", "a pattern of 1 to 80 characters"),
        ("x" * 81, "a pattern of 1 to 80 characters"),
        ("REC**", "text between"),
        ("*<free>%", "text between"),
        ("<free>%<free>", "<free> once"),
        ("录像", "characters of ascii"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused(like: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        Pattern("like", like, "ascii")


def test_text_of_a_recorder_may_be_chinese() -> None:
    line = "通道1 录像中".encode("gb18030")
    assert Pattern("like", "*录像中", "gb18030").match(line) == {}
    assert Pattern("like", "*已停止", "gb18030").match(line) is None


@given(st.text(st.sampled_from("ab*<>freecounttime%0"), max_size=20), st.binary(max_size=LINE_BYTES_MAX))
def test_any_pattern_is_refused_or_meets_any_line(like: str, line: bytes) -> None:
    try:
        pattern = Pattern("like", like, "ascii")
    except ConfigError:
        return
    found = pattern.match(line)
    assert found is None or set(found) == pattern.numbers


@given(st.lists(st.binary(max_size=500), max_size=20))
def test_any_bytes_give_lines_of_a_bounded_length(pieces: list[bytes]) -> None:
    lines = Lines()
    for number, piece in enumerate(pieces):
        for line in lines.feed(piece, number):
            assert 0 < len(line) <= LINE_BYTES_MAX
    assert len(lines._half) <= LINE_BYTES_MAX


def test_lines_end_in_any_of_the_usual_ways_and_come_in_pieces() -> None:
    lines = Lines()
    assert lines.feed(b"one\r\ntwo\nthree\rfo", 0) == [b"one", b"two", b"three"]
    assert lines.feed(b"ur\r", 5) == [b"four"]
    assert lines.feed(b"\n\r\n  \n", 6) == []


def test_a_half_line_is_joined_to_nothing_after_a_while() -> None:
    lines = Lines()
    lines.feed(b"REC O", 0)
    assert lines.feed(b"N\n", HALF_LINE_MS - 1) == [b"REC ON"]
    lines.feed(b"REC O", 2_000)
    assert lines.feed(b"FF\n", 2_000 + HALF_LINE_MS) == [b"FF"]
    assert lines.dropped == 1


def test_a_line_too_long_is_dropped_to_its_end() -> None:
    lines = Lines()
    assert lines.feed(b"x" * 1_000, 0) == []
    assert lines.feed(b"y" * 1_000 + b"\nREC ON\n", 1) == [b"REC ON"]
    assert lines.dropped == 1
