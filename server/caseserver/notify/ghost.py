"""What a ghost stay does next, as one pure question over what is seen: arrive, be warned of, be judged, go before the limit.

Level-triggered: asked again after any restart it goes on from what the log and the store say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

BEGIN: Final = "begin"
TELL: Final = "tell"
PASS: Final = "pass"
FAIL: Final = "fail"
RELEASE: Final = "release"


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at one area. `is_time`: the hour has come and this night has none yet; `begun_us`: of the ghost under way.

    `is_judged`: passed or failed already; `is_here`: its stay is open in the area's log; `is_alarmed`: a rule has warned of it;
    `waiting`: receivers that have not accepted yet.
    """

    now_us: int
    is_time: bool
    begun_us: int | None
    is_judged: bool
    is_here: bool
    is_alarmed: bool
    waiting: Collection[str]


def next_act(sight: Sight, within_us: int) -> tuple[str, str]:
    """(act, what was missing); ("", "") when there is nothing to do."""
    if sight.begun_us is None:
        return (BEGIN, "") if sight.is_time else ("", "")
    if not sight.is_judged:
        if sight.is_alarmed and not sight.waiting:
            return PASS, ""
        if sight.now_us - sight.begun_us > within_us:
            missing = (
                sorted(sight.waiting)[0] if sight.is_alarmed else "alarm" if sight.is_here else "gateway"
            )
            return FAIL, missing
        return (TELL, "") if sight.is_alarmed else ("", "")
    return (RELEASE, "") if sight.is_here else ("", "")
