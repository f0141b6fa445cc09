"""Milliseconds since start that never wrap, from a tick counter that does."""

# ticks_ms() wraps at 2^30 on the boards, elsewhere at some higher power of two
# (docs.micropython.org, time.ticks_ms). Differences modulo 2^30 are right on all,
# as long as somebody asks within 12 days; the main loop asks each few milliseconds.
_PERIOD_MASK = (1 << 30) - 1


class Uptime:
    """Widens ``ticks_ms`` (a function without arguments) into a rising 64-bit count."""

    def __init__(self, ticks_ms) -> None:
        self._ticks_ms = ticks_ms
        self._last_ticks = ticks_ms()
        self._total_ms = 0

    def now_ms(self) -> int:
        ticks = self._ticks_ms()
        self._total_ms += (ticks - self._last_ticks) & _PERIOD_MASK
        self._last_ticks = ticks
        return self._total_ms
