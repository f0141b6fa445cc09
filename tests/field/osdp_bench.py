"""Readers, each a process of its own, on one cable of ptys, and the device at its other end."""

import contextlib
import os
import secrets
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from casefield.osdp import OsdpBus, OsdpConfig
from casefield.ports import SerialBus
from casewire import UNKNOWN
from tests.field.cable import Cable, steady_ms

ROOT = Path(__file__).resolve().parents[2]
SCAN_S = 0.005
WAIT_MS_MAX = 60_000
READY_S_MAX = 60


def key() -> str:
    """A key of its own, as an installer makes it."""
    return secrets.token_hex(16)


class Bench:
    """`readers` readers with the addresses 1, 2, …; reader n has the points 10n (cards), 10n+1 and 10n+2 (contacts),
    10n+3 (relay), 10n+4 (lamp). Use as a context.

    fake_keys   what the readers have instead of ours: a key, or None for one fresh from its box
    """

    def __init__(
        self, folder: Path, readers: int = 1, fake_keys: dict[int, str | None] | None = None, **settings: Any
    ) -> None:
        self.cable = Cable(folder, readers)
        self.changes: list[tuple[Any, ...]] = []
        self.keys = {number: key() for number in range(1, readers + 1)}
        self.fake_keys: dict[int, str | None] = {**self.keys, **(fake_keys or {})}
        table = {"kind": "osdp", "bus": "bus", "readers": [self._reader(number) for number in self.keys]}
        self._config = OsdpConfig("devices[0]", {**table, **settings})
        self._fakes: dict[int, subprocess.Popen[bytes]] = {}
        self._heard = dict.fromkeys(self.keys, b"")

    def __enter__(self) -> Self:
        self.cable.__enter__()
        for number in self.keys:
            self.start(number)
        for number in self.keys:
            assert self.until_news(number, "ready", scans=False) is not None
        self.port = SerialBus(self.cable.path(), 9600)
        self.bus = OsdpBus(self._config, self.port)
        return self

    def __exit__(self, *error: object) -> None:
        for fake in self._fakes.values():
            with contextlib.suppress(OSError):
                fake.stdin.close()
        for fake in self._fakes.values():
            fake.wait(30)
        self.port.close()
        self.cable.__exit__(None, None, None)

    def start(self, number: int) -> None:
        """A reader is given power."""
        own = self.fake_keys[number]
        path = os.pathsep.join(str(ROOT / folder) for folder in ("firmware", "gateway"))
        command = [sys.executable, "-m", "casefield.fakes.osdp_reader", "--address", str(number)]
        command += ["--port", self.cable.path(number - 1), *(("--key", own) if own else ("--install",))]
        self._heard[number] = b""
        self._fakes[number] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )

    def end(self, number: int) -> None:
        """It loses power."""
        self._fakes[number].kill()
        self._fakes[number].wait(30)

    def say(self, text: str, number: int = 1) -> None:
        """Tell a fake what to do."""
        self._fakes[number].stdin.write(text.encode() + b"\n")
        self._fakes[number].stdin.flush()

    def news(self, number: int = 1) -> list[str]:
        """All that a fake has told."""
        out = self._fakes[number].stdout
        while select.select([out], [], [], 0)[0]:
            data = out.read1(4096)
            if not data:
                break
            self._heard[number] += data
        return self._heard[number].decode().splitlines()

    def run(self, duration_ms: int) -> None:
        """Scan for a while."""
        end_ms = steady_ms() + duration_ms
        while steady_ms() < end_ms:
            self._scan()

    def until(self, what: str, is_so: Callable[[], bool], within_ms: int = WAIT_MS_MAX) -> int:
        """Scan until it is so; the milliseconds it took."""
        since_ms = steady_ms()
        while not is_so():
            assert steady_ms() - since_ms < within_ms, (
                f"expected {what} within {within_ms} ms, found {self.bus.states()}, "
                f"troubles {self.bus.troubles()}, the last changes {self.changes[-6:]}"
            )
            self._scan()
        return steady_ms() - since_ms

    def until_news(self, number: int, text: str, *, scans: bool = True) -> int | None:
        """Until a fake tells this."""
        since_ms = steady_ms()
        while text not in self.news(number):
            assert steady_ms() - since_ms < READY_S_MAX * 1000, f"expected {text}, found {self.news(number)}"
            if scans:
                self._scan()
            else:
                time.sleep(SCAN_S)
        return steady_ms() - since_ms

    def until_known(self, *points: int, within_ms: int = WAIT_MS_MAX) -> int:
        """Until none of these points (or of all) is unknown."""
        return self.until(
            "known points",
            lambda: all(state != UNKNOWN for point, state in self.bus.states() if _is_one(point, points)),
            within_ms,
        )

    def until_state(self, point: int, state: int, within_ms: int = WAIT_MS_MAX) -> int:
        """Until a point is in this state."""
        return self.until(f"point {point} in state {state}", lambda: self.state(point) == state, within_ms)

    def until_change(self, change: tuple[Any, ...], within_ms: int = WAIT_MS_MAX) -> int:
        """Until a change that begins so was told."""
        return self.until(
            f"a change {change}",
            lambda: any(each[: len(change)] == change for each in self.changes),
            within_ms,
        )

    def state(self, point: int) -> int:
        return dict(self.bus.states())[point]

    def trouble(self, point: int) -> int:
        return dict(self.bus.troubles()).get(point, 0)

    def cards(self) -> list[bytes]:
        """The cards that were told, in order; one told anew after a reader was not heard is the same card."""
        cards: list[bytes] = []
        lying: set[bytes] = set()
        for change in self.changes:
            if change[0] == "tag":
                _, _, is_there, uid, _ = change
                if is_there and uid not in lying:
                    cards.append(uid)
                (lying.add if is_there else lying.discard)(uid)
        return cards

    def _scan(self) -> None:
        self.changes += self.bus.poll(steady_ms())
        time.sleep(SCAN_S)

    def _reader(self, number: int) -> dict[str, Any]:
        point = 10 * number
        return {
            "address": number,
            "point": point,
            "key": self.keys[number],
            "inputs": [{"point": point + 1, "input": 0}, {"point": point + 2, "input": 1}],
            "outputs": [{"point": point + 3, "output": 0, "pulse_ms": 500}],
            "leds": [{"point": point + 4, "led": 0}],
        }


def _is_one(point: int, points: tuple[int, ...]) -> bool:
    if points:
        return point in points
    return point % 10 != 4  # a lamp is unknown until it was ordered once
