"""What must have been seen in the machine, in words."""

from collections.abc import Callable
from typing import Any

from casegateway.limits import GPIO_EDGE_LATE_MS, GPIO_REREAD_MS

Seen = dict[str, Any]
Check = tuple[str, Callable[[Seen], bool]]

# The machine's processor is computed in software, so times are looser than a Pi's.
EDGE_MS_MAX = 300
POLL_MS_MAX = 400
REREAD_MS_MAX = GPIO_REREAD_MS + GPIO_EDGE_LATE_MS + 300
LATER_THAN_AN_EDGE_MS = 50
NO_EDGES = "Failed to add edge detection"


def told(seen: Seen, closed: bool, ms_max: int, ms_min: int = 0) -> bool:
    """A change was told, and in time."""
    return seen["told"] is closed and ms_min <= seen["ms"] <= ms_max


CHECKS: dict[str, list[Check]] = {
    "contact": [
        ("an open contact reads open", lambda s: s["rests"] is False),
        ("a contact that closes is told by an edge", lambda s: told(s["closed"], True, EDGE_MS_MAX)),
        ("a contact that opens is told by an edge", lambda s: told(s["opened"], False, EDGE_MS_MAX)),
        (
            "health says edges",
            lambda s: s["health"]["inputs"] == "edges" and s["health"]["edges_missed"] == 0,
        ),
    ],
    "output": [
        ("the simulator sees each level of an output", lambda s: s["levels"] == [0, 1, 0, 1]),
        ("an output keeps its level when the port closes", lambda s: s["after_close"] == 1),
    ],
    "chatter": [
        ("25 changes of a contact that bounces are one", lambda s: s["told"] == [True]),
    ],
    "lost edges": [
        ("with edges: told by one", lambda s: told(s["seen"][0], True, EDGE_MS_MAX)),
        (
            "a kernel that took the wish and tells no edge: each change is found by reading again",
            lambda s: all(
                told(seen, number % 2 == 1, REREAD_MS_MAX, LATER_THAN_AN_EDGE_MS)
                for number, seen in enumerate(s["seen"][1:4])
            ),
        ),
        (
            "the third makes lines polled",
            lambda s: [seen["mode"] for seen in s["seen"]] == ["edges"] * 3 + ["polled"] * 3,
        ),
        (
            "polled: told within a few polls",
            lambda s: all(
                told(seen, number % 2 == 0, POLL_MS_MAX) for number, seen in enumerate(s["seen"][4:])
            ),
        ),
        (
            "health and log say why",
            lambda s: (
                s["health"]["inputs"] == "polled"
                and s["health"]["edges_missed"] == 3
                and "3 of 4 changes came without an edge" in s["health"]["reason"]
                and [entry["reason"] for entry in s["log"]] == [s["health"]["reason"]]
            ),
        ),
    ],
    "no chip": [
        (
            "a machine without a chip is told in words",
            lambda s: "expected a GPIO chip that opens" in (s["error"] or ""),
        ),
    ],
    "original, chip as kernels number it now": [
        (
            "edges fail, and it is said",
            lambda s: (
                s["health"]["inputs"] == "polled"
                and NO_EDGES in s["health"]["reason"]
                and [entry["reason"] for entry in s["log"]] == [s["health"]["reason"]]
            ),
        ),
        (
            "the contact is told by polls",
            lambda s: told(s["seen"][0], True, POLL_MS_MAX) and told(s["seen"][1], False, POLL_MS_MAX),
        ),
        ("an output is set in the chip's registers", lambda s: s["is_set"]),
    ],
    "original, chip numbered from 0": [
        (
            "health says edges",
            lambda s: s["health"]["inputs"] == "edges" and s["health"]["edges_missed"] == 0,
        ),
        (
            "the contact is told by edges",
            lambda s: told(s["seen"][0], True, EDGE_MS_MAX) and told(s["seen"][1], False, EDGE_MS_MAX),
        ),
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
