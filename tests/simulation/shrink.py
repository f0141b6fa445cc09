"""From a plan whose run violates an invariant to a small one that still does, and to its story in plain words.

Every try is a whole run, so the order matters: first the span, which makes all later tries cheap; then whole kinds of
faults and acts; then single ones (ddmin: Zeller and Hildebrandt, 2002); then settings to what is plain.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, TypeVar

from tests.simulation.actors import Actors
from tests.simulation.faults import Faults
from tests.simulation.plan import Act, Fault, Plan
from tests.simulation.world import play

SECOND_US = 1_000_000
RUNS_MAX = 400
SECONDS_MAX = 600.0
"""Of processor time, as long as the last try takes beyond it."""
SPAN_US_MIN = SECOND_US
MADE_OF = ("area", "rulebook", "server", "wants_oracle")
"""Settings that say what the world is made of: left as they are."""
SHORT_US = (SECOND_US, 5 * SECOND_US, 30 * SECOND_US)
"""What a fault's length is tried at, the shortest first."""

Item = TypeVar("Item", Act, Fault)


def names_of(plan: Plan) -> tuple[str, ...]:
    """The violations of a run, each as `name: text`; what the simulator itself raised is one, by its type."""
    try:
        return tuple(play(plan).violations)
    except Exception as error:  # noqa: BLE001 - a product's bug may break the simulator; that is a find too
        return (f"raised {type(error).__name__}: {error}",)


@dataclass
class Shrinker:
    """`wanted`: name of the invariant (`I1`) that has to be violated still. `best`: the smallest plan so far."""

    best: Plan
    wanted: str
    runs_max: int = RUNS_MAX
    seconds_max: float = SECONDS_MAX
    run: Callable[[Plan], Sequence[str]] = names_of
    say: Callable[[str], None] = field(default=lambda _: None)
    runs: int = 0
    violations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._until_s = time.process_time() + self.seconds_max
        self._tried: set[str] = set()

    @property
    def is_spent(self) -> bool:
        """No run is left, or no time."""
        return self.runs >= self.runs_max or time.process_time() >= self._until_s

    def tries(self, plan: Plan) -> bool:
        """Whether this plan violates the same; if so it is the best."""
        text = plan.dumps()
        if self.is_spent or text in self._tried:
            return False
        self._tried.add(text)
        self.runs += 1
        found = dict.fromkeys(line for line in self.run(plan) if line.partition(":")[0] == self.wanted)
        if found:
            self.best, self.violations = plan, tuple(found)
            self.say(
                f"run {self.runs}: {len(plan.acts)} acts, {len(plan.faults)} faults, {plan.for_us / 1e6:.0f} s"
            )
        return bool(found)

    def shrink(self) -> Plan:
        """The smallest plan found within the bounds."""
        before = ""
        while before != self.best.dumps() and not self.is_spent:
            before = self.best.dumps()
            self._span()
            self._kinds("faults")
            self._kinds("acts")
            self._singles("faults")
            self._singles("acts")
            self._lengths()
            self._settings()
        return self.best

    # --- what is tried ----------------------------------------------------------------------

    def _span(self) -> None:
        """Bisect: the shortest first phase that is enough, to a second or a fiftieth."""
        low_us, high_us = 0, self.best.for_us
        while high_us - low_us > max(SPAN_US_MIN, high_us // 50) and not self.is_spent:
            middle_us = (low_us + high_us) // 2
            if self.tries(shortened(self.best, middle_us)):
                high_us = middle_us
            else:
                low_us = middle_us

    def _kinds(self, what: str) -> None:
        items = getattr(self.best, what)
        self.tries(replace(self.best, **{what: ()}))
        for group in sorted({_group(item) for item in items}):
            rest = tuple(item for item in getattr(self.best, what) if _group(item) != group)
            if len(rest) < len(getattr(self.best, what)):
                self.tries(replace(self.best, **{what: rest}))

    def _singles(self, what: str) -> None:
        """ddmin: leave out ever smaller parts."""
        parts = 2
        while len(items := getattr(self.best, what)) > 0 and not self.is_spent:
            size = -(-len(items) // parts)
            starts = range(0, len(items), size)
            left_out = (items[:at] + items[at + size :] for at in starts)
            if any(self.tries(replace(self.best, **{what: rest})) for rest in left_out):
                parts = max(2, parts - 1)
            elif size == 1:
                return
            else:
                parts = min(len(items), parts * 2)

    def _lengths(self) -> None:
        for number, fault in enumerate(self.best.faults):
            for for_us in SHORT_US:
                if for_us >= fault.for_us:
                    break
                faults = list(self.best.faults)
                faults[number] = replace(fault, for_us=for_us)
                if self.tries(replace(self.best, faults=tuple(faults))):
                    break

    def _settings(self) -> None:
        for key in sorted(set(self.best.settings) - set(MADE_OF)):
            self.tries(replace(self.best, settings={k: v for k, v in self.best.settings.items() if k != key}))


def shortened(plan: Plan, for_us: int) -> Plan:
    """The plan with what is later than `for_us` left out."""
    return replace(
        plan, for_us=for_us, acts=tuple(a for a in plan.acts if a.at_us < for_us),
        faults=tuple(f for f in plan.faults if f.at_us < for_us),
    )  # fmt: skip


def _group(item: Act | Fault) -> str:
    """Kinds that may all be left out together: a person's forms go together, and so do a line's faults of one name."""
    args = item.args
    more = args.get("body", {}).get("stay") or args.get("name") or args.get("tag") or ""
    return f"{item.kind} {more}"


# --- in plain words --------------------------------------------------------------------------------


def story(plan: Plan, violations: Sequence[str] = ()) -> str:
    """Who did what and when, what went wrong, and what was violated by it."""
    lines = [(0, f"a station starts, seed {plan.seed}{_plain(plan.settings)}")]
    lines += [(act.at_us, _told(Actors, act.kind, act.args)) for act in plan.acts]
    for fault in plan.faults:
        length = f", for {fault.for_us / 1e6:g} s" if fault.for_us else ""
        lines.append((fault.at_us, f"FAULT {_told(Faults, fault.kind, fault.args)}{length}"))
    lines.append((plan.for_us, "all faults end; both sides have to come to agree"))
    told = [f"{_clock(at_us)}  {words}" for at_us, words in sorted(lines, key=lambda line: line[0])]
    return "\n".join(chain(told, (f"VIOLATED  {line}" for line in violations)))


def _told(source: type, kind: str, args: dict[str, Any]) -> str:
    words = (getattr(source, kind).__doc__ or kind).partition(".")[0].partition(":")[0].partition(";")[0]
    return f"{kind}: {words}{_plain(args)}"


def _plain(args: dict[str, Any]) -> str:
    flat = {key: value for key, value in args.items() if value not in (None, {}, "")}
    return f" ({', '.join(f'{key} {value}' for key, value in flat.items())})" if flat else ""


def _clock(at_us: int) -> str:
    seconds, rest_us = divmod(at_us, SECOND_US)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest_us // 1000:03}"
