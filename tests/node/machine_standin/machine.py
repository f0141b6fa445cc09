"""A `machine` module for tests and the demo: the node's hardware, played by lines of text.

It runs under the MicroPython unix port and under CPython, and gives what the node
takes from a board: Pin, UART, WDT, reset, reset_cause. Put this folder on the path
before `node` is imported. Three environment variables wire it:

  CASEWARD_UART_0    the line to the gateway: path of a pty (or serial port), or
                     "fd:N" for a descriptor inherited from the parent
  CASEWARD_UART_<bus>  in the same way, where a device of the node hangs on a bus
  CASEWARD_STANDIN   path of a FIFO that the parent has made (os.mkfifo). Each line
                     written to it changes the hardware:
                         PIN 3 1        input pin 3 now reads 1
                         OHM 26 1000    the loop at the ADC of pin 26 has 1000 ohm
                         UID 4 0A1B2C3D4E   tag 0A1B2C3D4E lies on the reader at UART 4
                         UIDS 4 0A1B2C3D4E,0A1B2C3D4F   these tags, told in turn
                         SILENT 4       nothing lies on the reader at UART 4
                         NOISE 4 02FF   these bytes, once, on the reader at UART 4
                         PLUG 0 60      an SSD1306 of address 60 hangs on I2C bus 0
                         UNPLUG 0       it does not any more
                         HANG           the next look at an input pin never returns
                         FAIL           the next look at an input pin raises OSError
                     An input pin that no line has named reads as its pull says, which
                     for the node is 1: an open wire. Changes of output pins are added
                     to the file <CASEWARD_STANDIN>.out as lines "PIN 7 1", what a strip
                     of lights is told as "LEDS 22 00ff00…"; what a display holds is the
                     file <CASEWARD_STANDIN>.oled0 (1 byte lit or not, 1024 bytes memory).
  CASEWARD_RESET_CAUSE   what reset_cause() returns: 1 power-up (default), 2 hard
                     reset, 3 watchdog

A reader repeats its tag each 65 ms as an RDM6300 does, several in turn. A reset ends the process with
exit code 17; the watchdog ends it by SIGALRM, as late as its time-out rounded up to
whole seconds. Whoever started the node starts it again.
"""

import os
import sys
import time
from binascii import hexlify

RESET_EXIT_CODE = 17
TAG_PERIOD_MS = 65

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3

_IS_MICROPYTHON = sys.implementation.name == "micropython"
_O_RDWR_NONBLOCK_NOCTTY = 0o2 | 0o4000 | 0o400  # Linux, x86 and Arm

if _IS_MICROPYTHON:
    import ffi

    _libc = ffi.open("libc.so.6")
    _open = _libc.func("i", "open", "si")
    _read = _libc.func("i", "read", "ipi")
    _write = _libc.func("i", "write", "ipi")
    alarm = _libc.func("I", "alarm", "I")
    _scratch = bytearray(256)

    def _read_some(descriptor, most):
        """Return up to 256 bytes, or None where there are none (or the other end is gone)."""
        count = _read(descriptor, _scratch, min(most, len(_scratch)))
        return bytes(_scratch[:count]) if count > 0 else None

    def _write_some(descriptor, data):
        """Return how many bytes were taken, or None."""
        count = _write(descriptor, data, len(data))
        return count if count >= 0 else None

    def _ticks_ms():
        return time.ticks_ms()

else:
    from signal import alarm

    _open = os.open

    def _read_some(descriptor, most):
        try:
            return os.read(descriptor, most) or None
        except OSError:
            return None  # nothing there, or nobody at the other end: a line is just silent

    def _write_some(descriptor, data):
        try:
            return os.write(descriptor, data)
        except OSError:
            return None

    def _ticks_ms():
        return time.monotonic_ns() // 1000000


def _descriptor(place):
    if place.startswith("fd:"):
        return int(place[3:])
    descriptor = _open(place, _O_RDWR_NONBLOCK_NOCTTY)
    if descriptor < 0:
        raise OSError("%s: expected to open it, could not" % place)
    return descriptor


class _Control:
    """The FIFO: takes in its lines and holds the state of the hardware."""

    def __init__(self) -> None:
        self.path = os.getenv("CASEWARD_STANDIN")
        # Read and write: a FIFO that has a writer (us) never ends when the driver goes.
        self._fifo = _descriptor(self.path) if self.path else None
        self._rest = b""
        self.levels = {}  # pin -> level
        self.ohms = {}  # pin -> resistance of the loop at its ADC
        self.tags = {}  # uart -> list of tags, 14 bytes of a read each
        self.noise = {}  # uart -> bytes
        self.displays = {}  # bus -> Oled
        self.trouble = None  # "HANG" or "FAIL"

    def poll(self) -> None:
        data = _read_some(self._fifo, 256) if self._fifo is not None else None
        if not data:
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._obey(line.decode().split())

    def _obey(self, words) -> None:
        if len(words) == 3 and words[0] == "OHM":
            self.ohms[int(words[1])] = int(words[2])
        elif len(words) == 3 and words[0] == "PIN":
            self.levels[int(words[1])] = int(words[2])
        elif len(words) == 3 and words[0] == "UID":
            self.tags[int(words[1])] = [rdm6300(bytes.fromhex(words[2]))]
        elif len(words) == 3 and words[0] == "UIDS":
            self.tags[int(words[1])] = [rdm6300(bytes.fromhex(uid)) for uid in words[2].split(",")]
        elif len(words) == 2 and words[0] == "SILENT":
            self.tags.pop(int(words[1]), None)
        elif len(words) == 3 and words[0] == "NOISE":
            self.noise[int(words[1])] = bytes.fromhex(words[2])
        elif len(words) == 3 and words[0] == "PLUG":
            self._plug(int(words[1]), int(words[2]))
        elif len(words) == 2 and words[0] == "UNPLUG":
            self.displays[int(words[1])].unplug()
        elif words in (["HANG"], ["FAIL"]):
            self.trouble = words[0]
        elif words:
            raise ValueError(
                "%s: expected PIN, OHM, UID, UIDS, SILENT, NOISE, PLUG, UNPLUG, HANG or FAIL, found %r"
                % (self.path, words)
            )

    def _plug(self, bus, address) -> None:
        from oled import Oled

        display = self.displays.setdefault(bus, Oled(address))
        display.address = address
        display.plug()

    def look(self) -> None:
        """Called at each look at an input pin."""
        if self.trouble == "HANG":
            while True:
                time.sleep(1)
        if self.trouble == "FAIL":
            raise OSError(5)

    def report(self, pin, level) -> None:
        self._write("PIN %d %d\n" % (pin, level))

    def report_lights(self, pin, data) -> None:
        self._write("LEDS %d %s\n" % (pin, hexlify(data).decode()))

    def _write(self, line) -> None:
        if self.path:
            with open(self.path + ".out", "a") as file:
                file.write(line)

    def keep(self, bus) -> None:
        """What the display of a bus holds, for whoever started this."""
        display = self.displays[bus]
        if self.path:
            with open("%s.oled%d" % (self.path, bus), "wb") as file:
                file.write(bytes((display.is_lit,)))
                file.write(display.ram)


def rdm6300(uid):
    """Return the 14 bytes an RDM6300 sends for a 5-byte tag."""
    if len(uid) != 5:
        raise ValueError("UID: expected 5 bytes, found %d" % len(uid))
    check = 0
    for byte in uid:
        check ^= byte
    digits = "".join(["%02X" % byte for byte in uid]) + "%02X" % check
    return b"\x02" + digits.encode() + b"\x03"


_control = _Control()


class Pin:
    """An input reads what the FIFO said; an output keeps its level and reports changes."""

    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, number, mode=IN, pull=None, value=None) -> None:
        self._number = number
        self._is_output = mode == Pin.OUT
        self._pulled = 1 if pull == Pin.PULL_UP else 0
        self._level = None
        if self._is_output:
            self.value(value or 0)

    def init(self, mode) -> None:
        self._is_output = mode == Pin.OUT

    def value(self, level=None):
        if level is not None:
            if level != self._level:
                self._level = level
                _control.report(self._number, level)
            return None
        if self._is_output:
            return self._level
        _control.look()
        return _control.levels.get(self._number, self._pulled)


class ADC:
    """A loop fed by 2.2 kOhm; one that no line has named is cut."""

    def __init__(self, number) -> None:
        self._number = number

    def read_u16(self):
        _control.look()
        ohm = _control.ohms.get(self._number, 10000000)
        return 65535 * ohm // (2200 + ohm)


class I2C:
    """A bus without anything on it, until a line plugs a display."""

    def __init__(self, number, sda=None, scl=None, freq=400000) -> None:
        self._number = number

    def writeto(self, address, data) -> None:
        display = _control.displays.get(self._number)
        if display is None:
            raise OSError(5)
        display.writeto(address, data)

    def writevto(self, address, parts) -> None:
        display = _control.displays.get(self._number)
        if display is None:
            raise OSError(5)
        display.writevto(address, parts)
        _control.keep(self._number)


def bitstream(pin, encoding, timing, data) -> None:
    """What a strip of lights is told."""
    _control.report_lights(pin._number, data)


class UART:
    """UART 0 is the line to the gateway; of the others a named one is a bus, the rest are readers driven by the FIFO."""

    def __init__(self, number, baudrate=9600, tx=None, rx=None, timeout=0) -> None:
        self._number = number
        self._descriptor = None
        self._due_ms = None
        self._turn = -1
        place = os.getenv("CASEWARD_UART_%s" % number)
        if place:
            self._descriptor = _descriptor(place)
        elif number == 0:
            raise OSError("CASEWARD_UART_0: expected the line to the gateway, found nothing")

    def read(self, most):
        """Return what has come, at most ``most`` bytes, or None. Takes in the FIFO too."""
        _control.poll()
        if self._descriptor is not None:
            return _read_some(self._descriptor, most)
        noise = _control.noise.pop(self._number, None)
        if noise:
            return noise
        tags = _control.tags.get(self._number)
        now_ms = _ticks_ms()
        if not tags or (self._due_ms is not None and now_ms < self._due_ms):
            return None
        self._due_ms = now_ms + TAG_PERIOD_MS
        self._turn += 1
        return tags[self._turn % len(tags)]

    def write(self, data):
        """Return how many bytes were taken, or None where the line takes none."""
        return _write_some(self._descriptor, data) if self._descriptor is not None else None


class WDT:
    """A real dog: the kernel ends the process if nobody feeds it in time."""

    def __init__(self, timeout) -> None:
        self._timeout_s = -(-timeout // 1000)
        self.feed()

    def feed(self) -> None:
        alarm(self._timeout_s)


def reset() -> None:
    sys.exit(RESET_EXIT_CODE)


def reset_cause():
    return int(os.getenv("CASEWARD_RESET_CAUSE") or PWRON_RESET)
