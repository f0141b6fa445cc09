"""When a server that beats regularly has fallen silent. Sans IO; `now_s` is a steady clock."""

from __future__ import annotations

from typing import Final, Literal

ALIVE: Final = "alive"
SILENT: Final = "silent"


class Silence:
    """One server. Until its first beat it has as long as between two."""

    def __init__(self, silent_s: float, now_s: float) -> None:
        """Silent after `silent_s` without a beat."""
        self.state: Literal["alive", "silent"] = ALIVE
        self._silent_s = silent_s
        self._beat_s = now_s
        self._newest_time_s = 0

    def beat(self, time_s: int, now_s: float) -> bool:
        """A signed beat that was made at POSIX second `time_s`. False for one that is no newer than the last: it is a copy."""
        if time_s <= self._newest_time_s:
            return False
        self._newest_time_s, self._beat_s = time_s, now_s
        return True

    def look(self, now_s: float) -> Literal["", "alive", "silent"]:
        """What it has become since the last look, "" when nothing has changed."""
        found: Literal["alive", "silent"] = SILENT if now_s - self._beat_s > self._silent_s else ALIVE
        changed = found if found != self.state else ""
        self.state = found
        return changed
