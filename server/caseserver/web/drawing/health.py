"""The health strip's bar code: one stroke a source; a source that is not heard is a hatched, outlined box."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from caseserver.web.drawing.svg import tag
from caseserver.web.views import Source

_WIDTH = 370


@lru_cache(maxsize=64)
def barcode(sources: tuple[Source, ...]) -> Markup:
    pitch = min(14.0, _WIDTH / max(1, len(sources)))
    parts = []
    for index, source in enumerate(sources):
        name = tag("title", source.name)
        x, y = index * pitch, (index * 2) % 5
        if source.fresh:
            parts.append(tag("rect", name, x=x, y=y, width=pitch * 2 / 3, height=26 - y, class_="ok"))
        else:
            parts.append(
                tag(
                    "rect",
                    name,
                    x=x - 1,
                    y=-3,
                    width=pitch * 2 / 3 + 2,
                    height=32,
                    class_="dead",
                    fill="url(#hatch)",
                )
            )
    return tag("svg", *parts, class_="barcode", viewBox=f"-1 -4 {_WIDTH} 34", aria_hidden="true")
