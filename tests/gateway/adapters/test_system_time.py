"""Against this machine's own kernel. A battery clock need not be here: its answer is checked from the bytes on."""

import struct
import time
from pathlib import Path

import pytest

from casegateway.adapters.system_time import RTC_DEVICE, SystemTime, rtc_wall_us
from casegateway.time_sources import SourceReader
from casegateway.timekeeping import Timekeeper


def test_boot_time_goes_on_and_wall_time_is_the_machines() -> None:
    clocks = SystemTime()
    first = clocks.boottime_us()
    time.sleep(0.01)
    assert clocks.boottime_us() - first >= 10_000
    assert abs(clocks.wall_us() - time.time() * 1_000_000) < 5_000_000


def test_kernel_says_whether_its_clock_is_kept_and_how_far_off_it_can_be() -> None:
    found = SystemTime().kernel()
    assert found is not None
    assert 0 <= found.max_error_us <= 16_000_000  # NTP_PHASE_LIMIT, at which the kernel gives up


def test_a_reading_of_this_machine_is_narrow_and_gives_an_interval_that_is_right_or_open() -> None:
    reader = SourceReader(SystemTime())
    readings = min((reader.read() for _ in range(20)), key=lambda found: found.bracket_us)
    assert readings.bracket_us < 1_000
    now = Timekeeper().read(readings, 1).instant
    assert now.earliest_us <= time.time() * 1_000_000
    assert now.latest_us is None or now.latest_us > now.earliest_us


def test_no_battery_clock_no_device_of_that_kind_and_no_permission_are_no_reading(tmp_path: Path) -> None:
    assert SystemTime(tmp_path / "rtc0").rtc() is None
    (tmp_path / "file").write_bytes(b"x" * 64)
    assert SystemTime(tmp_path / "file").rtc() is None
    assert SystemTime(Path("/dev/null")).rtc() is None


@pytest.mark.skipif(not RTC_DEVICE.exists(), reason="no battery clock in this machine")
def test_battery_clock_of_this_machine_says_a_time() -> None:
    found = SystemTime().rtc()
    assert found is None or found.wall_us % 1_000_000 == 0


def test_answer_of_the_driver_is_a_date_in_utc() -> None:
    answer = struct.pack("9i", 5, 30, 4, 26, 10, 126, 0, 0, 0)
    assert rtc_wall_us(answer) == 1_795_667_405_000_000  # 2026-11-26T04:30:05Z


@pytest.mark.parametrize(
    "fields", [(0, 0, 0, 0, 0, 126), (0, 0, 0, 1, 12, 126), (0, 0, 0, 1, 0, -1900), (0,) * 6]
)
def test_answer_that_is_no_date_is_refused(fields: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected a date"):
        rtc_wall_us(struct.pack("9i", *fields, 0, 0, 0))


def test_answer_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 36 bytes"):
        rtc_wall_us(b"\0" * 35)
