"""Pins of a Raspberry Pi for a field node, through the RPi.GPIO API in BCM numbers.

An input is read at each scan of the node, which debounces it and tells chatter from a state. Edges of the kernel come
on top of that: they tell that a line has moved between two scans. Whether it gives them is found out at the start.
"""

import importlib
from typing import Any

import structlog

from node.config import ConfigError

log = structlog.get_logger()


def load_api() -> Any:
    """The installed RPi.GPIO module (rpi-lgpio, or the original). Raises ConfigError."""
    try:
        return importlib.import_module("RPi.GPIO")
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"expected RPi.GPIO (rpi-lgpio) to work for the pins named, found: {error}"
        ) from error


def errors_of(api: Any) -> tuple[type[Exception], ...]:
    """What the module may raise. rpi-lgpio lets errors of lgpio through, which are exceptions of their own kind."""
    own = getattr(getattr(api, "lgpio", None), "error", None)
    return (RuntimeError, ValueError, OSError) if own is None else (RuntimeError, ValueError, OSError, own)


class OutputPin:
    """One output. Its first level comes with its direction, so it does not twitch."""

    def __init__(self, api: Any, line: int, level: int) -> None:
        """Raises what the module raises."""
        self._api = api
        self._line = line
        api.setup(line, api.OUT, initial=level)

    def value(self, level: int | None = None) -> int | None:
        """The level of the line, or set it."""
        if level is None:
            return int(bool(self._api.input(self._line)))
        self._api.output(self._line, level)
        return None


class ContactPin:
    """One input with pull-up. `edges`: whether the kernel tells of them; `reason`: why not."""

    def __init__(self, api: Any, line: int) -> None:
        """Raises what the module raises when the line cannot be had."""
        self.edges = True
        self.reason = ""
        self._api = api
        self._line = line
        self._errors = errors_of(api)
        self._is_failing = False
        self._told = 0  # edges, by the module's own thread
        self._counted = 0  # of them, those that a reading has shown
        self._shown: int | None = None
        api.setup(line, api.IN, pull_up_down=api.PUD_UP)
        try:
            api.add_event_detect(line, api.BOTH, callback=self._edge)
        except self._errors as error:
            # The original module on kernels from 6.6: "Failed to add edge detection".
            self.edges, self.reason = False, str(error)

    def value(self) -> int | None:
        """The level; None while the line cannot be read. Once the other one, when it was there since the last reading."""
        try:
            level = int(bool(self._api.input(self._line)))
        except self._errors as error:
            self._fail(str(error))
            return None
        self._is_failing = False
        told = self._told
        if self._shown is None:
            self._counted, self._shown = told, level
        elif level != self._shown:
            # Its edge may be told a moment after the level was read: that must not count as another movement.
            self._counted = min(self._counted, told) + 1
            self._shown = level
        elif told - self._counted >= 2:  # there and back
            self._counted = told - 1  # the way back is still to be read
            self._shown = 1 - level
        return self._shown

    def _edge(self, _line: int) -> None:
        self._told += 1

    def _fail(self, error: str) -> None:
        if not self._is_failing:
            log.error("input failed", line=self._line, error=error)
        self._is_failing, self._shown = True, None


class PiPlace:
    """What node.devices.build and the points of a field node take: GPIO lines by number, serial ports by path."""

    def __init__(self, serial: Any, api: Any = None) -> None:
        """`serial(path, baud, parity=)` gives a port; `api` None: loaded when the first pin is asked for."""
        self._serial = serial
        self._api = api
        self._is_begun = False
        self._is_said = False  # that the kernel gives no edges

    def uart(self, path: str, baud: int, parity: str = "N") -> Any:
        """A serial port that never waits. `parity` N, E or O."""
        return self._serial(path, baud, parity=parity)

    def output(self, line: int | str, level: int) -> OutputPin:
        """An output that shows `level` from the first moment. Raises ConfigError."""
        return self._made(OutputPin, line, level)

    def contact(self, line: int | str) -> ContactPin:
        """An input that closes to ground. Raises ConfigError."""
        pin: ContactPin = self._made(ContactPin, line)
        if not pin.edges and not self._is_said:
            self._is_said = True  # edges fail by chip or kernel, not by line
            log.warning("gpio gives no edges, inputs are polled alone", line=line, reason=pin.reason)
        return pin

    def analogue(self, line: int | str) -> Any:
        """None here. Raises ConfigError."""
        raise ConfigError(f"pin {line!r}: expected a board with an analogue input, found a Raspberry Pi")

    def i2c(self, bus: str | int) -> Any:
        """None here: MicroPython draws. Raises ConfigError."""
        raise ConfigError(f"bus {bus!r}: expected a board with MicroPython for a panel, found a Raspberry Pi")

    def strip(self, line: int | str, pixels: int) -> Any:
        """None here. Raises ConfigError."""
        raise ConfigError(
            f"pin {line!r}: expected a board with MicroPython for {pixels} pixels, found a Raspberry Pi"
        )

    def _made(self, kind: Any, line: int | str, *more: int) -> Any:
        number = _number(line)
        api = self._gpio()
        try:
            return kind(api, number, *more)
        except errors_of(api) as error:
            raise ConfigError(f"pin {number}: expected a GPIO line that can be had, found: {error}") from None

    def _gpio(self) -> Any:
        if self._api is None:
            self._api = load_api()
        if not self._is_begun:
            try:
                self._api.setwarnings(False)
                self._api.setmode(self._api.BCM)
            except errors_of(self._api) as error:
                raise ConfigError(f"expected a GPIO chip that opens, found: {error}") from None
            self._is_begun = True
        return self._api


def _number(line: int | str) -> int:
    if not isinstance(line, int):
        raise ConfigError(f"pin: expected the BCM number of a GPIO line, found {line!r}")
    return line
