"""Panel and lamp where they run: MicroPython with its own framebuf in 192 kB, and a node as a process on a pty."""

import subprocess

import pytest

from casewire import SILENT, Panel, Snapshot, Troubles
from tests.node import micropython
from tests.node.bench import DOOR
from tests.node.panels import ALL_KEPT, SCENES, VALID_MS, golden, seen
from tests.node.station import Station

pytestmark = pytest.mark.real
DEVICES = [
    {"kind": "panel", "point": 20, "bus": 0},
    {"kind": "room_lamp", "point": 21, "pin": 22, "pixels": 2, "brightness": 255},
    {"kind": "room_lamp", "point": 22, "pin": 16},
]
GREEN, DARK = "LEDS 22 ff0000ff0000", "LEDS 22 000000000000"


def test_micropython_draws_the_same_pictures_on_its_own_framebuf(unix_port) -> None:
    path = [micropython.FIRMWARE, micropython.STANDIN, micropython.logging_folder(unix_port)]
    done = subprocess.run(
        [*unix_port, "-X", "heapsize=192k", str(micropython.ROOT / "tests" / "node" / "panel_on_device.py")],
        env=micropython.environment("", None, path=[*path, micropython.DRIVERS_STANDIN]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    drawn = {}
    for line in done.stdout.splitlines():
        name, is_lit, ram = line.split()
        drawn[name] = seen(is_lit == "True", bytes.fromhex(ram))
    assert drawn == {name: golden(name) for name, _ in SCENES}


def shown(station: Station) -> str:
    """What hangs beside the door shows now."""
    try:
        data = station.fifo.with_name(station.fifo.name + ".oled0").read_bytes()
    except FileNotFoundError:
        return ""
    return seen(bool(data[0]), data[1:]) if len(data) == 1025 else ""


def is_hatched(picture: str) -> bool:
    """Its first and last lines are of the hatch; the dot of life is in between."""
    lines, hatch = picture.splitlines(), golden("hatched").splitlines()
    return len(lines) == 32 and lines[:20] == hatch[:20] and lines[21:] == hatch[21:]


def test_a_node_process_shows_lights_hatches_and_tells_a_display_that_was_pulled(
    tmp_path, interpreter
) -> None:
    with Station(tmp_path, interpreter, link_lost_ms=1000, points=[DOOR], devices=DEVICES) as station:
        station.hardware("PLUG 0 60")
        station.said(Snapshot(0, 1, ((1, 0),)))
        station.listen_until("a hatched display", lambda: is_hatched(shown(station)))
        for point in (20, 21, 22):
            station.order(Panel(point, 1, ALL_KEPT, 0, 3_600, 250, VALID_MS))
        station.listen_until("a picture", lambda: "█" in shown(station) and not is_hatched(shown(station)))
        station.listen_until("a green strip", lambda: GREEN in station.outputs.read_text())
        station.acking = False
        station.listen_until("a hatch for want of a gateway", lambda: is_hatched(shown(station)))
        station.listen_until("a strip that blinks", lambda: station.outputs.read_text().count(DARK) > 1)
        station.acking = True
        station.hardware("UNPLUG 0")
        station.said(Troubles(((20, SILENT),)))
    lamp = [line for line in station.outputs.read_text().splitlines() if line.startswith("PIN 16")]
    assert lamp[:2] == ["PIN 16 0", "PIN 16 1"]
