"""A drawing as TOML: the [[room]] tables of the area with the drawn `plan`, to put in the place of those in area.toml."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from caseserver.floor.drawing import Drawing
from custody.area import Area, Room


def as_toml(drawing: Drawing, area: Area, head: Iterable[str]) -> str:
    """`head`: lines of comment. What is no room has no key in area.toml and is told in comments at the end."""
    lines = [f"# {line}" for line in head]
    for room in area.rooms.values():
        lines += ["", "[[room]]", *_room(room, drawing)]
    points = sorted(drawing.points.items())
    lines += ["", *(f"# {kind} {name}: [{x}, {y}]" for (kind, name), (x, y) in points)]
    return "\n".join(lines).rstrip() + "\n"


def _room(room: Room, drawing: Drawing) -> Iterator[str]:
    yield f"id = {_text(room.id)}"
    yield f"kind = {_text(room.kind)}"
    yield f"name = {{ zh = {_text(room.name.zh)}, en = {_text(room.name.en)} }}"
    for key, values in (("guarded_from", room.guarded_from), ("fitted", room.fitted)):
        if values:
            yield f"{key} = [{', '.join(map(_text, values))}]"
    plan = drawing.rooms.get(room.id)
    if plan is not None:
        yield f"plan = {list(plan)}"


def _text(value: str) -> str:
    """A basic string of TOML: what JSON writes, and DEL, which TOML wants escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
