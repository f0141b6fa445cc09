"""The four musts over the time of a stay: grey kept, red not kept, hatched not known, outlined where they do not apply yet."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from caseserver.web.drawing.svg import group, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views_ledger import FourMusts, MustBar

_WIDTH, _LEFT, _ROW, _HEIGHT = 1368, 150, 38, 24
_RIGHT = 1352
_MIN_PX: Final = {"short": 4.0, "blind": 3.0, "kept": 0.5, "out": 0.5}
_CLASS: Final = {"kept": "guard0", "short": "gap", "blind": "blindbox", "out": "notyet"}
_ON_TOP: Final = ("out", "kept", "blind", "short")  # what is missing is never hidden


def musts(view: FourMusts, reader: Reader) -> Markup:
    """SVG: one bar a must; each stretch says on touch what it is, where and why."""
    parts: list[Markup] = []
    for number, bar in enumerate(view.bars):
        parts += _bar(bar, view, 8 + number * _ROW, reader)
    height = 8 + _ROW * len(view.bars)
    label = reader.t("musts.drawn")
    return tag(
        "svg", *parts, class_="stay musts", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label
    )


def _bar(bar: MustBar, view: FourMusts, y: int, reader: Reader) -> list[Markup]:
    parts = [text(reader.of("must", bar.must), 132, y + 18, class_="lane", text_anchor="end")]
    scale = (_RIGHT - _LEFT) / (view.to_us - view.from_us)
    for part in sorted(bar.parts, key=lambda part: _ON_TOP.index(part.look)):
        x = _LEFT + (part.from_us - view.from_us) * scale
        width = max(_MIN_PX[part.look], (part.to_us - part.from_us) * scale)
        fill = "url(#hatch)" if part.look == "blind" else None
        box = rect(min(x, _RIGHT - width), y, width, _HEIGHT, class_=_CLASS[part.look], fill=fill)
        parts.append(group([tag("title", part.text), box]))
    return parts
