"""Whole streams of effects of random histories, as digests: tests/vectors/custody/streams-v1.json.

The oracle judges what histories amount to; this holds how it is told: order, lateness, facts, parameters,
duties, records and silences. `python -m tests.custody.streams` adds the histories that have no digest yet.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from custody import engine as engine_module
from custody import timeline
from custody import world as world_module
from custody.effects import AlarmRaised, PreWarning
from custody.engine import Engine
from custody.facts import Fact
from custody.kinds import KINDS, Kind
from custody.reader import join_rulebooks
from custody.rules import Rule, Rulebook
from custody.view import Condition, Judgement, Unit, View
from tests.custody.against_oracle import EQUIPMENT, HOUR_US, area, book, history
from tests.custody.vectors import fields
from tests.tools.tree import ROOT

FILE = ROOT / "tests" / "vectors" / "custody" / "streams-v1.json"
COUNT = 480
FORGETFUL = 80  # more of them, with an engine that forgets early
MIDNIGHT = ("2025-12-31T23:30:00+08:00", "2025-12-31T18:00:00+08:00", "2025-12-30T09:00:00+08:00")
UNITS_MAX = 4
_OF_DUTY = (
    "rule",
    "variant",
    "subject",
    "stay",
    "room",
    "since_us",
    "due_us",
    "next_us",
    "severity",
    "basis",
    "family",
)
_OF_ALARM = (
    "id", "stages", "severity", "since_us", "raised_us", "due_us", "cleared_us", "clear_reason", "group", "room", "stay",
    "late_us", "is_certain", "is_prewarning",
)  # fmt: skip
_OF_OBLIGATION = (
    "id", "subject", "stay", "room", "since_us", "anchor", "facts", "stages", "fired", "skipped", "closed_us",
    "close_reason", "group", "params", "basis",
)  # fmt: skip
BOOKS = ("cn-2026", "cn-2012", "at_start", "at_moment", "at_moment", "ew-pace")


@cache
def law(name: str) -> Rulebook:
    """A bundled book, or both Chinese ones with a setting for the stay over midnight."""
    if not name.startswith("at_"):
        return book(name)
    return join_rulebooks([book("cn-2012"), book("cn-2026")], area().zone, name)


def facts_of(seed: int) -> tuple[list[Fact], int]:
    """The history of a seed: every third with most nodes unheard, every fifth of equipment; joined books at midnight."""
    name = BOOKS[seed % len(BOOKS)]
    heard = 0.5 if seed % 3 == 0 else 0.95
    if seed % 5 == 0:
        return history(seed, heard=heard, names=EQUIPMENT)
    if name.startswith("at_"):
        return history(seed, heard=heard, starts=MIDNIGHT)
    return history(seed, heard=heard)


def digest(seed: int) -> str:
    """All that is told of a history, and what is left at its end."""
    facts, until_us = facts_of(seed)
    engine = Engine(area(), law(BOOKS[seed % len(BOOKS)]))
    heard: list[tuple[str, ...]] = []
    with pytest.MonkeyPatch.context() as patch:
        if seed % 3 == 2:
            patch.setattr(timeline, "KINDS", {name: _overheard(kind, heard) for name, kind in KINDS.items()})
        rows = list(_stream(engine, facts, until_us, wants_silences=seed % 3 == 1))
    rows += heard
    rows += [
        [*(getattr(d, name) for name in _OF_DUTY), sorted(map(str, d.params.items()))]
        for d in engine.duties()
    ]
    rows += [[getattr(a, name) for name in _OF_ALARM] for a in engine.alarms.values()]
    rows.append(sorted(engine.outputs().items()))
    rows += [[getattr(o, name) for name in _OF_OBLIGATION] for o in engine.obligations()]
    rows += list(_silences(engine, until_us))
    return hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()[:16]


def _overheard(kind: Kind, heard: list[tuple[str, ...]]) -> Kind:
    """The kind, with what it was asked and said: no rule is judged where nothing that it reads has changed."""

    def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
        said = kind.judge(rule, view, unit)
        heard.append((rule.key, unit.subject, repr(said)))
        return said

    return Kind(kind.reads, judge)


def forgetful(seed: int) -> str:
    """Four histories one after the other, told to an engine that forgets after minutes what others keep for days."""
    facts = [fact for part in range(4) for fact in _part(seed, part)]
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in _SMALL:
            patch.setattr(module, name, value)
        engine = Engine(area(), law(BOOKS[seed % len(BOOKS)]))
        final: list[Any] = []
        engine.on_final = lambda row: final.append([row.id, row.closed_us, row.close_reason])
        rows = list(_stream(engine, facts, facts[-1].recorded_us + HOUR_US, wants_silences=False))
        rows += list(_silences(engine, facts[-1].recorded_us))
    world = engine.world
    rows += [
        list(world.stays),
        list(world.ended),
        list(world.steps),
        list(world.approvals),
        list(world.people),
        final,
    ]
    rows.append(
        [
            len(engine.obligations()),
            len(engine._told),
            len(engine._timeline._entries),
            engine._timeline._base_us,
        ]
    )
    return hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()[:16]


_SMALL: tuple[tuple[Any, str, int], ...] = (
    (timeline, "TRIM_STEP", 10), (timeline, "LATE_WINDOW_US", 8 * HOUR_US), (timeline, "ENTRIES_MAX", 60),
    (timeline, "SUBJECTS_MAX", 8), (engine_module, "IDS_MAX", 12), (world_module, "PEOPLE_MAX", 1),
)  # fmt: skip


def _part(seed: int, part: int) -> list[Fact]:
    """A history with its own stays, cases and matters, some days after the one before."""
    found, _ = history(4 * seed + part, heard=0.7, starts=(f"2026-03-{10 + 4 * part}T09:00:00+08:00",))
    return [_named(fact, part) for fact in found if part == 0 or fact.type != "config.loaded"]


def _named(fact: Fact, part: int) -> Fact:
    shared = {"stay", "case", "incident", "recording", "dossier", "person"}
    body = {key: f"{value}-{part}" if key in shared else value for key, value in fact.body.items()}
    return replace(fact, body=body, index=fact.index + 100 * part, id=f"{fact.id}-{part % 2}")


def _stream(engine: Engine, facts: list[Fact], until_us: int, *, wants_silences: bool) -> Iterator[list[Any]]:
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
            if wants_silences and fact.index % 11 == 0:
                yield from _silences(engine, now_us)


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
    known = _units(engine)
    for key, versions in engine.rulebook.versions.items():
        for ref in known[versions[0].unit]:
            said = engine.why(key, f"{versions[0].unit}:{ref}", now_us)
            if isinstance(said, Condition):
                yield [key, *(getattr(said, name) for name in Condition.__slots__)]
            else:
                yield [key, said.code, said.expected, said.found]


def _units(engine: Engine) -> dict[str, list[str]]:
    """Of each kind one or two that something is known of, and one that nothing is."""
    world, found = engine.world, defaultdict[str, list[str]](lambda: ["nothing"])
    for kind, refs in (
        ("stay", world.stays), ("room", area().rooms), ("recorder", world.recorders), ("door", world.doors),
        ("node", world.nodes), ("officer", world.officers),
    ):  # fmt: skip
        found[kind] = [*list(refs)[:2], "nothing"]
    held = [stay.room for stay in world.open_stays() if stay.room is not None]
    found["room"] = list(dict.fromkeys([*held, *found["room"]]))
    for subject in world.steps:
        kind, _, ref = subject.partition(":")
        if ref not in found[kind] and len(found[kind]) < UNITS_MAX:
            found[kind].insert(0, ref)
    for subject in world.sources:
        found[subject.partition(":")[0]].insert(0, subject.partition(":")[2] or area().gateway)
    return found


def now(key: str) -> str:
    """The digest of a key of the file, made anew."""
    kind, _, seed = key.rpartition(" ")
    return forgetful(int(seed)) if kind else digest(int(seed))


def known() -> dict[str, str]:
    """Digests by seed."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def main() -> None:
    """Add what is missing."""
    found = known()
    for seed in range(COUNT):
        found.setdefault(str(seed), digest(seed))
    for seed in range(FORGETFUL):
        found.setdefault(f"forgetful {seed}", forgetful(seed))
    FILE.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
