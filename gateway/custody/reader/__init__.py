"""Reads a rulebook out of TOML and checks it: file, key, expected, found for every mistake.

The grammar is docs/rulebook.md. `load_rulebook` gives one book; `join_rulebooks` puts the books of
several periods one after the other; no file is opened here.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from custody.config import ConfigError, ConfigProblem
from custody.fields import is_ref
from custody.name import Name
from custody.reader.base import STAY_STEPS, Reader
from custody.reader.params import KIND_PARAMS
from custody.reader.rule import PHASES, approval_of, levels_of, rule_of, step_of
from custody.rules import LANGUAGES, STRADDLES, Approval, Rule, Rulebook, Step
from custody.times import midnight_us

__all__ = [
    "KIND_PARAMS", "PHASES", "STAY_STEPS", "Reader", "join_rulebooks", "levels_of", "load_rulebook",
]  # fmt: skip

INCLUDES_MAX: Final = 32
PARTS_KEPT: Final = 64
"""Shared parts kept as they were read; what is lost first is the part that was not asked for longest."""
_FILE_KEYS: Final = ("rulebook", "approval", "step", "rule")


def _parse(r: Reader, text: str) -> Mapping[str, Any]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        r.add("(file)", "TOML 1.0", str(error))
        raise ConfigError(r.problems) from None
    r.only(raw, "(file)", _FILE_KEYS)
    return raw


def _nothing_included(name: str) -> str:
    raise KeyError(name)


def load_rulebook(
    text: str, file: str = "rulebook.toml", included: Callable[[str], str] = _nothing_included
) -> Rulebook:
    """Read a rulebook. `included` gives the text of a shared part by its name, or raises KeyError.

    Raises ConfigError with every problem found, each with the file it stands in.
    """
    reader = Reader(file)
    raw = _parse(reader, text)
    head = raw.get("rulebook")
    if not isinstance(head, dict):
        reader.add("rulebook", "a table [rulebook]", head)
        head = {}
    reader.only(head, "rulebook", ("id", "title", "in_force_from", "in_force_until", "include"))
    if not is_ref(head.get("id")):
        reader.add("rulebook.id", "an id", head.get("id"))
    title = reader.texts(reader.table(head, "rulebook", "title"), "rulebook.title", LANGUAGES)
    rules, approvals, steps = _tables(reader, raw)
    for name in reader.items(head, "rulebook", "include")[:INCLUDES_MAX]:
        part = _included(reader, name, included)
        if part is not None:
            rules, approvals, steps = rules + part[0], approvals + part[1], steps + part[2]
    since, until = reader.day(head, "in_force_from"), reader.day(head, "in_force_until")
    if since is not None and until is not None and until < since:
        reader.add("rulebook.in_force_until", f"a day not before {since}", until)
    if not rules:
        reader.add("rule", "at least one [[rule]]", raw.get("rule"))
    _once(reader, "rule", [rule.key for rule in rules])
    _once(reader, "approval", [item.fact for item in approvals])
    _once(reader, "step", [item.fact for item in steps])
    book = Rulebook(
        id=str(head.get("id")),
        title=Name(**title),
        in_force_from=since,
        in_force_until=until,
        rules=rules,
        approvals={item.fact: item for item in approvals},
        steps={item.fact: item for item in steps},
        titles={str(head.get("id")): Name(**title)},
    )
    if reader.problems:
        raise ConfigError(reader.problems)
    return book


_Tables = tuple[tuple[Rule, ...], tuple[Approval, ...], tuple[Step, ...]]


def _tables(r: Reader, raw: Mapping[str, Any]) -> _Tables:
    rules = r.tables(raw, "", "rule")
    return (
        tuple(rule_of(r, t, f"rule[{n}] {t.get('id')}/{t.get('variant')}") for n, t in enumerate(rules)),
        tuple(approval_of(r, t, f"approval[{n}]") for n, t in enumerate(r.tables(raw, "", "approval"))),
        tuple(step_of(r, t, f"step[{n}]") for n, t in enumerate(r.tables(raw, "", "step"))),
    )


def _included(reader: Reader, name: object, included: Callable[[str], str]) -> _Tables | None:
    """The tables of a shared part; its problems are told with its own name."""
    try:
        text = included(name) if isinstance(name, str) else None
    except KeyError:
        text = None
    if text is None:
        reader.add("rulebook.include", "the name of a shared part", name)
        return None
    found, problems = _part(str(name), text)
    reader.problems += problems
    return found


@lru_cache(PARTS_KEPT)
def _part(name: str, text: str) -> tuple[_Tables | None, tuple[ConfigProblem, ...]]:
    """A shared part and what is wrong in it. The books of an area name the same parts: each is read once."""
    part = Reader(f"{name}.toml")
    try:
        raw = _parse(part, text)
    except ConfigError as error:
        return None, tuple(error.problems)
    if "rulebook" in raw:
        part.add("rulebook", "no [rulebook] in a shared part", "one")
    return _tables(part, raw), tuple(part.problems)


def _once(r: Reader, what: str, keys: list[str]) -> None:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        r.add(what, "each id and variant, each fact, once", key)


# --- books of several periods --------------------------------------------------------------------


def join_rulebooks(books: list[Rulebook], zone: ZoneInfo, straddle: str = "at_start") -> Rulebook:
    """Books that follow each other, as one. A rule that does not change holds throughout.

    Raises ConfigError when the periods leave a hole, overlap, or are open in the middle, and when
    a rule is judged for another unit in a later book: its obligations could not be carried over.
    """
    if len(books) == 1:
        return replace(books[0], straddle=straddle)
    reader = Reader("area.toml")
    if straddle not in STRADDLES:
        reader.add("area.straddle", f"one of {', '.join(STRADDLES)}", straddle)
    books = sorted(books, key=lambda book: book.in_force_from or date.min)
    changes: list[int] = []
    for before, after in pairwise(books):
        if before.in_force_until is None or after.in_force_from != before.in_force_until + timedelta(days=1):
            expected = f"{after.id} to begin the day after {before.id} ends"
            reader.add("area.rulebook", expected, f"{before.in_force_until}, {after.in_force_from}")
        else:
            changes.append(midnight_us(after.in_force_from, zone))
    units: dict[str, tuple[str, str]] = {}
    for book in books:
        for rule in book.rules:
            unit, first = units.setdefault(rule.key, (rule.unit, book.id))
            if rule.unit != unit:
                expected = f"{rule.key} judged for a {unit} in {book.id} as in {first}"
                reader.add("area.rulebook", expected, rule.unit)
    if reader.problems:
        raise ConfigError(reader.problems)
    last = books[-1]
    return replace(
        last,
        id="+".join(book.id for book in books),
        title=Name("；".join(b.title.zh for b in books), "; ".join(b.title.en for b in books)),
        in_force_from=books[0].in_force_from,
        rules=_merged(books, changes),
        approvals={**_union(book.approvals for book in books)},
        steps={**_union(book.steps for book in books)},
        changes_us=tuple(changes),
        straddle=straddle,
        titles={book.id: book.title for book in books},
    )


def _union(maps: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in maps:
        found.update(item)
    return found


def _merged(books: list[Rulebook], changes: list[int]) -> tuple[Rule, ...]:
    """Each rule with the time it is in force; the same rule in books that follow is one."""
    bounds = [None, *changes, None]
    found: list[Rule] = []
    for number, book in enumerate(books):
        for rule in book.rules:
            dated = replace(rule, from_us=bounds[number], until_us=bounds[number + 1])
            known = next((k for k in found if k.key == rule.key and k.until_us == bounds[number]), None)
            if known is not None and replace(known, from_us=None, until_us=None) == rule:
                found[found.index(known)] = replace(known, until_us=dated.until_us)
            else:
                found.append(dated)
    return tuple(found)
