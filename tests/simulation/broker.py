"""The broker and the network around it, as bad as the standard allows and then some.

Both ends use clean sessions: what is published while the other end is away is gone, whatever the QoS.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.simulation.kernel import Kernel

LATENCY_US = (2_000, 20_000)
HEARD_MAX = 200


class Broker:
    """`faults`: loss_up, loss_down, double, late: {p} or {p, ms}; one_way_up, one_way_down: nothing goes that way."""

    def __init__(self, kernel: Kernel, rng: random.Random) -> None:
        self._kernel = kernel
        self._rng = rng
        self.faults: dict[str, tuple[dict[str, Any], random.Random]] = {}
        self.is_up = True
        self.to_server: Callable[[str, str, bytes], None] | None = None  # while the server is connected
        self.to_gateway: Callable[[str, bytes], None] | None = None  # while the gateway is connected
        self.heard_up: deque[tuple[str, bytes]] = deque(maxlen=HEARD_MAX)
        self.heard_down: deque[tuple[str, bytes]] = deque(maxlen=HEARD_MAX)
        self.on_up: Callable[[str, bytes], None] | None = None  # somebody who listens in
        self._life = 0  # messages on their way are gone when the broker dies

    def publish_up(self, gateway: str, topic: str, payload: bytes) -> None:
        """From the gateway."""
        self.heard_up.append((topic, payload))
        if self.on_up is not None and self.is_up:
            self.on_up(topic, payload)
        self._carry("up", lambda: self._hand_up(gateway, topic, payload))

    def publish_down(self, topic: str, payload: bytes) -> None:
        """From the server."""
        self.heard_down.append((topic, payload))
        self._carry("down", lambda: self._hand_down(topic, payload))

    def forge_up(self, gateway: str, topic: str, payload: bytes) -> None:
        """From somebody who found a way in."""
        self._kernel.after(1_000, self._hand_up, gateway, topic, payload)

    def forge_down(self, topic: str, payload: bytes) -> None:
        """From somebody who found a way in."""
        self._kernel.after(1_000, self._hand_down, topic, payload)

    def forget(self) -> None:
        """Everything on its way is gone."""
        self._life += 1

    def _carry(self, way: str, hand: Callable[[], None]) -> None:
        if not self.is_up or f"one_way_{way}" in self.faults:
            return
        if f"loss_{way}" in self.faults:
            settings, rng = self.faults[f"loss_{way}"]
            if rng.random() < settings["p"]:
                return
        delay_us = self._rng.randrange(*LATENCY_US)
        if "late" in self.faults:
            settings, rng = self.faults["late"]
            if rng.random() < settings["p"]:
                delay_us += rng.randrange(settings["ms"] * 1_000)
        self._kernel.after(delay_us, self._deliver, self._life, hand)
        if "double" in self.faults:
            settings, rng = self.faults["double"]
            if rng.random() < settings["p"]:
                self._kernel.after(delay_us + rng.randrange(3_000_000), self._deliver, self._life, hand)

    def _deliver(self, life: int, hand: Callable[[], None]) -> None:
        if self.is_up and life == self._life:
            hand()

    def _hand_up(self, gateway: str, topic: str, payload: bytes) -> None:
        if self.to_server is not None:
            self.to_server(gateway, topic, payload)

    def _hand_down(self, topic: str, payload: bytes) -> None:
        if self.to_gateway is not None:
            self.to_gateway(topic, payload)
