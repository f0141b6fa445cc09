"""What must have been seen in the machine, in words."""

from collections.abc import Callable
from typing import Any

from casewire import ACTIVE, INACTIVE, UNKNOWN

Seen = dict[str, Any]
Check = tuple[str, Callable[[Seen], bool]]

# The machine's processor is computed in software, so times are looser than a Pi's.
SEEN_MS_MAX = 400
NO_EDGES = "Failed to add edge detection"


def told(seen: Seen, state: int) -> bool:
    """A change was told, and in time. Active: closed."""
    return seen["told"] == state and seen["ms"] <= SEEN_MS_MAX


CHECKS: dict[str, list[Check]] = {
    "contact": [
        ("an open door contact reads open", lambda s: s["rests"] == INACTIVE),
        ("one that closes is told", lambda s: told(s["closed"], ACTIVE)),
        ("one that opens is told", lambda s: told(s["opened"], INACTIVE)),
        ("edges are had, and nothing is said of it", lambda s: s["edges"] and not s["log"]),
    ],
    "output": [
        ("the simulator sees each level of an output", lambda s: s["levels"] == [0, 1, 0, 1]),
    ],
    "chatter": [
        ("25 changes of a contact that bounces are one", lambda s: s["told"] == [ACTIVE]),
    ],
    "loose wire": [
        ("a line that moves between the scans is unknown", lambda s: s["state"] == UNKNOWN),
        ("and known when it is still", lambda s: s["after"] == INACTIVE),
    ],
    "deaf": [
        (
            "a kernel that took the wish and tells no edge: the scans tell all the same",
            lambda s: told(s["closed"], ACTIVE) and told(s["opened"], INACTIVE),
        ),
    ],
    "no chip": [
        (
            "a machine without a chip is told in words, by gateway and node",
            lambda s: all("expected a GPIO chip that opens" in s.get(who, "") for who in ("gateway", "node")),
        ),
    ],
    "original, chip as kernels number it now": [
        (
            "edges fail, and it is said",
            lambda s: not s["edges"] and NO_EDGES in s["log"][0]["reason"] and len(s["log"]) == 1,
        ),
        (
            "the contact is told by scans",
            lambda s: told(s["seen"][0], ACTIVE) and told(s["seen"][1], INACTIVE),
        ),
        ("an output is set in the chip's registers", lambda s: s["is_set"]),
    ],
    "original, chip numbered from 0": [
        ("edges are had, and told", lambda s: s["edges"] and s["told"] >= 1),
        ("the contact is told", lambda s: told(s["seen"][0], ACTIVE) and told(s["seen"][1], INACTIVE)),
        ("an output is set in the chip's registers", lambda s: s["is_set"]),
    ],
}


def judge(seen: dict[str, Seen]) -> list[tuple[str, str, bool]]:
    """(case, sentence, whether it is so) of every check; a case that told nothing fails all of its checks."""
    return [
        (case, sentence, _is_so(is_so, seen.get(case)))
        for case, checks in CHECKS.items()
        for sentence, is_so in checks
    ]


def _is_so(is_so: Callable[[Seen], bool], seen: Seen | None) -> bool:
    return seen is not None and "failed" not in seen and is_so(seen)
