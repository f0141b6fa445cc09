"""A signature: strokes as they were drawn, as a picture (SVG) that can be sealed and printed. Pure."""

from __future__ import annotations

from typing import Final

from casekiosk.limits import STROKE_POINTS_MAX, STROKES_MAX

WIDTH, HEIGHT = 600, 300
POINTS_MIN: Final = 4
"""A touch that slips is no signature."""


class StrokeError(ValueError):
    """What came is no signature; says what was expected and what came."""


def picture(strokes: object) -> bytes:
    """Strokes ([[x, y], …] each, whole numbers in a field of WIDTH x HEIGHT) as SVG. Raises `StrokeError`."""
    if not isinstance(strokes, list) or not 0 < len(strokes) <= STROKES_MAX:
        raise StrokeError(f"expected 1 to {STROKES_MAX} strokes, found another value")
    points = 0
    paths = []
    for stroke in strokes:
        if not isinstance(stroke, list) or not all(map(_is_point, stroke)):
            raise StrokeError(f"expected points within {WIDTH} x {HEIGHT}, found another value")
        points += len(stroke)
        paths.append("M" + " ".join(f"{x},{y}" for x, y in stroke))
    if not POINTS_MIN <= points <= STROKE_POINTS_MAX:
        raise StrokeError(f"expected {POINTS_MIN} to {STROKE_POINTS_MAX} points, found {points}")
    drawn = "".join(f'<path d="{path}"/>' for path in paths)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<g fill="none" stroke="#000" stroke-width="5" stroke-linecap="round">{drawn}</g></svg>'
    ).encode()


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(value) is int for value in point)
        and 0 <= point[0] <= WIDTH
        and 0 <= point[1] <= HEIGHT
    )
