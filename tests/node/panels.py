"""Panels for tests under CPython: the real one on a display that is played, with the golden pictures beside it."""

import sys
from pathlib import Path

from tests.node import micropython

for folder in (micropython.STANDIN, micropython.DRIVERS_STANDIN):  # where a node finds its display and driver
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from oled import Oled  # noqa: E402

from tests.node import panel_on_device  # noqa: E402

DOT_LINE = 20
PICTURES = Path(__file__).with_name("pictures")
Bench = panel_on_device.Bench
ALL_KEPT = panel_on_device.ALL_KEPT
SCENES = panel_on_device.SCENES
VALID_MS = panel_on_device.VALID_MS


def golden(name: str) -> str:
    """A picture as it stands in tests/node/pictures."""
    return (PICTURES / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


def seen(is_lit: bool, ram: bytes) -> str:
    """What a person sees of a display that holds these bytes."""
    oled = Oled()
    oled.is_on = oled.has_pump = is_lit
    oled.ram[:] = ram
    return str(oled.picture())


def without_dot(picture: str) -> list[str]:
    """Its lines but the one of the dot that moves each second."""
    return [line for number, line in enumerate(picture.splitlines()) if number != DOT_LINE]


def write() -> None:
    """Draw the golden pictures anew; look at them before they are kept."""
    for name, message in SCENES:
        bench = Bench()
        bench.run(41_000)
        if message is not None:
            bench.show(message)
        bench.run(500)
        (PICTURES / f"{name}.txt").write_text(bench.oled.picture() + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
