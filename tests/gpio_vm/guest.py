"""Runs in the machine: each case in a process of its own, what was seen as a line of JSON. Judges nothing.

`python -m tests.gpio_vm.guest FOLDER` runs all cases; FOLDER is the project's, for the two GPIO modules in its cache.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from casegateway.adapters.gpio import GpioPort, GpioUnavailable, load_api
from tests.gpio_vm.lines import MARK

CONTACT, OUTPUT = 17, 23
CONFIG = Path("/sys/kernel/config/gpio-sim/cell1")
KNOBS = Path("/sys/module/gpio_simx/parameters")
GPIOMEM = Path("/dev/gpiomem")
# Registers of the BCM2711 (datasheet, 5.2): levels of lines 0 to 31, and what sets lines 0 to 31.
GPLEV0, GPSET0 = 0x34, 0x1C
SEEN_S_MAX = 3.0


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


class News:
    """What the port told, and how long after the change it did."""

    def __init__(self, port: GpioPort) -> None:
        self.told: list[bool | None] = []
        self._changed = threading.Condition()
        port.watch(CONTACT, self._take)

    def after(self, change: Callable[[], None]) -> dict[str, Any]:
        """Make a change; what was told of it next, null when nothing came."""
        before, began = len(self.told), time.monotonic()
        change()
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.told) > before, SEEN_S_MAX)
        ms = round((time.monotonic() - began) * 1_000)
        return {"told": self.told[before] if came else None, "ms": ms if came else None}

    def _take(self, _line: int, closed: bool | None) -> None:
        with self._changed:
            self.told.append(closed)
            self._changed.notify_all()


def contact() -> dict[str, Any]:
    chip = Chip()
    port = GpioPort(load_api())
    news = News(port)
    rests = port.read(CONTACT)
    closed, opened = news.after(lambda: chip.contact(True)), news.after(lambda: chip.contact(False))
    return {"rests": rests, "closed": closed, "opened": opened, "health": port.health()}


def output() -> dict[str, Any]:
    chip = Chip()
    port = GpioPort(load_api())
    levels = [chip.output()]
    for active in (True, False, True):
        port.write(OUTPUT, active)
        levels.append(chip.output())
    port.close()
    return {"levels": levels, "after_close": chip.output()}


def chatter() -> dict[str, Any]:
    chip = Chip()
    news = News(GpioPort(load_api()))
    time.sleep(0.3)
    began = time.monotonic()
    for touch in range(25):
        chip.contact(touch % 2 == 0)
    ms = round((time.monotonic() - began) * 1_000)
    time.sleep(2)
    return {"changes": 25, "within_ms": ms, "told": news.told}


def lost_edges() -> dict[str, Any]:
    chip = Chip()
    port = GpioPort(load_api())
    news = News(port)

    def change(closed: bool) -> dict[str, Any]:
        time.sleep(0.3)
        return news.after(lambda: chip.contact(closed)) | {"mode": port.mode}

    seen = [change(True)]
    chip.deaf(True)
    with capture_logs() as logs:
        seen += [change(closed) for closed in (False, True, False, True, False)]
    return {"seen": seen, "health": port.health(), "log": logs}


def no_chip() -> dict[str, Any]:
    os.environ |= {"RPI_LGPIO_CHIP": "9", "RPI_LGPIO_REVISION": "c03111"}
    try:
        GpioPort(load_api())
    except GpioUnavailable as error:
        return {"error": str(error)}
    return {"error": None}


def original(base: int) -> dict[str, Any]:
    chip, registers = Chip(base), Registers()
    with capture_logs() as logs:
        port = GpioPort(load_api())
        news = News(port)

    def change(closed: bool) -> None:
        registers.contact(closed)
        chip.contact(closed)

    time.sleep(0.3)
    seen = [news.after(lambda: change(True)), news.after(lambda: change(False))]
    port.write(OUTPUT, True)
    is_set = bool(registers.set_lines() >> OUTPUT & 1)
    return {"seen": seen, "is_set": is_set, "health": port.health(), "log": logs}


CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "contact": ("rpi-lgpio", contact),
    "output": ("rpi-lgpio", output),
    "chatter": ("rpi-lgpio", chatter),
    "lost edges": ("rpi-lgpio", lost_edges),
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
