"""Reads a rulebook out of TOML and checks it: file, key, expected, found for every mistake.

The grammar is docs/rulebook.md. `load_rulebook` gives one book; `join_rulebooks` puts the books of
several periods one after the other; no file is opened here.
"""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from custody.area import DOOR_KINDS, ROOM_KINDS
from custody.catalogue import FACT_TYPES, UNITS
from custody.config import ConfigError, ConfigProblem
from custody.fields import INSTANT, is_ref
from custody.name import Name
from custody.rules import (
    BASES,
    CONFIDENCES,
    FAMILIES,
    LANGUAGES,
    SEVERITIES,
    STRADDLES,
    Approval,
    Article,
    Between,
    Level,
    Rule,
    Rulebook,
    Step,
    Tier,
    When,
)
from custody.times import Limit, TimeFormatError, format_duration, midnight_us, parse_duration_us, parse_limit
from custody.vocabulary import FLAGS, GROUNDS, MEASURES, ROLES, SERVICES, SEXES

STAGES_MAX: Final = 12  # steps of one ladder: more would be an alarm flood by design
INCLUDES_MAX: Final = 32
PHASES: Final = ("arrived", "inside", "interviewing", "out", "ended")
STAY_STEPS: Final = ("arrived", "entered", "registered", "searched", "released", "arrival_written")
SOURCES: Final = (
    "door", "door_held", "band_silent", "band_battery", "node", "recorder", "port", "server", "gateway", "clock",
)  # fmt: skip
STANDING_ACTS: Final = (
    "outside_area", "in_room", "recused_present", "band_cut", "door_forced", "refused",
)  # fmt: skip
QUANTITIES: Final = ("certificate_after_entry", "particulars_missing")
FITTED: Final = ("patrol_point", "guard_motion")

# What a rulebook may say to each kind under [rule.with]: key -> (how it is read, must it be there).
KIND_PARAMS: Final[Mapping[str, Mapping[str, tuple[str, bool]]]] = {
    "clock": {
        "from": ("measure|arrival", False),
        "since": ("steps", False),
        "until": ("steps", False),
        "calendar": ("bool", False),
        "suspended": ("betweens", False),
        "restarted_by": ("steps", False),
    },
    "required_within": {
        "since": ("steps", True),
        "until": ("steps", True),
        "first": ("bool", False),
        "ever": ("bool", False),
        "not_before": ("steps", False),
    },
    "required_before": {
        "step": ("steps", True),
        "act": ("steps", False),
        "first": ("bool", False),
        "since": ("steps", False),
        "between": ("times", False),
    },
    "forbidden_act": {
        "act": ("act", True),
        "fields": ("fields", False),
        "repeat": ("bool", False),
        "same": ("names", False),
        "within": ("within", False),
        "until": ("steps", False),
        "reasons": ("names", False),
        "facts": ("names", False),
        "window": ("duration", False),
        "doors": ("doors", False),
    },
    "threshold": {
        "step": ("steps", False),
        "field": ("name", False),
        "below": ("number", False),
        "above": ("number", False),
        "per": ("name", False),
        "act": ("bool", False),
        "quantity": ("|".join(QUANTITIES), False),
    },
    "interval": {
        "acts": ("steps", True),
        "of": ("stay|room", False),
        "from": ("entered|room|during", True),
        "fitted": ("|".join(FITTED), False),
    },
    "presence": {"when": ("no_police|nobody", True)},
    "head_count": {
        "fewer_than": ("integer", True),
        "recorded_minimum": ("integer", False),
        "service": ("sworn|any", False),
        "sex": ("|".join(SEXES), False),
        "form": ("steps", False),
    },
    "coverage": {"only_if_fewer_than": ("integer", False)},
    "separation": {"apart": ("sex|case|age|anyone", True)},
    "supervision": {
        "source": ("|".join(SOURCES), True),
        "doors": ("doors", False),
        "percent_below": ("integer", False),
    },
    "chain": {"gap": ("duration", True)},
}

_RULE_KEYS: Final = (
    "id", "variant", "kind", "unit", "title", "article", "basis", "confidence", "family", "level", "tier",
    "measures", "rooms", "text", "sequential", "with", "when", "after", "unless", "during", "not_during",
    "outlives", "refuse",
)  # fmt: skip


class Reader:
    """Reads raw TOML of rulebooks and collects what is wrong."""

    def __init__(self, file: str) -> None:
        """`file`: the name shown with each problem."""
        self.file = file
        self.problems: list[ConfigProblem] = []

    def add(self, key: str, expected: str, found: object) -> None:
        """One thing wrong."""
        self.problems.append(ConfigProblem(self.file, key, expected, repr(found)[:120]))

    def tables(self, table: Mapping[str, Any], where: str, key: str) -> list[Mapping[str, Any]]:
        """An array of tables; anything else is a problem and counts as none."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(f"{where}{key}", f"an array of tables [[{key}]]", value)
            return []
        return value

    def table(self, table: Mapping[str, Any], where: str, key: str) -> Mapping[str, Any]:
        """A table; anything else is a problem and counts as empty."""
        value = table.get(key, {})
        if not isinstance(value, dict):
            self.add(f"{where}.{key}", "a table", value)
            return {}
        return value

    def only(self, table: Mapping[str, Any], where: str, keys: Collection[str]) -> None:
        """Every other key is a slip."""
        for key in table:
            if key not in keys:
                self.add(f"{where}.{key}", f"one of {', '.join(keys) or 'nothing'}", key)

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
        """One of a closed list."""
        value = table.get(key, default)
        if not isinstance(value, str) or value not in choices:
            self.add(f"{where}.{key}", f"one of {', '.join(choices)}", value)
            return str(next(iter(choices)))
        return value

    def flag(self, table: Mapping[str, Any], where: str, key: str) -> bool:
        """true or false; false when left out."""
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.add(f"{where}.{key}", "true or false", value)
        return value is True

    def texts(self, table: Mapping[str, Any], where: str, keys: tuple[str, ...]) -> dict[str, str]:
        """Texts that must be there."""
        found = {}
        for key in keys:
            value = table.get(key)
            if not isinstance(value, str) or not value.strip():
                self.add(f"{where}.{key}", "text", value)
                value = ""
            found[key] = value
        return found

    def many(self, table: Mapping[str, Any], where: str, key: str, choices: Any) -> tuple[str, ...]:
        """A list out of a closed list."""
        value = self.items(table, where, key)
        if any(not isinstance(item, str) or item not in choices for item in value):
            self.add(f"{where}.{key}", f"a list out of {', '.join(choices)}", value)
            return ()
        return tuple(value)

    def duration(self, value: object, where: str) -> int:
        """Microseconds; a leading minus for so long before."""
        sign, text = (-1, value[1:]) if isinstance(value, str) and value.startswith("-") else (1, value)
        try:
            return sign * parse_duration_us(text)
        except TimeFormatError as error:
            self.add(where, error.expected, error.found)
            return 0

    def limit(self, value: object, where: str) -> Limit:
        """A limit by the clock or by the calendar."""
        try:
            found = parse_limit(value)
        except TimeFormatError as error:
            self.add(where, f"{error.expected}, or '7d', '5wd', '2mo'", error.found)
            return Limit("1h", us=parse_duration_us("1h"))
        if not found.is_positive:
            self.add(where, "more than nothing", value)
        return found

    def steps(self, value: object, where: str) -> tuple[str, ...]:
        """One step or a list of steps."""
        values = value if isinstance(value, list) else [value]
        for step in values:
            expected = _step_problem(step)
            if expected:
                self.add(where, expected, step)
                return ()
        return tuple(values)

    def between(self, value: object, where: str) -> Between:
        """`{ start = [...], end = [...] }`."""
        if not isinstance(value, dict) or set(value) != {"start", "end"}:
            self.add(where, "{ start = [steps], end = [steps] }", value)
            return Between((), ())
        return Between(
            self.steps(value["start"], f"{where}.start"), self.steps(value["end"], f"{where}.end")
        )

    def day(self, head: Mapping[str, Any], key: str) -> date | None:
        """A date or nothing."""
        value = head.get(key)
        if value is not None and type(value) is not date:  # a moment is no day
            self.add(f"rulebook.{key}", "a date such as 2026-01-01", value)
            return None
        return value


def _step_problem(step: object) -> str:
    """What is expected instead of this step; empty when it is one."""
    if not isinstance(step, str):
        return "a step such as 'rights.told'"
    name, _, at = step.partition("@")
    base, _, value = name.partition(":")
    if base in STAY_STEPS:
        return "" if not value and not at else f"{base} without ':' or '@'"
    closed = {"measure": MEASURES, "in": ROOM_KINDS, "left": ROOM_KINDS}.get(base)
    if closed is not None:
        return "" if value in closed else f"{base}: one of {', '.join(closed)}"
    fact = FACT_TYPES.get(base)
    if fact is None:
        return "a fact type of docs/scenarios.md, or a step of docs/rulebook.md"
    if value:
        choices = fact.fields[fact.step_field].choices if fact.step_field else ()
        if fact.step_field is None or (choices and value not in choices):
            return f"{base} with one of {', '.join(choices) or 'no kinds'}"
    if at and (f"{at}_at_us" not in fact.fields or fact.fields[f"{at}_at_us"].kind != INSTANT):
        return f"{base}@ with a field that holds an instant"
    return ""


# --- [rule.with] ---------------------------------------------------------------------------------


def _bool(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, bool):
        r.add(where, "true or false", value)
    return value is True


def _integer(r: Reader, value: object, where: str) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        r.add(where, "a whole number", value)
        return 0
    return value


def _number(r: Reader, value: object, where: str) -> object:
    return r.duration(value, where) if isinstance(value, str) else _integer(r, value, where)


def _name(r: Reader, value: object, where: str) -> object:
    if not is_ref(value):
        r.add(where, "a name", value)
    return str(value)


def _names(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, list) or not all(map(is_ref, value)):
        r.add(where, "a list of names", value)
        return ()
    return tuple(value)


def _doors(r: Reader, value: object, where: str) -> object:
    return r.many({"doors": value}, where.rpartition(".")[0], "doors", DOOR_KINDS)


def _act(r: Reader, value: object, where: str) -> object:
    return value if value in STANDING_ACTS else r.steps(value, where)


def _times(r: Reader, value: object, where: str) -> object:
    try:
        begin, end = (time.fromisoformat(item) for item in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, AttributeError):
        r.add(where, 'two local times such as ["21:00", "07:00"]', value)
        return (time(), time())
    return (begin, end)


def _fields(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, dict) or not all(isinstance(v, list) for v in value.values()):
        r.add(where, "a table of lists such as { device = ['rope'] }", value)
        return {}
    return {key: tuple(values) for key, values in value.items()}


def _within(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, dict) or set(value) != {"step", "span"}:
        r.add(where, "{ step = '…', span = '180d' }", value)
        return ((), Limit("0s"))
    return (r.steps(value["step"], f"{where}.step"), r.limit(value["span"], f"{where}.span"))


def _betweens(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, list):
        r.add(where, "a list of { start, end }", value)
        return ()
    return tuple(r.between(item, f"{where}[{n}]") for n, item in enumerate(value))


_PARAM_READERS: Final[Mapping[str, Callable[[Reader, object, str], object]]] = {
    "act": _act,
    "betweens": _betweens,
    "bool": _bool,
    "doors": _doors,
    "duration": Reader.duration,
    "fields": _fields,
    "integer": _integer,
    "name": _name,
    "names": _names,
    "number": _number,
    "steps": Reader.steps,
    "times": _times,
    "within": _within,
}  # type: ignore[dict-item]


def _params(r: Reader, table: Mapping[str, Any], where: str, kind: str) -> dict[str, Any]:
    raw, allowed = r.table(table, where, "with"), KIND_PARAMS[kind]
    r.only(raw, f"{where}.with", allowed)
    found: dict[str, Any] = {}
    for key, (expected, is_required) in allowed.items():
        at = f"{where}.with.{key}"
        if key not in raw:
            if is_required:
                r.add(at, expected, "nothing")
            continue
        read = _PARAM_READERS.get(expected)
        if read is not None:
            found[key] = read(r, raw[key], at)
        else:
            found[key] = r.choice(raw, f"{where}.with", key, expected.split("|"))
    return found


# --- one rule ------------------------------------------------------------------------------------

# What each source is a matter of; the others are a matter of themselves.
_UNIT_OF_SOURCE: Final[Mapping[str, str]] = {
    "band_battery": "stay",
    "band_silent": "stay",
    "door": "door",
    "door_held": "door",
    "node": "node",
    "recorder": "recorder",
}


def _rule(r: Reader, table: Mapping[str, Any], where: str) -> Rule:
    r.only(table, where, _RULE_KEYS)
    for key in ("id", "variant"):
        if not is_ref(table.get(key)):
            r.add(f"{where}.{key}", "an id", table.get(key))
    kind = r.choice(table, where, "kind", tuple(KIND_PARAMS))
    title = r.texts(r.table(table, where, "title"), f"{where}.title", LANGUAGES)
    article = r.texts(
        r.table(table, where, "article"), f"{where}.article", ("instrument", "article", "zh", "en")
    )
    text = r.table(table, where, "text")
    rule = Rule(
        id=str(table.get("id")),
        variant=str(table.get("variant")),
        kind=kind,
        unit=_unit(r, table, where, kind),
        title=Name(**title),
        article=Article(**article),
        basis=r.choice(table, where, "basis", BASES),
        confidence=r.choice(table, where, "confidence", CONFIDENCES),
        family=r.choice(table, where, "family", FAMILIES),
        levels=levels_of(r, table, where),
        tiers=_tiers(r, table, where),
        measures=r.many(table, where, "measures", MEASURES),
        rooms=r.many(table, where, "rooms", ROOM_KINDS),
        params=_params(r, table, where, kind),
        text={
            lang: _wording(r, r.table(text, f"{where}.text", lang), f"{where}.text.{lang}")
            for lang in LANGUAGES
        },
        when=_when(r, table, where),
        after=r.steps(table["after"], f"{where}.after") if "after" in table else (),
        unless=r.steps(table["unless"], f"{where}.unless") if "unless" in table else (),
        during=r.between(table["during"], f"{where}.during") if "during" in table else None,
        not_during=r.between(table["not_during"], f"{where}.not_during") if "not_during" in table else None,
        is_sequential=r.flag(table, where, "sequential"),
        outlives=r.flag(table, where, "outlives"),
        refuses=r.flag(table, where, "refuse"),
    )
    _check_rule(r, rule, table, where)
    return rule


def _check_rule(r: Reader, rule: Rule, table: Mapping[str, Any], where: str) -> None:
    for lang in LANGUAGES:
        if rule.has_prewarning and not rule.text[lang]["soon"]:
            r.add(f"{where}.text.{lang}.soon", "the wording of the pre-warning", "nothing")
    if (rule.kind == "clock") != bool(rule.tiers):
        r.add(f"{where}.tier", "tiers for a clock, and only for a clock", table.get("tier"))
    if rule.kind != "clock" and all(level.is_prewarning for level in rule.levels):
        r.add(f"{where}.level", "at least one level that is no pre-warning", table.get("level"))
    params = rule.params
    if rule.kind == "threshold":
        has_side = ("below" in params) != ("above" in params) or "quantity" in params
        has_value = ("step" in params and "field" in params) != ("quantity" in params)
        if not (has_side and has_value):
            r.add(f"{where}.with", "step and field with below or above, or a quantity", dict(params))
    if rule.kind == "clock" and "since" in params and "from" in params:
        r.add(f"{where}.with", "since or from", dict(params))


def _unit(r: Reader, table: Mapping[str, Any], where: str, kind: str) -> str:
    params = r.table(table, where, "with")
    if kind == "supervision":
        source = str(params.get("source"))
        return _UNIT_OF_SOURCE.get(source, source)
    if params.get("act") == "door_forced":
        return "door"
    if kind == "coverage" and not any(key in table for key in ("measures", "when", "during")):
        return "room"
    return r.choice(table, where, "unit", UNITS, "stay")


def _wording(r: Reader, table: Mapping[str, Any], where: str) -> dict[str, str]:
    r.only(table, where, ("soon", "what", "do"))
    return {**r.texts(table, where, ("what", "do")), "soon": str(table.get("soon", ""))}


def _when(r: Reader, table: Mapping[str, Any], where: str) -> When:
    raw, at = r.table(table, where, "when"), f"{where}.when"
    r.only(raw, at, ("sex", "minor", "flags_any", "flags_all", "flags_none"))
    minor = raw.get("minor")
    if minor is not None and not isinstance(minor, bool):
        r.add(f"{at}.minor", "true or false", minor)
    return When(
        sex=r.choice(raw, at, "sex", SEXES) if "sex" in raw else None,
        minor=minor if isinstance(minor, bool) else None,
        flags_any=r.many(raw, at, "flags_any", FLAGS),
        flags_all=r.many(raw, at, "flags_all", FLAGS),
        flags_none=r.many(raw, at, "flags_none", FLAGS),
    )


def levels_of(r: Reader, table: Mapping[str, Any], where: str) -> tuple[Level, ...]:
    """The ladder of a rule, or of an overlay."""
    levels = []
    for number, raw in enumerate(r.tables(table, f"{where}.", "level")):
        at = f"{where}.level[{number}]"
        r.only(raw, at, ("after", "severity", "number", "prewarning"))
        after_us = r.duration(raw.get("after"), f"{at}.after")
        is_prewarning = r.flag(raw, at, "prewarning")
        sign = "-" if after_us < 0 else ""
        levels.append(
            Level(
                name=f"{'pre-' if is_prewarning else ''}{sign}{format_duration(abs(after_us))}",
                after_us=after_us,
                severity=r.choice(raw, at, "severity", SEVERITIES),
                is_prewarning=is_prewarning,
                number_basis=r.choice(raw, at, "number", BASES),
            )
        )
    ladder = [level.after_us for level in levels]
    if ladder != sorted(set(ladder)) or len(levels) > STAGES_MAX:
        r.add(f"{where}.level", f"at most {STAGES_MAX} levels in rising order", ladder)
    limits = [level.after_us for level in levels if not level.is_prewarning]
    late = [level.name for level in levels if level.is_prewarning and limits and level.after_us >= limits[0]]
    if late:
        r.add(f"{where}.level", "pre-warnings before the first limit", late)
    return tuple(levels)


def _tiers(r: Reader, table: Mapping[str, Any], where: str) -> tuple[Tier, ...]:
    is_calendar = r.table(table, where, "with").get("calendar") is True
    tiers = []
    for number, raw in enumerate(r.tables(table, f"{where}.", "tier")):
        at = f"{where}.tier[{number}]"
        r.only(raw, at, ("limit", "basis", "grounds", "approvers", "approver_basis", "prewarnings", "severity", "due"))
        limit = r.limit(raw.get("limit"), f"{at}.limit")
        before = [r.limit(v, f"{at}.prewarnings") for v in r.items(raw, at, "prewarnings")]
        if any(value.order >= limit.order or (is_calendar and not value.days) for value in before):
            r.add(f"{at}.prewarnings", "shorter than the limit, in its unit", raw.get("prewarnings"))
        if is_calendar == bool(limit.us and not limit.days):
            r.add(f"{at}.limit", "days or months for a calendar clock, hours for another", raw.get("limit"))
        if number and not raw.get("approvers"):
            r.add(f"{at}.approvers", "who gives this longer limit", raw.get("approvers"))
        tiers.append(
            Tier(
                limit=limit,
                basis=r.choice(raw, at, "basis", BASES),
                grounds=r.many(raw, at, "grounds", GROUNDS),
                approvers=r.many(raw, at, "approvers", ROLES),
                approver_basis=r.choice(raw, at, "approver_basis", BASES, "law"),
                prewarnings=tuple(sorted(before, key=lambda value: value.order, reverse=True)),
                severity=r.choice(raw, at, "severity", SEVERITIES, "S1"),
                due=r.choice(raw, at, "due", SEVERITIES) if "due" in raw else None,
            )
        )
    limits = [tier.limit.order for tier in tiers]
    if limits != sorted(set(limits)):
        r.add(f"{where}.tier", "tiers with rising limits", [tier.limit.text for tier in tiers])
    return tuple(tiers)


# --- approvals and steps -------------------------------------------------------------------------


def _approval(r: Reader, table: Mapping[str, Any], where: str) -> Approval:
    r.only(table, where, ("fact", "approvers", "rule"))
    facts = [name for name, item in FACT_TYPES.items() if "approver" in item.fields]
    return Approval(
        fact=r.choice(table, where, "fact", facts),
        approvers=r.many(table, where, "approvers", ROLES),
        rule=r.texts(table, where, ("rule",))["rule"],
    )


def _step(r: Reader, table: Mapping[str, Any], where: str) -> Step:
    r.only(table, where, ("fact", "from", "to", "needs", "except_rooms", "rule"))
    facts = [name for name, item in FACT_TYPES.items() if "stay" in item.fields]
    return Step(
        fact=r.choice(table, where, "fact", facts),
        phases=r.many(table, where, "from", PHASES),
        to=r.choice(table, where, "to", PHASES) if "to" in table else "",
        needs=r.steps(table["needs"], f"{where}.needs") if "needs" in table else (),
        except_rooms=r.many(table, where, "except_rooms", ROOM_KINDS),
        rule=r.texts(table, where, ("rule",))["rule"],
    )


# --- the file ------------------------------------------------------------------------------------

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
        rules=tuple(rules),
        approvals={item.fact: item for item in approvals},
        steps={item.fact: item for item in steps},
        titles={str(head.get("id")): Name(**title)},
    )
    if reader.problems:
        raise ConfigError(reader.problems)
    return book


_Tables = tuple[list[Rule], list[Approval], list[Step]]


def _tables(r: Reader, raw: Mapping[str, Any]) -> _Tables:
    return (
        [_rule(r, t, f"rule[{n}] {t.get('id')}/{t.get('variant')}") for n, t in enumerate(r.tables(raw, "", "rule"))],
        [_approval(r, t, f"approval[{n}]") for n, t in enumerate(r.tables(raw, "", "approval"))],
        [_step(r, t, f"step[{n}]") for n, t in enumerate(r.tables(raw, "", "step"))],
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
    part = Reader(f"{name}.toml")
    try:
        raw = _parse(part, text)
    except ConfigError as error:
        reader.problems += error.problems
        return None
    if "rulebook" in raw:
        part.add("rulebook", "no [rulebook] in a shared part", "one")
    found = _tables(part, raw)
    reader.problems += part.problems
    return found


def _once(r: Reader, what: str, keys: list[str]) -> None:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        r.add(what, "each id and variant, each fact, once", key)


# --- books of several periods --------------------------------------------------------------------


def join_rulebooks(books: list[Rulebook], zone: ZoneInfo, straddle: str = "at_start") -> Rulebook:
    """Books that follow each other, as one. A rule that does not change holds throughout.

    Raises ConfigError when the periods leave a hole, overlap, or are open in the middle.
    """
    if len(books) == 1:
        return replace(books[0], straddle=straddle)
    reader = Reader("area.toml")
    if straddle not in STRADDLES:
        reader.add("area.straddle", f"one of {', '.join(STRADDLES)}", straddle)
    books = sorted(books, key=lambda book: book.in_force_from or date.min)
    changes: list[int] = []
    for before, after in zip(books, books[1:], strict=False):
        if before.in_force_until is None or after.in_force_from != before.in_force_until + timedelta(days=1):
            expected = f"{after.id} to begin the day after {before.id} ends"
            reader.add("area.rulebook", expected, f"{before.in_force_until}, {after.in_force_from}")
        else:
            changes.append(midnight_us(after.in_force_from, zone))
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
