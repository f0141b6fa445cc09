"""Plays the facts of a story: an engine under one rule or a whole book, with its clock."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from custody.bundled import rulebook_text
from custody.effects import AlarmCleared, AlarmRaised, Effect
from custody.engine import Engine
from custody.facts import Fact
from custody.reader import load_rulebook
from custody.rules import Rule, Rulebook
from tests.custody.stories import Said, area

Row = tuple[int, str, str, str]  # moment, severity, stage, subject


@cache
def book(name: str) -> Rulebook:
    return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)


def alone(rule: Rule, whole: Rulebook) -> Rulebook:
    """The rulebook with this rule and the clocks whose approvals it speaks of, and no other."""
    named = {step.partition(":")[2] for key in ("since", "until") for step in rule.params.get(key, ())}
    named |= {"T8"} if "extension.approved" in rule.params.get("facts", ()) else set()
    clocks = [other for other in whole.rules if other.kind == "clock" and other.id in named]
    return replace(whole, rules=(rule, *(clock for clock in clocks if clock.key != rule.key)))


def tables_of(engine: Engine) -> list[object]:
    """Every table of the world."""
    world = engine.world
    tables = (world.stays, world.officers, world.doors, world.recorders, world.nodes, world.sources, world.steps,
              world.approvals, world.people, world.tags, world.strays)  # fmt: skip
    return [sorted(table.items()) for table in tables]


class Run:
    """One engine fed with said facts; keeps the effects of one rule."""

    def __init__(self, rule: Rule, rulebook: Rulebook) -> None:
        self.rule = rule
        self.engine = Engine(area(), rulebook)
        self.effects: list[Effect] = []
        self.facts: list[Fact] = []  # as a log has them
        self.index = 0
        self.now_us = -(2**62)

    def feed(self, said: Iterable[Said], *, recorded_us: int | None = None) -> "Run":
        """Facts in the order given, each recorded as it occurs (or at one later moment); the clock in between."""
        for item in said:
            now_us = max(self.now_us, item.at_us if recorded_us is None else recorded_us)
            self._deadlines(now_us, is_inclusive=False)
            self.now_us = now_us
            self._step(item.type, item.body, item.at_us)
        return self

    def replay(self, said: Iterable[Said]) -> "Run":
        """Facts as a log gives them to a program that has just started: no clock in between."""
        for item in said:
            self.now_us = max(self.now_us, item.at_us)
            self._step(item.type, item.body, item.at_us)
        return self

    def until(self, at_us: int) -> "Run":
        """The clock goes on to a moment, inclusive."""
        self._deadlines(at_us, is_inclusive=True)
        self.now_us = max(self.now_us, at_us)
        return self

    def wake(self, at_us: int) -> "Run":
        """The gateway is back at a moment: one deadline for all that fell due."""
        self.now_us = max(self.now_us, at_us)
        self._step("deadline.reached", {}, self.now_us)
        return self

    def _deadlines(self, until_us: int, *, is_inclusive: bool) -> None:
        while (due_us := self.engine.next_deadline_us()) is not None:
            if due_us > until_us or (due_us == until_us and not is_inclusive):
                return
            self.now_us = max(self.now_us, due_us)
            self._step("deadline.reached", {}, self.now_us)

    def _step(self, name: str, body: dict[str, object], at_us: int) -> None:
        self.index += name != "deadline.reached"  # the same facts have the same index in each run
        fact = Fact(
            type=name, body=body, index=self.index, occurred_us=at_us, occurred_latest_us=at_us,  # type: ignore[arg-type]
            recorded_us=self.now_us, recorded_latest_us=self.now_us, id="q-1" if name == "compartment.requested" else "",
        )  # fmt: skip
        self.facts.append(fact)
        self.effects += self.engine.step(fact)

    # --- what was told ---------------------------------------------------------------------

    def _mine(self, effect: Effect) -> bool:
        return (getattr(effect, "rule", ""), getattr(effect, "variant", "")) == (
            self.rule.id,
            self.rule.variant,
        )

    def raised(self, subject: str | None = None) -> list[AlarmRaised]:
        found = [e for e in self.effects if isinstance(e, AlarmRaised) and self._mine(e)]
        return [e for e in found if subject is None or e.subject == subject]

    def cleared(self, subject: str | None = None) -> list[AlarmCleared]:
        found = [e for e in self.effects if isinstance(e, AlarmCleared) and self._mine(e) and e.of == "alarm"]
        return [e for e in found if subject is None or e.subject == subject]

    def rows(self, subject: str | None = None) -> list[tuple[int, str]]:
        return [(e.time_us, e.severity) for e in self.raised(subject)]

    def outcome(self) -> list[tuple[object, ...]]:
        """Every duty of the rule with its end and the limits it reached, whatever was told on the way."""
        return sorted(
            (o.subject, o.since_us, o.closed_us or 0, tuple((s.name, s.due_us, s.severity) for s in o.fired if not s.is_prewarning))
            for o in self.engine.obligations()
            if o.rule.key == self.rule.key
        )  # fmt: skip
