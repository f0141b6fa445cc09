"""The settings of a bus of OSDP door readers; docs/devices/osdp.md has an example.

{"kind": "osdp", "bus": PATH, "readers": [{"address": 1, "point": 10, "key": "<32 hex digits>", "card": "wiegand",
    "inputs": [{"point": 11, "input": 0}], "outputs": [{"point": 12, "output": 0, "pulse_ms": 3000}],
    "leds": [{"point": 13, "led": 0, "active_color": "green", "inactive_color": "red"}]}]}
"""

from typing import Any

from node.config import ConfigError, known, whole, wrong

ADDRESS_MAX = 126  # 127 is for all
READERS_MAX = 8
"""On one bus. Each that is dead takes 200 ms of every second; four are a good number."""
NUMBER_MAX = 31  # of an input, output or lamp of a reader
KEY_BYTES = 16
DEFAULT_KEY = bytes(range(0x30, 0x40))
"""SCBK-D of IEC 60839-11-5: every panel and every installer knows it."""
COLORS = {"off": 0, "red": 1, "green": 2, "amber": 3, "blue": 4}
LIMITS = {
    "baud": (9600, 9600, 230400),
    "answer_ms": (250, 50, 300),  # libosdp itself waits 200 ms and the time of sending
    "hold_ms": (1000, 100, 60000),
    "retry_ms": (1000, 500, 60000),
    "ask_ms": (60000, 1000, 600000),
    "install_s": (0, 0, 3600),
}


class InputConfig:
    """A contact at a reader: a door, a button."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["point", "input", "active_level"])
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.number: int = whole(where + ".input", table.get("input"), 0, NUMBER_MAX)
        self.active_level: int = whole(where + ".active_level", table.get("active_level", 1), 0, 1)


class OutputConfig:
    """A relay of a reader. `pulse_ms` 0: it stays as ordered; else the reader itself ends it."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["point", "output", "pulse_ms", "on_lost"])
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.number: int = whole(where + ".output", table.get("output"), 0, NUMBER_MAX)
        self.pulse_ms: int = whole(where + ".pulse_ms", table.get("pulse_ms", 0), 0, 25_500)
        self.on_lost: str = _word(where + ".on_lost", table.get("on_lost", "off"), ("hold", "off", "on"))


class LedConfig:
    """A lamp of a reader."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["point", "led", "active_color", "inactive_color"])
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.number: int = whole(where + ".led", table.get("led"), 0, NUMBER_MAX)
        self.active_color = _color(where + ".active_color", table.get("active_color", "green"))
        self.inactive_color = _color(where + ".inactive_color", table.get("inactive_color", "red"))


class ReaderConfig:
    """One reader. `point` is that of its cards."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["address", "point", "key", "card", "inputs", "outputs", "leds"])
        self.address: int = whole(where + ".address", table.get("address"), 0, ADDRESS_MAX)
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.key = _key(where + ".key", table.get("key"))
        self.card: str = _word(where + ".card", table.get("card", "raw"), ("raw", "wiegand"))
        self.inputs = [InputConfig(*each) for each in _list(where, table, "inputs")]
        self.outputs = [OutputConfig(*each) for each in _list(where, table, "outputs")]
        self.leds = [LedConfig(*each) for each in _list(where, table, "leds")]

    @property
    def points(self) -> list[int]:
        """Its points."""
        parts: list[InputConfig | OutputConfig | LedConfig] = [*self.inputs, *self.outputs, *self.leds]
        return [self.point] + [each.point for each in parts]


class OsdpConfig:
    """One bus. Attributes: kind, bus, pins, readers, points, and those of LIMITS."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["kind", "bus", "readers", *LIMITS])
        self.kind = "osdp"
        self.bus = table.get("bus")
        if not isinstance(self.bus, str) or not self.bus:
            raise wrong(where + ".bus", "the terminal or path of a serial port", self.bus)
        self.pins = [self.bus]
        limits = {
            name: whole(f"{where}.{name}", table.get(name, default), least, most)
            for name, (default, least, most) in LIMITS.items()
        }
        self.baud, self.answer_ms, self.hold_ms = limits["baud"], limits["answer_ms"], limits["hold_ms"]
        self.retry_ms, self.ask_ms, self.install_s = limits["retry_ms"], limits["ask_ms"], limits["install_s"]
        readers = [ReaderConfig(*each) for each in _list(where, table, "readers")]
        if not 1 <= len(readers) <= READERS_MAX:
            raise wrong(where + ".readers", f"1..{READERS_MAX} readers", len(readers))
        self.readers = readers
        self.points = [point for reader in readers for point in reader.points]
        _differ(where + " addresses", [reader.address for reader in readers])
        _differ(where + " points", self.points)
        _differ(where + " keys", [reader.key for reader in readers], shown=False)


def _list(where: str, table: Any, name: str) -> list[tuple[str, Any]]:
    tables = table.get(name, [])
    if not isinstance(tables, list):
        raise wrong(f"{where}.{name}", "a list", tables)
    return [(f"{where}.{name}[{at}]", each) for at, each in enumerate(tables)]


def _key(where: str, text: Any) -> bytes:
    try:
        key = bytes.fromhex(text)
    except (TypeError, ValueError):
        key = b""
    # Never shown: an error goes to a log.
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{where}: expected {2 * KEY_BYTES} hex digits")
    if key == DEFAULT_KEY:
        raise ConfigError(f"{where}: expected a key of its own, found the one that everybody knows")
    return key


def _word(where: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise wrong(where, "one of " + ", ".join(allowed), value)
    return str(value)


def _color(where: str, value: Any) -> int:
    return COLORS[_word(where, value, tuple(COLORS))]


def _differ(where: str, values: list[Any], *, shown: bool = True) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{where}: expected each once, found {value if shown else 'one'} twice")
