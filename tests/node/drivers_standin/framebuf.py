"""The part of MicroPython's `framebuf` that a panel draws with, for CPython (tests only); MicroPython takes its own.

Self-made after docs.micropython.org/en/latest/library/framebuf.html; the golden pictures hold it against the genuine one.
"""

MONO_VLSB = 0


class FrameBuffer:
    def __init__(self, buffer, width, height, layout):
        if layout != MONO_VLSB or len(buffer) < width * height // 8:
            raise ValueError("expected MONO_VLSB and a buffer for it")
        self._bytes = buffer
        self._width = width
        self._height = height

    def pixel(self, x, y, colour):
        if 0 <= x < self._width and 0 <= y < self._height:
            at = y // 8 * self._width + x
            if colour:
                self._bytes[at] |= 1 << y % 8
            else:
                self._bytes[at] &= ~(1 << y % 8)

    def fill(self, colour):
        self.fill_rect(0, 0, self._width, self._height, colour)

    def fill_rect(self, x, y, width, height, colour):
        for column in range(x, x + width):
            for row in range(y, y + height):
                self.pixel(column, row, colour)

    def vline(self, x, y, height, colour):
        self.fill_rect(x, y, 1, height, colour)

    def line(self, x1, y1, x2, y2, colour):
        """Of 45 degrees alone: steeper ones would need to be rounded as the genuine does."""
        if abs(x2 - x1) != abs(y2 - y1):
            raise ValueError("expected a line of 45 degrees")
        for step in range(abs(x2 - x1) + 1):
            self.pixel(x1 + (step if x2 > x1 else -step), y1 + (step if y2 > y1 else -step), colour)
