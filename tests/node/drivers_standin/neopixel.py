"""The part of micropython-lib's `neopixel` that the lamp of a room uses (tests only). Both boards' images have the genuine."""

from machine import bitstream

_TIMING_NS = (400, 850, 800, 450)  # WS2812B data sheet


class NeoPixel:
    def __init__(self, pin, n):
        self._pin = pin
        self.buf = bytearray(3 * n)
        pin.init(pin.OUT)

    def fill(self, colour):
        red, green, blue = colour
        for at in range(0, len(self.buf), 3):
            self.buf[at : at + 3] = bytes((green, red, blue))

    def write(self):
        bitstream(self._pin, 0, _TIMING_NS, self.buf)
