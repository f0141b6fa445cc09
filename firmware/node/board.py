"""From config.json to a running node on the hardware that ``machine`` names."""

import gc
import logging
import time

import machine

from casewire import BOOT_OTHER, BOOT_POWER_UP, BOOT_RESET, BOOT_WATCHDOG
from node import boot_count, config, devices
from node.app import Node
from node.keep import Keep

SCAN_PAUSE_MS = 5  # a contact is looked at some 150 times a second
READER_BAUD = 9600
I2C_HZ = 400000  # what an SSD1306 takes

_CAUSES = (
    ("PWRON_RESET", BOOT_POWER_UP),
    ("WDT_RESET", BOOT_WATCHDOG),  # on RP2040 machine.reset() too ends as this
    ("HARD_RESET", BOOT_RESET),
    ("SOFT_RESET", BOOT_RESET),
)

log = logging.getLogger("node")


def run(config_path, boot_count_path, pins=None, trial=None) -> None:
    """Run the node until its power goes; every failure ends in a logged reset.

    pins is the board's pins module (LINK, READERS, TERMINALS, BUSES); without it the pins
    and UARTs of config.json are bare numbers and the line is UART 0. trial: this program
    is new and has to prove itself (boards/slots.py).
    """
    logging.basicConfig(level=logging.INFO)
    node = None
    try:
        node = build(config.load(config_path, devices.KINDS), boot_count_path, pins)
        while True:
            node.step()
            if trial is not None and trial.step(not node.link.is_lost, node.uptime_ms()):
                log.info("the gateway has answered a new program: it is good")
                trial = None
            pause_ms(SCAN_PAUSE_MS)
    except Exception as error:
        # Nobody stands beside a node: what it cannot deal with it tells and starts afresh.
        # The error is named because most boards have no sys.exc_info to find it by.
        log.exception("node stopped, it starts afresh", exc_info=error)
        if node is not None:
            save(node)
        pause_ms(1000)  # a fault that stays must not become a storm of boots
        machine.reset()


def save(node) -> None:
    """Keep what the node has told and nobody has acked; a node that fails must get to its reset whatever comes."""
    try:
        node.save()
    except Exception as error:
        log.exception("expected to keep what waits for its ack", exc_info=error)


def build(settings, boot_count_path, pins=None):
    """Return the Node of ``settings`` with its pins, UARTs and watchdog, the boot counted."""
    place = Place(pins)
    by_point = {}
    for point in settings.points:
        by_point[point.point] = place.of(point)
    made = [devices.build(device, place, 0) for device in settings.devices]
    port = _uart(pins.LINK if pins else {"uart": 0}, settings.baud)
    boot = boot_count.next_boot(boot_count_path, settings.first_boot)
    watchdog = machine.WDT(timeout=settings.watchdog_ms)
    return Node(
        settings,
        port,
        by_point,
        ticks_ms,
        boot=boot,
        reason=_reason(),
        feed=watchdog.feed,
        mem_free=mem_free,
        devices=made,
        keep=Keep(boot_count_path + ".kept", boot, settings.queue_max),
    )


class Place:
    """The pins and UARTs of this board by the names of its terminals; without ``pins`` by their bare numbers."""

    def __init__(self, pins) -> None:
        self._terminals = pins.TERMINALS if pins else None
        self._readers = pins.READERS if pins else None
        # The pins of a board that was adopted before there were panels name no bus.
        self._buses = getattr(pins, "BUSES", {}) if pins else None

    def of(self, point):
        """Return what node.app.Node takes for a point."""
        if point.kind == "reader":
            return self.uart(point.pin, READER_BAUD)
        if point.kind == "supervised":
            return self.analogue(point.pin)
        if point.kind == "output":
            is_on = point.at_start == "on"
            return self.output(point.pin, point.active_level if is_on else 1 - point.active_level)
        return self.contact(point.pin)

    def output(self, name, level):
        # The level is given with the direction: a lock must not twitch at start.
        return machine.Pin(_terminal(self._terminals, name), machine.Pin.OUT, value=level)

    def contact(self, name):
        # Contacts close to ground. A broken wire then reads 1, as an open contact does.
        return machine.Pin(_terminal(self._terminals, name), machine.Pin.IN, machine.Pin.PULL_UP)

    def analogue(self, name):
        return machine.ADC(_terminal(self._terminals, name))

    def i2c(self, name):
        place = _terminal(self._buses, name)
        if self._buses is None:
            return machine.I2C(place)
        data, clock = machine.Pin(place["sda"]), machine.Pin(place["scl"])
        return machine.I2C(place["i2c"], sda=data, scl=clock, freq=I2C_HZ)

    def strip(self, name, pixels):
        from neopixel import NeoPixel  # here: frozen into the images of both boards, and nowhere else

        return NeoPixel(machine.Pin(_terminal(self._terminals, name), machine.Pin.OUT), pixels)

    def uart(self, name, baud):
        place = _terminal(self._readers, name)
        return _uart(place if self._readers is not None else {"uart": place}, baud)


def _terminal(table, name):
    if table is None:
        return name
    if name in table:
        return table[name]
    names = ", ".join(sorted(table))
    raise config.ConfigError("pin: expected one of %s, found %r" % (names, name))


def _uart(place, baud):
    """Return the UART of ``place`` {"uart", "tx", "rx"}; it reads and writes without waiting."""
    if "tx" in place:
        tx = machine.Pin(place["tx"])
        rx = machine.Pin(place["rx"])
        return machine.UART(place["uart"], baudrate=baud, tx=tx, rx=rx, timeout=0)
    return machine.UART(place["uart"], baudrate=baud, timeout=0)


def _reason():
    cause = machine.reset_cause()
    for name, reason in _CAUSES:
        if cause == getattr(machine, name, None):  # a port has those its chip can tell apart
            return reason
    return BOOT_OTHER


def mem_free():
    """Return the bytes of heap free after a collection; 0 where no heap has a limit (CPython).

    Called once a heartbeat: what is reported is then what the node holds, not how much
    garbage happened to lie about, and the heap is tidied before it breaks into pieces.
    """
    if not hasattr(gc, "mem_free"):
        return 0
    gc.collect()
    return gc.mem_free()


def ticks_ms():
    """Milliseconds of a steady clock; wraps on the boards."""
    if hasattr(time, "ticks_ms"):
        return time.ticks_ms()
    return time.monotonic_ns() // 1000000


def pause_ms(duration_ms) -> None:
    if hasattr(time, "sleep_ms"):
        time.sleep_ms(duration_ms)
    else:
        time.sleep(duration_ms / 1000)
