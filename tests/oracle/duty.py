"""Duties: armed when a condition begins to hold, raised stage by stage, closed when it no longer does.

A stage is raised when it falls due before the end, or at the very moment of the beginning (0 s).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle.calendar import HOUR, MINUTE, SECOND
from tests.oracle.state import Stay, Step, Unit, World

S1, S2, S3, S4 = "S1", "S2", "S3", "S4"
Ladder = tuple[tuple[int, str], ...]
Subject = tuple[str, str, str]  # rule, variant, subject


class Begin(NamedTuple):
    """The condition holds. `since` None: from the fact by which it began, and `stages` are offsets;
    else `stages` are instants. `done`: it is found out already over, and since when."""

    since: int | None
    stages: Ladder
    done: int | None = None
    run: int = -1  # the same duty while this stays the same; another begins when it changes
    limit: str = ""  # of a clock: a step of another limit is another step


BLIND = "blind"  # cannot be seen: neither begins nor ends
Answer = Begin | str | None


class Rule(NamedTuple):
    """One table of a rule: what it is about and how to ask whether its condition holds now."""

    rule: str
    variant: str
    unit: str
    asks: Callable[[World, Any], Answer]
    place: bool = False  # asked after every fact, for every open stay (or room)


class Instant(NamedTuple):
    """A rule about an act, judged before the fact takes effect; told and over in that moment."""

    rule: str
    variant: str
    fact: str
    unit: str
    severity: str
    broken: Callable[[World, Any, dict[str, Any]], bool]


class Tables(NamedTuple):
    """What a family of rules consists of in one book."""

    rules: list[Rule]
    instants: list[Instant]


def ladder(*steps: tuple[float, str, str]) -> Ladder:
    """((15, "min", S2), …) as offsets in microseconds."""
    units = {"s": SECOND, "min": MINUTE, "h": HOUR}
    return tuple((int(number * units[unit]), severity) for number, unit, severity in steps)


def at_once(severity: str) -> Ladder:
    """Raised as soon as the condition holds."""
    return ((0, severity),)


def counted(since: int, stages: Ladder, run: int | None = None) -> Begin:
    """Stages counted from a known beginning; a later beginning is another duty unless the run is the same."""
    instants = tuple((since + offset, severity) for offset, severity in stages)
    return Begin(since, instants, run=since if run is None else run)


# ---- "after X until Y" ----------------------------------------------------------------------------


def within(
    rule: str,
    variant: str,
    unit: str,
    since: Sequence[str],
    until: Sequence[str],
    stages: Ladder,
    *,
    outlives: bool = False,
    ever: bool = False,
    only: Callable[[World, Any], bool] | None = None,
) -> Rule:
    """After the last of `since`, one of `until` at or after it; `ever`: it may also lie before.

    The release of the stay ends it unless it `outlives`. When it is told only now that it had begun,
    and the until-step was done meanwhile, it is found out already over.
    """

    def asks(world: World, about: Unit) -> Answer:
        if about.ended is not None and not outlives:
            return None
        if only is not None and not only(world, about):
            return None
        begin = about.last(*since)
        if begin is None:
            return None
        if ever and any(step.time < begin.time for name in until for step in about.all(name)):
            return None
        end = about.first_at(begin.time, until)
        if end is None:
            return counted(begin.time, stages, _run(since, begin))
        return Begin(begin.time, counted(begin.time, stages).stages, end, run=_run(since, begin))

    return Rule(rule, variant, unit, asks)


def _run(since: Sequence[str], begin: Step) -> int:
    """A measure goes on being the same however late its start is told; every other step begins anew."""
    return -1 if any(name.startswith("measure:") for name in since) else begin.position


def returned(
    rule: str, variant: str, unit: str, step: str, written: str, until: Sequence[str], stages: Ladder
) -> Rule:
    """Counted from the instant written in a field of the step; ended by a later step."""

    def asks(world: World, about: Unit) -> Answer:
        if about.ended is not None:
            return None
        begin = about.last(step)
        if begin is None or about.first_after(begin.position, until) is not None:
            return None
        return counted(begin.body[written], stages, begin.position)

    return Rule(rule, variant, unit, asks)


# ---- "held in a room" -----------------------------------------------------------------------------


def held(
    rule: str,
    variant: str,
    kinds: Sequence[str] | None,
    stages: Ladder,
    broken: Callable[[World, Stay, str], bool | None] | None = None,
    only: Callable[[World, Stay], bool] | None = None,
) -> Rule:
    """Held in a room of these kinds (None: any but outside), and it is `broken` there.

    What forms say (`only`) is known; who is in the room is not while a reader of it is not heard.
    `broken` may itself answer None: it cannot be seen.
    """

    def asks(world: World, stay: Stay) -> Answer:
        if not stay.open or (only is not None and not only(world, stay)):
            return None
        room = stay.room
        if room is None:
            return None
        kind = world.kind(room)
        if kind == "outside" if kinds is None else kind not in kinds:
            return None
        answer = True if broken is None else broken(world, stay, room)
        if answer is False:
            return None
        return Begin(None, stages) if answer and world.sees(room) else BLIND

    return Rule(rule, variant, "stay", asks, place=True)


def unrecorded(
    rule: str,
    variant: str,
    kinds: Sequence[str] | None,
    stages: Ladder,
    only: Callable[[World, Stay], bool],
) -> Rule:
    """Held in such a room, and the room is not being recorded."""

    def broken(world: World, _stay: Stay, room: str) -> bool | None:
        recording = world.recording(room)
        return None if recording is None else not recording

    return held(rule, variant, kinds, stages, broken, only)


# ---- the table of duties --------------------------------------------------------------------------


@dataclass
class Duty:
    """One that stands."""

    since: int
    armed: int
    stages: Ladder
    run: int = -1
    raised: bool = False
    limit: str = ""
    done: set[tuple[str, int]] = field(default_factory=set)  # the steps of the ladder that were raised


@dataclass
class Duties:
    """All that stand, and what came of those that stood."""

    until: int
    standing: dict[Subject, Duty] = field(default_factory=dict)
    settled: set[tuple[Subject, int]] = field(default_factory=set)
    alarms: set[tuple[str, str, str, str, int]] = field(default_factory=set)
    closings: set[tuple[str, str, str, int, int]] = field(default_factory=set)

    def tell(self, subject: Subject, answer: Answer, now: int) -> None:
        """What the rule answers after a fact that occurred now."""
        if answer == BLIND:
            return
        duty = self.standing.get(subject)
        if answer is None:
            if duty:
                self.close(subject, now)
            return
        assert isinstance(answer, Begin)
        if answer.done is not None:
            self._found_out(subject, answer, now)
        elif duty is None:
            self._arm(subject, answer, now)
        elif answer.since is None or answer.since <= duty.since or answer.run == duty.run:
            self._move(subject, duty, answer, now)
        else:
            self.close(subject, now)
            self._arm(subject, answer, now)

    def _move(self, subject: Subject, duty: Duty, answer: Begin, now: int) -> None:
        """The same duty, known better: an earlier beginning, another limit. What was raised stays raised."""
        if answer.since is None or (answer.since, answer.stages) == (duty.since, duty.stages):
            return
        self._reach(subject, duty, now)
        duty.since, duty.stages, duty.run = answer.since, answer.stages, answer.run
        duty.limit = answer.limit

    def instant(self, subject: Subject, severity: str, now: int) -> None:
        """Raised and over in the same moment."""
        self.alarms.add((*subject, severity, now))
        self.closings.add((*subject, now, now))

    def close(self, subject: Subject, now: int) -> None:
        """It ended by a fact that occurred now."""
        self._reach(subject, self.standing[subject], now)
        self._end(subject, now)

    def _end(self, subject: Subject, now: int) -> None:
        duty = self.standing.pop(subject)
        if duty.raised:
            self.closings.add((*subject, duty.since, now))

    def finish(self) -> None:
        """The time is over; what is due at its last moment is due."""
        for subject, duty in self.standing.items():
            self._reach(subject, duty, self.until + 1)

    def _arm(self, subject: Subject, answer: Begin, now: int) -> None:
        if answer.since is None:
            stages = tuple((now + offset, severity) for offset, severity in answer.stages)
            self.standing[subject] = Duty(now, now, stages)
        else:
            self.settled.add((subject, answer.since))
            self.standing[subject] = Duty(answer.since, now, answer.stages, answer.run, limit=answer.limit)

    def _reach(self, subject: Subject, duty: Duty, end: int) -> None:
        for number, (due, severity) in enumerate(duty.stages):
            if (duty.limit, number) not in duty.done and (due < end or due == duty.since <= duty.armed):
                duty.raised = True
                duty.done.add((duty.limit, number))
                self.alarms.add((*subject, severity, due))

    def _found_out(self, subject: Subject, answer: Begin, now: int) -> None:
        assert answer.since is not None
        assert answer.done is not None
        told = (subject, answer.since) in self.settled
        self.settled.add((subject, answer.since))
        duty = self.standing.get(subject)
        if duty is not None:
            self._reach(subject, duty, now)
            self._move(subject, duty, answer, now)
            self._reach(subject, duty, answer.done)
            self._end(subject, now)
        elif not told:
            late = [(due, severity) for due, severity in answer.stages if due < answer.done]
            for due, severity in late:
                self.alarms.add((*subject, severity, due))
            if late:
                self.closings.add((*subject, answer.since, answer.done))
