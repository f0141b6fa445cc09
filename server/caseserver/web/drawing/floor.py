"""The drawn plan for its editor, for two versions side by side, and as a file: rooms, doors and devices, no persons.

Lengths are plan units; what shall keep its size on the screen is in em of the sheet's own type. Colours stand as attributes,
so that the exported file needs no style; the pages' styles go over them. floor.js moves the same elements.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from caseserver.floor.drawing import CABINET, DOOR, ROOM
from caseserver.web.drawing.svg import Value, group, number, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views_floor import FloorPicture, FloorShape

TYPE_SHARE: Final = 0.018
"""Height of type in widths of the picture: at 900 px, 16 px."""
MARGIN_SHARE: Final = 0.04
_INK, _GREY, _PAPER = "#14181b", "#8a877f", "#f8f7f4"


def floor(picture: FloorPicture, reader: Reader, is_edited: bool = False) -> Markup:
    """One SVG. ``is_edited``: with what an editor takes hold of, and the shapes that are not on the plan yet, unseen."""
    x, y, width, height = picture.box
    margin = max(width, height) * MARGIN_SHARE
    view = [x - margin, y - margin, width + 2 * margin, height + 2 * margin]
    shown = [shape for shape in picture.shapes if is_edited or shape.place is not None]
    parts = [_shape(shape, reader, is_edited) for shape in shown]
    size = f"{view[2] * TYPE_SHARE:.3f}"
    sheet = group(
        parts, class_="sheet", font_size=size, font_family="sans-serif", stroke_width=f"{float(size) / 8:.3f}"
    )
    return tag(
        "svg",
        sheet,
        xmlns="http://www.w3.org/2000/svg",
        class_="floor",
        viewBox=" ".join(number(float(value)) for value in view),
        role="group" if is_edited else "img",
        aria_label=picture.label,
    )


def _shape(shape: FloorShape, reader: Reader, is_edited: bool) -> Markup:
    kind, ref = shape.key
    place = shape.place or (0, 0, 1, 1)
    turn = " rotate(90)" if shape.is_upright else ""
    values: dict[str, Value] = {"transform": f"translate({place[0]} {place[1]}){turn}"}
    state = "".join(
        f" {word}" for word, holds in (("strange", shape.is_strange), ("changed", shape.is_changed)) if holds
    )
    values["class_"] = f"el {kind}{state}"
    if is_edited and not shape.is_strange:
        values |= {
            "data_el": f"{kind}:{ref}", "data_homes": " ".join(shape.homes), "data_name": shape.name, "role": "button",
            "tabindex": "-1", "aria_label": shape.name, "aria_pressed": "false", "hidden": shape.place is None,
        }  # fmt: skip
    if kind == ROOM:
        return group(_room(shape, place), **values)
    parts = [tag("title", shape.name), _door() if kind == DOOR else _device(kind, reader)]
    if is_edited:
        parts.append(tag("circle", r="1.1em", class_="hit", fill="none", pointer_events="all"))
    return group(parts, **values)


def _room(shape: FloorShape, place: tuple[int, ...]) -> list[Markup]:
    width, height = place[2], place[3]
    dashes = "1 1" if shape.is_strange else None
    floor_of = rect(0, 0, width, height, class_="ground", fill=_PAPER, stroke=_INK, stroke_dasharray=dashes)
    name = tag("text", shape.name, x="0.5em", y="1.4em", fill=_INK)
    # a frame of its own cuts off a name that is too long
    return [floor_of, tag("svg", name, width=width, height=height, overflow="hidden")]


def _door() -> Markup:
    return group(
        [
            tag("rect", x="-1em", y="-0.25em", width="2em", height="0.5em", fill=_PAPER, stroke="none", class_="gap"),
            tag("line", x1="-1em", x2="1em", stroke=_INK, class_="leaf"),
        ]
    )  # fmt: skip


def _device(kind: str, reader: Reader) -> Markup:
    if kind == CABINET:
        shape = tag(
            "rect",
            x="-0.9em",
            y="-0.7em",
            width="1.8em",
            height="1.4em",
            fill=_PAPER,
            stroke=_GREY,
            class_="body",
        )
    else:
        shape = tag("circle", r="0.75em", fill=_PAPER, stroke=_GREY, class_="body")
    letter = text(
        reader.of("floor_letter", kind),
        0,
        0,
        dy="0.35em",
        text_anchor="middle",
        font_size="0.85em",
        fill=_INK,
    )
    return group([shape, letter])
