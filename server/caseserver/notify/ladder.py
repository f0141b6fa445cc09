"""The ladder: step by step up, until a human answers. Sans IO; time is an argument and never goes back.

Level-triggered: it is told what stands, as often as one likes, not what changed. So nothing is lost with a process
that dies between two tellings, and telling twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

NOBODY: Final = "nobody_on_duty"
DUE: Final = "due"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: post, microseconds after the alarm by severity (left out: never), receivers by name."""

    post: str
    after_us: Mapping[str, int]
    receivers: tuple[str, ...] = ()
    needs_turn: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One way up the ladder for one alarm. `number` counts the ways of this alarm: it may be raised again after an answer.

    `called`: steps that were called so far, from the first on. `answered_us`: None while nobody has answered;
    `answer`: taken, acknowledged, or why nobody has to any more (cleared, withdrawn).
    """

    area: str
    alarm: str
    number: int
    severity: str
    begun_us: int
    called: int = 0
    called_us: int | None = None
    answered_us: int | None = None
    answered_by: str | None = None
    answer: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The alarm."""
        return self.area, self.alarm


@dataclass(frozen=True, slots=True)
class Standing:
    """This alarm stands and no human has answered it."""

    area: str
    alarm: str
    severity: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A human answered it, or nobody has to any more (`by` None). `at_us`: by the log."""

    area: str
    alarm: str
    answer: str
    by: str | None
    at_us: int


@dataclass(frozen=True, slots=True)
class Posts:
    """Nobody is on duty at these posts now."""

    empty: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Standing | Answered | Posts | Tick


@dataclass(frozen=True, slots=True)
class Call:
    """A step is to be called now. `step` counts from 1; `why`: DUE, or NOBODY at the step before."""

    run: Run
    step: int
    post: str
    receivers: tuple[str, ...]
    why: str
    at_us: int


class Ladder:
    """Every open way up. What `step` gives is to be stored together with `take_changes`, before anybody is told."""

    def __init__(
        self, rungs: Iterable[Rung], newest: Callable[[str, str], int], open_runs: Iterable[Run] = ()
    ) -> None:
        """`newest`: number of the last stored run of (area, alarm), 0 when there is none; `open_runs`: from the store."""
        self.rungs = tuple(rungs)
        self._newest = newest
        self._open = {run.key: run for run in open_runs}
        self._known: dict[str, dict[str, str]] = {}  # area -> alarm -> how grave it was told to be
        for run in self._open.values():
            self._known.setdefault(run.area, {})[run.alarm] = run.severity
        self._empty: frozenset[str] = frozenset()
        self._next_us: dict[tuple[str, str], int] = {}  # when each calls its next step, where one is left
        self._foresee(self._open.values())
        self._changed: dict[tuple[str, str, int], Run] = {}
        self._now_us = max((run.called_us or run.begun_us for run in self._open.values()), default=0)

    @property
    def newest_us(self) -> int:
        """The newest moment it has been told or has read from the store."""
        return self._now_us

    def __len__(self) -> int:
        """How many runs nobody has answered."""
        return len(self._open)

    def known(self, area: str) -> Mapping[str, str]:
        """Alarms of an area that nobody has answered -> how grave: to be told that one of them stands so says nothing new."""
        return self._known.get(area, {})

    def beyond(self, standing: Mapping[str, Collection[str]]) -> list[Run]:
        """Runs that nobody has answered of alarms that are not among `standing` (area -> alarms), oldest first."""
        none: Collection[str] = ()
        gone = [
            self._open[area, alarm]
            for area, known in self._known.items()
            for alarm in known
            if alarm not in standing.get(area, none)
        ]
        return sorted(gone, key=_by_age)

    def called(self) -> dict[tuple[str, str], int]:
        """(area, alarm) of the runs that nobody has answered -> steps called so far."""
        return {key: run.called for key, run in self._open.items()}

    def open(self) -> list[Run]:
        """Runs that nobody has answered, oldest first."""
        return sorted(self._open.values(), key=_by_age)

    def step(self, now_us: int, event: Event) -> list[Call]:
        """What is to be called because of this. A clock that was set back stands still until it has caught up."""
        self._now_us = now_us = max(now_us, self._now_us)
        if isinstance(event, Standing):
            return self._stands(event, now_us)
        if isinstance(event, Answered):
            self._answered(event)
            return []
        if isinstance(event, Posts) and event.empty != self._empty:
            self._empty = event.empty
            self._foresee(self._open.values())
        due = [self._open[key] for key, at_us in self._next_us.items() if at_us <= now_us]
        return [call for run in sorted(due, key=_by_age) for call in self._due(run, now_us)]

    def take_changes(self) -> list[Run]:
        """Runs that are other than at the last call."""
        found = list(self._changed.values())
        self._changed.clear()
        return found

    def _stands(self, event: Standing, now_us: int) -> list[Call]:
        run = self._open.get((event.area, event.alarm))
        if run is None:
            number = self._newest(event.area, event.alarm) + 1
            run = self._put(Run(event.area, event.alarm, number, event.severity, now_us))
        elif run.severity != event.severity:
            run = self._put(replace(run, severity=event.severity))
        return self._due(run, now_us)

    def _answered(self, event: Answered) -> None:
        run = self._open.pop((event.area, event.alarm), None)
        if run is not None:
            del self._known[run.area][run.alarm]
            self._next_us.pop(run.key, None)
            done = replace(run, answered_us=event.at_us, answered_by=event.by, answer=event.answer)
            self._changed[(*run.key, run.number)] = done

    def _due(self, run: Run, now_us: int) -> list[Call]:
        calls = []
        while (due := next_call(self.rungs, run, self._empty)) is not None and due[1] <= now_us:
            step, _, why = due
            rung = self.rungs[step - 1]
            run = self._put(replace(run, called=step, called_us=now_us))
            calls.append(Call(run, step, rung.post, rung.receivers, why, now_us))
        return calls

    def _put(self, run: Run) -> Run:
        self._open[run.key] = run
        self._known.setdefault(run.area, {})[run.alarm] = run.severity
        self._changed[(*run.key, run.number)] = run
        self._foresee([run])
        return run

    def _foresee(self, runs: Iterable[Run]) -> None:
        """Note when they call their next steps: in a flood thousands wait, and each turn asks whose time has come."""
        for run in runs:
            due = next_call(self.rungs, run, self._empty)
            if due is None:
                self._next_us.pop(run.key, None)
            else:
                self._next_us[run.key] = due[1]


def _by_age(run: Run) -> tuple[int, tuple[str, str]]:
    return run.begun_us, run.key


def next_call(rungs: Sequence[Rung], run: Run, empty: Collection[str]) -> tuple[int, int, str] | None:
    """(step, when, why) of the next step that this run calls; None when none is left. `empty`: posts without anybody."""
    for step in range(run.called + 1, len(rungs) + 1):
        after_us = rungs[step - 1].after_us.get(run.severity)
        if after_us is None:
            continue
        before = rungs[step - 2] if step > 1 else None
        if before is not None and before.needs_turn and before.post in empty:
            return step, run.begun_us, NOBODY
        return step, run.begun_us + after_us, DUE
    return None
