"""The wording rules: units, rounding down, days, shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseserver.web import wording
from tests.web.scenes import ZONE, at


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (59, "59 秒", "59 s"),
        (60, "1 分 00 秒", "1 m 00 s"),
        (119, "1 分 59 秒", "1 m 59 s"),
        (120, "2 分", "2 m"),
        (3599, "59 分", "59 m"),
        (3600, "1 小时 00 分", "1 h 00 m"),
        (4020, "1 小时 07 分", "1 h 07 m"),
        (35_999, "9 小时 59 分", "9 h 59 m"),
        (36_000, "10 小时", "10 h"),
        (86_399, "23 小时", "23 h"),
    ],
)
def test_a_duration_carries_units_and_is_rounded_down(seconds: int, zh: str, en: str) -> None:
    assert wording.duration(seconds, "zh") == zh
    assert wording.duration(seconds, "en") == en


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (134, "2 分 14 秒"),
        (843, "14 分 03 秒"),
        (3600, "1 小时 00 分"),
        (4027, "1 小时 07 分 07 秒"),
        (120, "2 分"),
    ],
)
def test_an_exact_duration_of_the_record_leaves_nothing_out(seconds: int, text: str) -> None:
    assert wording.duration(seconds, "zh", exact=True) == text


@given(st.integers(0, 10**7), st.integers(0, 999_999))
def test_time_left_is_never_more_than_there_is(seconds: int, rest_us: int) -> None:
    left_us = seconds * 1_000_000 + rest_us
    assert wording.seconds_left(left_us, 0) * 1_000_000 <= left_us


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_no_duration_is_negative(due_us: int, now_us: int) -> None:
    assert wording.seconds_left(due_us, now_us) >= 0
    assert wording.seconds_gone(due_us, now_us) >= 0


def test_another_day_is_said_with_the_clock_time() -> None:
    now = at("14:22:08")
    assert wording.clock_from(at("15:00"), now, ZONE, "zh") == "15:00"
    assert wording.clock_from(at("11:20", 19), now, ZONE, "zh") == "明 11:20"
    assert wording.clock_from(at("11:20", 19), now, ZONE, "en") == "+1 11:20"
    assert wording.clock_from(at("18:42", 17), now, ZONE, "zh") == "昨 18:42"
    assert wording.clock_from(at("11:20", 21), now, ZONE, "zh") == "3/21 11:20"


def test_the_day_is_written_as_each_language_writes_it() -> None:
    assert wording.day(at("14:22:08"), ZONE, "zh") == "3月18日 周三"
    assert wording.day(at("14:22:08"), ZONE, "en") == "Wed 18 Mar"


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_is_100_only_when_nothing_was_missing(part: int, whole: int) -> None:
    said = wording.share(part, whole)
    assert (said == "100") == (part >= whole)
    if part < whole:
        assert float(said) <= 100 * part / whole


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9), st.integers(-(10**10), 10**10))
def test_a_bar_never_leaves_its_track(start: int, length: int, now: int) -> None:
    assert 0 <= wording.permille(start, start + length, now) <= 1000


def test_a_limit_without_length_is_used_up() -> None:
    assert wording.permille(5, 5, 5) == 1000
