"""An SSD1306 with 128 x 64 points at the end of an I2C bus: takes what the wire brings and shows what a person would see.

Source: Solomon Systech SSD1306 data sheet, rev. 1.1: control bytes (8.1.5.2), commands and their arguments (tables 9-1 to 9-6),
horizontal addressing (10.1.3). It is as deaf as a real one: what it shows is what was sent, lit only after its charge pump and
its "display on". Unplugged it does not answer; plugged again it is dark until it is set up anew. Runs on both interpreters.
"""

WIDTH = 128
PAGES = 8
ARGUMENTS = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xAD: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip
"""Bytes that follow a command; 0xAD (current source) is of the SSD1306B, the older takes it as no command."""
ALONE = (0xA0, 0xA1, 0xA4, 0xA5, 0xA6, 0xA7, 0xAE, 0xAF, 0xC0, 0xC8, 0xE3)
EIO = 5


class Oled:
    """``writeto`` and ``writevto`` of a machine.I2C. ``sent`` counts bytes, ``unknown`` the commands that none is."""

    def __init__(self, address=0x3C):
        self.address = address
        self.is_plugged = True
        self.sent = 0
        self.unknown = 0
        self.ram = bytearray(WIDTH * PAGES)
        self._reset()

    def _reset(self):
        self.is_on = self.has_pump = self.is_all_lit = self.is_inverse = False
        self._command = None
        self._arguments = []
        self._columns = (0, WIDTH - 1)
        self._pages = (0, PAGES - 1)
        self._column = self._page = 0

    def unplug(self):
        self.is_plugged = False
        self._reset()

    def plug(self):
        """Its memory is chance; it is dark."""
        self.is_plugged = True
        for at in range(len(self.ram)):
            self.ram[at] = at * 37 & 0xFF

    def writeto(self, address, data):
        if not self.is_plugged or address != self.address:
            raise OSError(EIO)
        self.sent += len(data)
        at = 0
        while at < len(data):
            control = data[at]
            if control & 0x3F:
                raise ValueError("expected a control byte, found %d" % control)
            if control & 0x80:  # one byte of this kind, then another control byte
                self._take(data[at + 1 : at + 2], control & 0x40)
                at += 2
            else:
                self._take(data[at + 1 :], control & 0x40)
                return

    def writevto(self, address, parts):
        self.writeto(address, b"".join([bytes(part) for part in parts]))

    def _take(self, data, is_data):
        for byte in data:
            if is_data:
                self._store(byte)
            else:
                self._obey(byte)

    def _store(self, byte):
        self.ram[self._page * WIDTH + self._column] = byte
        self._column += 1
        if self._column > self._columns[1]:
            self._column = self._columns[0]
            self._page = self._pages[0] if self._page == self._pages[1] else self._page + 1

    def _obey(self, byte):
        if self._command is None:
            if byte in ARGUMENTS:
                self._command, self._arguments = byte, []
            else:
                self._alone(byte)
            return
        self._arguments.append(byte)
        if len(self._arguments) == ARGUMENTS[self._command]:
            self._with(self._command, self._arguments)
            self._command = None

    def _alone(self, byte):
        if byte in (0xAE, 0xAF):
            self.is_on = byte == 0xAF
        elif byte in (0xA4, 0xA5):
            self.is_all_lit = byte == 0xA5
        elif byte in (0xA6, 0xA7):
            self.is_inverse = byte == 0xA7
        elif byte not in ALONE and not 0x40 <= byte <= 0x7F:
            self.unknown += 1

    def _with(self, command, arguments):
        if command == 0x8D:
            self.has_pump = bool(arguments[0] & 4)
        elif command == 0x20 and arguments[0] != 0:
            raise ValueError("expected horizontal addressing, found mode %d" % arguments[0])
        elif command == 0x21:
            self._columns = tuple(arguments)
            self._column = arguments[0]
        elif command == 0x22:
            self._pages = tuple(arguments)
            self._page = arguments[0]

    @property
    def is_lit(self):
        return self.is_plugged and self.is_on and self.has_pump

    def picture(self):
        """What a person sees: 32 lines of 128 characters, two points in each; all blank where it is dark."""
        lines = []
        for line in range(PAGES * 4):
            bits = [self.ram[line // 4 * WIDTH + x] >> 2 * (line % 4) & 3 for x in range(WIDTH)]
            lines.append("".join([" ▀▄█"[two if self.is_lit else 0] for two in bits]))
        return "\n".join(lines)
