"""Blind time of a day: a row a room, hatched where some rule could not be judged there. Never thinner than three pixels."""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.svg import path, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views_ledger import BlindLane, BlindPage

_LABEL, _TOTAL, _ROW, _TOP = 186, 220, 34, 30
_WIDTH = 1368
_HATCH_MIN_PX = 3.0
_HOUR_US = 3_600_000_000
_LABELS_MAX = 12


def blind(page: BlindPage, reader: Reader) -> Markup:
    """SVG: the part of the day that has gone by from left to right, the sum of each room at the right."""
    height = _TOP + _ROW * len(page.lanes) + 8
    parts = _hours(page, height, reader)
    for number, lane in enumerate(page.lanes):
        parts += _lane(lane, page, _TOP + number * _ROW, reader)
    label = reader.t("blind.drawn", count=len(page.lanes))
    return tag(
        "svg", *parts, class_="coverage", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label
    )


def _x(at_us: int, page: BlindPage) -> float:
    span = max(1, page.to_us - page.from_us)
    inside = min(max(at_us, page.from_us), page.to_us) - page.from_us
    return _LABEL + (_WIDTH - _LABEL - _TOTAL) * inside / span


def _hours(page: BlindPage, height: int, reader: Reader) -> list[Markup]:
    """Upright lines at whole hours, with the time where there is room for it."""
    hours = range(-(-page.from_us // _HOUR_US), page.to_us // _HOUR_US + 1)
    every = -(-len(hours) // _LABELS_MAX)
    parts = []
    for number, hour in enumerate(hours):
        x = _x(hour * _HOUR_US, page)
        parts.append(path(f"M{x:.1f} {_TOP - 4}V{height - 6}", class_="hr"))
        if number % every == 0:
            words = wording.clock(hour * _HOUR_US, reader.zone)
            parts.append(text(words, round(x), 16, class_="tl", text_anchor="middle"))
    return parts


def _lane(lane: BlindLane, page: BlindPage, y: int, reader: Reader) -> list[Markup]:
    left, right = _x(page.from_us, page), _x(page.to_us, page)
    parts = [
        text(lane.label, _LABEL - 14, y + 20, class_="rowname", text_anchor="end"),
        rect(left, y + 2, right - left, _ROW - 6, class_="seen"),
    ]
    for start, end in lane.spans:
        x = _x(start, page)
        width = max(_HATCH_MIN_PX, _x(end, page) - x)
        parts.append(rect(x, y + 2, width, _ROW - 6, class_="unseen", fill="url(#hatch)"))
    said = reader.t("coverage.all_seen")
    if lane.blind_us:
        said = reader.duration(-(-lane.blind_us // 1_000_000), exact=True)
    parts.append(text(said, _WIDTH - _TOTAL + 16, y + 20, class_="total b" if lane.blind_us else "total"))
    return parts
