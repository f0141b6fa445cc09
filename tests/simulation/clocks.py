"""Clocks of one machine, made from the true time: a crystal that drifts, a wall clock that steps, an RTC that may lie."""

from caselog.clock import Instant
from tests.simulation.kernel import Kernel

SECOND_US = 1_000_000
TICKS_MASK = (1 << 30) - 1


class Crystal:
    """A steady count since power-on. `ppm`: how much too fast it runs."""

    def __init__(self, kernel: Kernel, ppm: float) -> None:
        self._kernel = kernel
        self._ppm = ppm
        self._on_us = kernel.now_us

    def restart(self) -> None:
        """Power came on: count from zero."""
        self._on_us = self._kernel.now_us

    def us(self) -> int:
        """Microseconds of this crystal since power-on."""
        true_us = self._kernel.now_us - self._on_us
        return true_us + round(true_us * self._ppm / 1e6)

    def true_us(self, count_us: int) -> int:
        """The true time at which it will show `count_us` (rounded up)."""
        return self._on_us + round(count_us / (1 + self._ppm / 1e6)) + 1


class Ticks:
    """`ticks_ms` of a board: wraps at 2^30 from a start near the wrap."""

    def __init__(self, crystal: Crystal, start: int) -> None:
        self._crystal = crystal
        self._start = start

    def __call__(self) -> int:
        return (self._start + self._crystal.us() // 1_000) & TICKS_MASK


class WallClock:
    """A machine's wall clock: `error_us` is how far it stands from the true time. NTP keeps it near while it is heard."""

    def __init__(self, kernel: Kernel, ppm: float, error_us: int) -> None:
        self._kernel = kernel
        self._ppm = ppm
        self.error_us = error_us
        self._since_us = kernel.now_us
        self.is_synchronised = True
        self.set_us = 0  # true time at which it was last set

    def us(self) -> int:
        """What it shows."""
        drift_us = 0
        if not self.is_synchronised:
            drift_us = round((self._kernel.now_us - self._since_us) * self._ppm / 1e6)
        return self._kernel.now_us + self.error_us + drift_us

    def step(self, by_us: int) -> None:
        """Somebody sets it."""
        self.set_us = self._kernel.now_us
        self.error_us += by_us

    def lose_ntp(self) -> None:
        """From now on it drifts."""
        self.error_us = self.us() - self._kernel.now_us
        self._since_us = self._kernel.now_us
        self.is_synchronised = False

    def find_ntp(self, error_us: int) -> None:
        """NTP sets it right, but for `error_us`."""
        self.is_synchronised = True
        self.set_us = self._kernel.now_us
        self.error_us = error_us


class ServerClock:
    """What the server's programs take for a clock."""

    rate = 1.0

    def __init__(self, wall: WallClock, crystal: Crystal) -> None:
        self._wall = wall
        self._crystal = crystal

    def now(self) -> Instant:
        wall_us = self._wall.us()
        return Instant(0, self._crystal.us(), wall_us, wall_us)

    def step_us(self) -> int:
        return 0
