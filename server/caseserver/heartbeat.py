"""Reading `up/hb` and `up/birth`: what a gateway says of itself. Any bytes may come in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from caselog.clock import Instant
from caseserver.samples import Reading

HEARTBEAT_BYTES_MAX: Final = 65_536
SOURCES_MAX: Final = 256
_NAME_CHARS_MAX: Final = 64
_UNSEEN_STATES: Final = frozenset({"lost", "unknown"})


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`size`: durable leaves of the gateway's log; `pending`: leaves that its disk has not taken yet.

    `sources`: its supervised sources as readings; `queue`: durable leaves unsent.
    """

    instant: Instant
    size: int
    pending: int
    sources: Mapping[str, Reading]
    states: Mapping[str, str]
    queue: int
    health: Mapping[str, Any]


def parse(payload: bytes) -> Heartbeat | None:
    """The heartbeat in `payload`, or None when it is none."""
    if len(payload) > HEARTBEAT_BYTES_MAX:
        return None
    try:
        value = json.loads(payload)
        latest_us = value["latest_us"]
        instant = Instant(
            _count(value["boot"]),
            _count(value["boottime_us"]),
            _count(value["earliest_us"]),
            None if latest_us is None else _count(latest_us),
        )
        size = _count(value["size"])
        health = value.get("health") or {}
        sources, states = _sources(health)
        pending = max(0, _lenient(health.get("log", {}).get("size")) - size)
        queue = _lenient(health.get("queues", {}).get("outbox", 0))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Heartbeat(instant, size, pending, sources, states, queue, health)


def _sources(health: Mapping[str, Any]) -> tuple[dict[str, Reading], dict[str, str]]:
    """`health.sources` is {name: {"state", "age_ms", "queue"?}}; what is not so is left out."""
    readings: dict[str, Reading] = {}
    states: dict[str, str] = {}
    for name, entry in list(health.get("sources", {}).items())[:SOURCES_MAX]:
        if not isinstance(entry, dict) or not 0 < len(name) <= _NAME_CHARS_MAX or not name.isprintable():
            continue
        state = str(entry.get("state", "unknown"))[:_NAME_CHARS_MAX]
        if not state.isprintable():
            state = "unknown"
        states[name] = state
        readings[name] = Reading(
            state not in _UNSEEN_STATES, _lenient(entry.get("age_ms")), _lenient(entry.get("queue"))
        )
    return readings, states


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError("expected a count")
    return value


def _lenient(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 2**53 else 0
