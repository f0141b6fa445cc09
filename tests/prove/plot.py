"""A small SVG line plot: what `make prove` found, drawn so that a reader sees at once whether it is flat."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, PANEL_HEIGHT, LEFT, RIGHT, TOP, GAP = 960, 150, 84, 220, 46, 44
FONT = 'font-family="system-ui, sans-serif" font-size="13"'
INK, FAINT = "#1d2733", "#c9d1da"
COLOURS = ("#1f5fa8", "#b3541e", "#2f7d4f", "#7a3e9d", "#8a6d00", "#0e7c86", "#a3294a", "#5b6470")

Points = Sequence[tuple[float, float]]


def lines(title: str, x_label: str, panels: Mapping[str, Mapping[str, Points]]) -> str:
    """SVG text. `panels`: label of the y axis -> name of a line -> (x, y) points; every y axis begins at 0."""
    height = TOP + len(panels) * (PANEL_HEIGHT + GAP) + 20
    widest = max(
        (x for panel in panels.values() for points in panel.values() for x, _ in points), default=1.0
    )
    x_max = _round_up(widest)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="17" font-weight="600" fill="{INK}">{escape(title)}</text>',
    ]
    for number, (label, panel) in enumerate(panels.items()):
        parts += _panel(label, panel, TOP + number * (PANEL_HEIGHT + GAP), x_max)
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, height - 8, x_label, "middle"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(label: str, panel: Mapping[str, Points], top: float, x_max: float) -> list[str]:
    right, bottom = WIDTH - RIGHT, top + PANEL_HEIGHT
    y_max = _round_up(max((y for points in panel.values() for _, y in points), default=1.0))
    parts = [_text(LEFT, top + 2, label, "start")]
    for step in range(5):
        y = bottom - (PANEL_HEIGHT - 16) * step / 4
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{FAINT}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{y_max * step / 4:g}", "end"))
    for step in range(9):
        x = LEFT + (right - LEFT) * step / 8
        parts.append(_text(x, bottom + 16, f"{x_max * step / 8:g}", "middle"))
    for number, (name, points) in enumerate(panel.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(
            f"{LEFT + (right - LEFT) * x / x_max:.1f},{bottom - (PANEL_HEIGHT - 16) * y / y_max:.1f}"
            for x, y in points
        )
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        at = top + 22 + number * 17
        parts.append(f'<rect x="{right + 14}" y="{at - 9}" width="12" height="10" fill="{colour}"/>')
        parts.append(_text(right + 32, at, name, "start"))
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 8, 10 … so that a quarter of the axis is a round number."""
    if value <= 0:
        return 4.0
    size = 1.0
    while size * 10 <= value:
        size *= 10
    while size > value:
        size /= 10
    return next(size * factor for factor in (1, 2, 4, 6, 8, 10, 20) if size * factor >= value)
