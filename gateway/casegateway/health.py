"""The heartbeat's body: how old each source's last word is, how full each queue, what went wrong."""

from typing import Any

from casegateway.events import Moment
from caselog.clock import Instant


def source(state: str, heard_real_us: int | None, now: Moment) -> dict[str, Any]:
    """One supervised source. `age_ms`: real milliseconds since its last authentic word, or null."""
    age_ms = None if heard_real_us is None else max(0, now.real_us - heard_real_us) // 1_000
    return {"age_ms": age_ms, "state": state}


def heartbeat(instant: Instant, size: int, health: dict[str, Any]) -> dict[str, Any]:
    """The up/hb object."""
    return {
        "v": 1,
        "boot": instant.boot,
        "boottime_us": instant.boottime_us,
        "earliest_us": instant.earliest_us,
        "latest_us": instant.latest_us,
        "size": size,
        "health": health,
    }
