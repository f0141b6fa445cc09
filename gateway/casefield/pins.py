"""Pins of a Raspberry Pi for a field node, through the RPi.GPIO API in BCM numbers."""

import importlib
from typing import Any

from node.config import ConfigError


def load_api() -> Any:
    """The installed RPi.GPIO module (rpi-lgpio, or the original). Raises ConfigError."""
    try:
        return importlib.import_module("RPi.GPIO")
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"expected RPi.GPIO (rpi-lgpio) to work for the pins named, found: {error}"
        ) from error


class GpioPin:
    """One line: `value()` reads its level, `value(level)` sets it. An output's first level comes with its direction."""

    def __init__(self, api: Any, line: int, level: int | None = None) -> None:
        """`level` None: an input with pull-up."""
        self._api = api
        self._line = line
        if level is None:
            api.setup(line, api.IN, pull_up_down=api.PUD_UP)
        else:
            api.setup(line, api.OUT, initial=level)

    def value(self, level: int | None = None) -> int | None:
        """The level of the line, or set it."""
        if level is None:
            return int(bool(self._api.input(self._line)))
        self._api.output(self._line, level)
        return None


class PiPlace:
    """What node.devices.build and the points of a field node take: GPIO lines by number, serial ports by path."""

    def __init__(self, serial: Any, api: Any = None) -> None:
        """`serial(path, baud, parity=)` gives a port; `api` None: loaded when the first pin is asked for."""
        self._serial = serial
        self._api = api

    def uart(self, path: str, baud: int, parity: str = "N") -> Any:
        """A serial port that never waits. `parity` N, E or O."""
        return self._serial(path, baud, parity=parity)

    def output(self, line: int | str, level: int) -> GpioPin:
        """An output that shows `level` from the first moment."""
        return GpioPin(self._gpio(), _number(line), level)

    def contact(self, line: int | str) -> GpioPin:
        """An input that closes to ground."""
        return GpioPin(self._gpio(), _number(line))

    def analogue(self, line: int | str) -> GpioPin:
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

    def _gpio(self) -> Any:
        if self._api is None:
            self._api = load_api()
            self._api.setwarnings(False)
            self._api.setmode(self._api.BCM)
        return self._api


def _number(line: int | str) -> int:
    if not isinstance(line, int):
        raise ConfigError(f"pin: expected the BCM number of a GPIO line, found {line!r}")
    return line
