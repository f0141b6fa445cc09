"""The gateway's own GPIO lines, through the RPi.GPIO API in BCM numbers.

Served by whichever module is installed under that name: rpi-lgpio on current systems and the Pi
5, the original on old ones. `fake_gpio.FakeGpio` speaks the same API in memory.
"""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

NO_GPIO = {"kind": "none"}
"""The health of a gateway without lines."""


class GpioUnavailable(RuntimeError):
    """No usable GPIO on this machine; the text says what was tried and what came."""


class GpioFailed(RuntimeError):
    """A line did not do what it was asked; the text says what that was and what came."""


def load_api() -> Any:
    """The installed RPi.GPIO module. Raises `GpioUnavailable`."""
    try:
        return importlib.import_module("RPi.GPIO")
    except (ImportError, RuntimeError, OSError) as error:
        raise GpioUnavailable(f"expected RPi.GPIO (rpi-lgpio) to work here, found: {error}") from error


class GpioPort:
    """Outputs by line, active high. Contacts belong to nodes: a field node has those of this machine (casefield.pins)."""

    def __init__(self, api: Any, kind: str = "rpi") -> None:
        """`api` is RPi.GPIO or something that behaves like it; `kind` is told in health. Raises GpioUnavailable."""
        self.kind = kind
        self._api = api
        self._errors = _errors(api)
        self._outputs: set[int] = set()
        try:
            api.setwarnings(False)
            api.setmode(api.BCM)
        except self._errors as error:
            raise GpioUnavailable(f"expected a GPIO chip that opens, found: {error}") from error

    def write(self, line: int, active: bool) -> None:
        """Set an output; its direction and first level are given in one step, so it does not twitch. Raises GpioFailed."""
        level = self._api.HIGH if active else self._api.LOW
        with self._doing(f"writing line {line}"):
            if line in self._outputs:
                self._api.output(line, level)
            else:
                self._api.setup(line, self._api.OUT, initial=level)
                self._outputs.add(line)

    def health(self) -> dict[str, Any]:
        """For the heartbeat: what drives the lines."""
        return {"kind": self.kind}

    @contextlib.contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise GpioFailed(f"{what}: {error}") from error


def _errors(api: Any) -> tuple[type[Exception], ...]:
    """What the module may raise. rpi-lgpio lets errors of lgpio through, which are exceptions of their own kind."""
    own = getattr(getattr(api, "lgpio", None), "error", None)
    return (RuntimeError, ValueError, OSError) if own is None else (RuntimeError, ValueError, OSError, own)
