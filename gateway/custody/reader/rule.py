"""One table of a rulebook: a rule with its levels and tiers, an approval, a step of the way."""

from collections.abc import Mapping
from typing import Any, Final

from custody.area import ROOM_KINDS
from custody.catalogue import FACT_TYPES, UNITS
from custody.fields import is_ref
from custody.name import Name
from custody.property_words import ITEM_KINDS, TRAITS
from custody.reader.base import Reader
from custody.reader.params import KIND_PARAMS, params_of
from custody.rules import (
    ANYBODY,
    BASES,
    CONFIDENCES,
    FAMILIES,
    LANGUAGES,
    SEVERITIES,
    Approval,
    Article,
    Level,
    Rule,
    Step,
    Tier,
    When,
)
from custody.times import format_duration
from custody.vocabulary import FLAGS, GROUNDS, MEASURES, ROLES, SEXES

STAGES_MAX: Final = 12  # steps of one ladder: more would be an alarm flood by design
PHASES: Final = ("arrived", "inside", "interviewing", "out", "ended")
_RULE_KEYS: Final = (
    "id", "variant", "kind", "unit", "title", "article", "basis", "confidence", "family", "level", "tier",
    "measures", "rooms", "text", "sequential", "with", "when", "after", "unless", "during", "not_during",
    "outlives", "refuse",
)  # fmt: skip

# What each source is a matter of; the others are a matter of themselves.
_UNIT_OF_SOURCE: Final[Mapping[str, str]] = {
    "band_battery": "stay",
    "band_out": "band",
    "band_silent": "stay",
    "band_twice": "stay",
    "door": "door",
    "door_held": "door",
    "compartment_cut_off": "compartment",
    "compartment_failed": "compartment",
    "compartment_missing": "compartment",
    "compartment_open": "compartment",
    "compartment_unknown": "compartment",
    "input_unknown": "input",
    "node": "node",
    "recorder": "recorder",
    "tag_unknown": "tag",
}

# What an act or a source cannot be judged without.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "band_battery": ("percent_below",),
    "band_leapt": ("window",),
    "door_forced": ("window",),
    "input": ("kinds",),
    "point": ("troubles",),
    "compartment_open": ("access",),
    "compartment_failed": ("why",),
    "refused": ("reasons", "facts"),
}


def rule_of(r: Reader, table: Mapping[str, Any], where: str) -> Rule:
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
        params=params_of(r, table, where, kind),
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
    early = [level.name for level in rule.levels if level.after_us < 0]
    if early and not any("@" in step for step in params.get("since", ())) and "each" not in params:
        r.add(
            f"{where}.level",
            "a level before its moment only where that is written: since = 'step@field', or by the calendar: each",
            early,
        )
    if rule.kind == "threshold":
        has_side = ("below" in params) != ("above" in params) or "quantity" in params
        has_value = ("step" in params and "field" in params) != ("quantity" in params)
        if not (has_side and has_value):
            r.add(f"{where}.with", "step and field with below or above, or a quantity", dict(params))
    _check_unit(r, rule, where)
    _check_needed(r, rule, where)
    if rule.kind == "clock" and "since" in params and "from" in params:
        r.add(f"{where}.with", "since or from", dict(params))


def _check_needed(r: Reader, rule: Rule, where: str) -> None:
    """What the kind reads without asking whether it is there."""
    params = rule.params
    for key in _NEEDED.get(str(params.get("act", params.get("source"))), ()):
        if key not in params:
            r.add(f"{where}.with.{key}", KIND_PARAMS[rule.kind][key][0], "nothing")
    if rule.kind == "interval" and params.get("from") == "during" and rule.during is None:
        r.add(f"{where}.during", "what lasts while the act is repeated", "nothing")
    if rule.kind == "interval" and params.get("from") == "step" and "since" not in params:
        r.add(f"{where}.with.since", "the steps since which it is needed", "nothing")
    if rule.kind == "keeping":
        _check_keeping(r, rule, where)
    if rule.kind == "hands" and not {"roles", "never", "apart_from"} & params.keys():
        r.add(f"{where}.with", "roles, never or apart_from", dict(params))
    if _is_of_a_measure(rule) and not rule.measures:
        r.add(f"{where}.measures", "the measures that it counts", "nothing")


_KEEPING_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "since": ("stay", "case"),
    "only_in": ("item",),
}


def _check_keeping(r: Reader, rule: Rule, where: str) -> None:
    """One question, of what it can be asked of."""
    asked = [name for name in _KEEPING_UNITS if name in rule.params]
    if len(asked) != 1:
        r.add(f"{where}.with", f"one of {', '.join(_KEEPING_UNITS)}", dict(rule.params))
    elif rule.unit not in _KEEPING_UNITS[asked[0]]:
        r.add(f"{where}.unit", " or ".join(_KEEPING_UNITS[asked[0]]), rule.unit)


def _check_unit(r: Reader, rule: Rule, where: str) -> None:
    if _is_of_a_person_held(rule):
        if rule.unit != "stay":
            r.add(f"{where}.unit", "a stay: the rule asks where or under what a person is held", rule.unit)
        if rule.outlives:
            r.add(f"{where}.outlives", "false: nobody is held when the stay is over", rule.outlives)
    elif rule.outlives and rule.unit != "stay":
        r.add(f"{where}.outlives", "false: only a stay ends", rule.outlives)


def _is_of_a_person_held(rule: Rule) -> bool:
    """Whether the kind looks at the person of an open stay; of a room only who is in it."""
    params = rule.params
    if rule.measures or _is_of_a_measure(rule):
        return True
    if rule.kind == "forbidden_act":
        return params.get("act") in (
            "band_cut", "band_pressed", "band_leapt", "outside_area", "recused_present",
        )  # fmt: skip
    if rule.kind == "head_count":
        return "form" not in params
    if rule.kind == "interval":
        return params.get("from") == "room"
    if rule.kind == "required_before":
        return "act" not in params
    if rule.kind == "threshold":
        return "quantity" in params
    if rule.kind == "supervision":
        return rule.unit == "stay"
    return rule.kind in ("presence", "separation")


def _is_of_a_measure(rule: Rule) -> bool:
    """It counts from a measure or between two."""
    return rule.kind == "chain" or (rule.kind == "clock" and "since" not in rule.params)


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
    r.only(
        raw, at, ("sex", "minor", "flags_any", "flags_all", "flags_none", "kinds", "traits", "traits_none")
    )
    minor = raw.get("minor")
    if minor is not None and not isinstance(minor, bool):
        r.add(f"{at}.minor", "true or false", minor)
    found = When(
        sex=r.choice(raw, at, "sex", SEXES) if "sex" in raw else None,
        minor=minor if isinstance(minor, bool) else None,
        flags_any=r.many(raw, at, "flags_any", FLAGS),
        flags_all=r.many(raw, at, "flags_all", FLAGS),
        flags_none=r.many(raw, at, "flags_none", FLAGS),
        kinds=r.many(raw, at, "kinds", ITEM_KINDS),
        traits=r.many(raw, at, "traits", TRAITS),
        traits_none=r.many(raw, at, "traits_none", TRAITS),
    )
    return ANYBODY if found == ANYBODY else found


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
        r.only(
            raw,
            at,
            ("limit", "basis", "grounds", "approvers", "approver_basis", "prewarnings", "severity", "due"),
        )
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


def approval_of(r: Reader, table: Mapping[str, Any], where: str) -> Approval:
    r.only(table, where, ("fact", "approvers", "rule"))
    facts = [name for name, item in FACT_TYPES.items() if "approver" in item.fields]
    return Approval(
        fact=r.choice(table, where, "fact", facts),
        approvers=r.many(table, where, "approvers", ROLES),
        rule=r.texts(table, where, ("rule",))["rule"],
    )


def step_of(r: Reader, table: Mapping[str, Any], where: str) -> Step:
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
