"""An output: a lock, a lamp, a sounder. What it does alone is declared, not chance."""

from casewire import ACTIVE, INACTIVE

_WORDS = {"off": INACTIVE, "on": ACTIVE}


class Output:
    """One output pin. ``state`` is what the pin shows, read back, not what was asked."""

    def __init__(self, config, pin) -> None:
        self.point = config.point
        self._pin = pin
        self._active_level = config.active_level
        self._on_lost = config.on_lost
        self.put(_WORDS[config.at_start])
        self.state = self._read()

    def put(self, state) -> None:
        self._pin.value(self._active_level if state == ACTIVE else 1 - self._active_level)

    def lose_link(self) -> None:
        """Take the state declared for a lost link; "hold" leaves the pin alone."""
        if self._on_lost != "hold":
            self.put(_WORDS[self._on_lost])

    def poll(self):
        """Read the pin back; return True if it shows another state than before."""
        state = self._read()
        if state == self.state:
            return False
        self.state = state
        return True

    def _read(self):
        return ACTIVE if self._pin.value() == self._active_level else INACTIVE
