"""config.json of a node: what is wired to it, its key and its limits.

    {"node": 7, "key": "<64 hex digits>", "points": [
        {"point": 1, "kind": "contact", "pin": "IN1", "active_level": 1, "debounce_ms": 20},
        {"point": 2, "kind": "feedback", "pin": "IN2", "active_level": 0},
        {"point": 3, "kind": "output", "pin": "OUT1", "on_lost": "off", "at_start": "off"},
        {"point": 4, "kind": "reader", "pin": "RD1", "no_read_ms": 3000},
        {"point": 5, "kind": "supervised", "pin": "AIN1", "tells": "contact", "active_level": 1}]}

``devices`` may follow: what has several points on a bus (node/devices.py, docs/devices/).
``pin`` is a terminal of the board (boards/*/pins.py) or a bare number of its GPIO,
for a reader of its UART. Every other key has a default below. A node that cannot
read its configuration must not start with a guess, so all is checked and an
unknown key is refused.
"""

import json

KEY_HEX_DIGITS = 64

# name: (default, least, most), all whole numbers
LIMITS = {
    "version": (0, 0, 0xFFFFFFFF),  # of this configuration; one that is signed never goes back
    "first_boot": (0, 0, 0xFFFFFF00),  # boots are counted from above this; set on replacement
    "baud": (115200, 9600, 921600),
    "heartbeat_ms": (1000, 100, 10000),
    "resend_ms": (500, 50, 10000),
    "link_lost_ms": (5000, 500, 600000),
    "watchdog_ms": (8000, 1000, 8000),  # 8388 is the most an RP2040 can
    "queue_max": (64, 9, 1024),
}
POINT_LIMITS: "dict[str, dict[str, tuple[int, int, int]]]" = {
    "contact": {"active_level": (1, 0, 1), "debounce_ms": (20, 0, 1000)},
    "feedback": {"active_level": (1, 0, 1), "debounce_ms": (20, 0, 1000)},
    "output": {"active_level": (1, 0, 1)},
    "reader": {"no_read_ms": (3000, 200, 60000), "reads": (1, 1, 5)},
    "supervised": {"active_level": (1, 0, 1), "debounce_ms": (20, 0, 1000)},
}
POINT_WORDS: "dict[str, dict[str, tuple[str, tuple[str, ...]]]]" = {
    "output": {"on_lost": ("off", ("hold", "off", "on")), "at_start": ("off", ("off", "on"))},
    "reader": {"model": ("rdm6300", ("rdm6300", "em18"))},
    "supervised": {"tells": ("contact", ("contact", "feedback"))},
}
QUEUE_RESERVE = 8  # boot, up to three snapshot parts, up to four gaps: see send_queue
TROUBLES_RESERVE = 4  # what a snapshot says of the troubles of up to 256 points


class ConfigError(ValueError):
    """The configuration is wrong; the text names the key, what was expected and found."""


def wrong(where, expected, found) -> ConfigError:
    """Return the error that names the key, what was expected and what was found."""
    return ConfigError("%s: expected %s, found %r" % (where, expected, found))


def whole(where, value, least, most):
    """Return ``value`` if it is a whole number in its bounds; raise ConfigError."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise wrong(where, "a whole number %d..%d" % (least, most), value)
    return value


def known(where, table, names):
    """Raise ConfigError unless ``table`` is a table with no other keys than ``names``."""
    if not isinstance(table, dict):
        raise wrong(where, "a table", table)
    for name in table:
        if name not in names:
            raise wrong(where, "only the keys %s" % ", ".join(sorted(names)), name)


class PointConfig:
    """One point. Attributes: point, kind, pin, and those its kind has in POINT_LIMITS, POINT_WORDS."""

    def __init__(self, where, table) -> None:
        kind = table.get("kind") if isinstance(table, dict) else None
        if not isinstance(kind, str) or kind not in POINT_LIMITS:
            raise wrong(where + ".kind", "one of %s" % ", ".join(sorted(POINT_LIMITS)), kind)
        limits = POINT_LIMITS[kind]
        words = POINT_WORDS.get(kind, {})
        known(where, table, ["point", "kind", "pin"] + list(limits) + list(words))
        self.kind = kind
        self.point = whole(where + ".point", table.get("point"), 0, 255)
        self.pin = table.get("pin")
        if not isinstance(self.pin, str):
            whole(where + ".pin", self.pin, 0, 255)
        for name, (default, least, most) in limits.items():
            setattr(self, name, whole(where + "." + name, table.get(name, default), least, most))
        for name, (word, allowed) in words.items():
            value = table.get(name, word)
            if value not in allowed:
                raise wrong(where + "." + name, "one of %s" % ", ".join(allowed), value)
            setattr(self, name, value)


class NodeConfig:
    """A checked configuration. Attributes: node, key (32 bytes), points, devices, and those of LIMITS.

    kinds: kind of device -> its configuration, made of (where, table), with ``points`` and ``pins`` (those it takes).
    """

    baud: int
    first_boot: int
    queue_max: int
    version: int

    def __init__(self, table, kinds=None) -> None:
        known("config", table, ["node", "key", "points", "devices"] + list(LIMITS))
        self.node = whole("node", table.get("node"), 0, 0xFFFF)
        self.key = _key(table.get("key"))
        for name, (default, least, most) in LIMITS.items():
            setattr(self, name, whole(name, table.get(name, default), least, most))
        self.devices = _devices(table.get("devices", []), kinds or {})
        self.points = _points(table.get("points", []), self.devices)
        # A place for the newest message of each point, and for the newest of its troubles where it tells any.
        troubled = len([point for point in self.points if point.kind == "supervised"])
        for device in self.devices:
            troubled += len(device.points)
        plain = len([point for point in self.points if point.kind != "supervised"])
        least = plain + 2 * troubled + QUEUE_RESERVE + (TROUBLES_RESERVE if troubled else 0)
        whole(
            "queue_max (%d or more for these points)" % least,
            table.get("queue_max", LIMITS["queue_max"][0]),
            least,
            1024,
        )


def _key(text):
    expected = "%d hex digits" % KEY_HEX_DIGITS
    if not isinstance(text, str) or len(text) != KEY_HEX_DIGITS:
        # What was found is not told: it may be most of a key.
        raise ConfigError("key: expected %s, found something else" % expected)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ConfigError("key: expected %s, found another character" % expected) from None


def _devices(tables, kinds):
    if not isinstance(tables, list):
        raise wrong("devices", "a list", tables)
    devices = []
    for index in range(len(tables)):
        where = "devices[%d]" % index
        kind = tables[index].get("kind") if isinstance(tables[index], dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            raise wrong(where + ".kind", "one of %s" % (", ".join(sorted(kinds)) or "none here"), kind)
        device = kinds[kind](where, tables[index])
        device.kind = kind
        devices.append(device)
    return devices


def _points(tables, devices):
    if not isinstance(tables, list) or not (tables or devices):
        raise wrong("points", "a list of at least one point", tables)
    used = {}
    for index in range(len(devices)):
        for number in devices[index].points:
            _use(used, "devices[%d]" % index, "point", number)
        for pin in devices[index].pins:
            _use(used, "devices[%d]" % index, "pin", pin)
    points = []
    for index in range(len(tables)):
        where = "points[%d]" % index
        point = PointConfig(where, tables[index])
        _use(used, where, "point", point.point)
        _use(used, where, "uart" if point.kind == "reader" else "pin", point.pin)
        points.append(point)
    points.sort(key=lambda point: point.point)
    return points


def _use(used, where, what, value) -> None:
    if (what, value) in used:
        raise wrong(where, "a %s of its own" % what, "%s %s of %s" % (what, value, used[(what, value)]))
    used[(what, value)] = where


def load(path, kinds=None):
    """Return the NodeConfig in the file at ``path``; raise ConfigError or OSError.

    Where <path>.key stands, the node was adopted: its key is in there and its configuration signed (node/signed.py).
    """
    with open(path) as file:
        text = file.read()
    key = _read_key(path + ".key")
    if key is None:
        return NodeConfig(_parsed(path, text), kinds)
    from node import signed  # here: a node that was not adopted keeps the memory

    table = _parsed(path, signed.opened(path, text, _key(key)))
    if not isinstance(table, dict) or "key" in table:
        raise ConfigError("%s: expected a signed configuration without a key of its own" % path)
    table["key"] = key
    settings = NodeConfig(table, kinds)
    signed.advance(path + ".version", settings.version)
    return settings


def _parsed(path, text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError("%s: expected JSON, found: %s" % (path, error)) from None


def _read_key(path):
    """Return what an adopted node has in its key file, None where it has no such file."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError as error:
        if error.errno == 2:  # ENOENT
            return None
        raise
