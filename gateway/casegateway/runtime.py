"""The shell around the core: one main loop, one bounded queue in, adapters that do as told."""

import os
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from casegateway.adapters.gpio import NO_GPIO, GpioFailed, GpioPort
from casegateway.adapters.mqtt import MqttLink
from casegateway.core import GatewayCore
from casegateway.events import (
    Action,
    DriveLine,
    Event,
    Moment,
    Publish,
    SaveCursor,
    SendBytes,
    ServerSaid,
    Spare,
    Stop,
)
from casegateway.limits import BATCH_EVENTS_MAX, INPUT_QUEUE_MAX, LOOP_WAIT_MS_MAX
from casegateway.state import save_cursor
from casegateway.time_sources import Readings
from casekiosk.asking import Answer
from casekiosk.serving import KioskServer
from caselog.clock import Instant

log = structlog.get_logger()


class RateClock(Protocol):
    """What the programs' clocks offer beside `now`."""

    rate: float

    def now(self) -> Instant:
        """The present reading."""
        ...

    def step_us(self) -> int:
        """Wall clock minus steady clock."""
        ...

    def readings(self) -> Readings | None:
        """What the machine's sources say; None where `now` is not to be doubted."""
        ...


def real_us() -> int:
    """This machine's steady clock, microseconds; goes on through suspend."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000


def moment_of(clock: RateClock) -> Moment:
    """Read the clocks once."""
    readings = clock.readings()
    real = real_us() if readings is None else readings.boottime_us
    return Moment(clock.now(), real, clock.rate, clock.step_us(), readings)


class LinePort(Protocol):
    """A line of nodes: serial, or over the network."""

    dropped_bytes: int

    def start(self) -> None:
        """Begin opening and reading."""
        ...

    def write(self, data: bytes) -> None:
        """Queue a frame."""
        ...

    def stop(self) -> None:
        """End and close."""
        ...


class Inlet:
    """The only way in. Serial threads wait when it is full, the broker's messages are dropped."""

    def __init__(self) -> None:
        """Empty."""
        self.dropped = 0
        self._queue: queue.Queue[Event] = queue.Queue(INPUT_QUEUE_MAX)

    def put(self, event: Event) -> None:
        """From an adapter's thread."""
        if not isinstance(event, ServerSaid):
            self._queue.put(event)
        elif not self.offer(event):
            self.dropped += 1  # the server repeats what it says

    def offer(self, event: Event) -> bool:
        """From a thread that must not wait; False when the queue is full: whoever asked asks again."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            return False
        return True

    def take(self, wait_s: float) -> list[Event]:
        """At most one batch, after waiting at most `wait_s` for its first event."""
        events: list[Event] = []
        try:
            events.append(self._queue.get(timeout=max(0.0, wait_s)))
            while len(events) < BATCH_EVENTS_MAX:
                events.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return events

    def __len__(self) -> int:
        """Events waiting."""
        return self._queue.qsize()


class LineFile:
    """A file of lines that is not evidence: the first thing left out when the disk is nearly full.

    `left_out` counts the lines that were not written because of that, or because the disk took none.
    """

    def __init__(self, path: Path | None) -> None:
        """None: no file."""
        self.is_sparing = False
        self.left_out = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = None if path is None else os.open(path, flags, 0o600)

    def write(self, line: str) -> None:
        """One line, handed to the kernel at once."""
        if self._descriptor is None:
            return
        try:
            if not self.is_sparing:
                os.write(self._descriptor, line.encode() + b"\n")
                return
        except OSError as error:
            log.warning("a line was not written", error=str(error))
        self.left_out += 1


class Tracer(LineFile):
    """Appends one line before each step, so that it can be seen where a kill landed."""

    def __call__(self, step: str, index: int, detail: str = "") -> None:
        """`<pid> <step> <index> <detail>`."""
        self.write(f"{os.getpid()} {step} {index} {detail}".rstrip())


@dataclass(slots=True)
class Shell:
    """Everything that touches the world. `screens`: the kiosk's HTTP server."""

    ports: Mapping[str, LinePort]
    broker: MqttLink | None
    gpio: GpioPort | None
    cursor_file: Path
    trace: Tracer
    size: Callable[[], int]
    lines: Mapping[str, LineFile] = field(default_factory=dict)  # by name, what is left out first
    topics: frozenset[str] | None = None  # of up/<topic>; None: all
    screens: KioskServer | None = None

    def start(self) -> None:
        """Open ports, connect, serve."""
        for port in self.ports.values():
            port.start()
        if self.broker is not None:
            self.broker.start()
        if self.screens is not None:
            self.screens.start()

    def act(self, actions: list[Action]) -> Stop | None:
        """Do what the core says, in its order; a Stop is handed back."""
        stop: Stop | None = None
        for action in actions:
            match action:
                case SendBytes(port, data, acks):
                    if acks:
                        self.trace("ack", self.size(), acks)
                    self.ports[port].write(data)
                case DriveLine(output, line, active):
                    self._drive(output, line, active)
                case Publish(topic, payload, size):
                    if self.broker is not None and (self.topics is None or topic in self.topics):
                        self.trace("publish", size, topic)
                        self.broker.publish(topic, payload)
                case SaveCursor(size, durable):
                    self._save(size, durable)
                case Answer() if self.screens is not None:
                    self.screens.answer(action)
                case Spare(is_on):
                    for file in self.lines.values():
                        file.is_sparing = is_on
                case Stop():
                    stop = action
        return stop

    def health(self) -> dict[str, Any]:
        """The shell's part of the heartbeat's health."""
        return {
            "gpio": NO_GPIO if self.gpio is None else self.gpio.health(),
            "mqtt_dropped": 0 if self.broker is None else self.broker.dropped,
            "serial_dropped_bytes": sum(port.dropped_bytes for port in self.ports.values()),
        }

    def left_out(self) -> dict[str, int]:
        """Lines not written, by the name of the file."""
        return {name: file.left_out for name, file in self.lines.items()}

    def stop(self) -> None:
        """Close all; outputs keep their last state."""
        for port in self.ports.values():
            port.stop()
        if self.broker is not None:
            self.broker.stop()
        if self.screens is not None:
            self.screens.stop()

    def _drive(self, output: str, line: int, active: bool) -> None:
        if self.gpio is None:
            return
        try:
            self.gpio.write(line, active)
        except GpioFailed as error:
            log.error("output failed", output=output, line=line, active=active, error=str(error))

    def _save(self, size: int, durable: int) -> None:
        try:
            save_cursor(self.cursor_file, size, durable)
        except OSError as error:
            # Only a shortcut: without it more is sent again after the next start.
            log.warning("cursor not saved", size=size, error=str(error))


def run(core: GatewayCore, shell: Shell, inlet: Inlet, clock: RateClock, stopping: Callable[[], bool]) -> int:
    """The main loop, until `stopping` or a Stop; returns the exit code."""
    stop: Stop | None = None
    while stop is None and not stopping():
        now = moment_of(clock)
        wait_us = min(core.wake_us(now) - now.real_us, LOOP_WAIT_MS_MAX * 1_000)
        events = inlet.take(wait_us / 1_000_000)
        core.input_depth = len(inlet)
        core.shell = {**shell.health(), "input_dropped": inlet.dropped}
        core.storage.left_out = shell.left_out()
        stop = shell.act(core.handle(events, moment_of(clock)))
    if stop is not None:
        log.error("stopping", code=stop.code, reason=stop.reason)
        return stop.code
    shell.act(core.farewell())
    return 0
