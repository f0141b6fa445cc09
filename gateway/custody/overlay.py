"""Local overlays: `[[overlay]]` of area.toml makes a rule stricter. What would loosen it is refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from custody.area import Area
from custody.config import ConfigError
from custody.reader import Reader, join_rulebooks, levels_of, load_rulebook
from custody.rules import SEVERITIES, Level, Rule, Rulebook, Tier
from custody.times import Limit
from custody.vocabulary import ROLES

_TIGHTENS: Final = ("level", "limit", "approvers", "prewarnings")
_KEYS: Final = ("rule", *_TIGHTENS, "reason")


def rulebook_of(area: Area, text_of: Any) -> Rulebook:
    """The rulebooks of an area, one after the other, with its overlays.

    `text_of` gives the TOML of a book or of a shared part by name, or raises KeyError. Raises
    ConfigError with every problem.
    """
    books, problems = [], []
    for name in area.rulebooks:
        try:
            text = text_of(name)
        except KeyError as error:
            reader = Reader("area.toml")
            reader.add("area.rulebook", "a bundled rulebook", f"{name}: {error.args[0]}")
            problems += reader.problems
            continue
        try:
            books.append(load_rulebook(text, f"{name}.toml", text_of))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return overlaid(join_rulebooks(books, area.zone, area.straddle), area.overlays)


def overlaid(book: Rulebook, tables: tuple[Mapping[str, Any], ...], file: str = "area.toml") -> Rulebook:
    """A rulebook with its rules made stricter. Raises ConfigError where a table would loosen one."""
    reader = Reader(file)
    rules = list(book.rules)
    for number, table in enumerate(tables):
        where = f"overlay[{number}] {table.get('rule')}"
        reader.only(table, where, _KEYS)
        if not isinstance(table.get("rule"), str) or table["rule"] not in book.versions:
            reader.add(f"{where}.rule", "id/variant of a rule of the rulebook", table.get("rule"))
            continue
        if not set(_TIGHTENS) & set(table):
            reader.add(where, f"one of {', '.join(_TIGHTENS)}", ", ".join(table))
        if not isinstance(table.get("reason", ""), str):
            reader.add(f"{where}.reason", "text", table["reason"])
        for place, rule in enumerate(rules):
            if rule.key == table["rule"]:
                rules[place] = replace(_stricter(reader, table, where, rule), is_overlaid=True)
    if reader.problems:
        raise ConfigError(reader.problems)
    return replace(book, rules=tuple(rules)) if tables else book


def _stricter(r: Reader, table: Mapping[str, Any], where: str, rule: Rule) -> Rule:
    if "level" in table:
        if rule.tiers:
            r.add(f"{where}.level", "limit, approvers or prewarnings for a clock", "level")
            return rule
        levels = levels_of(r, table, where)
        _check_levels(r, where, rule, levels)
        rule = replace(rule, levels=levels)
    if {"limit", "approvers", "prewarnings"} & set(table):
        if not rule.tiers:
            r.add(where, "limit, approvers, prewarnings for a clock alone", rule.kind)
            return rule
        rule = replace(rule, tiers=_stricter_tiers(r, table, where, rule))
    return rule


def _check_levels(r: Reader, where: str, rule: Rule, new: tuple[Level, ...]) -> None:
    """At the moment of each old alarm one at least as severe must have been raised."""
    old = rule.levels
    for level in (level for level in new if level.number_basis == "law" and level not in old):
        r.add(f"{where}.level", "local as the number of what is not the law's", level.name)
    if any(level.is_prewarning for level in new):
        _check_wording(r, f"{where}.level", rule)
    for level in (level for level in old if not level.is_prewarning):
        by_then = [n.severity for n in new if not n.is_prewarning and n.after_us <= level.after_us]
        if not by_then or SEVERITIES.index(min(by_then)) > SEVERITIES.index(level.severity):
            r.add(f"{where}.level", f"{level.severity} by {level.name} or stricter", [n.name for n in new])
    for level in (level for level in old if level.is_prewarning):
        if not any(n.is_prewarning and n.after_us <= level.after_us for n in new):
            r.add(f"{where}.level", f"a pre-warning by {level.name} or earlier", [n.name for n in new])


def _check_wording(r: Reader, where: str, rule: Rule) -> None:
    """A pre-warning needs words, and only the rulebook has them."""
    if not all(text["soon"] for text in rule.text.values()):
        r.add(where, "no pre-warning: the rule has no words for one", rule.key)


def _stricter_tiers(r: Reader, table: Mapping[str, Any], where: str, rule: Rule) -> tuple[Tier, ...]:
    tiers = rule.tiers
    is_calendar = bool(rule.params.get("calendar"))
    if "limit" in table:
        limit = r.limit(table["limit"], f"{where}.limit")
        if is_calendar == bool(limit.us and not limit.days):
            r.add(f"{where}.limit", "days or months for a calendar clock, hours for another", limit.text)
            return tiers
        tiers = _shorter(r, where, tiers, limit)
    if "approvers" in table:
        approvers = r.many(table, where, "approvers", ROLES)
        if not any(tier.approvers for tier in tiers):
            r.add(f"{where}.approvers", "a clock with a longer limit that somebody approves", rule.key)
        for tier in tiers:
            if not approvers or (tier.approvers and not set(approvers) <= set(tier.approvers)):
                r.add(f"{where}.approvers", f"some of {', '.join(tier.approvers)}", table["approvers"])
        tiers = tuple(replace(t, approvers=approvers) if t.approvers else t for t in tiers)
    if "prewarnings" in table:
        more = tuple(r.limit(v, f"{where}.prewarnings") for v in r.items(table, where, "prewarnings"))
        unfit = [w.text for w in more if w.order >= tiers[-1].limit.order or (is_calendar and not w.days)]
        if unfit:
            r.add(f"{where}.prewarnings", "shorter than the limit, in its unit", unfit)
        _check_wording(r, f"{where}.prewarnings", rule)
        tiers = tuple(_warned(t, more) for t in tiers)
    return tiers


def _shorter(r: Reader, where: str, tiers: tuple[Tier, ...], limit: Limit) -> tuple[Tier, ...]:
    """The last limit becomes shorter; longer tiers than it are no longer given."""
    first = tiers[0].limit
    last = tiers[-1].limit
    if limit.order > last.order or _unit(limit) != _unit(
        last
    ):  # days and months cannot be told apart by length
        r.add(f"{where}.limit", f"at most {last.text}", limit.text)
        return tiers
    if limit.order <= first.order:
        return (replace(tiers[0], limit=limit, basis="local", prewarnings=_before(tiers[0], limit)),)
    kept = [tier for tier in tiers if tier.limit.order < limit.order]
    cut = next(tier for tier in tiers if tier.limit.order >= limit.order)
    return (*kept, replace(cut, limit=limit, basis="local", prewarnings=_before(cut, limit)))


def _unit(limit: Limit) -> tuple[bool, bool]:
    return bool(limit.months), bool(limit.working_days)


def _before(tier: Tier, limit: Limit) -> tuple[Limit, ...]:
    return tuple(warning for warning in tier.prewarnings if warning.order < limit.order)


def _warned(tier: Tier, more: tuple[Limit, ...]) -> Tier:
    """With these pre-warnings besides its own."""
    known = {warning.text: warning for warning in (*tier.prewarnings, *more)}
    fitting = [w for w in known.values() if w.order < tier.limit.order]
    return replace(tier, prewarnings=tuple(sorted(fitting, key=lambda w: w.order, reverse=True)))
