"""A plan that violates becomes a small one that violates the same, told in plain words."""

from dataclasses import replace

import pytest

from casegateway.memory import SeenSeqs
from tests.simulation import shrink
from tests.simulation.plan import Act, Fault, Plan
from tests.simulation.shrink import Shrinker, names_of, story

SECOND_US = 1_000_000
START_US = 1_773_795_600_000_000  # 2026-03-18 09:00 +08:00
SECONDS_MAX = 25.0


def remembers_numbers_of_another_boot(self: SeenSeqs, boot: int, seq: int) -> None:
    """tests/planted/dedupe-numbers-of-another-boot.diff: what an earlier boot sent counts as taken."""
    if boot < self.boot:
        return
    if boot > self.boot:
        self.boot, self.top = boot, 0
    self._recent[seq] = None
    self.top = max(self.top, seq)


def busy_plan() -> Plan:
    """A minute of doors and recorders in the small area, and faults of which one alone shows the bug."""
    acts = [
        Act(
            (30 + 2 * n) * SECOND_US,
            "door",
            {"door": ("gate", "door-waiting-1")[n % 2], "is_open": n % 4 < 2},
        )
        for n in range(40)
    ]
    acts += [
        Act((31 + 9 * n) * SECOND_US, "recorder", {"recorder": "rec-1", "is_on": n % 2 == 0})
        for n in range(8)
    ]
    faults = (
        Fault(32 * SECOND_US, "network", 20 * SECOND_US, {"name": "double", "settings": {"p": 0.3}}),
        Fault(
            50 * SECOND_US,
            "line",
            3 * SECOND_US,
            {"port": "line1", "name": "flip", "settings": {"p": 0.0005}},
        ),
        Fault(45 * SECOND_US, "node_reset", 0, {"node": "n1"}),
        Fault(50 * SECOND_US, "server_kill", 5 * SECOND_US),
    )
    settings = {
        "area": "small",
        "server": "plain",
        "wants_oracle": False,
        "ppm": {"n1": 31.0},
        "scrub_hour": 3,
    }
    acts.sort(key=lambda act: act.at_us)
    return Plan("shrink", START_US, 75 * SECOND_US, tuple(acts), faults, settings)


@pytest.mark.slow
def test_a_planted_bug_shrinks_to_a_handful_of_items_that_replay_to_the_same_violation(monkeypatch) -> None:
    plan = busy_plan()
    assert names_of(plan) == (), "without the bug nothing is violated"
    monkeypatch.setattr(SeenSeqs, "add", remembers_numbers_of_another_boot)
    name = names_of(plan)[0].partition(":")[0]
    shrinker = Shrinker(plan, name, seconds_max=SECONDS_MAX)
    small = shrinker.shrink()
    assert [fault.kind for fault in small.faults] == ["node_reset"]
    assert len(small.acts) <= 4
    assert small.for_us < plan.for_us
    assert set(small.settings) == {"area", "server", "wants_oracle"}
    again = names_of(Plan.loads(small.dumps()))
    assert tuple(dict.fromkeys(line for line in again if line.startswith(f"{name}:"))) == shrinker.violations
    told = story(small, shrinker.violations)
    assert "FAULT node_reset: A board's watchdog bites (node n1)" in told
    assert f"VIOLATED  {name}: " in told
    monkeypatch.undo()
    assert names_of(small) == ()


def counted(plan: Plan) -> tuple[str, ...]:
    """A stand-in for a run: violated by two acts and a fault together, whatever else is there."""
    doors = {act.args["door"] for act in plan.acts}
    kinds = {fault.kind for fault in plan.faults}
    is_violated = {"d3", "d17"} <= doors and "gateway_kill" in kinds and plan.for_us > 30 * SECOND_US
    return ("I6: too late", "I9: gone") if is_violated else ("I9: gone",)


def made_up() -> Plan:
    """Forty acts and twelve faults."""
    acts = tuple(Act(n * SECOND_US, "door", {"door": f"d{n}", "is_open": True}) for n in range(40))
    kinds = ("gateway_kill", "no_ntp", "forge")
    faults = tuple(Fault(n * SECOND_US, kinds[n % 3], 600 * SECOND_US) for n in range(12))
    return Plan("made-up", START_US, 3_600 * SECOND_US, acts, faults, {"ppm": {"n1": 1.0}})


def test_only_what_is_needed_together_is_left() -> None:
    shrinker = Shrinker(made_up(), "I6", run=counted)
    small = shrinker.shrink()
    assert [act.args["door"] for act in small.acts] == ["d3", "d17"]
    assert [(fault.kind, fault.for_us) for fault in small.faults] == [("gateway_kill", SECOND_US)]
    assert 30 * SECOND_US < small.for_us <= 32 * SECOND_US
    assert small.settings == {}
    assert shrinker.violations == ("I6: too late",)


def test_another_invariant_than_the_wanted_one_is_no_find() -> None:
    shrinker = Shrinker(made_up(), "I4", run=counted)
    assert shrinker.shrink() == made_up()
    assert shrinker.violations == ()


def test_no_more_runs_than_allowed_are_made() -> None:
    shrinker = Shrinker(made_up(), "I6", run=counted, runs_max=7)
    small = shrinker.shrink()
    assert shrinker.runs == 7
    assert "I6: too late" in counted(small)


def test_leaving_a_fault_out_does_not_change_the_draws_of_the_others(monkeypatch) -> None:
    """Or a plan could not be made small: each thing left out would make another world of it."""
    drawn: list[int] = []
    monkeypatch.setattr(
        "tests.simulation.faults.Faults.replay",
        lambda self, rng, fault, port: drawn.append(rng.getrandbits(64)),
    )
    fault = Fault(3 * SECOND_US, "replay", 0, {"port": "line1"})
    plan = replace(busy_plan(), for_us=5 * SECOND_US, acts=(), faults=(Fault(SECOND_US, "forge"), fault))
    for each in (plan, replace(plan, faults=(fault,))):
        shrink.names_of(each)
    assert len(drawn) == 2
    assert drawn[0] == drawn[1]
