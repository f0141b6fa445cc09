"""Writes the generated parts of docs/scenarios.md and docs/rules.md (`make docs`).

A part lies between `<!-- generated: NAME -->` and `<!-- end -->`; the rest is written by hand.
"""

import re
import sys
from pathlib import Path

from custody.bundled import area_text, rulebook_names, rulebook_text
from custody.area import load_area
from custody.facts import FACT_TYPES, FactType
from custody.rules import Level, Rule, load_rulebook
from custody.scenario import ENVIRONMENT
from custody.times import format_duration

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/scenarios.md", "docs/rules.md")
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def facts() -> str:
    """Every fact that a scenario may state."""
    out = []
    for fact in FACT_TYPES.values():
        out.append(f"### `{fact.name}`\n\n{fact.doc} *({fact.origin})*\n")
        out.append(_fields(fact))
    return "\n".join(out)


def _fields(fact: FactType) -> str:
    if not fact.fields:
        return "No field.\n"
    rows = ["| field | kind | must | meaning |", "|---|---|---|---|"]
    for key, spec in fact.fields.items():
        name = f"`{key}`"
        if key.endswith("_at_us"):
            name = f"`{key.removesuffix('_us')}` (ISO 8601; in the log `{key}`)"
        choices = f" One of {', '.join(f'`{c}`' for c in spec.choices)}." if spec.choices else ""
        must = "yes" if spec.required else ""
        rows.append(f"| {name} | {spec.kind} | {must} | {spec.doc}.{choices} |")
    return "\n".join(rows) + "\n"


def environment() -> str:
    """The acts of the environment with their keys."""
    rows = ["| env | keys |", "|---|---|"]
    rows += [f"| `{k}` | {', '.join(f'`{i}`' for i in v) or '–'} |" for k, v in ENVIRONMENT.items()]
    return "\n".join(rows) + "\n"


def areas() -> str:
    """Rooms, doors, recorders and nodes of the area used where a scenario names none."""
    area = load_area(area_text("standard"), "standard.toml")
    rows = ["| room | kind | recorders | reader's node | guarded from |", "|---|---|---|---|---|"]
    for room in area.rooms.values():
        recorders = ", ".join(f"`{r}`" for r in area.recorders_of(room.id)) or "–"
        node = area.node_of("reader", f"rd-{room.id}")
        zone = ", ".join(room.guarded_from) or "–"
        rows.append(f"| `{room.id}` | {room.kind} | {recorders} | {node or '–'} | {zone} |")
    rows += ["", "| door | kind | between | controlled | node |", "|---|---|---|---|---|"]
    for door in area.doors.values():
        node = area.node_of("door_contact", door.id)
        control = "yes" if door.controlled else ""
        rows.append(f"| `{door.id}` | {door.kind} | {' – '.join(door.between)} | {control} | {node} |")
    return "\n".join(rows) + "\n"


def rules() -> str:
    """One section a rule of every bundled rulebook."""
    out = []
    for name in rulebook_names():
        book = load_rulebook(rulebook_text(name), f"{name}.toml")
        out.append(f"## Rulebook `{book.id}` · {book.title.zh} · {book.title.en}\n")
        out.append(
            f"In force from {book.in_force_from or '–'} until {book.in_force_until or 'further notice'}.\n"
        )
        out += [_rule(rule) for rule in book.rules]
    return "\n".join(out)


def _rule(rule: Rule) -> str:
    seal = "法 law" if rule.basis == "law" else "本 local"
    out = [
        f"### {rule.id} · {rule.variant} · {rule.title.zh} · {rule.title.en}\n",
        f"- basis: **{seal}**, {rule.article.zh} · {rule.article.en} ({rule.confidence})",
        f"- kind: `{rule.kind}`" + "".join(f", {k} = {_shown(v)}" for k, v in rule.params.items()),
    ]
    if rule.measures:
        out.append(f"- measures: {', '.join(rule.measures)}")
    if rule.rooms:
        out.append(f"- rooms: {', '.join(rule.rooms)}")
    out += [f"- {_level(level)}" for level in rule.levels]
    for tier in rule.tiers:
        given = f"; grounds {', '.join(tier.grounds)}" if tier.grounds else ""
        if tier.approvers:
            given += f"; approved by {' or '.join(tier.approvers)} ({tier.approver_basis})"
        warned = ", ".join(format_duration(w) for w in tier.prewarnings_us)
        out.append(f"- limit **{tier.limit}** ({tier.basis}){given}; pre-warnings {warned} before (local)")
    for lang in ("zh", "en"):
        text = rule.text[lang]
        out.append(f"- {lang}: {text['what']} → {text['do']}")
    return "\n".join(out) + "\n"


def _level(level: Level) -> str:
    what = "pre-warning" if level.is_prewarning else f"alarm {level.severity}"
    return f"{what} after {format_duration(level.after_us)} (number: {level.number_basis})"


def _shown(value: object) -> str:
    if isinstance(value, int) and value >= 1_000:
        return format_duration(value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)


PARTS = {"facts": facts, "environment": environment, "areas": areas, "rules": rules}


def render(text: str) -> str:
    """A page with its generated parts made anew."""
    return _PART.sub(lambda m: f"{m[1]}{PARTS[m[2]]()}{m[3]}", text)


def main() -> int:
    for page in PAGES:
        path = ROOT / page
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"{page} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
