"""The look-ahead line: every duty of the coming hour as a stem, drawn always; labels give way, abnormal ones stay."""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.svg import path, tag, text
from caseserver.web.reader import Reader
from caseserver.web.views import Stem

_WIDTH, _LEFT, _RIGHT = 772, 8, 764
_HOUR_US = 3600 * 1_000_000
_CHAR_PX = 11


def ahead(stems: tuple[Stem, ...], reader: Reader) -> Markup:
    """SVG of the hour from now; stems outside it are not drawn."""
    parts = [path(f"M{_LEFT} 38h{_RIGHT - _LEFT}", class_="axis"), *_ticks(reader)]
    shown = sorted((s for s in stems if 0 <= s.at_us - reader.now_us <= _HOUR_US), key=lambda s: s.at_us)
    placed = [(_x(s.at_us, reader), s) for s in shown]
    labelled = _labels(placed)
    for index, (x, stem) in enumerate(placed):
        parts.append(path(f"M{x:.0f} 37v-{17 if stem.level else 13}", class_=f"stem {stem.level}".strip()))
        if index in labelled:
            parts.append(
                text(stem.stay, round(x), 17, class_=f"no {stem.level}".strip(), text_anchor="middle")
            )
    return tag("svg", *parts, class_="ahead", viewBox=f"0 0 {_WIDTH} 62", aria_hidden="true")


def _ticks(reader: Reader) -> list[Markup]:
    parts = []
    for step in range(7):
        at_us = reader.now_us + step * _HOUR_US // 6
        x = _LEFT + (_RIGHT - _LEFT) * step // 6
        anchor = "start" if step == 0 else "end" if step == 6 else "middle"
        words = reader.t("wall.now") if step == 0 else wording.clock(at_us, reader.zone)
        parts += [path(f"M{x} 38v6", class_="tick"), text(words, x, 60, class_="tl", text_anchor=anchor)]
    return parts


def _x(at_us: int, reader: Reader) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (at_us - reader.now_us) / _HOUR_US


def _labels(placed: list[tuple[float, Stem]]) -> set[int]:
    """Which stems get a number: abnormal ones first, then by time, none on top of another."""
    chosen: list[int] = []
    apart = max((_CHAR_PX * len(stem.stay) for _, stem in placed), default=0)
    for index in sorted(range(len(placed)), key=lambda i: (not placed[i][1].level, i)):
        if all(abs(placed[index][0] - placed[other][0]) >= apart for other in chosen):
            chosen.append(index)
    return set(chosen)
