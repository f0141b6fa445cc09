"""What every lock does over a line, whoever made it: one set of checks, an adapter for each kind.

An adapter starts its fake as a process at the far end of a cable of ptys and drives the device at the near
end, as a field node does. Times are real and are printed as a table (`pytest -s`); the pages in docs/devices/
have what was measured once.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from casefield import modbus
from casefield.ports import SerialBus
from casewire import ACTIVE, INACTIVE, JAMMED, SILENT, UNKNOWN
from node import krcu
from tests.field.cable import Cable, steady_ms

ROOT = Path(__file__).resolve().parents[2]
SCAN_S = 0.005
WAIT_MS_MAX = 60_000
READY_S_MAX = 60

Change = tuple[Any, ...]


@dataclass(frozen=True)
class Adapter:
    """One kind of lock: points 1 and 2 are locks; the fake tells `pulse` when a lock is driven."""

    name: str
    fake: tuple[str, ...]  # module and its options
    device: Callable[[SerialBus], Any]
    baud: int
    pulse: str  # how a line of the fake's news about point 1 begins
    start: tuple[str, ...] = ()  # said to the fake first
    force: str = ""  # the bolt of point 1 is forced
    shut: str = ""
    jam: str = ""
    silent: str = ""
    back: str = ""


def _krcu(profile: str) -> Callable[[SerialBus], Any]:
    locks = [{"lock": 1, "point": 1}, {"lock": 2, "point": 2}]
    board = {"board": 0, "profile": profile, "move_ms_max": 600, "locks": locks}
    config = krcu.KrCuConfig("devices[0]", {"kind": "krcu", "bus": "bus", "boards": [board]})
    return lambda port: krcu.device(config, port)


def _modbus(port: SerialBus) -> Any:
    outputs = [
        {"point": 1, "coil": 0, "feedback_input": 0, "move_ms_max": 600, "at_start": "hold"},
        {"point": 2, "coil": 1, "feedback_input": 1, "move_ms_max": 600, "at_start": "hold"},
    ]
    board = {"unit": 1, "outputs": outputs}
    config = modbus.ModbusConfig("devices[0]", {"kind": "modbus", "bus": "bus", "boards": [board]})
    return modbus.device(config, port)


def _of_krcu(profile: str) -> Adapter:
    return Adapter(
        name=profile,
        fake=("casefield.fakes.krcu_board", "--profile", profile),
        device=_krcu(profile),
        baud=19200,
        pulse="pulse 0 1",
        force="open 0 1",
        shut="shut 0 1",
        jam="jam 0 1",
        silent="silent 0",
        back="back 0",
    )


ADAPTERS = [
    _of_krcu("cu16"),
    _of_krcu("cu48"),
    Adapter(
        name="modbus",
        fake=("casefield.fakes.modbus_board",),
        device=_modbus,
        baud=9600,
        pulse="coil 1 0 1",
        start=("bolt 1 0 0", "bolt 1 1 1"),
        force="set 1 0 1",
        shut="set 1 0 0",
        jam="jam 1 0",
        silent="silent 1",
        back="back 1",
    ),
]


class Rig:
    """A fake, a cable and a device at work. Use as a context."""

    def __init__(self, adapter: Adapter, folder: Path) -> None:
        self.adapter = adapter
        self.cable = Cable(folder)
        self.changes: list[Change] = []
        self._news: list[str] = []
        self._heard = b""

    def __enter__(self) -> Self:
        self.cable.__enter__()
        command = [sys.executable, "-m", *self.adapter.fake, "--port", self.cable.path(0)]
        path = os.pathsep.join(str(ROOT / folder) for folder in ("firmware", "gateway"))
        environment = {**os.environ, "PYTHONPATH": path}
        self._fake = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._await_ready()
        for text in self.adapter.start:
            self.say(text)
        self.port = SerialBus(self.cable.path(), self.adapter.baud)
        self.device = self.adapter.device(self.port)
        return self

    def __exit__(self, *error: object) -> None:
        assert self._fake.stdin is not None
        self._fake.stdin.close()  # it ends when nobody is left to tell it anything
        self._fake.wait(READY_S_MAX)
        self.port.close()
        self.cable.__exit__(None, None, None)

    def say(self, text: str) -> None:
        """Tell the fake what to do."""
        assert self._fake.stdin is not None
        self._fake.stdin.write(text.encode() + b"\n")
        self._fake.stdin.flush()

    def put(self, point: int, state: int, valid_ms: int = 5000) -> None:
        """Give an order."""
        self.device.put(point, state, valid_ms, steady_ms())

    def run(self, duration_ms: int) -> None:
        """Scan for a while."""
        end_ms = steady_ms() + duration_ms
        while steady_ms() < end_ms:
            self._scan()

    def until(self, what: str, is_so: Callable[[], bool]) -> int:
        """Scan until it is so; return the milliseconds it took."""
        since_ms = steady_ms()
        while not is_so():
            waited_ms = steady_ms() - since_ms
            assert waited_ms < WAIT_MS_MAX, (
                f"{self.adapter.name}: expected {what} within {WAIT_MS_MAX} ms, "
                f"found {self.device.states()}, troubles {self.device.troubles()}"
            )
            self._scan()
        return steady_ms() - since_ms

    def until_state(self, point: int, state: int) -> int:
        """Scan until the point is in this state; return the milliseconds it took."""
        return self.until(f"point {point} in state {state}", lambda: self.state(point) == state)

    def state(self, point: int) -> int:
        return int(dict(self.device.states())[point])

    def trouble(self, point: int) -> int:
        return int(dict(self.device.troubles()).get(point, 0))

    def pulses(self) -> int:
        """How often the lock of point 1 was driven, by the fake's word."""
        self._hear()
        return sum(news.startswith(self.adapter.pulse) for news in self._news)

    def news(self) -> list[str]:
        """All that the fake has told."""
        self._hear()
        return self._news

    def _scan(self) -> None:
        self.changes += self.device.poll(steady_ms())
        time.sleep(SCAN_S)

    def _hear(self, wait_s: float = 0.05) -> None:
        assert self._fake.stdout is not None
        while select.select([self._fake.stdout], [], [], wait_s)[0]:
            data = self._fake.stdout.read1(4096)  # type: ignore[attr-defined]
            if not data:
                return
            *lines, self._heard = (self._heard + data).split(b"\n")
            self._news += [text.decode() for text in lines]

    def _await_ready(self) -> None:
        for _ in range(READY_S_MAX):
            self._hear(wait_s=1)
            if "ready" in self._news:
                return
        raise AssertionError(f"expected `ready` from {self.adapter.fake[0]}, found {self._news}")


Times = dict[str, int]


def check_work(rig: Rig) -> Times:
    """Unknown first; one order releases one lock; forced is told; jammed is told."""
    assert rig.state(1) == UNKNOWN
    times = {"first state": rig.until_state(1, INACTIVE)}
    rig.until_state(2, INACTIVE)
    rig.put(1, ACTIVE)
    times["order to bolt seen"] = rig.until_state(1, ACTIVE)
    assert (rig.pulses(), rig.state(2)) == (1, INACTIVE)
    rig.put(1, INACTIVE)
    rig.say(rig.adapter.shut)
    rig.until_state(1, INACTIVE)
    rig.say(rig.adapter.force)
    times["forced to told"] = rig.until_state(1, ACTIVE)
    rig.say(rig.adapter.shut)
    rig.until_state(1, INACTIVE)
    rig.say(rig.adapter.jam)
    rig.put(1, ACTIVE)
    times["jammed (move_ms_max 600)"] = rig.until("JAMMED", lambda: bool(rig.trouble(1) & JAMMED))
    return times


def check_cut(rig: Rig) -> Times:
    """A cut cable is unknown at the first missed poll; an order that is lost in it is never sent again."""
    rig.until_state(1, INACTIVE)
    rig.cable.cut()
    times = {"cut to unknown": rig.until_state(1, UNKNOWN)}
    assert rig.trouble(1) == SILENT
    rig.put(1, ACTIVE, valid_ms=3000)
    rig.run(700)  # past move_ms_max: nobody saw whether the bolt followed, so nobody says that it jammed
    rig.cable.join()
    times["joined to known"] = rig.until_state(1, INACTIVE)
    rig.run(400)
    assert rig.pulses() == 0
    assert rig.trouble(1) == 0
    return times


def check_silence(rig: Rig) -> Times:
    """A device that says nothing, on a cable that is whole."""
    rig.until_state(1, INACTIVE)
    rig.say(rig.adapter.silent)
    times = {"silent to unknown": rig.until_state(1, UNKNOWN)}
    rig.say(rig.adapter.back)
    times["back to known"] = rig.until_state(1, INACTIVE)
    return times


def check_lies(rig: Rig) -> Times:
    """Another address, bad sums: unknown, whatever it says. Echo and babble: looked past. Frozen: jammed."""
    rig.until_state(1, INACTIVE)
    for lie in ("foreign", "badsum"):
        rig.say(f"lie {lie}")
        rig.until_state(1, UNKNOWN)
        rig.say(rig.adapter.force)
        rig.run(300)
        assert ACTIVE not in [change[2] for change in rig.changes if change[0] == "feedback"], lie
        rig.say(rig.adapter.shut)
        rig.say("lie none")
        rig.until_state(1, INACTIVE)
    rig.say("echo 1")
    rig.say("lie babble")
    rig.run(300)
    rig.put(2, ACTIVE)
    rig.until_state(2, ACTIVE)
    rig.say("lie frozen")
    rig.run(200)
    rig.put(1, ACTIVE)
    return {"frozen, ordered, to jammed": rig.until("JAMMED", lambda: bool(rig.trouble(1) & JAMMED))}


def check_noise(rig: Rig) -> Times:
    """A byte in a thousand damaged: nothing is invented, nothing is driven."""
    rig.until_state(1, INACTIVE)
    rig.changes.clear()
    rig.cable.noise(1e-3, seed=7)
    rig.run(2000)
    rig.cable.noise(0)
    rig.until_state(1, INACTIVE)
    assert {change[2] for change in rig.changes if change[0] == "feedback"} <= {INACTIVE, UNKNOWN}
    assert rig.news() == ["ready"]
    return {}


def check_unplug(rig: Rig) -> Times:
    """The adapter out of its socket and in again."""
    rig.until_state(1, INACTIVE)
    rig.cable.unplug()
    times = {"unplugged to unknown": rig.until_state(1, UNKNOWN)}
    rig.run(300)
    assert rig.trouble(1) == SILENT
    rig.cable.plug()
    times["plugged to known"] = rig.until_state(1, INACTIVE)
    assert rig.trouble(1) == 0
    return times


CHECKS = [check_work, check_cut, check_silence, check_lies, check_noise, check_unplug]


def table(times: dict[str, Times]) -> str:
    """Milliseconds as a table: a line a happening, a column an adapter."""
    names = list(times)
    rows = list(dict.fromkeys(row for each in times.values() for row in each))
    lines = ["| milliseconds | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines += [
        f"| {row} | " + " | ".join(str(times[name].get(row, "")) for name in names) + " |" for row in rows
    ]
    return "\n".join(lines)
