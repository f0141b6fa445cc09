# ruff: noqa: N999 - the name of the library
"""The API of RPi.GPIO with a file for a wire: each change of an output becomes the line `<line> <level>` in CASEWARD_TEST_LINES.

`--gpio fake --gpio-timeline` tells the same, but is left out while the disk is full; a wire is not.
"""

import os

from casegateway.adapters.fake_gpio import Change, FakeGpio
from casegateway.runtime import real_us

_wire = os.open(
    os.environ["CASEWARD_TEST_LINES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
)


def _tell(change: Change) -> None:
    os.write(_wire, f"{change.line} {change.level}\n".encode())


_board = FakeGpio(real_us, _tell)
BCM, OUT, IN, BOTH = _board.BCM, _board.OUT, _board.IN, _board.BOTH
HIGH, LOW, PUD_UP = _board.HIGH, _board.LOW, _board.PUD_UP
setwarnings, setmode, setup, cleanup = _board.setwarnings, _board.setmode, _board.setup, _board.cleanup
output, input, add_event_detect = _board.output, _board.input, _board.add_event_detect  # noqa: A001 - RPi.GPIO's names
