"""A cabinet as SVG: one door each compartment. Shape and word say how it stands, never colour alone.

Hollow: empty. A block: something is in it. A leaf that stands out: open. Hatched: nobody knows. An octagon: an alarm.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from caseserver.web.drawing.marks import bang, plain
from caseserver.web.drawing.svg import group, path, rect, tag, text
from caseserver.web.property.views import CabinetMap, Cell
from caseserver.web.reader import Reader

CELL, HIGH, GAP, ACROSS = 148, 104, 8, 8
_LINE: Final = 14


def cabinet(view: CabinetMap, reader: Reader) -> Markup:
    """The doors, row by row."""
    across = min(ACROSS, max(1, len(view.cells)))
    rows = -(-len(view.cells) // across)
    parts = [
        group(
            [_door(cell, reader)],
            transform=f"translate({index % across * (CELL + GAP) + 1} {index // across * (HIGH + GAP) + 1})",
        )
        for index, cell in enumerate(view.cells)
    ]
    width, height = across * (CELL + GAP) - GAP + 2, max(1, rows) * (HIGH + GAP) - GAP + 2
    return tag(
        "svg", *parts, class_="cabinet", viewBox=f"0 0 {width} {height}", width=width, height=height, role="group",
        aria_label=view.name,
    )  # fmt: skip


def _door(cell: Cell, reader: Reader) -> Markup:
    state = reader.of("compartment_look", cell.look)
    title = " · ".join(part for part in (cell.name, state, cell.access, cell.said, cell.flag_text) if part)
    parts = [tag("title", title), rect(0, 0, CELL, HIGH, class_="body", rx=3)]
    if cell.look == "unknown":
        parts.append(rect(3, 3, CELL - 6, HIGH - 6, fill="url(#hatch)"))
        parts += [rect(7, y, CELL - 38, high, class_="plate") for y, high in ((8, 22), (33, 24), (60, 20))]
    parts.append(text(cell.name, 10, 25, class_="name"))
    parts.append(_sign(cell))
    parts.append(text(state, 36, 50, class_="state"))
    if cell.look == "open":
        parts.append(path(f"M{CELL} 0 l-18 12 v{HIGH - 24} l18 12z", class_="leaf"))
    parts.append(text(cell.said, 10, 74, class_="said"))
    last: Markup | str = cell.access
    if cell.since is not None:
        last = Markup("{} {}").format(cell.access, plain(cell.since, reader))
    if cell.flag:
        parts.append(group([bang(cell.flag, reader)], transform=f"translate({CELL - 46} 8) scale(.75)"))
        last = last or reader.t("property.alarmed" if cell.flag == "act" else "property.due_soon")
    if last:
        parts.append(text(last, 10, 94, class_="last"))
    kind = f"cell {cell.look}" + (f" flag-{cell.flag}" if cell.flag else "")
    return tag("a", *parts, href=cell.href, class_=kind, aria_label=title)


def _sign(cell: Cell) -> Markup:
    """The shape of a state, at the left of its word."""
    y = 50 - _LINE
    if cell.look == "empty":
        return rect(11, y, 16, 16, class_="hollow")
    if cell.look == "occupied":
        return rect(10, y - 1, 18, 18, class_="block")
    if cell.look == "open":
        return path(f"M11 {y}h7v16h-7z M18 {y}l9 -4v24l-9 -4", class_="hollow")
    return tag("g", rect(11, y, 16, 16, class_="hollow"), text("?", 15, y + 14, class_="ask"))
