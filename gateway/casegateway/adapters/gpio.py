"""The gateway's own GPIO lines, through the RPi.GPIO API in BCM numbers.

Served by whichever module is installed under that name: rpi-lgpio on current systems and the Pi
5, the original on old ones. `fake_gpio.FakeGpio` speaks the same API in memory.
"""

import contextlib
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog

from casegateway.adapters.gpio_inputs import Inputs, Reading

log = structlog.get_logger("caseward.gpio")

Watcher = Callable[[int, Reading], None]
NO_GPIO = {"kind": "none", "inputs": "none", "reason": "", "edges_missed": 0, "unreadable": []}
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


def steady_ms() -> float:
    """Milliseconds of a clock that is never set."""
    return time.monotonic() * 1_000


class GpioPort:
    """Inputs and outputs by line. Outputs are active high, inputs close to ground.

    `mode`: "edges" while the kernel tells of changes, "polled" when it does not and lines are read every 20 ms.
    An edge can be lost, so each input is read again once a second in either mode.
    """

    def __init__(self, api: Any, kind: str = "rpi", now_ms: Callable[[], float] = steady_ms) -> None:
        """`api` is RPi.GPIO or something that behaves like it; `kind` is told in health. Raises GpioUnavailable."""
        self.kind = kind
        self._api = api
        self._now_ms = now_ms
        self._errors = _errors(api)
        self._outputs: set[int] = set()
        self._inputs = Inputs()
        self._watchers: dict[int, Watcher] = {}
        self._failure = ""  # of the reading that failed last
        # Held while a watcher is told: two threads must not tell two changes in the wrong order.
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        try:
            api.setwarnings(False)
            api.setmode(api.BCM)
        except self._errors as error:
            raise GpioUnavailable(f"expected a GPIO chip that opens, found: {error}") from error

    @property
    def mode(self) -> str:
        """How changes of inputs are found: "edges" or "polled"."""
        return self._inputs.mode

    def write(self, line: int, active: bool) -> None:
        """Set an output; its direction and first level are given in one step, so it does not twitch. Raises GpioFailed."""
        level = self._api.HIGH if active else self._api.LOW
        with self._doing(f"writing line {line}"):
            if line in self._outputs:
                self._api.output(line, level)
            else:
                self._api.setup(line, self._api.OUT, initial=level)
                self._outputs.add(line)

    def read(self, line: int) -> bool:
        """Whether the contact at `line` is closed; an output tells what it shows. Raises GpioFailed."""
        with self._doing(f"reading line {line}"):
            level = bool(self._api.input(line))
        return level if line in self._outputs else not level

    def watch(self, line: int, watcher: Watcher, debounce_ms: int = 20) -> None:
        """Call `watcher(line, closed)` from another thread at each change; None: it can no longer be read.

        The watcher neither waits nor raises. Raises GpioFailed where the line cannot be had at all.
        """
        with self._doing(f"making line {line} an input"):
            self._api.setup(line, self._api.IN, pull_up_down=self._api.PUD_UP)
        with self._lock:
            self._inputs.add(line, self.read(line), debounce_ms, self._now_ms())
            self._watchers[line] = watcher
            self._listen(line, debounce_ms)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="gpio", daemon=True)
            self._thread.start()
        self._wake.set()

    def health(self) -> dict[str, Any]:
        """For the heartbeat: what drives the lines, how changes are found and why so."""
        with self._lock:
            return {
                "kind": self.kind,
                "inputs": self._inputs.mode if len(self._inputs) else "none",
                "reason": self._inputs.reason,
                "edges_missed": self._inputs.edges_missed,
                "unreadable": self._inputs.unreadable(),
            }

    def close(self) -> None:
        """End the watching; outputs keep the state they have."""
        self._is_stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=2)
        if self._watchers:
            with contextlib.suppress(*self._errors):
                self._api.cleanup(list(self._watchers))

    def _listen(self, line: int, debounce_ms: int) -> None:
        if self.mode == "polled":
            return
        try:
            self._api.add_event_detect(line, self._api.BOTH, callback=self._edge, bouncetime=debounce_ms)
        except self._errors as error:
            # The original module on kernels from 6.6: "Failed to add edge detection".
            self._inputs.poll(f"line {line}: {error}")
            self._say_polled()

    def _edge(self, line: int) -> None:
        # The level now, not the edge: what counts is what the line shows.
        with self._lock:
            reading = self._reading(line)
            if self._inputs.edge(line, reading, self._now_ms()):
                self._tell(line, reading)
        self._wake.set()

    def _run(self) -> None:
        while not self._is_stopping:
            if self._wake.wait(max(0.0, self._inputs.look_ms - self._now_ms()) / 1_000):
                self._wake.clear()  # the next look is due at another time now
            if self._now_ms() >= self._inputs.look_ms:
                self._look()

    def _look(self) -> None:
        with self._lock:
            was = self.mode
            for line in self._watchers:
                reading = self._reading(line)
                if self._inputs.look(line, reading, self._now_ms()):
                    self._tell(line, reading)
            self._inputs.looked(self._now_ms())
            if self.mode != was:
                self._say_polled()

    def _reading(self, line: int) -> Reading:
        try:
            return self.read(line)
        except GpioFailed as error:
            self._failure = str(error)
            return None

    def _tell(self, line: int, reading: Reading) -> None:
        if reading is None:
            log.error("input failed", line=line, error=self._failure)
        self._watchers[line](line, reading)

    def _say_polled(self) -> None:
        log.warning("gpio gives no edges, inputs are polled", reason=self._inputs.reason)

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
