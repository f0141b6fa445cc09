"""What the simulator's own checks of the handling of alarms see and let pass, on logs of a few lines."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.simulation.aftermath import judge_handling
from tests.simulation.truth import Truth

GATE, UNDER = "a1/DR/open/door:gate/1", "a1/SYS/input/input:gate/1"


def fact(action: str, officer: str = "o1", alarm: str = GATE) -> dict[str, Any]:
    return {"class": "fact", "type": f"alarm.{action}/1", "body": {"alarm": alarm, "officer": officer}}


def changed(cause: int, action: str, officer: str = "o1", alarm: str = GATE) -> dict[str, Any]:
    body = {"alarm": alarm, "officer": officer, "action": action}
    return {
        "class": "output", "type": "alarm.changed/1", "body": body, "id": f"alarm.changed|{alarm}|{action}|{cause}",
    }  # fmt: skip


def raised(cause: int, alarm: str = GATE) -> dict[str, Any]:
    return {
        "class": "output", "type": "alarm.raised/1", "body": {"alarm": alarm}, "id": f"alarm.raised|{alarm}|1s|{cause}",
    }  # fmt: skip


def found(*leaves: dict[str, Any]) -> list[str]:
    """Violations of a log of these lines, the first of which has index 1."""
    world: Any = SimpleNamespace(truth=Truth())
    judge_handling(world, [{"id": f"f{n}"} | leaf | {"index": n} for n, leaf in enumerate(leaves, 1)])
    return world.truth.violations


@pytest.mark.parametrize(
    "leaves",
    [
        # Outputs of a batch stand after all its facts (seed 113 at 52fc995).
        (fact("taken"), fact("rectified"), changed(1, "taken"), changed(2, "rectified"), fact("verified", "o2")),
        # What was raised before the last act about it is told after it.
        (
            fact("taken"), fact("rectified"), {"class": "fact", "type": "door.opened/1", "body": {}},
            fact("verified", "o2"), raised(3), changed(4, "verified", "o2"),
        ),
        # Closed and raised again: it begins anew.
        (fact("taken"), fact("rectified"), fact("verified", "o2"), raised(3), fact("taken")),
        # What lies under it goes along.
        (fact("taken"), fact("rectified"), changed(1, "taken"), changed(1, "taken", alarm=UNDER), changed(2, "rectified"),
         changed(2, "rectified", alarm=UNDER)),
    ],
)  # fmt: skip
def test_what_follows_the_order_of_handling_is_let_pass(leaves: tuple[dict[str, Any], ...]) -> None:
    assert found(*leaves) == []


@pytest.mark.parametrize(
    ("leaves", "violation"),
    [
        ((fact("rectified"),), f"I9: leaf 1: {GATE} rectified after unacknowledged"),
        (
            (fact("taken"), fact("rectified"), fact("verified")),
            "I9: leaf 3: o1 verified what he rectified",
        ),
        (
            (fact("taken"), changed(1, "rectified", alarm=UNDER)),
            f"I9: leaf 2: {UNDER} rectified after unacknowledged",
        ),
        (
            (fact("taken"), changed(1, "verified")),
            f"I9: leaf 2: {GATE} verified after taken",
        ),
        # Told along with a fact before which it was not yet so far: the place of its own line does not count.
        (
            (fact("taken"), fact("rectified"), fact("taken", alarm=UNDER), changed(2, "rectified", alarm=UNDER)),
            f"I9: leaf 4: {UNDER} rectified after unacknowledged",
        ),
    ],
)  # fmt: skip
def test_what_does_not_is_told(leaves: tuple[dict[str, Any], ...], violation: str) -> None:
    assert violation in found(*leaves)
