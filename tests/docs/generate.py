"""Writes the generated parts of the pages in docs/ that are named in PAGES (`make docs`).

A part lies between `<!-- generated: NAME -->` and `<!-- end -->`; the rest is written by hand.
"""

import re
import sys
from pathlib import Path

from custody.area import load_area
from custody.bundled import area_text
from custody.catalogue import FACT_TYPES
from custody.catalogue.parts import FactType
from custody.scenario import ENVIRONMENT
from tests.docs.alarms_page import aside, handling, limits, marks, states
from tests.docs.asyncapi_page import written as asyncapi
from tests.docs.property_page import cheats, moves, told
from tests.docs.rules_page import rules
from tests.docs.simulation_page import never_done
from tests.docs.wall_page import wall

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    f"docs/{name}.md"
    for name in ("scenarios", "rules", "property", "property-cheats", "simulation", "alarms", "accessibility")
)
ASYNCAPI = "docs/asyncapi.yaml"
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def facts() -> str:
    """Every fact that a scenario may state."""
    out = []
    for fact in FACT_TYPES.values():
        apart = f" Tells apart by `{fact.step_field}`." if fact.step_field is not None else ""
        out.append(f"### `{fact.name}`\n\n{fact.doc} *({fact.origin})*{apart}\n")
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


PARTS = {
    "facts": facts, "environment": environment, "areas": areas, "rules": rules, "never": never_done,
    "moves": moves, "cheats": cheats, "told": told,
    "states": states, "handling": handling, "aside": aside, "marks": marks, "limits": limits,
    "wall": wall,
}  # fmt: skip


def render(text: str) -> str:
    """A page with its generated parts made anew."""
    return _PART.sub(lambda m: f"{m[1]}{PARTS[m[2]]()}{m[3]}", text)


def main() -> int:
    for page in PAGES:
        path = ROOT / page
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"{page} written\n")
    (ROOT / ASYNCAPI).write_text(asyncapi(), encoding="utf-8")
    sys.stdout.write(f"{ASYNCAPI} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
