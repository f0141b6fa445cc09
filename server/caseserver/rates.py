"""How many requests in a minute one address or one account may make. Pure: time is an argument, seconds that only grow."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Final

KEYS_MAX: Final = 2_000
"""Addresses or accounts counted at once; the one that asked longest ago is forgotten first."""


class Rate:
    """A bucket for each key, as large as a minute's requests, filled again evenly. Any thread may call."""

    def __init__(self, per_minute_max: int) -> None:
        """`per_minute_max`: 0 counts nothing."""
        self._max = per_minute_max
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (requests left, at_s)
        self._lock = threading.Lock()

    def take(self, key: str, now_s: float) -> int:
        """Count one request of `key`. 0: it may go on; otherwise whole seconds to wait, and it is not counted."""
        if not self._max:
            return 0
        per_s = self._max / 60
        with self._lock:
            left, at_s = self._left.pop(key, (float(self._max), now_s))
            left = min(float(self._max), left + (now_s - at_s) * per_s)
            is_allowed = left >= 1
            self._left[key] = (left - 1 if is_allowed else left, now_s)
            if len(self._left) > KEYS_MAX:
                self._left.popitem(last=False)
        return 0 if is_allowed else math.ceil((1 - left) / per_s)
