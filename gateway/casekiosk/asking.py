"""What passes between the screen's edge and the core: plain records, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from casekiosk.screens import Screen

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: `at_us` station time, earliest, microseconds UTC; `real_us` the machine's steady clock; `rate` station seconds a second."""

    at_us: int
    real_us: int
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a screen, queued for the gateway's main loop.

    `seat`: the screen's own token; `action`: what was touched, `open` for the page itself, `wait` for news after `version`;
    `data`: a photo (JPEG) or a signature (SVG); `digest`: hash of a PIN that was tried.
    """

    id: int
    cabinet: str
    seat: str
    action: str
    fields: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    digest: bytes | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What to show now. `version` rises with each other screen of the cabinet; `status` is HTTP's."""

    ask: int
    status: int
    version: int
    screen: Screen | None
    now_us: int = 0
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that an officer states at the kiosk; `id` is the same when it is stated again after a restart."""

    type: str
    body: Mapping[str, str | int | bool | list[str] | None]
    id: str
