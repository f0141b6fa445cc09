"""A contact or lock feedback on a pin: debounced, and honest about chatter."""

from casewire import ACTIVE, INACTIVE, UNKNOWN

# A contact that has not been still this long is not "as before", it is unknown:
# a loose wire at a door must not look like a door that stayed shut.
CHATTER_MS_MIN = 1000
CHATTER_DEBOUNCES = 10


class Input:
    """One debounced input.

    state       INACTIVE, ACTIVE or UNKNOWN (before the first stable reading, or chattering)
    changed_ms  uptime at which the present state began, debounce not included
    trouble     bits of casewire's Troubles; a plain contact cannot tell any
    """

    trouble = 0
    is_supervised = False

    def __init__(self, config, pin, now_ms) -> None:
        self.point = config.point
        self.kind = config.kind
        self.state = UNKNOWN
        self.changed_ms = now_ms
        self._pin = pin
        self._active_level = config.active_level
        self.debounce_ms = config.debounce_ms
        self._chatter_ms = max(CHATTER_MS_MIN, CHATTER_DEBOUNCES * config.debounce_ms)
        self._seen = self._read()
        self._seen_ms = now_ms  # since when the pin shows _seen
        self._still_ms = now_ms  # when the pin last showed one state for a debounce time

    def poll(self, now_ms):
        """Read the pin; return True if ``state`` or ``trouble`` has changed."""
        seen = self._read()
        if seen != self._seen:
            self._seen = seen
            self._seen_ms = now_ms
        if now_ms - self._seen_ms >= self.debounce_ms:
            self._still_ms = now_ms
            return self._become(seen, self._seen_ms)
        if now_ms - self._still_ms >= self._chatter_ms:
            return self._become(UNKNOWN, self._still_ms)
        return False

    def _read(self):
        return self._of_level(self._pin.value())

    def _of_level(self, level):
        if level is None:
            return UNKNOWN  # the line cannot be read
        return ACTIVE if level == self._active_level else INACTIVE

    def _become(self, state, since_ms):
        if state == self.state:
            return False
        self.state = state
        self.changed_ms = since_ms
        return True
