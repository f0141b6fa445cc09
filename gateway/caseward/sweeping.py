"""Garbage collection that nobody has to wait for.

CPython looks for cycles among everything that lives as soon as a quarter of it is new, in whatever thread asks for memory,
and all threads stand still meanwhile. The facts and duties of a busy day are hundreds of thousands of objects: a quarter of a
second, and it comes in the middle of a flood of alarms, because that is when they are made. So what has been looked through
once is set aside (`gc.freeze`), only what came since is looked at, often and briefly, and all of it when little goes on.
"""

from __future__ import annotations

import gc
import threading
import time
from typing import Final

EACH_S: Final = 10.0
WHOLE_S: Final = 3_600.0
"""All of it is looked through after this, as soon as the process is idle."""
WHOLE_S_MAX: Final = 24 * 3_600.0
"""And after this in any case."""
IDLE_SHARE: Final = 0.2
"""Of one core: a process that uses less is idle."""
NEVER: Final = 2**30
"""As the threshold of the oldest generation: it is collected by nobody else."""


class Sweeper:
    """What is done at each turn. Times are seconds: `now_s` of the steady clock, `cpu_s` used by this process."""

    def __init__(self, now_s: float, cpu_s: float) -> None:
        """From now on the interpreter itself collects only what is young."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, NEVER)
        self._turned_s, self._cpu_s = now_s, cpu_s
        self._whole_s = now_s

    def turn(self, now_s: float, cpu_s: float) -> None:
        """Collect what came since the last turn, or everything when it is time for that; then set aside what lives."""
        share = (cpu_s - self._cpu_s) / max(now_s - self._turned_s, 1e-9)
        self._turned_s, self._cpu_s = now_s, cpu_s
        age_s = now_s - self._whole_s
        if age_s >= WHOLE_S_MAX or (age_s >= WHOLE_S and share < IDLE_SHARE):
            self._whole_s = now_s
            gc.unfreeze()
        gc.collect()
        gc.freeze()


def start() -> None:
    """In a thread of its own, to the end of the process."""
    sweeper = Sweeper(time.monotonic(), time.process_time())

    def sweep() -> None:
        while True:
            time.sleep(EACH_S)
            sweeper.turn(time.monotonic(), time.process_time())

    threading.Thread(target=sweep, name="caseward-sweep", daemon=True).start()
