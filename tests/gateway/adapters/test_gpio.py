import sys
import threading
import types

import pytest
from structlog.testing import capture_logs

from casegateway.adapters.fake_gpio import TIMELINE_MAX, Change, FakeGpio
from casegateway.adapters.gpio import GpioFailed, GpioPort, GpioUnavailable, load_api
from casegateway.main import _cry
from custody.area import load_area
from custody.bundled import area_text
from tests.gateway.program import wait_for


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
    assert port.read(23)


def test_contact_to_ground_reads_closed_and_is_told_at_each_change() -> None:
    api = FakeGpio(Clock())
    port = GpioPort(api)
    seen: list[tuple[int, bool | None]] = []
    port.watch(17, lambda line, closed: seen.append((line, closed)))
    assert port.read(17) is False
    api.drive(17, 0)
    api.drive(17, 1)
    port.close()
    assert port.mode == "edges"
    assert seen == [(17, True), (17, False)]


def test_kernel_without_edges_is_noticed_at_the_start_and_lines_are_polled() -> None:
    api = FakeGpio(Clock(), has_edges=False)
    port = GpioPort(api)
    seen: list[tuple[int, bool | None]] = []
    assert port.health()["inputs"] == "none"
    with capture_logs() as logs:
        port.watch(17, lambda line, closed: seen.append((line, closed)))
        port.watch(18, lambda line, closed: seen.append((line, closed)))
    assert port.mode == "polled"
    assert port.health() == {
        "kind": "rpi",
        "inputs": "polled",
        "reason": "line 17: Failed to add edge detection",
        "edges_missed": 0,
        "unreadable": [],
    }
    assert [(entry["log_level"], entry["reason"]) for entry in logs] == [
        ("warning", "line 17: Failed to add edge detection")
    ]
    api.drive(18, 0)
    wait_for("the poll", lambda: seen == [(18, True)], 2)
    port.close()


def test_lost_edge_is_found_by_reading_again() -> None:
    api = FakeGpio(Clock())
    port = GpioPort(api)
    seen: list[tuple[int, bool | None]] = []
    port.watch(17, lambda line, closed: seen.append((line, closed)))
    wait_for("the first second reading", lambda: port._inputs.look_ms > port._now_ms() + 500, 2)
    api.is_deaf = True
    api.drive(17, 0)
    wait_for("the second reading", lambda: seen == [(17, True)], 3)
    assert (port.mode, port.health()["edges_missed"]) == ("edges", 1)
    port.close()


def test_kernel_that_takes_the_wish_for_edges_and_tells_of_none_is_polled_and_that_is_said() -> None:
    real = Steps()
    api = FakeGpio(Clock())
    port = GpioPort(api, now_ms=real)
    seen: list[bool | None] = []
    port.watch(17, lambda _line, closed: seen.append(closed))
    real.pass_ms(port, 1_000)
    api.is_deaf = True
    with capture_logs() as logs:
        for level in (0, 1, 0):
            api.drive(17, level)
            real.pass_ms(port, 1_200)
    assert seen == [True, False, True]
    assert port.health() == {
        "kind": "rpi",
        "inputs": "polled",
        "reason": "line 17: 3 of 3 changes came without an edge",
        "edges_missed": 3,
        "unreadable": [],
    }
    assert [entry["event"] for entry in logs] == ["gpio gives no edges, inputs are polled"]
    api.is_deaf = False
    api.drive(17, 1)  # an edge that is told after all is not trusted any more: the next reading tells
    assert seen == [True, False, True]
    real.pass_ms(port, 100)
    assert seen == [True, False, True, False]
    port.close()


class Steps:
    """A clock that stands unless it is told to pass."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self) -> float:
        return self.ms

    def pass_ms(self, port: GpioPort, ms: int) -> None:
        """In steps of 10, at each of which the port's thread has looked if it was time to."""
        for _ in range(0, ms, 10):
            self.ms += 10
            port._wake.set()
            wait_for("the look", lambda: port._inputs.look_ms > self.ms, 2)


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

    def input(self, line: int) -> int:
        self._fail("unknown handle")
        return super().input(line)

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


def test_line_that_cannot_be_read_is_unknown_and_one_that_can_again_is_told() -> None:
    real = Steps()
    api = FailingApi(Clock())
    port = GpioPort(api, now_ms=real)
    seen: list[bool | None] = []
    port.watch(17, lambda _line, closed: seen.append(closed))
    with capture_logs() as logs:
        api.is_failing = True
        real.pass_ms(port, 1_200)
        assert seen == [None]
        assert port.health()["unreadable"] == [17]
        api.is_failing = False
        real.pass_ms(port, 1_200)
        assert seen == [None, False]
    assert [(entry["event"], entry["error"]) for entry in logs] == [
        ("input failed", "reading line 17: unknown handle")
    ]
    assert port.health()["unreadable"] == []
    assert port.health()["edges_missed"] == 0
    port.close()


def test_changes_from_two_threads_are_told_in_their_order() -> None:
    """A kernel's callback waits while a reading is being told; else the older of the two could be told last."""
    api = FakeGpio(Clock())
    port = GpioPort(api)
    seen: list[bool | None] = []
    is_told, may_end = threading.Event(), threading.Event()

    def slow(_line: int, closed: bool | None) -> None:
        if closed:
            is_told.set()
            may_end.wait(2)
        seen.append(closed)

    port.watch(17, slow)
    first = threading.Thread(target=api.drive, args=(17, 0))
    second = threading.Thread(target=api.drive, args=(17, 1))
    first.start()
    assert is_told.wait(2)
    second.start()
    second.join(0.05)
    assert seen == []
    may_end.set()
    first.join(2)
    second.join(2)
    port.close()
    assert seen == [True, False]


def test_installed_module_is_used_and_its_absence_told(monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = types.ModuleType("RPi"), types.ModuleType("RPi.GPIO")
    package.GPIO = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "RPi", package)
    monkeypatch.setitem(sys.modules, "RPi.GPIO", module)
    assert load_api() is module
    monkeypatch.setitem(sys.modules, "RPi.GPIO", None)
    with pytest.raises(GpioUnavailable, match="expected RPi.GPIO"):
        load_api()
