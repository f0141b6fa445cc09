"""The gateway's own GPIO lines, through the RPi.GPIO API in BCM numbers.

Served by whichever module is installed under that name: rpi-lgpio on current systems and the Pi
5, the original on old ones. `fake_gpio.FakeGpio` speaks the same API in memory.
"""

import importlib
import threading
from collections.abc import Callable
from typing import Any

from casegateway.limits import GPIO_POLL_MS, GPIO_REREAD_MS

Watcher = Callable[[int, bool], None]


class GpioUnavailable(RuntimeError):
    """No usable GPIO on this machine; the text says what was tried and what came."""


def load_api() -> Any:
    """The installed RPi.GPIO module. Raises `GpioUnavailable`."""
    try:
        return importlib.import_module("RPi.GPIO")
    except (ImportError, RuntimeError, OSError) as error:
        raise GpioUnavailable(f"expected RPi.GPIO (rpi-lgpio) to work here, found: {error}") from error


class GpioPort:
    """Inputs and outputs by line. Outputs are active high, inputs close to ground.

    `mode`: "edges" when the kernel tells of changes, "polled" when it cannot and lines are read
    every 20 ms. An edge can be lost, so each input is read again once a second in either mode.
    """

    def __init__(self, api: Any, kind: str = "rpi") -> None:
        """`api` is RPi.GPIO or something that behaves like it; `kind` is told in health."""
        self.kind = kind
        self.mode = "edges"
        self._api = api
        self._outputs: set[int] = set()
        self._levels: dict[int, bool] = {}
        self._watchers: dict[int, Watcher] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        api.setwarnings(False)
        api.setmode(api.BCM)

    def write(self, line: int, active: bool) -> None:
        """Set an output; its direction and first level are given in one step, so it does not twitch."""
        level = self._api.HIGH if active else self._api.LOW
        if line in self._outputs:
            self._api.output(line, level)
        else:
            self._api.setup(line, self._api.OUT, initial=level)
            self._outputs.add(line)

    def read(self, line: int) -> bool:
        """Whether the contact at `line` is closed; an output tells what it shows."""
        level = bool(self._api.input(line))
        return level if line in self._outputs else not level

    def watch(self, line: int, watcher: Watcher, debounce_ms: int = 20) -> None:
        """Call `watcher(line, closed)` from another thread at each change."""
        self._api.setup(line, self._api.IN, pull_up_down=self._api.PUD_UP)
        with self._lock:
            self._levels[line] = self.read(line)
            self._watchers[line] = watcher
        if self.mode == "edges":
            try:
                self._api.add_event_detect(line, self._api.BOTH, callback=self._check, bouncetime=debounce_ms)
            except RuntimeError:
                # The original module on kernels from 6.6: "Failed to add edge detection".
                self.mode = "polled"
        if self._thread is None:
            self._thread = threading.Thread(target=self._reread, name="gpio", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the watching; outputs keep the state they have."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)
        if self._watchers:
            self._api.cleanup(list(self._watchers))

    def _check(self, line: int) -> None:
        # The level now, not the edge: what counts is what the line shows.
        closed = self.read(line)
        with self._lock:
            has_changed = self._levels.get(line) != closed
            self._levels[line] = closed
        if has_changed:
            self._watchers[line](line, closed)

    def _reread(self) -> None:
        while not self._stop.wait((GPIO_REREAD_MS if self.mode == "edges" else GPIO_POLL_MS) / 1_000):
            for line in list(self._watchers):
                self._check(line)
