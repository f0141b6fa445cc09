"""Pins of a Raspberry Pi as a field node takes them: the node's own input on the fake of the RPi.GPIO API."""

import sys
import types
from typing import Any

import pytest
from structlog.testing import capture_logs

from casefield.pins import ContactPin, PiPlace
from casegateway.adapters.fake_gpio import FakeGpio
from casewire import ACTIVE, INACTIVE, UNKNOWN
from node.config import ConfigError, NodeConfig
from node.inputs import Input

LINE = 17
SCAN_MS = 5


def fake(**options: bool) -> FakeGpio:
    return FakeGpio(lambda: 0, **options)


class Scan:
    """A contact point of a node at `pin`, scanned each 5 ms. Active: open, as a door's."""

    def __init__(self, api: Any) -> None:
        table = {"point": 1, "kind": "contact", "pin": LINE, "debounce_ms": 20}
        config = NodeConfig({"node": 1, "key": "00" * 32, "points": [table]})
        self.now_ms = 0
        self.pin = PiPlace(None, api).contact(LINE)
        self.input = Input(config.points[0], self.pin, 0)
        self.run(50)

    def run(self, ms: int) -> int:
        for _ in range(0, ms, SCAN_MS):
            self.now_ms += SCAN_MS
            self.input.poll(self.now_ms)
        return self.input.state


def test_a_contact_to_ground_is_closed_and_opens() -> None:
    api = fake()
    scan = Scan(api)
    assert scan.input.state == ACTIVE  # pulled up: open
    api.drive(LINE, 0)
    assert scan.run(30) == INACTIVE
    api.drive(LINE, 1)
    assert scan.run(30) == ACTIVE
    assert scan.input.changed_ms == scan.now_ms - 25  # the scan that saw it first


def test_edges_are_checked_at_the_start_and_their_absence_is_said_once() -> None:
    api = fake(has_edges=False)
    place = PiPlace(None, api)
    with capture_logs() as logs:
        pins = [place.contact(line) for line in (17, 18)]
    assert [(pin.edges, pin.reason) for pin in pins] == [(False, "Failed to add edge detection")] * 2
    assert [(entry["event"], entry["reason"]) for entry in logs] == [
        ("gpio gives no edges, inputs are polled alone", "Failed to add edge detection")
    ]
    api.drive(17, 0)
    assert (pins[0].value(), pins[1].value()) == (0, 1)


@pytest.mark.parametrize(("has_edges", "state"), [(True, UNKNOWN), (False, ACTIVE)])
def test_a_line_that_moves_between_scans_is_chatter_where_the_kernel_tells_of_edges(
    has_edges: bool, state: int
) -> None:
    """A loose wire that is there at each reading and gone in between: without edges nobody can see that."""
    api = fake(has_edges=has_edges)
    scan = Scan(api)
    for _ in range(300):
        api.drive(LINE, 0)
        api.drive(LINE, 1)
        scan.run(SCAN_MS)
    assert scan.input.state == state
    assert scan.run(50) == ACTIVE


class LateApi(FakeGpio):
    """Tells of an edge when it is asked to: a kernel and a thread have their own time."""

    def __init__(self) -> None:
        super().__init__(lambda: 0)
        self.waiting: list[int] = []

    def add_event_detect(self, line: int, edge: int, callback: Any, bouncetime: int = 0) -> None:
        self.tell = callback
        super().add_event_detect(line, edge, self.waiting.append, bouncetime)


def test_an_edge_that_is_told_after_its_level_was_read_is_no_movement() -> None:
    api = LateApi()
    pin = ContactPin(_begun(api), LINE)
    assert pin.value() == 1
    for level in (0, 1, 0, 1):
        api.drive(LINE, level)
        assert pin.value() == level
        api.tell(api.waiting.pop())
        assert [pin.value() for _ in range(3)] == [level] * 3


def test_a_pulse_between_two_readings_is_shown_once() -> None:
    api = fake()
    pin = ContactPin(_begun(api), LINE)
    assert pin.value() == 1
    api.drive(LINE, 0)
    api.drive(LINE, 1)
    assert [pin.value() for _ in range(4)] == [0, 1, 1, 1]


def _begun(api: FakeGpio) -> FakeGpio:
    api.setmode(api.BCM)
    return api


class Lgpio(types.ModuleType):
    """lgpio as rpi-lgpio 0.6 lets it through: its errors are of a kind of their own (lgpio.py, class error)."""

    class error(Exception):  # noqa: N801 - the name of the library
        pass


class FailingApi(FakeGpio):
    lgpio = Lgpio("lgpio")
    failing = ""

    def setmode(self, mode: int) -> None:
        self._fail("setmode", "can not open gpiochip")
        super().setmode(mode)

    def input(self, line: int) -> int:
        self._fail("input", "unknown handle")
        return super().input(line)

    def _fail(self, what: str, text: str) -> None:
        if what == self.failing:
            raise self.lgpio.error(text)


def test_a_line_that_cannot_be_read_is_unknown_and_one_that_can_again_is_known() -> None:
    api = FailingApi(lambda: 0)
    scan = Scan(api)
    api.drive(LINE, 0)
    scan.run(30)
    api.failing = "input"
    with capture_logs() as logs:
        assert scan.run(30) == UNKNOWN
    assert [(entry["event"], entry["error"]) for entry in logs] == [("input failed", "unknown handle")]
    api.failing = ""
    assert scan.run(30) == INACTIVE


def test_a_machine_without_a_chip_and_a_line_that_is_none_are_told_in_words() -> None:
    api = FailingApi(lambda: 0)
    api.failing = "setmode"
    with pytest.raises(ConfigError, match="expected a GPIO chip that opens, found: can not open gpiochip"):
        PiPlace(None, api).contact(LINE)
    with pytest.raises(ConfigError, match="pin 99: expected a GPIO line that can be had, found: .*invalid"):
        PiPlace(None, fake()).output(99, 0)
    with pytest.raises(ConfigError, match="expected the BCM number"):
        PiPlace(None, fake()).contact("IN1")


def test_an_output_has_its_level_from_the_first_moment() -> None:
    api = fake()
    pin = PiPlace(None, api).output(23, 1)
    pin.value(0)
    assert [change.level for change in api.timeline] == [1, 0]
    assert pin.value() == 0


def test_the_installed_module_is_used_and_its_absence_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "RPi.GPIO", None)
    with pytest.raises(ConfigError, match="expected RPi.GPIO"):
        PiPlace(None).contact(LINE)
