import sys
import types

import pytest
from structlog.testing import capture_logs

from casegateway.adapters.fake_gpio import TIMELINE_MAX, Change, FakeGpio
from casegateway.adapters.gpio import GpioFailed, GpioPort, GpioUnavailable, load_api
from casegateway.main import _cry
from custody.area import load_area
from custody.bundled import area_text


class Clock:
    us = 0

    def __call__(self) -> int:
        self.us += 1
        return self.us


def fake(**options: bool) -> FakeGpio:
    api = FakeGpio(Clock(), **options)
    api.setmode(api.BCM)
    return api


def test_line_must_be_set_up_before_use() -> None:
    api = fake()
    with pytest.raises(RuntimeError, match="setup"):
        api.input(17)
    with pytest.raises(RuntimeError, match="OUTPUT"):
        api.output(17, 1)


def test_numbering_must_be_chosen_before_a_line_is_set_up() -> None:
    api = FakeGpio(Clock())
    with pytest.raises(RuntimeError, match="setmode"):
        api.setup(17, api.IN)
    with pytest.raises(ValueError, match="expected BCM"):
        api.setmode(api.BOARD)


def test_input_cannot_be_written() -> None:
    api = fake()
    api.setup(17, api.IN, pull_up_down=api.PUD_UP)
    with pytest.raises(RuntimeError, match="OUTPUT"):
        api.output(17, 1)


@pytest.mark.parametrize(("pull", "level"), [("PUD_UP", 1), ("PUD_DOWN", 0), ("PUD_OFF", 0)])
def test_open_input_follows_its_pull(pull: str, level: int) -> None:
    api = fake()
    api.setup(17, api.IN, pull_up_down=getattr(api, pull))
    assert api.input(17) == level
    api.drive(17, 1 - level)
    assert api.input(17) == 1 - level
    api.drive(17, None)
    assert api.input(17) == level


def test_line_that_the_chip_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid"):
        fake().setup(54, FakeGpio.OUT)


def test_timeline_has_each_change_of_an_output_once_with_its_time() -> None:
    seen: list[Change] = []
    api = FakeGpio(Clock(), seen.append)
    api.setmode(api.BCM)
    api.setup(23, api.OUT, initial=0)
    for level in (1, 1, 0, 1):
        api.output(23, level)
    assert [(change.line, change.level) for change in api.timeline] == [(23, 0), (23, 1), (23, 0), (23, 1)]
    assert [change.real_us for change in seen] == sorted(change.real_us for change in seen)


def test_timeline_is_bounded() -> None:
    api = fake()
    api.setup(23, api.OUT)
    for number in range(TIMELINE_MAX + 50):
        api.output(23, number % 2 ^ 1)
    assert len(api.timeline) == TIMELINE_MAX


def test_edge_is_called_back_after_the_level_has_changed() -> None:
    api = fake()
    api.setup(17, api.IN, pull_up_down=api.PUD_UP)
    levels: list[int] = []
    api.add_event_detect(17, api.BOTH, callback=lambda line: levels.append(api.input(line)))
    api.drive(17, 0)
    api.drive(17, 0)
    api.drive(17, 1)
    assert levels == [0, 1]
    with pytest.raises(RuntimeError, match="Conflicting"):
        api.add_event_detect(17, api.BOTH, callback=lambda line: None)


def test_output_gets_its_first_level_with_its_direction() -> None:
    api = FakeGpio(Clock())
    port = GpioPort(api)
    port.write(23, True)
    assert [change.level for change in api.timeline] == [1]  # never a moment of off


class Lgpio(types.ModuleType):
    """lgpio as rpi-lgpio 0.6 lets it through: its errors are of a kind of their own (lgpio.py, class error)."""

    class error(Exception):  # noqa: N801 - the name of the library
        pass


class FailingApi(FakeGpio):
    lgpio = Lgpio("lgpio")
    is_failing = False

    def setmode(self, mode: int) -> None:
        self._fail("can not open gpiochip")
        super().setmode(mode)

    def output(self, line: int, level: int | bool) -> None:
        self._fail("GPIO busy")
        super().output(line, level)

    def _fail(self, text: str) -> None:
        if self.is_failing:
            raise self.lgpio.error(text)


def test_machine_without_a_chip_is_told_in_words() -> None:
    api = FailingApi(Clock())
    api.is_failing = True
    with pytest.raises(
        GpioUnavailable, match="expected a GPIO chip that opens, found: can not open gpiochip"
    ):
        GpioPort(api)


def test_output_that_fails_is_told_in_words_whatever_the_library_raises() -> None:
    api = FailingApi(Clock())
    port = GpioPort(api)
    port.write(23, True)
    api.is_failing = True
    with pytest.raises(GpioFailed, match="writing line 23: GPIO busy"):
        port.write(23, False)
    with pytest.raises(GpioFailed, match="invalid on a Raspberry Pi"):
        port.write(99, True)


def test_sounder_that_fails_hides_no_damage_of_the_log() -> None:
    area = load_area(area_text("standard"))
    api = FailingApi(Clock())
    port = GpioPort(api)
    _cry(area, port)
    assert [(change.line, change.level) for change in api.timeline] == [(23, 1)]
    api.is_failing = True
    with capture_logs() as logs:
        _cry(area, port)
    assert [(entry["output"], entry["error"]) for entry in logs] == [
        ("sounder", "writing line 23: GPIO busy")
    ]


def test_installed_module_is_used_and_its_absence_told(monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = types.ModuleType("RPi"), types.ModuleType("RPi.GPIO")
    package.GPIO = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "RPi", package)
    monkeypatch.setitem(sys.modules, "RPi.GPIO", module)
    assert load_api() is module
    monkeypatch.setitem(sys.modules, "RPi.GPIO", None)
    with pytest.raises(GpioUnavailable, match="expected RPi.GPIO"):
        load_api()
