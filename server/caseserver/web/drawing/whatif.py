"""What-if: for each rule that says another thing, how long somebody was held against it under either rulebook.

Two bars a rule: the first rulebook hatched, the second solid. What the second has more is striped, what it has less is an
empty dashed frame; a wedge upwards counts who turns unlawful, one downwards who turns lawful. So it reads without any
colour, on paper too. A bar that is many times longer than the others runs to the edge and is broken there (zigzag);
its figure stands beside it. An act that is over at once lasts no time: a notch at the axis.

Each part has its colour as an attribute and a class besides: the file alone is complete, and a page may recolour it
(``.whatif .wi-more`` ...) for the night.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup

from caseserver.web.drawing.svg import group, path, rect, tag, text
from caseserver.web.reader import Reader
from custody.whatif import Change, RuleChange, Side, WhatIf

_WIDTH, _LEFT, _RIGHT = 1080, 300, 700
_BAR, _TOP = 15, 96
_LINE = 18  # from one line of words to the next
_LABEL_CELLS = 38  # half-width characters that fit beside the bars
_BREAK_RATIO = 6  # a bar this many times longer than the next is broken
_TICKS_MAX = 6
_STEPS_MIN = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    180,
    360,
    720,
    1_440,
    2_880,
    7_200,
    14_400,
    43_200,
    144_000,
    432_000,
)
_HOUR_MIN, _DAY_MIN, _MINUTE_US = 60, 1_440, 60_000_000

_INK, _INK_2, _INK_3, _LINE_INK, _PAPER = "#14181b", "#3d4449", "#535a5f", "#c6c3bb", "#f8f7f4"
_FILL, _MORE = "#3d4449", "#b3141b"


def whatif(result: WhatIf, reader: Reader) -> Markup:
    """SVG for a page: the rules of law that say another thing. Without heading, which the page has."""
    return _drawn(result, reader, is_alone=False)


def whatif_file(result: WhatIf, reader: Reader) -> str:
    """The same as a file of its own, with heading, scope and background."""
    return f"{_drawn(result, reader, is_alone=True)}\n"


def _drawn(result: WhatIf, reader: Reader, *, is_alone: bool) -> Markup:
    rules = [rule for rule in result.rules if rule.is_changed]
    top = _TOP if is_alone else _TOP - 56
    parts = [_patterns()]
    height = top + sum(_height(rule, reader) for rule in rules) + (40 if rules else 36)
    if is_alone:
        parts += [rect(0, 0, _WIDTH, height, fill=_PAPER), *_heading(result, reader)]
    parts += _legend(result, reader, top - 22)
    if rules:
        parts += _plot(rules, reader, top, height - 34)
    else:
        parts.append(text(reader.t("whatif_plot.nothing"), 16, top + 20, fill=_INK_2, class_="wi-t"))
    label = reader.t("whatif_plot.drawn", count=len(rules))
    return tag(
        "svg", *parts, class_="whatif", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label,
        xmlns="http://www.w3.org/2000/svg", font_size="14",
        font_family="Noto Sans CJK SC, Source Han Sans SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif",
    )  # fmt: skip


def _patterns() -> Markup:
    """Hatch for what was under the first rulebook, stripes for what the second adds."""
    hatch = tag(
        "pattern", path("M-1 5 5-1M-1 9 9-1M3 9 9 3", stroke=_INK_2, stroke_width=1.2, fill="none", class_="wi-h"),
        id="wi-before", width=8, height=8, patternUnits="userSpaceOnUse",
    )  # fmt: skip
    more = tag(
        "pattern", rect(0, 0, 8, 8, fill=_MORE, class_="wi-more"),
        rect(0, 0, 2.5, 8, fill=_PAPER, class_="wi-gap"),
        id="wi-more", width=8, height=8, patternUnits="userSpaceOnUse",
    )  # fmt: skip
    return tag("defs", hatch, more)


def _heading(result: WhatIf, reader: Reader) -> list[Markup]:
    title = reader.t("whatif_plot.title", before=result.before, after=result.after)
    span = (reader.day_and_clock(at_us) for at_us in (result.from_us, result.until_us))
    scope = reader.t(
        "whatif_plot.scope", area=result.area, first=next(span), last=next(span), count=result.stays.count
    )
    return [
        text(title, 16, 28, font_size="19", font_weight="700", fill=_INK, class_="wi-b"),
        text(scope, 16, 50, fill=_INK_3, class_="wi-s"),
    ]


def _legend(result: WhatIf, reader: Reader, y: int) -> list[Markup]:
    """The four looks of a bar with their names."""
    names = (
        (result.before, "before"), (result.after, "after"),
        (reader.t("whatif_plot.more"), "more"), (reader.t("whatif_plot.less"), "less"),
    )  # fmt: skip
    parts, x = [], 16.0
    for name, look in names:
        parts += [_bar(x, y - 12, 28, look), text(name, x + 36, y, fill=_INK_2, class_="wi-t")]
        x += 36 + _cells(name) * 7.6 + 30
    return parts


def _bar(x: float, y: float, width: float, look: str) -> Markup:
    if look == "before":
        return rect(x, y, width, _BAR, fill="url(#wi-before)", stroke=_INK_2, class_="wi-o")
    if look == "after":
        return rect(x, y, width, _BAR, fill=_FILL, class_="wi-fill")
    if look == "more":
        return rect(x, y, width, _BAR, fill="url(#wi-more)", stroke=_MORE, class_="wi-mo")
    return rect(x, y, width, _BAR, fill="none", stroke=_INK_3, stroke_dasharray="4 3", class_="wi-o")


# --- the rows ------------------------------------------------------------------------------------


def _height(rule: RuleChange, reader: Reader) -> int:
    return max(
        58,
        _LINE * (1 + len(_wrapped(reader.name(rule.title)))) + 12,
        58 + _LINE * (len(_marks(rule, reader)) - 2),
    )


def _plot(rules: list[RuleChange], reader: Reader, top: int, bottom: int) -> list[Markup]:
    longest = _longest([us for rule in rules for us in (rule.before_us, rule.after_us)])
    step = next((s for s in _STEPS_MIN if longest / _MINUTE_US / s <= _TICKS_MAX), _STEPS_MIN[-1])
    whole = max(1, -(-longest // (step * _MINUTE_US)))
    scale = (_RIGHT - _LEFT) / (whole * step * _MINUTE_US)
    parts: list[Markup] = []
    for number in range(whole + 1):
        x = _LEFT + round(number * step * _MINUTE_US * scale)
        parts.append(path(f"M{x} {top - 6}V{bottom}", stroke=_LINE_INK, class_="wi-l"))
        words = _tick(number * step, step, reader)
        parts.append(text(words, x, bottom + 20, text_anchor="middle", fill=_INK_3, class_="wi-s"))
    y = top
    for rule in rules:
        parts.append(group(_row(rule, y, scale, reader), data_rule=rule.label))
        y += _height(rule, reader)
    return parts


def _longest(lengths: list[int]) -> int:
    """The length that the axis has to hold: all of them, or all but those that would dwarf the rest."""
    rising = sorted({us for us in lengths if us > 0})
    for shorter, longer in itertools.pairwise(rising):
        if longer > _BREAK_RATIO * shorter and longer > _BREAK_RATIO * rising[len(rising) // 2]:
            return shorter
    return rising[-1] if rising else _MINUTE_US


def _tick(minutes: int, step: int, reader: Reader) -> str:
    if step < _HOUR_MIN:
        return reader.t("whatif_plot.minutes", count=minutes)
    if step < _DAY_MIN:
        return reader.t("whatif_plot.hours", count=minutes // _HOUR_MIN)
    return reader.t("whatif_plot.days", count=minutes // _DAY_MIN)


def _row(rule: RuleChange, y: int, scale: float, reader: Reader) -> Iterator[Markup | str]:
    yield text(rule.label, 16, y + 13, font_weight="700", fill=_INK, class_="wi-b")
    for number, line in enumerate(_wrapped(reader.name(rule.title)), 1):
        yield text(line, 16, y + 13 + _LINE * number, fill=_INK_2, class_="wi-t")
    before, after = rule.before_us * scale, rule.after_us * scale
    yield from _length(before, y, "before", is_there=any(row.before.alarms for row in rule.subjects))
    yield from _length(
        min(before, after), y + 22, "after", is_there=any(row.after.alarms for row in rule.subjects)
    )
    yield from _difference(before, after, y + 22)
    for row, side in enumerate(([s.before for s in rule.subjects], [s.after for s in rule.subjects])):
        yield text(_figure(side, reader), _RIGHT + 18, y + 13 + 22 * row, fill=_INK, class_="wi-b")
    for number, (wedge, words) in enumerate(_marks(rule, reader)):
        x, at = _RIGHT + 184, y + 13 + _LINE * number
        yield path(_WEDGE[wedge].format(x=x, y=at), fill=_MORE if wedge == "up" else "none",
                   stroke=_MORE if wedge == "up" else _INK_2, stroke_width=1.5, class_=f"wi-{wedge}")  # fmt: skip
        yield text(words, x + 18, at, fill=_INK_2, class_="wi-t")


_WEDGE = {"up": "M{x} {y}h12l-6-11z", "down": "M{x} {y}m0-11h12l-6 11z", "same": "M{x} {y}m0-8h12m-12 5h12"}


def _marks(rule: RuleChange, reader: Reader) -> list[tuple[str, str]]:
    """The wedges that have somebody to count, each with its words."""
    changes: tuple[Change, ...] = ("turns_unlawful", "turns_lawful", "otherwise")
    up, down, same = (len(rule.of(change)) for change in changes)
    marks = [
        ("up", up, reader.t("whatif_plot.unlawful", count=up)),
        ("down", down, reader.t("whatif_plot.lawful", count=down)),
        ("same", same, reader.t("whatif_plot.otherwise", count=same)),
    ]
    return [(wedge, words) for wedge, count, words in marks if count]


def _length(width: float, y: float, look: str, *, is_there: bool) -> Iterator[Markup]:
    """A bar as long as the time; never invisible when something stood."""
    if is_there:
        yield _bar(_LEFT, y, min(max(2.0, width), _RIGHT - _LEFT), look)
    if width > _RIGHT - _LEFT:
        yield _zigzag(y)


def _difference(before: float, after: float, y: float) -> Iterator[Markup]:
    """What the second rulebook has more, or less."""
    edge = float(_RIGHT - _LEFT)
    start, end = min(before, after, edge), min(max(before, after), edge)
    if end - start >= 1 or (start < 1 and end > 0):
        yield _bar(_LEFT + start, y, max(2.0, end - start), "more" if after > before else "less")
    if max(before, after) > edge:
        yield _zigzag(y)


def _zigzag(y: float) -> Markup:
    x = _RIGHT - 16
    return path(f"M{x} {y - 3:.0f}l8 7-8 7 8 7", stroke=_PAPER, stroke_width=5, fill="none", class_="wi-brk")


def _figure(sides: list[Side], reader: Reader) -> str:
    """``1 小时 00 分 · 3 次``; a dash when nothing stood."""
    count = sum(side.alarms for side in sides)
    if not count:
        return "–"
    seconds = sum(side.us for side in sides) // 1_000_000
    return f"{reader.duration(seconds, exact=True)} · {reader.t('whatif_plot.times', count=count)}"


def _cells(words: str) -> int:
    """Width in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


def _wrapped(words: str) -> list[str]:
    """Lines that fit beside the bars; Chinese breaks anywhere, English between words."""
    lines, line = [], ""
    pieces = words.split(" ") if " " in words else list(words)
    glue = " " if " " in words else ""
    for piece in pieces:
        if line and _cells(line) + _cells(piece) + len(glue) > _LABEL_CELLS:
            lines.append(line)
            line = piece
        else:
            line = f"{line}{glue}{piece}" if line else piece
    return [*lines, line]
