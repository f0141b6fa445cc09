"""Whole streams of effects of random histories, as digests: tests/vectors/custody/streams-v1.json.

The oracle judges what histories amount to; this holds how it is told: order, lateness, facts, parameters,
duties, records and silences. `python -m tests.custody.streams` adds the histories that have no digest yet.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from custody.effects import AlarmRaised, PreWarning
from custody.engine import Engine
from custody.facts import Fact
from custody.reader import join_rulebooks
from custody.rules import Rulebook
from custody.view import Condition
from tests.custody.against_oracle import area, book, history
from tests.custody.vectors import fields
from tests.tools.tree import ROOT

FILE = ROOT / "tests" / "vectors" / "custody" / "streams-v1.json"
COUNT = 360
MIDNIGHT = ("2025-12-31T23:30:00+08:00", "2025-12-31T18:00:00+08:00", "2025-12-30T09:00:00+08:00")
BOOKS = ("cn-2026", "cn-2012", "at_start", "at_moment", "at_moment", "ew-pace")


@cache
def law(name: str) -> Rulebook:
    """A bundled book, or both Chinese ones with a setting for the stay over midnight."""
    if not name.startswith("at_"):
        return book(name)
    return join_rulebooks([book("cn-2012"), book("cn-2026")], area().zone, name)


def facts_of(seed: int) -> tuple[list[Fact], int]:
    """The history of a seed: every third with most nodes unheard, joined books around midnight."""
    name = BOOKS[seed % len(BOOKS)]
    heard = 0.5 if seed % 3 == 0 else 0.95
    if name.startswith("at_"):
        return history(seed, heard=heard, starts=MIDNIGHT)
    return history(seed, heard=heard)


def digest(seed: int) -> str:
    """All that is told of a history, and what is left at its end."""
    facts, until_us = facts_of(seed)
    engine = Engine(area(), law(BOOKS[seed % len(BOOKS)]))
    rows = list(_stream(engine, facts, until_us))
    rows += [[d.rule, d.variant, d.subject, d.room, d.since_us, d.due_us, d.next_us, d.severity, d.basis,
              sorted(map(str, d.params.items()))] for d in engine.duties()]  # fmt: skip
    rows += [[a.id, a.stages, a.severity, a.since_us, a.raised_us, a.due_us, a.cleared_us, a.clear_reason, a.group,
              a.room, a.stay, a.late_us, a.is_certain, a.is_prewarning] for a in engine.alarms.values()]  # fmt: skip
    rows.append(sorted(engine.outputs().items()))
    if seed % 10 == 0:
        rows += list(_silences(engine, until_us))
    return hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()[:16]


def _stream(engine: Engine, facts: list[Fact], until_us: int) -> Iterator[list[Any]]:
    """As a gateway lives through it: it wakes at each deadline, and facts come as they arrive."""
    index, now_us = 10_000, facts[0].recorded_us
    for fact in (*facts, None):
        upto_us = until_us if fact is None else fact.recorded_us - 1
        for _ in range(400):
            due_us = engine.next_deadline_us()
            if due_us is None or due_us > upto_us:
                break
            index, now_us = index + 1, max(now_us, due_us)
            yield from _told(engine, Fact("deadline.reached", {}, index, now_us, now_us, now_us, now_us))
        if fact is not None:
            now_us = max(now_us, fact.recorded_us)
            yield from _told(engine, fact if fact.index % 29 else replace(fact, recorded_latest_us=None))


def _told(engine: Engine, fact: Fact) -> Iterator[list[Any]]:
    for effect in engine.step(fact):
        row = fields(effect)
        if isinstance(effect, AlarmRaised):
            row += [effect.late_us, effect.is_certain]
        elif isinstance(effect, PreWarning):
            row += [effect.late_us, effect.due_us]
        yield row


def _silences(engine: Engine, now_us: int) -> Iterator[list[Any]]:
    """What each rule says of the units there are: the condition, or what failed."""
    units = {"stay": "s1", "case": "c1", "room": "waiting-1", "recorder": next(iter(area().recorders)),
             "door": next(iter(area().doors)), "node": next(iter(area().nodes)), "officer": "o1",
             "incident": "r1", "recording": "r1", "dossier": "r1"}  # fmt: skip
    for key, versions in engine.rulebook.versions.items():
        kind = versions[0].unit
        said = engine.why(key, f"{kind}:{units.get(kind, area().gateway)}", now_us)
        if isinstance(said, Condition):
            yield [
                key,
                said.since_us,
                said.room,
                said.anchor,
                list(said.facts),
                said.is_hold,
                said.is_instant,
            ]
        else:
            yield [key, said.code, said.expected, said.found]


def known() -> dict[str, str]:
    """Digests by seed."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def main() -> None:
    """Add what is missing."""
    found = known()
    for seed in range(COUNT):
        found.setdefault(str(seed), digest(seed))
    FILE.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
