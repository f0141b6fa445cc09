"""Rulebooks as the engine sees them: typed rules, approvals and steps of one period or of several.

`reader.py` reads them out of TOML. A rule is bound to a kind (kinds/), whose code holds no number
of the law.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

from custody.name import Name
from custody.times import Limit

BASES: Final = ("law", "local")
SEVERITIES: Final = ("S1", "S2", "S3", "S4")
CONFIDENCES: Final = ("verified", "second_hand", "unverified", "local")
FAMILIES: Final = ("clock", "person", "equipment")
LANGUAGES: Final = ("zh", "en")
STRADDLES: Final = ("at_start", "at_moment")


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
    """One limit of a legal clock and what it takes to be given it.

    `prewarnings`: so long before the limit. `due`: severity at the beginning of the last day of a
    calendar limit; `severity`: when the limit is over.
    """

    limit: Limit
    basis: str
    grounds: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    approver_basis: str = "law"
    prewarnings: tuple[Limit, ...] = ()
    severity: str = "S1"
    due: str | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """A stretch of the person's way: from one of the steps `start` to one of the steps `end`."""

    start: tuple[str, ...]
    end: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class When:
    """What must be stated of the person, the case or the thing. Not stated is not met."""

    sex: str | None = None
    minor: bool | None = None
    flags_any: tuple[str, ...] = ()
    flags_all: tuple[str, ...] = ()
    flags_none: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # of a thing that is kept: one of these
    traits: tuple[str, ...] = ()  # it is all of these
    traits_none: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """It asks for nothing."""
        return self is ANYBODY or self == ANYBODY

    @property
    def is_of_item(self) -> bool:
        """It asks for what is stated of a thing."""
        return bool(self.kinds or self.traits or self.traits_none)


ANYBODY: Final = When()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rulebook."""

    id: str
    variant: str
    kind: str
    unit: str
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
    when: When = ANYBODY
    after: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    during: Between | None = None
    not_during: Between | None = None
    is_sequential: bool = False
    outlives: bool = False
    refuses: bool = False
    is_overlaid: bool = False  # a local overlay has made it stricter
    from_us: int | None = None  # in force from this instant; None: always
    until_us: int | None = None  # in force before this instant

    def __deepcopy__(self, memo: object) -> "Rule":
        """Nothing in it changes: a copy of an engine shares it."""
        return self

    @property
    def key(self) -> str:
        """Unique within a rulebook."""
        return f"{self.id}/{self.variant}"

    @property
    def has_prewarning(self) -> bool:
        """Some step of the ladder comes before the limit."""
        return any(level.is_prewarning for level in self.levels) or any(
            tier.prewarnings for tier in self.tiers
        )

    def wording(self, *, is_prewarning: bool) -> dict[str, dict[str, str]]:
        """zh/en -> what is wrong (or will soon be) and what to do."""
        what = "soon" if is_prewarning else "what"
        return {lang: {"what": t[what], "do": t["do"]} for lang, t in self.text.items()}

    def is_in_force(self, at_us: int) -> bool:
        """Whether the rule holds at an instant."""
        return (self.from_us is None or self.from_us <= at_us) and (
            self.until_us is None or at_us < self.until_us
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """Who may state a fact that is an approval, and the rule whose article says so."""

    fact: str
    approvers: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the transition table of the person's way."""

    fact: str
    phases: tuple[str, ...]
    to: str = ""
    needs: tuple[str, ...] = ()
    except_rooms: tuple[str, ...] = ()
    rule: str = "M5"


@dataclass(frozen=True)
class Rulebook:
    """All rules of one jurisdiction and period, or of periods that follow each other."""

    id: str
    title: Name
    in_force_from: date | None
    in_force_until: date | None
    rules: tuple[Rule, ...] = ()
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)
    changes_us: tuple[int, ...] = ()  # the instants at which one book follows another
    straddle: str = "at_start"
    titles: Mapping[str, Name] = field(default_factory=dict)  # of the books, by id

    # cached_property needs a __dict__: this class goes without slots

    @cached_property
    def versions(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules by key: one, or one a period."""
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.rules:
            found[rule.key] = (*found.get(rule.key, ()), rule)
        return found

    def clock_rules(self, rule_id: str) -> list[Rule]:
        """Clocks that carry this id."""
        return [rule for rule in self.rules if rule.id == rule_id and rule.kind == "clock"]

    def rule_of(self, rule_id: str) -> Rule | None:
        """The first rule of this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def article_of(self, rule_id: str) -> Article | None:
        """The article of the first rule of this id."""
        rule = self.rule_of(rule_id)
        return rule.article if rule is not None else None
