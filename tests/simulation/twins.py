"""Twins: the same plan once more with one disturbance that must change nothing in what is told.

restart-anywhere: kill -9 of the gateway (or of the server) at a moment; shuffle-anywhere: the network doubles, delays and
reorders all the time; step-anywhere: the wall clock is set. The alarms that were raised and cleared are the same, by rule,
variant, subject and stage, none twice, and what nodes and officers told is the same. `python -m tests.simulation.twins`.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.simulation.plan import Act, Fault, Plan
from tests.simulation.scenes import scenes
from tests.simulation.small import RAISED, Played, Words, play
from tests.simulation.workload import plan_of
from tests.simulation.world import quiet

SECOND_US = 1_000_000
KINDS = ("gateway restart", "server restart", "shuffle", "step")
STEPS_US = (
    -86_400 * SECOND_US,
    -3_600 * SECOND_US,
    -2 * SECOND_US,
    2 * SECOND_US,
    3_600 * SECOND_US,
    86_400 * SECOND_US,
)
APART_US = SECOND_US
AT_WORK_US = 1_500_000
"""A scene's gateway is at work by then; at a start with a clock that was set wrong much is only possible."""
STEP_SLACK_US = SECOND_US
"""A step moves no alarm by more than a turn of the loop."""
SURE = {"is_patient": True, "wants_oracle": False, "rtc": "right", "ntp_found_us": (100_000, 800_000),
        "at_work_us": 35_000_000}  # fmt: skip
"""While a clock is unsure an alarm may be raised as possible and taken back: when, depends on every delay."""
SCENES = (
    "gate forced", "gate released", "gate held", "gate held on", "both doors", "chatter", "tag lifted", "two tags",
    "recorder stops", "interview dark", "person seen", "guarded", "registered", "limit in sight", "limit past", "meal due",
    "entry due", "search due", "restrained", "released", "two people",
)  # fmt: skip
"""Without a fault of their own, and without an act that depends on what a page shows at that moment."""


@dataclass(frozen=True)
class Twin:
    """A plan and its disturbance: `kind` one of `KINDS`, `at_us` since the start, `by_us` of a step."""

    kind: str
    at_us: int = 0
    by_us: int = 0

    def of(self, plan: Plan) -> Plan:
        """The plan with it."""
        if self.kind == "gateway restart":
            more = [Fault(self.at_us, "gateway_kill", SECOND_US)]
        elif self.kind == "server restart":
            more = [Fault(self.at_us, "server_kill", SECOND_US)]
        elif self.kind == "step":
            more = [Fault(self.at_us, "clock_step", 0, {"by_us": self.by_us})]
        else:
            doubled = {"name": "double", "settings": {"p": 0.5}}
            late = {"name": "late", "settings": {"p": 0.5, "ms": 1_500}}
            more = [Fault(self.at_us, "network", plan.for_us, args) for args in (doubled, late)]
        return replace(plan, faults=(*plan.faults, *more))


def twins_of(plan: Plan, every_us: int) -> Iterator[Twin]:
    """A disturbance of each kind at each moment; the network is disturbed from each moment on."""
    for number, at_us in enumerate(range(plan.settings.get("at_work_us", AT_WORK_US), plan.for_us, every_us)):
        for kind in KINDS:
            yield Twin(kind, at_us, STEPS_US[number % len(STEPS_US)] if kind == "step" else 0)


def differences(one: Played, other: Played, twin: Twin) -> list[str]:
    """What the twin tells otherwise."""
    found = [f"violation {text}" for text in other.violations[:2]]
    found += _unlike("alarm", _judged(one.alarms, twin), _judged(other.alarms, twin))
    found += _unlike("fact", one.facts, other.facts)
    if twin.kind == "step":
        found += _moved(_judged(one.raised_at_us, twin), _judged(other.raised_at_us, twin))
    return found


def _moved(one: Words, other: Words) -> list[str]:
    """Alarms of both that came at another time."""
    pairs = zip(sorted(one), sorted(other), strict=False)
    return [
        f"{row[:-1]} after {row[-1]} us, with the step after {again[-1]} us"
        for row, again in pairs
        if row[:-1] == again[:-1] and abs(int(row[-1]) - int(again[-1])) > STEP_SLACK_US
    ]


def _judged(words: Words, twin: Twin) -> Words:
    """Alarms but those that tell of the disturbance itself."""
    own = {"step": "clock"}.get(twin.kind)
    return [row for row in words if not (row[1] == "SYS" and row[2] == own)]


def _unlike(what: str, one: Words, other: Words) -> list[str]:
    mine, theirs = Counter(one), Counter(other)
    return [f"{what} missing: {row}" for row in (mine - theirs)] + [
        f"{what} more: {row}" for row in (theirs - mine)
    ]


@dataclass
class Tally:
    """What a walk through twins amounted to."""

    plans: int = 0
    alarms: int = 0
    twins: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Put what another walk found to this."""
        self.plans += other.plans
        self.alarms += other.alarms
        self.twins += other.twins
        self.differences += other.differences


def walk(plan: Plan, every_us: int, stride: int = 1, offset: int = 0) -> Tally:
    """Play a plan, and each `stride`-th of its twins, beginning with number `offset`."""
    base = play(plan)
    tally = Tally(plans=1, alarms=sum(row[0] == RAISED for row in base.alarms))
    tally.differences += [f"{plan.seed}: {text}" for text in base.violations[:3]]
    for number, twin in enumerate(twins_of(plan, every_us)):
        if number % stride == offset % stride:
            tally.twins[twin.kind] += 1
            found = differences(base, play(twin.of(plan)), twin)
            tally.differences += [f"{plan.seed} {twin}: {text}" for text in found[:3]]
    return tally


def plans() -> list[Plan]:
    """The scenes that twins are made of, with the whole server."""
    by_name = {scene.name: scene for scene in scenes()}
    return [by_name[name].plan(server="whole", is_patient=True) for name in SCENES]


def _still(acts: tuple[Act, ...]) -> Iterator[Act]:
    """Without contacts that bounce: what of it a board tells hangs on the millisecond of its scan."""
    moved_us: dict[str, int] = {}
    for act in acts:
        if act.kind in ("door", "recorder", "input"):
            thing = str(act.args[act.kind])
            if act.at_us < moved_us.get(thing, 0) + APART_US:
                continue
            moved_us[thing] = act.at_us
        yield act


def long_plan(seed: int, for_us: int) -> Plan:
    """A whole station by a seed, without faults, without acts on what a page shows, its clock sure from the start."""
    plan = plan_of(seed, for_us, wants_faults=False)
    acts = tuple(act for act in _still(plan.acts) if act.kind != "handle")
    return replace(plan, acts=acts, settings=plan.settings | SURE)


def main(argv: list[str]) -> int:
    """Exit code 1 when a twin told otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.twins", description=__doc__)
    parser.add_argument("--scene")
    parser.add_argument("--seed", type=int, help="a whole station by this seed instead")
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--every-ms", type=int, default=500)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    options = parser.parse_args(argv)
    quiet()
    bad = 0
    some = (
        plans()
        if options.seed is None
        else [long_plan(options.seed, round(options.minutes * 60 * SECOND_US))]
    )
    for plan in some:
        if options.scene not in (None, plan.seed.removeprefix("small/")):
            continue
        begun = time.process_time()
        tally = walk(plan, options.every_ms * 1_000, options.stride, options.offset)
        bad += len(tally.differences)
        print(f"{plan.seed}: {tally.alarms} alarms, {tally.twins.total()} twins, {len(tally.differences)} differences,"
              f" {time.process_time() - begun:.1f} s", flush=True)  # fmt: skip
        for line in tally.differences[:12]:
            print("   ", line[:300], flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
