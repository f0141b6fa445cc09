"""What really happened, by the true time: what the checks hold the station against. Nothing of the product reads it."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

NodeBoot = tuple[str, int]
Message = tuple[str, int, int]  # node, boot, seq


@dataclass(slots=True)
class Emitted:
    """A message that a node made. `happened_us`: true time of what it tells, where the simulator knows it."""

    message: Any
    at_us: int
    uptime_ms: int
    happened_us: tuple[int, int] | None = None


@dataclass(slots=True)
class Kept:
    """A durable leaf. `at_us`: true time at which it was durable; `life`: which start of the gateway wrote it."""

    data: bytes
    at_us: int
    life: int


@dataclass(slots=True)
class Order:
    """An output that was driven, or a command that was sent."""

    at_us: int
    output: str
    active: bool
    boot: int
    command_id: int | None


@dataclass
class Truth:
    """Everything that the simulator saw happen."""

    emitted: dict[Message, Emitted] = field(default_factory=dict)
    acked: dict[Message, int] = field(default_factory=dict)  # -> true time at which the node took it off
    leaves: list[Kept] = field(default_factory=list)
    released: dict[tuple[str, int], bytes] = field(
        default_factory=dict
    )  # (origin, size) -> root of a note sent
    up: list[list[int]] = field(
        default_factory=list
    )  # [from, to] of the gateway program at work; to 0: still
    node_up: dict[str, list[list[int]]] = field(default_factory=dict)
    line_good: dict[str, list[list[int]]] = field(default_factory=dict)
    levels: dict[tuple[str, int], list[tuple[int, int]]] = field(
        default_factory=dict
    )  # point -> (true time, level)
    gone: dict[str, list[int]] = field(
        default_factory=dict
    )  # node -> since when nothing of it could be heard
    tags_gone: dict[tuple[str, int, str], list[int]] = field(
        default_factory=dict
    )  # node, point, tag -> true times
    late_us: int = 0  # the longest that a line may have kept bytes back
    slow: list[tuple[int, int, int]] = field(
        default_factory=list
    )  # from, to, by how much each byte to a board came late
    violations: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)  # officer's fact id -> the fact
    given_us: dict[str, int] = field(default_factory=dict)  # and when it was given, in the order of giving
    digest: Any = field(default_factory=sha256)

    def trace(self, *words: object) -> None:
        """One line of the trace; the digest of all lines tells two runs apart."""
        self.digest.update((" ".join(map(str, words)) + "\n").encode())

    def violate(self, name: str, text: str) -> None:
        """An invariant does not hold."""
        self.counts[f"violation {name}"] += 1
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(f"{name}: {text}")


VIOLATIONS_MAX = 50
