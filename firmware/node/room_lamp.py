"""The lamp of a room: dark, steady, slow or fast, from the picture that the gateway sends.

    {"kind": "room_lamp", "point": 21, "pin": "LED1", "pixels": 8}
    {"kind": "room_lamp", "point": 21, "pin": "OUT2"}

Dark: nobody is there. Steady: somebody is, and all that is asked is seen and kept. Slow: something is not seen, or no picture holds.
Fast: an alarm stands. The rhythm says it, the colour of a strip repeats it. With ``pixels`` a strip of WS2812 by micropython-lib's
neopixel, without it a lamp on an output.
"""

import logging

from casewire.marks import (
    MARK_KEPT,
    MARK_NOT_ASKED,
    OCCUPIED_UNKNOWN,
    PANEL_ALARM,
    PANEL_CLOCK_DOUBT,
)
from node.config import known, whole
from node.picture import Picture

# default, least and most of each
LIMITS = {"active_level": (1, 0, 1), "pixels": (0, 0, 16), "brightness": (64, 8, 255)}

DARK = 0
STEADY = 1
SLOW = 2
FAST = 3
SLOW_MS = 1000  # lit, then as long dark
FAST_MS = 200
REFRESH_MS = 1000  # a strip that was unplugged is lit again by then
_COLOURS = ((0, 0, 0), (0, 255, 0), (255, 120, 0), (255, 0, 0))  # red, green, blue by meaning

log = logging.getLogger("node")


class RoomLampConfig:
    """Attributes: point, pin, and those of LIMITS. pixels 0: a lamp on an output."""

    def __init__(self, where, table) -> None:
        known(where, table, ["kind", "point", "pin"] + list(LIMITS))
        self.point = whole(where + ".point", table.get("point"), 0, 255)
        self.pin = table.get("pin")
        if not isinstance(self.pin, str):
            whole(where + ".pin", self.pin, 0, 255)
        for name, (default, least, most) in LIMITS.items():
            setattr(self, name, whole(where + "." + name, table.get(name, default), least, most))
        self.points = [self.point]
        self.pins = [self.pin]


def meaning_of(message):
    """Return DARK, STEADY, SLOW or FAST for a casewire.Panel; None: no picture holds."""
    if message is None:
        return SLOW
    if message.flags & PANEL_ALARM:
        return FAST
    if message.occupied == 0:
        return DARK
    if message.occupied == OCCUPIED_UNKNOWN or message.flags & PANEL_CLOCK_DOUBT:
        return SLOW
    for shift in (0, 2, 4, 6):
        if message.marks >> shift & 3 not in (MARK_NOT_ASKED, MARK_KEPT):
            return SLOW
    return STEADY


class OutputLight:
    """A lamp on an output pin."""

    def __init__(self, pin, active_level) -> None:
        self._pin = pin
        self._active_level = active_level

    def put(self, meaning) -> None:
        """DARK, or lit."""
        self._pin.value(1 - self._active_level if meaning == DARK else self._active_level)


class StripLight:
    """A strip with fill((red, green, blue)) and write(), as micropython-lib's NeoPixel."""

    def __init__(self, strip, brightness) -> None:
        self._strip = strip
        self._colours = [tuple([part * brightness // 255 for part in colour]) for colour in _COLOURS]

    def put(self, meaning) -> None:
        self._strip.fill(self._colours[meaning])
        self._strip.write()


class RoomLamp:
    """The device; see node.app.Node. ``light`` has put(meaning)."""

    def __init__(self, config, light) -> None:
        self.points = (config.point,)
        self._light = light
        self._picture = Picture()
        self._shown = -1
        self._due_ms = 0

    def poll(self, now_ms):
        """Light it as the picture says; a lamp tells nothing."""
        meaning = meaning_of(self._picture.at(now_ms))
        if (meaning == SLOW and now_ms // SLOW_MS & 1) or (meaning == FAST and now_ms // FAST_MS & 1):
            meaning = DARK
        if meaning != self._shown or now_ms >= self._due_ms:
            self._light.put(meaning)
            self._shown, self._due_ms = meaning, now_ms + REFRESH_MS
        return []

    def states(self):
        """Return nothing: nobody can read back whether a lamp is lit."""
        return []

    def tags(self):
        return []

    def troubles(self):
        return []

    def show(self, message, age_ms, now_ms) -> None:
        """Take a picture that is age_ms old."""
        self._picture.take(message, age_ms, now_ms)

    def put(self, point, state, valid_ms, now_ms) -> None:
        """Refuse: what it shows follows from the picture."""
        log.error("expected a picture for point %d, a lamp of a room, found an order", point)

    def lose_link(self) -> None:
        self._picture.lose()
