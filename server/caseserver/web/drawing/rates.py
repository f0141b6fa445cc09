"""Alarms over time: one bar a step, the urgent ones dark at the foot; a line where our target lies, one where EEMUA's does."""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.svg import path, rect, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views_alarms import RatesPage

_WIDTH, _HEIGHT = 1368, 300
_LEFT, _RIGHT, _TOP, _FOOT = 52, 130, 22, 34
_URGENT = ("S1", "S2")
_LABELS_MAX = 13
EEMUA_PER_HOUR, OURS_PER_HOUR = 6, 1


def rates(page: RatesPage, reader: Reader) -> Markup:
    """SVG; the table beside it says the same in figures."""
    bars = page.had.bars
    most = max((sum(counts.values()) for _, counts in bars), default=0)
    top = max(most, OURS_PER_HOUR * page.step_h * 2, 4)
    high = _HEIGHT - _TOP - _FOOT
    across = (_WIDTH - _LEFT - _RIGHT) / max(1, len(bars))

    def y(count: float) -> float:
        return round(_TOP + high * (1 - count / top), 1)

    parts = [path(f"M{_LEFT} {y(0)}H{_WIDTH - _RIGHT}", class_="axis")]
    parts += [text(str(n), _LEFT - 10, y(n) + 5, class_="tl", text_anchor="end") for n in {0, top}]
    every = -(-len(bars) // _LABELS_MAX)
    for number, (at_us, counts) in enumerate(bars):
        x = _LEFT + number * across
        urgent = sum(counts.get(name, 0) for name in _URGENT)
        whole = sum(counts.values())
        if whole > urgent:
            parts.append(rect(x + 2, y(whole), across - 4, y(urgent) - y(whole), class_="calm"))
        if urgent:
            parts.append(rect(x + 2, y(urgent), across - 4, y(0) - y(urgent), class_="urgent"))
        if whole:
            parts.append(
                text(str(whole), round(x + across / 2), y(whole) - 6, class_="tv", text_anchor="middle")
            )
        if number % every == 0:
            said = wording.clock(at_us, reader.zone) if page.days == 1 else reader.day(at_us)
            parts.append(text(said, round(x + across / 2), _HEIGHT - 10, class_="tl", text_anchor="middle"))
    for per_hour, name in (
        (OURS_PER_HOUR, reader.t("rates.line_ours")),
        (EEMUA_PER_HOUR, reader.t("rates.line_eemua")),
    ):
        if per_hour * page.step_h <= top:
            at = y(per_hour * page.step_h)
            parts.append(path(f"M{_LEFT} {at}H{_WIDTH - _RIGHT + 8}", class_=f"aim aim-{per_hour}"))
            parts.append(text(name, _WIDTH - _RIGHT + 14, at + 5, class_="tl"))
    label = reader.t("rates.drawn", count=page.had.called)
    return tag("svg", *parts, class_="rates", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=label)
