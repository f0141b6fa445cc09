"""What came from the broker and waits for the worker: bounded, and the newest heartbeat only.

Lost first: the newest batch. It was never acknowledged, so its gateway sends it again.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True)
class Received:
    """What the worker takes at once. `logs`: (gateway, payload) in order; `beats`: gateway -> newest heartbeat;
    `mends`: gateway -> newest request for leaves; `enclosures`: (gateway, payload) in order."""

    logs: list[tuple[str, bytes]] = field(default_factory=list)
    beats: dict[str, bytes] = field(default_factory=dict)
    is_connected: bool = False
    became_connected: bool = False
    mends: dict[str, bytes] = field(default_factory=dict)
    enclosures: list[tuple[str, bytes]] = field(default_factory=list)


ENCLOSURES_MAX: Final = 8
"""Photos waiting; another is dropped, and sent again by its gateway."""


class Inbox:
    """Filled by the MQTT thread, emptied by the worker."""

    def __init__(self, batches_max: int) -> None:
        """At most `batches_max` batches wait."""
        self.dropped = 0
        self._max = batches_max
        self._changed = threading.Condition()
        self._logs: deque[tuple[str, bytes]] = deque()
        self._beats: dict[str, bytes] = {}
        self._mends: dict[str, bytes] = {}
        self._enclosures: list[tuple[str, bytes]] = []
        self._is_connected = False
        self._became_connected = False
        self._is_woken = False

    @property
    def depth(self) -> int:
        """Batches waiting."""
        return len(self._logs)

    @property
    def is_connected(self) -> bool:
        """The broker answers."""
        return self._is_connected

    def put_log(self, gateway: str, payload: bytes) -> None:
        """An `up/log`."""
        with self._changed:
            if len(self._logs) >= self._max:
                self.dropped += 1
                return
            self._logs.append((gateway, payload))
            self._changed.notify()

    def put_beat(self, gateway: str, payload: bytes) -> None:
        """An `up/hb` or `up/birth`; it replaces an older one that waits."""
        with self._changed:
            self._beats[gateway] = payload
            self._changed.notify()

    def put_mend(self, gateway: str, payload: bytes) -> None:
        """An `up/mend`; it replaces an older one that waits."""
        with self._changed:
            self._mends[gateway] = payload
            self._changed.notify()

    def put_enclosure(self, gateway: str, payload: bytes) -> None:
        """An `up/enclosure`."""
        with self._changed:
            if len(self._enclosures) >= ENCLOSURES_MAX:
                self.dropped += 1
                return
            self._enclosures.append((gateway, payload))
            self._changed.notify()

    def set_connected(self, *, is_connected: bool) -> None:
        """The connection to the broker is made and subscribed, or lost."""
        with self._changed:
            self._became_connected = self._became_connected or is_connected
            self._is_connected = is_connected
            self._changed.notify()

    def wake(self) -> None:
        """Make a waiting `take` return."""
        with self._changed:
            self._is_woken = True
            self._changed.notify()

    def take(self, timeout_s: float, logs_max: int) -> Received:
        """What is there, at most `logs_max` batches; waits up to `timeout_s` for something."""
        with self._changed:
            waiting = self._logs or self._beats or self._mends or self._enclosures
            if not (waiting or self._became_connected or self._is_woken):
                self._changed.wait(timeout_s)
            count = min(logs_max, len(self._logs))
            received = Received(
                [self._logs.popleft() for _ in range(count)],
                self._beats,
                self._is_connected,
                self._became_connected,
                self._mends,
                self._enclosures,
            )
            self._mends, self._enclosures = {}, []
            self._beats, self._became_connected, self._is_woken = {}, False, False
            return received
