"""What each source saw, hour by hour: grey stands for seconds seen, the hatch for seconds nobody could see.

A second that was not seen always shows: its hatch is never thinner than three pixels, and the grey is never drawn full
beside it.
"""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.svg import path, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views_ledger import CoverageCell, CoveragePlot

_LABEL, _TOTAL, _ROW, _TOP = 186, 300, 34, 30
_WIDTH = 1368
_HATCH_MIN_PX = 3.0
_HOUR_S = 3600


def coverage(plot: CoveragePlot, reader: Reader) -> Markup:
    """SVG: one row a source, one column an hour, the sum of the row at the right."""
    hours = sorted({cell.from_us for row in plot.rows for cell in row.cells})
    height = _TOP + _ROW * len(plot.rows) + 8
    across = (_WIDTH - _LABEL - _TOTAL) / max(1, len(hours))
    parts: list[Markup] = []
    every = 1 if across >= 52 else 2 if across >= 26 else 4
    for index, hour in enumerate(hours):
        x = _LABEL + index * across
        parts.append(path(f"M{x:.1f} {_TOP - 4}V{height - 6}", class_="hr"))
        if index % every == 0:
            parts.append(
                text(wording.clock(hour, reader.zone), round(x), 16, class_="tl", text_anchor="middle")
            )
    for number, row in enumerate(plot.rows):
        y = _TOP + number * _ROW
        parts.append(text(row.source, _LABEL - 14, y + 20, class_="rowname", text_anchor="end"))
        for cell in row.cells:
            parts += _cell(
                cell,
                _LABEL + hours.index(cell.from_us) * across + 2,
                y + 2,
                across - 4,
                is_first=cell is row.cells[0] and len(row.cells) > 1,
            )
        parts.append(_total(row.cells, y + 20, reader))
    label = reader.t("coverage.drawn", count=len(plot.rows))
    return tag(
        "svg", *parts, class_="coverage", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label
    )


def _cell(cell: CoverageCell, x: float, y: float, width: float, *, is_first: bool) -> list[Markup]:
    """Grey from below for what was seen, hatch on top of it for what was not. An hour of which only a part lies in the
    window is as much narrower, at the side of the window."""
    whole_s = cell.seen_s + cell.unseen_s
    if not whole_s:
        return [rect(x, y, width, _ROW - 6, class_="out")]
    whole = float(_ROW - 6)
    shown = width * min(1.0, whole_s / _HOUR_S)
    x = x + width - shown if is_first else x
    unseen = whole * cell.unseen_s / whole_s
    if cell.unseen_s:
        unseen = max(_HATCH_MIN_PX, unseen)
    seen = whole - unseen
    parts = []
    if seen > 0:
        parts.append(rect(x, round(y + unseen, 1), shown, round(seen, 1), class_="seen"))
    if unseen > 0:
        parts.append(rect(x, y, shown, round(unseen, 1), class_="unseen", fill="url(#hatch)"))
    return parts


def _total(cells: tuple[CoverageCell, ...], y: float, reader: Reader) -> Markup:
    seen, unseen = sum(cell.seen_s for cell in cells), sum(cell.unseen_s for cell in cells)
    percent = wording.share(seen, seen + unseen)
    if not seen and not unseen:
        return text(reader.t("coverage.nothing"), _WIDTH - _TOTAL + 16, y, class_="total")
    if not unseen:
        words = Markup("{} % · {}").format(percent, reader.t("coverage.all_seen"))
        return text(words, _WIDTH - _TOTAL + 16, y, class_="total")
    words = Markup("{} % · {} {}").format(
        percent, reader.t("coverage.unseen"), reader.duration(unseen, exact=True)
    )
    return text(words, _WIDTH - _TOTAL + 16, y, class_="total b")
