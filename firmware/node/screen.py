"""A display of 128 x 64 points on I2C, by micropython-lib's ssd1306; a page of eight lines at a time.

Its own show() sends all eight pages, which takes 24 ms at 400 kHz: more than the line to the gateway can wait.
Source of the commands: Solomon Systech SSD1306 data sheet, tables 9-1 and 10.1.3 (horizontal addressing).
"""

from node.panel_drawing import HEIGHT, WIDTH

PAGE_BYTES = WIDTH
_NOP = b"\x80\xe3"
_COLUMNS = 0x21
_PAGES = 0x22


class Screen:
    """``canvas`` is what is drawn on, None before the first start."""

    def __init__(self, i2c, address) -> None:
        self._i2c = i2c
        self._address = address
        self.canvas = None

    def start(self):
        """Set the display up, dark. Raises OSError where none answers, ImportError without the driver."""
        self._i2c.writeto(self._address, _NOP)  # before a kilobyte is asked for
        if self.canvas is None:
            from ssd1306 import SSD1306_I2C  # here: only a board with a panel has it

            self.canvas = SSD1306_I2C(WIDTH, HEIGHT, self._i2c, self._address)
        else:
            self.canvas.init_display()

    def send(self, page):
        """Send page 0..7 of the canvas. Raises OSError."""
        canvas = self.canvas
        for byte in (_COLUMNS, 0, WIDTH - 1, _PAGES, page, page):
            canvas.write_cmd(byte)
        canvas.write_data(memoryview(canvas.buffer)[page * PAGE_BYTES : (page + 1) * PAGE_BYTES])
