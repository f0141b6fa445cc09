"""What the simulator sees of sources put aside (I20) and of who is called (I21), on logs of a few lines and stories of a desk."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from caseserver.notify import ladder
from tests.simulation import calls
from tests.simulation.desk import judge_aside
from tests.simulation.truth import Truth

MINUTE_US = 60_000_000
GATE = {"alarm": "a1/DR/held-gate/door:gate/1", "rule": "DR", "subject": "door:gate"}

DEED = {"alarm": "a1/DR/forced-gate/door:gate/1"}


def raised(**more: Any) -> dict[str, Any]:
    body = GATE | {"basis": "local", "number_basis": "local", "severity": "S2"} | more
    return {"type": "alarm.raised/1", "id": "alarm.raised|x|15s|0", "body": body}


def changed(cause: int, action: str, at_us: int, **more: Any) -> dict[str, Any]:
    body = GATE | {"action": action, "at_us": at_us, "state": "unacknowledged"} | more
    return {"type": "alarm.changed/1", "id": f"alarm.changed|x|{action}|{cause}", "body": body}


def told(at_us: int) -> dict[str, Any]:
    """Any fact, at its moment."""
    return {
        "type": "deadline.reached/1",
        "class": "fact",
        "body": {},
        "recorded": {"latest_us": at_us},
        "at_us": at_us,
    }


def found(*leaves: dict[str, Any]) -> list[str]:
    """Violations of a log of these lines; the gateway was at work all the time and is away now."""
    log = [{"class": "output", "id": f"f{n}"} | leaf | {"index": n} for n, leaf in enumerate(leaves)]
    truth = Truth()
    truth.up = [[0, 0]]
    truth.leaves = [SimpleNamespace(at_us=leaf.get("at_us", 0)) for leaf in leaves]  # type: ignore[misc]
    gateway = SimpleNamespace(core=None, time=SimpleNamespace(is_honest=lambda: True))
    world: Any = SimpleNamespace(
        truth=truth, gateway=gateway, observer=SimpleNamespace(troubles=[], is_interim=False)
    )
    engine: Any = SimpleNamespace(alarms={}, outputs=dict)
    judge_aside(world, log, engine)
    return [line.partition(": ")[2] for line in truth.violations]


SHELF = changed(1, "shelved", 0, until_us=MINUTE_US)


def test_a_devices_alarm_that_is_put_aside_and_comes_back_at_its_moment_is_let_pass() -> None:
    end = changed(3, "shelf_ended", MINUTE_US)
    assert found(raised(), told(0), SHELF, told(MINUTE_US), end) == []


@pytest.mark.parametrize(
    ("leaves", "why"),
    [
        ((raised(basis="law"), told(0), SHELF), "is shelved"),
        ((raised(number_basis="law"), told(0), SHELF), "is shelved"),
        ((raised(severity="S1"), told(0), SHELF), "is shelved"),
        ((raised(**DEED), told(0), changed(1, "shelved", 0, until_us=MINUTE_US, **DEED)), "is shelved"),
        ((raised(), told(0), changed(1, "shelved", 0, until_us=31 * MINUTE_US)), "for 31.0 min"),
        ((raised(), told(0), SHELF, told(MINUTE_US - 1), changed(3, "shelf_ended", MINUTE_US)), "1 us too early"),
        ((raised(), told(0), SHELF, told(2 * MINUTE_US), changed(3, "shelf_ended", MINUTE_US)), "60.0 s too late"),
        ((raised(), told(0), changed(1, "unshelved", 0)), "was not put aside"),
        ((raised(), told(0), SHELF, told(MINUTE_US), changed(3, "shelf_ended", MINUTE_US, state="acknowledged")), "counts as seen"),
    ],
)  # fmt: skip
def test_what_may_not_be_put_aside_or_comes_back_otherwise_is_seen(leaves: tuple[Any, ...], why: str) -> None:
    lines = found(*leaves)
    assert len(lines) == 1
    assert why in lines[0]


def test_stories_of_a_desk_hold_and_a_ladder_that_forgets_who_was_called_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert calls.walk(1, 200) == []
    begin = ladder.Ladder.__init__

    def forgetful(self: Any, rungs: Any, newest: Any, open_runs: Any = ()) -> None:
        begin(self, rungs, newest, [replace(run, called=0) for run in open_runs])

    monkeypatch.setattr(ladder.Ladder, "__init__", forgetful)
    assert any("is called again" in line for line in calls.walk(1, 200))
