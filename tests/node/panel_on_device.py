"""Draws the scenes of a room panel on an SSD1306 that is played; started by path under MicroPython, imported under CPython.

One line a scene: its name, whether the display is lit, what it holds as hex. The path must have `ssd1306`, `oled` and the firmware.
"""

from binascii import hexlify

from oled import Oled

from casewire import Panel
from casewire.marks import (
    OCCUPIED_UNKNOWN,
    PANEL_ALARM,
    PANEL_CLOCK_DOUBT,
    SECONDS_NONE,
    SECONDS_UNKNOWN,
    SHARE_UNKNOWN,
)
from node.panel import PanelConfig, RoomPanel
from node.screen import Screen

VALID_MS = 6000
ALL_KEPT = 0b01010101
SCENES = (
    ("calm", Panel(20, 1, ALL_KEPT, 0, 20 * 3600 + 5 * 60 + 9, 163, VALID_MS)),
    ("doubt", Panel(20, 12, 0b11100101, PANEL_CLOCK_DOUBT, SECONDS_UNKNOWN, SHARE_UNKNOWN, VALID_MS)),
    ("alarm", Panel(20, 1, 0b10010101, PANEL_ALARM, 0, 1000, VALID_MS)),
    ("empty", Panel(20, 0, 0, 0, SECONDS_NONE, SHARE_UNKNOWN, VALID_MS)),
    ("unseen", Panel(20, OCCUPIED_UNKNOWN, 0, 0, SECONDS_NONE, SHARE_UNKNOWN, VALID_MS)),
    ("hatched", None),
)


class Bench:
    """A panel with its display, and time in the hand of the test."""

    def __init__(self):
        self.oled = Oled()
        self.oled.plug()
        config = PanelConfig("devices[0]", {"kind": "panel", "point": 20, "bus": 0})
        self.panel = RoomPanel(config, Screen(self.oled, config.address))
        self.ms = 0
        self.changes = []
        self.most_bytes = 0  # sent in one scan, the setting up left out

    def run(self, duration_ms, step_ms=5):
        for _ in range(0, duration_ms, step_ms):
            self.ms += step_ms
            sent, was_lit = self.oled.sent, self.oled.is_lit
            self.changes += self.panel.poll(self.ms)
            if was_lit:
                self.most_bytes = max(self.most_bytes, self.oled.sent - sent)

    def show(self, message, age_ms=0):
        self.panel.show(message, age_ms, self.ms)


def main():
    for name, message in SCENES:
        bench = Bench()
        bench.run(41000)
        if message is not None:
            bench.show(message)
        bench.run(500)
        print(name, bench.oled.is_lit, hexlify(bench.oled.ram).decode())


if __name__ == "__main__":
    main()
