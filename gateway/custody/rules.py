"""Rulebooks: the law as data. Reads TOML, checks it, gives typed rules.

A rule is one table: article, basis, numbers, wording. It is bound to a rule kind, whose code
holds no number of the law. `load_rulebook` raises ConfigError with file, key, expected, found.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from custody.area import ROOM_KINDS
from custody.config import ConfigError, ConfigProblem, Name
from custody.fields import is_ref
from custody.times import TimeFormatError, format_duration, parse_duration_us
from custody.vocabulary import MEASURES, ROLES

BASES: Final = ("law", "local")
SEVERITIES: Final = ("S1", "S2", "S3", "S4")
CONFIDENCES: Final = ("verified", "second_hand", "unverified", "local")
FAMILIES: Final = ("clock", "person", "equipment")
LANGUAGES: Final = ("zh", "en")
STAGES_MAX: Final = 12  # steps of one ladder: more would be an alarm flood by design


@dataclass(frozen=True, slots=True)
class Article:
    """Where a rule stands: short name of the instrument, article, wording for the page."""

    instrument: str
    article: str
    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """For effects and log bodies."""
        return {
            "instrument": self.instrument,
            "article": self.article,
            "zh": self.zh,
            "en": self.en,
        }


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a ladder: this long after the condition began, this severity."""

    name: str
    after_us: int
    severity: str
    is_prewarning: bool
    number_basis: str


@dataclass(frozen=True, slots=True)
class Tier:
    """One limit of a legal clock and what it takes to be given it."""

    limit_us: int
    limit: str
    basis: str
    grounds: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    approver_basis: str = "law"
    prewarnings_us: tuple[int, ...] = ()
    severity: str = "S1"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rulebook."""

    id: str
    variant: str
    kind: str
    title: Name
    article: Article
    basis: str
    confidence: str
    family: str
    levels: tuple[Level, ...]
    tiers: tuple[Tier, ...]
    measures: tuple[str, ...]
    rooms: tuple[str, ...]
    params: Mapping[str, Any]
    text: Mapping[str, Mapping[str, str]]
    is_sequential: bool = False

    @property
    def key(self) -> str:
        """Unique within a rulebook."""
        return f"{self.id}/{self.variant}"

    @property
    def has_prewarning(self) -> bool:
        """Some step of the ladder comes before the limit."""
        return any(level.is_prewarning for level in self.levels) or any(
            tier.prewarnings_us for tier in self.tiers
        )

    def wording(self, *, is_prewarning: bool) -> dict[str, dict[str, str]]:
        """zh/en -> what is wrong (or will soon be) and what to do."""
        what = "soon" if is_prewarning else "what"
        return {lang: {"what": t[what], "do": t["do"]} for lang, t in self.text.items()}


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of one jurisdiction and period."""

    id: str
    title: Name
    in_force_from: date | None
    in_force_until: date | None
    rules: tuple[Rule, ...] = field(default_factory=tuple)

    def clock_rules(self, rule_id: str) -> list[Rule]:
        """Clocks that carry this id."""
        return [rule for rule in self.rules if rule.id == rule_id and rule.kind == "clock"]

    def article_of(self, rule_id: str) -> Article | None:
        """The article of the first rule of this id."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule.article
        return None


# What a rulebook may say to each kind under [rule.with]; "?" = may be left out, "*" = a list.
KIND_PARAMS: Final[Mapping[str, Mapping[str, str]]] = {
    "clock": {},
    "required_within": {
        "since": "arrived|entered|registered",
        "until": "entered|registered|searched",
    },
    "required_before": {"step": "searched|registered"},
    "presence": {"when": "no_police|nobody"},
    "coverage": {},
    "head_count": {"fewer_than": "integer", "recorded_minimum": "integer?"},
    "forbidden_act": {
        "act": "band_cut|door_forced|outside_area",
        "window": "duration?",
        "doors": "area_gate|exit|room*?",
    },
    "supervision": {
        "source": "door|door_held|band_silent|band_battery|node|recorder|port|server|gateway|clock",
        "doors": "area_gate|exit|room*?",
        "percent_below": "integer?",
    },
}

_RULE_KEYS: Final = (
    "id", "variant", "kind", "title", "article", "basis", "confidence", "family", "level", "tier",
    "measures", "rooms", "text", "sequential", "with",
)  # fmt: skip


class _Reader:
    """Reads one rulebook's raw TOML and collects what is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[ConfigProblem] = []

    def add(self, key: str, expected: str, found: object) -> None:
        self.problems.append(ConfigProblem(self.file, key, expected, repr(found)[:120]))

    def tables(self, table: Mapping[str, Any], where: str, key: str) -> list[Mapping[str, Any]]:
        """An array of tables; anything else is a problem and counts as none."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(f"{where}.{key}", f"an array of tables [[{key}]]", value)
            return []
        return value

    def table(self, table: Mapping[str, Any], where: str, key: str) -> Mapping[str, Any]:
        """A table; anything else is a problem and counts as empty."""
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.add(f"{where}.{key}", "a table", value)
            return {}
        return value

    def items(self, table: Mapping[str, Any], where: str, key: str) -> list[Any]:
        """A list; anything else is a problem and counts as empty."""
        value = table.get(key, [])
        if not isinstance(value, list):
            self.add(f"{where}.{key}", "a list", value)
            return []
        return value

    def choice(
        self, table: Mapping[str, Any], where: str, key: str, choices: Any, default: Any = None
    ) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or value not in choices:
            self.add(f"{where}.{key}", f"one of {', '.join(choices)}", value)
            return str(next(iter(choices)))
        return str(value)

    def texts(self, table: Mapping[str, Any], where: str, keys: tuple[str, ...]) -> dict[str, str]:
        found = {}
        for key in keys:
            value = table.get(key)
            if not isinstance(value, str) or not value.strip():
                self.add(f"{where}.{key}", "text", value)
                value = ""
            found[key] = value
        return found

    def wording(self, table: Mapping[str, Any], where: str) -> dict[str, str]:
        soon = table.get("soon", "")
        return {**self.texts(table, where, ("what", "do")), "soon": str(soon)}

    def duration(self, value: object, where: str) -> int:
        try:
            return parse_duration_us(value)
        except TimeFormatError as error:
            self.add(where, error.expected, error.found)
            return 0

    def many(self, table: Mapping[str, Any], where: str, key: str, choices: Any) -> tuple[str, ...]:
        value = self.items(table, where, key)
        if any(not isinstance(item, str) or item not in choices for item in value):
            self.add(f"{where}.{key}", f"a list out of {', '.join(choices)}", value)
            return ()
        return tuple(value)

    def day(self, head: Mapping[str, Any], key: str) -> date | None:
        value = head.get(key)
        if value is not None and not isinstance(value, date):
            self.add(f"rulebook.{key}", "a date such as 2026-01-01", value)
            return None
        return value

    def rule(self, table: Mapping[str, Any], where: str) -> Rule:
        for key in table:
            if key not in _RULE_KEYS:
                self.add(f"{where}.{key}", f"one of {', '.join(_RULE_KEYS)}", key)
        for key in ("id", "variant"):
            if not is_ref(table.get(key)):
                self.add(f"{where}.{key}", "an id", table.get(key))
        kind = self.choice(table, where, "kind", tuple(KIND_PARAMS))
        title = self.texts(self.table(table, where, "title"), f"{where}.title", LANGUAGES)
        article = self.texts(
            self.table(table, where, "article"), f"{where}.article", ("instrument", "article", "zh", "en")
        )
        text = self.table(table, where, "text")
        rule = Rule(
            id=str(table.get("id")),
            variant=str(table.get("variant")),
            kind=kind,
            title=Name(**title),
            article=Article(**article),
            basis=self.choice(table, where, "basis", BASES),
            confidence=self.choice(table, where, "confidence", CONFIDENCES),
            family=self.choice(table, where, "family", FAMILIES),
            levels=self.levels(table, where),
            tiers=self.tiers(table, where),
            measures=self.many(table, where, "measures", MEASURES),
            rooms=self.many(table, where, "rooms", ROOM_KINDS),
            params=self.params(table, where, kind),
            text={
                lang: self.wording(self.table(text, f"{where}.text", lang), f"{where}.text.{lang}")
                for lang in LANGUAGES
            },
            is_sequential=bool(table.get("sequential", False)),
        )
        for lang in LANGUAGES:
            if rule.has_prewarning and not rule.text[lang]["soon"]:
                self.add(f"{where}.text.{lang}.soon", "the wording of the pre-warning", "nothing")
        if (kind == "clock") != bool(rule.tiers):
            self.add(f"{where}.tier", "tiers for a clock, and only for a clock", table.get("tier"))
        if kind != "clock" and all(level.is_prewarning for level in rule.levels):
            self.add(f"{where}.level", "at least one level that is no pre-warning", table.get("level"))
        return rule

    def levels(self, table: Mapping[str, Any], where: str) -> tuple[Level, ...]:
        levels = []
        for number, raw in enumerate(self.tables(table, where, "level")):
            at = f"{where}.level[{number}]"
            after_us = self.duration(raw.get("after"), f"{at}.after")
            is_prewarning = raw.get("prewarning", False) is True
            levels.append(
                Level(
                    name=f"{'pre-' if is_prewarning else ''}{format_duration(after_us)}",
                    after_us=after_us,
                    severity=self.choice(raw, at, "severity", SEVERITIES),
                    is_prewarning=is_prewarning,
                    number_basis=self.choice(raw, at, "number", BASES),
                )
            )
        ladder = [level.after_us for level in levels]
        if ladder != sorted(set(ladder)) or len(levels) > STAGES_MAX:
            self.add(f"{where}.level", f"at most {STAGES_MAX} levels in rising order", ladder)
        return tuple(levels)

    def tiers(self, table: Mapping[str, Any], where: str) -> tuple[Tier, ...]:
        tiers = []
        for number, raw in enumerate(self.tables(table, where, "tier")):
            at = f"{where}.tier[{number}]"
            limit_us = self.duration(raw.get("limit"), f"{at}.limit")
            before = [self.duration(v, f"{at}.prewarnings") for v in self.items(raw, at, "prewarnings")]
            if any(value <= 0 or value >= limit_us for value in before):
                self.add(f"{at}.prewarnings", "durations shorter than the limit", raw.get("prewarnings"))
            tiers.append(
                Tier(
                    limit_us=limit_us,
                    limit=str(raw.get("limit")),
                    basis=self.choice(raw, at, "basis", BASES),
                    grounds=tuple(str(g) for g in self.items(raw, at, "grounds")),
                    approvers=self.many(raw, at, "approvers", ROLES),
                    approver_basis=self.choice(raw, at, "approver_basis", BASES, "law"),
                    prewarnings_us=tuple(sorted(before, reverse=True)),
                    severity=self.choice(raw, at, "severity", SEVERITIES, "S1"),
                )
            )
        limits = [tier.limit_us for tier in tiers]
        if limits != sorted(set(limits)):
            self.add(f"{where}.tier", "tiers with rising limits", limits)
        return tuple(tiers)

    def params(self, table: Mapping[str, Any], where: str, kind: str) -> dict[str, Any]:
        raw = self.table(table, where, "with")
        allowed = KIND_PARAMS[kind]
        found: dict[str, Any] = {}
        for key in raw:
            if key not in allowed:
                self.add(f"{where}.with.{key}", f"one of {', '.join(allowed) or 'nothing'}", key)
        for key, expected in allowed.items():
            if key not in raw:
                if not expected.endswith("?"):
                    self.add(f"{where}.with.{key}", expected, "nothing")
                continue
            found[key] = self.param(raw[key], expected.removesuffix("?"), f"{where}.with.{key}")
        return found

    def param(self, value: object, expected: str, where: str) -> object:
        if expected == "duration":
            return self.duration(value, where)
        if expected == "integer":
            if isinstance(value, bool) or not isinstance(value, int):
                self.add(where, "a whole number", value)
            return value
        choices: tuple[object, ...] = tuple(expected.split("|"))
        if expected.endswith("*"):
            choices = tuple(expected[:-1].split("|"))
            if not isinstance(value, list) or any(item not in choices for item in map(str, value)):
                self.add(where, f"a list out of {expected[:-1]}", value)
            return tuple(value) if isinstance(value, list) else ()
        if not isinstance(value, str) or value not in choices:
            self.add(where, f"one of {expected}", value)
        return value


def load_rulebook(text: str, file: str = "rulebook.toml") -> Rulebook:
    """Read a rulebook. Raises ConfigError with every problem found."""
    reader = _Reader(file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reader.add("(file)", "TOML 1.0", str(error))
        raise ConfigError(reader.problems) from None
    head = raw.get("rulebook")
    if not isinstance(head, dict):
        reader.add("rulebook", "a table [rulebook]", head)
        head = {}
    if not is_ref(head.get("id")):
        reader.add("rulebook.id", "an id", head.get("id"))
    tables = raw.get("rule", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        reader.add("rule", "at least one [[rule]]", type(tables).__name__)
        raise ConfigError(reader.problems)
    rules = tuple(reader.rule(t, f"rule[{n}] {t.get('id')}") for n, t in enumerate(tables))
    keys = [rule.key for rule in rules]
    for key in {key for key in keys if keys.count(key) > 1}:
        reader.add("rule", "each id and variant once", key)
    title = reader.texts(reader.table(head, "rulebook", "title"), "rulebook.title", LANGUAGES)
    book = Rulebook(
        id=str(head.get("id")),
        title=Name(**title),
        in_force_from=reader.day(head, "in_force_from"),
        in_force_until=reader.day(head, "in_force_until"),
        rules=rules,
    )
    if reader.problems:
        raise ConfigError(reader.problems)
    return book
