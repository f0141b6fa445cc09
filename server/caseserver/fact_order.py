"""Whether facts stand in the order in which one machine can have recorded them (docs/evidence.md section 2).

Within one start the lower bound of the wall clock goes by the steady clock: a wall clock set back widens nothing and
moves nothing, one that is doubted has no upper bound, and what a repair appends was recorded after all that stood
there. So no word in the log about clock or repair excuses a fall, and a false one cannot either. From one start to the next the
wall clock may come back wrong: nothing is compared.
"""

from __future__ import annotations

from caselog.clock import Instant


class FactOrder:
    """Follows the facts of one log. Of each fall it tells once, where it happens."""

    def __init__(self) -> None:
        """No fact yet."""
        self._last = (0, 0)  # boot, boottime_us
        self._earliest_us = 0  # highest of this boot among facts with an upper bound

    def wrong(self, recorded: Instant) -> tuple[str, str] | None:
        """Take the moment of the next fact; what was expected and what was found, None when it is in order."""
        moment, last = (recorded.boot, recorded.boottime_us), self._last
        self._last = moment
        if moment[0] != last[0]:
            self._earliest_us = 0
        floor_us = self._earliest_us
        is_back = recorded.latest_us is not None and recorded.latest_us < floor_us
        if recorded.latest_us is not None:
            self._earliest_us = recorded.earliest_us if is_back else max(floor_us, recorded.earliest_us)
        if moment < last:
            return _moment(*last) + " or later", _moment(*moment)
        if is_back:
            return f"latest_us from {floor_us} on", f"latest_us {recorded.latest_us}"
        return None


def _moment(boot: int, boottime_us: int) -> str:
    return f"boot {boot} boottime_us {boottime_us}"
