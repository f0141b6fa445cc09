"""The part of micropython-lib's `ssd1306` that node.screen uses, for machines where mip cannot fetch the genuine (tests only).

Self-made after the SSD1306 data sheet. Boards get the genuine one (firmware/manifest.py, package.json).
"""

import framebuf

_SET_UP = (
    b"\xae\x20\x00\x40\xa1\xa8\x3f\xc8\xd3\x00\xda\x12\xd5\x80\xd9\xf1\xdb\x30\x81\xff\xa4\xa6\x8d\x14\xaf"
)


class SSD1306_I2C(framebuf.FrameBuffer):  # noqa: N801 - the genuine's name
    def __init__(self, width, height, i2c, addr=0x3C):
        self._i2c = i2c
        self._addr = addr
        self.buffer = bytearray(width * height // 8)
        super().__init__(self.buffer, width, height, framebuf.MONO_VLSB)
        self.init_display()

    def init_display(self):
        for byte in _SET_UP:
            self.write_cmd(byte)
        self.fill(0)
        for byte in (0x21, 0, 127, 0x22, 0, 7):
            self.write_cmd(byte)
        self.write_data(self.buffer)

    def write_cmd(self, cmd):
        self._i2c.writeto(self._addr, bytes((0x80, cmd)))

    def write_data(self, buf):
        self._i2c.writevto(self._addr, (b"\x40", buf))
