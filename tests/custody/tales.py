"""Random histories of valid facts about few people, rooms and officers, so that they meet."""

import random
from collections.abc import Sequence
from dataclasses import replace

from custody.catalogue import FACT_TYPES
from custody.effects import AlarmRaised, PreWarning
from custody.engine import Engine
from custody.facts import Fact
from custody.fields import BOOL, DURATION, HASH, INSTANT, INT, REFS, TEXT, Field
from tests.custody.support import START_US, area, fact, rulebook

AREA = area()
MINUTE_US = 60_000_000
NAMES = [n for n in FACT_TYPES if n != "deadline.reached" and not n.startswith("alarm.")]
# What makes people meet comes more often than the rest.
OFTEN = [
    "stay.registered", "area.entered", "wristband.bound", "tag.read", "tag.read", "tag.read", "tag.read", "tag.gone",
    "officer.registered", "officer.registered", "recorder.stopped", "recorder.started", "node.lost", "node.restored",
    "interview.started", "search.signed", "extension.approved", "person.flagged", "door.opened", "restraint.started",
    "config.loaded", "exit.departed", "exit.returned", "measure.changed", "certificate.written",
]  # fmt: skip
REFS_OF = {
    "stay": ["s1", "s2", "s3"], "band": ["b1", "b2", "b3"], "officer": ["o1", "o2", "o3"], "badge": ["o1", "o2", "o3"],
    "approver": ["o1", "o2"], "officers": ["o1", "o2", "o3"], "tag": ["b1", "b2", "b3", "o1", "o2", "o3"],
    "room": ["waiting-1", "waiting-2", "interview-1", "interrogation-1", "reception", "outside", "guard", "search"],
    "door": list(AREA.doors), "recorder": list(AREA.recorders), "node": list(AREA.nodes), "case": ["c1", "c2"],
    "person": ["p1", "p2"], "items": ["x1", "x2"], "rule": ["T1", "T5", "T8", "T21"],
}  # fmt: skip


def random_value(key: str, spec: Field, rng: random.Random, at_us: int) -> object:
    if spec.kind == REFS:
        return rng.sample(list(spec.choices) or REFS_OF.get(key, ["x"]), rng.randint(0, 2))
    if spec.choices:
        return rng.choice(list(spec.choices))
    if spec.kind == BOOL:
        return rng.random() < 0.5
    if spec.kind == INT:
        low, high = spec.span or (0, 100)
        return rng.randint(low, min(high, low + 60))
    if spec.kind == INSTANT:
        return at_us + rng.randrange(-60, 60) * MINUTE_US
    if spec.kind == DURATION:
        return rng.choice(["12h", "24h", "48h", "60d"])
    if spec.kind == HASH:
        return "0123456789abcdef" * 4
    return "why" if spec.kind == TEXT else rng.choice(REFS_OF.get(key, ["x1", "x2"]))


def random_tale(seed: int, count: int, span_us: int = 600 * MINUTE_US) -> list[Fact]:
    """Facts in order of occurrence with rising index; some are recorded late."""
    rng = random.Random(seed)
    facts = []
    for index, moment in enumerate(sorted(rng.randrange(0, span_us, 1_000_000) for _ in range(count)), 1):
        name = rng.choice(OFTEN if rng.random() < 0.7 else NAMES)
        at_us = START_US + moment
        body = {
            key: random_value(key, spec, rng, at_us)
            for key, spec in FACT_TYPES[name].fields.items()
            if spec.required or rng.random() < 0.5
        }
        late_us = rng.randrange(0, 240) * MINUTE_US if rng.random() < 0.15 else 0
        facts.append(fact(name, index, at_us, at_us + late_us, **body))
    return facts


Told = tuple[str, str, int]  # alarm, stage, moment of the limit


def told(facts: Sequence[Fact], until_us: int) -> list[Told]:
    """What an engine with the whole rulebook tells when it lives through facts in order of recording."""
    built, found = Engine(area(), rulebook()), []

    def step(item: Fact) -> None:
        raised = [effect for effect in built.step(item) if isinstance(effect, AlarmRaised | PreWarning)]
        found.extend((effect.alarm, effect.stage, effect.time_us) for effect in raised)

    def wake(limit_us: int) -> None:
        while (due_us := built.next_deadline_us()) is not None and due_us <= limit_us:
            step(fact("deadline.reached", 10**9, due_us))

    for item in sorted(facts, key=lambda f: (f.recorded_us, f.index)):
        wake(item.recorded_us - 1)
        step(item)
    wake(until_us)
    return found


def in_time(facts: Sequence[Fact]) -> list[Fact]:
    """The same facts, each recorded as it occurs: what they amount to and no more."""
    return [replace(f, recorded_us=f.occurred_us, recorded_latest_us=f.occurred_us) for f in facts]
