"""The generated part of docs/rules.md: every rule of every bundled rulebook, a rule that two books share once."""

from collections.abc import Mapping

from custody.aspects import common, of_steps
from custody.bundled import rulebook_names, rulebook_text
from custody.kinds import KINDS
from custody.property_words import ITEM_KINDS, TRAITS
from custody.reader import KIND_PARAMS, load_rulebook
from custody.rules import Between, Level, Rule, Rulebook, Tier, When
from custody.times import Limit, format_duration
from custody.vocabulary import FLAGS, MEASURES

# Aspects of a stay or place that are no step of their own: where the engine has them from.
_SENSED = {
    "place": "wristband at a reader",
    "neighbours": "other wristbands in the room",
    "occupants": "wristbands in the room",
    "badges": "badges at readers",
    "recorders": "recorder contact",
    "recorder": "recorder contact",
    "nodes": "whether its node is heard",
    "node": "heartbeat of the node",
    "reader": "whether the reader is heard",
    "input": "detectors, buttons and contacts of the house",
    "point": "what a node tells of the point",
    "door": "door contact, lock, request to exit",
    "band": "wristband: strap, battery, button, reader",
    "stray": "tags that nobody bears, at readers",
    "source": "the gateway's own watch",
    "officer": "register of officers",
    "compartment": "door, bolt, orders and reader of the compartment",
}
_STATED = {
    "arrived": "arrival (form, certificate, register row)",
    "entered": "entry (gate, wristband, paper)",
    "registered": "register row",
    "searched": "`search.signed`",
    "released": "`stay.released`",
    "arrival_written": "certificate",
    "measure": "measure in force",
    "particulars": "particulars of the person",
    "case": "case of the stay",
    "approvals": "`extension.approved`",
    "refused": "a form that was refused",
    "item": "ledger of things",
    "effects": "ledger of things",
    "exhibits": "ledger of things",
    "band_life": "wristbands put on, taken off, given back",
}
_PLACES = {"place", "neighbours", "occupants", "badges"}
_INSTANT_KINDS = ("required_before", "forbidden_act", "threshold", "head_count", "hands")


def rules() -> str:
    """Each book with its dates; then the rules that books share, and those of one book alone."""
    books = [load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text) for name in rulebook_names()]
    holds: dict[tuple[str, ...], list[Rule]] = {}
    seen: list[Rule] = []
    for book in books:
        for rule in (rule for rule in book.rules if rule not in seen):
            seen.append(rule)
            ids = tuple(other.id for other in books if rule in other.rules)
            holds.setdefault(ids, []).append(rule)
    out = ["| rulebook | | in force | tables |", "|---|---|---|---|"]
    out += [_book(book) for book in books]
    for ids in sorted(holds, key=lambda ids: (-len(ids), ids[0] != "cn-2026", ids)):
        out += ["", f"## {_heading(ids)}", ""]
        out += [_rule(rule, ids) for rule in holds[ids]]
    return "\n".join(out)


def _book(book: Rulebook) -> str:
    until = book.in_force_until or "further notice"
    return f"| `{book.id}` | {book.title.zh} · {book.title.en} | {book.in_force_from} until {until} | {len(book.rules)} |"


def _heading(ids: tuple[str, ...]) -> str:
    names = " and ".join(f"`{name}`" for name in ids)
    return f"The same in {names}" if len(ids) > 1 else f"In {names} alone"


def _rule(rule: Rule, ids: tuple[str, ...]) -> str:
    seal = "法 law" if rule.basis == "law" else "本 local"
    zh, en = rule.text["zh"], rule.text["en"]
    out = [
        f"### {rule.id} · {rule.variant} · {rule.title.zh} · {rule.title.en}\n",
        f"- **what**: {zh['what']} → {zh['do']} · {en['what']} → {en['do']}",
        f"- **article**: {rule.article.zh} · {rule.article.en} ({rule.confidence}); holds in {', '.join(ids)}",
        f"- **law or local**: {seal}",
        f"- **speaks of**: {_scope(rule)}",
        f"- **kind**: `{rule.kind}`"
        + "".join(f"; {k} = {_param(rule, k, v)}" for k, v in rule.params.items()),
        *[f"- **number**: {_level(rule, level)}" for level in rule.levels],
        *[f"- **number**: {_tier(rule, tier)}" for tier in rule.tiers],
        f"- **inputs**: {', '.join(_inputs(rule))}",
        f"- **unknown**: {_unknown(rule)}",
    ]
    return "\n".join(out) + "\n"


def _scope(rule: Rule) -> str:
    """The unit, and everything that decides whether the rule speaks of it."""
    found = [rule.unit]
    if rule.measures:
        found.append(f"under {_or(MEASURES[m].en.lower() for m in rule.measures)}")
    if rule.rooms:
        found.append(f"rooms {', '.join(rule.rooms)}")
    found += _when(rule.when)
    found += [f"after {_steps(rule.after)}"] if rule.after else []
    found += [f"unless {_steps(rule.unless)}"] if rule.unless else []
    found += [f"during {_between(rule.during)}"] if rule.during is not None else []
    found += [f"never during {_between(rule.not_during)}"] if rule.not_during is not None else []
    found += ["tiers in their order"] if rule.is_sequential else []
    found += ["goes on after the person has left the area"] if rule.outlives else []
    found += ["what would break it is refused"] if rule.refuses else []
    return "; ".join(found)


def _when(when: When) -> list[str]:
    found = [f"sex {when.sex}"] if when.sex is not None else []
    found += [] if when.minor is None else ["a minor" if when.minor else "no minor"]
    found += [f"any of: {_flags(when.flags_any)}"] if when.flags_any else []
    found += [f"all of: {_flags(when.flags_all)}"] if when.flags_all else []
    found += [f"none of: {_flags(when.flags_none)}"] if when.flags_none else []
    found += [f"{_or(ITEM_KINDS[kind].en.lower() for kind in when.kinds)}"] if when.kinds else []
    found += [f"{TRAITS[trait].en}" for trait in when.traits]
    found += [f"not {TRAITS[trait].en}" for trait in when.traits_none]
    return found


def _flags(flags: tuple[str, ...]) -> str:
    return ", ".join(f"`{flag}` {FLAGS[flag].zh} {FLAGS[flag].en.lower()}" for flag in flags)


def _level(rule: Rule, level: Level) -> str:
    what = f"pre-warning {level.severity}" if level.is_prewarning else f"alarm {level.severity}"
    side = (
        f"{format_duration(-level.after_us)} before"
        if level.after_us < 0
        else f"after {format_duration(level.after_us)}"
    )
    if level.after_us == 0:
        side = "in the moment of the act" if _is_act(rule) else "at once"
    return f"{what} {side} (number: {level.number_basis})"


def _is_act(rule: Rule) -> bool:
    """Told as it is done, and over in that moment."""
    if rule.kind not in _INSTANT_KINDS:
        return False
    act = rule.params.get("act")
    return isinstance(act, tuple) or act in (True, "refused", "band_pressed") or "form" in rule.params


def _tier(rule: Rule, tier: Tier) -> str:
    found = [f"limit **{tier.limit.text}** ({tier.basis})"]
    if rule.params.get("calendar"):
        due = f"{tier.due} as the last day begins, " if tier.due is not None else ""
        found.append(f"by the calendar: {due}{tier.severity} when it is over")
    else:
        found.append(f"alarm {tier.severity}")
    found += [f"grounds {', '.join(tier.grounds)}"] if tier.grounds else []
    found += [f"approved by {_or(tier.approvers)} ({tier.approver_basis})"] if tier.approvers else []
    warnings = ", ".join(warning.text for warning in tier.prewarnings)
    found += [f"pre-warnings S3 {warnings} before (local)"] if warnings else []
    return "; ".join(found)


def _aspects(rule: Rule) -> set[str]:
    """What its kind reads to judge it again, and what it looks up when it does."""
    steps = [
        rule.params[key]
        for key, (read, _) in KIND_PARAMS[rule.kind].items()
        if read == "steps" and key in rule.params
    ]
    return (
        KINDS[rule.kind].reads(rule)
        | common(rule)
        | of_steps(tuple(step for names in steps for step in names))
    )


def _inputs(rule: Rule) -> list[str]:
    """What the rule reads, sensors first."""
    aspects = sorted(_aspects(rule))
    sensed = [_SENSED[aspect] for aspect in aspects if aspect in _SENSED]
    stated = [_STATED.get(aspect, f"`{aspect}`") for aspect in aspects if aspect not in _SENSED]
    return list(dict.fromkeys([*sensed, *stated]))


def _unknown(rule: Rule) -> str:
    """What the rule does while something that it needs cannot be seen or was not said."""
    aspects = _aspects(rule)
    found = []
    if rule.params.get("source") in ("input", "point"):
        found.append("not read: nothing begins, what stands goes on, and SYS tells it")
    elif rule.kind == "supervision":
        found.append("it is the alarm that says so")
    if aspects & _PLACES or any(aspect.startswith(("in:", "left:")) for aspect in aspects):
        found.append("place not seen: nothing begins, what stands goes on")
    if aspects & {"recorders", "recorder"}:
        found.append("recorder not seen: the same, and SYS tells it")
    if aspects - set(_SENSED) - {"measure", "particulars", "case"}:
        found.append("form not entered: not done")
    if "particulars" in aspects or "measure" in aspects or rule.measures or not rule.when.is_empty:
        found.append("not stated: silent")
    return "; ".join(found) or "no word of it: silent"


# --- values --------------------------------------------------------------------------------------


def _or(words: object) -> str:
    return " or ".join(words)  # type: ignore[arg-type]


def _steps(steps: tuple[str, ...]) -> str:
    return ", ".join(f"`{step}`" for step in steps) or "nothing"


def _between(between: Between) -> str:
    return f"{_steps(between.start)} to {_steps(between.end)}"


def _param(rule: Rule, key: str, value: object) -> str:
    """A value of `with`, as its kind reads it."""
    read = KIND_PARAMS[rule.kind][key][0]
    if read == "duration" or (read == "number" and rule.params.get("quantity")):
        return format_duration(value)  # type: ignore[arg-type]
    if read == "betweens":
        return ", ".join(map(_between, value))  # type: ignore[arg-type, call-overload]
    if read == "times":
        return " to ".join(clock.isoformat("minutes") for clock in value)  # type: ignore[attr-defined]
    if read == "within":
        steps, span = value  # type: ignore[misc]
        assert isinstance(span, Limit)
        return f"{span.text} of {_steps(steps)}"
    if isinstance(value, Mapping):
        return ", ".join(f"{field} {_or(map(_word, values))}" for field, values in value.items())
    if isinstance(value, tuple):
        return _steps(value) if read in ("steps", "act") else ", ".join(map(_word, value))
    return _word(value)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
