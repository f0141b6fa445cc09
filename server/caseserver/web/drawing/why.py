"""Why an alarm stands: the smallest set of facts on one time line, each on its lane with its number.

Long quiet stretches are broken (a zigzag marks each break), so that hours before and the seconds around the alarm fit
one picture; order and the printed times are exact, distances are not, and the list beside the picture has every time.
"""

from __future__ import annotations

import itertools
from math import log

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.marks import mark
from caseserver.web.drawing.svg import group, path, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views_alarms import AlarmPage

_WIDTH, _LEFT, _RIGHT = 820, 126, 770
_STEP, _TOP = 58, 46
_GAP_MIN_PX = 74
_BREAK_RATIO = 12


def why(page: AlarmPage, reader: Reader) -> Markup:
    """SVG of the facts, the moment of raising, and now (or the end)."""
    if not page.facts:
        return Markup("")
    end_us = page.ended_us if page.ended_us is not None else reader.now_us
    moments = sorted({fact.at_us for fact in page.facts} | {page.raised_us, end_us})
    places, breaks = _places(moments)
    lanes = list(dict.fromkeys(fact.lane for fact in page.facts))
    bottom = _TOP + _STEP * (len(lanes) - 1)
    parts: list[Markup] = []
    for index, lane in enumerate(lanes):
        y = _TOP + _STEP * index
        parts += [text(lane, 0, y + 6, class_="lane"), path(f"M92 {y}H810", class_="base")]
    parts += _runs(page, lanes, places, end_us)
    parts += [path(_zigzag(x, bottom + 32), class_="brk") for x in breaks]
    for number, fact in enumerate(page.facts, 1):
        y = _TOP + _STEP * lanes.index(fact.lane)
        dot = [tag("circle", r=15), text(str(number), 0, 6, text_anchor="middle")]
        kind = "fact bad" if fact.bad else "fact"
        parts.append(group(dot, class_=kind, transform=f"translate({places[fact.at_us]:.0f} {y})"))
    parts += _uprights(page, places, end_us, bottom, reader)
    label = reader.t("alarm.why_drawn", count=len(page.facts))
    height = bottom + 62
    return tag("svg", *parts, class_="why", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label)


def _places(moments: list[int]) -> tuple[dict[int, float], list[float]]:
    """Place of each moment in pixels, and the middle of each broken stretch."""
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    if not gaps:
        return {moments[0]: (_LEFT + _RIGHT) / 2}, []
    weights = [log(1 + gap / 1_000_000) + 1 for gap in gaps]
    spare = max(0.0, _RIGHT - _LEFT - _GAP_MIN_PX * len(gaps))
    widths = [_GAP_MIN_PX + spare * weight / sum(weights) for weight in weights]
    if _GAP_MIN_PX * len(gaps) > _RIGHT - _LEFT:
        widths = [(_RIGHT - _LEFT) / len(gaps)] * len(gaps)
    places, x = {moments[0]: float(_LEFT)}, float(_LEFT)
    breaks = []
    shortest = min(gap / width for gap, width in zip(gaps, widths, strict=True))
    for moment, gap, width in zip(moments[1:], gaps, widths, strict=True):
        if gap / width > _BREAK_RATIO * max(shortest, 1.0):
            breaks.append(x + width / 2)
        x += width
        places[moment] = x
    return places, breaks


def _runs(page: AlarmPage, lanes: list[str], places: dict[int, float], end_us: int) -> list[Markup]:
    """A bar from each fact to the end or to the next fact of its lane; the one that is wrong is outlined in red."""
    parts = []
    for fact in page.facts:
        later = [other.at_us for other in page.facts if other.lane == fact.lane and other.at_us > fact.at_us]
        stop_us = min(later, default=end_us)
        if stop_us <= fact.at_us:
            continue
        x, y = places[fact.at_us], _TOP + _STEP * lanes.index(fact.lane) - 11
        parts.append(rect(x, y, places[stop_us] - x, 22, class_="gapr" if fact.bad else "run"))
    return parts


def _uprights(
    page: AlarmPage, places: dict[int, float], end_us: int, bottom: int, reader: Reader
) -> list[Markup]:
    raised, end = places[page.raised_us], places[end_us]
    foot = bottom + 30
    parts = [
        path(f"M{end:.0f} 14V{foot}", class_="nowline"),
        path(f"M{raised:.0f} 14V{foot}", class_="raised"),
    ]
    sign = mark(page.card.mark, reader, named=False, size=32)
    parts.append(group([sign], transform=f"translate({raised - 12:.0f} 2) scale(.75)"))
    last = -100.0
    for moment, x in sorted(places.items()):
        if x - last < 66 and moment != end_us:
            continue
        words = wording.stamp(moment, reader.zone)
        bold = "tt b" if moment == end_us else "tt"
        parts.append(text(words, round(x), foot + 18, class_=bold, text_anchor="middle"))
        last = x
    return parts


def _zigzag(x: float, height: int) -> str:
    steps = "".join("l9 9-9 9" for _ in range(max(1, height // 18)))
    return f"M{x:.0f} 20{steps}"
