"""The serial ports as the core sees them: a decoder each, and how much of what comes in is bad."""

from collections.abc import Mapping
from dataclasses import dataclass

from casegateway.events import Moment
from casegateway.limits import ERROR_PERCENT_MAX, ERROR_WINDOW_MS
from casewire import FROM_NODE, Decoder
from custody.area import Area

_BAD = ("bad_cobs", "bad_crc", "bad_mac", "bad_version", "bad_message", "overlong", "unknown_node")


@dataclass(slots=True)
class Line:
    """A serial port's decoder and its error rate."""

    decoder: Decoder
    is_open: bool | None = None  # None: not told yet
    reason: str = ""
    read_real_us: int | None = None
    window_us: int = 0
    window_good: int = 0
    window_bad: int = 0
    is_noisy: bool = False

    def measure(self, now: Moment) -> None:
        """Judge whether more than one frame in a hundred of the last minute was bad."""
        if now.real_us - self.window_us < ERROR_WINDOW_MS * 1_000:
            return
        counted = self.decoder.counters
        good, bad = counted["frames"], sum(counted[name] for name in _BAD)
        new_good, new_bad = good - self.window_good, bad - self.window_bad
        self.is_noisy = new_bad * 100 > ERROR_PERCENT_MAX * (new_good + new_bad)
        self.window_us, self.window_good, self.window_bad = now.real_us, good, bad


def lines_of(area: Area, node_keys: Mapping[str, bytes]) -> dict[str, Line]:
    """A line for each port of the area, with the keys of the nodes on it."""
    keys: dict[str, dict[int, bytes]] = {port: {} for port in area.ports}
    for node in area.nodes.values():
        if node.port in keys:
            keys[node.port][node.number] = node_keys[node.id]
    return {port: Line(Decoder(known, FROM_NODE)) for port, known in keys.items()}
