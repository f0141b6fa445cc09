"""A rule's own values as sentences: what it asks for, of whom, what it reads, what it does while it cannot see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import time
from typing import Any

from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from custody.aspects import common, of_steps
from custody.catalogue import FACT_TYPES
from custody.catalogue.forms import FIELD_NAMES, FORM_NAMES
from custody.explain import sentences as say
from custody.explain.kept import CABINETS
from custody.explain.wording import Wording, field_name, joined, limit_text, source_said, span
from custody.explain.words import FITTINGS, ROOM_KINDS
from custody.kinds import KINDS
from custody.property_words import ITEM_KINDS, ITEM_STATES, TRAITS
from custody.reader import KIND_PARAMS
from custody.rules import Between, Rule
from custody.vocabulary import FLAGS, MEASURES, ROLES, SEXES

SENSED = {
    "place": "band", "neighbours": "band", "occupants": "band", "badges": "badge", "recorders": "recorder",
    "recorder": "recorder", "nodes": "node", "node": "node", "door": "door", "band": "band", "source": "watch",
    "reader": "reader", "input": "input", "point": "point", "stray": "tag", "compartment": "compartment",
}  # fmt: skip
"""Aspects of the engine that a sensor tells, and by what."""
STATED = frozenset(
    {
        "measure",
        "particulars",
        "case",
        "approvals",
        "refused",
        "officer",
        "band_life",
        "item",
        "effects",
        "exhibits",
    }
)
_SEEN = frozenset({"place", "neighbours", "occupants", "badges"})


# ---------------------------------------------------------------- what it asks for


def says(rule: Rule, words: Words) -> str:
    """The demand in one sentence, by its kind."""
    return _SAYS[rule.kind](rule, words)


def _steps(words: Words, steps: tuple[str, ...]) -> str:
    """Several steps of which one is meant; kinds of one form behind it in brackets."""
    reader, wording = words.reader, Wording(words.area)
    values: dict[str, list[str]] = {}
    for step in steps:
        base, _, value = step.partition(":")
        values.setdefault(base, []).append(value)
    said = []
    for base, kinds in values.items():
        known = FACT_TYPES.get(base)
        spec = (
            known.fields.get(known.step_field) if known is not None and known.step_field is not None else None
        )
        if len(kinds) == 1 or spec is None or known is None:
            said += [reader.name(wording.step(f"{base}:{kind}" if kind else base)) for kind in kinds]
            continue
        name = reader.name(FORM_NAMES.get(base) or wording.step(base))
        is_all = isinstance(spec.choices, Mapping) and set(kinds) == set(spec.choices)
        shown = reader.t("page.list").join(words.value(str(known.step_field), spec, kind) for kind in kinds)
        said.append(name if is_all else reader.t("kind.kinds", name=name, kinds=shown))
    return reader.t("page.or").join(said).replace("“", "").replace("”", "")


def _within(rule: Rule, words: Words) -> str:
    since, until = _steps(words, rule.params["since"]), rule.params.get("until", ())
    if not until:
        return words.reader.t("kind.within_release", since=since)
    return words.reader.t("kind.within", since=since, until=_steps(words, until))


def _before(rule: Rule, words: Words) -> str:
    steps, acts = _steps(words, rule.params["step"]), rule.params.get("act", ())
    place = _steps(words, acts) if acts else _rooms(rule, words)
    said = words.reader.t("kind.before_act" if acts else "kind.before_place", steps=steps, place=place)
    between = rule.params.get("between")
    if between:
        said += words.reader.t("page.comma") + words.reader.t(
            "kind.between", first=_hour(between[0]), last=_hour(between[1])
        )
    return said


def _hour(value: time) -> str:
    return value.isoformat("minutes")


def _forbidden(rule: Rule, words: Words) -> str:
    reader, params = words.reader, rule.params
    act = params["act"]
    if isinstance(act, str):
        said = reader.of("kind_act", act)
        return said if act != "in_room" else reader.t("kind.not_in_rooms", rooms=_rooms(rule, words))
    said = _steps(words, act)
    if params.get("repeat"):
        return reader.t("kind.once", acts=said)
    if params.get("without"):
        fields = reader.name(joined(field_name(key) for key in params["without"]))
        return reader.t("kind.not_without", acts=said, fields=fields)
    if params.get("same"):
        fields = reader.name(joined(field_name(key) for key in params["same"]))
        return reader.t("kind.not_same", acts=said, fields=fields)
    if params.get("within"):
        steps, limit = params["within"]
        after = _steps(words, steps)
        return reader.t("kind.not_within", acts=said, after=after, time=reader.name(limit_text(limit)))
    if rule.rooms:
        return reader.t("kind.only_in", acts=said, rooms=_rooms(rule, words))
    fields = params.get("fields", {})
    parts = [_field(key, values, act[0], words) for key, values in fields.items()]
    return reader.t("page.comma").join([reader.t("kind.not_so", acts=said), *parts])


def _field(key: str, values: tuple[Any, ...], act: str, words: Words) -> str:
    """The values of a field that make an act a wrong one."""
    reader = words.reader
    known = FACT_TYPES.get(act.partition(":")[0])
    spec = known.fields.get(key) if known is not None else None
    yes_no = {"true": reader.t("stay.yes"), "false": reader.t("stay.no")}
    shown = [yes_no.get(str(value).lower()) or words.value(key, spec, value) for value in values]
    return (
        f"{reader.name(FIELD_NAMES.get(key) or field_name(key))}{reader.t('page.colon')}{' / '.join(shown)}"
    )


def _threshold(rule: Rule, words: Words) -> str:
    reader, params = words.reader, rule.params
    quantity = params.get("quantity")
    if quantity == "particulars_missing":
        return reader.t("kind.particulars")
    if quantity == "certificate_after_entry":
        return reader.t("kind.certificate", time=reader.name(span(int(params["above"]))))
    key = str(params["field"])
    field = reader.name(FIELD_NAMES.get(key) or field_name(key))
    per = params.get("per")
    if "below" in params:
        said = reader.t("kind.below", field=field, bound=params["below"])
    else:
        said = reader.t("kind.above", field=field, bound=params["above"])
    return said + (
        reader.t("kind.per", field=reader.name(FIELD_NAMES.get(str(per)) or field_name(str(per))))
        if per
        else ""
    )


def _hands(rule: Rule, words: Words) -> str:
    reader, params = words.reader, rule.params
    parts = [
        reader.t("kind.hands", who=reader.name(field_name(params["who"])), acts=_steps(words, params["act"]))
    ]
    for key in ("roles", "never"):
        if key in params:
            roles = reader.t("page.list").join(reader.name(ROLES[role]) for role in params[key])
            said = reader.t("kind.hands_roles" if key == "roles" else "kind.hands_never", roles=roles)
            parts.append(said)
    if "apart_from" in params:
        parts.append(reader.t("kind.hands_apart", steps=_steps(words, params["apart_from"])))
    return reader.t("page.comma").join(parts)


def _keeping(rule: Rule, words: Words) -> str:
    reader, params = words.reader, rule.params
    if "only_in" in params:
        cabinets = reader.t("page.list").join(reader.name(CABINETS[kind]) for kind in params["only_in"])
        return reader.t("kind.only_in_cabinet", cabinets=cabinets)
    kinds = reader.t("page.list").join(
        reader.name(ITEM_KINDS[kind]) for kind in params.get("kinds", ITEM_KINDS)
    )
    since = _steps(words, params["since"])
    if "without" in params:
        return reader.t("kind.kept_without", kinds=kinds, since=since, steps=_steps(words, params["without"]))
    said = reader.t("kind.kept", kinds=kinds, since=since)
    if "states_none" in params:
        states = reader.t("page.list").join(
            reader.name(ITEM_STATES[state]) for state in params["states_none"]
        )
        said += reader.t("page.comma") + reader.t("kind.kept_states", states=states)
    return said


def _interval(rule: Rule, words: Words) -> str:
    if "each" in rule.params:
        period = words.reader.name(say.PERIODS[rule.params["each"]])
        return words.reader.t("kind.each", period=period, acts=_steps(words, rule.params["acts"]))
    said = words.reader.t("kind.interval", acts=_steps(words, rule.params["acts"]))
    fitted = rule.params.get("fitted")
    if fitted:
        said += words.reader.t("page.comma") + words.reader.t(
            "kind.fitted", what=words.reader.name(FITTINGS[fitted])
        )
    return said


def _clock(rule: Rule, words: Words) -> str:
    reader, params = words.reader, rule.params
    if "since" in params:
        since = _steps(words, params["since"])
    else:
        since = (
            reader.t("kind.from_arrival")
            if params.get("from") == "arrival"
            else reader.t("kind.from_measure")
        )
    until = params.get("until", ())
    said = (
        reader.t("kind.clock_until", since=since, until=_steps(words, until))
        if until
        else reader.t("kind.clock", since=since)
    )
    for between in params.get("suspended", ()):
        said += reader.t("page.comma") + reader.t("kind.suspended", between=_between(between, words))
    if params.get("restarted_by"):
        said += reader.t("page.comma") + reader.t(
            "kind.restarted", steps=_steps(words, params["restarted_by"])
        )
    return said


def _between(between: Between, words: Words) -> str:
    return words.reader.t("kind.stretch", first=_steps(words, between.start), last=_steps(words, between.end))


def _head_count(rule: Rule, words: Words) -> str:
    reader, params = words.reader, rule.params
    who = reader.name(say.WHO[params.get("service", "sworn")])
    if params.get("sex"):
        who = f"{reader.name(say.WHO[params['sex']])}{who}"
    count = params["fewer_than"]
    if params.get("recorded_minimum"):
        return reader.t("kind.heads_recorded", who=who, count=count, least=params["recorded_minimum"])
    return reader.t("kind.heads", who=who, count=count)


def _supervision(rule: Rule, words: Words) -> str:
    return words.reader.name(source_said(rule.params))


_SAYS: Mapping[str, Callable[[Rule, Words], str]] = {
    "required_within": _within,
    "required_before": _before,
    "forbidden_act": _forbidden,
    "threshold": _threshold,
    "hands": _hands,
    "keeping": _keeping,
    "interval": _interval,
    "clock": _clock,
    "presence": lambda rule, words: words.reader.of("kind_guard", rule.params["when"]),
    "head_count": _head_count,
    "coverage": lambda _, words: words.reader.t("kind.recorded"),
    "separation": lambda rule, words: words.reader.t(
        "kind.apart", who=words.reader.name(say.APART[rule.params["apart"]])
    ),
    "supervision": _supervision,
    "chain": lambda rule, words: words.reader.t(
        "kind.gap", time=words.reader.name(span(int(rule.params["gap"])))
    ),
}


# ---------------------------------------------------------------- of whom, when


def about(rule: Rule, words: Words) -> Iterator[tuple[str, str]]:
    """(name, words): everything that decides whether the rule speaks at all."""
    reader = words.reader
    if rule.unit != "stay":
        yield reader.t("rules.unit"), reader.of("unit", rule.unit)
    if rule.measures:
        yield (
            reader.t("rules.measures"),
            " · ".join(reader.code(MEASURES, measure) for measure in rule.measures),
        )
    if rule.rooms:
        yield reader.t("rules.rooms"), _rooms(rule, words)
    person = " · ".join(_person(rule, reader))
    if person:
        yield reader.t("rules.person"), person
    if rule.after:
        yield reader.t("rules.only_after"), _all(words, rule.after)
    if rule.unless:
        yield reader.t("rules.unless"), _all(words, rule.unless)
    if rule.during is not None:
        yield reader.t("rules.during"), _between(rule.during, words)
    if rule.not_during is not None:
        yield reader.t("rules.not_during"), _between(rule.not_during, words)
    also = [
        reader.t("rules.sequential") if rule.is_sequential else "",
        reader.t("rules.outlives") if rule.outlives else "",
        reader.t("rules.refuses") if rule.refuses else "",
    ]
    if any(also):
        yield reader.t("rules.also"), " · ".join(part for part in also if part)


def _all(words: Words, steps: tuple[str, ...]) -> str:
    wording = Wording(words.area)
    return words.reader.name(joined(wording.step(step) for step in steps))


def _rooms(rule: Rule, words: Words) -> str:
    reader = words.reader
    if not rule.rooms:
        return reader.t("rules.any_room")
    inside = {kind for kind in ROOM_KINDS if kind != "outside"}
    if inside <= set(rule.rooms):
        return reader.t("rules.any_room")
    return " · ".join(reader.name(ROOM_KINDS[kind]) for kind in rule.rooms)


def _person(rule: Rule, reader: Reader) -> Iterator[str]:
    when = rule.when
    if when.sex is not None:
        yield reader.code(SEXES, when.sex)
    if when.minor is not None:
        yield reader.t("rules.minor") if when.minor else reader.t("rules.adult")
    for name in (*(ITEM_KINDS[kind] for kind in when.kinds), *(TRAITS[trait] for trait in when.traits)):
        yield reader.name(name)
    if when.traits_none:
        traits = " / ".join(reader.name(TRAITS[trait]) for trait in when.traits_none)
        yield reader.t("rules.flags_none", flags=traits)
    for flags, message in ((when.flags_any, ""), (when.flags_all, "all"), (when.flags_none, "none")):
        said = " / ".join(reader.code(FLAGS, flag) for flag in flags)
        if said:
            yield reader.t("rules.flags_none", flags=said) if message == "none" else said


# ---------------------------------------------------------------- what it reads


def aspects(rule: Rule) -> set[str]:
    """What its kind reads to judge it again, and what it looks up when it does."""
    found = KINDS[rule.kind].reads(rule) | common(rule)
    for key, (read, _) in KIND_PARAMS[rule.kind].items():
        if read == "steps" and key in rule.params:
            found |= of_steps(rule.params[key])
    if not any(tier.approvers for tier in rule.tiers):
        found.discard("approvals")
    return found


def inputs(rule: Rule, words: Words) -> str:
    """Sensors first, then what officers state."""
    reader, wording, found = words.reader, Wording(words.area), sorted(aspects(rule))
    sensed = [reader.of("sensed", SENSED[name]) for name in found if name in SENSED]
    forms = [
        reader.of("stated", name) if name in STATED else _step(name, wording, reader)
        for name in found
        if name not in SENSED
    ]
    if rule.params.get("act") == "refused":
        forms.append(reader.of("stated", "refused"))
    return " · ".join(dict.fromkeys([*sensed, *forms]))


def _step(name: str, wording: Wording, reader: Reader) -> str:
    """A form by its title, whatever kinds of it the rule tells apart."""
    base = name.partition(":")[0]
    if base in ("measure", "extension.approved"):
        return reader.of("stated", "measure" if base == "measure" else "approvals")
    return reader.name(
        FORM_NAMES[base] if base in FORM_NAMES else wording.step(base if base in FACT_TYPES else name)
    )


def unknown(rule: Rule, reader: Reader) -> str:
    """What it does while something cannot be seen, was not entered, or was not stated."""
    found = aspects(rule)
    said = []
    if rule.params.get("source") in ("input", "point"):
        said.append(reader.t("unknown.stands"))
    elif rule.kind == "supervision":
        said.append(reader.t("unknown.tells"))
    if found & _SEEN or any(name.startswith(("in:", "left:")) for name in found):
        said.append(reader.t("unknown.place"))
    if found & {"recorders", "recorder"}:
        said.append(reader.t("unknown.recorder"))
    if any(name not in SENSED and name not in STATED for name in found):
        said.append(reader.t("unknown.form"))
    if "particulars" in found or rule.measures or not rule.when.is_empty:
        said.append(reader.t("unknown.particulars"))
    return reader.t("page.semicolon").join(said)
