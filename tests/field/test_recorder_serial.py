"""The device of a recorder with a status line, on a port of the test's own and a clock in its hand."""

from typing import Any

import pytest

from casefield.recorder_serial import LIMITS, RecorderConfig, SerialRecorder
from casewire import ACTIVE, CONTRADICTION, INACTIVE, SILENT, UNKNOWN
from node.config import ConfigError

LINES = [
    {"like": "REC*", "says": "recording"},
    {"like": "STOP*", "says": "stopped"},
    {"like": "*HDD <free>%*"},
    {"like": "*AT <time>*"},
]


class Port:
    def __init__(self) -> None:
        self.coming = b""
        self.written = b""
        self.is_open = True

    def read(self, most: int) -> bytes | None:
        data, self.coming = self.coming[:most], self.coming[most:]
        return data or None

    def write(self, data: bytes) -> None:
        self.written += data


def table(**changes: Any) -> dict[str, Any]:
    return {"kind": "recorder_serial", "bus": "b", "point": 5, "lines": LINES, "agree": 1, **changes}


class Desk:
    def __init__(self, **changes: Any) -> None:
        self.port = Port()
        self.time_s = 0
        self.device = SerialRecorder(RecorderConfig("d", table(**changes)), self.port, lambda: self.time_s)
        self.device.poll(0)

    def says(self, text: str, now_ms: int) -> list[tuple[Any, ...]]:
        self.port.coming += text.encode() + b"\r\n"
        return self.device.poll(now_ms)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lines": []}, "d.lines: expected a list of 1 to 16"),
        ({"lines": LINES[:1]}, "says recording and one that says stopped"),
        ({"lines": [{"like": "REC"}]}, "says, or one of"),
        ({"lines": [{"like": "REC", "says": "on"}]}, "recording, stopped"),
        ({"lines": LINES[:2], "still_s_max": 5}, "<count> or <time> in a line"),
        ({"lines": LINES[:2], "free_percent_min": 5}, "<free> in a line"),
        ({"lines": LINES[:3], "clock_off_s_max": 5}, "<time> in a line"),
        ({"parity": "mark"}, "one of none, even, odd"),
        ({"ask": ""}, "1 to 40 ASCII"),
        ({"ask": "?\r", "ask_s": 10, "silent_s_max": 10}, "more than ask_s"),
        ({"bus": 3}, "the path of a serial port"),
        ({"colour": 1}, "only the keys"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        RecorderConfig("d", table(**changes))


def test_it_is_unknown_until_it_speaks_and_since_its_last_word_when_it_is_silent() -> None:
    desk = Desk(silent_s_max=10)
    assert desk.device.states() == [(5, UNKNOWN)]
    assert desk.says("REC 1", 100) == [("contact", 5, ACTIVE, 100)]
    assert desk.device.poll(10_100) == []
    assert desk.device.poll(10_101) == [("contact", 5, UNKNOWN, 100), ("trouble", 5, SILENT, 10_101)]
    assert desk.device.troubles() == [(5, SILENT)]
    assert desk.says("STOP", 12_000) == [("contact", 5, INACTIVE, 12_000), ("trouble", 5, 0, 12_000)]


def test_one_that_never_speaks_is_told_as_silent() -> None:
    desk = Desk(silent_s_max=10)
    assert desk.device.poll(10_001) == [("trouble", 5, SILENT, 10_001)]


def test_so_many_lines_must_agree_and_the_first_of_them_dates_it() -> None:
    desk = Desk(agree=2)
    assert desk.says("REC", 100) == []
    assert desk.says("STOP", 200) == []
    assert desk.says("REC", 300) == []
    assert desk.says("REC", 400) == [("contact", 5, ACTIVE, 300)]


def test_other_lines_are_counted_and_prove_no_life() -> None:
    desk = Desk(silent_s_max=2)
    desk.says("REC", 100)
    for at_ms in range(200, 2_300, 100):
        desk.says("OPERATOR LI SI", at_ms)
    assert desk.device.unknown_lines == 21
    assert desk.device.states() == [(5, UNKNOWN)]


def test_it_is_asked_and_unknown_at_the_first_answer_that_is_missing() -> None:
    desk = Desk(ask="?\r", ask_s=5, reply_ms=1_000, silent_s_max=60)
    assert desk.port.written == b"?\r"
    desk.says("REC", 300)
    desk.device.poll(5_000)
    assert desk.port.written == b"?\r?\r"
    assert desk.device.poll(6_000) == []
    assert desk.device.poll(6_001)[0] == ("contact", 5, UNKNOWN, 300)
    desk.device.poll(10_000)
    assert desk.says("REC", 10_100)[0] == ("contact", 5, ACTIVE, 10_100)


def test_a_recorder_whose_disk_is_full_records_nothing_whatever_it_says() -> None:
    desk = Desk(free_percent_min=2)
    desk.says("REC HDD 2%", 100)
    assert desk.says("REC HDD 1%", 200) == [("contact", 5, UNKNOWN, 200), ("trouble", 5, CONTRADICTION, 200)]
    # What was doubted is not recording since before: it counts from now.
    assert desk.says("REC HDD 9%", 300) == [("contact", 5, ACTIVE, 300), ("trouble", 5, 0, 300)]
    desk.says("REC HDD 1%", 400)
    assert desk.says("STOP", 500)[0] == ("contact", 5, INACTIVE, 500)  # that it stopped is believed


def test_a_clock_that_stands_while_it_says_that_it_records_is_doubted_since_it_stands() -> None:
    desk = Desk(still_s_max=3)
    for at_ms in range(1_000, 4_000, 1_000):
        desk.says("REC AT 00:00:05", at_ms)
    assert desk.says("REC AT 00:00:05", 4_001) == [
        ("contact", 5, UNKNOWN, 1_000),
        ("trouble", 5, CONTRADICTION, 4_001),
    ]
    assert desk.says("REC AT 00:00:06", 5_000)[0] == ("contact", 5, ACTIVE, 5_000)


@pytest.mark.parametrize(
    ("own", "its", "is_off"), [(10, "00:01:10", False), (10, "00:01:11", True), (10, "23:59:30", False)]
)
def test_a_clock_that_is_wrong_is_a_trouble_and_the_state_stands(own: int, its: str, is_off: bool) -> None:
    desk = Desk(clock_off_s_max=60)
    desk.time_s = own
    desk.says(f"REC AT {its}", 100)
    assert desk.device.states() == [(5, ACTIVE)]
    assert desk.device.troubles() == ([(5, CONTRADICTION)] if is_off else [])


def test_a_port_that_is_gone_is_unknown_at_once_and_its_half_line_with_it() -> None:
    desk = Desk()
    desk.says("STOP", 100)
    desk.port.coming = b"REC"
    desk.device.poll(110)
    desk.port.is_open = False
    assert desk.device.poll(120)[0] == ("contact", 5, UNKNOWN, 120)
    desk.port.is_open = True
    assert desk.says("ORD", 130) == []
    assert desk.device.unknown_lines == 1


def test_its_defaults_lie_within_their_limits() -> None:
    assert all(least <= default <= most for default, least, most in LIMITS.values())
