"""Every module of the firmware against the types of each board's MicroPython: what it calls is there, with those arguments."""

import shutil
from pathlib import Path

import pytest

from tests.node import board_stubs
from tests.node.micropython import FIRMWARE

pytestmark = [pytest.mark.real, pytest.mark.slow]

EXPECTED = {
    # micropython-lib's logging takes the exception itself, and boards have no sys.exc_info; the stubs are of CPython's.
    'board.py: Argument of type "Exception" cannot be assigned to parameter "exc_info" of type "bool" in function "exception"',
    # CPython's, asked for where there is no ticks_ms.
    'board.py: "monotonic_ns" is not a known attribute of module "time"',
    # Not of the board: classes of our own that say in words what they are given.
    'link.py: Cannot access attribute "boot" for class "Message"',
    'link.py: Cannot access attribute "seq" for class "Message"',
    'polled.py: Cannot access attribute "bits" for class "Board*"',
    'polled.py: Cannot access attribute "ask" for class "Board"',
    'picture.py: "remaining_s" is not a known attribute of "None"',
    'polled.py: "state" is not a known attribute of "None"',
    # micropython-lib's, which the stubs leave out; a display that was set up.
    'screen.py: Import "ssd1306" could not be resolved',
    'screen.py: "write_cmd" is not a known attribute of "None"',
    'screen.py: "buffer" is not a known attribute of "None"',
    'screen.py: "write_data" is not a known attribute of "None"',
}
MISTAKES = {
    "machine.Pin.PULL_UP)": "machine.Pin.PULLUP)",
    "machine.WDT(timeout=settings.watchdog_ms)": "machine.WDT(timeout_ms=settings.watchdog_ms)",
    "time.sleep_ms(duration_ms)": "time.sleep_msec(duration_ms)",
}


@pytest.fixture(params=sorted(board_stubs.PACKAGES))
def board(request: pytest.FixtureRequest) -> str:
    """Each kind of board; only where its stubs and pyright cannot be had is it skipped."""
    try:
        board_stubs.stubs_of(request.param)
        board_stubs.pyright()
    except board_stubs.NotToBeHadError as error:
        pytest.skip(f"BOARD TYPES NOT CHECKED: {error}")
    return str(request.param)


@pytest.fixture
def firmware(tmp_path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(FIRMWARE, tmp_path / "firmware"))


def test_the_firmware_uses_nothing_that_the_board_does_not_have(board, firmware) -> None:
    assert set(board_stubs.complaints(board, firmware)) - EXPECTED == set()


def test_a_wrong_constant_argument_or_function_is_found(board, firmware) -> None:
    path = firmware / "node" / "board.py"
    text = path.read_text()
    for right, mistake in MISTAKES.items():
        assert text.count(right) == 1, right
        text = text.replace(right, mistake)
    path.write_text(text)
    found = board_stubs.complaints(board, firmware)
    for word in ("PULLUP", "timeout_ms", "sleep_msec"):
        assert [line for line in found if line.startswith("board.py: ") and word in line], (word, found)
