"""Kind `clock`: a legal limit from a start, with longer tiers given by approval.

Counts hours, or days and months of the calendar. Stages: pre-warnings before the limit of the tier
in force, and the limit itself (inclusive: a release at the limit is within it); by the calendar the
last day too. While its time is suspended it has no stage.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from custody.aspects import common, of_between, of_steps
from custody.rules import Between, Rule, Tier
from custody.times import last_day, local_date, midnight_us
from custody.view import At, Condition, Judgement, Silence, Stage, Unit, View

RUNNING_MAX: Final = 1_024  # ladders kept ready; clocks running at once in an area are far fewer


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs: since when, by which tier, until when (None: suspended)."""

    start_us: int
    fact: int
    tier: Tier
    stages: tuple[Stage, ...]
    given: tuple[int, ...]  # facts of the approvals that count

    @property
    def limit_us(self) -> int | None:
        """When the limit of the tier in force is over."""
        return self.stages[-1].due_us if self.stages else None


def reads(rule: Rule) -> set[str]:
    """Its start, its end, what suspends it, its approvals."""
    params = rule.params
    found = common(rule) | of_steps((*params.get("since", ()), *params.get("until", ())))
    found |= of_steps(params.get("restarted_by", ())) | {"approvals"}
    for between in params.get("suspended", ()):
        found |= of_between(between)
    return found if "since" in params else found | {"arrived"}  # its measures are among the common ones


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """A running clock of the unit."""
    clock = running(rule, view, unit)
    if isinstance(clock, Silence):
        return clock
    stay, limit_us = unit.stay, clock.limit_us
    params: list[tuple[str, str | int]] = [("limit", clock.tier.limit.text)]
    if limit_us is not None:
        params.append(("limit_us", limit_us - clock.start_us))
    else:
        params.append(("suspended", 1))
    if stay is not None and stay.measure is not None:
        params.append(("measure", stay.measure))
    return Condition(
        room=unit.room,
        since_us=clock.start_us,
        anchor=clock.fact,
        facts=(clock.fact, *clock.given),
        stages=clock.stages,
        params=tuple(params),
        basis=clock.tier.basis,
    )


def running(rule: Rule, view: View, unit: Unit) -> Running | Silence:
    """The clock as it stands, or why it does not run."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    start = _start(rule, view, unit)
    if start is None:
        return Silence("not_begun", " ".join(rule.params["since"]), "not done")
    until = rule.params.get("until", ())
    known = view.times(unit, until) + [at for name in until if (at := view.step(unit, name)) is not None]
    done = min((at for at in known if at[0] >= start[0]), default=None)
    if done is not None:
        return Silence("done_in_time", " ".join(until), f"fact {done[1]}")
    tier, given = tier_in_force(rule, view, unit, start[0])
    suspended_us, is_suspended = _suspended(rule, view, unit, start[0])
    stages = () if is_suspended else _ladder(rule, tier, start[0], suspended_us, view)
    return Running(start[0], start[1], tier, stages, given)


def _start(rule: Rule, view: View, unit: Unit) -> At | None:
    since = rule.params.get("since")
    stay = unit.stay
    start: At | None
    if since is not None:
        start = view.latest(unit, since)
    else:
        assert stay is not None, "a clock of a measure is of a stay that is open"
        assert stay.measure_us is not None, "a stay under a measure was put under it"
        begun_us = stay.arrival_us if rule.params.get("from") == "arrival" else stay.measure_us
        start = (begun_us, stay.measure_fact)
    again = view.latest(unit, rule.params.get("restarted_by", ()))
    return max(start, again) if start is not None and again is not None else start


def tier_in_force(rule: Rule, view: View, unit: Unit, start_us: int) -> tuple[Tier, tuple[int, ...]]:
    """The tier that applies after the approvals given since the start, and their facts."""
    best, facts = rule.tiers[0], []
    for approval in view.approvals(unit, rule.id):
        if approval.approved_us < start_us:
            continue
        tier = next((t for t in rule.tiers if t.limit.text == approval.limit), None)
        if tier is not None:
            facts.append(approval.fact)
            best = max(best, tier, key=lambda t: t.limit.order)
    return best, tuple(facts)


def _suspended(rule: Rule, view: View, unit: Unit, start_us: int) -> tuple[int, bool]:
    """How long the clock stood still since its start, and whether it stands still now."""
    spans = [span for between in rule.params.get("suspended", ()) for span in _spans(between, view, unit)]
    spans.sort(key=lambda span: span[0])
    total_us, reached_us, is_open = 0, start_us, False
    for from_us, to_us in spans:
        end_us = view.now_us if to_us is None else to_us
        total_us += max(0, end_us - max(from_us, reached_us))
        reached_us = max(reached_us, end_us)
        is_open = is_open or to_us is None
    return total_us, is_open


def _spans(between: Between, view: View, unit: Unit) -> list[tuple[int, int | None]]:
    """The stretches between the steps, from each start to the next end; they may lie in each other."""
    ends, spans = view.times(unit, between.end), []
    for start in view.times(unit, between.start):
        over = next((end[0] for end in ends if end > start), None)
        spans.append((start[0], over))
    return spans


def _ladder(rule: Rule, tier: Tier, start_us: int, suspended_us: int, view: View) -> tuple[Stage, ...]:
    if not rule.params.get("calendar"):
        return _by_the_clock(tier, start_us + suspended_us)
    try:
        return _by_the_calendar(tier, start_us, suspended_us, view.area.zone, view.area.holidays)
    except OverflowError:  # a start beyond what a calendar can say never falls due
        return ()


@lru_cache(maxsize=RUNNING_MAX)
def _by_the_clock(tier: Tier, start_us: int) -> tuple[Stage, ...]:
    """Hours: pre-warnings before the limit, then the limit."""
    text, due_us = tier.limit.text, start_us + tier.limit.us
    warnings = [
        Stage(f"pre-{before.text}@{text}", due_us - before.us, "S3", True, "local")
        for before in tier.prewarnings
    ]
    return (*warnings, Stage(f"limit@{text}", due_us, tier.severity, False, tier.basis))


@lru_cache(maxsize=RUNNING_MAX)
def _by_the_calendar(
    tier: Tier, start_us: int, suspended_us: int, zone: ZoneInfo, holidays: Collection[date]
) -> tuple[Stage, ...]:
    """Days: pre-warnings, the last day, and its end. Time that is not counted moves the start."""
    text = tier.limit.text
    last = last_day(local_date(start_us + suspended_us, zone), tier.limit, holidays)
    stages = [
        Stage(
            f"pre-{before.text}@{text}",
            midnight_us(last - timedelta(days=before.days), zone),
            "S3",
            True,
            "local",
        )
        for before in tier.prewarnings
    ]
    if tier.due is not None:
        stages.append(Stage(f"due@{text}", midnight_us(last, zone), tier.due, False, tier.basis))
    over_us = midnight_us(last + timedelta(days=1), zone)
    return (*stages, Stage(f"limit@{text}", over_us, tier.severity, False, tier.basis))
