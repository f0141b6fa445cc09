"""The devices a board can carry: what is on a bus, or has a pin for its order and one for its feedback.

Each is imported when a configuration names it: a board that has none keeps the memory.
"""


def _krcu(where, table):
    from node.krcu import KrCuConfig

    return KrCuConfig(where, table)


def _panel(where, table):
    from node.panel import PanelConfig

    return PanelConfig(where, table)


def _pn532(where, table):
    from node import pn532
    from node.tag_line import ReaderConfig

    return ReaderConfig(where, table, pn532.LIMITS)


def _r200(where, table):
    from node import r200
    from node.tag_line import ReaderConfig

    return ReaderConfig(where, table, r200.LIMITS)


def _relay_lock(where, table):
    from node.relay_lock import RelayLockConfig

    return RelayLockConfig(where, table)


def _room_lamp(where, table):
    from node.room_lamp import RoomLampConfig

    return RoomLampConfig(where, table)


KINDS = {
    "krcu": _krcu,
    "panel": _panel,
    "pn532": _pn532,
    "r200": _r200,
    "relay_lock": _relay_lock,
    "room_lamp": _room_lamp,
}
"""Kind -> what makes its configuration of (where, table), for node.config."""


def build(config, place, now_ms):
    """Return the device of ``config``; see node.app.Node.

    place   uart(terminal, baud) -> port; output(terminal, level) and contact(terminal) -> pin with value();
            analogue(terminal) -> pin with read_u16(); i2c(terminals) -> bus with writeto() and writevto();
            strip(terminal, pixels) -> strip with fill(colour) and write()
    """
    if config.kind == "krcu":
        from node import krcu

        return krcu.device(config, place.uart(config.bus, config.baud))
    if config.kind == "pn532":
        from node import pn532

        return pn532.device(config, place.uart(config.bus, config.baud))
    if config.kind == "r200":
        from node import r200

        return r200.device(config, place.uart(config.bus, config.baud))
    if config.kind == "panel":
        from node.panel import RoomPanel
        from node.screen import Screen

        return RoomPanel(config, Screen(place.i2c(config.bus), config.address))
    if config.kind == "room_lamp":
        return _lamp(config, place)
    from node.relay_lock import RelayLock

    is_on = config.at_start == "on"
    level = config.active_level if is_on else 1 - config.active_level
    relay = place.output(config.pin, level)
    contact = place.analogue if config.feedback == "supervised" else place.contact
    return RelayLock(config, relay, contact(config.feedback_pin), now_ms)


def _lamp(config, place):
    from node.room_lamp import OutputLight, RoomLamp, StripLight

    if config.pixels:
        light = StripLight(place.strip(config.pin, config.pixels), config.brightness)
    else:
        light = OutputLight(place.output(config.pin, 1 - config.active_level), config.active_level)
    return RoomLamp(config, light)
