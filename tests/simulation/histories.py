"""Bare histories: random facts, late, doubled and in clock doubt, through the engine alone, thousands a minute.

Two things are held against each: the oracle's word on what the law makes of them, whatever the order of arrival; and what
the engine told on the way, fact by fact, against what it holds (I6, I7, I9). `python -m tests.simulation.histories --first 1`.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from custody.effects import AlarmCleared, AlarmRaised, Effect, Refusal
from custody.engine import Engine
from custody.facts import Fact
from custody.obligation import Obligation
from custody.times import parse_instant_us
from tests.custody.against_oracle import BOOKS, FAMILIES, ROLES, area, book, differences, history

SECOND_US = 1_000_000
FAR_US = 2**62
WIDTHS_US = (0, 0, SECOND_US, 90 * SECOND_US, 3_600 * SECOND_US, 86_400 * SECOND_US)
ODDS_OF_DOUBT = 0.15


def played(seed: int) -> list[str]:
    """What did not hold of the history of this seed; empty when all did."""
    if seed % 8 == 3:
        facts, until_us = _piece(random.Random(f"piece {seed}"))
    else:
        facts, until_us = history(seed, heard=0.4 if seed % 4 == 0 else 0.95, names=_theme(seed))
    name = BOOKS[seed % len(BOOKS)]
    found = [f"I6: the oracle says otherwise: {line}" for line in differences(facts, name, until_us)[:2]]
    return found + _told(facts, name, random.Random(f"told {seed}"))


def _theme(seed: int) -> tuple[str, ...]:
    """Of every second history few kinds of facts, of one family: they then meet each other."""
    rng = random.Random(f"theme {seed}")
    known = sorted(set(FAMILIES[rng.choice(sorted(FAMILIES))]))
    return tuple(rng.sample(known, min(len(known), rng.randrange(2, 5)))) if seed % 4 in (1, 2) else ()


_DRUNK = {"stay": "s1", "device": "strap", "ground": "drunk"}
_ENTRY = (
    ("person.arrived", {"stay": "s1"}),
    ("area.entered", {"stay": "s1"}),
    ("wristband.bound", {"stay": "s1", "band": "b1", "officer": "o1"}),
)
_LONGER = {
    "stay": "s1",
    "rule": "T1",
    "limit": "24h",
    "approver": "o3",
    "ground": "grave_or_complex_custody_needed",
}
_PIECES: tuple[tuple[str, tuple[tuple[str, dict[str, Any]], ...]], ...] = (
    ("public_order_questioning", (
        ("restraint.started", _DRUNK), ("restraint.started", _DRUNK), ("restraint.ended", {"stay": "s1"}),
        ("restraint.ended", {"stay": "s1"}),
    )),
    ("criminal_summons", (("extension.approved", _LONGER), ("measure.changed", {"stay": "s1", "measure": "criminal_summons"}))),
    ("criminal_summons", (
        ("tag.read", {"tag": "b1", "room": "waiting-1"}), ("area.entered", {"stay": "s2"}),
        ("wristband.bound", {"stay": "s2", "band": "b2", "officer": "o1"}), ("tag.read", {"tag": "b2", "room": "waiting-1"}),
        ("stay.registered", {"stay": "s2", "measure": "criminal_summons", "case": "c2", "minor": True}),
        ("stay.released", {"stay": "s2", "reason": "released", "officer": "o1"}),
    )),
    ("public_order_questioning", (
        ("door.released", {"door": "gate"}), ("door.opened", {"door": "gate"}), ("door.unknown", {"door": "gate"}),
        ("door.closed", {"door": "gate"}),
    )),
)  # fmt: skip


def _piece(rng: random.Random) -> tuple[list[Fact], int]:
    """A few facts that belong together, at random times, now and then late, one left out or doubled."""
    measure, course = rng.choice(_PIECES)
    at_us = parse_instant_us(rng.choice(("2026-03-18T09:00:00+08:00", "2026-06-05T20:30:00+08:00")))
    told: list[tuple[int, str, dict[str, Any]]] = []
    for officer, (service, roles, _) in ROLES.items():
        told.append((at_us, "officer.registered", {"officer": officer, "service": service, "roles": roles}))
    told += [(at_us, "node.restored", {"node": node}) for node in area().nodes]
    told += [(at_us + number * 60 * SECOND_US, name, body) for number, (name, body) in enumerate(_ENTRY)]
    register = {"stay": "s1", "measure": measure, "case": "c1", "officer": "o1"}
    if rng.random() < 0.5:
        register["minor"] = rng.random() < 0.5
    told.append((at_us + 300 * SECOND_US, "stay.registered", register))
    for name, body in course:
        at_us += rng.choice((0, 60, 600, 3_600, 3 * 3_600, 6 * 3_600)) * SECOND_US
        for _ in range(rng.choice((0, 1, 1, 1, 1, 2))):
            told.append((at_us, name, body))
    late = [
        at + (rng.choice((0, 0, 0, 1_800, 5 * 3_600)) * SECOND_US if n > 12 else 0)
        for n, (at, _, _) in enumerate(told)
    ]
    facts = [
        Fact(name, body, index, at, at, recorded, recorded, id=f"f{index}")
        for index, (recorded, (at, name, body)) in enumerate(sorted(zip(late, told, strict=True), key=lambda row: row[0]), 1)
    ]  # fmt: skip
    return facts, max(late) + rng.choice((0, 8 * 3_600, 30 * 3_600)) * SECOND_US


def _told(facts: list[Fact], name: str, rng: random.Random) -> list[str]:
    engine = Engine(area(), book(name))
    telling = _Telling(engine)
    for fact in _as_recorded(facts, engine, rng):
        telling.take(fact, engine.step(fact))
        if telling.violations:
            break
    return telling.violations


def _as_recorded(facts: list[Fact], engine: Engine, rng: random.Random) -> Iterator[Fact]:
    """The facts by a clock that is in doubt now and then, and the deadlines between them as a gateway writes them."""
    index, last_us = 0, 0
    width_us: int | None = 0
    for fact in facts:
        if rng.random() < ODDS_OF_DOUBT:
            width_us = rng.choice((None, *WIDTHS_US))
        at_us = max(last_us, fact.recorded_us)
        due_us = engine.next_deadline_us()
        while due_us is not None and last_us < due_us <= at_us and rng.random() < 0.9:
            index += 1
            yield _widened(Fact("deadline.reached", {}, index, due_us, due_us, due_us, due_us), 0)
            last_us, due_us = due_us, engine.next_deadline_us()
        index += 1
        last_us = at_us
        yield _widened(replace(fact, index=index, recorded_us=at_us), width_us)


def _widened(fact: Fact, width_us: int | None) -> Fact:
    latest_us = None if width_us is None else fact.recorded_us + width_us
    return replace(fact, recorded_latest_us=latest_us)


class _Telling:
    """Adds up what was told and compares it with what is held."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last: dict[str, tuple[bool, str, str]] = {}  # alarm -> raised, stage, reason
        self._horizon_us = -FAR_US
        self._ids: set[str] = set()
        self.violations: list[str] = []

    def take(self, fact: Fact, effects: list[Effect]) -> None:
        """One fact was taken, and these are its effects."""
        for effect in effects:
            self._hear(fact, effect)
        is_passed_over = fact.id in self._ids or any(isinstance(effect, Refusal) for effect in effects)
        if fact.id:
            self._ids.add(fact.id)
        if fact.recorded_latest_us is not None and not is_passed_over:
            self._horizon_us = max(self._horizon_us, fact.recorded_latest_us)
        is_unbounded = fact.recorded_latest_us is None and not is_passed_over
        horizon_us = FAR_US if is_unbounded else self._horizon_us
        rows = {row.id: row for row in self._engine.obligations()}
        for row in rows.values():
            self._judge(fact, row, horizon_us)
        for alarm, (is_raised, stage, _) in self._last.items():
            if is_raised and not _stands(rows.get(alarm)):
                self._violate(
                    "I9", fact, f"{alarm} was raised ({stage}), does not stand and was not told as over"
                )

    def _hear(self, fact: Fact, effect: Effect) -> None:
        if isinstance(effect, AlarmRaised):
            self._last[effect.alarm] = True, effect.stage, ""
            if effect.is_certain != (fact.recorded_us >= effect.time_us):
                self._violate(
                    "I7", fact, f"{effect.alarm} of {effect.time_us} told as certain: {effect.is_certain}"
                )
        elif isinstance(effect, AlarmCleared) and effect.of == "alarm":
            self._last[effect.alarm] = False, effect.stage, effect.reason

    def _judge(self, fact: Fact, row: Obligation, horizon_us: int) -> None:
        record = self._engine.alarms.get(row.id)
        if not _stands(row):
            if record is not None and record.is_active and not record.is_prewarning:
                self._violate("I9", fact, f"{row.id} is over and is shown as standing")
        else:
            is_raised, stage, _ = self._last.get(row.id, (False, "", ""))
            is_lower = stage in {s.name for s in row.stages} - {s.name for s in row.fired}
            if not is_raised and not is_lower:  # a higher stage may be taken back while a lower one stands
                self._violate("I9", fact, f"{row.id} stands and was told as over")
            if record is None or not record.is_active or record.is_prewarning:
                self._violate("I9", fact, f"{row.id} stands and is not shown as standing")
        done = {stage.name for stage in row.fired} | set(row.skipped)
        waiting = [s for s in row.stages if s.name not in done and not s.is_prewarning]
        if row.closed_us is None and any(s.due_us < horizon_us for s in waiting):
            self._violate("I6", fact, f"{row.id} may have reached {waiting[0].name} and it is not told")

    def _violate(self, invariant: str, fact: Fact, text: str) -> None:
        self.violations.append(f"{invariant}: after fact {fact.index} {fact.type}: {text}")


def _stands(row: Obligation | None) -> bool:
    return row is not None and row.closed_us is None and any(not stage.is_prewarning for stage in row.fired)


def walk(first: int, count: int) -> list[str]:
    """Violations of so many histories from the seed `first` on, each with its seed."""
    return [f"{text} (history {seed})" for seed in range(first, first + count) for text in played(seed)[:2]]


def main(argv: list[str]) -> int:
    """Exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.histories", description=__doc__)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=1_000)
    options = parser.parse_args(argv)
    found = walk(options.first, options.count)
    for line in found[:20]:
        print(line)
    print(f"{options.count} histories of {', '.join(BOOKS)}: {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
