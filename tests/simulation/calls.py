"""Who is called about alarms (I21): random stories of a duty desk through the ladder alone, which dies now and then and comes back from its store.

Held against each: no step is called twice, before its time or without a reason; and of an alarm that nobody has answered every
step whose time is over has been called. `python -m tests.simulation.hunt` plays some each round.
"""

import random
from dataclasses import dataclass, field

from caseserver.notify.ladder import NOBODY, Answered, Call, Ladder, Posts, Run, Rung, Standing, Tick
from caseserver.notify.plan import rungs_of
from caseserver.notify_settings import Notify

SECOND_US = 1_000_000
WAITS_S = (0, 0, 1, 5, 29, 30, 31, 60, 90, 120, 300, 900)
ALARMS, SEVERITIES = ("x", "y", "z"), ("S1", "S1", "S2", "S3", "S4")
EMPTY: tuple[tuple[str, ...], ...] = (
    (),
    ("duty_officer",),
    ("shift_leader",),
    ("duty_officer", "shift_leader"),
)
PLANS: tuple[tuple[Rung, ...], ...] = (
    tuple(rungs_of(Notify())),
    (
        Rung("duty_officer", {"S1": 0, "S2": 0, "S3": 0}, ("desk",), needs_turn=True),
        Rung("shift_leader", {"S1": 30 * SECOND_US, "S2": 120 * SECOND_US}, ("mail",)),
        Rung("station_leader", {"S1": 90 * SECOND_US, "S3": 60 * SECOND_US}, ("hook",)),
    ),
)


@dataclass
class Story:
    """One desk. `stored`: what outlives the process; `begun`, `called`: by (alarm, number of the run), with the step."""

    rungs: tuple[Rung, ...]
    now_us: int = 0
    empty: frozenset[str] = frozenset()
    stored: dict[tuple[str, int], Run] = field(default_factory=dict)
    begun: dict[tuple[str, int], int] = field(default_factory=dict)
    called: list[tuple[str, int, int]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def start(self) -> Ladder:
        """The process, with what its store gives."""
        return Ladder(
            self.rungs, self._newest, [run for run in self.stored.values() if run.answered_us is None]
        )

    def _newest(self, _area: str, alarm: str) -> int:
        return max((number for name, number in self.stored if name == alarm), default=0)

    def take(self, ladder: Ladder, event: Standing | Answered | Posts | Tick) -> None:
        """One telling, stored before anybody is called."""
        calls = ladder.step(self.now_us, event)
        self.stored |= {(run.alarm, run.number): run for run in ladder.take_changes()}
        for key in self.stored:
            self.begun.setdefault(key, self.now_us)
        for call in calls:
            self._called(call)
        if isinstance(event, Tick | Posts):
            self._forgotten()

    def _called(self, call: Call) -> None:
        run, key = call.run, (call.run.alarm, call.run.number, call.step)
        if key in self.called:
            self._violate(f"{key} is called again")
        self.called.append(key)
        gone_us = self.now_us - self.begun[key[:2]]
        after_us = self.rungs[call.step - 1].after_us.get(run.severity)
        before = self.rungs[call.step - 2] if call.step > 1 else None
        is_empty = before is not None and before.needs_turn and before.post in self.empty
        if after_us is None or (gone_us < after_us and not (is_empty and call.why == NOBODY)):
            self._violate(f"{key} {run.severity} is called {gone_us} us after it began: {call.why}")

    def _forgotten(self) -> None:
        for run in self.stored.values():
            if run.answered_us is not None:
                continue
            last = max(
                (step for alarm, number, step in self.called if (alarm, number) == (run.alarm, run.number)),
                default=0,
            )
            for step in range(last + 1, len(self.rungs) + 1):
                after_us = self.rungs[step - 1].after_us.get(run.severity)
                if after_us is not None and self.begun[run.alarm, run.number] + after_us <= self.now_us:
                    self._violate(f"step {step} of {run.alarm} {run.number} {run.severity} is not called")

    def _violate(self, text: str) -> None:
        self.violations.append(f"I21: {text}")


def played(seed: int) -> list[str]:
    """What did not hold of the story of this seed."""
    rng = random.Random(f"calls {seed}")
    story = Story(rng.choice(PLANS))
    ladder = story.start()
    for _ in range(rng.randrange(5, 40)):
        story.now_us += rng.choice(WAITS_S) * SECOND_US
        alarm, pick = rng.choice(ALARMS), rng.random()
        if pick < 0.4:
            story.take(ladder, Standing("a1", alarm, rng.choice(SEVERITIES)))
        elif pick < 0.55:
            story.take(ladder, Answered("a1", alarm, "taken", "o1", story.now_us))
        elif pick < 0.7:
            story.empty = frozenset(rng.choice(EMPTY))
            story.take(ladder, Posts(story.empty))
        elif pick < 0.8:
            ladder = story.start()
            story.take(ladder, Posts(story.empty))
        else:
            story.take(ladder, Tick())
    open_ = [run.alarm for run in story.stored.values() if run.answered_us is None]
    if len(open_) > len(set(open_)):
        story.violations.append(f"I21: two runs are open for one alarm: {open_}")
    return story.violations


def walk(first: int, count: int) -> list[str]:
    """Violations of so many stories, each with its seed."""
    return [f"{text} (calls {seed})" for seed in range(first, first + count) for text in played(seed)[:2]]
