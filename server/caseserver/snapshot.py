"""Plain records between the worker and the rest: a message down, an area at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caseserver.alarms import Alarm
from caseserver.heartbeat import Heartbeat
from custody.engine import Duty
from custody.world import World


@dataclass(frozen=True, slots=True)
class Message:
    """To be published on caseward/v1/<gateway>/down/<topic>."""

    gateway: str
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An officer has an alarm (`action`: taken, acknowledged), and its gateway, which is not heard, does not know it yet."""

    action: str
    officer: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An area at one moment; nothing in it changes any more."""

    world: World
    alarms: tuple[Alarm, ...]
    closed: tuple[Alarm, ...]
    duties: tuple[Duty, ...]
    size: int
    proved_us: int | None
    seen_us: int | None
    heartbeat: Heartbeat | None
    is_stale: bool
    is_silent: bool
    is_forked: bool
    differences: tuple[str, ...]
    counters: Mapping[str, int]
    waiting_facts: int
    answers: Mapping[str, Answer]
    offset_us: int
