"""Clocks with tiers: by the hour (T1, T5, T8) and by the calendar (T15, T18, T21, D, X)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.oracle.calendar import due_and_past
from tests.oracle.duty import S1, Answer, Begin, Ladder, Rule
from tests.oracle.shapes import duration
from tests.oracle.state import Stay, Unit, World

DAY_US = 86_400_000_000
Pauses = list[tuple[int, int | None]]


class Tier(NamedTuple):
    """A limit, and who may grant it on which grounds (no approver: it needs none)."""

    limit: str
    approvers: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()


class Start(NamedTuple):
    """When the clock began; approvals from before `position` are of an earlier run."""

    time: int
    position: int = -1


class Running(NamedTuple):
    """A clock that runs: the approved tier (-1: not even the first), its stages, when it is over."""

    start: Start
    tier: int
    stages: Ladder
    over: int | None


@dataclass(frozen=True)
class Clock:
    """One legal limit. `due` is the severity when the last day begins (calendar; empty: not told), `past` when it is over."""

    rule: str
    variant: str
    unit: str
    tiers: tuple[Tier, ...]
    begins: Callable[[World, Any], Start | None]
    calendar: bool = False
    due: str = S1
    past: str = S1
    sequential: bool = False
    outlives: bool = False
    pauses: Callable[[World, Any], Pauses] | None = None

    @property
    def key(self) -> str:
        """Under which its approvals are kept."""
        return f"{self.rule}/{self.variant}"

    def running(self, world: World, about: Unit) -> Running | None:
        """How it stands now, or None when it does not run."""
        if about.ended is not None and not self.outlives:
            return None
        start = self.begins(world, about)
        if start is None:
            return None
        tier = -1 if self.tiers[0].approvers else 0
        granted = about.approved.get(self.key)
        if granted and granted[1] > start.position:
            tier = granted[0]
        pauses = self.pauses(world, about) if self.pauses else []
        moments = [
            (_pushed(moment, start.time, pauses), severity)
            for moment, severity in self._moments(world, start.time, self.tiers[max(tier, 0)])
        ]
        stages = tuple((due, severity) for due, severity in moments if due is not None and severity)
        return Running(start, tier, stages, moments[-1][0])

    def _moments(self, world: World, start: int, tier: Tier) -> list[tuple[Callable[[int], int], str]]:
        """The stages as functions of the time that is not counted."""
        kind, number = duration(tier.limit) or ("us", 0)
        if not self.calendar:
            return [(lambda shift: start + number + shift, self.due)]
        months, days = (number, 0) if kind == "mo" else (0, number // DAY_US)

        def on(which: int) -> Callable[[int], int]:
            return lambda shift: due_and_past(start + shift, days, months, world.zone)[which]

        return [(on(0), self.due), (on(1), self.past)]

    def table(self) -> Rule:
        """The rule that raises its stages."""

        def asks(world: World, about: Unit) -> Answer:
            running = self.running(world, about)
            if running is None:
                return None
            limit = self.tiers[max(running.tier, 0)].limit
            return Begin(running.start.time, running.stages, run=running.start.position, limit=limit)

        return Rule(self.rule, self.variant, self.unit, asks)


def _pushed(moment: Callable[[int], int], start: int, pauses: Pauses) -> int | None:
    """When the moment comes if the pauses are not counted; None while it waits for the end of one."""
    shift = 0
    for begin, end in pauses:
        if end is not None and end <= start:
            continue
        begin = max(begin, start)
        if begin > moment(shift):
            break
        if end is None:
            return None
        shift += end - begin
    return moment(shift)


def spans(about: Unit, starts: Sequence[str], ends: Sequence[str]) -> Pauses:
    """From each start to the first end after it; a start within an open span changes nothing."""
    events = [(step.position, step.time, True) for name in starts for step in about.all(name)]
    events += [(step.position, step.time, False) for name in ends for step in about.all(name)]
    found: Pauses = []
    for _, time, begins in sorted(events):
        running = bool(found) and found[-1][1] is None
        if begins and not running:
            found.append((time, None))
        elif not begins and running:
            found[-1] = (found[-1][0], time)
    return found


def union(*lists: Pauses) -> Pauses:
    """Spans of several kinds as spans in which at least one goes on."""
    found: Pauses = []
    for begin, end in sorted((span for spans_ in lists for span in spans_), key=lambda span: span[0]):
        if found and (found[-1][1] is None or begin <= found[-1][1]):
            last_begin, last_end = found[-1]
            open_end = last_end is None or end is None
            found[-1] = (last_begin, None if open_end else max(last_end or 0, end or 0))
        else:
            found.append((begin, end))
    return found


def from_step(
    since: Sequence[str], until: Sequence[str], only: Callable[[World, Any], bool] | None = None
) -> Callable[[World, Unit], Start | None]:
    """Runs from the last of `since` until one of `until` at or after it."""

    def begins(world: World, about: Unit) -> Start | None:
        if only is not None and not only(world, about):
            return None
        step = about.last(*since)
        if step is None or about.first_at(step.time, until) is not None:
            return None
        told_later = any(name.startswith("measure:") for name in since)
        return Start(step.time, -1 if told_later else step.position)

    return begins


def calendar(
    rule: str,
    variant: str,
    unit: str,
    limit: str,
    since: Sequence[str],
    until: Sequence[str],
    due: str,
    past: str,
    *,
    outlives: bool = True,
) -> Clock:
    """A calendar limit of one tier."""
    begins = from_step(since, until)
    return Clock(
        rule, variant, unit, (Tier(limit),), begins, calendar=True, due=due, past=past, outlives=outlives
    )


# ---- approval of a longer limit -------------------------------------------------------------------


def may_approve(world: World, approver: str, roles: Sequence[str]) -> bool:
    """The approver is registered, no auxiliary, and holds one of the roles."""
    officer = world.officers.get(approver)
    return (
        officer is not None
        and officer.service != "auxiliary"
        and any(role in roles for role in officer.roles)
    )


def about_of(world: World, body: dict[str, Any]) -> Unit | None:
    """The stay or case that an approval names."""
    stay, case = body.get("stay"), body.get("case")
    if (stay is None) == (case is None):
        return None
    return world.stays.get(stay) if stay is not None else world.unit("case", case)


def extension(
    world: World, body: dict[str, Any], clocks: Sequence[Clock]
) -> tuple[str | None, Clock | None, int]:
    """Why a longer limit is not granted, or the clock and the tier that it is granted for."""
    about = about_of(world, body)
    if about is None:
        return "no_open_stay", None, 0
    mine = [clock for clock in clocks if clock.rule == body["rule"] and clock.unit == about.kind]
    outliving = any(clock.outlives for clock in mine)
    mine = [clock for clock in mine if any(tier.approvers for tier in clock.tiers)]
    if isinstance(about, Stay) and not about.open and not outliving:
        return "no_open_stay", None, 0
    running = [(clock, clock.running(world, about)) for clock in mine]
    alive = [(clock, state) for clock, state in running if state is not None]
    if not alive:
        return "no_such_clock", None, 0
    for clock, state in alive:
        for index, tier in enumerate(clock.tiers):
            if tier.approvers and duration(tier.limit) == duration(body["limit"]):
                return _tier_fault(world, body, clock, state, index), clock, index
    return "no_such_tier", None, 0


def _tier_fault(world: World, body: dict[str, Any], clock: Clock, state: Running, index: int) -> str | None:
    tier = clock.tiers[index]
    if not may_approve(world, body["approver"], tier.approvers):
        return "wrong_approver"
    if tier.grounds and body.get("ground") not in tier.grounds:
        return "wrong_ground"
    if index <= state.tier:
        return "not_longer"
    if clock.sequential and index > state.tier + 1:
        return "tier_skipped"
    if state.over is not None and world.time > state.over:
        return "too_late"
    return None


def grant(world: World, about: Unit, clock: Clock, index: int) -> None:
    """The tier is approved."""
    about.approved[clock.key] = (index, world.position)
