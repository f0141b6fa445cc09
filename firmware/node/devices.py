"""The devices a board can carry: what is on a bus, or has a pin for its order and one for its feedback."""

from node import krcu
from node.relay_lock import RelayLock, RelayLockConfig

KINDS = {"krcu": krcu.KrCuConfig, "relay_lock": RelayLockConfig}
"""Kind -> its configuration, for node.config."""


def build(config, place, now_ms):
    """Return the device of ``config``; see node.app.Node.

    place   uart(terminal, baud) -> port; output(terminal, level) and contact(terminal) -> pin with value()
    """
    if config.kind == "krcu":
        return krcu.device(config, place.uart(config.bus, config.baud))
    is_on = config.at_start == "on"
    level = config.active_level if is_on else 1 - config.active_level
    relay = place.output(config.pin, level)
    return RelayLock(config, relay, place.contact(config.feedback_pin), now_ms)
