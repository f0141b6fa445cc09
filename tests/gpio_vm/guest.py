"""Runs in the machine: each case in a process of its own, what was seen as a line of JSON. Judges nothing.

`python -m tests.gpio_vm.guest FOLDER` runs all cases; FOLDER is the project's, for the two GPIO modules in its cache.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from casefield.pins import PiPlace, load_api
from casegateway.adapters.gpio import GpioPort, GpioUnavailable
from casegateway.adapters.gpio import load_api as load_gateway_api
from node.config import ConfigError, NodeConfig
from node.inputs import Input
from tests.gpio_vm.lines import MARK

CONTACT, OUTPUT = 17, 23
CONFIG = Path("/sys/kernel/config/gpio-sim/cell1")
KNOBS = Path("/sys/module/gpio_simx/parameters")
GPIOMEM = Path("/dev/gpiomem")
# Registers of the BCM2711 (datasheet, 5.2): levels of lines 0 to 31, and what sets lines 0 to 31.
GPLEV0, GPSET0 = 0x34, 0x1C
SEEN_S_MAX = 3.0
SCAN_S = 0.005


class Chip:
    """A chip of 54 lines of the kernel's simulator. The world outside pulls the contact, and sees the output."""

    def __init__(self, base: int = -1) -> None:
        (KNOBS / "base").write_text(str(base))
        for line in (CONTACT, OUTPUT):
            (CONFIG / "bank0" / f"line{line}").mkdir(parents=True)
        (CONFIG / "bank0" / "num_lines").write_text("54")
        (CONFIG / "live").write_text("1")
        name = (CONFIG / "bank0" / "chip_name").read_text().strip()
        device = (CONFIG / "dev_name").read_text().strip()
        self._lines = Path("/sys/devices/platform") / device / name
        os.environ["RPI_LGPIO_CHIP"] = name.removeprefix("gpiochip")
        os.environ["RPI_LGPIO_REVISION"] = "c03111"
        self.contact(False)

    def contact(self, closed: bool) -> None:
        """A contact closes to ground."""
        self._file(CONTACT, "pull").write_text("pull-down" if closed else "pull-up")

    def output(self) -> int:
        return int(self._file(OUTPUT, "value").read_text())

    def deaf(self, is_deaf: bool) -> None:
        """Edges are taken and none is told."""
        (KNOBS / "is_deaf").write_text("Y" if is_deaf else "N")

    def _file(self, line: int, name: str) -> Path:
        return self._lines / f"sim_gpio{line}" / name


class Registers:
    """The chip's registers for the original module, which maps them: a file with the levels that the test writes."""

    def __init__(self) -> None:
        GPIOMEM.write_bytes(bytes(4096))
        self.contact(False)

    def contact(self, closed: bool) -> None:
        self._write(GPLEV0, 0 if closed else 1 << CONTACT)

    def set_lines(self) -> int:
        data = GPIOMEM.read_bytes()
        return int.from_bytes(data[GPSET0 : GPSET0 + 4], "little")

    def _write(self, offset: int, value: int) -> None:
        with GPIOMEM.open("r+b") as file:
            file.seek(offset)
            file.write(value.to_bytes(4, "little"))


class FieldNode:
    """The contact as a field node has it: its pin, and the node's own input, scanned each 5 ms."""

    def __init__(self) -> None:
        point = {"point": 1, "kind": "contact", "pin": CONTACT, "active_level": 0, "debounce_ms": 20}
        config = NodeConfig({"node": 1, "key": "00" * 32, "points": [point]})
        with capture_logs() as self.log:
            self.pin = PiPlace(None, load_api()).contact(CONTACT)
        self.input = Input(config.points[0], self.pin, _now_ms())
        self.told: list[int] = []
        self.scan(0.3)

    def scan(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Scan for so long; `each` happens between two scans."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._step()
            each()
            time.sleep(SCAN_S)

    def after(self, change: Callable[[], None]) -> dict[str, Any]:
        """Make a change; what the point was next, null when it did not change, and after how long."""
        before, began = len(self.told), time.monotonic()
        change()
        while len(self.told) == before and time.monotonic() - began < SEEN_S_MAX:
            self._step()
            time.sleep(SCAN_S)
        ms = round((time.monotonic() - began) * 1_000)
        came = len(self.told) > before
        return {"told": self.told[before] if came else None, "ms": ms if came else None}

    def _step(self) -> None:
        if self.input.poll(_now_ms()):
            self.told.append(self.input.state)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def contact() -> dict[str, Any]:
    chip = Chip()
    node = FieldNode()
    rests = node.input.state
    closed, opened = node.after(lambda: chip.contact(True)), node.after(lambda: chip.contact(False))
    return {"rests": rests, "closed": closed, "opened": opened, "edges": node.pin.edges, "log": node.log}


def output() -> dict[str, Any]:
    chip = Chip()
    port = GpioPort(load_gateway_api())
    levels = [chip.output()]
    for active in (True, False, True):
        port.write(OUTPUT, active)
        levels.append(chip.output())
    return {"levels": levels}


def chatter() -> dict[str, Any]:
    chip = Chip()
    node = FieldNode()
    node.told.clear()
    began = time.monotonic()
    for touch in range(25):
        chip.contact(touch % 2 == 0)
    ms = round((time.monotonic() - began) * 1_000)
    node.scan(1)
    return {"changes": 25, "within_ms": ms, "told": node.told}


def loose() -> dict[str, Any]:
    """A wire that is there at each reading and gone in between."""
    chip = Chip()
    node = FieldNode()

    def twitch() -> None:
        chip.contact(True)
        chip.contact(False)

    node.scan(2.5, twitch)
    state = node.input.state
    node.scan(1)
    return {"state": state, "after": node.input.state}


def deaf() -> dict[str, Any]:
    """A kernel that takes the wish for edges and tells of none."""
    chip = Chip()
    chip.deaf(True)
    node = FieldNode()
    closed, opened = node.after(lambda: chip.contact(True)), node.after(lambda: chip.contact(False))
    return {"closed": closed, "opened": opened}


def no_chip() -> dict[str, Any]:
    os.environ |= {"RPI_LGPIO_CHIP": "9", "RPI_LGPIO_REVISION": "c03111"}
    found = {}
    try:
        GpioPort(load_gateway_api())
    except GpioUnavailable as error:
        found["gateway"] = str(error)
    try:
        PiPlace(None, load_api()).contact(CONTACT)
    except ConfigError as error:
        found["node"] = str(error)
    return found


def original(base: int) -> dict[str, Any]:
    chip, registers = Chip(base), Registers()
    node = FieldNode()

    def change(closed: bool) -> None:
        registers.contact(closed)
        chip.contact(closed)

    seen = [node.after(lambda: change(True)), node.after(lambda: change(False))]
    GpioPort(load_gateway_api()).write(OUTPUT, True)
    is_set = bool(registers.set_lines() >> OUTPUT & 1)
    return {"seen": seen, "is_set": is_set, "edges": node.pin.edges, "told": node.pin._told, "log": node.log}


CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "contact": ("rpi-lgpio", contact),
    "output": ("rpi-lgpio", output),
    "chatter": ("rpi-lgpio", chatter),
    "loose wire": ("rpi-lgpio", loose),
    "deaf": ("rpi-lgpio", deaf),
    "no chip": ("rpi-lgpio", no_chip),
    "original, chip as kernels number it now": ("RPi.GPIO", lambda: original(-1)),
    "original, chip numbered from 0": ("RPi.GPIO", lambda: original(0)),
}


def _remove_chip() -> None:
    if CONFIG.exists():
        (CONFIG / "live").write_text("0")
        for folder in (*(CONFIG / "bank0").glob("line*"), CONFIG / "bank0", CONFIG):
            folder.rmdir()
    (KNOBS / "is_deaf").write_text("N")


def main(argv: list[str]) -> int:
    if len(argv) == 2:
        print(json.dumps(CASES[argv[1]][1](), default=str), flush=True)
        os._exit(0)  # the threads of lgpio are never joined
    for name, (api, _case) in CASES.items():
        env = os.environ | {"PYTHONPATH": f"{argv[0]}/.cache/gpio-vm/{api}:{os.environ['PYTHONPATH']}"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.gpio_vm.guest", argv[0], name],
            env=env,
            capture_output=True,
            text=True,
        )
        lines = done.stdout.splitlines()
        seen = json.loads(lines[-1]) if done.returncode == 0 and lines else {"failed": done.stderr[-2_000:]}
        print(MARK + json.dumps({"case": name, "seen": seen}), flush=True)
        _remove_chip()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
